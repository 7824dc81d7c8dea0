"""The models that can be held against one run, each as a point: what it is worth, and what it costs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import fmean
from typing import Any

import numpy as np

from distil_core.analysis.comparison import NAMES, settings_title
from distil_core.evaluation.records import N_RESAMPLES, Cost, Environment, Interval, Latency, ModelRecord
from distil_core.runs.families import Family, FinishedRun
from distil_core.runs.record import RunRecord
from distil_core.runs.sources import RunSource
from distil_core.settings.config import CorpusConfig, RunConfig, RunKind, StudentConfig
from distil_core.settings.hardware import resolve_precision
from distil_core.settings.serialization import to_json

TEACHER = "teacher"
"""The name of the teacher's point; every other point is named by its run."""

GROUPS: Mapping[RunKind | None, str] = {None: "Teacher"} | NAMES
"""What points are called by their kind; the teacher has none."""


class Score(StrEnum):
    """What a model is worth: a share of the test texts, or of 1."""

    ACCURACY = "accuracy"
    AGREEMENT = "agreement"
    MACRO_F1 = "macro-f1"


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
class ValueRange:
    """A measured value and how far it reaches; None where only the value is known, or where it is exact."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPoint:
    """One model, or several seeds of one.

    Attributes:
        id: The run it leads to, or :data:`TEACHER`.
        title: Its name with its settings, the same for all seeds.
        kind: None for the teacher.
        setting: What was asked, without the seed; None for the teacher.
        runs: All runs in it; none for the teacher.
        seeds: Their seeds.
        records: What was measured, for each of them.
        in_use: Whether the run in use is among them.
        elsewhere: Whether it was measured on another machine, so that its times cannot be compared.
        several: Whether there are other seeds of the same settings, so that its own must be named.
    """

    id: str
    title: str
    kind: RunKind | None
    setting: RunConfig | None
    runs: tuple[str, ...]
    seeds: tuple[int, ...]
    records: tuple[ModelRecord, ...]
    in_use: bool
    elsewhere: bool
    several: bool = False

    @property
    def name(self) -> str:
        """Title and seed, where that is needed to tell it apart."""
        if len(self.seeds) > 1:
            return f"{self.title} · mean of seeds {', '.join(map(str, sorted(self.seeds)))}"
        return f"{self.title} · seed {self.seeds[0]}" if self.seeds and (self.several or self.seeds[0]) else self.title

    def score(self, score: Score) -> ValueRange | None:
        """Return what it is worth with the 95 % interval, or None where that was not measured.

        Of several seeds it is the mean, from the lowest to the highest end of their intervals.
        """
        return _mean(_SCORES[score](record) for record in self.records)

    def price(self, price: Price) -> ValueRange | None:
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
    """

    points: tuple[ModelPoint, ...]
    teacher_ms: tuple[float, ...]

    def wobble(self, price: Price) -> float:
        """By what factor two times of the same architecture differ, a student's and its twins'; 1 if there is one."""
        alike: dict[StudentConfig, list[float]] = {}
        for point in self.points:
            cost = point.price(price)
            if point.setting is not None and point.kind is not RunKind.TFIDF and cost is not None:
                alike.setdefault(point.setting.student, []).append(cost.value)
        return max((max(values) / min(values) for values in alike.values()), default=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedPoint:
    """Where a point lies; ``best`` unless another is worth as much and costs as little, and beats it in one."""

    point: ModelPoint
    price: ValueRange
    score: ValueRange
    best: bool


def _accuracy(record: ModelRecord) -> ValueRange:
    measured = record.quality.accuracy
    return ValueRange(value=measured.value, low=measured.low, high=measured.high)


def _agreement(record: ModelRecord) -> ValueRange | None:
    if record.fidelity is None:
        return None
    measured = record.fidelity.agreement
    return ValueRange(value=measured.value, low=measured.low, high=measured.high)


def _latency(cost: Cost) -> ValueRange | None:
    measured = cost.latency_ms
    return None if measured is None else ValueRange(value=measured.p50, low=measured.p5, high=measured.p95)


_SCORES: Mapping[Score, Callable[[ModelRecord], ValueRange | None]] = {
    Score.ACCURACY: _accuracy,
    Score.AGREEMENT: _agreement,
    Score.MACRO_F1: lambda record: ValueRange(value=record.quality.macro_f1),
}
_PRICES: Mapping[Price, Callable[[Cost], ValueRange | None]] = {
    Price.LATENCY: _latency,
    Price.THROUGHPUT: lambda cost: None if cost.texts_per_second is None else ValueRange(value=cost.texts_per_second),
    Price.PARAMETERS: lambda cost: ValueRange(value=cost.parameters),
    Price.BYTES: lambda cost: ValueRange(value=cost.bytes),
}


def _mean(measured: Iterable[ValueRange | None]) -> ValueRange | None:
    found = [spread for spread in measured if spread is not None]
    if not found:
        return None
    lows = [spread.low for spread in found if spread.low is not None]
    highs = [spread.high for spread in found if spread.high is not None]
    value = fmean(spread.value for spread in found)
    return ValueRange(value=value, low=min(lows, default=None), high=max(highs, default=None))


def landscape(found: Family, source: RunSource) -> Landscape:
    """Gather the models of all finished runs that had the corpus, the test texts and the teacher of a run.

    A run that was computed twice, as when one that ships with the package was repeated here, is one point.

    Args:
        found: The run in use, with its twins.
        source: Where the others are.
    """
    record = found.distilled.record
    others = [
        FinishedRun(run=run.id, folder=source.folder(run.id), record=run.record)
        for run in sorted(source.list(), key=lambda run: run.read_only)  # what was computed here comes first
        if run.record is not None
    ]
    same = [other for other in others if _comparable(record, other.record)]
    members: dict[RunConfig, FinishedRun] = {}
    for outcome in (found.distilled, *found.twins, *same):
        members.setdefault(_content(outcome.record.config), outcome)
    here = [other.record.teacher for other in members.values() if _machine(other.record) == _machine(record)]
    costs = [teacher.cost for teacher in here if teacher is not None and teacher.cost is not None]
    # A run without a transformer in it has not timed its teacher, but another may have.
    cost = (None if record.teacher is None else record.teacher.cost) or next(iter(costs), None)
    points = _told_apart([_point(outcome, record, pace=cost) for outcome in members.values()])
    if record.teacher is not None:
        points = (_teacher(replace(record.teacher, cost=cost)), *points)
    latencies = (cost.latency_ms for cost in costs)
    return Landscape(points=points, teacher_ms=tuple(latency.p50 for latency in latencies if latency is not None))


def _teacher(record: ModelRecord) -> ModelPoint:
    return ModelPoint(
        id=TEACHER,
        title=GROUPS[None],
        kind=None,
        setting=None,
        runs=(),
        seeds=(),
        records=(record,),
        in_use=False,
        elsewhere=False,
    )


def _point(outcome: FinishedRun, record: RunRecord, *, pace: Cost | None) -> ModelPoint:
    config = outcome.record.config
    setting = _content(replace(config, seed=0))
    title = settings_title(setting)
    return ModelPoint(
        id=outcome.run,
        title=f"{NAMES[config.kind]} · {title}" if config.kind is RunKind.DISTILLED else title,
        kind=config.kind,
        setting=setting,
        runs=(outcome.run,),
        seeds=(config.seed,),
        records=(_paced(outcome.record, pace),),
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
    found: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= {f"{name} {inner}".replace("_", " "): leaf for inner, leaf in value.items()}
        else:
            found[name] = value
    return found


def _comparable(first: RunRecord, second: RunRecord) -> bool:
    """Tell whether two runs had the same texts, test texts included, and the same teacher."""
    return (first.corpus.digest, first.teacher_digest) == (second.corpus.digest, second.teacher_digest)


def _content(config: RunConfig) -> RunConfig:
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


def averaged(points: Sequence[ModelPoint]) -> tuple[ModelPoint, ...]:
    """Put the seeds of the same settings together, those of another machine apart; the run in use leads its group."""
    groups: dict[tuple[RunConfig | None, bool], list[ModelPoint]] = {}
    for point in points:
        groups.setdefault((point.setting, point.elsewhere), []).append(point)
    return tuple(
        replace(
            max(group, key=lambda point: point.in_use),
            runs=tuple(run for point in group for run in point.runs),
            seeds=tuple(seed for point in group for seed in point.seeds),
            records=tuple(record for point in group for record in point.records),
            several=False,
        )
        for group in groups.values()
    )


def selected(points: Sequence[ModelPoint], wanted: str | None) -> ModelPoint:
    """Return the point of a run, or that of the run in use where it is not among them."""
    matches = (point for point in points if wanted is not None and wanted in (point.id, *point.runs))
    return next(matches, None) or chosen(points)


def chosen(points: Sequence[ModelPoint]) -> ModelPoint:
    """Return the point of the run in use."""
    return next(point for point in points if point.in_use)


def places(points: Sequence[ModelPoint], score: Score, price: Price) -> tuple[PlacedPoint, ...]:
    """Put points on two axes, the cheapest first; what was not measured is left out.

    A point is best when no other is worth at least as much for at most as much, and strictly more or for less: these
    points are the Pareto line.
    """
    found = [(point, point.price(price), point.score(score)) for point in points]
    measured = [(point, cost, worth) for point, cost, worth in found if cost is not None and worth is not None]
    sign = -1 if price.more_is_better else 1
    pairs = [(sign * cost.value, -worth.value) for _, cost, worth in measured]
    return tuple(
        PlacedPoint(point=point, price=cost, score=worth, best=not any(_beats(other, pair) for other in pairs))
        for pair, (point, cost, worth) in sorted(zip(pairs, measured, strict=True), key=lambda item: item[0])
    )


def _beats(first: tuple[float, float], second: tuple[float, float]) -> bool:
    return first != second and first[0] <= second[0] and first[1] <= second[1]


def kept(record: RunRecord) -> Interval | None:
    """Return the share of the teacher's accuracy that a model kept, with its 95 % interval; may be above 1.

    The interval is that of a paired bootstrap: test texts are drawn again, each with both answers, so that what is hard
    for both cancels. None where teacher or answers were not measured, or the teacher is never right.
    """
    teacher, fidelity = record.teacher, record.model.fidelity
    if teacher is None or fidelity is None or teacher.quality.accuracy.value == 0:
        return None
    # Only four things can happen to a text, so that drawing counts is drawing texts.
    shares = np.array(
        [fidelity.both_right, fidelity.only_teacher_right, fidelity.only_student_right, fidelity.both_wrong]
    )
    drawn = np.random.default_rng(0).multinomial(record.corpus.n_test, shares / shares.sum(), size=N_RESAMPLES)
    by_teacher, by_student = drawn[:, 0] + drawn[:, 1], drawn[:, 0] + drawn[:, 2]
    low, high = np.percentile(by_student / np.maximum(by_teacher, 1), [2.5, 97.5])
    value = record.model.quality.accuracy.value / teacher.quality.accuracy.value
    return Interval(value=value, low=float(low), high=float(high))
