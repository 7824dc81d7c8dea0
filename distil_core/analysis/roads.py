"""The roads to a smaller model, each as a line through its amounts, and which leads furthest at a size or a speed."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from distil_core.analysis.contrasts import Draw
from distil_core.analysis.tradeoffs import TEACHER, ModelPoint, PlacedPoint, Price, places
from distil_core.errors import StoreError
from distil_core.evaluation.bootstrap import estimate
from distil_core.evaluation.metrics import Metric
from distil_core.settings.config import LayerMap, Method, RunConfig, StudentConfig, TrainingConfig, WeightFormat


class Road(StrEnum):
    """What a student has less of: layers, attention heads, neurons, bits in its weights, weights that are not 0."""

    LAYERS = "layers"
    HEADS = "heads"
    NEURONS = "neurons"
    BITS = "bits"
    ZEROS = "zeros"


_MADE = (Method.DISTILLED, Method.LAYER_CUT)
"""Methods of the models that go a road: what was taken from a teacher, taught by it or not at all."""
_BITS = {WeightFormat.FP32: 32, WeightFormat.BF16: 16, WeightFormat.FP16: 16, WeightFormat.INT8: 8}
_AMOUNT: Mapping[Road, Callable[[StudentConfig], float]] = {
    Road.LAYERS: lambda student: student.n_layers,
    Road.HEADS: lambda student: student.heads,
    Road.NEURONS: lambda student: student.neurons,
    Road.BITS: lambda student: _BITS[student.weights],
    Road.ZEROS: lambda student: 1 - student.sparsity,
}
_WHOLE: Mapping[Road, Mapping[str, Any]] = {
    Road.LAYERS: {"depth": 0, "layers": (), "layer_map": LayerMap.EVEN},
    Road.HEADS: {"heads": 1.0},
    Road.NEURONS: {"neurons": 1.0},
    Road.BITS: {"weights": WeightFormat.FP32},
    Road.ZEROS: {"sparsity": 0.0},
}
"""What a student is set to for its amount not to count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadLine:
    """Models that differ in how far they have gone one road alone, from the most to the least that is left.

    ``trained`` says whether they learned anything afterwards.
    """

    road: Road
    trained: bool
    places: tuple[PlacedPoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Furthest:
    """The best model that costs at most a share of what its teacher costs, and the best one of other roads.

    Attributes:
        price: What it costs.
        share: Of the teacher's price; of its speed, how many times.
        best: The model; None where none is that cheap.
        road: By which roads it came.
        other: The best model that came by others; None where there is none.
        other_road: By which.
        differs: Whether their scores do.
    """

    price: Price
    share: float
    best: PlacedPoint | None
    road: tuple[Road, ...] = ()
    other: PlacedPoint | None = None
    other_road: tuple[Road, ...] = ()
    differs: bool = False


def road_lines(placed: Sequence[PlacedPoint], *, n_layers: int) -> tuple[RoadLine, ...]:
    """Return each road that at least two models have gone to different lengths, alike in all else but the seed.

    Those that were trained are trained as the run in use was, or, where that was not, as most are. A road on which
    nothing else is taken from the teacher begins with it, unless a student has all of it.

    Args:
        placed: Models on two axes.
        n_layers: Of the teacher.
    """
    made = [(place, place.point.setting) for place in placed if place.point.method in _MADE]
    taught = [(place, setting) for place, setting in made if setting is not None and _trained(setting)]
    usual = Counter(_recipe(setting) for _, setting in taught).most_common(1)
    in_use = [_recipe(setting) for place, setting in taught if place.point.in_use]
    recipes = in_use or [recipe for recipe, _ in usual]
    seeds = {seed for place in placed if place.point.in_use for seed in place.point.seeds}
    groups: dict[tuple[Road, RunConfig], dict[float, PlacedPoint]] = {}
    for place, setting in sorted(made, key=lambda item: not seeds.isdisjoint(item[0].point.seeds)):
        if setting is None or (_trained(setting) and _recipe(setting) not in recipes):
            continue
        for road in Road:
            student = replace(setting.student, **_WHOLE[road])
            alike = replace(_recipe(setting), student=student)
            groups.setdefault((road, alike), {})[_AMOUNT[road](setting.student)] = place  # the seed in use comes last
    teacher = next((place for place in placed if place.point.id == TEACHER), None)
    for (road, alike), amounts in groups.items():
        if teacher is not None and _leaves_all_else(alike.student, road, n_layers=n_layers):
            amounts.setdefault(_AMOUNT[road](StudentConfig(depth=n_layers)), teacher)
    return tuple(
        RoadLine(
            road=road,
            trained=_trained(alike),
            places=tuple(amounts[amount] for amount in sorted(amounts, reverse=True)),
        )
        for (road, alike), amounts in sorted(groups.items(), key=lambda item: list(Road).index(item[0][0]))
        if len(amounts) > 1
    )


def _leaves_all_else(student: StudentConfig, road: Road, *, n_layers: int) -> bool:
    """Tell whether nothing but what a road takes is gone from a teacher of so many layers."""
    whole = StudentConfig(depth=n_layers)
    same = all(_AMOUNT[other](student) == _AMOUNT[other](whole) for other in Road if other is not road)
    return same and (student.width, student.init, student.parent) == (whole.width, whole.init, whole.parent)


def _trained(setting: RunConfig) -> bool:
    return setting.method is Method.DISTILLED and setting.training.epochs > 0


def _recipe(setting: RunConfig) -> RunConfig:
    """Return all that two models of a road have in common: how they were trained, if they were."""
    student = setting.student
    for whole in _WHOLE.values():
        student = replace(student, **whole)
    if _trained(setting):
        return replace(setting, student=student)
    return RunConfig(task=setting.task, student=student, training=TrainingConfig(epochs=0))


def roads_of(point: ModelPoint, *, n_layers: int) -> tuple[Road, ...]:
    """Return the roads that a model has gone.

    Args:
        point: The model.
        n_layers: Of the teacher.
    """
    if point.setting is None:
        return ()
    student, whole = point.setting.student, StudentConfig(depth=n_layers)
    return tuple(road for road in Road if _AMOUNT[road](student) < _AMOUNT[road](whole))


def furthest(
    points: Sequence[ModelPoint],
    score: Metric,
    price: Price,
    *,
    share: float,
    n_layers: int,
    draw: Draw | None = None,
) -> Furthest | None:
    """Return the best student, pruned or quantized teachers included, at a share of the teacher's price.

    Args:
        points: All models, the teacher among them.
        score: By what.
        price: What it costs; of a throughput, ``share`` is how many times the teacher's it must be.
        share: Of the teacher's.
        n_layers: Of the teacher.
        draw: Reads a figure of a run with its draws; without it, two scores differ where their intervals do not meet.

    Returns:
        None where the teacher's price is not known, or every model has gone the same road.
    """
    teacher = next((point for point in points if point.id == TEACHER), None)
    limit = None if teacher is None else teacher.price(price)
    if limit is None:
        return None
    made = [point for point in points if point.method in _MADE]
    ways = {point.id: roads_of(point, n_layers=n_layers) for point in made}
    if len(set(ways.values()) - {()}) < 2:
        return None
    sign = -1 if price.more_is_better else 1
    cheap = [place for place in places(made, score, price) if sign * place.price.value <= sign * share * limit.value]
    ranked = sorted(cheap, key=lambda place: place.score.value, reverse=score.greater_is_better)
    if not ranked:
        return Furthest(price=price, share=share, best=None)
    best, road = ranked[0], ways[ranked[0].point.id]
    other = next((place for place in ranked if ways[place.point.id] != road), None)
    return Furthest(
        price=price,
        share=share,
        best=best,
        road=road,
        other=other,
        other_road=() if other is None else ways[other.point.id],
        differs=other is not None and _differ(best, other, score, draw),
    )


def _differ(first: PlacedPoint, second: PlacedPoint, score: Metric, draw: Draw | None) -> bool:
    """Tell whether two scores differ: paired over the test texts where the answers are there."""
    folders = (*first.point.folders, *second.point.folders)
    if draw is not None and len(folders) == 2:
        with suppress(StoreError):
            difference = estimate([draw(folders[0], score) - draw(folders[1], score)])
            return difference is not None and difference.seen
    return first.score.above(second.score) or second.score.above(first.score)
