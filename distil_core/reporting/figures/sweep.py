"""What a setting does: cells of a grid, curves over a setting, and differences to the twin without a teacher."""

from collections.abc import Sequence

from distil_core.analysis.sweep_grids import OF_THE_TEACHER, GridRow, SweepCell, SweepGrid
from distil_core.evaluation.metrics import Metric, in_unit
from distil_core.evaluation.records import Interval
from distil_core.reporting.figures import cells
from distil_core.reporting.figures.theme import ABOVE, GRAY, MARKS, SEQUENTIAL, SERIES, STUDENT, Figure, empty
from distil_core.reporting.formatting import measured
from distil_core.reporting.narrative.sweeps import AXIS_NAMES, preview_words, row_word, word
from distil_core.runs.rows import RunState
from distil_core.settings.config import Method

LINES = tuple((mark.color, mark.symbol, mark.dash) for mark in SERIES)
"""Color, symbol and dash of the curves, in turn."""

TWIN = MARKS[Method.HARD_LABELS]
_SPAN = 0.04
"""Smallest range of values that the colors are spread over."""

_STATES = (
    ((RunState.RUNNING,), "▶ running"),
    ((RunState.QUEUED,), "waiting"),
    ((RunState.FAILED,), "failed"),
    ((RunState.CANCELLED, RunState.INTERRUPTED), "stopped"),
)
"""What a cell without a figure says, the most telling first."""


def heatmap(grid: SweepGrid, metric: Metric) -> Figure:
    """Draw the mean over seeds of each cell; brighter is better. Cells without a figure say what becomes of them.

    A preview is named as such, and has a dotted edge.

    Every cell can be clicked; see :func:`cells.picked` for which.
    """
    n_rows, n_columns = len(grid.rows), len(grid.columns)
    figure = empty(height=max(220, 90 + 58 * n_rows), x=AXIS_NAMES[grid.across], y="")
    values = [[_shown(cell.estimate or cell.preview, metric) for cell in row.cells] for row in grid.rows]
    texts = [[_text(cell, metric) for cell in row.cells] for row in grid.rows]
    known = [value for line in values for value in line if value is not None]
    if known:
        # A narrow range of colors would make much of what is next to nothing.
        middle, reach = (min(known) + max(known)) / 2, max(max(known) - min(known), _SPAN * metric.scale) / 2
        figure.add_heatmap(
            zmin=middle - reach,
            zmax=middle + reach,
            x=list(range(n_columns)),
            y=list(range(n_rows)),
            z=values,
            # What has no figure is written below, in a color that does not depend on one.
            text=[
                ["" if value is None else text for value, text in zip(*line, strict=True)]
                for line in zip(values, texts, strict=True)
            ],
            texttemplate="%{text}",
            colorscale=SEQUENTIAL,
            reversescale=not metric.greater_is_better,
            # Every cell has its figure written in it, and a phone has no room for a bar beside them.
            showscale=False,
            xgap=4,
            ygap=4,
            hoverongaps=False,
        )
    blank = [(i, j) for i, line in enumerate(values) for j, value in enumerate(line) if value is None]
    figure.add_scatter(
        x=[j for _, j in blank],
        y=[i for i, _ in blank],
        text=[texts[i][j] for i, j in blank],
        mode="text",
        hoverinfo="skip",
        showlegend=False,
    )
    for i, row in enumerate(grid.rows):
        for j, cell in enumerate(row.cells):
            busy = cell.count(RunState.RUNNING) > 0
            if busy or cell.estimate is None:
                edge = {"color": STUDENT, "width": 3} if busy else {"color": GRAY, "width": 1, "dash": "dot"}
                if cell.preview is not None:
                    edge["dash"] = "dot"
                figure.add_shape(type="rect", x0=j - 0.46, x1=j + 0.46, y0=i - 0.44, y1=i + 0.44, line=edge)
    n_taught = sum(not row.twin for row in grid.rows)
    figure.add_shape(
        type="line",
        x0=-0.5,
        x1=n_columns - 0.5,
        y0=n_taught - 0.5,
        y1=n_taught - 0.5,
        line={"color": GRAY, "width": 2},
    )
    hover = [[_hover(grid, row, j, metric) for j in range(n_columns)] for row in grid.rows]
    cells.overlay(figure, list(range(n_rows)), list(range(n_columns)), hover=hover, size=24)
    figure.update_xaxes(
        tickvals=list(range(n_columns)),
        ticktext=[word(grid.across, value) for value in grid.columns],
        range=[-0.5, n_columns - 0.5],
        showgrid=False,
    )
    figure.update_layout(margin={"l": 118, "r": 68, "b": 76})
    figure.update_yaxes(
        tickvals=list(range(n_rows)),
        ticktext=[row_word(grid, row) for row in grid.rows],
        range=[n_rows - 0.5, -0.5],
        showgrid=False,
    )
    return figure


def curves(grid: SweepGrid, metric: Metric, *, teacher: float | None) -> Figure:
    """Draw a curve for each column over the setting of the lines, with 95 % intervals, beside those of the twins.

    Args:
        grid: What to draw.
        metric: What its figures are.
        teacher: The teacher's own value, where it has one.
    """
    figure = empty(height=340, x=AXIS_NAMES[grid.down], y=metric.label_with_unit)
    taught, untaught = _split(grid)
    if teacher is not None:
        mark = MARKS[None]
        figure.add_hline(
            y=metric.scale * teacher,
            line={"color": mark.color, "dash": mark.dash, "width": 2},
            annotation={"text": "teacher", "xanchor": "right", "x": 1, "yanchor": "bottom"},
        )
    # What a twin does not depend on: where it stands beside the curves, or is the same for all of them.
    apart, shared = grid.down in OF_THE_TEACHER, grid.across in OF_THE_TEACHER
    for j, value in enumerate(grid.columns):
        line, name = LINES[j % len(LINES)], word(grid.across, value, full=True)
        points = [(i + _aside(grid, j), row.cells[j].estimate) for i, row in enumerate(taught)]
        _curve(figure, points, metric, name=name, line=line)
        if shared and j:
            continue
        start = -1 if apart else 0
        points = [(start + i + _aside(grid, j), row.cells[j].estimate) for i, row in enumerate(untaught)]
        color, symbol, _ = (TWIN.color, TWIN.symbol, "") if shared else line
        name = "no teacher" if shared else f"{name}, no teacher"
        look = (color, f"{symbol}-open", "dot")
        _curve(figure, points, metric, name=name, line=look, listed=not apart or shared)
    _down_axis(figure, grid, first="no teacher" if apart else None)
    return figure


def differences(grid: SweepGrid, metric: Metric, *, twin: str) -> Figure:
    """Draw how far each student is from its twin, with 95 % intervals.

    A full mark says that the interval leaves out zero, an open one that no difference is seen.

    Args:
        grid: What to draw.
        metric: What its figures are.
        twin: What the twin is called.
    """
    unit = metric.difference_unit
    figure = empty(height=340, x=AXIS_NAMES[grid.down], y=in_unit(f"Student − {twin}", unit))
    figure.add_hline(y=0, line={"color": GRAY, "width": 1.5, "dash": "dot"})
    taught, _ = _split(grid)
    for j, value in enumerate(grid.columns):
        color, symbol, dash = LINES[j % len(LINES)]
        points = [(i + _aside(grid, j), row.cells[j].difference) for i, row in enumerate(taught)]
        symbols = [symbol if estimate.seen else f"{symbol}-open" for _, estimate in points if estimate is not None]
        name = word(grid.across, value, full=True)
        _curve(figure, points, metric, name=name, line=(color, symbols, dash), unit=unit)
    _down_axis(figure, grid)
    return figure


def _split(grid: SweepGrid) -> tuple[list[GridRow], list[GridRow]]:
    return [row for row in grid.rows if not row.twin], [row for row in grid.rows if row.twin]


def _aside(grid: SweepGrid, j: int) -> float:
    """Return how far a curve is moved, so that intervals do not hide one another."""
    return 0.07 * (j - (len(grid.columns) - 1) / 2)


def _curve(
    figure: Figure,
    points: Sequence[tuple[float, Interval | None]],
    metric: Metric,
    *,
    name: str,
    line: tuple[str, str | list[str], str],
    unit: str | None = None,
    listed: bool = True,
) -> None:
    known = [(x, estimate) for x, estimate in points if estimate is not None]
    color, symbol, dash = line
    digits = 1 if metric.is_share else 3
    figure.add_scatter(
        x=[x for x, _ in known],
        y=[metric.scale * estimate.value for _, estimate in known],
        name=name,
        mode="lines+markers",
        line={"color": color, "dash": dash, "width": 2},
        marker={"symbol": symbol, "size": 9, "color": color, "line": {"width": 2, "color": color}},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [metric.scale * (estimate.ends[1] - estimate.value) for _, estimate in known],
            "arrayminus": [metric.scale * (estimate.value - estimate.ends[0]) for _, estimate in known],
            "thickness": 1.5,
            "width": 4,
        },
        hovertemplate=f"%{{y:.{digits}f}} {unit or metric.unit}<extra>{name}</extra>",
        showlegend=listed and bool(known),
    )


def _down_axis(figure: Figure, grid: SweepGrid, *, first: str | None = None) -> None:
    taught, _ = _split(grid)
    ticks = {-1: first} if first else {}
    ticks |= {i: word(grid.down, row.value) for i, row in enumerate(taught)}
    figure.update_xaxes(
        tickvals=list(ticks), ticktext=list(ticks.values()), range=[min(ticks) - 0.5, max(ticks) + 0.5], showgrid=False
    )
    figure.update_layout(showlegend=True, legend=ABOVE, margin={"t": 44})


def _shown(estimate: Interval | None, metric: Metric) -> float | None:
    return None if estimate is None else metric.scale * estimate.value


def _text(cell: SweepCell, metric: Metric) -> str:
    state = next((words for states, words in _STATES if cell.count(*states)), "" if cell.n_done else "not run")
    if cell.preview is not None:
        return "<br>".join(filter(None, (f"<i>{measured(metric, cell.preview.value)}</i>", "preview", state)))
    if cell.estimate is None:
        return state
    n_done, n_seeds = cell.n_done, len(cell.runs)
    seeds = f"{n_done}" if n_done == n_seeds else f"{n_done}/{n_seeds}"
    return "<br>".join(
        filter(None, (f"<b>{measured(metric, cell.estimate.value)}</b>", f"{seeds} seed{'s' * (n_seeds != 1)}", state))
    )


def _hover(grid: SweepGrid, row: GridRow, j: int, metric: Metric) -> str:
    cell = row.cells[j]
    name = f"{row_word(grid, row)} · {word(grid.across, grid.columns[j], full=True)}"
    text = _text(cell, metric)
    if cell.preview is not None:
        text = preview_words(cell.preview, metric)
    return f"{name}<br>{in_unit(text, metric.unit) if cell.estimate else text}<br>click to open"
