"""The few figures that a run comes down to: what was kept, how much smaller, how much faster, paired differences."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from distil_core.errors import StoreError
from distil_core.evaluation import bootstrap
from distil_core.evaluation.metrics import ACCURACY, Metric
from distil_core.evaluation.predictions import Predictions
from distil_core.evaluation.records import Interval, ModelRecord
from distil_core.runs.families import Family
from distil_core.runs.folder import RunFolder
from distil_core.runs.record import RunRecord
from distil_core.settings.config import Init, Method, RunConfig, StudentConfig

NAMES = {
    Method.DISTILLED: "Student",
    Method.HARD_LABELS: "Hard-label twin",
    Method.LAYER_CUT: "Layer-cut twin",
    Method.TFIDF: "TF-IDF",
}
"""What the models of a family are called on every page; the teacher is the "Teacher"."""


EXPLANATIONS = {
    Method.DISTILLED: "learned from the teacher",
    Method.HARD_LABELS: "the same student, trained on hard labels alone, without the teacher",
    Method.LAYER_CUT: "the same student, cut out of the teacher and not trained",
    Method.TFIDF: "word counts and logistic regression, no transformer",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """Student against teacher, all as shares of the teacher's value; ``speedup`` is a factor.

    None where it has not been measured.
    """

    kept: float | None
    fewer_parameters: float | None
    fewer_bytes: float | None
    speedup: float | None


NOTHING = Headline(kept=None, fewer_parameters=None, fewer_bytes=None, speedup=None)
"""The headline of a run that is not finished."""


PAPER = Headline(kept=0.97, fewer_parameters=0.40, fewer_bytes=None, speedup=1.60)
"""What the DistilBERT paper claims (Sanh et al., 2019, arXiv:1910.01108): 97 % of BERT's language understanding in a
model 40 % smaller and 60 % faster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One row of figures under the name people read; ``method`` is None for the teacher."""

    name: str
    method: Method | None
    record: ModelRecord


@runtime_checkable
class Compared(Protocol):
    """What teacher and student made of one sentence; structural, since the models' side needs torch."""

    @property
    def teacher_logits(self) -> Sequence[float]:
        """One score for each label."""

    @property
    def student_logits(self) -> Sequence[float]:
        """One score for each label."""


def models(family: Family) -> tuple[Model, ...]:
    """Return teacher, student and twins in the order in which they are shown."""
    shown = []
    if (teacher := family.distilled.record.teacher) is not None:
        shown.append(Model(name="Teacher", method=None, record=teacher))
    for outcome in (family.distilled, *family.twins):
        method = outcome.record.config.method
        shown.append(Model(name=NAMES[method], method=method, record=outcome.record.model))
    return tuple(shown)


def headline(record: RunRecord) -> Headline:
    """Return what the model of a run kept of its teacher and what it saves."""
    teacher, student = record.teacher, record.model
    if teacher is None:
        return NOTHING
    before, after = teacher.cost, student.cost
    kept, before_score = None, record.teacher_score
    if before_score is not None and record.metric.greater_is_better:
        kept = _ratio(record.score.value, before_score.value)
    fewer_parameters = fewer_bytes = speedup = None
    if before is not None and after is not None:
        fewer_parameters = _saved(after.parameters, before.parameters)
        fewer_bytes = _saved(after.bytes, before.bytes)
        if before.latency_ms is not None and after.latency_ms is not None:
            speedup = _ratio(before.latency_ms.p50, after.latency_ms.p50)
    return Headline(kept=kept, fewer_parameters=fewer_parameters, fewer_bytes=fewer_bytes, speedup=speedup)


def settings_title(config: RunConfig) -> str:
    """Name the settings that people tell runs apart by: "2 layers · T 2 · α 0.9"."""
    student, parts = config.student, []
    if config.method is not Method.DISTILLED:
        parts.append(NAMES[config.method])
    if config.method is not Method.TFIDF:
        depth = len(student.layers) or student.depth
        parts.append(f"{depth} layer" + "s" * (depth != 1))
        if student.width:
            parts.append(f"width {student.width}")
        if student.init is not StudentConfig().init:
            parts.append("random initialization" if student.init is Init.RANDOM else str(student.init))
    if config.method is Method.DISTILLED:
        parts.append(f"T {config.loss.temperature:g} · α {config.loss.alpha:g}")
    if config.corpus.labeled < 1:
        parts.append(f"{100 * config.corpus.labeled:g} % of the labels")
    if config.corpus.left_out:
        parts.append(f"without “{config.corpus.left_out}”")
    if config.seed:
        parts.append(f"seed {config.seed}")
    return " · ".join(parts)


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def _saved(after: float, before: float) -> float | None:
    return 1 - after / before if before > 0 else None


def score_difference(first: Predictions, second: Predictions, metric: Metric = ACCURACY) -> Interval:
    """Return how far the first model is above the second on the test examples, paired over them.

    Examples are drawn again, each with both its answers, so that what is hard for both cancels.

    Raises:
        ValueError: If the two were not measured on the same examples.
    """
    if not np.array_equal(first.test.targets, second.test.targets):
        raise ValueError("both models must have been measured on the same test texts")
    difference = bootstrap.estimate([bootstrap.sample(first.test, metric) - bootstrap.sample(second.test, metric)])
    assert difference is not None
    return difference


def score_kept(predictions: Predictions, metric: Metric = ACCURACY) -> Interval | None:
    """Return the share of its teacher's score that a model kept, paired over the test examples; may be above 1.

    None where there is no teacher, its score is 0, or less is better.
    """
    test = predictions.test
    if test.teacher_logits is None or not metric.greater_is_better:
        return None
    teacher = bootstrap.sample(test.teacher, metric)
    return None if teacher.value <= 0 else bootstrap.estimate([bootstrap.sample(test, metric) / teacher])


def twin_difference(
    family: Family, read: Callable[[RunFolder], Predictions] = RunFolder.read_predictions
) -> Interval | None:
    """Return the difference between a student and its hard-label twin; None where one of them cannot be read.

    Args:
        family: The run with its twins.
        read: Reads what a run answered from its folder.
    """
    twin = family.twin(Method.HARD_LABELS)
    if twin is None:
        return None
    try:
        return score_difference(read(family.distilled.folder), read(twin.folder), family.distilled.record.metric)
    except (StoreError, ValueError):
        return None
