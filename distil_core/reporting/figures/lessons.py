"""What was measured in a lesson, as bars."""

from distil_core.reporting.figures.theme import ABOVE, GRAY, MARKS, Figure, empty, hatching, plain
from distil_core.reporting.lessons.lesson import BarChart, BarSide
from distil_core.settings.config import Method

COLORS = {
    BarSide.LABEL: GRAY,
    BarSide.TEACHER: MARKS[None].color,
    BarSide.STUDENT: MARKS[Method.DISTILLED].color,
    BarSide.HARD_LABELS: MARKS[Method.HARD_LABELS].color,
    BarSide.LAYER_CUT: MARKS[Method.LAYER_CUT].color,
    BarSide.BASELINE: MARKS[Method.BASELINE].color,
    BarSide.CLASS: "#B08A00",
}
"""The color of each side, as everywhere."""
_PATTERNS = {
    BarSide.TEACHER: "/",
    BarSide.HARD_LABELS: ".",
    BarSide.LAYER_CUT: "\\",
    BarSide.BASELINE: "x",
    BarSide.LABEL: "-",
}
_NAME_LENGTH = 28


def bars(chart: BarChart) -> Figure:
    """Draw the bars of a lesson with their figures, and their intervals where they have some."""
    n = len(chart.series)
    above = 12 + 26 * (n > 1) + 22 * (chart.mark is not None)
    figure = empty(height=72 + above + len(chart.groups) * (12 + 19 * n), x=chart.axis, y="")
    for series in chart.series:
        sides = [series.side(i) for i in range(len(chart.groups))]
        spread = {
            "type": "data",
            "symmetric": False,
            "array": [high - value for value, (_, high) in zip(series.values, series.ends, strict=False)],
            "arrayminus": [value - low for value, (low, _) in zip(series.values, series.ends, strict=False)],
            "color": GRAY,
            "thickness": 2,
            "width": 5,
        }
        figure.add_bar(
            x=list(series.values),
            y=list(range(len(chart.groups))),
            name=plain(series.name),
            orientation="h",
            marker={
                "color": [COLORS[side] for side in sides],
                "pattern": {**hatching(""), "shape": [_PATTERNS.get(side, "") for side in sides]},
            },
            error_x=spread if series.ends else None,
            hovertext=[plain(group) for group in chart.groups],
            hovertemplate=f"%{{hovertext}}: %{{x:,.{chart.digits}f}}{chart.unit}<extra>{plain(series.name)}</extra>",
        )
        # Behind the end of the interval, where a figure beside the bar would lie under it.
        tips = [high for _, high in series.ends] or [max(value, 0.0) for value in series.values]
        offset = (chart.series.index(series) - (n - 1) / 2) * 0.7 / n
        for i, (value, tip) in enumerate(zip(series.values, tips, strict=True)):
            figure.add_annotation(
                x=max(tip, 0.0),
                y=i + offset,
                text=f"{value:,.{chart.digits}f}{chart.unit}".replace("-", "\N{MINUS SIGN}"),
                showarrow=False,
                xanchor="left",
                xshift=5,
            )
    if chart.mark is not None:
        value, words = chart.mark
        figure.add_vline(
            x=value,
            line={"color": GRAY, "dash": "dot", "width": 2},
            annotation={"text": plain(words), "yref": "paper", "y": 1, "yanchor": "bottom", "xanchor": "center"},
        )
    low, high = chart.limits
    room = 0.16 * (high - low or 1.0)
    figure.update_xaxes(range=[low - (room / 2 if low < 0 else 0), high + room])
    figure.update_yaxes(
        range=[len(chart.groups) - 0.5, -0.5],
        tickvals=list(range(len(chart.groups))),
        ticktext=[plain(group, length=_NAME_LENGTH) for group in chart.groups],
        showgrid=False,
        title_text=None,
    )
    figure.update_layout(
        barmode="group",
        showlegend=n > 1,
        legend={**ABOVE, "y": 1.0 if chart.mark is None else 1.06},
        margin={"t": above},
    )
    return figure
