"""Texts with both models' answers: as a ranked table, how often each label is answered, and which answers meet.

Reads: its arguments. Writes: the sentence of the Compare page, and two of its filters.
"""

import pandas as pd
import streamlit as st

from distil_core.analysis import error_analysis
from distil_core.analysis.error_analysis import AnsweredTexts, Confusion, Filter
from distil_core.reporting import example_tables
from distil_core.reporting.figures import cells
from distil_core.reporting.figures import error_analysis as figures
from pages.sections import charts, example_filter, explained, pickers, sentence_edits

MAX_SHOWN, MAX_LABELS = 500, 11
KL_COLUMN = st.column_config.NumberColumn(
    format="%.3f", help="KL divergence: how far the student's probabilities are from the teacher's; 0 is the same."
)
COLUMNS = {
    "Text": st.column_config.TextColumn(width="large"),
    # Or long names would push what the texts are ranked by out of sight.
    **dict.fromkeys(("Label", "Teacher", "Student"), st.column_config.TextColumn(width="medium")),
    "KL (nats)": KL_COLUMN,
}


def table(answered: AnsweredTexts, shown: list[int], *, key: str) -> None:
    """Show texts with both answers; picking one asks both models about it."""

    def take() -> None:
        rows = st.session_state[key].selection.rows
        if rows and rows[0] < len(shown):
            sentence_edits.start(answered.texts[shown[rows[0]]])
            pickers.put_place(answered, shown[rows[0]], key=sentence_edits.PLACE)
            st.rerun("compare.ask")

    explained.dataframe(
        pd.DataFrame(example_tables.example_rows(answered, shown)),
        key=key,
        height=min(38 + 35 * len(shown), 420),
        selection_mode="single-row",
        on_select=take,
        column_config=COLUMNS,
        alt="Texts ranked by KL divergence: how far the student's probabilities are from the teacher's",
    )


def label_counts(answered: AnsweredTexts, *, key: str) -> None:
    """Show how often teacher and student answer each label."""
    rows = example_tables.answer_count_rows(answered)
    few = "" if len(rows) <= MAX_LABELS else f", the {MAX_LABELS} commonest"
    charts.show(
        f"Predicted labels: what they answer{few}",
        figures.counts(rows[:MAX_LABELS], unit="Places" if answered.several else "Sentences"),
        key=key,
        alt="How often teacher and student answer each label",
        header=("label", "teacher", "student"),
        rows=rows,
    )


def confusion(answered: AnsweredTexts, *, key: str, wanted: Filter | None = None) -> None:
    """Show which answers of the student meet which of the teacher; with a filter, a press on a cell changes it."""
    matrix = error_analysis.confusion(answered)
    chosen = None if wanted is None else _cell(matrix, wanted)

    def take() -> None:
        cell = cells.picked(st.session_state[key], rows=len(matrix.names), columns=len(matrix.names))
        teacher, student = (None, None) if cell is None or cell == chosen else (matrix.labels[i] for i in cell)
        st.session_state[example_filter.TEACHER] = None if teacher is None else answered.label_names[teacher]
        st.session_state[example_filter.STUDENT] = None if student is None else answered.label_names[student]

    charts.show(
        "Confusion matrix: which answers meet" + ("" if wanted is None else " · press to filter"),
        figures.confusion(matrix, chosen=chosen, unit=answered.unit),
        key=key,
        alt="Confusion matrix: how often each answer of the student meets each answer of the teacher",
        header=("teacher", "student", answered.unit),
        rows=example_tables.confusion_rows(answered),
        on_select=None if wanted is None else take,
    )


def _cell(matrix: Confusion, wanted: Filter) -> cells.GridIndex | None:
    """Return the cell of the two answers that a filter names, if it names both and they have a cell of their own."""
    places = {name: place for place, name in enumerate(matrix.names)}
    row, column = places.get(wanted.teacher), places.get(wanted.student)
    return None if row is None or column is None else (row, column)
