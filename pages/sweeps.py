"""What the What-if page keeps between reruns: named runs, their figures with all draws, and the cells of a sweep.

Bounded and keyed on names of runs, as in :mod:`pages.cache`; cached values are read-only.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import streamlit as st

from distil_core import grids, outcomes, pipeline, resampling, sweep
from distil_core.config import RunConfig, digest
from distil_core.resampling import Measure, Sample
from distil_core.runs import Run
from pages.cache import example, store


@st.cache_data(max_entries=16, ttl=60, show_spinner="Reading the corpus…")
def frame(base: str, _base: RunConfig) -> sweep.Frame:
    """Return what can be chosen for the corpus and the teacher of a run, whose digest is ``base``.

    Raises:
        DistilError: If one of them cannot be used.
    """
    return sweep.frame(_base)


@st.cache_resource(max_entries=32, ttl=60, show_spinner="Reading the corpus…")
def _planned(asked: str, _asked: grids.Sweep) -> Mapping[RunConfig, pipeline.Asked]:
    return sweep.plan(_asked)


def planned(asked: grids.Sweep) -> Mapping[RunConfig, pipeline.Asked]:
    """Return the names of all runs of a sweep; looked up again after a minute, since files may change.

    Raises:
        DistilError: If settings, corpus or teacher cannot be used, or there are too many runs.
    """
    return _planned(digest(asked), asked)


def found(planned: Mapping[RunConfig, pipeline.Asked]) -> Mapping[RunConfig, Run]:
    """Return those runs of a sweep that are there, in any state; also those that ship with the app."""
    return sweep.runs(planned, store(), example())


@st.cache_data(max_entries=64, show_spinner=False)
def _left(
    folder: Path,
    runs: tuple[tuple[str, bool], ...],
    _planned: Mapping[RunConfig, pipeline.Asked],
    _found: Mapping[RunConfig, Run],
) -> float | None:
    return sweep.seconds_left(_planned, _found, store())


def seconds_left(planned: Mapping[RunConfig, pipeline.Asked], found: Mapping[RunConfig, Run]) -> float | None:
    """Return how many seconds the runs of a sweep that are not done will take, None if nobody knows."""
    runs = tuple((asked.run, config in found and found[config].record is not None) for config, asked in planned.items())
    return _left(store().path, runs, planned, found)


@st.cache_resource(max_entries=1024, show_spinner=False)
def sample(folder: Path, finished: float, measure: Measure, label: int | None, *, of_teacher: bool) -> Sample:
    """Return a figure of a finished run or its teacher, with its draws."""
    return resampling.sample(outcomes.outputs(folder), measure, label=label, of_teacher=of_teacher)


def sampler(measure: Measure, left_out: str, *, of_teacher: bool = False) -> Callable[[Run], Sample]:
    """Return what reads a figure of a finished run.

    Raises:
        StoreError: When it is called and the outputs of the run cannot be read.
    """

    def read(run: Run) -> Sample:
        assert run.record is not None
        label = run.record.corpus.label_names.index(left_out) if left_out else None
        return sample(sweep.folder(run, store(), example()), run.finished or 0.0, measure, label, of_teacher=of_teacher)

    return read


@st.cache_resource(max_entries=16, show_spinner=False)
def _cells(
    asked: str,
    states: tuple[tuple[str, str], ...],
    measure: Measure,
    _asked: grids.Sweep,
    _found: Mapping[RunConfig, Run],
) -> Mapping[grids.Point, grids.Cell]:
    return grids.cells(_asked, _found, sampler(measure, _asked.base.corpus.left_out))


def cells(asked: grids.Sweep, found: Mapping[RunConfig, Run], measure: Measure) -> Mapping[grids.Point, grids.Cell]:
    """Return what came of every cell of a sweep, computed again only when one of its runs has changed its state.

    Raises:
        StoreError: If the outputs of a run cannot be read.
    """
    states = tuple((f"{store().path}/{run.id}", f"{run.state} {run.created}") for run in found.values())
    return _cells(digest(asked), states, measure, asked, found)
