"""What a run comes down to: what was kept, how much smaller and faster, and how it stands beside its twin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from distil_core.analysis.roles import Role, role_of
from distil_core.data.corpus import Place
from distil_core.evaluation import bootstrap
from distil_core.evaluation.metrics import Metric
from distil_core.evaluation.predictions import Predictions, softmax
from distil_core.evaluation.records import Interval, Latency, ModelRecord
from distil_core.models.units import LayerUnit
from distil_core.runs.families import Family
from distil_core.runs.record import RunRecord
from distil_core.settings.config import Init, Method, RunConfig, StudentConfig, TrainingConfig, WeightFormat
from distil_core.tasks.catalog import TASKS
from distil_core.tasks.task import Task

NAMES = {
    Method.DISTILLED: "Student",
    Method.HARD_LABELS: "Hard-label twin",
    Method.RANDOM_START: "Random-start twin",
    Method.LAYER_CUT: "Layer-cut twin",
}
"""What a student and its twins are called on every page; the teacher is the "Teacher", a baseline has its own name."""


EXPLANATIONS = {
    Method.DISTILLED: "learned from the teacher",
    Method.HARD_LABELS: "the same student, trained on hard labels alone, without the teacher",
    Method.RANDOM_START: "the same student, which learned from the teacher but started from random weights",
    Method.LAYER_CUT: "the same student, cut out of the teacher and not trained",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """Student against teacher, all as shares of the teacher's value; ``speedup`` is a factor.

    None where it has not been measured. ``unsteady`` is how much longer than usual one answer in twenty took, of
    whichever of the two that is more of.
    """

    score_kept: float | None
    fewer_parameters: float | None
    fewer_bytes: float | None
    speedup: Interval | None
    unsteady: float | None = None

    @property
    def busy(self) -> bool:
        """Whether the machine did something else while the two were timed."""
        return self.unsteady is not None and self.unsteady > _STEADY


_STEADY = 2.0
"""On a machine that does nothing else, one answer in twenty takes up to so many times as long as usual."""


NOTHING = Headline(score_kept=None, fewer_parameters=None, fewer_bytes=None, speedup=None)
"""The headline of a run that is not finished."""


PAPER_SPEEDUP = 1.60
PAPER = Headline(score_kept=0.97, fewer_parameters=0.40, fewer_bytes=None, speedup=Interval(value=PAPER_SPEEDUP))
"""What the DistilBERT paper claims (Sanh et al., 2019, arXiv:1910.01108): 97 % of BERT's language understanding in a
model 40 % smaller and 60 % faster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One row of figures under the name people read; nothing was done to make the teacher, so it has no method."""

    name: str
    role: Role
    method: Method | None
    record: ModelRecord


LEAST_DIFFERENCE = 0.01
"""A smaller difference of two scores is not worth looking for: a point of accuracy, or as much of a correlation."""


class Outcome(StrEnum):
    """How a model did against another."""

    BETTER = "better"
    WORSE = "worse"
    NO_DIFFERENCE = "no difference seen"
    PENDING = "pending"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """One model against another by a metric: the first one's score less the second's, and what follows from it.

    ``n_texts`` is how many test texts that rests on, where it is known.
    """

    metric: Metric
    difference: Interval
    outcome: Outcome
    n_texts: int | None = None

    @property
    def enough(self) -> int | None:
        """How many test texts would tell a difference as large as the measured one, or of 0.01, if that is larger.

        Intervals shrink with the square root of the texts. None where one has been seen, or no interval is known.
        """
        low, high = self.difference.ends
        if self.n_texts is None or high <= low or self.difference.seen:
            return None
        return ceil(self.n_texts * ((high - low) / 2 / self.told_apart) ** 2)

    @property
    def told_apart(self) -> float:
        """The difference that :attr:`enough` texts would tell."""
        return max(abs(self.difference.value), LEAST_DIFFERENCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunVerdict:
    """What distillation did beyond the twin that had no teacher.

    Attributes:
        metric: What the scores are.
        role: What the model of the run stands for; nothing is claimed of any but a student.
        student: Score of the model of the run.
        teacher: Score of its teacher; None where there is none.
        against: Which twin that is: the one that learned from hard labels, or where there are none, the layer-cut one.
        twin: Its score; None while it is not done.
        contrast: The student against that twin.
        fidelity: The same by how near both are to the teacher; see :func:`distil_core.analysis.contrasts.fidelity`.
    """

    metric: Metric
    role: Role
    student: Interval
    teacher: Interval | None
    against: Method
    twin: Interval | None
    contrast: Contrast | None
    fidelity: tuple[Contrast, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """How the student did against its twin."""
        return Outcome.PENDING if self.contrast is None else self.contrast.outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceAnswer:
    """What one model answers at a site: the index of the likeliest label, and its probability."""

    role: Role
    label: int
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What teacher and student answered at one site of a text: a logit for each label, and where it lies.

    ``class_names`` are there where its classes are not the labels of the corpus but tokens of the text.
    """

    place: Place
    teacher_logits: tuple[float, ...]
    student_logits: tuple[float, ...]
    class_names: tuple[str, ...] = ()


def model_names(task: str) -> Mapping[Method, str]:
    """Return what the models of the runs of a task are called, in the order in which they are shown.

    A task that this version does not know, as in the runs of another, has a baseline like any.
    """
    return {**NAMES, Method.BASELINE: TASKS.get(task, Task).baseline_name}


def explanations(task: str) -> Mapping[Method, str]:
    """Return what the models that runs of a task can have are, in a few words each."""
    known = TASKS.get(task, Task)
    every = {**EXPLANATIONS, Method.BASELINE: known.baseline_description}
    return {method: meaning for method, meaning in every.items() if method in known.methods}


def model_name(config: RunConfig) -> str:
    """Return what the model of a run is called."""
    return model_names(config.task)[config.method]


def models(family: Family) -> tuple[Model, ...]:
    """Return teacher, student and twins in the order in which they are shown."""
    shown = []
    if (teacher := family.distilled.record.teacher) is not None:
        shown.append(Model(name="Teacher", role=Role.TEACHER, method=None, record=teacher))
    for outcome in (family.distilled, *family.twins):
        config = outcome.record.config
        name, role = model_name(config), role_of(config.method)
        shown.append(Model(name=name, role=role, method=config.method, record=outcome.record.model))
    return tuple(shown)


def headline(record: RunRecord) -> Headline:
    """Return what the model of a run kept of its teacher and what it saves."""
    teacher, student = record.teacher, record.model
    if teacher is None:
        return NOTHING
    before, after = teacher.cost, student.cost
    score_share, before_score = None, record.teacher_score
    if before_score is not None and record.metric.greater_is_better:
        score_share = _ratio(record.score.value, before_score.value)
    fewer_parameters = fewer_bytes = speedup = unsteady = None
    if before is not None and after is not None:
        fewer_parameters = _saved(after.parameters, before.parameters)
        fewer_bytes = _saved(after.bytes, before.bytes)
        if before.latency_ms is not None and after.latency_ms is not None:
            speedup = speedup_of(before.latency_ms, after.latency_ms)
            unsteady = max(latency.p95 / latency.p50 for latency in (before.latency_ms, after.latency_ms))
    return Headline(
        score_kept=score_share,
        fewer_parameters=fewer_parameters,
        fewer_bytes=fewer_bytes,
        speedup=speedup,
        unsteady=unsteady,
    )


def speedup_of(before: Latency, after: Latency) -> Interval:
    """Return how many times as fast a model answers as another one.

    The value is that of the medians, which were measured in turn on the same texts; the ends are what it comes to where
    one is as quick as in its 5th percentile and the other as slow as in its 95th.
    """
    return Interval(value=before.p50 / after.p50, low=before.p5 / after.p95, high=before.p95 / after.p5)


def shape_title(student: StudentConfig) -> str:
    """Name what is left of a teacher in a student: "3 layers · 50 % of the heads · int8"."""
    depth = student.n_layers
    parts = [f"{depth} layer" + "s" * (depth != 1) if depth else "static student, no layers"]
    width = f"width {student.width}" if student.width else ""
    return " · ".join(filter(None, (*parts, compression_title(student), width)))


def compression_title(student: StudentConfig) -> str:
    """Name what was done to make a student smaller beside leaving layers out; empty where nothing was."""
    parts = [f"{100 * share:g} % of the {unit}" for unit in LayerUnit if (share := getattr(student, unit)) < 1]
    if student.sparsity:
        parts.append(f"{100 * student.sparsity:g} % zeros")
    if student.weights is not WeightFormat.FP32:
        parts.append(str(student.weights))
    return " · ".join(parts)


def settings_title(config: RunConfig) -> str:
    """Name the settings that people tell runs apart by: "2 layers · T 2 · α 0.9"."""
    student, parts = config.student, []
    if config.task != RunConfig().task:
        parts.append(TASKS[config.task].title if config.task in TASKS else config.task)
    if config.method is not Method.DISTILLED:
        parts.append(model_name(config))
    if config.method is not Method.BASELINE:
        parts.append(shape_title(student))
        if student.init is not StudentConfig().init and config.method is not Method.RANDOM_START:
            parts.append("random initialization" if student.init is Init.RANDOM else str(student.init))
    if student.parent:
        parts.append(f"from run {student.parent[:8]}")
    if config.method is Method.DISTILLED:
        loss = config.loss
        weights = f"soft {loss.soft:g}, hard {loss.hard:g}" if loss.soft_weight or loss.hard_weight else ""
        parts.append(f"T {loss.temperature:g} · {weights or f'α {loss.alpha:g}'}")
    if config.method is not Method.BASELINE and config.training.recipe is not TrainingConfig().recipe:
        parts.append(f"{config.training.recipe} recipe")
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


def score_kept(predictions: Predictions, metric: Metric) -> Interval | None:
    """Return the share of its teacher's score that a model kept, paired over the test examples; may be above 1.

    None where there is no teacher, its score is 0, or less is better.
    """
    test = predictions.test
    if test.teacher_logits is None or not metric.greater_is_better:
        return None
    teacher = bootstrap.sample(test.teacher, metric)
    return None if teacher.value <= 0 else bootstrap.estimate([bootstrap.sample(test, metric) / teacher])


def outcome_of(difference: Interval | None, metric: Metric) -> Outcome:
    """Return how a model did against another, from the interval of the difference of their scores."""
    if difference is None:
        return Outcome.PENDING
    return _outcome(difference.value, metric, seen=difference.seen)


def contrast_of(first: RunRecord, second: RunRecord, difference: Interval | None) -> Contrast:
    """Hold the model of a run against that of another, by the first one's primary metric.

    Args:
        first: The record of the run.
        second: The record of the other one.
        difference: The paired difference of their scores. Without it a difference is seen where the intervals of the
            two scores do not overlap.
    """
    metric, score, other = first.metric, first.score, second.score
    if difference is not None:
        outcome = outcome_of(difference, metric)
        return Contrast(metric=metric, difference=difference, outcome=outcome, n_texts=first.corpus.n_test)
    difference = Interval(value=score.value - other.value)
    seen = score.above(other) or other.above(score)
    return Contrast(metric=metric, difference=difference, outcome=_outcome(difference.value, metric, seen=seen))


def _outcome(difference: float, metric: Metric, *, seen: bool) -> Outcome:
    if not seen:
        return Outcome.NO_DIFFERENCE
    return Outcome.BETTER if (difference > 0) is metric.greater_is_better else Outcome.WORSE


def run_verdict(family: Family, difference: Interval | None, near: tuple[Contrast, ...] = ()) -> RunVerdict:
    """Judge what distillation did beyond the twin that had no teacher.

    Args:
        family: The run, with its twin if that is finished.
        difference: The paired difference between the two; without it their single intervals decide.
        near: How near both are to the teacher; see :func:`distil_core.analysis.contrasts.fidelity`.
    """
    record = family.distilled.record
    against = record.task.untaught
    twin = family.twin(against)
    return RunVerdict(
        metric=record.metric,
        role=role_of(record.config.method),
        student=record.score,
        teacher=record.teacher_score,
        against=against,
        twin=None if twin is None else twin.record.score,
        contrast=None if twin is None else contrast_of(record, twin.record, difference),
        fidelity=near,
    )


def sentence_answers(compared: Compared) -> tuple[SentenceAnswer, SentenceAnswer]:
    """Return what teacher and student answer at one site, at temperature 1."""
    return _answer(Role.TEACHER, compared.teacher_logits), _answer(Role.STUDENT, compared.student_logits)


def _answer(role: Role, logits: Sequence[float]) -> SentenceAnswer:
    probabilities = softmax(logits, 1.0)
    label = max(range(len(probabilities)), key=probabilities.__getitem__)
    return SentenceAnswer(role=role, label=label, probability=probabilities[label])
