"""A sweep of students: planned, queued and recognized by the names of its runs, so that nothing else is kept of it.

Its runs are ordinary runs of the store; a sweep is a pure function of its choices. Loads no model.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product
from typing import TypeAlias

from distil_core.errors import ConfigError
from distil_core.models.checkpoints import locate
from distil_core.models.units import least_depth
from distil_core.runs import estimates, requests, workers
from distil_core.runs.reading import outline
from distil_core.runs.requests import RunRequest
from distil_core.runs.rows import Run
from distil_core.runs.sources import RunSource
from distil_core.runs.store import RunStore
from distil_core.settings.canonical import CanonicalConfig, canonical
from distil_core.settings.config import Init, LayerMap, Method, RunConfig, WeightFormat
from distil_core.tasks.catalog import configured_task

MAX_RUNS = 200
"""More than this at once is refused."""


Value: TypeAlias = float | int | Init | WeightFormat


class Axis(StrEnum):
    """A setting of which a sweep tries several values."""

    TEMPERATURE = "temperature"
    DEPTH = "depth"
    ALPHA = "alpha"
    INIT = "init"
    HEADS = "heads"
    NEURONS = "neurons"
    WEIGHTS = "weights"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What to try: every combination of these values, each with every seed; all else is as in ``base``."""

    base: RunConfig
    temperatures: tuple[float, ...]
    depths: tuple[int, ...]
    alphas: tuple[float, ...]
    inits: tuple[Init, ...]
    seeds: tuple[int, ...]
    heads: tuple[float, ...] = (1.0,)
    neurons: tuple[float, ...] = (1.0,)
    weights: tuple[WeightFormat, ...] = (WeightFormat.FP32,)

    def values(self, axis: Axis) -> tuple[Value, ...]:
        """Return what is tried of a setting."""
        values: dict[Axis, tuple[Value, ...]] = {
            Axis.TEMPERATURE: self.temperatures,
            Axis.DEPTH: self.depths,
            Axis.ALPHA: self.alphas,
            Axis.INIT: self.inits,
            Axis.HEADS: self.heads,
            Axis.NEURONS: self.neurons,
            Axis.WEIGHTS: self.weights,
        }
        return values[axis]

    def points(self) -> tuple["SweepPoint", ...]:
        """Return every combination, seeds apart."""
        every = product(*(self.values(axis) for axis in Axis))
        return tuple(SweepPoint(**dict(zip(map(str, Axis), values, strict=True))) for values in every)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPoint:
    """One combination of settings; without temperature and alpha it is that of a hard-label twin."""

    temperature: float | None
    depth: int
    alpha: float | None
    init: Init
    heads: float = 1.0
    neurons: float = 1.0
    weights: WeightFormat = WeightFormat.FP32

    def twin(self) -> "SweepPoint":
        """Return its hard-label twin."""
        return replace(self, temperature=None, alpha=None)


def based(base: RunConfig, *, labeled: float, left_out: str, max_examples: int | None = None) -> RunConfig:
    """Return the settings that all runs of a sweep share, from those of some run.

    Args:
        base: Any run, also a twin.
        labeled: Share of the labels that students are told.
        left_out: Class that students never see; empty: none.
        max_examples: Training texts at most, 0 for all; None: as in ``base``.
    """
    corpus = replace(base.corpus, labeled=labeled, left_out=left_out)
    if max_examples is not None:
        corpus = replace(corpus, max_examples=max_examples)
    return replace(base, method=Method.DISTILLED, corpus=corpus)


def config_at(sweep: Sweep, point: SweepPoint, seed: int) -> CanonicalConfig:
    """Return the run at a combination of settings.

    Layers that ``base`` names are copied at their own depth alone, and no more is frozen than the student has. Students
    of a sweep are cut out of the teacher, whatever run that of ``base`` started from.
    """
    base = sweep.base
    inherited = base.student.parent != ""
    student = replace(
        base.student,
        init=point.init,
        parent="",
        width=0 if inherited else base.student.width,
        heads=point.heads,
        neurons=point.neurons,
        weights=point.weights,
    )
    if not student.layers or point.depth != len(student.layers):
        by_name = student.layer_map is LayerMap.EXPLICIT
        layer_map = LayerMap.EVEN if by_name else student.layer_map
        student = replace(student, depth=point.depth, layers=(), layer_map=layer_map)
    copied = 0 if point.init is Init.RANDOM else point.depth
    training = replace(base.training, frozen=min(base.training.frozen, copied))
    base = replace(base, student=student, training=training, seed=seed)
    if point.temperature is None or point.alpha is None:
        return canonical(replace(base, method=configured_task(base).untaught))
    loss = replace(base.loss, temperature=point.temperature, alpha=point.alpha)
    return canonical(replace(base, method=Method.DISTILLED, loss=loss))


def configs(sweep: Sweep) -> tuple[CanonicalConfig, ...]:
    """Return the runs of a sweep, twins included, each once: one seed after the other, so that cells fill soon.

    Raises:
        ConfigError: If there are none, or too many.
    """
    points = sweep.points()
    wanted = [(point, seed) for seed in sweep.seeds for point in (*(p.twin() for p in points), *points)]
    runs = tuple(dict.fromkeys(config_at(sweep, point, seed) for point, seed in wanted))
    if not runs:
        raise ConfigError("a sweep needs a value of each setting and a seed, got none of one; choose one at least")
    if len(runs) > MAX_RUNS:
        raise ConfigError(
            f"a sweep must have at most {MAX_RUNS} runs, got {len(runs):,}; choose fewer values or fewer seeds"
        )
    return runs


def plan_sweep(sweep: Sweep) -> dict[CanonicalConfig, RunRequest]:
    """Name all runs of a sweep; corpus and teacher are looked at once.

    Raises:
        DistilError: If settings, corpus or teacher cannot be used, or there are too many runs.
    """
    wanted = configs(sweep)
    return dict(zip(wanted, requests.identify(wanted), strict=True))


def missing(planned: Mapping[CanonicalConfig, RunRequest], source: RunSource) -> tuple[RunRequest, ...]:
    """Return what has not been computed of a sweep, nor is going to be."""
    there = runs(planned, source)
    return tuple(request for config, request in planned.items() if config not in there or there[config].resumable)


def start(
    planned: Mapping[CanonicalConfig, RunRequest], store: RunStore, source: RunSource | None = None
) -> tuple[Run, ...]:
    """Queue what is not done of a sweep, see that somebody computes it, and return what was queued.

    The runs of the first seed are computed in turns, so that there is a first figure of every cell soon.

    Args:
        planned: Names of all runs.
        store: Where to queue.
        source: Where runs may be that are done already; by default the store alone.
    """
    first = next(iter(planned))
    queued = tuple(
        request.add(store, in_turns=request.config.seed == first.seed) for request in missing(planned, source or store)
    )
    workers.ensure_worker(store)
    return queued


def cancel(
    planned: Mapping[CanonicalConfig, RunRequest], store: RunStore, *, may: Callable[[Run], bool] = lambda _: True
) -> None:
    """Stop all runs of a sweep that are not over, and that somebody ``may`` stop."""
    for run in runs(planned, store).values():
        if not run.state.over and may(run):
            store.cancel(run.id)


def runs(planned: Mapping[CanonicalConfig, RunRequest], source: RunSource) -> dict[CanonicalConfig, Run]:
    """Return those runs of a sweep that are there, in any state.

    What ships with the package has names of its own, and is known by its settings.
    """
    listed = source.list()
    by_name = {run.id: run for run in listed}
    shipped = {run.config: run for run in listed if run.read_only}
    there = {config: by_name.get(request.run) or shipped.get(config) for config, request in planned.items()}
    return {config: run for config, run in there.items() if run is not None}


def seconds_left(
    planned: Mapping[CanonicalConfig, RunRequest], there: Mapping[CanonicalConfig, Run], source: RunSource
) -> float | None:
    """Say how long the runs of a sweep that are not done will take; see :func:`estimates.estimate_all`."""
    done = {config for config, run in there.items() if run.record is not None}
    return estimates.estimate_all([request.config for config, request in planned.items() if config not in done], source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What can be chosen for a teacher and a corpus: depths of a student, and labels to leave out."""

    depths: tuple[int, ...]
    labels: tuple[str, ...]


def frame(base: RunConfig) -> Frame:
    """Look at teacher and corpus of a run.

    Raises:
        DistilError: If one of them cannot be used.
    """
    return Frame(depths=possible_depths(base), labels=outline(base.corpus, base.task).label_names)


def possible_depths(base: RunConfig) -> tuple[int, ...]:
    """Return the depths that a student of the teacher of a run can have, the last one the teacher's own.

    There is none without layers where the run's settings ask for some.

    Raises:
        DistilError: If the teacher cannot be used.
    """
    teacher = locate(base.teacher.source)
    layered = base.loss.hidden_mse or base.loss.attention_kl or base.student.heads < 1 or base.student.neurons < 1
    fewest = max(least_depth(teacher.architecture), int(bool(layered)))
    return tuple(range(fewest, teacher.n_layers + 1))
