"""What teacher and student of a finished run look at in a text, and all that follows from it.

Reads: a finished run, its models. Writes: nothing. Cached values are read-only.
"""

import streamlit as st

from distil_core.analysis import attention
from distil_core.runs.families import FinishedRun
from distil_core.runs.folder import RunFolder
from pages.state import resources


@st.cache_resource(max_entries=4, show_spinner="Teacher and student read…")
def _reading(run_id: str, folder: RunFolder, text: str, part: int, _outcome: FinishedRun) -> attention.AttentionReading:
    from distil_core.analysis import attention_reading

    return attention_reading.read_attention(resources.model_pair(_outcome), text, part=part)


def reading(outcome: FinishedRun, text: str, *, part: int = 0) -> attention.AttentionReading:
    """Return what teacher and student of a finished run look at in a text, or in a part of it.

    Raises:
        DistilError: If one of them cannot be loaded, or nothing in the text can be read.
    """
    return _reading(outcome.run, outcome.folder, text, part, outcome)


@st.cache_resource(max_entries=4, show_spinner="Comparing all heads…")
def _view(
    run_id: str, folder: RunFolder, text: str, part: int, special: bool, _reading: attention.AttentionReading
) -> attention.AttentionView:
    return attention.view(_reading, special=special)


def view(outcome: FinishedRun, text: str, *, special: bool, part: int = 0) -> attention.AttentionView:
    """Return the same with all that follows from it, with special tokens or without.

    Raises:
        DistilError: As :func:`reading` does.
    """
    return _view(outcome.run, outcome.folder, text, part, special, reading(outcome, text, part=part))


@st.cache_resource(max_entries=16, show_spinner=False)
def _thumbnails(
    run_id: str,
    folder: RunFolder,
    text: str,
    part: int,
    special: bool,
    of_teacher: bool,
    _view: attention.AttentionView,
) -> str:
    from distil_core.reporting.figures import attention as drawn

    return drawn.thumbnails((_view.teacher if of_teacher else _view.student).maps)


def thumbnails(outcome: FinishedRun, text: str, *, special: bool, of_teacher: bool, part: int = 0) -> str:
    """Return all heads of one model as an image."""
    both = view(outcome, text, special=special, part=part)
    return _thumbnails(outcome.run, outcome.folder, text, part, special, of_teacher, both)


@st.cache_resource(max_entries=8, show_spinner="Both models read test texts…")
def _hidden_similarity(run_id: str, folder: RunFolder, _outcome: FinishedRun) -> attention.LayerSimilarity:
    from distil_core.analysis import attention_reading

    texts = [example.text for example in resources.test_texts(folder)]
    return attention_reading.hidden_similarity(resources.model_pair(_outcome), texts)


def hidden_similarity(outcome: FinishedRun) -> attention.LayerSimilarity:
    """Return how alike the hidden states of teacher and student of a finished run are, layer by layer.

    Raises:
        DistilError: If the test texts cannot be read, or one of the models cannot be loaded.
    """
    return _hidden_similarity(outcome.run, outcome.folder, outcome)


@st.cache_resource(max_entries=32, show_spinner="Leaving out one word at a time…")
def _left_out(run_id: str, folder: RunFolder, text: str, site: int, _outcome: FinishedRun) -> attention.OcclusionPair:
    from distil_core.analysis import attention_reading

    return attention_reading.occlude(resources.model_pair(_outcome), text, site=site)


def left_out(outcome: FinishedRun, text: str, *, site: int) -> attention.OcclusionPair:
    """Return how the answers of teacher and student of a finished run at a site change without each word of a text.

    Raises:
        DistilError: As :func:`reading` does.
    """
    return _left_out(outcome.run, outcome.folder, text, site, outcome)
