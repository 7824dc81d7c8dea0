"""The answers of both models to a question: marked in the context, with how probable each word is as start and end.

Reads: a finished run and its models. Writes: nothing.
"""

from typing import TYPE_CHECKING

import streamlit as st

from distil_core.analysis.answer_spans import AnswerReading, SpanAnswer
from distil_core.errors import DistilError
from distil_core.reporting import formatting
from distil_core.reporting.figures import answers as figures
from distil_core.runs.families import FinishedRun
from pages.sections import charts, messages
from pages.state import model_answers

if TYPE_CHECKING:
    from distil_core.analysis.model_pair import TextComparison


def show(outcome: FinishedRun, text: str, comparison: "TextComparison") -> None:
    """Show the answers of teacher and student in the context, and the curves of their starts and ends."""
    try:
        reading = model_answers.read_spans(outcome, text)
    except DistilError as error:
        messages.problem(error)
        return
    for column, name, answer, color in zip(
        st.columns(2),
        ("Teacher", "Student"),
        (reading.teacher, reading.student),
        ("blue", "orange"),
        strict=True,
    ):
        with column.container(border=True, height="stretch", gap="xsmall"):
            _answer(reading, answer, name, color)
    if reading.n_windows > 1:
        st.caption(
            f"The context is longer than the models read at once: they read it in {reading.n_windows} parts that "
            "overlap, and the best answer of all parts counts. A curve shows the part in which a word is likeliest."
        )
    teacher, student = reading.teacher, reading.student
    charts.show(
        "Start and end: how probable each word is as one of them",
        figures.start_and_end(reading),
        key="compare.spans",
        alt="Probability of each word as the start and as the end of the answer, by teacher and student",
        header=("word", "teacher: start", "student: start", "teacher: end", "student: end"),
        rows=list(zip(reading.words, teacher.starts, student.starts, teacher.ends, student.ends, strict=True)),
    )


def _answer(reading: AnswerReading, answer: SpanAnswer, name: str, color: str) -> None:
    context, escaped = reading.context, formatting.escaped
    if answer.is_empty:
        st.markdown(f"**{name}** · no answer in the context")
        st.markdown(escaped(context))
    else:
        marked = escaped(context[answer.start : answer.end]).replace("[", r"\[").replace("]", r"\]")
        st.markdown(f"**{name}** · {marked}")
        st.markdown(
            f"{escaped(context[: answer.start])}:{color}-background[**{marked}**]{escaped(context[answer.end :])}"
        )
    st.caption(f"{formatting.percent(answer.nothing)} sure that there is no answer")
