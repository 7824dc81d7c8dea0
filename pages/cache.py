"""What the pages share and keep between reruns; every cache is bounded and keyed on names of runs, never on tensors.

Cached values are read-only: all sessions get the same object.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from distil_core import attention, calibration, corpora, figures, jobs, outcomes, pipeline, softness, summary
from distil_core.cache import Cache
from distil_core.config import RunConfig, RunKind
from distil_core.corpora.files import path_of
from distil_core.outcomes import Example, Family, Outcome, Outputs
from distil_core.records import Event, RunRecord
from distil_core.runs import Run, RunStore, default_folder

if TYPE_CHECKING:
    from distil_core import explore

SHIPPED = ("shipped", "minilm")
"""Teachers that are found without a network."""


@st.cache_resource(max_entries=4, show_spinner=False)
def _open(folder: Path) -> RunStore:
    store = RunStore(folder)
    jobs.recover(store)
    return store


def store() -> RunStore:
    """Return the run store; runs whose worker has died meanwhile count as interrupted."""
    return _open(default_folder())


@st.cache_resource(max_entries=2, show_spinner=False)
def _example(folder: Path) -> Family | None:
    return outcomes.example(folder)


def example() -> Family | None:
    """Return the run that ships with the app."""
    folder = outcomes.example_folder()
    return None if folder is None else _example(folder)


def family(run_id: str) -> Family | None:
    """Return a finished run with its twins, or None if it is not there or not finished."""
    if run_id == outcomes.EXAMPLE:
        return example()
    run = store().find(run_id)
    return None if run is None else outcomes.family(run, store())


@st.cache_resource(max_entries=16, show_spinner=False)
def answers(folder: Path) -> Outputs:
    """Return what a finished run and its teacher answered on the validation and test texts."""
    return outcomes.outputs(folder)


@st.cache_resource(max_entries=8, show_spinner=False)
def test_texts(folder: Path) -> tuple[Example, ...]:
    """Return the test texts of a finished run."""
    return outcomes.test_texts(folder)


def gap(found: Family) -> summary.Difference | None:
    """Return the paired difference between a student and its twin without a teacher, where both can be read."""
    return summary.gap(found, answers)


class _Log:
    """The events of a run as far as they have been read."""

    def __init__(self) -> None:
        self.last = 0
        self.events: tuple[Event, ...] = ()


@st.cache_resource(max_entries=64, show_spinner=False)
def _log(folder: Path, run_id: str, created: float) -> _Log:
    return _Log()


def events(run: Run) -> tuple[Event, ...]:
    """Return all events of a run, reading only what is new."""
    log = _log(store().path, run.id, run.created)
    if new := store().events(run.id, after=log.last):
        fresh = tuple(event for number, event in new if number > log.last)
        log.last, log.events = new[-1][0], log.events + fresh
    return log.events


@st.cache_resource(max_entries=8, show_spinner=False)
def example_events(folder: Path) -> tuple[Event, ...]:
    """Return the events of a run that ships with the app."""
    return outcomes.read_events(folder / "events.jsonl")


@st.cache_resource(max_entries=32, show_spinner=False)
def curve_figures(
    key: tuple[object, ...], n_epochs: float, _curves: Mapping[RunKind, outcomes.Curves]
) -> tuple[figures.Figure, figures.Figure]:
    """Return the loss and the validation figure; all who watch the same run get the same two."""
    loss = figures.loss(_curves[next(iter(_curves))], n_epochs=n_epochs)
    return loss, figures.validation(_curves, names=summary.NAMES, n_epochs=n_epochs)


@st.cache_data(max_entries=8, show_spinner="Reading the file…")
def preview(path: Path, *, plain: bool = False) -> corpora.FilePreview:
    """Return the first rows of an uploaded file, and which columns would be taken; see :func:`corpora.preview`."""
    return corpora.preview(path, plain=plain)


@st.cache_data(max_entries=64, ttl=60, show_spinner=False)
def _estimate(folder: Path, n_done: int, config: str, _config: RunConfig) -> float | None:
    return pipeline.estimate_seconds(_config, store())


def estimate(config: RunConfig) -> float | None:
    """Return how many seconds a run and its twins will take, 0 if they are done, None if nobody knows.

    What lies on the hub is not fetched for it.

    Raises:
        DistilError: If settings, corpus or teacher cannot be used.
    """
    source = config.teacher.source
    if config.corpus.source.startswith("hub:") or not (source in SHIPPED or path_of(source).is_dir()):
        return None
    n_done = sum(run.record is not None for run in store().list())
    return _estimate(store().path, n_done, repr(config), config)


@st.cache_resource(max_entries=3, show_spinner="Loading teacher and student…")
def _pair(run_id: str, folder: Path, _record: RunRecord) -> "explore.Pair":
    from distil_core import explore

    return explore.load_pair(folder, record=_record, cache=kept())


def pair(outcome: Outcome) -> "explore.Pair":
    """Return teacher and student of a finished run; they are loaded once for all sessions, and read-only.

    Raises:
        DistilError: If one of them cannot be loaded.
    """
    return _pair(outcome.run, outcome.folder, outcome.record)


@st.cache_resource(max_entries=1000, show_spinner=False)
def _comparison(run_id: str, folder: Path, text: str, _outcome: Outcome) -> "explore.Comparison":
    both = pair(_outcome)
    from distil_core import explore

    return explore.compare(both, text)


def compare(outcome: Outcome, text: str) -> "explore.Comparison":
    """Put a sentence to teacher and student of a finished run; the two are loaded once for all sessions.

    Raises:
        DistilError: If one of them cannot be loaded.
    """
    return _comparison(outcome.run, outcome.folder, text, outcome)


@st.cache_resource(max_entries=4, show_spinner="Teacher and student read…")
def _reading(run_id: str, folder: Path, text: str, _record: RunRecord) -> attention.Reading:
    from distil_core import reading

    return reading.read(_pair(run_id, folder, _record), text)


def reading(outcome: Outcome, text: str) -> attention.Reading:
    """Return what teacher and student of a finished run look at in a text.

    Raises:
        DistilError: If one of them cannot be loaded, or nothing in the text can be read.
    """
    return _reading(outcome.run, outcome.folder, text, outcome.record)


@st.cache_resource(max_entries=4, show_spinner="Comparing all heads…")
def _view(run_id: str, folder: Path, text: str, special: bool, _reading: attention.Reading) -> attention.View:
    return attention.view(_reading, special=special)


def view(outcome: Outcome, text: str, *, special: bool) -> attention.View:
    """Return the same with all that follows from it, with special tokens or without.

    Raises:
        DistilError: As :func:`reading` does.
    """
    return _view(outcome.run, outcome.folder, text, special, reading(outcome, text))


@st.cache_resource(max_entries=16, show_spinner=False)
def _thumbnails(run_id: str, folder: Path, text: str, special: bool, of_teacher: bool, _view: attention.View) -> str:
    from distil_core.figures import attention as drawn

    return drawn.thumbnails((_view.teacher if of_teacher else _view.student).maps)


def thumbnails(outcome: Outcome, text: str, *, special: bool, of_teacher: bool) -> str:
    """Return all heads of one model as an image."""
    found = view(outcome, text, special=special)
    return _thumbnails(outcome.run, outcome.folder, text, special, of_teacher, found)


@st.cache_resource(max_entries=8, show_spinner="Both models read test texts…")
def _hidden_similarity(run_id: str, folder: Path, _record: RunRecord) -> attention.LayerSimilarity:
    from distil_core import reading

    texts = [example.text for example in test_texts(folder)]
    return reading.hidden_similarity(_pair(run_id, folder, _record), texts)


def hidden_similarity(outcome: Outcome) -> attention.LayerSimilarity:
    """Return how alike the hidden states of teacher and student of a finished run are, layer by layer.

    Raises:
        DistilError: If the test texts cannot be read, or one of the models cannot be loaded.
    """
    return _hidden_similarity(outcome.run, outcome.folder, outcome.record)


@st.cache_resource(max_entries=32, show_spinner="Leaving out one word at a time…")
def _left_out(run_id: str, folder: Path, text: str, _record: RunRecord) -> attention.LeftOut:
    from distil_core import reading

    return reading.leave_out(_pair(run_id, folder, _record), text)


def left_out(outcome: Outcome, text: str) -> attention.LeftOut:
    """Return how the answers of teacher and student of a finished run change without each word of a text.

    Raises:
        DistilError: As :func:`reading` does.
    """
    return _left_out(outcome.run, outcome.folder, text, outcome.record)


def kept() -> Cache:
    """Return what the store keeps beside its runs: fine-tuned teachers and what teachers said."""
    return Cache(store().path / "cache")


@st.cache_resource(max_entries=64, show_spinner="Asking teacher and student…")
def _compared(run_id: str, text: str, _outcome: Outcome) -> tuple[tuple[float, ...], tuple[float, ...]]:
    comparison = compare(_outcome, text)
    return comparison.teacher_logits, comparison.student_logits


def logits(outcome: Outcome, text: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return what teacher and student of a finished run answer to a text; no model is loaded for a test text.

    Raises:
        DistilError: If the run's files cannot be read, or one of the models cannot be loaded.
    """
    known = softness.stored(text, answers(outcome.folder), test_texts(outcome.folder))
    return known or _compared(outcome.run, text, outcome)


@st.cache_resource(max_entries=8, show_spinner=False)
def telling(folder: Path) -> dict[str, Example]:
    """Return test texts of which the teacher is sure, hesitant and torn."""
    return softness.telling(answers(folder), test_texts(folder))


@st.cache_resource(max_entries=8, show_spinner="Softening all test texts…")
def softened(folder: Path) -> softness.Softened:
    """Return what teacher and student of a finished run are over all temperatures."""
    return softness.over_temperatures(answers(folder))


@st.cache_resource(max_entries=16, show_spinner=False)
def dark_knowledge(folder: Path, twin: Path | None, temperature: float) -> dict[str, softness.Leftover]:
    """Return where teacher, student and the twin without a teacher put what they do not give to the right label.

    Raises:
        DistilError: If the outputs cannot be read.
    """
    own = answers(folder)
    models = {summary.NAMES[RunKind.DISTILLED]: own.test}
    if twin is not None:
        models[summary.NAMES[RunKind.HARD_LABELS]] = answers(twin).test
    return softness.dark_knowledge(own.teacher_test, models, own.test_labels, temperature=temperature)


@st.cache_resource(max_entries=8, show_spinner="Looking for the temperature that calibrates…")
def scalings(folder: Path, twin: Path | None) -> dict[RunKind | None, calibration.Scaling]:
    """Return the calibration of teacher (None), student and the twin without a teacher, as they are and scaled.

    Raises:
        DistilError: If the outputs cannot be read, or there are no texts.
    """
    own = answers(folder)
    models = {None: (own.teacher_validation, own.teacher_test), RunKind.DISTILLED: (own.validation, own.test)}
    if twin is not None:
        models[RunKind.HARD_LABELS] = answers(twin).validation, answers(twin).test
    return {
        kind: calibration.scaling(validation, own.validation_labels, test, own.test_labels)
        for kind, (validation, test) in models.items()
    }


@st.cache_resource(max_entries=8, show_spinner="Measuring gradients…")
def _gradients(run_id: str, folder: Path, _record: RunRecord) -> softness.GradientNorms:
    from distil_core import gradients

    return gradients.of_run(folder, record=_record, answers=answers(folder), texts=test_texts(folder))


def gradient_norms(outcome: Outcome) -> softness.GradientNorms:
    """Return how hard each part of the loss pulls at the student of a finished run, over the temperature.

    Raises:
        DistilError: If the run's files cannot be read, or its student cannot be loaded.
    """
    return _gradients(outcome.run, outcome.folder, outcome.record)
