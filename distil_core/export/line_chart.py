"""Lines over the epochs as plain numbers for a drawing of fixed size, for a page that is printed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 340.0, 200.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 8.0, 8.0, 34.0
_N_TICKS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is drawn as a line: a dash of the style of SVG, solid where it is empty."""

    name: str
    xs: Sequence[float]
    ys: Sequence[float]
    color: str
    dash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnLine:
    """A line as SVG has it."""

    name: str
    points: str
    color: str
    dash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark of an axis: where it is, in pixels, and what it says."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChart:
    """A chart as a template draws it."""

    title: str
    x_title: str
    lines: tuple[DrawnLine, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    width: float = WIDTH
    height: float = HEIGHT
    left: float = _LEFT
    right: float = WIDTH - _RIGHT
    top: float = _TOP
    bottom: float = HEIGHT - _BOTTOM


def line_chart(title: str, lines: Sequence[Line], *, x_title: str, from_zero: bool = False) -> LineChart | None:
    """Lay out some lines; nothing where there is none with a point.

    Args:
        title: What is drawn, with its unit.
        lines: The lines.
        x_title: What the horizontal axis is.
        from_zero: Whether the vertical axis begins at 0.
    """
    lines = [line for line in lines if len(line.xs)]
    if not lines:
        return None
    x_from, x_to = _range([x for line in lines for x in line.xs] + [0.0])
    y_from, y_to = _range([y for line in lines for y in line.ys] + [0.0] * from_zero)

    def across(x: float) -> float:
        return round(_LEFT + (x - x_from) / (x_to - x_from) * (WIDTH - _LEFT - _RIGHT), 1)

    def up(y: float) -> float:
        return round(HEIGHT - _BOTTOM - (y - y_from) / (y_to - y_from) * (HEIGHT - _TOP - _BOTTOM), 1)

    return LineChart(
        title=title,
        x_title=x_title,
        lines=tuple(
            DrawnLine(
                name=line.name,
                points=" ".join(f"{across(x)},{up(y)}" for x, y in zip(line.xs, line.ys, strict=True)),
                color=line.color,
                dash=line.dash,
            )
            for line in lines
        ),
        x_ticks=tuple(Tick(at=across(x), text=f"{x:g}") for x in _ticks(x_from, x_to)),
        y_ticks=tuple(Tick(at=up(y), text=f"{y:g}") for y in _ticks(y_from, y_to)),
    )


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _ticks(low: float, high: float) -> list[float]:
    """Return round numbers within a range, about four of them."""
    rough = (high - low) / _N_TICKS
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * unit for factor in (1, 2, 5, 10) if factor * unit >= rough)
    first, n = math.ceil(low / step), math.floor(high / step) - math.ceil(low / step) + 1
    return [round((first + i) * step, 10) for i in range(n)]
