"""What came of a sweep."""

from collections.abc import Mapping
from statistics import mean

from distil_core.analysis.comparison import Contrast, Outcome
from distil_core.analysis.sweep_grids import GridRow, SweepCell, SweepGrid
from distil_core.evaluation.metrics import Metric
from distil_core.evaluation.records import Interval
from distil_core.reporting.formatting import escaped, figure_difference, figure_interval
from distil_core.runs.sweep import Axis, SweepPoint, Value
from distil_core.settings.config import Init, RunConfig, WeightFormat

AXIS_NAMES = {
    Axis.TEMPERATURE: "Temperature",
    Axis.DEPTH: "Layers of the student",
    Axis.ALPHA: "Soft-label weight (α)",
    Axis.INIT: "Initialization",
    Axis.HEADS: "Attention heads that stay",
    Axis.NEURONS: "Neurons that stay",
    Axis.WEIGHTS: "Format of the weights",
}
"""What the settings are called on pages and in figures."""


def word(axis: Axis, value: Value | None, *, full: bool = False) -> str:
    """Write a value of a setting, alone or so that it is understood without its name."""
    if isinstance(value, Init):
        return {Init.TEACHER: "copied", Init.RANDOM: "random"}[value]
    if isinstance(value, WeightFormat):
        return str(value)
    if value is not None and axis in (Axis.HEADS, Axis.NEURONS):
        return f"{100 * value:g} %{f' of the {axis}' if full else ''}"
    if not full:
        return f"{value:g}"
    if axis is Axis.DEPTH:
        return f"{value} layer{'s' * (value != 1)}"
    return f"{'T' if axis is Axis.TEMPERATURE else 'α'} {value:g}"


def shared_settings(run: RunConfig, shared: RunConfig) -> str:
    """Say which settings a sweep has from the run in use, and in what it tells its students otherwise.

    Args:
        run: The settings of the run in use.
        shared: Those that all runs of the sweep have.
    """
    there, here = run.corpus, shared.corpus
    told = (
        ("labeled fraction", f"{100 * here.labeled:g} %", f"{100 * there.labeled:g} %"),
        ("held-out class", escaped(here.left_out) or "none", escaped(there.left_out) or "none"),
        ("largest training split", f"{here.max_examples or 'all texts'}", f"{there.max_examples or 'all texts'}"),
    )
    others = ", ".join(f"{name} **{value}** (there {other})" for name, value, other in told if value != other)
    line = "Corpus, teacher, epochs and all that is not named here are those of the run in use"
    return f"{line}; unlike it: {others}." if others else f"{line}, labeled texts included."


def row_word(grid: SweepGrid, row: GridRow) -> str:
    """Name a line of a grid."""
    if not row.twin:
        return word(grid.down, row.value, full=True)
    return "No teacher" if row.value is None else f"No teacher, {word(grid.down, row.value, full=True)}"


_AGAINST_TWIN = {
    Outcome.BETTER: "better than its twin",
    Outcome.WORSE: "worse than its twin",
    Outcome.NO_DIFFERENCE: "no difference seen",
}


def contrast_words(contrast: Contrast | None) -> str:
    """Say how a student did against its twin; nothing while that is not known."""
    return "" if contrast is None else _AGAINST_TWIN[contrast.outcome]


def speeds(done: Mapping[SweepPoint, SweepCell]) -> str:
    """Say how many texts a second students of each depth answer, where there are several depths; nothing elsewhere."""
    by_depth: dict[int, list[float]] = {}
    for cell in done.values():
        if cell.point.temperature is not None and cell.texts_per_second is not None:
            by_depth.setdefault(cell.point.depth, []).append(cell.texts_per_second)
    if len(by_depth) < 2:
        return ""
    told = (f"{word(Axis.DEPTH, depth, full=True)} {mean(by_depth[depth]):,.0f}" for depth in sorted(by_depth)[::-1])
    return f"**Texts a second**, in batches of 32: {', '.join(told)}."


def verdict(outcomes: Mapping[Outcome, int]) -> str:
    """Say what the teacher did to how many of the students of a sweep, from :func:`sweep_grids.outcomes`."""
    n = sum(outcomes.values())
    if not n:
        return "How the students stand beside their twins shows when the first two are done."
    students = f"{n} student{'s' * (n != 1)}"
    counted = sorted((_AGAINST_TWIN[outcome], count) for outcome, count in outcomes.items())
    return " · ".join(f"**{words.capitalize()}**: {count} of {students}" for words, count in counted)


def preview_words(preview: Interval, metric: Metric) -> str:
    """Say what a preview is, with its interval."""
    value, reach = figure_interval(metric, preview)
    return f"preview {value}{f' ({reach})' if reach else ''}, one seed on the validation texts, still learning"


def cell_sentence(cell: SweepCell, metric: Metric, *, twin: str) -> str:
    """Say what came of a cell, and how it stands beside its twin, with 95 % intervals.

    Args:
        cell: The cell.
        metric: What its figures are.
        twin: What the twin is called.
    """
    estimate, contrast = cell.estimate, cell.contrast(metric)
    if estimate is None:
        more = "" if cell.preview is None else f" So far: {preview_words(cell.preview, metric)}."
        return f"There is no result yet.{more}"
    n, (value, reach) = estimate.n_seeds, figure_interval(metric, estimate)
    text = f"{metric.label} **{value}**, 95 % interval {reach}, {n} seed{'s' * (n != 1)}."
    if contrast is None:
        return text
    return (
        f"{text} Against its {twin} {figure_difference(metric, contrast.difference)}: **{contrast_words(contrast)}**."
    )
