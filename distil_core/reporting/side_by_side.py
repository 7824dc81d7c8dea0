"""Several runs as tables: what differs in their settings, their figures, and what they make of each class."""

from collections.abc import Mapping, Sequence

from distil_core.analysis.side_by_side import ClassScores
from distil_core.evaluation.metrics import Metric
from distil_core.evaluation.records import Interval
from distil_core.reporting.formatting import (
    NONE,
    count,
    digits,
    figure_difference,
    figure_interval,
    percent,
    shortened,
    size,
)
from distil_core.reporting.tables import OF_MACHINES, settings_by_name
from distil_core.runs.record import RunRecord
from distil_core.settings.config import RunConfig

LETTERS = "ABCDEF"
"""What runs are called beside one another; so many can be."""


def differing_rows(configs: Sequence[RunConfig]) -> list[list[str]]:
    """Return the settings in which some runs differ, but for those of machines: its name, and its value in each run."""
    each = [settings_by_name(config) for config in configs]
    names = [name for name in each[0] if name not in OF_MACHINES and len({settings[name] for settings in each}) > 1]
    return [[name, *(settings[name] or NONE for settings in each)] for name in names]


def figure_rows(
    records: Sequence[RunRecord], metrics: Sequence[Metric], gaps: Sequence[Mapping[Metric, Interval]]
) -> list[list[str]]:
    """Return all that was measured of some runs, one row a figure: its name, and what it is for each run.

    In lines of their own stand its interval, and how far it is above that of the first run.

    Args:
        records: The runs.
        metrics: What they were measured by.
        gaps: How far each but the first is above it.
    """
    rows = []
    for metric in metrics:
        cells = []
        for place, record in enumerate(records):
            measured = record.model.metric(metric.name)
            value, spread = ("", "") if measured is None else figure_interval(metric, measured)
            gap = gaps[place - 1].get(metric) if place else None
            against = "" if gap is None else f"{figure_difference(metric, gap)}, against {LETTERS[0]}"
            cells.append("\n".join(filter(None, (value, spread, against))) or NONE)
        rows.append([metric.label, *cells])
    costs = [record.model.cost for record in records]
    rows.append(["Parameters", *(NONE if cost is None else count(cost.parameters) for cost in costs)])
    rows.append(["Size", *(NONE if cost is None else size(cost.bytes) for cost in costs)])
    times = [None if cost is None else cost.latency_ms for cost in costs]
    rows.append(["Latency", *(NONE if time is None else f"{digits(time.p50)} ms" for time in times)])
    return rows


def class_rows(label_names: Sequence[str], scores: Sequence[Sequence[ClassScores]]) -> list[list[str]]:
    """Return what some runs make of each class, one row each: precision, recall and the commonest mistake of each run.

    Its name comes first, and how many there are.

    Args:
        label_names: The classes.
        scores: Of each run, in the order of the classes.
    """
    return [
        [name, f"{scores[0][label].n:,}", *(_class_cell(run[label], label_names) for run in scores)]
        for label, name in enumerate(label_names)
    ]


def _class_cell(scores: ClassScores, label_names: Sequence[str]) -> str:
    precision, recall = (NONE if share is None else percent(share) for share in (scores.precision, scores.recall))
    mistake = "" if scores.mistaken_for is None else shortened(label_names[scores.mistaken_for], length=24)
    return f"{precision} / {recall}" + (f", {scores.n_mistaken} as {mistake}" if mistake else "")
