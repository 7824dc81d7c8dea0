"""What decides whether to use the student of a run: what it keeps and saves, and what would do as well or better."""

from collections.abc import Callable
from dataclasses import dataclass

from distil_core.analysis.comparison import Contrast, Outcome, contrast_of, model_name, score_kept, speedup_of
from distil_core.analysis.contrasts import Draw, difference, drawing, fidelity
from distil_core.analysis.roles import Role, role_of
from distil_core.analysis.tradeoffs import TEACHER, Landscape, ModelPoint, Price, averaged, chosen
from distil_core.errors import StoreError
from distil_core.evaluation.metrics import Metric
from distil_core.evaluation.predictions import Predictions
from distil_core.evaluation.records import Cost, Interval, ModelRecord
from distil_core.runs.families import Family, FinishedRun
from distil_core.runs.folder import RunFolder
from distil_core.settings.config import Method

Read = Callable[[RunFolder], Predictions]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What a model keeps of its teacher's score, and at what size and speed.

    Attributes:
        share: The share of the teacher's score.
        outcome: Better than the teacher, worse, or no difference seen.
        teacher_score: The teacher's score.
        parameters: The model's parameters as a share of the teacher's; None where they were not counted.
        speedup: How many times as fast as the teacher it is, see :func:`speedup_of`; None where it was not measured.
    """

    share: Interval
    outcome: Outcome
    teacher_score: float
    parameters: float | None
    speedup: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineVerdict:
    """The model of a run against a baseline, and their median latencies, both where both were measured.

    The baseline goes by its ``name``.
    """

    name: str
    contrast: Contrast
    latencies_ms: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """Another student that is the better bargain, with its price as a share of that of the model of the run."""

    name: str
    score: float
    parameters: float | None
    latency: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What somebody needs to know who has to decide whether to use the model of a run.

    Attributes:
        metric: What the scores are.
        role: What the model stands for; only a student has twins to be held against.
        score: Its score.
        teacher_score: That of its teacher; None where it was not measured.
        retention: What it keeps of its teacher; None where there is no share to be kept.
        twin: The model against the twin that nobody taught; None where there is none yet.
        against: Which twin that is: the one that learned from hard labels, or where there are none, the layer-cut one.
        baseline: The model against the baseline; None where that was not measured.
        rival: The best of the students that are to be preferred; None where there is none.
        fidelity: The model against that twin by how near both are to the teacher.
    """

    metric: Metric
    role: Role
    score: float
    teacher_score: float | None
    retention: Retention | None
    twin: Contrast | None
    against: Method
    baseline: BaselineVerdict | None
    rival: Rival | None
    fidelity: tuple[Contrast, ...] = ()


def advise(
    family: Family, landscape: Landscape, read: Read = RunFolder.read_predictions, draw: Draw | None = None
) -> Advice:
    """Judge a run: what it keeps and saves, whether the teacher was needed, and what would do as well or better.

    Args:
        family: The run with its twins.
        landscape: All that can be held against it.
        read: Reads what a run answered from its folder.
        draw: Reads a figure of a run with its draws; from what it answered when not given.
    """
    run = family.distilled
    draw = draw or drawing(read)
    teacher_score = run.record.teacher_score
    against = run.record.task.untaught
    twin, baseline = family.twin(against), family.twin(Method.BASELINE)
    return Advice(
        metric=run.record.metric,
        role=role_of(run.record.config.method),
        score=run.record.score.value,
        teacher_score=None if teacher_score is None else teacher_score.value,
        retention=_retention(run, landscape, read),
        twin=None if twin is None else _against(run, twin, draw),
        against=against,
        baseline=None
        if baseline is None
        else BaselineVerdict(
            name=model_name(baseline.record.config),
            contrast=_against(run, baseline, draw),
            latencies_ms=_latencies(run.record.model, baseline.record.model),
        ),
        rival=_rival(landscape, run.record.metric, draw),
        fidelity=fidelity(family, draw),
    )


def share_kept(run: FinishedRun, read: Read = RunFolder.read_predictions) -> Interval | None:
    """Return the share of its teacher's score that a model kept, without an interval where its answers are lost."""
    record = run.record
    if record.teacher_score is None or record.teacher_score.value <= 0 or not record.metric.greater_is_better:
        return None
    try:
        return score_kept(read(run.folder), record.metric)
    except StoreError:
        return Interval(value=record.score.value / record.teacher_score.value)


def _retention(run: FinishedRun, landscape: Landscape, read: Read) -> Retention | None:
    share, teacher_score = share_kept(run, read), run.record.teacher_score
    teacher = next((point for point in landscape.points if point.id == TEACHER), None)
    if share is None or teacher is None or teacher_score is None:
        return None
    low, high = share.ends
    parameters, speedup = _savings(teacher.records[0].cost, run.record.model.cost)
    return Retention(
        share=share,
        outcome=Outcome.BETTER if low > 1 else Outcome.NO_DIFFERENCE if high >= 1 else Outcome.WORSE,
        teacher_score=teacher_score.value,
        parameters=parameters,
        speedup=speedup,
    )


def _savings(before: Cost | None, after: Cost | None) -> tuple[float | None, Interval | None]:
    """Return the share of the parameters and the factor in speed."""
    if before is None or after is None:
        return None, None
    parameters = after.parameters / before.parameters
    if before.latency_ms is None or after.latency_ms is None:
        return parameters, None
    return parameters, speedup_of(before.latency_ms, after.latency_ms)


def _against(run: FinishedRun, other: FinishedRun, draw: Draw) -> Contrast:
    """Hold a run against another, paired over the test examples where the answers of both can be read."""
    return contrast_of(run.record, other.record, difference(run.folder, other.folder, run.record.metric, draw))


def _latencies(model: ModelRecord, other: ModelRecord) -> tuple[float, float] | None:
    costs = [record.cost for record in (model, other) if record.cost is not None]
    latencies = [cost.latency_ms for cost in costs if cost.latency_ms is not None]
    return None if len(latencies) < 2 else (latencies[0].p50, latencies[1].p50)


def _rival(landscape: Landscape, metric: Metric, draw: Draw) -> Rival | None:
    """Return the best other student that is as good and clearly cheaper, or clearly better and as cheap."""
    candidates = averaged(landscape.points, draw, metrics=(metric,))  # one lucky seed is no better bargain
    mine = chosen(candidates)
    if not mine.role.shares_architecture:
        return None
    rivals = [point for point in candidates if _outdoes(point, mine, metric, landscape.wobble(Price.LATENCY))]
    if not rivals:
        return None
    best = max(rivals, key=lambda point: (_worth(point, metric), -_parameters(point)))
    score = best.score(metric)
    assert score is not None
    return Rival(
        name=best.name,
        score=score.value,
        parameters=_share(best, mine, Price.PARAMETERS),
        latency=_share(best, mine, Price.LATENCY),
    )


def _share(rival: ModelPoint, mine: ModelPoint, price: Price) -> float | None:
    theirs, ours = rival.price(price), mine.price(price)
    return None if theirs is None or ours is None else theirs.value / ours.value


def _outdoes(rival: ModelPoint, mine: ModelPoint, metric: Metric, wobble: float) -> bool:
    """Tell whether a rival is to be preferred; times that differ no more than among twins are the same."""
    if not rival.role.shares_architecture or rival.setting == mine.setting:
        return False
    first, second = rival.score(metric), mine.score(metric)
    if first is None or second is None or rival.price(Price.PARAMETERS) is None:
        return False
    if mine.price(Price.PARAMETERS) is None or _parameters(rival) > _parameters(mine):
        return False
    times = _share(rival, mine, Price.LATENCY)
    ratio = 1.0 if times is None else times
    if ratio > wobble:
        return False
    cheaper = _parameters(rival) < _parameters(mine) or ratio < 1 / wobble
    clearly = first.above(second) if metric.greater_is_better else second.above(first)
    return clearly or (cheaper and _worth(rival, metric) >= _worth(mine, metric))


def _worth(point: ModelPoint, metric: Metric) -> float:
    """Return a score so that more is better."""
    score = point.score(metric)
    return 0.0 if score is None else score.value if metric.greater_is_better else -score.value


def _parameters(point: ModelPoint) -> float:
    spread = point.price(Price.PARAMETERS)
    return 0.0 if spread is None else spread.value
