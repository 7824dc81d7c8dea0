"""What teacher and student of a finished run answer: to a sentence, to many, to the test texts, and how quickly.

Reads: a finished run, its outputs and its models. Writes: nothing. Cached values are read-only.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from distil_core.analysis import answer_spans, edits, error_analysis
from distil_core.analysis import novelty as novelties
from distil_core.analysis.stored_answers import stored_answers
from distil_core.runs.families import FinishedRun
from distil_core.runs.folder import RunFolder
from distil_core.runs.record import RunRecord
from distil_core.runs.rows import RunState
from distil_core.settings.config import Precision
from pages.state import resources

if TYPE_CHECKING:
    from distil_core.analysis import model_pair


@st.cache_resource(max_entries=1000, show_spinner=False)
def _comparison(run_id: str, folder: RunFolder, text: str, _outcome: FinishedRun) -> "model_pair.TextComparison":
    pair = resources.model_pair(_outcome)
    from distil_core.analysis import model_pair

    return model_pair.compare(pair, text)


def compare(outcome: FinishedRun, text: str) -> "model_pair.TextComparison":
    """Put a sentence to teacher and student of a finished run; the two are loaded once for all sessions.

    Raises:
        DistilError: If one of them cannot be loaded.
    """
    return _comparison(outcome.run, outcome.folder, text, outcome)


@st.cache_resource(max_entries=1000, show_spinner=False)
def _answer_spans(run_id: str, folder: RunFolder, text: str, _outcome: FinishedRun) -> answer_spans.AnswerReading:
    pair = resources.model_pair(_outcome)
    from distil_core.analysis import model_pair

    # Where each test question has an answer, the models have never learned to say that there is none.
    may_be_empty = any(not example.label for example in resources.test_texts(folder))
    return model_pair.answer_reading(pair, text, may_be_empty=may_be_empty)


def read_spans(outcome: FinishedRun, text: str) -> answer_spans.AnswerReading:
    """Return where teacher and student of a finished run see the answer to a question.

    Raises:
        DistilError: If one of them cannot be loaded, or the question leaves no room for its context.
    """
    return _answer_spans(outcome.run, outcome.folder, text, outcome)


def stream(outcome: FinishedRun, texts: Sequence[str], *, precision: Precision) -> "Iterator[error_analysis.Answers]":
    """Put many sentences to both models of a finished run; yields what they answered to some of them at a time.

    Raises:
        DistilError: If one of them cannot be loaded.
    """
    pair = resources.model_pair(outcome)
    from distil_core.analysis import model_pair

    return model_pair.answer_texts(pair, texts, precision=precision)


@st.cache_resource(show_spinner=False)
def bf16_pays() -> bool:
    """Say whether the models answer faster in bf16 here than in fp32."""
    from distil_core.models import devices

    return devices.bf16_pays(devices.default_device())


@st.cache_resource(max_entries=8, show_spinner=False)
def _of_test_texts(folder: RunFolder, _record: RunRecord) -> error_analysis.AnsweredTexts:
    test, texts = resources.outputs(folder).test, resources.test_texts(folder)
    return stored_answers(folder, record=_record, texts=texts, test=test)


def of_test_texts(outcome: FinishedRun) -> error_analysis.AnsweredTexts:
    """Return the test texts of a finished run with what it and its teacher answered.

    Raises:
        StoreError: If they cannot be read.
    """
    return _of_test_texts(outcome.folder, outcome.record)


@st.cache_resource(max_entries=4, show_spinner=False)
def _vocabulary(folder: RunFolder, _record: RunRecord) -> edits.Vocabulary:
    return edits.vocabulary(_of_test_texts(folder, _record))


def vocabulary(outcome: FinishedRun) -> edits.Vocabulary:
    """Return the words that are typical of each label in the test texts of a finished run."""
    return _vocabulary(outcome.folder, outcome.record)


@st.cache_resource(max_entries=4, show_spinner=False)
def _known_words(folder: RunFolder) -> novelties.KnownWords:
    return novelties.known_words([example.text for example in resources.test_texts(folder)])


def novelty(outcome: FinishedRun, text: str) -> novelties.Novelty | None:
    """Return what is new in a text that is unlike the test texts of a finished run, else nothing."""
    return novelties.novelty(text, _known_words(outcome.folder))


_ONE_AT_A_TIME = threading.Lock()


class _Measured:
    """How long two models take for a sentence, once that has been measured."""

    def __init__(self) -> None:
        self.timing: model_pair.PairTiming | None = None


@st.cache_resource(max_entries=1000, show_spinner=False)
def _measured(run_id: str, folder: RunFolder, text: str, busy: bool) -> _Measured:
    return _Measured()


def timing(outcome: FinishedRun, text: str, *, between: Callable[[], object]) -> "tuple[model_pair.PairTiming, bool]":
    """Time both models of a finished run on a sentence, and tell whether a run was being computed meanwhile.

    It is measured once, and once more when nothing else is computed any longer; no two sentences at a time.

    Args:
        outcome: The run.
        text: The sentence.
        between: Called between passes and while another sentence is measured; may raise, to stop.
    """
    busy = resources.store().counts()[RunState.RUNNING] > 0
    measured = _measured(outcome.run, outcome.folder, text, busy)
    if measured.timing is None:
        pair = resources.model_pair(outcome)
        from distil_core.analysis import model_pair

        while not _ONE_AT_A_TIME.acquire(timeout=0.05):
            between()
        try:
            measured.timing = model_pair.timing(pair, text, between=between)
        finally:
            _ONE_AT_A_TIME.release()
    return measured.timing, busy
