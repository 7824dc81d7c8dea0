"""What analysis found, said in sentences."""

from collections.abc import Callable
from dataclasses import dataclass

from distil_core.analysis.comparison import NOTHING, Compared, headline
from distil_core.evaluation.metrics import ACCURACY
from distil_core.evaluation.predictions import softmax
from distil_core.evaluation.records import Interval
from distil_core.reporting.formatting import NONE, count, digits, factor, figure, figure_difference, percent, size
from distil_core.runs.families import Family
from distil_core.runs.record import RunRecord
from distil_core.settings.config import Method


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One figure of the headline in words: its value, where it comes from, and what the DistilBERT paper claims."""

    label: str
    value: str
    details: tuple[str, ...]
    paper: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceAnswer:
    """What one model answers to a sentence: the label's index, and in words how sure it is."""

    name: str
    label: int
    confidence: str


def cards(record: RunRecord | None) -> tuple[Card, Card, Card]:
    """Return the headline of a run in words; dashes while there is no record."""
    line = NOTHING if record is None else headline(record)
    label = ACCURACY.label
    kept: tuple[str, ...] = ("of what the teacher", "gets right")
    smaller: tuple[str, ...] = ("than the teacher,", "in parameters")
    faster: tuple[str, ...] = ("than the teacher,", "for one text")
    if record is not None and record.teacher is not None:
        before, after = record.teacher, record.model
        label, score, teacher_score = record.metric.label, record.score, record.teacher_score
        kept = (f"student {figure(record.metric, score.value)}",)
        if teacher_score is not None:
            kept = (*kept, f"teacher {figure(record.metric, teacher_score.value)}")
        if before.cost is not None and after.cost is not None:
            smaller = (
                f"{count(before.cost.parameters)} → {count(after.cost.parameters)} parameters",
                f"{size(before.cost.bytes)} → {size(after.cost.bytes)} on disk",
            )
            if before.cost.latency_ms is not None and after.cost.latency_ms is not None:
                times = before.cost.latency_ms.p50, after.cost.latency_ms.p50
                faster = (f"{digits(times[0])} → {digits(times[1])} ms", "for one text, median")
    return (
        Card(label=f"{label} kept", value=_or_none(percent, line.kept), details=kept, paper="DistilBERT 97 %"),
        Card(label="Smaller", value=_or_none(percent, line.fewer_parameters), details=smaller, paper="DistilBERT 40 %"),
        Card(label="Faster", value=_or_none(factor, line.speedup), details=faster, paper="DistilBERT 1.6 ×"),
    )


def _or_none(write: Callable[[float], str], value: float | None) -> str:
    return NONE if value is None else write(value)


def run_verdict(family: Family, gap: Interval | None) -> str:
    """Say in a sentence or two what distillation did beyond the hard-label twin.

    Args:
        family: The run, with its twin if that is finished.
        gap: The paired difference between the two; without it their single intervals decide.
    """
    record, twin = family.distilled.record, family.twin(Method.HARD_LABELS)
    metric, student, teacher = record.metric, record.score, record.teacher_score
    opening = f"The student's {metric.label.lower()} is {figure(metric, student.value)}"
    if metric == ACCURACY:
        opening = f"The student answers {percent(student.value)} of the test texts right"
    if teacher is not None:
        opening += f", its teacher {figure(metric, teacher.value)}"
    if record.config.method is not Method.DISTILLED:
        return f"{opening}."
    if twin is None:
        return f"{opening}. What distilling added shows when its hard-label twin is done."
    other = twin.record.score
    opening += f", its hard-label twin {figure(metric, other.value)}. "
    seen = student.above(other) or other.above(student)
    if gap is None:
        gap = Interval(value=student.value - other.value)
    else:
        seen = gap.seen
    detail = figure_difference(metric, gap)
    if not seen:
        return f"{opening}**No difference seen** between learning with and without the teacher ({detail})."
    helped = (gap.value > 0) is metric.greater_is_better
    return f"{opening}**The teacher {'helped' if helped else 'did harm'}**: {detail}."


def sentence_answers(comparison: Compared) -> tuple[SentenceAnswer, SentenceAnswer]:
    """Say in words what teacher and student answer to one sentence, at temperature 1."""
    found = []
    for name, logits in (("Teacher", comparison.teacher_logits), ("Student", comparison.student_logits)):
        probabilities = softmax(logits, 1.0)
        label = max(range(len(probabilities)), key=probabilities.__getitem__)
        found.append(SentenceAnswer(name=name, label=label, confidence=percent(probabilities[label])))
    return found[0], found[1]
