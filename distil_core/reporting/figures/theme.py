"""How every figure looks: the colors and shapes of the models, and the one template.

Every figure leaves paper, fonts and grid to the page's theme, so that one figure serves light and dark. The colors of
the models are the same everywhere, and each comes with a shape or a hatching of its own.
"""

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import plotly.graph_objects as go

from distil_core.reporting.formatting import shortened
from distil_core.settings.config import Method

Figure: TypeAlias = go.Figure

TEACHER, STUDENT = "#0072B2", "#D55E00"
GRAY = "#7C8894"
"""What is neither: seen on light and on dark."""
_TAG = re.compile(r"<(?!(?:br|/?b|/?i|/?extra|/?sub|/?sup)>)(?=[A-Za-z/!])")
SEQUENTIAL = "Cividis"
"""Color scale of shares and distances."""

DIVERGING = ((0.0, TEACHER), (0.5, "#FFFFFF"), (1.0, "#E69F00"))
"""Color scale of differences, blue to white to orange; center it on zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How a model looks in every figure."""

    color: str
    symbol: str
    dash: str


TEXT = "#000037"
"""Nearly black. Streamlit puts its theme's clearest color of text in its place, in light and dark; what it takes for
axes otherwise has too little contrast to be read (3.7 : 1)."""

MARKS: Mapping[Method | None, Mark] = {
    None: Mark(color=TEACHER, symbol="diamond", dash="dash"),
    Method.DISTILLED: Mark(color=STUDENT, symbol="circle", dash="solid"),
    Method.HARD_LABELS: Mark(color="#B4649B", symbol="square", dash="dot"),
    Method.RANDOM_START: Mark(color="#A6761D", symbol="star-triangle-up", dash="longdashdot"),
    Method.LAYER_CUT: Mark(color="#009E73", symbol="triangle-up", dash="dashdot"),
    Method.BASELINE: Mark(color=GRAY, symbol="x", dash="longdash"),
}
"""The look of the teacher (None) and of each method of run."""

SERIES = (
    Mark(color="#8E63CE", symbol="hexagon", dash="solid"),
    Mark(color="#E0457B", symbol="star", dash="dash"),
    Mark(color="#0E93A6", symbol="cross", dash="dot"),
    Mark(color="#8A8600", symbol="pentagon", dash="dashdot"),
    Mark(color="#A0692E", symbol="bowtie", dash="longdash"),
    Mark(color="#6B7A8F", symbol="hourglass", dash="longdashdot"),
)
"""The looks of what is no model of a run, such as depths or runs beside one another, in turn; none is a model's."""

ABOVE = {"orientation": "h", "xanchor": "left", "x": 0, "yanchor": "bottom", "y": 1}
"""Where no line can run into the legend."""

BAR = {
    "orientation": "h",
    "x": 0.5,
    "y": 1.0,
    "yanchor": "bottom",
    "thickness": 8,
    "len": 1.0,
    "xpad": 0,
    "ypad": 4,
    "tickfont": {"size": 11},
    "nticks": 5,
    "outlinewidth": 0,
}
"""A color bar that lies above the plot and takes no width from it."""

TEMPLATE = go.layout.Template(
    layout={
        "hovermode": "closest",
        "legend": {"title": {"text": ""}, "bgcolor": "rgba(0,0,0,0)"},
        "xaxis": {"automargin": True, "zeroline": False},
        "yaxis": {"automargin": True, "zeroline": False},
        "bargap": 0.3,
        "shapedefaults": {"line": {"color": GRAY}},
        "dragmode": False,
    }
)
"""What all figures share."""


def empty(*, height: int, x: str, y: str) -> go.Figure:
    """Return a figure without traces, with the titles of its axes; they name their units."""
    figure = go.Figure()
    # Room for a title and its numbers from the start: where plotly finds too little, it draws everything twice.
    margin = {"l": 70 if y else 8, "r": 16, "t": 12, "b": 68 if x else 8}
    figure.update_layout(template=TEMPLATE, height=height, uirevision="kept", margin=margin)
    figure.update_layout(font_color=TEXT)
    figure.update_xaxes(title_text=x, title_font_color=TEXT, tickfont_color=TEXT)
    figure.update_yaxes(title_text=y, title_font_color=TEXT, tickfont_color=TEXT)
    return figure


def defused(figure: go.Figure) -> go.Figure:
    """Take links, pictures and styles out of the texts of a figure, which plotly reads as HTML; ours have none.

    Breaks, bold letters and the end of a hover label stay; everything else that begins like a tag is text.
    """
    spec = json.loads(figure.to_json())
    harmless = _harmless(spec)
    return figure if spec == harmless else go.Figure(harmless)


def _harmless(value: Any) -> Any:
    if isinstance(value, str):
        return _TAG.sub("&lt;", value)
    if isinstance(value, list):
        return value if value and isinstance(value[0], int | float) else [_harmless(item) for item in value]
    return {name: _harmless(item) for name, item in value.items()} if isinstance(value, dict) else value


def plain(text: str, *, length: int | None = None) -> str:
    """Return words that are not ours as they are written, where a figure would take parts of them for tags.

    Args:
        text: A label, a word or a name.
        length: Signs that have room; None: all.
    """
    return html.escape(text if length is None else shortened(text, length=length), quote=False)


def enlarged(figure: go.Figure, *, least: int = 17) -> go.Figure:
    """Return a figure whose text can be read from afar, and which is higher for it.

    Args:
        figure: As it is drawn otherwise; it stays as it is.
        least: The least size of any text, in pixels.
    """
    spec = _large(json.loads(figure.to_json()), least)
    large = go.Figure(spec)
    large.update_layout(font_size=least, legend_font_size=least, hoverlabel_font_size=least)
    large.update_xaxes(tickfont_size=least, title_font_size=least + 1)
    large.update_yaxes(tickfont_size=least, title_font_size=least + 1)
    if figure.layout.height:
        large.update_layout(height=int(1.25 * figure.layout.height))
    return large


def _large(value: Any, least: int) -> Any:
    if isinstance(value, list):
        return [_large(item, least) for item in value] if value and isinstance(value[0], dict) else value
    if not isinstance(value, dict):
        return value
    return {
        name: {**item, "size": max(least, item["size"])}
        if name.endswith("font") and isinstance(item, dict) and isinstance(item.get("size"), int | float)
        else _large(item, least)
        for name, item in value.items()
    }


def hatching(shape: str) -> dict[str, object]:
    """Return the pattern of a bar, which tells it apart without color."""
    return {"shape": shape, "size": 7, "solidity": 0.18, "fillmode": "overlay", "fgcolor": "rgba(255,255,255,0.75)"}
