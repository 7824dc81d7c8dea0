"""The models that can be held against one run, each as a point: what it is worth, and what it costs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import fmean
from typing import Any

from distil_core.analysis.comparison import model_name, model_names, settings_title
from distil_core.analysis.contrasts import Draw, drawing
from distil_core.analysis.roles import Role, role_of
from distil_core.errors import StoreError
from distil_core.evaluation.bootstrap import estimate
from distil_core.evaluation.metrics import Metric
from distil_core.evaluation.records import Cost, Environment, Interval, Latency, ModelRecord
from distil_core.runs.families import Family, FinishedRun
from distil_core.runs.folder import RunFolder
from distil_core.runs.record import RunRecord
from distil_core.runs.sources import RunSource
from distil_core.settings.config import CorpusConfig, Method, RunConfig, StudentConfig
from distil_core.settings.hardware import resolve_precision
from distil_core.settings.serialization import to_json
from distil_core.tasks.catalog import TASKS
from distil_core.tasks.task import Task

TEACHER = "teacher"
"""The name of the teacher's point; every other point is named by its run."""

_TEACHER_NAME = "Teacher"


class Price(StrEnum):
    """What a model costs: milliseconds for one text, texts a second in batches of 32, parameters, bytes on disk."""

    LATENCY = "latency"
    THROUGHPUT = "throughput"
    PARAMETERS = "parameters"
    BYTES = "bytes"

    @property
    def timed(self) -> bool:
        """Whether it depends on the machine."""
        return self in (Price.LATENCY, Price.THROUGHPUT)

    @property
    def more_is_better(self) -> bool:
        """Whether a larger value is the better one."""
        return self is Price.THROUGHPUT


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPoint:
    """One model, or several seeds of one.

    Attributes:
        id: The run it leads to, or :data:`TEACHER`.
        title: Its name with its settings, the same for all seeds.
        role: What it stands for beside the others.
        method: What was done to make it; None for the teacher.
        setting: What was asked, without the seed; None for the teacher.
        runs: All runs in it; none for the teacher.
        seeds: Their seeds.
        folders: Where their files are.
        records: What was measured, for each of them.
        scores: What it is worth, by the names of the metrics.
        in_use: Whether the run in use is among them.
        elsewhere: Whether it was measured on another machine, so that its times cannot be compared.
        several: Whether there are other seeds of the same settings, so that its own must be named.
    """

    id: str
    title: str
    role: Role
    method: Method | None
    setting: RunConfig | None
    runs: tuple[str, ...]
    seeds: tuple[int, ...]
    folders: tuple[RunFolder, ...]
    records: tuple[ModelRecord, ...]
    scores: Mapping[str, Interval]
    in_use: bool
    elsewhere: bool
    several: bool = False

    @property
    def name(self) -> str:
        """Title and seed, where that is needed to tell it apart."""
        if len(self.seeds) > 1:
            return f"{self.title} · mean of seeds {', '.join(map(str, sorted(self.seeds)))}"
        return f"{self.title} · seed {self.seeds[0]}" if self.seeds and (self.several or self.seeds[0]) else self.title

    @property
    def group(self) -> str:
        """What it is called by its method; see :func:`groups`."""
        return _TEACHER_NAME if self.setting is None else model_name(self.setting)

    def score(self, metric: Metric) -> Interval | None:
        """Return what it is worth with the 95 % interval, or None where that was not measured."""
        return self.scores.get(metric.name)

    def price(self, price: Price) -> Interval | None:
        """Return what it costs, a latency with its 5th and 95th percentile, or None where that was not measured.

        Of several seeds it is the mean, from the lowest 5th to the highest 95th percentile.
        """
        if price.timed and self.elsewhere:
            return None
        return _mean(None if record.cost is None else _PRICES[price](record.cost) for record in self.records)


@dataclass(frozen=True, slots=True, kw_only=True)
class Landscape:
    """All that can be held against the run in use, which comes right after the teacher.

    ``teacher_ms`` are the teacher's median latencies on this machine, one for each run that timed it. They differ with
    what else the machine did; but every run times its teacher in turn with its student, so that the times of all
    points are scaled to the pace of the run in use: ``time * teacher's time there / teacher's time then``.
    ``n_layers`` is how many layers the teacher has at least, as its students tell.
    """

    points: tuple[ModelPoint, ...]
    teacher_ms: tuple[float, ...]
    n_layers: int = 0

    def wobble(self, price: Price) -> float:
        """By what factor two times of the same architecture differ, a student's and its twins'; 1 if there is one."""
        alike: dict[StudentConfig, list[float]] = {}
        for point in self.points:
            cost = point.price(price)
            if point.setting is not None and point.role.shares_architecture and cost is not None:
                alike.setdefault(point.setting.student, []).append(cost.value)
        return max((max(values) / min(values) for values in alike.values()), default=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedPoint:
    """Where a point lies; ``best`` unless another is worth as much and costs as little, and beats it in one."""

    point: ModelPoint
    price: Interval
    score: Interval
    best: bool


def groups(points: Iterable[ModelPoint]) -> tuple[str, ...]:
    """Return what models are called by their methods, all methods of the tasks of some points, the teacher first."""
    tasks = dict.fromkeys(point.setting.task for point in points if point.setting is not None)
    names = (
        name for task in tasks for method, name in model_names(task).items() if method in TASKS.get(task, Task).methods
    )
    return tuple(dict.fromkeys((_TEACHER_NAME, *names)))


def _latency(cost: Cost) -> Interval | None:
    measured = cost.latency_ms
    return None if measured is None else Interval(value=measured.p50, low=measured.p5, high=measured.p95)


_PRICES: Mapping[Price, Callable[[Cost], Interval | None]] = {
    Price.LATENCY: _latency,
    Price.THROUGHPUT: lambda cost: None if cost.texts_per_second is None else Interval(value=cost.texts_per_second),
    Price.PARAMETERS: lambda cost: Interval(value=cost.parameters),
    Price.BYTES: lambda cost: Interval(value=cost.bytes),
}


def _mean(measured: Iterable[Interval | None]) -> Interval | None:
    spreads = [spread for spread in measured if spread is not None]
    if not spreads:
        return None
    lows = [spread.low for spread in spreads if spread.low is not None]
    highs = [spread.high for spread in spreads if spread.high is not None]
    value = fmean(spread.value for spread in spreads)
    return Interval(value=value, low=min(lows, default=None), high=max(highs, default=None))


def landscape(family: Family, source: RunSource) -> Landscape:
    """Gather the models of all finished runs that had the task, the corpus, the test texts and the teacher of a run.

    A run that was computed twice, as when one that ships with the package was repeated here, is one point.

    Args:
        family: The run in use, with its twins.
        source: Where the others are.
    """
    record = family.distilled.record
    others = [
        FinishedRun(run=run.id, folder=source.folder(run.id), record=run.record)
        for run in sorted(source.list(), key=lambda run: run.read_only)  # what was computed here comes first
        if run.record is not None
    ]
    same = [other for other in others if _comparable(record, other.record)]
    members: dict[RunConfig, FinishedRun] = {}
    for outcome in (family.distilled, *family.twins, *same):
        members.setdefault(content(outcome.record.config), outcome)
    here = [other.record.teacher for other in members.values() if _machine(other.record) == _machine(record)]
    costs = [teacher.cost for teacher in here if teacher is not None and teacher.cost is not None]
    # A run without a transformer in it has not timed its teacher, but another may have.
    cost = (None if record.teacher is None else record.teacher.cost) or next(iter(costs), None)
    points = _told_apart([_point(outcome, record, pace=cost) for outcome in members.values()])
    if record.teacher is not None:
        points = (_teacher(replace(record.teacher, cost=cost)), *points)
    latencies = (cost.latency_ms for cost in costs)
    return Landscape(
        points=points,
        teacher_ms=tuple(latency.p50 for latency in latencies if latency is not None),
        n_layers=max((layer + 1 for outcome in members.values() for layer in outcome.record.layers), default=0),
    )


def _teacher(record: ModelRecord) -> ModelPoint:
    return ModelPoint(
        id=TEACHER,
        title=_TEACHER_NAME,
        role=Role.TEACHER,
        method=None,
        setting=None,
        runs=(),
        seeds=(),
        folders=(),
        records=(record,),
        scores=record.metrics,
        in_use=False,
        elsewhere=False,
    )


def _point(outcome: FinishedRun, record: RunRecord, *, pace: Cost | None) -> ModelPoint:
    config = outcome.record.config
    setting = content(replace(config, seed=0))
    title, role = settings_title(setting), role_of(config.method)
    return ModelPoint(
        id=outcome.run,
        title=f"{model_name(config)} · {title}" if role is Role.STUDENT else title,
        role=role,
        method=config.method,
        setting=setting,
        runs=(outcome.run,),
        seeds=(config.seed,),
        folders=(outcome.folder,),
        records=(_paced(outcome.record, pace),),
        scores=outcome.record.model.metrics,
        in_use=outcome.record is record,
        elsewhere=_machine(outcome.record) != _machine(record),
    )


def _paced(record: RunRecord, pace: Cost | None) -> ModelRecord:
    """Return what was measured of a run's model, its times as if its teacher had been as quick as in another run."""
    model, then = record.model, None if record.teacher is None else record.teacher.cost
    if model.cost is None or then is None or pace is None:
        return model
    latency, rate = model.cost.latency_ms, model.cost.texts_per_second
    if latency is not None and then.latency_ms is not None and pace.latency_ms is not None:
        factor = pace.latency_ms.p50 / then.latency_ms.p50
        latency = Latency(p5=factor * latency.p5, p50=factor * latency.p50, p95=factor * latency.p95)
    if rate is not None and then.texts_per_second is not None and pace.texts_per_second is not None:
        rate = rate * pace.texts_per_second / then.texts_per_second
    return replace(model, cost=replace(model.cost, latency_ms=latency, texts_per_second=rate))


def _told_apart(points: Sequence[ModelPoint]) -> tuple[ModelPoint, ...]:
    """Mark points with other seeds; where different settings have the same title, name what is different."""
    told = []
    for point in points:
        seeds = [other for other in points if other.setting == point.setting]
        alike = {other.setting for other in points if other.title == point.title and other.setting is not None}
        mine, others = _leaves(to_json(point.setting)), [_leaves(to_json(setting)) for setting in alike]
        different = [f"{name} {value}" for name, value in mine.items() if any(other[name] != value for other in others)]
        title = " · ".join((point.title, *different))
        told.append(replace(point, title=title, several=len(seeds) > 1))
    return tuple(told)


def _leaves(values: Mapping[str, Any]) -> dict[str, object]:
    """Return all settings as people read their names: "training epochs"."""
    leaves: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            leaves |= {f"{name} {inner}".replace("_", " "): leaf for inner, leaf in value.items()}
        else:
            leaves[name] = value
    return leaves


def _comparable(first: RunRecord, second: RunRecord) -> bool:
    """Tell whether two runs had the same task, the same texts, test texts included, and the same teacher.

    A student that was kept from a class is held against its like alone: nobody would take it.
    """
    return all(
        mine == theirs
        for mine, theirs in (
            (first.config.task, second.config.task),
            (first.corpus.digest, second.corpus.digest),
            (first.config.corpus.left_out, second.config.corpus.left_out),
            (first.teacher_digest, second.teacher_digest),
        )
    )


def content(config: RunConfig) -> RunConfig:
    """Return the settings of a run without where its corpus and teacher lie, since these are known to be the same.

    What of the corpus the student was told stays. A precision that is left open is this machine's, also for what has
    been computed elsewhere; the number of threads moves no figure that anybody could see.
    """
    told = CorpusConfig(labeled=config.corpus.labeled, left_out=config.corpus.left_out)
    training = replace(config.training, precision=resolve_precision(config.training.precision), threads=0)
    return replace(config, corpus=told, teacher=replace(config.teacher, source=""), training=training)


def _machine(record: RunRecord) -> tuple[str, int, str]:
    environment: Environment = record.environment
    return environment.processor, environment.threads, environment.device


def averaged(
    points: Sequence[ModelPoint], draw: Draw | None = None, *, metrics: Sequence[Metric]
) -> tuple[ModelPoint, ...]:
    """Put the seeds of the same settings together, those of another machine apart; the run in use leads its group.

    Args:
        points: All of them.
        draw: Reads a figure of a run with its draws; from what it answered when not given.
        metrics: The scores that are averaged.
    """
    draw = draw or drawing()
    groups: dict[tuple[RunConfig | None, bool], list[ModelPoint]] = {}
    for point in points:
        groups.setdefault((point.setting, point.elsewhere), []).append(point)
    return tuple(
        replace(
            max(group, key=lambda point: point.in_use),
            runs=tuple(run for point in group for run in point.runs),
            seeds=tuple(seed for point in group for seed in point.seeds),
            folders=tuple(folder for point in group for folder in point.folders),
            records=tuple(record for point in group for record in point.records),
            scores=_mean_scores(group, draw, metrics),
            several=False,
        )
        for group in groups.values()
    )


def _mean_scores(group: Sequence[ModelPoint], draw: Draw, metrics: Sequence[Metric]) -> Mapping[str, Interval]:
    if len(group) == 1:
        return group[0].scores
    scores = {}
    for metric in metrics:
        singles = [score for point in group if (score := point.score(metric)) is not None]
        if len(singles) == len(group):
            scores[metric.name] = _mean_score(group, draw, metric, singles)
    return scores


def _mean_score(group: Sequence[ModelPoint], draw: Draw, metric: Metric, singles: Sequence[Interval]) -> Interval:
    """Return the mean over seeds, with an interval over seeds and examples unless the answers are lost."""
    mean = Interval(value=fmean(score.value for score in singles), n_seeds=len(singles))
    try:
        return estimate([draw(folder, metric) for point in group for folder in point.folders]) or mean
    except StoreError:
        return mean


def selected(points: Sequence[ModelPoint], wanted: str | None) -> ModelPoint:
    """Return the point of a run, or that of the run in use where it is not among them."""
    matches = (point for point in points if wanted is not None and wanted in (point.id, *point.runs))
    return next(matches, None) or chosen(points)


def chosen(points: Sequence[ModelPoint]) -> ModelPoint:
    """Return the point of the run in use."""
    return next(point for point in points if point.in_use)


def places(points: Sequence[ModelPoint], score: Metric, price: Price) -> tuple[PlacedPoint, ...]:
    """Put points on two axes, the cheapest first; what was not measured is left out.

    A point is best when no other is worth at least as much for at most as much, and strictly more or for less: these
    points are the Pareto line.
    """
    placed = [(point, point.price(price), point.score(score)) for point in points]
    measured = [(point, cost, worth) for point, cost, worth in placed if cost is not None and worth is not None]
    sign = -1 if price.more_is_better else 1
    worth_sign = -1 if score.greater_is_better else 1
    pairs = [(sign * cost.value, worth_sign * worth.value) for _, cost, worth in measured]
    return tuple(
        PlacedPoint(point=point, price=cost, score=worth, best=not any(_beats(other, pair) for other in pairs))
        for pair, (point, cost, worth) in sorted(zip(pairs, measured, strict=True), key=lambda item: item[0])
    )


def _beats(first: tuple[float, float], second: tuple[float, float]) -> bool:
    return first != second and first[0] <= second[0] and first[1] <= second[1]
