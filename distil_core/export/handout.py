"""A lesson on paper: its questions with room to write, then what was measured. Prints on A4; needs no torch."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from distil_core.reporting.figures.lessons import COLORS
from distil_core.reporting.lessons import BarChart, Finding, Lesson, LessonStep

PAGE = "handout.html"
_WIDTH, _LEFT, _RIGHT, _BAR, _GAP, _TOP, _BOTTOM = 640.0, 190.0, 80.0, 15.0, 9.0, 24.0, 18.0
_NAME_LENGTH = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnBar:
    """A bar as SVG has it: from where to where, how high up, its figure, and the ends of its interval."""

    x: float
    y: float
    width: float
    color: str
    figure: str
    ends: tuple[float, float] | None
    figure_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnGroup:
    """The name beside some bars, and how high up it stands."""

    name: str
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnBars:
    """A chart of bars as a template draws it; ``mark`` is where the value lies that they are held against."""

    title: str
    axis: str
    height: float
    bars: tuple[DrawnBar, ...]
    groups: tuple[DrawnGroup, ...]
    key: tuple[tuple[str, str], ...]
    zero: float
    mark: tuple[float, str] | None
    width: float = _WIDTH
    left: float = _LEFT
    top: float = _TOP
    bar: float = _BAR


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoutStep:
    """A step on paper: the question, and what was measured, where that is known."""

    step: LessonStep
    finding: Finding | None
    chart: DrawnBars | None

    @property
    def answer(self) -> str:
        """The right answer as people read it."""
        return "" if self.finding is None else self.step.question.words(self.finding.right)


def drawn_bars(chart: BarChart) -> DrawnBars:
    """Lay out a chart of bars for a drawing of fixed width."""
    low, high = chart.limits
    room = (_WIDTH - _LEFT - _RIGHT) / ((high - low) or 1.0)

    def across(value: float) -> float:
        return round(_LEFT + (value - low) * room, 1)

    n = len(chart.series)
    height_of_group = n * _BAR + _GAP
    bars, groups = [], []
    for i, name in enumerate(chart.groups):
        top = _TOP + i * height_of_group
        groups.append(DrawnGroup(name=name[:_NAME_LENGTH], y=round(top + n * _BAR / 2 + 4, 1)))
        for place, series in enumerate(chart.series):
            value, ends = series.values[i], series.ends[i] if series.ends else None
            tip = max(value, 0.0) if ends is None else max(ends[1], 0.0)
            bars.append(
                DrawnBar(
                    x=min(across(0.0), across(value)),
                    y=round(top + place * _BAR, 1),
                    width=round(abs(across(value) - across(0.0)), 1),
                    color=COLORS[series.side(i)],
                    figure=f"{value:,.{chart.digits}f}{chart.unit}".replace("-", "\N{MINUS SIGN}"),
                    ends=None if ends is None else (across(ends[0]), across(ends[1])),
                    figure_at=across(tip) + 5,
                )
            )
    return DrawnBars(
        title=chart.title,
        axis=chart.axis,
        height=_TOP + len(chart.groups) * height_of_group + _BOTTOM,
        bars=tuple(bars),
        groups=tuple(groups),
        key=tuple((series.name, COLORS[series.side(0)]) for series in chart.series) if n > 1 else (),
        zero=across(0.0),
        mark=None if chart.mark is None else (across(chart.mark[0]), chart.mark[1]),
    )


def handout_page(lesson: Lesson, findings: Mapping[str, Finding]) -> str:
    """Return a lesson as one page of HTML: first the questions, then on new sheets what was measured.

    Args:
        lesson: The lesson.
        findings: What was measured, by the names of the steps; what is not there has room to be written down.
    """
    from jinja2 import Environment
    from markupsafe import Markup, escape

    def emphasized(text: str) -> Markup:
        plain = str(escape(re.sub(r"\\(.)", r"\1", text.replace("\N{WORD JOINER}", ""))))
        strong = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", plain)
        return Markup(re.sub(r"\*(.+?)\*", r"<em>\1</em>", strong))

    environment = Environment(autoescape=True, trim_blocks=True)
    environment.filters["emphasized"] = emphasized
    template = environment.from_string((files("distil_core.export") / PAGE).read_text(encoding="utf-8"))
    steps = [
        HandoutStep(step=step, finding=finding, chart=None if finding is None else drawn_bars(finding.chart))
        for step in lesson.steps
        for finding in (findings.get(step.name),)
    ]
    return template.render(lesson=lesson, steps=steps)
