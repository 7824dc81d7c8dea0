"""The runs of a sweep: whose settings they share, their names, their figures with all draws, and the cells they fill.

Reads: the run in use, the run store. Reads and writes: the query parameter ``whatif.base``. Every cache is bounded and
keyed on names of runs; cached values are read-only.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import streamlit as st

from distil_core.analysis import ablation, learning_curves, sweep_grids
from distil_core.evaluation import bootstrap
from distil_core.evaluation.bootstrap import Sample
from distil_core.evaluation.metrics import Metric
from distil_core.evaluation.records import Interval
from distil_core.runs import requests, sweep
from distil_core.runs.folder import RunFolder
from distil_core.runs.reading import task_of
from distil_core.runs.rows import Run
from distil_core.settings.canonical import CanonicalConfig
from distil_core.settings.config import RunConfig
from distil_core.settings.serialization import digest
from pages.state import address, class_mode, resources, run_in_use

BASE = "whatif.base"


def keep_base(run_id: str) -> None:
    """Keep the sweep as it is when one of its own runs becomes the one in use."""
    base_and_used = f"{_base()}.{run_id}"
    st.session_state[BASE] = base_and_used
    address.put(BASE, base_and_used)


def _base() -> str | None:
    """Return the run whose settings the sweep shares: the one in use, unless that was taken from the sweep itself."""
    run_id = run_in_use.current()
    base_and_used = st.query_params.get(BASE, st.session_state.get(BASE, ""))
    base, _, used = base_and_used.partition(".")
    if run_id is None or used != run_id:
        st.query_params.pop(BASE, None)
        return run_id
    address.put(BASE, base_and_used)
    return str(base)


def base_config() -> RunConfig:
    """Return the settings that the sweep shares with the run in use, or the usual ones where there is none."""
    run_id = _base()
    run = None if run_id is None else resources.runs().find(run_id)
    return RunConfig() if run is None else run.config


@st.cache_data(max_entries=16, ttl=60, show_spinner="Reading the corpus…")
def frame(base: str, _base: RunConfig) -> sweep.Frame:
    """Return what can be chosen for the corpus and the teacher of a run, whose digest is ``base``.

    Raises:
        DistilError: If one of them cannot be used.
    """
    return sweep.frame(_base)


@st.cache_data(max_entries=16, ttl=60, show_spinner=False)
def depths(base: str, _base: RunConfig) -> tuple[int, ...]:
    """Return the depths that a student can have that has the teacher of a run, whose digest is ``base``.

    Raises:
        DistilError: If the teacher cannot be used.
    """
    return sweep.possible_depths(_base)


@st.cache_resource(max_entries=32, ttl=60, show_spinner="Reading the corpus…")
def _planned(wanted: str, _wanted: sweep.Sweep) -> Mapping[CanonicalConfig, requests.RunRequest]:
    return sweep.plan_sweep(_wanted)


def planned(wanted: sweep.Sweep) -> Mapping[CanonicalConfig, requests.RunRequest]:
    """Return the names of all runs of a sweep; looked up again after a minute, since files may change.

    Raises:
        DistilError: If settings, corpus or teacher cannot be used, or there are too many runs.
    """
    return _planned(digest(wanted), wanted)


@st.cache_resource(max_entries=8, ttl=60, show_spinner="Reading the corpus…")
def _ablation_planned(base: str, _base: RunConfig) -> Mapping[CanonicalConfig, requests.RunRequest]:
    return ablation.plan_ablation(_base)


def ablation_planned(base: RunConfig) -> Mapping[CanonicalConfig, requests.RunRequest]:
    """Return the names of all runs of DistilBERT's ablation of a run.

    Raises:
        DistilError: If its loss has not all three parts, or corpus or teacher cannot be used.
    """
    return _ablation_planned(digest(base), base)


def start(planned: Mapping[CanonicalConfig, requests.RunRequest]) -> None:
    """Queue what is missing of a sweep, as far as this visit may.

    Raises:
        ConfigError: If it may not ask for so many.
    """
    store, source = resources.store(), resources.runs()
    class_mode.refuse_more(store, len(sweep.missing(planned, source)))
    class_mode.note_asked(sweep.start(planned, store, source), store)


def cancel(planned: Mapping[CanonicalConfig, requests.RunRequest]) -> None:
    """Stop all runs of a sweep that are not over, as far as this visit may."""
    store = resources.store()
    sweep.cancel(planned, store, may=lambda run: class_mode.may_change(run, store))


def runs(planned: Mapping[CanonicalConfig, requests.RunRequest]) -> Mapping[CanonicalConfig, Run]:
    """Return those runs of a sweep that are there, in any state."""
    return sweep.runs(planned, resources.runs())


@st.cache_data(max_entries=64, show_spinner=False)
def _left(
    folder: Path,
    runs: tuple[tuple[str, bool], ...],
    _planned: Mapping[CanonicalConfig, requests.RunRequest],
    _runs: Mapping[CanonicalConfig, Run],
) -> float | None:
    return sweep.seconds_left(_planned, _runs, resources.runs())


def seconds_left(
    planned: Mapping[CanonicalConfig, requests.RunRequest], runs: Mapping[CanonicalConfig, Run]
) -> float | None:
    """Return how many seconds the runs of a sweep that are not done will take, None if nobody knows."""
    states = tuple((plan.run, config in runs and runs[config].record is not None) for config, plan in planned.items())
    return _left(resources.store().path, states, planned, runs)


@st.cache_resource(max_entries=1024, show_spinner=False)
def _sample(folder: RunFolder, finished: float, metric: str, of_teacher: bool, _metric: Metric) -> Sample:
    test = folder.read_predictions().test
    return bootstrap.sample(test.teacher if of_teacher else test, _metric)


def sampler(metric: Metric, *, of_teacher: bool = False) -> Callable[[Run], Sample]:
    """Return what reads a figure of a finished run.

    Raises:
        StoreError: When it is called and the outputs of the run cannot be read.
    """

    def read(run: Run) -> Sample:
        folder = resources.runs().folder(run.id)
        return _sample(folder, run.finished or 0.0, metric.name, of_teacher, metric)

    return read


def previews(runs: Mapping[CanonicalConfig, Run], metric: Metric) -> Mapping[str, Interval]:
    """Return what those runs come to so far that have begun to learn and are not done, by their names.

    Only the primary metric is measured meanwhile.
    """
    begun = (run for run in runs.values() if run.started is not None and run.record is None)
    known = (
        (run.id, learning_curves.latest_score(resources.events(run)))
        for run in begun
        if task_of(run.config).primary == metric
    )
    return {name: preview for name, preview in known if preview is not None}


@st.cache_resource(max_entries=16, show_spinner=False)
def _cells(
    wanted: str,
    states: tuple[tuple[str, str], ...],
    metric: str,
    previews: Mapping[str, Interval],
    _metric: Metric,
    _wanted: sweep.Sweep,
    _runs: Mapping[CanonicalConfig, Run],
) -> Mapping[sweep.SweepPoint, sweep_grids.SweepCell]:
    return sweep_grids.cells(_wanted, _runs, sampler(_metric), previews=previews)


def cells(
    wanted: sweep.Sweep, runs: Mapping[CanonicalConfig, Run], metric: Metric
) -> Mapping[sweep.SweepPoint, sweep_grids.SweepCell]:
    """Return what came of every cell of a sweep, computed again only when one of its runs has come further.

    Raises:
        StoreError: If the outputs of a run cannot be read.
    """
    states = tuple((f"{resources.store().path}/{run.id}", f"{run.state} {run.created}") for run in runs.values())
    return _cells(digest(wanted), states, metric.name, previews(runs, metric), metric, wanted, runs)
