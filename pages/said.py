"""What the Compare page keeps between reruns: answers to the test texts, their words, and how long a sentence takes.

Reads: the run store. Writes: nothing. As in :mod:`pages.cache`, every cache is bounded, and values are read-only.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from distil_core import examples, sentences
from distil_core.config import Precision
from distil_core.outcomes import Outcome
from distil_core.runs import RunState
from distil_core.slices import Slices
from pages import cache

if TYPE_CHECKING:
    import numpy as np

    from distil_core import explore


@st.cache_resource(max_entries=8, show_spinner=False)
def _answered(folder: Path, label_names: tuple[str, ...]) -> examples.Answered:
    found, texts = cache.answers(folder), cache.test_texts(folder)
    return examples.answered(
        [example.text for example in texts],
        [example.label for example in texts],
        found.teacher_test,
        found.test,
        label_names=label_names,
    )


def answered(outcome: Outcome) -> examples.Answered:
    """Return the test texts of a finished run with what it and its teacher answered.

    Raises:
        StoreError: If they cannot be read.
    """
    return _answered(outcome.folder, outcome.record.corpus.label_names)


@st.cache_resource(max_entries=4, show_spinner=False)
def _vocabulary(folder: Path, n_labels: int) -> sentences.Vocabulary:
    return sentences.vocabulary(cache.test_texts(folder), n_labels)


def vocabulary(outcome: Outcome) -> sentences.Vocabulary:
    """Return the words that are typical of each label in the test texts of a finished run."""
    return _vocabulary(outcome.folder, len(outcome.record.corpus.label_names))


def slices() -> Slices:
    """Return the filters that somebody has given a name in this store."""
    return Slices(cache.store().path)


_ONE_AT_A_TIME = threading.Lock()


class _Timed:
    """How long two models take for a sentence, once that has been measured."""

    def __init__(self) -> None:
        self.timing: explore.Timing | None = None


@st.cache_resource(max_entries=1000, show_spinner=False)
def _timed(run_id: str, folder: Path, text: str, busy: bool) -> _Timed:
    return _Timed()


def timing(outcome: Outcome, text: str, *, between: Callable[[], object]) -> "tuple[explore.Timing, bool]":
    """Time both models of a finished run on a sentence, and tell whether a run was being computed meanwhile.

    It is measured once, and once more when nothing else is computed any longer; no two sentences at a time.

    Args:
        outcome: The run.
        text: The sentence.
        between: Called between passes and while another sentence is measured; may raise, to stop.
    """
    busy = cache.store().counts()[RunState.RUNNING] > 0
    kept = _timed(outcome.run, outcome.folder, text, busy)
    if kept.timing is None:
        pair = cache.pair(outcome)
        from distil_core import explore

        while not _ONE_AT_A_TIME.acquire(timeout=0.05):
            between()
        try:
            kept.timing = explore.timing(pair, text, between=between)
        finally:
            _ONE_AT_A_TIME.release()
    return kept.timing, busy


@st.cache_resource(show_spinner=False)
def bf16_pays() -> bool:
    """Say whether the models answer faster in bf16 here than in fp32."""
    from distil_core import models

    return models.bf16_pays(models.default_device())


def answering(
    outcome: Outcome, texts: Sequence[str], *, precision: Precision
) -> "Iterator[tuple[np.ndarray, np.ndarray]]":
    """Put many sentences to both models of a finished run, some at a time; yields the logits of teacher and student.

    Raises:
        DistilError: If one of them cannot be loaded.
    """
    pair = cache.pair(outcome)
    from distil_core import explore

    return explore.answers(pair, texts, precision=precision)
