"""A sweep as rows: all of its figures, and the points of its curves."""

from collections.abc import Mapping

from distil_core.analysis.sweep_grids import SweepCell, SweepGrid
from distil_core.evaluation.metrics import Metric, in_unit
from distil_core.evaluation.records import Interval
from distil_core.reporting.narrative.sweeps import contrast_words, row_word, word
from distil_core.runs.sweep import Axis, SweepPoint


def sweep_table(
    done: Mapping[SweepPoint, SweepCell], metric: Metric, *, twin: str
) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Return all figures of a sweep as header and rows, twins last; None where there is none yet.

    A preview is in the place of the figure, and has "preview" for its verdict.

    Shares are percentages and their differences percentage points.

    Args:
        done: The cells.
        metric: What their figures are.
        twin: What the twin is called that students are held against.
    """
    unit, points = metric.unit, metric.difference_unit
    header = (
        *("temperature", "layers", "alpha", "initialization", "heads", "neurons", "weights", "seeds done", "seeds"),
        *(in_unit(name, unit) for name in (metric.label, "low", "high")),
        *(in_unit(name, points) for name in (f"difference to {twin}", "its low", "its high")),
        "texts a second",
        "verdict",
    )
    rows: list[tuple[object, ...]] = []
    for cell in sorted(done.values(), key=lambda cell: cell.point.temperature is None):
        point, estimate, difference = cell.point, cell.estimate, cell.difference
        rows.append(
            (
                *(point.temperature, point.depth, point.alpha, word(Axis.INIT, point.init)),
                *(point.heads, point.neurons, str(point.weights)),
                *(cell.n_done, len(cell.runs)),
                *_scaled(estimate or cell.preview, metric),
                *_scaled(difference, metric),
                cell.texts_per_second,
                _verdict(cell, metric),
            )
        )
    return header, rows


def _verdict(cell: SweepCell, metric: Metric) -> str:
    words = contrast_words(cell.contrast(metric)) if cell.point.temperature is not None else "no teacher"
    return ", ".join(filter(None, (words, "preview" if cell.preview is not None else "")))


def map_rows(grid: SweepGrid, metric: Metric) -> list[tuple[object, ...]]:
    """Return the figures of the map, a row a line; previews have rows of their own, which say that they are."""
    rows: list[tuple[object, ...]] = []
    for row in grid.rows:
        rows.append((row_word(grid, row), *(_scaled(cell.estimate, metric)[0] for cell in row.cells)))
        if any(cell.preview is not None for cell in row.cells):
            previews = (_scaled(cell.preview, metric)[0] for cell in row.cells)
            rows.append((f"{row_word(grid, row)}, preview", *previews))
    return rows


def curve_rows(grid: SweepGrid, metric: Metric, *, of_difference: bool) -> list[tuple[object, ...]]:
    """Return the points of the curves of a grid: both settings, value, interval and number of seeds."""
    rows: list[tuple[object, ...]] = []
    for row in grid.rows:
        for value, cell in zip(grid.columns, row.cells, strict=True):
            shown = cell.difference if of_difference else cell.estimate
            if shown is not None:
                names = row_word(grid, row), word(grid.across, value)
                rows.append((*names, *_scaled(shown, metric), shown.n_seeds))
    return rows


def _scaled(estimate: Interval | None, metric: Metric) -> tuple[float | None, float | None, float | None]:
    if estimate is None:
        return None, None, None
    low, high = estimate.ends
    return metric.scale * estimate.value, metric.scale * low, metric.scale * high
