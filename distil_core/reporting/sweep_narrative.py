"""What came of a sweep, in words and as rows of tables."""

from collections.abc import Mapping

from distil_core.analysis.sweep_grids import GridRow, SweepCell, SweepGrid
from distil_core.evaluation.metrics import Metric
from distil_core.evaluation.records import Interval
from distil_core.reporting.formatting import figure_difference, figure_interval
from distil_core.runs.sweep import Axis, SweepPoint, Value
from distil_core.settings.config import Init

AXIS_NAMES = {
    Axis.TEMPERATURE: "Temperature",
    Axis.DEPTH: "Layers of the student",
    Axis.ALPHA: "Soft-label weight (α)",
    Axis.INIT: "Initialization",
}
"""What the settings are called on pages and in figures."""


def word(axis: Axis, value: Value | None, *, full: bool = False) -> str:
    """Write a value of a setting, alone or so that it is understood without its name."""
    if isinstance(value, Init):
        return {Init.TEACHER: "copied", Init.RANDOM: "random"}[value]
    if not full:
        return f"{value:g}"
    if axis is Axis.DEPTH:
        return f"{value} layer{'s' * (value != 1)}"
    return f"{'T' if axis is Axis.TEMPERATURE else 'α'} {value:g}"


def row_word(laid: SweepGrid, row: GridRow) -> str:
    """Name a line of a grid."""
    if not row.twin:
        return word(laid.down, row.value, full=True)
    return "No teacher" if row.value is None else f"No teacher, {word(laid.down, row.value, full=True)}"


def sweep_table(
    done: Mapping[SweepPoint, SweepCell], metric: Metric
) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Return all figures of a sweep as header and rows, twins last; None where there is none yet.

    Shares are percentages and their differences percentage points.
    """
    unit, points = metric.unit, metric.difference_unit
    header = (
        *("temperature", "layers", "alpha", "initialization", "seeds done", "seeds"),
        *(f"{metric.label} ({unit})", f"low ({unit})", f"high ({unit})"),
        *(f"difference to hard-label twin ({points})", f"its low ({points})", f"its high ({points})", "verdict"),
    )
    rows: list[tuple[object, ...]] = []
    for cell in sorted(done.values(), key=lambda cell: cell.point.temperature is None):
        point, found, gap = cell.point, cell.estimate, cell.difference
        rows.append(
            (
                *(point.temperature, point.depth, point.alpha, word(Axis.INIT, point.init)),
                *(cell.n_done, len(cell.runs)),
                *_scaled(found, metric),
                *_scaled(gap, metric),
                difference_verdict(gap, metric) if point.temperature is not None else "no teacher",
            )
        )
    return header, rows


def curve_rows(laid: SweepGrid, metric: Metric, *, of_difference: bool) -> list[tuple[object, ...]]:
    """Return the points of the curves of a grid: both settings, value, interval and number of seeds."""
    rows: list[tuple[object, ...]] = []
    for row in laid.rows:
        for value, cell in zip(laid.columns, row.cells, strict=True):
            found = cell.difference if of_difference else cell.estimate
            if found is not None:
                names = row_word(laid, row), word(laid.across, value)
                rows.append((*names, *_scaled(found, metric), found.n_seeds))
    return rows


def _scaled(found: Interval | None, metric: Metric) -> tuple[float | None, float | None, float | None]:
    if found is None:
        return None, None, None
    low, high = found.ends
    return metric.scale * found.value, metric.scale * low, metric.scale * high


def difference_verdict(difference: Interval | None, metric: Metric) -> str:
    """Say what the teacher did, from the difference to the hard-label twin."""
    if difference is None:
        return ""
    if not difference.seen:
        return "no difference seen"
    return "better than its twin" if (difference.value > 0) is metric.greater_is_better else "worse than its twin"


def sweep_verdict(laid: SweepGrid, metric: Metric) -> str:
    """Count what the teacher did, over the cells of a grid that can be held against their twins."""
    gaps = [cell.difference for row in laid.rows if not row.twin for cell in row.cells if cell.difference is not None]
    if not gaps:
        return "How the students stand beside their twins shows when the first two are done."
    found = [difference_verdict(gap, metric) for gap in gaps]
    students = f"{len(gaps)} student{'s' * (len(gaps) != 1)}"
    return " · ".join(f"**{words.capitalize()}**: {found.count(words)} of {students}" for words in sorted(set(found)))


def cell_sentence(cell: SweepCell, metric: Metric) -> str:
    """Say what came of a cell, and how it stands beside its twin, with 95 % intervals."""
    found, gap = cell.estimate, cell.difference
    if found is None:
        return "There is no result yet."
    n, (value, reach) = found.n_seeds, figure_interval(metric, found)
    text = f"{metric.label} **{value}**, 95 % interval {reach}, {n} seed{'s' * (n != 1)}."
    if gap is None:
        return text
    return (
        f"{text} Against its hard-label twin {figure_difference(metric, gap)}: **{difference_verdict(gap, metric)}**."
    )
