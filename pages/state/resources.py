"""The run store, finished runs with their events and outputs, and their models: loaded once for all sessions.

Reads: the run store and the runs that ship with the app. Writes: nothing, except that runs whose worker has died are
marked as interrupted. Cached values are read-only: all sessions get the same object.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from distil_core.analysis import comparison, learning_curves
from distil_core.analysis.slices import Slices
from distil_core.data import files
from distil_core.data.corpus import LabeledText
from distil_core.data.files import path_of
from distil_core.evaluation import bootstrap
from distil_core.evaluation.bootstrap import Sample
from distil_core.evaluation.metrics import Metric
from distil_core.evaluation.predictions import Predictions
from distil_core.reporting.figures import curves, theme
from distil_core.runs import estimates, families, requests, sources, workers
from distil_core.runs.families import Family, FinishedRun
from distil_core.runs.folder import RunFolder
from distil_core.runs.ownership import default_folder
from distil_core.runs.record import RunRecord
from distil_core.runs.rows import Run
from distil_core.runs.sources import CombinedRuns, ShippedRuns
from distil_core.runs.store import RunStore
from distil_core.settings.config import Method, RunConfig
from distil_core.tasks import corpora
from distil_core.tasks.task import Task
from distil_core.training.cache import Cache
from distil_core.training.events import Event

if TYPE_CHECKING:
    from distil_core.analysis import model_pair as analysis_model_pair

OFFLINE_TEACHERS = ("shipped", "shipped-words", "minilm")
"""Teachers that can be loaded without a network."""


@st.cache_resource(max_entries=4, show_spinner=False)
def _open(folder: Path) -> RunStore:
    store = RunStore(folder)
    workers.recover(store)
    return store


def store() -> RunStore:
    """Return the run store, to change it; runs whose worker has died meanwhile count as interrupted."""
    return _open(default_folder())


@st.cache_resource(max_entries=2, show_spinner=False)
def _shipped(folder: Path) -> ShippedRuns:
    return ShippedRuns(folder)


def runs() -> CombinedRuns:
    """Return all runs, to read them: those that ship with the app, then those of the store, the newest first."""
    return CombinedRuns(_shipped(sources.shipped_folder()), store())


def computed() -> Cache:
    """Return what the store keeps beside its runs: fine-tuned teachers and what teachers said."""
    return Cache(store().layout.cache)


def slices() -> Slices:
    """Return the filters that somebody has named in this store."""
    return Slices(store().layout.slices)


def family(run_id: str) -> Family | None:
    """Return a finished run with its twins, or None if it is not there or not finished."""
    run = runs().find(run_id)
    return None if run is None else families.family(run, runs())


@st.cache_resource(max_entries=16, show_spinner=False)
def outputs(folder: RunFolder) -> Predictions:
    """Return what a finished run and its teacher answered on the validation and test texts."""
    return folder.read_predictions()


@st.cache_resource(max_entries=1024, show_spinner=False)
def _sample(folder: RunFolder, metric: str, _metric: Metric) -> Sample:
    return bootstrap.sample(folder.read_predictions().test, _metric)


def sample(folder: RunFolder, metric: Metric) -> Sample:
    """Return a figure of a finished run on its test texts, with its draws."""
    return _sample(folder, metric.name, metric)


@st.cache_resource(max_entries=8, show_spinner=False)
def test_texts(folder: RunFolder) -> tuple[LabeledText, ...]:
    """Return the test texts of a finished run."""
    return folder.read_test_texts()


@st.cache_resource(max_entries=64, show_spinner=False)
def _teacher_sample(folder: RunFolder, metric: str, _metric: Metric) -> Sample:
    return bootstrap.sample(folder.read_predictions().test.teacher, _metric)


def teacher_sample(folder: RunFolder, metric: Metric) -> Sample:
    """Return a figure of the teacher of a finished run on its test texts, with its draws."""
    return _teacher_sample(folder, metric.name, metric)


class _Log:
    """The events of a run as far as they have been read."""

    def __init__(self) -> None:
        self.last = 0
        self.events: tuple[Event, ...] = ()


@st.cache_resource(max_entries=256, show_spinner=False)
def _log(folder: RunFolder, created: float) -> _Log:
    return _Log()


def events(run: Run) -> tuple[Event, ...]:
    """Return all events of a run, reading only what is new."""
    source = runs()
    log = _log(source.folder(run.id), run.created)
    if new := source.events(run.id, after=log.last):
        fresh = tuple(event for number, event in new if number > log.last)
        log.last, log.events = new[-1][0], log.events + fresh
    return log.events


@st.cache_resource(max_entries=32, show_spinner=False)
def curve_figures(
    key: tuple[object, ...], n_epochs: float, _task: Task, _curves: Mapping[Method, learning_curves.Curves]
) -> tuple[theme.Figure, theme.Figure]:
    """Return the loss and the validation figure; all who watch the same run get the same two."""
    loss = curves.loss(_curves[next(iter(_curves))], n_epochs=n_epochs, names=_task.loss_parts)
    return loss, curves.validation(_curves, metric=_task.monitored, names=comparison.NAMES, n_epochs=n_epochs)


@st.cache_data(max_entries=8, show_spinner="Reading the file…")
def preview(path: Path, *, plain: bool = False) -> files.FilePreview:
    """Return the first rows of an uploaded file, and which columns would be taken; see :func:`files.preview`."""
    return files.preview(path, plain=plain)


@st.cache_data(max_entries=8, show_spinner=False)
def recognized_task(path: Path) -> str | None:
    """Return the task whose columns an uploaded file has; see :func:`corpora.recognized_task`."""
    return corpora.recognized_task(str(path))


@st.cache_data(max_entries=64, ttl=60, show_spinner=False)
def _estimate(folder: Path, n_done: int, config: str, _config: RunConfig) -> float | None:
    return estimates.estimate_seconds(_config, runs())


def estimate(config: RunConfig) -> float | None:
    """Return how many seconds a run and its twins will take, 0 if they are done, None if nobody knows.

    What lies on the hub is not fetched for it.

    Raises:
        DistilError: If settings, corpus or teacher cannot be used.
    """
    source = config.teacher.source
    if config.corpus.source.startswith("hub:") or not (source in OFFLINE_TEACHERS or path_of(source).is_dir()):
        return None
    n_done = sum(run.record is not None for run in store().list())
    return _estimate(store().path, n_done, repr(config), config)


def corpus_notes(config: RunConfig) -> tuple[str, ...]:
    """Return what a reader should know of how a corpus is read; nothing of one on the hub, which is not fetched for it.

    Raises:
        DistilError: If it cannot be used.
    """
    return () if config.corpus.source.startswith("hub:") else requests.corpus_notes(config)


@st.cache_resource(max_entries=3, show_spinner="Loading teacher and student…")
def _model_pair(run_id: str, folder: RunFolder, _record: RunRecord) -> "analysis_model_pair.ModelPair":
    from distil_core.analysis import model_pair as analysis_model_pair

    return analysis_model_pair.load_pair(folder, record=_record, cache=computed())


def model_pair(outcome: FinishedRun) -> "analysis_model_pair.ModelPair":
    """Return teacher and student of a finished run; they are loaded once for all sessions, and read-only.

    Raises:
        DistilError: If one of them cannot be loaded.
    """
    return _model_pair(outcome.run, outcome.folder, outcome.record)
