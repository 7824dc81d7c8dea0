"""What teacher and student look at: layers against layers, one map at a time, all heads at once, and word by word."""

import base64
import io
from collections.abc import Sequence
from functools import cache

import numpy as np
from plotly.colors import get_colorscale, sample_colorscale, unlabel_rgb

from distil_core.reporting.figures import cells
from distil_core.reporting.figures.cells import GridIndex
from distil_core.reporting.figures.theme import (
    ABOVE,
    BAR,
    DIVERGING,
    SEQUENTIAL,
    STUDENT,
    TEACHER,
    Figure,
    empty,
    hatching,
    plain,
)

_LONGEST = 14
"""Characters of a token that an axis has room for."""

_THUMBNAIL = 40
"""Pixels of a thumbnail at least, so that few tokens are not blurred when the browser enlarges them."""

_GAP = 2
_NUMBERED = 10
"""Rows and columns up to which each cell has room for its number."""


def overview(similarity: np.ndarray, layers: Sequence[int], *, picked: GridIndex, measure: str) -> Figure:
    """Draw how alike every layer of the teacher is to every layer of the student; a cell can be picked.

    Args:
        similarity: ``(teacher layers, student layers)``, from 0 to 1.
        layers: The teacher layer that each student layer is mapped to; these cells are framed.
        picked: Teacher layer and student layer that are shown beside; the cell gets a dot.
        measure: What the similarity is of, for the label of a cell.
    """
    n_teacher, n_student = similarity.shape
    figure = _matrix(height=340, x="Student layer", y="Teacher layer", title="Similarity (1: the same)")
    figure.add_heatmap(
        z=similarity,
        colorscale=SEQUENTIAL,
        colorbar=BAR,
        text=[[f"{value:.2f}" for value in row] for row in similarity],
        texttemplate="%{text}" if max(n_teacher, n_student) <= _NUMBERED else None,
    )
    for student, teacher in enumerate(layers):
        _frame(figure, teacher, student)
    figure.add_scatter(
        x=[picked[1] + 0.36],
        y=[picked[0]],
        cliponaxis=False,
        mode="markers",
        marker={"size": 9, "color": "white", "line": {"color": "black", "width": 1.5}},
        hoverinfo="skip",
        showlegend=False,
    )
    mapped = set(enumerate(layers))
    hover = [
        [
            f"teacher layer {t} and student layer {s}<br>{measure}: {similarity[t, s]:.3f}"
            + ("<br>the student layer started from this one" if (s, t) in mapped else "")
            for s in range(n_student)
        ]
        for t in range(n_teacher)
    ]
    cells.overlay(figure, range(n_teacher), range(n_student), hover=hover)
    figure.update_xaxes(tickvals=list(range(n_student)), range=[-0.5, n_student - 0.5])
    figure.update_yaxes(tickvals=list(range(n_teacher)), range=[n_teacher - 0.5, -0.5])
    return figure


def attention_map(shares: np.ndarray, tokens: Sequence[str], *, highest: float, height: int = 340) -> Figure:
    """Draw one map: each row is a token, and shows how it shares its attention out.

    Args:
        shares: ``(tokens, tokens)``; rows sum to 1.
        tokens: As people read them.
        highest: The share that gets the last color; two maps side by side have the same.
        height: In pixels.
    """
    return _map(
        100 * shares,
        tokens,
        title="Attention (%)",
        hover="%{y} looks at %{x}: %{z:.1f} %",
        scale=SEQUENTIAL,
        limits=(0.0, 100 * highest),
        height=height,
    )


def difference_map(difference: np.ndarray, tokens: Sequence[str], *, height: int = 340) -> Figure:
    """Draw the student's map less the teacher's, in percentage points: orange where the student looks more.

    Args:
        difference: ``(tokens, tokens)``; rows sum to 0.
        tokens: As people read them.
        height: In pixels.
    """
    most = 100 * max(float(np.abs(difference).max()), 1e-3)
    return _map(
        100 * difference,
        tokens,
        title="Difference (points)",
        hover="%{y} looks at %{x}: student %{z:+.1f} points",
        scale=DIVERGING,
        limits=(-most, most),
        height=height,
    )


def _map(
    values: np.ndarray,
    tokens: Sequence[str],
    *,
    title: str,
    hover: str,
    scale: object,
    limits: tuple[float, float],
    height: int,
) -> Figure:
    figure = _matrix(height=height, x="", y="Token, and what it looks at", title=title)
    figure.update_layout(margin={"l": 80})
    names = unique(tokens)
    figure.add_heatmap(
        z=values.astype(np.float32),
        x=names,
        y=names,
        zmin=limits[0],
        zmax=limits[1],
        colorscale=scale,
        colorbar=BAR,
        hovertemplate=hover + "<extra></extra>",
    )
    for axis in (figure.update_xaxes, figure.update_yaxes):
        axis(type="category", tickfont={"size": 11})
    figure.update_xaxes(tickangle=-60, title_text=None)
    figure.update_yaxes(autorange="reversed")
    return figure


def mosaic(image: str, *, entropies: np.ndarray, picked: GridIndex | None, name: str) -> Figure:
    """Draw all heads of a model as one image: a row for each layer, a column for each head; each can be picked.

    Args:
        image: As :func:`thumbnails` paints it.
        entropies: Of each head in nats, ``(layers, heads)``, for its label.
        picked: Layer and head to frame.
        name: Whose heads these are.
    """
    n_layers, n_heads = entropies.shape
    cell = max(20, min(60, 480 // max(n_layers, n_heads)))
    figure = empty(height=70 + cell * n_layers, x="Head", y="Layer")
    figure.add_layout_image(
        source=image,
        xref="x",
        yref="y",
        x=-0.5,
        y=-0.5,
        sizex=n_heads,
        sizey=n_layers,
        xanchor="left",
        yanchor="top",
        sizing="stretch",
        layer="below",
    )
    if picked is not None:
        _frame(figure, *picked)
    hover = [
        [f"{name}, layer {layer}, head {head}<br>entropy {entropies[layer, head]:.2f} nats" for head in range(n_heads)]
        for layer in range(n_layers)
    ]
    cells.overlay(figure, range(n_layers), range(n_heads), hover=hover, size=cell - 6)
    figure.update_xaxes(tickvals=list(range(n_heads)), range=[-0.5, n_heads - 0.5], showgrid=False, side="top")
    figure.update_yaxes(tickvals=list(range(n_layers)), range=[n_layers - 0.5, -0.5])
    figure.update_xaxes(constrain="domain", constraintoward="left")
    figure.update_yaxes(showgrid=False, constrain="domain", constraintoward="top", scaleanchor="x")
    return figure


def thumbnails(maps: np.ndarray) -> str:
    """Paint all heads of a model as one PNG, each divided by its largest share, and the square root taken.

    So every head can be read, however evenly it looks around; the thumbnails do not show which head has the larger
    shares.

    Args:
        maps: ``(layers, heads, tokens, tokens)``.

    Returns:
        The image as the address of its contents, gaps transparent.
    """
    from PIL import Image

    n_layers, n_heads, n_tokens, _ = maps.shape
    factor = max(1, -(-_THUMBNAIL // n_tokens))
    most = np.maximum(maps.max(axis=(-2, -1), keepdims=True), np.finfo(maps.dtype).tiny)
    # Color 0 is the gap.
    colors = (1 + np.rint(254 * np.sqrt(maps / most))).astype(np.uint8)
    colors = colors.repeat(factor, axis=-2).repeat(factor, axis=-1)
    gap = max(_GAP, n_tokens * factor // 20)
    colors = np.pad(colors, ((0, 0), (0, 0), (gap, gap), (gap, gap)))
    side = colors.shape[-1]
    picture = Image.fromarray(colors.transpose(0, 2, 1, 3).reshape(n_layers * side, n_heads * side), mode="P")
    picture.putpalette(_palette())
    data = io.BytesIO()
    picture.save(data, "PNG", transparency=0, compress_level=6)
    return f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}"


@cache
def _palette() -> list[int]:
    colors = sample_colorscale(get_colorscale(SEQUENTIAL), list(np.linspace(0, 1, 255)))
    return [0, 0, 0, *(round(part) for color in colors for part in unlabel_rgb(color))]


def entropies(values: np.ndarray, *, n_tokens: int) -> Figure:
    """Draw how widely each head looks around, in nats; the colors end at the most that is possible.

    Args:
        values: ``(layers, heads)``.
        n_tokens: Over how many tokens; the most is the logarithm of it.
    """
    n_layers, n_heads = values.shape
    most = max(float(np.log(n_tokens)), 1e-3)
    figure = _matrix(height=120 + 34 * n_layers, x="Head", y="Layer", title="Entropy (nats)")
    figure.add_heatmap(
        z=values,
        zmin=0,
        zmax=most,
        colorscale=SEQUENTIAL,
        colorbar=BAR,
        customdata=100 * values / most,
        texttemplate="%{z:.2f}" if n_heads <= 16 else None,
        hovertemplate="layer %{y}, head %{x}: %{z:.2f} nats, %{customdata:.0f} % of the most possible<extra></extra>",
    )
    figure.update_xaxes(tickvals=list(range(n_heads)))
    figure.update_yaxes(tickvals=list(range(n_layers)), autorange="reversed")
    return figure


def paired_bars(
    words: Sequence[str],
    teacher: Sequence[float | None],
    student: Sequence[float | None],
    *,
    title: str,
    unit: str,
    height: int = 320,
) -> Figure:
    """Draw a figure for each word or token, the teacher's beside the student's.

    Args:
        words: In the order of the text.
        teacher: What the teacher has for each, as shares or differences of shares; None where there is nothing.
        student: The same of the student.
        title: Of the axis, with its unit.
        unit: Behind the figure in a label.
        height: In pixels.
    """
    figure = empty(height=height, x="", y=title)
    sides = (("Teacher", teacher, TEACHER, "/"), ("Student", student, STUDENT, ""))
    for name, values, color, pattern in sides:
        figure.add_bar(
            x=unique(words),
            y=[None if value is None else 100 * value for value in values],
            name=name,
            marker={"color": color, "pattern": hatching(pattern)},
            hovertemplate=f"%{{x}}: %{{y:.1f}} {unit}<extra>{name}</extra>",
        )
    figure.update_layout(showlegend=True, legend=ABOVE, margin={"t": 44}, barmode="group", bargap=0.25)
    figure.update_xaxes(type="category", title_text=None, tickangle=-60, tickfont={"size": 12})
    figure.update_yaxes(zeroline=True)
    return figure


def unique(tokens: Sequence[str]) -> list[str]:
    """Return tokens as names for an axis: short, harmless, and each one different though it looks the same.

    Names and not numbers with labels, so that the axis thins its labels out where they have no room, and every cell
    still knows its own.
    """
    seen: dict[str, int] = {}
    names = []
    for token in tokens:
        name = plain(token if len(token) <= _LONGEST else f"{token[: _LONGEST - 1]}…")
        seen[name] = seen.get(name, -1) + 1
        names.append(name + "\u200b" * seen[name])
    return names


def _frame(figure: Figure, row: int, column: int) -> None:
    """Frame a cell so that it stands out from any color."""
    box = {"x0": column - 0.5, "x1": column + 0.5, "y0": row - 0.5, "y1": row + 0.5}
    figure.add_shape(type="rect", **box, line={"color": "white", "width": 5})
    figure.add_shape(type="rect", **box, line={"color": STUDENT, "width": 3})


def _matrix(*, height: int, x: str, y: str, title: str) -> Figure:
    """Return an empty figure with room for a color bar and its title above it."""
    figure = empty(height=height, x=x, y=y)
    figure.update_layout(margin={"l": 48, "r": 8, "t": 56, "b": 76 if x else 68})
    figure.update_xaxes(title_standoff=24, showgrid=False)
    figure.update_yaxes(title_standoff=6, showgrid=False)
    # Plotly writes the title of a flat bar over the bar.
    figure.add_annotation(
        text=title, x=0, xref="paper", xanchor="left", y=1, yref="paper", yanchor="bottom", yshift=24, showarrow=False
    )
    return figure
