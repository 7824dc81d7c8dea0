"""Points as rows: what a chart shows, all that was measured, the card of one point, published ratios."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from distil_core.analysis.literature import PUBLISHED, Ratio, Reference
from distil_core.analysis.tradeoffs import ModelPoint, PlacedPoint, Price
from distil_core.evaluation.metrics import Metric
from distil_core.evaluation.records import Interval
from distil_core.reporting.formatting import NONE, count, digits, factor, figure_interval, percent, size, speed

_PRICE_COLUMNS = (
    "latency_p50_ms",
    "latency_p5_ms",
    "latency_p95_ms",
    "texts_per_second",
    "parameters",
    "bytes",
)
_COLUMNS: Mapping[Price, str] = {
    Price.LATENCY: "latency_ms",
    Price.THROUGHPUT: "texts_per_second",
    Price.PARAMETERS: "parameters",
    Price.BYTES: "bytes",
}
PUBLISHED_COLUMNS = ("student", "measure", "of its teacher's", "source")

_WRITTEN: Mapping[Price, Callable[[float], str]] = {
    Price.LATENCY: lambda value: f"{digits(value)} ms",
    Price.THROUGHPUT: speed,
    Price.PARAMETERS: count,
    Price.BYTES: size,
}


def definitions(metrics: Sequence[Metric]) -> str:
    """Say what some metrics are, a sentence for each."""
    return " ".join(f"{metric.label}: {metric.definition or metric.meaning}." for metric in metrics)


def written(price: Price, value: float) -> str:
    """Write a price with its unit."""
    return _WRITTEN[price](value)


def place_columns(score: Metric, price: Price) -> list[str]:
    """Return the columns of :func:`place_rows`, with their units."""
    columns = (f"{name}{end}" for name in (_COLUMNS[price], score.name) for end in ("", "_low", "_high"))
    return ["model", *columns, "best"]


def place_rows(places: Sequence[PlacedPoint], references: Sequence[Reference] = ()) -> list[tuple[object, ...]]:
    """Return the points and the published marks of a chart, unrounded; the columns are :func:`place_columns`."""
    rows: list[tuple[object, ...]] = [
        (place.point.name, *_three(place.price), *_three(place.score), "yes" if place.best else "no")
        for place in places
    ]
    for reference in references:
        rows.append((f"{reference.name} (published)", reference.price, None, None, reference.score, None, None, ""))
    return rows


def published_rows() -> list[tuple[str, str, str, str]]:
    """Return every published ratio with its source, in words; the columns are :data:`PUBLISHED_COLUMNS`."""
    rows = []
    for paper in PUBLISHED:
        ratios: list[tuple[str, Ratio]] = [("score", paper.score), *paper.prices.items()]
        for what, ratio in ratios:
            value = factor(ratio.value) if what is Price.THROUGHPUT else percent(ratio.value)
            compared = f"{value} ({ratio.student:.3g} against {ratio.teacher:.3g})"
            rows.append((paper.name, str(what), compared, f"{paper.paper}; {ratio.source}"))
    return rows


def point_columns(scores: Sequence[Metric]) -> list[str]:
    """Return the columns of :func:`point_rows`, costs with their units."""
    columns = (f"{metric.name}{end}" for metric in scores for end in ("", "_low", "_high"))
    return ["model", "settings", "seeds", *columns, *_PRICE_COLUMNS, "runs"]


def point_rows(points: Sequence[ModelPoint], scores: Sequence[Metric]) -> list[tuple[object, ...]]:
    """Return all that was measured of points, unrounded, one row each; the columns are :func:`point_columns`."""
    return [
        (
            point.group,
            point.title,
            ", ".join(map(str, point.seeds)),
            *(part for metric in scores for part in _three(point.score(metric))),
            *_three(point.price(Price.LATENCY)),
            *(_three(point.price(price))[0] for price in (Price.THROUGHPUT, Price.PARAMETERS, Price.BYTES)),
            ", ".join(point.runs),
        )
        for point in points
    ]


def metric_columns(scores: Sequence[Metric]) -> dict[str, Metric]:
    """Return the columns of :func:`table_rows` that hold scores, each with its metric; two scores have intervals."""
    ends = [("", " from", " to") if i < 2 else ("",) for i in range(len(scores))]
    return {f"{metric.label}{end}": metric for metric, parts in zip(scores, ends, strict=True) for end in parts}


def table_rows(points: Sequence[ModelPoint], scores: Sequence[Metric]) -> list[dict[str, Any]]:
    """Return the same for people: shares in percent, latencies in ms, parameters in millions, sizes in MB."""
    columns = metric_columns(scores)
    return [
        {
            "Model": point.name,
            **{name: value for name, value in _scores(point, scores).items() if name in columns},
            "Latency": _three(point.price(Price.LATENCY))[0],
            "p5": _three(point.price(Price.LATENCY))[1],
            "p95": _three(point.price(Price.LATENCY))[2],
            "Throughput": _three(point.price(Price.THROUGHPUT))[0],
            "Parameters": _times(1e-6, _three(point.price(Price.PARAMETERS))[0]),
            "Size": _times(1e-6, _three(point.price(Price.BYTES))[0]),
        }
        for point in points
    ]


def _scores(point: ModelPoint, scores: Sequence[Metric]) -> dict[str, float | None]:
    return {
        f"{metric.label}{end}": _times(metric.scale, part)
        for metric in scores
        for end, part in zip(("", " from", " to"), _three(point.score(metric)), strict=True)
    }


def _times(factor: float, value: float | None) -> float | None:
    return None if value is None else factor * value


def _three(spread: Interval | None) -> tuple[float | None, float | None, float | None]:
    return (None, None, None) if spread is None else (spread.value, spread.low, spread.high)


def card_rows(point: ModelPoint, scores: Sequence[Metric]) -> dict[str, str]:
    """Return the figures of one point in words, each with how far it reaches."""
    rows = {metric.label: _score(metric, point.score(metric)) for metric in scores}
    for label, price in (
        ("Latency", Price.LATENCY),
        ("Throughput", Price.THROUGHPUT),
        ("Parameters", Price.PARAMETERS),
        ("Size", Price.BYTES),
    ):
        spread = point.price(price)
        elsewhere = "on another machine" if price.timed and point.elsewhere else NONE
        rows[label] = elsewhere if spread is None else written(price, spread.value)
        if spread is not None and spread.low is not None and spread.high is not None:
            rows[label] += f" :small[:gray[{digits(spread.low)} to {digits(spread.high)}]]"
    return rows


def _score(metric: Metric, spread: Interval | None) -> str:
    if spread is None:
        return NONE
    text, reach = figure_interval(metric, spread)
    return f"{text} :small[:gray[{reach}]]" if reach else text
