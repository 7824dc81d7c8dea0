"""What teacher and student of a finished run expect where words are masked.

Reads: a finished run and its models. Writes: nothing. Cached values are read-only.
"""

from typing import TYPE_CHECKING

import streamlit as st

from distil_core.runs.families import FinishedRun
from distil_core.runs.folder import RunFolder
from pages.state import resources

if TYPE_CHECKING:
    from distil_core.analysis import masked_words


@st.cache_resource(max_entries=300, show_spinner=False)
def _masks(run_id: str, folder: RunFolder, text: str, _outcome: FinishedRun) -> "tuple[masked_words.MaskReading, ...]":
    pair = resources.model_pair(_outcome)
    from distil_core.analysis import masked_words

    return masked_words.read_masks(pair, text)


def read(outcome: FinishedRun, text: str) -> "tuple[masked_words.MaskReading, ...]":
    """Return what both models expect at each mask of a text.

    Raises:
        DistilError: If a model cannot be loaded, or there is no mask.
    """
    return _masks(outcome.run, outcome.folder, text, outcome)


@st.cache_resource(max_entries=300, show_spinner=False)
def _surprises(
    run_id: str, folder: RunFolder, text: str, _outcome: FinishedRun
) -> "tuple[masked_words.WordSurprise, ...]":
    pair = resources.model_pair(_outcome)
    from distil_core.analysis import masked_words

    return masked_words.surprises(pair, text)


def surprises(outcome: FinishedRun, text: str) -> "tuple[masked_words.WordSurprise, ...]":
    """Return how much each word of a text surprises both models.

    Raises:
        DistilError: If a model cannot be loaded, or there is no word.
    """
    return _surprises(outcome.run, outcome.folder, text, outcome)
