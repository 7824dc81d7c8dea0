"""A sweep as rows: all of its figures, and the points of its curves."""

from collections.abc import Mapping

from distil_core.analysis.sweep_grids import SweepCell, SweepGrid
from distil_core.evaluation.metrics import Metric, in_unit
from distil_core.evaluation.records import Interval
from distil_core.reporting.narrative.sweeps import contrast_words, row_word, word
from distil_core.runs.sweep import Axis, SweepPoint


def sweep_table(
    done: Mapping[SweepPoint, SweepCell], metric: Metric
) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Return all figures of a sweep as header and rows, twins last; None where there is none yet.

    Shares are percentages and their differences percentage points.
    """
    unit, points = metric.unit, metric.difference_unit
    header = (
        *("temperature", "layers", "alpha", "initialization", "seeds done", "seeds"),
        *(in_unit(name, unit) for name in (metric.label, "low", "high")),
        *(in_unit(name, points) for name in ("difference to hard-label twin", "its low", "its high")),
        "verdict",
    )
    rows: list[tuple[object, ...]] = []
    for cell in sorted(done.values(), key=lambda cell: cell.point.temperature is None):
        point, estimate, difference = cell.point, cell.estimate, cell.difference
        rows.append(
            (
                *(point.temperature, point.depth, point.alpha, word(Axis.INIT, point.init)),
                *(cell.n_done, len(cell.runs)),
                *_scaled(estimate, metric),
                *_scaled(difference, metric),
                contrast_words(cell.contrast(metric)) if point.temperature is not None else "no teacher",
            )
        )
    return header, rows


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
