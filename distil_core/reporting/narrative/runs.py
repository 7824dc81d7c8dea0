"""One run: its headline, and what distillation did."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from distil_core.analysis.comparison import EXPLANATIONS, NAMES, NOTHING, Contrast, Outcome, RunVerdict, headline
from distil_core.analysis.learning_curves import Curves
from distil_core.analysis.roles import Role
from distil_core.analysis.teacher_health import TeacherHealth
from distil_core.evaluation.metrics import ACCURACY, Metric
from distil_core.evaluation.records import Interval
from distil_core.reporting.formatting import (
    NONE,
    count,
    digits,
    factor,
    figure,
    figure_difference,
    figure_interval,
    percent,
    rounded,
    size,
)
from distil_core.runs.record import RunRecord
from distil_core.settings.config import RunConfig, WeightFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One figure of the headline in words: its value, where it comes from, and what the DistilBERT paper claims."""

    label: str
    value: str
    details: tuple[str, ...]
    paper: str


def cards(record: RunRecord | None, metric: Metric, *, so_far: Curves | None = None) -> tuple[Card, Card, Card]:
    """Return the headline of a run in words, by its primary metric; dashes for what is not known.

    Args:
        record: What was measured, once the run is done.
        metric: The primary metric.
        so_far: What the run has reported, to stand in while there is no record.
    """
    line = NOTHING if record is None else headline(record)
    right = metric == ACCURACY
    share: tuple[str, ...] = ("of what the teacher", "gets right") if right else ("of the teacher's", metric.label)
    smaller: tuple[str, ...] = ("than the teacher,", "in parameters")
    saved, where = line.fewer_parameters, ""
    faster: tuple[str, ...] = ("than the teacher,", "for one text")
    if record is not None and record.teacher is not None:
        before, after = record.teacher, record.model
        share = (f"student {figure(metric, record.score.value)}",)
        if record.teacher_score is not None:
            share = (*share, f"teacher {figure(metric, record.teacher_score.value)}")
        if before.cost is not None and after.cost is not None:
            smaller = (
                f"{count(before.cost.parameters)} → {count(after.cost.parameters)} parameters",
                f"{size(before.cost.bytes)} → {size(after.cost.bytes)} on disk",
            )
            if record.config.student.weights is not WeightFormat.FP32:
                saved, where = line.fewer_bytes, "on disk "
            if after.cost.packed_bytes is not None:
                smaller = (*smaller, f"{size(after.cost.packed_bytes)} packed")
            if before.cost.latency_ms is not None and after.cost.latency_ms is not None:
                times = before.cost.latency_ms.p50, after.cost.latency_ms.p50
                faster = (f"{digits(times[0])} → {digits(times[1])} ms, median",)
        if line.speedup is not None:
            low, high = line.speedup.ends
            faster = (*faster, f"{low:.1f} to {factor(high)} from text to text")
        if line.busy:
            faster = (*faster, "The machine was busy meanwhile: time it again when it is not.")
    share_card = Card(
        label=f"{metric.label} kept",
        value=_or_none(percent, line.score_kept),
        details=share,
        paper="DistilBERT 97 %",
    )
    if record is None and so_far is not None and so_far.latest is not None and so_far.teacher_score:
        share_card = _kept_so_far(share_card, metric, so_far.latest, so_far.teacher_score, so_far.validation_epochs[-1])
    return (
        share_card,
        Card(label=f"Smaller {where}by", value=_or_none(percent, saved), details=smaller, paper="DistilBERT 40 %"),
        Card(
            label="Faster",
            value=_or_none(factor, None if line.speedup is None else line.speedup.value),
            details=faster,
            paper="DistilBERT 1.6 ×",
        ),
    )


def _kept_so_far(card: Card, metric: Metric, score: Interval, teacher: float, epoch: float) -> Card:
    value, reach = figure_interval(metric, score)
    student = f"student {value}{f' ({reach})' if reach else ''} after {epoch:.2g} epoch{'s' * (epoch != 1)}"
    return replace(
        card,
        label=f"{card.label} so far",
        value=percent(score.value / teacher) if metric.greater_is_better else NONE,
        details=(student, f"teacher {figure(metric, teacher)}, validation texts"),
    )


def _or_none(write: Callable[[float], str], value: float | None) -> str:
    return NONE if value is None else write(value)


_TEACHER_DID = {Outcome.BETTER: "helped", Outcome.WORSE: "hurt"}
_MAX_TEXTS = 1_000_000
"""More test texts than this are not worth asking for."""


def verdict(judged: RunVerdict) -> str:
    """Say what distillation did beyond the twin without a teacher: to the score, and to how near the teacher it is."""
    metric, twin = judged.metric, NAMES[judged.against].lower()
    score = figure(metric, judged.student.value)
    opening = f"The student's {metric.in_text} is {score}"
    if metric.sentence:
        opening = f"The student {metric.sentence.format(score)}"
    if judged.teacher is not None:
        opening += f", its teacher {figure(metric, judged.teacher.value)}"
        if metric.greater_is_better and judged.student.value > judged.teacher.value:
            opening += " (the student is above its teacher, so more than the whole is kept)"
    if judged.role is not Role.STUDENT:
        return f"{opening}."
    if judged.twin is None or judged.contrast is None:
        return f"{opening}. What distilling added shows when its {twin} is done."
    opening += f", its {twin} ({EXPLANATIONS[judged.against]}) {figure(metric, judged.twin.value)}. "
    detail = figure_difference(metric, judged.contrast.difference)
    if judged.outcome is Outcome.NO_DIFFERENCE:
        judgment = undecided(judged.contrast, "whether the teacher helped")
    else:
        judgment = f"**The teacher {_TEACHER_DID[judged.outcome]}**: {detail}."
    return " ".join(filter(None, (opening + judgment, nearness(judged.fidelity, twin))))


def label_card(config: RunConfig, judged: RunVerdict) -> Card:
    """Return what the teacher added to a run, under the share of the training texts that have a label."""
    metric, twin = judged.metric, judged.twin
    share = config.corpus.labeled
    value, outcome = NONE, ""
    if judged.contrast is not None:
        value, _, unit = figure_difference(metric, Interval(value=judged.contrast.difference.value)).partition(" ")
        did = _TEACHER_DID.get(judged.outcome)
        outcome = f"the teacher {did}" if did else "no difference seen"
        outcome = f"{unit}: **{outcome}**" if unit else f"**{outcome}**"
    return Card(
        label="All texts labeled" if share == 1 else f"{100 * share:g} % labeled texts",
        value=value,
        details=(
            outcome,
            f"{figure(metric, judged.student.value)} with a teacher",
            f"{NONE if twin is None else figure(metric, twin.value)} without",
        ),
        paper="",
    )


def undecided(contrast: Contrast, question: str) -> str:
    """Say that a difference is not seen: because it is small, or because there are too few test texts to tell.

    Args:
        contrast: In which no difference was seen.
        question: What is not known, such as "whether the teacher helped".
    """
    metric, detail, n = contrast.metric, figure_difference(contrast.metric, contrast.difference), contrast.n_texts
    if contrast.enough is None or n is None:
        return f"**No difference seen**: {detail}."
    size = figure_difference(metric, Interval(value=contrast.told_apart)).lstrip("+")
    if contrast.enough <= n:
        return f"**No difference as large as {size}**: {detail}."
    more = "more than a million" if contrast.enough > _MAX_TEXTS else f"about {rounded(contrast.enough):,}"
    return (
        f"**Too few test texts to tell** {question}: {detail}, from {n:,}. For a difference of {size}, {more} would "
        "be enough."
    )


def nearness(fidelity: Sequence[Contrast], twin: str) -> str:
    """Say whether a student is nearer to its teacher than its twin; nothing where that was not measured."""
    ways = (
        (Outcome.BETTER, f"**Nearer to the teacher** than the {twin}"),
        (Outcome.WORSE, f"**Further from the teacher** than the {twin}"),
        (Outcome.NO_DIFFERENCE, "No difference seen"),
    )
    sentences = []
    for outcome, lead in ways:
        parts = [
            f"{contrast.metric.in_text} {figure_difference(contrast.metric, contrast.difference)}"
            + ("" if contrast.metric.greater_is_better or outcome is Outcome.NO_DIFFERENCE else ", less is nearer")
            for contrast in fidelity
            if contrast.outcome is outcome
        ]
        if parts:
            sentences.append(f"{lead}: {'; '.join(parts)}.")
    return " ".join(sentences)


def teacher_doubts(health: TeacherHealth, baseline: str) -> tuple[str, ...]:
    """Say what is wrong with a teacher, a sentence each; nothing where nothing is known to be.

    Args:
        health: What is known of it.
        baseline: What the baseline is called.
    """
    doubts = [teacher_worth(health.against_baseline, baseline)]
    if health.still_learning and health.last_gain is not None:
        gain = figure_difference(health.metric, Interval(value=health.last_gain))
        doubts.append(
            f"The teacher has not converged: the last epoch of its fine-tuning still brought {gain} on the validation "
            "texts. A student can learn no more than its teacher knows."
        )
    if health.miscalibrated and health.calibration_error is not None:
        doubts.append(
            f"The teacher is far from calibrated: how sure it is and how often it is right are "
            f"{percent(health.calibration_error)} apart (ECE). Its soft labels say little; a higher temperature, or "
            "Calibration under Temperature, shows by how much."
        )
    return tuple(filter(None, doubts))


def teacher_worth(contrast: Contrast | None, baseline: str) -> str:
    """Say of a teacher that it is no better than the baseline; nothing of one that is, or is not known to be.

    Args:
        contrast: The teacher against the baseline.
        baseline: What the baseline is called.
    """
    if contrast is None or contrast.outcome in (Outcome.BETTER, Outcome.PENDING):
        return ""
    seen = "worse than" if contrast.outcome is Outcome.WORSE else "not seen to be better than"
    return (
        f"The teacher is {seen} the baseline ({baseline}), which needs neither a teacher nor a transformer: "
        f"{figure_difference(contrast.metric, contrast.difference)}."
    )
