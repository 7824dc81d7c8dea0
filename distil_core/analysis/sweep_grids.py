"""What came of a sweep: its runs as cells, and cells laid out by two settings."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import mean
from typing import Any

from distil_core.analysis.comparison import Contrast, Outcome, outcome_of
from distil_core.evaluation.bootstrap import Sample, estimate
from distil_core.evaluation.metrics import Metric
from distil_core.evaluation.records import Interval
from distil_core.runs.rows import Run, RunState
from distil_core.runs.sweep import Axis, Sweep, SweepPoint, Value, config_at
from distil_core.settings.canonical import CanonicalConfig

OF_THE_TEACHER = (Axis.TEMPERATURE, Axis.ALPHA)
"""What a hard-label twin does not depend on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepCell:
    """What came of one combination: its runs by seed, None where nobody has asked for one.

    ``estimate`` is the mean over those seeds that are done. ``difference`` is that to the hard-label twin, over
    the seeds for which both are done. ``preview`` stands in while there is no estimate: what one seed comes to on the
    validation texts, while it is learning.
    """

    point: SweepPoint
    runs: tuple[Run | None, ...]
    estimate: Interval | None
    difference: Interval | None
    preview: Interval | None = None

    @property
    def n_done(self) -> int:
        """Seeds that are done."""
        return self.count(RunState.DONE)

    def count(self, *states: RunState) -> int:
        """Return how many seeds are in some states."""
        return sum(run is not None and run.state in states for run in self.runs)

    def contrast(self, metric: Metric) -> Contrast | None:
        """Return the student against its twin by the metric of its figures; None while one of the two is not done."""
        if self.difference is None:
            return None
        outcome = outcome_of(self.difference, metric)
        return Contrast(metric=metric, difference=self.difference, outcome=outcome)

    @property
    def texts_per_second(self) -> float | None:
        """How many texts the students answer in a second, the mean over seeds that are done; None before."""
        costs = [run.record.model.cost for run in self.runs if run is not None and run.record is not None]
        speeds = [cost.texts_per_second for cost in costs if cost is not None and cost.texts_per_second is not None]
        return mean(speeds) if speeds else None

    @property
    def best_run(self) -> Run | None:
        """A run to open: the first seed that is done, or else the first that is there."""
        there = [run for run in self.runs if run is not None]
        return min(there, key=lambda run: run.state is not RunState.DONE, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRow:
    """One line of a grid: a value of the setting that the lines stand for; ``twin`` says that nobody taught it."""

    value: Value | None
    twin: bool
    cells: tuple[SweepCell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepGrid:
    """Two settings against each other, the others held still; the hard-label twins are lines of their own."""

    down: Axis
    across: Axis
    columns: tuple[Value, ...]
    rows: tuple[GridRow, ...]


def cells(
    sweep: Sweep,
    runs: Mapping[CanonicalConfig, Run],
    read: Callable[[Run], Sample],
    *,
    previews: Mapping[str, Interval] | None = None,
) -> dict[SweepPoint, SweepCell]:
    """Return what came of every combination and of its twin.

    Args:
        sweep: What was asked for.
        runs: Its runs, by their settings.
        read: What a finished run comes to, by whatever metric.
        previews: What runs that are not done come to so far, by their names.
    """
    previews = previews or {}
    points = sweep.points()
    samples: dict[SweepPoint, dict[int, Sample]] = {}
    members: dict[SweepPoint, tuple[Run | None, ...]] = {}
    for point in dict.fromkeys((*points, *(point.twin() for point in points))):
        members[point] = tuple(runs.get(config_at(sweep, point, seed)) for seed in sweep.seeds)
        samples[point] = {
            seed: read(run)
            for seed, run in zip(sweep.seeds, members[point], strict=True)
            if run is not None and run.record is not None
        }
    done = {}
    for point, taught in samples.items():
        twins = samples[point.twin()]
        pairs = [taught[seed] - twins[seed] for seed in taught if seed in twins and point != point.twin()]
        done[point] = SweepCell(
            point=point,
            runs=members[point],
            estimate=estimate(list(taught.values())),
            difference=estimate(pairs),
            preview=None if taught else _preview(members[point], previews),
        )
    return done


def _preview(runs: tuple[Run | None, ...], previews: Mapping[str, Interval]) -> Interval | None:
    return next((previews[run.id] for run in runs if run is not None and run.id in previews), None)


def grid(
    sweep: Sweep, done: Mapping[SweepPoint, SweepCell], *, down: Axis, across: Axis, still: Mapping[Axis, Value]
) -> SweepGrid:
    """Lay cells out by two settings.

    Args:
        sweep: What was asked for.
        done: Its cells.
        down: What the lines stand for.
        across: What the columns stand for; another setting.
        still: Value of each of the other two.
    """
    first = {axis: sweep.values(axis)[0] for axis in Axis} | dict(still)

    def line(value: Value, *, twin: bool) -> tuple[SweepCell, ...]:
        points = (_point(first | {down: value, across: column}) for column in sweep.values(across))
        return tuple(done[point.twin() if twin else point] for point in points)

    values = sweep.values(down)
    taught = [GridRow(value=value, twin=False, cells=line(value, twin=False)) for value in values]
    alone = [None] if down in OF_THE_TEACHER else values
    untaught = [
        GridRow(value=value, twin=True, cells=line(values[0] if value is None else value, twin=True)) for value in alone
    ]
    return SweepGrid(down=down, across=across, columns=sweep.values(across), rows=(*taught, *untaught))


def outcomes(grid: SweepGrid, metric: Metric) -> Counter[Outcome]:
    """Count how the students of a grid did against their hard-label twins; those without a twin are left out."""
    contrasts = (cell.contrast(metric) for row in grid.rows if not row.twin for cell in row.cells)
    return Counter(contrast.outcome for contrast in contrasts if contrast is not None)


def _point(values: Mapping[Axis, Any]) -> SweepPoint:
    return SweepPoint(**{axis.value: value for axis, value in values.items()})
