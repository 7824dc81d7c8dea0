"""Students that differ in a few settings, laid out so that one sees what a setting does: choices, cells and grids.

A sweep is a pure function of its choices. Needs neither torch nor a model.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product
from typing import Any, TypeAlias

from distil_core.config import Init, LayerMap, RunConfig, RunKind, canonical
from distil_core.errors import ConfigError
from distil_core.resampling import Estimate, Measure, Sample, estimate
from distil_core.runs import Run, RunState

MAX_RUNS = 200
"""More than this at once is refused."""

Value: TypeAlias = float | int | Init


class Axis(StrEnum):
    """A setting of which a sweep tries several values."""

    TEMPERATURE = "temperature"
    DEPTH = "depth"
    ALPHA = "alpha"
    INIT = "init"


NAMES = {
    Axis.TEMPERATURE: "Temperature",
    Axis.DEPTH: "Layers of the student",
    Axis.ALPHA: "Weight of the teacher (α)",
    Axis.INIT: "First weights",
}
"""What the settings are called on pages and in figures."""

OF_THE_TEACHER = (Axis.TEMPERATURE, Axis.ALPHA)
"""What a twin without a teacher does not depend on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What to try: every combination of these values, each with every seed; all else is as in ``base``."""

    base: RunConfig
    temperatures: tuple[float, ...]
    depths: tuple[int, ...]
    alphas: tuple[float, ...]
    inits: tuple[Init, ...]
    seeds: tuple[int, ...]

    def values(self, axis: Axis) -> tuple[Value, ...]:
        """Return what is tried of a setting."""
        found: dict[Axis, tuple[Value, ...]] = {
            Axis.TEMPERATURE: self.temperatures,
            Axis.DEPTH: self.depths,
            Axis.ALPHA: self.alphas,
            Axis.INIT: self.inits,
        }
        return found[axis]

    def points(self) -> tuple["Point", ...]:
        """Return every combination, seeds apart."""
        every = product(self.temperatures, self.depths, self.alphas, self.inits)
        return tuple(Point(temperature=t, depth=depth, alpha=a, init=init) for t, depth, a, init in every)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One combination of settings; without temperature and alpha it is that of a twin without a teacher."""

    temperature: float | None
    depth: int
    alpha: float | None
    init: Init

    def twin(self) -> "Point":
        """Return the same student without a teacher."""
        return replace(self, temperature=None, alpha=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What came of one combination: its runs by seed, None where nobody has asked for one.

    ``estimate`` is the mean over those seeds that are done. ``difference`` is that to the twin without a teacher, over
    the seeds for which both are done.
    """

    point: Point
    runs: tuple[Run | None, ...]
    estimate: Estimate | None
    difference: Estimate | None

    @property
    def n_done(self) -> int:
        """Seeds that are done."""
        return self.count(RunState.DONE)

    def count(self, *states: RunState) -> int:
        """Return how many seeds are in some states."""
        return sum(run is not None and run.state in states for run in self.runs)

    @property
    def best_run(self) -> Run | None:
        """A run to open: the first seed that is done, or else the first that is there."""
        there = [run for run in self.runs if run is not None]
        return min(there, key=lambda run: run.state is not RunState.DONE, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a grid: a value of the setting that the lines stand for; ``twin`` says that nobody taught it."""

    value: Value | None
    twin: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Two settings against each other, the others held still; the twins without a teacher are lines of their own."""

    down: Axis
    across: Axis
    columns: tuple[Value, ...]
    rows: tuple[Row, ...]


def word(axis: Axis, value: Value | None, *, full: bool = False) -> str:
    """Write a value of a setting, alone or so that it is understood without its name."""
    if isinstance(value, Init):
        return {Init.TEACHER: "copied", Init.RANDOM: "random"}[value]
    if not full:
        return f"{value:g}"
    if axis is Axis.DEPTH:
        return f"{value} layer{'s' * (value != 1)}"
    return f"{'T' if axis is Axis.TEMPERATURE else 'α'} {value:g}"


def row_word(laid: Grid, row: Row) -> str:
    """Name a line of a grid."""
    if not row.twin:
        return word(laid.down, row.value, full=True)
    return "No teacher" if row.value is None else f"No teacher, {word(laid.down, row.value, full=True)}"


def based(base: RunConfig, *, labeled: float, left_out: str, max_examples: int | None = None) -> RunConfig:
    """Return the settings that all runs of a sweep share, from those of some run.

    Args:
        base: Any run, also a twin.
        labeled: Share of the labels that students are told.
        left_out: Class that students never see; empty: none.
        max_examples: Training texts at most, 0 for all; as in ``base`` when not given.
    """
    corpus = replace(base.corpus, labeled=labeled, left_out=left_out)
    if max_examples is not None:
        corpus = replace(corpus, max_examples=max_examples)
    return replace(base, kind=RunKind.DISTILLED, corpus=corpus)


def config_at(sweep: Sweep, point: Point, seed: int) -> RunConfig:
    """Return the run at a combination of settings.

    Layers that ``base`` names are copied at their own depth alone, and no more is frozen than the student has.
    """
    base = sweep.base
    student = replace(base.student, init=point.init)
    if point.depth != len(student.layers):
        by_name = student.layer_map is LayerMap.EXPLICIT
        layer_map = LayerMap.EVEN if by_name else student.layer_map
        student = replace(student, depth=point.depth, layers=(), layer_map=layer_map)
    copied = 0 if point.init is Init.RANDOM else point.depth
    training = replace(base.training, frozen=min(base.training.frozen, copied))
    base = replace(base, student=student, training=training, seed=seed)
    if point.temperature is None or point.alpha is None:
        return canonical(replace(base, kind=RunKind.HARD_LABELS))
    loss = replace(base.loss, temperature=point.temperature, alpha=point.alpha)
    return canonical(replace(base, kind=RunKind.DISTILLED, loss=loss))


def configs(sweep: Sweep) -> tuple[RunConfig, ...]:
    """Return the runs of a sweep, twins included, each once: one seed after the other, so that cells fill soon.

    Raises:
        ConfigError: If there are none, or too many.
    """
    points = sweep.points()
    wanted = [(point, seed) for seed in sweep.seeds for point in (*(p.twin() for p in points), *points)]
    found = tuple(dict.fromkeys(config_at(sweep, point, seed) for point, seed in wanted))
    if not found:
        raise ConfigError("a sweep needs a value of each setting and a seed, got none of one; choose one at least")
    if len(found) > MAX_RUNS:
        raise ConfigError(
            f"a sweep must have at most {MAX_RUNS} runs, got {len(found):,}; choose fewer values or fewer seeds"
        )
    return found


def cells(sweep: Sweep, found: Mapping[RunConfig, Run], read: Callable[[Run], Sample]) -> dict[Point, Cell]:
    """Return what came of every combination and of its twin.

    Args:
        sweep: What was asked for.
        found: Its runs, by their settings.
        read: What a finished run comes to, by whatever measure.
    """
    points = sweep.points()
    samples: dict[Point, dict[int, Sample]] = {}
    members: dict[Point, tuple[Run | None, ...]] = {}
    for point in dict.fromkeys((*points, *(point.twin() for point in points))):
        members[point] = tuple(found.get(config_at(sweep, point, seed)) for seed in sweep.seeds)
        samples[point] = {
            seed: read(run)
            for seed, run in zip(sweep.seeds, members[point], strict=True)
            if run is not None and run.record is not None
        }
    done = {}
    for point, own in samples.items():
        twins = samples[point.twin()]
        pairs = [own[seed] - twins[seed] for seed in own if seed in twins and point != point.twin()]
        done[point] = Cell(
            point=point,
            runs=members[point],
            estimate=estimate(list(own.values())),
            difference=estimate(pairs),
        )
    return done


def grid(sweep: Sweep, done: Mapping[Point, Cell], *, down: Axis, across: Axis, still: Mapping[Axis, Value]) -> Grid:
    """Lay cells out by two settings.

    Args:
        sweep: What was asked for.
        done: Its cells.
        down: What the lines stand for.
        across: What the columns stand for; another setting.
        still: Value of each of the other two.
    """
    first = {axis: sweep.values(axis)[0] for axis in Axis} | dict(still)

    def line(value: Value, *, twin: bool) -> tuple[Cell, ...]:
        points = (_point(first | {down: value, across: column}) for column in sweep.values(across))
        return tuple(done[point.twin() if twin else point] for point in points)

    values = sweep.values(down)
    taught = [Row(value=value, twin=False, cells=line(value, twin=False)) for value in values]
    alone = [None] if down in OF_THE_TEACHER else values
    untaught = [
        Row(value=value, twin=True, cells=line(values[0] if value is None else value, twin=True)) for value in alone
    ]
    return Grid(down=down, across=across, columns=sweep.values(across), rows=(*taught, *untaught))


def _point(values: Mapping[Axis, Any]) -> Point:
    return Point(**{axis.value: value for axis, value in values.items()})


def table(done: Mapping[Point, Cell], measure: Measure) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Return all figures of a sweep as header and rows, twins last; None where there is none yet.

    Shares are percentages and their differences percentage points.
    """
    unit, points = measure.unit, "points" if measure.is_share else measure.unit
    header = (
        *("temperature", "layers", "alpha", "first weights", "seeds done", "seeds"),
        *(f"{measure.label} ({unit})", f"low ({unit})", f"high ({unit})"),
        *(f"difference to twin ({points})", f"its low ({points})", f"its high ({points})", "verdict"),
    )
    rows: list[tuple[object, ...]] = []
    for cell in sorted(done.values(), key=lambda cell: cell.point.temperature is None):
        point, found, gap = cell.point, cell.estimate, cell.difference
        rows.append(
            (
                *(point.temperature, point.depth, point.alpha, word(Axis.INIT, point.init)),
                *(cell.n_done, len(cell.runs)),
                *_scaled(found, measure),
                *_scaled(gap, measure),
                verdict(gap, measure) if point.temperature is not None else "no teacher",
            )
        )
    return header, rows


def curve_rows(laid: Grid, measure: Measure, *, of_difference: bool) -> list[tuple[object, ...]]:
    """Return the points of the curves of a grid: both settings, value, interval and number of seeds."""
    rows: list[tuple[object, ...]] = []
    for row in laid.rows:
        for value, cell in zip(laid.columns, row.cells, strict=True):
            found = cell.difference if of_difference else cell.estimate
            if found is not None:
                names = row_word(laid, row), word(laid.across, value)
                rows.append((*names, *_scaled(found, measure), found.n_seeds))
    return rows


def _scaled(found: Estimate | None, measure: Measure) -> tuple[float | None, float | None, float | None]:
    if found is None:
        return None, None, None
    return measure.scale * found.value, measure.scale * found.low, measure.scale * found.high


def verdict(difference: Estimate | None, measure: Measure) -> str:
    """Say what the teacher did, from the difference to the twin without one."""
    if difference is None:
        return ""
    if not difference.seen:
        return "no difference seen"
    return "better than its twin" if (difference.value > 0) is measure.more_is_better else "worse than its twin"


def summed_up(laid: Grid, measure: Measure) -> str:
    """Count what the teacher did, over the cells of a grid that can be held against their twins."""
    gaps = [cell.difference for row in laid.rows if not row.twin for cell in row.cells if cell.difference is not None]
    if not gaps:
        return "How the students stand beside their twins shows when the first two are done."
    found = [verdict(gap, measure) for gap in gaps]
    students = f"{len(gaps)} student{'s' * (len(gaps) != 1)}"
    return " · ".join(f"**{words.capitalize()}**: {found.count(words)} of {students}" for words in sorted(set(found)))


def sentence(cell: Cell, measure: Measure) -> str:
    """Say what came of a cell, and how it stands beside its twin, with 95 % intervals."""
    found, gap = cell.estimate, cell.difference
    if found is None:
        return "There is no result yet."
    unit, points = measure.unit, "points" if measure.is_share else measure.unit
    n = found.n_seeds
    text = (
        f"{measure.label} **{measure.written(found.value)} {unit}**, 95 % interval {measure.written(found.low)} to "
        f"{measure.written(found.high)}, {n} seed{'s' * (n != 1)}."
    )
    if gap is None:
        return text
    return (
        f"{text} Against its twin without a teacher {measure.written(gap.value, signed=True)} {points}, "
        f"{measure.written(gap.low, signed=True)} to {measure.written(gap.high, signed=True)}: "
        f"**{verdict(gap, measure)}**."
    )
