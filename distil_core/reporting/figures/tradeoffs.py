"""What models are worth against what they cost: a scatter with the line of the best, and published marks."""

import math
from collections.abc import Mapping, Sequence
from itertools import chain, pairwise
from typing import TypeAlias

from distil_core.analysis.literature import Reference
from distil_core.analysis.roads import Road, RoadLine
from distil_core.analysis.tradeoffs import ModelPoint, PlacedPoint, Price
from distil_core.evaluation.metrics import Metric
from distil_core.evaluation.records import Interval
from distil_core.reporting.figures.theme import ABOVE, GRAY, MARKS, TEXT, Figure, empty
from distil_core.reporting.formatting import figure as figure_text
from distil_core.reporting.formatting import figure_interval, percent
from distil_core.reporting.narrative.tradeoffs import ROADS
from distil_core.reporting.tradeoff_tables import written
from distil_core.settings.config import Method

LINE = "#B08A00"
_DASHES = {
    Road.LAYERS: "solid",
    Road.HEADS: "dot",
    Road.NEURONS: "dash",
    Road.BITS: "longdash",
    Road.ZEROS: "dashdot",
}
_PRICES: Mapping[Price, str] = {
    Price.LATENCY: "\N{LEFTWARDS ARROW} less is better · Time for one text (ms, logarithmic)",
    Price.THROUGHPUT: "Texts per second in batches of 32 (logarithmic) · more is better \N{RIGHTWARDS ARROW}",
    Price.PARAMETERS: "\N{LEFTWARDS ARROW} less is better · Parameters (logarithmic)",
    Price.BYTES: "\N{LEFTWARDS ARROW} less is better · Size on disk (bytes, logarithmic)",
}
_PLOTS = ((290, 240), (690, 280))
"""Pixels of the plot on a phone and on a laptop, by which names are kept apart."""

_BESIDE = {
    "middle right": (44, 0),
    "middle left": (-44, 0),
    "top center": (0, -16),
    "bottom center": (0, 16),
    "top right": (40, -12),
    "top left": (-40, -12),
    "bottom right": (40, 12),
    "bottom left": (-40, 12),
}
"""Where the name of a mark may stand, and how far its middle is from the mark in pixels."""

_CALLED = ((58, 64), (-58, 64), (58, -50), (-58, -50), (120, 40), (-120, 40))
"""Where the name of the run in use may stand, likewise."""

_ROOM = 22
"""Pixels around a name that are enough."""

_PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"))


def scatter(
    places: Sequence[PlacedPoint],
    *,
    score: Metric,
    price: Price,
    references: Sequence[Reference] = (),
    roads: Sequence[RoadLine] = (),
    selected: ModelPoint | None = None,
    height: int = 430,
) -> Figure:
    """Draw models by price and score, with their intervals; those that another beats on both axes are small and pale.

    Every point carries its id, so that a click can lead to its run.

    Args:
        places: Where the models lie.
        score: What is on the vertical axis.
        price: What is on the horizontal axis.
        references: Published students, as hollow marks.
        roads: Models that differ in how far they have gone one road, as lines through them.
        selected: Gets a ring.
        height: In pixels.
    """
    figure = empty(height=height, x=_PRICES[price], y=score.label_with_unit)
    front = [place for place in places if place.best]
    figure.add_scatter(
        x=[place.price.value for place in front],
        y=[score.scale * place.score.value for place in front],
        name="Best trade-offs",
        mode="lines",
        # At any price it is as high as the best that is to be had for it.
        line={"color": LINE, "width": 2.5, "shape": "hv"},
        customdata=[[place.point.id] for place in front],
        hoverinfo="skip",
    )
    for road in roads:
        _add_road(figure, road, score, named=road.road not in {line.road for line in roads[: roads.index(road)]})
    for method in MARKS:
        if shown := [place for place in places if place.point.method is method]:
            _add_method(figure, method, shown, score, price)
    _fit_scores(figure, places, references, score)
    room = _Room(figure, places, references, score)
    if references:
        _add_references(figure, references, room, score, price)
    _add_emphasis(figure, places, room, score, selected)
    values = [place.price.value for place in places] + [reference.price for reference in references]
    reach = list(chain(values, *(place.price.ends for place in places)))
    if reach:
        ticks = _ticks(min(reach), max(reach))
        figure.update_xaxes(tickvals=ticks, ticktext=[_tick(tick, price) for tick in ticks])
    figure.update_xaxes(type="log")
    figure.update_layout(showlegend=True, legend={**ABOVE, "itemclick": False, "itemdoubleclick": False})
    figure.update_layout(margin={"t": 8})
    return figure


def _add_road(figure: Figure, line: RoadLine, score: Metric, *, named: bool) -> None:
    """Draw a line through models in the color of what they are; what they have less of gives its pattern."""
    figure.add_scatter(
        x=[place.price.value for place in line.places],
        y=[score.scale * place.score.value for place in line.places],
        name=ROADS[line.road],
        mode="lines",
        line={
            "color": MARKS[Method.DISTILLED if line.trained else Method.LAYER_CUT].color,
            "width": 1.5,
            "dash": _DASHES[line.road],
        },
        legendgroup=str(line.road),
        showlegend=named,
        customdata=[[place.point.id] for place in line.places],
        hoverinfo="skip",
    )


def _add_method(
    figure: Figure, method: Method | None, places: Sequence[PlacedPoint], score: Metric, price: Price
) -> None:
    mark, name = MARKS[method], places[0].point.group
    look = {"color": mark.color, "symbol": mark.symbol, "size": 12}
    # The entry of the legend is never pale.
    figure.add_scatter(x=[None], y=[None], name=name, mode="markers", marker=look, legendgroup=name)
    for pale in (True, False):
        shown = [place for place in places if pale is not (place.best or place.point.in_use)]
        if not shown:
            continue
        sizes = [16 if place.point.in_use else 9 if pale else 12 for place in shown]
        # Pale enough beside the others, and still to be seen on a dark ground.
        opacity = 0.6 if pale else 1.0
        figure.add_scatter(
            x=[place.price.value for place in shown],
            y=[score.scale * place.score.value for place in shown],
            name=name,
            mode="markers+text",
            text=[_depth(place) for place in shown],
            textposition="bottom right",
            textfont={"size": 11},
            opacity=opacity,
            marker={**look, "size": sizes, "opacity": 1.0},
            # A click selects, but what is not selected stays as it is.
            unselected={"marker": {"opacity": 1.0}, "textfont": {"color": TEXT}},
            error_x=_bars([place.price for place in shown], mark.color, 1),
            error_y=_bars([place.score for place in shown], mark.color, score.scale),
            customdata=[[place.point.id] for place in shown],
            hovertext=[_hover(place, score, price) for place in shown],
            hoverinfo="text",
            legendgroup=name,
            showlegend=False,
            cliponaxis=False,
        )


def _depth(place: PlacedPoint) -> str:
    """Return how many layers a student and its twins have, as it stands beside their points."""
    point = place.point
    if point.setting is None or not point.role.shares_architecture:
        return ""
    return str(point.setting.student.n_layers)


def _bars(spreads: Sequence[Interval], color: str, factor: float) -> dict[str, object]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [factor * (spread.ends[1] - spread.value) for spread in spreads],
        "arrayminus": [factor * (spread.value - spread.ends[0]) for spread in spreads],
        "color": color,
        "thickness": 1.5,
        "width": 4,
        "visible": any(spread.low is not None for spread in spreads),
    }


def _hover(place: PlacedPoint, score: Metric, price: Price) -> str:
    value, reach = figure_interval(score, place.score)
    lines = [f"<b>{place.point.name}</b>", f"{value} ({reach})" if reach else value]
    lines.append(written(price, place.price.value))
    if place.price.low is not None and place.price.high is not None:
        lines[-1] += f" ({written(price, place.price.low)} to {written(price, place.price.high)})"
    lines.append("click to see it beside the chart")
    return "<br>".join(lines)


_Spot: TypeAlias = tuple[float, float, int, int]


class _Room:
    """Where names may stand so that they hide neither marks nor one another, on a phone and on a laptop.

    A spot is its place in the plot, as shares of its width and height, and how far it is from there in pixels.
    """

    def __init__(
        self, figure: Figure, places: Sequence[PlacedPoint], references: Sequence[Reference], score: Metric
    ) -> None:
        self._scale = score.scale
        prices = [place.price.value for place in places] + [reference.price for reference in references]
        self._left, self._right = (math.log(end(prices, default=1.0)) for end in (min, max))
        scores: tuple[float, float] = figure.layout.yaxis.range or (0.0, 100.0)
        self._low, self._high = scores
        self._taken = [self._spot(reference.price, reference.score) for reference in references]
        for place in places:
            price, worth = place.price, place.score
            self._taken += [self._spot(price.value, value) for value in (worth.value, *worth.ends)]
            self._taken += [self._spot(value, worth.value) for value in price.ends]
        # Where the line of the best rises.
        for lower, higher in pairwise(place for place in places if place.best):
            rise = higher.score.value - lower.score.value
            steps = (lower.score.value + rise * i / 8 for i in range(9))
            self._taken += [self._spot(higher.price.value, value) for value in steps]

    def beside(self, reference: Reference) -> str:
        """Return on which side of a published mark its name has room."""
        spot = self._spot(reference.price, reference.score)
        return list(_BESIDE)[self._roomiest(spot, list(_BESIDE.values()))]

    def called(self, place: PlacedPoint) -> tuple[int, int]:
        """Return how far from a model its name has room."""
        return _CALLED[self._roomiest(self._spot(place.price.value, place.score.value), _CALLED)]

    def _spot(self, price: float, score: float) -> _Spot:
        x = (math.log(price) - self._left) / (self._right - self._left or 1.0)
        return x, (self._high - self._scale * score) / (self._high - self._low), 0, 0

    def _roomiest(self, mark: _Spot, moves: Sequence[tuple[int, int]]) -> int:
        """Return which move away from a mark is the first with room enough, or has the most, and take that room."""
        others = [other for other in self._taken if other != mark]
        names = [[(mark[0], mark[1], x + aside, y) for aside in (-30, 0, 30)] for x, y in moves]
        free = [
            min((_gap(spot, other) for spot in name for other in others), default=math.inf)
            if all(map(_inside, name))
            else -math.inf
            for name in names
        ]
        best = next((i for i, room in enumerate(free) if room >= _ROOM), free.index(max(free)))
        self._taken += names[best]
        return best


def _inside(spot: _Spot) -> bool:
    """Return whether a part of a name is in the plot, or in the little room beside it."""
    x, y, right, down = spot
    return all(
        abs(width * (x - 0.5) + right) <= width / 2 + 35 and 0 <= height * y + down <= height
        for width, height in _PLOTS
    )


def _gap(one: _Spot, other: _Spot) -> float:
    """Return how far two spots are apart in pixels; a name is wide and low, so what is above or below may be nearer."""
    x, y, right, down = (a - b for a, b in zip(one, other, strict=True))
    return min(math.hypot(width * x + right, 2 * (height * y + down)) for width, height in _PLOTS)


def _add_references(
    figure: Figure, references: Sequence[Reference], room: "_Room", score: Metric, price: Price
) -> None:
    figure.add_scatter(
        x=[reference.price for reference in references],
        y=[score.scale * reference.score for reference in references],
        name="Published, other data",
        mode="markers+text",
        marker={"symbol": "hexagon-open", "size": 11, "color": GRAY, "line": {"width": 1.5}},
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}, "textfont": {"color": GRAY}},
        text=[f" {reference.name} " for reference in references],
        textposition=[room.beside(reference) for reference in references],
        textfont={"size": 11, "color": GRAY},
        cliponaxis=False,
        hovertext=[
            f"<b>{reference.name}</b>, published on other data<br>"
            f"{percent(reference.score_kept)} of its teacher's score<br>"
            f"{_of_teacher(reference, price)}<br>" + "<br>".join(reference.sources)
            for reference in references
        ],
        hoverinfo="text",
    )


def _of_teacher(reference: Reference, price: Price) -> str:
    match price:
        case Price.LATENCY:
            return f"{percent(reference.ratio)} of its teacher's time"
        case Price.THROUGHPUT:
            return f"{reference.ratio:.1f} times its teacher's speed"
        case _:
            return f"{percent(reference.ratio)} of its teacher's {price}"


def _add_emphasis(
    figure: Figure, places: Sequence[PlacedPoint], room: "_Room", score: Metric, selected: ModelPoint | None
) -> None:
    """Name the run in use on the chart, and draw a ring around the point that is shown beside it."""
    for place in places:
        if place.point.in_use:
            ax, ay = room.called(place)
            figure.add_annotation(
                x=math.log10(place.price.value),
                y=score.scale * place.score.value,
                text="<b>run in use</b>",
                font={"color": MARKS[place.point.method].color},
                showarrow=True,
                arrowhead=0,
                arrowcolor=MARKS[place.point.method].color,
                ax=ax,
                ay=ay,
                standoff=9,
            )
        if selected is not None and place.point.id == selected.id:
            figure.add_scatter(
                x=[place.price.value],
                y=[score.scale * place.score.value],
                mode="markers",
                name="Selected",
                marker={"symbol": "circle-open", "size": 26, "color": GRAY, "line": {"width": 2}},
                unselected={"marker": {"opacity": 1}},
                hoverinfo="skip",
                customdata=[[place.point.id]],
                showlegend=False,
            )


def _fit_scores(figure: Figure, places: Sequence[PlacedPoint], references: Sequence[Reference], score: Metric) -> None:
    """Fit the vertical axis to what was trained; what was only cut may lie so far below that it is only named."""
    trained = [place for place in places if place.point.method is not Method.LAYER_CUT] or list(places)
    ends = [end for place in trained for end in place.score.ends] + [reference.score for reference in references]
    if not ends:
        return
    low, high = min(ends), max(ends)
    room = high - 2 * max(high - low, 0.02)
    low = min([low, *(end for place in places if (end := place.score.ends[0]) >= room)])
    pad = max(0.08 * (high - low), 0.005)
    figure.update_yaxes(range=[score.scale * (low - pad), score.scale * (high + 2 * pad)])
    below: dict[object, list[PlacedPoint]] = {}
    for place in places:
        if place.score.value < low - pad:
            below.setdefault(place.point.setting, []).append(place)
    for same in below.values():  # seeds that would be written over one another
        place = min(same, key=lambda place: place.score.value)
        figure.add_annotation(
            x=math.log10(place.price.value),
            y=0,
            yref="paper",
            yanchor="bottom",
            text=f"\N{BLACK UP-POINTING TRIANGLE} {figure_text(score, place.score.value)} \N{DOWNWARDS ARROW}",
            font={"color": MARKS[place.point.method].color},
            hovertext=place.point.name,
            showarrow=False,
        )


def _ticks(low: float, high: float) -> list[float]:
    """Return 1, 2 and 5 of every decade between two numbers; over more than three decades only the decades."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    steps = (1, 2, 5) if last - first <= 3 else (1,)
    return [step * 10.0**decade for decade in range(first, last + 1) for step in steps]


def _tick(value: float, price: Price) -> str:
    if price is Price.LATENCY:
        return f"{value:g}"
    limit, prefix = next(((limit, prefix) for limit, prefix in _PREFIXES if value >= limit), (1.0, ""))
    unit = {Price.PARAMETERS: "", Price.BYTES: "B", Price.THROUGHPUT: ""}[price]
    return f"{value / limit:g} {prefix}{unit}".strip()
