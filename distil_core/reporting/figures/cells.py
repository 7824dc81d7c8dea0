"""Cells that can be clicked: invisible points over a matrix, and which of them was picked.

Streamlit tells nothing of a click on a heatmap or an image (streamlit#8760), but it does of a click on points.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from distil_core.reporting.figures.theme import SEQUENTIAL, STUDENT, Figure

GridIndex: TypeAlias = tuple[int, int]
"""Row and column, counted from 0."""


def add_counts(figure: Figure, counts: np.ndarray, *, largest: int, chosen: GridIndex | None = None) -> None:
    """Draw counts as cells at whole numbers; the color follows the root, and empty cells stay empty.

    Args:
        figure: Where to draw.
        counts: ``[rows, columns]``.
        largest: The count that has the full color.
        chosen: Row and column of a cell to frame.
    """
    figure.add_heatmap(
        z=np.where(counts > 0, np.sqrt(counts), np.nan),
        x=list(range(counts.shape[1])),
        y=list(range(counts.shape[0])),
        text=[[f"{count:,}" if count else "" for count in row] for row in counts.tolist()],
        texttemplate="%{text}",
        textfont={"size": 13},
        colorscale=SEQUENTIAL,
        zmin=0,
        zmax=float(np.sqrt(max(1, largest))),
        showscale=False,
        xgap=2,
        ygap=2,
        hoverongaps=False,
    )
    if chosen is not None:
        row, column = chosen
        figure.add_shape(
            type="rect",
            x0=column - 0.5,
            x1=column + 0.5,
            y0=row - 0.5,
            y1=row + 0.5,
            line={"color": STUDENT, "width": 4},
        )


def overlay(
    figure: Figure,
    rows: Sequence[Any],
    columns: Sequence[Any],
    *,
    hover: Sequence[Sequence[str]] | None = None,
    size: float = 16.0,
    xaxis: str = "x",
    yaxis: str = "y",
) -> None:
    """Lay an invisible square point over every cell of a matrix; a click anywhere in the plot picks the nearest one.

    What lies below gives up its own hover labels; pass them as ``hover``. Show the figure with ``on_select`` and
    ``selection_mode="points"``, and read what was picked with :func:`picked`.

    Args:
        figure: With a heatmap or an image in it.
        rows: Where each row of the matrix stands on the y axis.
        columns: Where each column stands on the x axis.
        hover: What to say of each cell; without it, nothing.
        size: Of a point, in pixels; what the keyboard and the mouse aim at, though any distance counts as near.
        xaxis: Which axis of the figure the columns stand on.
        yaxis: Which axis of the figure the rows stand on.
    """
    for trace in figure.data:
        if trace.type in ("heatmap", "image"):
            trace.update(hoverinfo="skip", hovertemplate=None)
    unseen = {"marker": {"opacity": 0}}
    figure.add_scatter(
        x=[column for _ in rows for column in columns],
        y=[row for row in rows for _ in columns],
        customdata=[[i, j] for i in range(len(rows)) for j in range(len(columns))],
        text=None if hover is None else [text for line in hover for text in line],
        mode="markers",
        marker={"symbol": "square", "size": size, "opacity": 0},
        selected=unseen,
        unselected=unseen,
        hovertemplate=None if hover is None else "%{text}<extra></extra>",
        hoverinfo="none" if hover is None else None,
        xaxis=xaxis,
        yaxis=yaxis,
        showlegend=False,
    )
    figure.update_layout(hoverdistance=-1, hovermode="closest")


def picked(event: Mapping[str, Any] | None, *, rows: int, columns: int) -> GridIndex | None:
    """Return the cell that a selection names, or None where it names none of a matrix of this size.

    Args:
        event: What ``st.plotly_chart`` returned, or what lies in the session state under its key.
        rows: Rows of the matrix as it is now; a selection can be older than the figure.
        columns: Columns of the matrix.
    """
    points = ((event or {}).get("selection") or {}).get("points") or ()
    for point in points:
        cell = point.get("customdata")
        if isinstance(cell, list | tuple) and len(cell) == 2 and all(isinstance(value, int) for value in cell):
            row, column = cell
            if 0 <= row < rows and 0 <= column < columns:
                return row, column
    return None
