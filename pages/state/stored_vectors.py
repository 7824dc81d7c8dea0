"""The vectors that teacher and student of a finished run have of its test texts, and of a text of one's own.

Reads: a finished run, its outputs and its models. Writes: nothing. Cached values are read-only.
"""

import numpy as np
import streamlit as st

from distil_core.analysis import vectors
from distil_core.runs.families import FinishedRun
from distil_core.runs.folder import RunFolder
from pages.state import model_answers, resources


@st.cache_resource(max_entries=8, show_spinner=False)
def of_test_texts(folder: RunFolder) -> vectors.VectorTexts:
    """Return the test texts of a finished run with their vectors.

    Raises:
        StoreError: If they cannot be read.
    """
    return vectors.vector_texts(resources.test_texts(folder), resources.outputs(folder).test)


@st.cache_resource(max_entries=8, show_spinner=False)
def pairs(folder: RunFolder) -> tuple[vectors.PairLikeness, ...]:
    """Return the test pairs of a finished run; see :func:`distil_core.analysis.vectors.pair_likenesses`."""
    return vectors.pair_likenesses(resources.test_texts(folder), of_test_texts(folder))


@st.cache_resource(max_entries=8, show_spinner=False)
def queries(folder: RunFolder) -> tuple[vectors.JudgedQuery, ...]:
    """Return the test queries of a finished run; see :func:`distil_core.analysis.vectors.queries`."""
    return vectors.queries(resources.test_texts(folder), resources.outputs(folder).test, of_test_texts(folder))


def row(folder: RunFolder, number: int, *, n: int) -> vectors.SimilarityRow:
    """Return how alike a test text is to the ``n`` that come after it."""
    return vectors.similarity_row(of_test_texts(folder), number, n=n)


def of_text(outcome: FinishedRun, text: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the teacher's and the student's unit vectors of the segments of a text.

    Raises:
        DistilError: If one of the models cannot be loaded.
    """
    sites = model_answers.compare(outcome, text).sites
    return (
        vectors.units(np.array([site.teacher_logits for site in sites])),
        vectors.units(np.array([site.student_logits for site in sites])),
    )


def search(outcome: FinishedRun, query: str, *, n: int) -> tuple[vectors.RankedText, ...]:
    """Return what either model ranks first for a query among the test texts of a finished run.

    Raises:
        DistilError: If one of the models cannot be loaded.
    """
    teacher, student = of_text(outcome, query)
    folder = outcome.folder
    return vectors.search(
        of_test_texts(folder), resources.test_texts(folder), query, teacher=teacher[0], student=student[0], n=n
    )
