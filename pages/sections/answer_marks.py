"""The answers of both models to a question: marked in the context, with how probable each word is as start and end.

Reads: a finished run, its models and its test texts. Writes: the text of the Compare page.
"""

from typing import TYPE_CHECKING

import streamlit as st

from distil_core.analysis import answer_spans
from distil_core.analysis.answer_spans import AnswerReading, SpanAnswer
from distil_core.errors import DistilError
from distil_core.reporting import formatting
from distil_core.reporting.figures import answers as figures
from distil_core.runs.families import FinishedRun
from pages.sections import charts, pickers, sentence_edits
from pages.state import model_answers, resources

if TYPE_CHECKING:
    from distil_core.analysis.model_pair import TextComparison

MAX_OFFERED = 12


def show(outcome: FinishedRun, text: str, comparison: "TextComparison") -> None:
    """Show the answers of teacher and student in the context, and the curves of their starts and ends."""
    try:
        reading = model_answers.read_spans(outcome, text)
    except DistilError as error:
        st.error(str(error), icon=":material/error:")
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


def show_kinds(outcome: FinishedRun) -> None:
    """Show how both models do by the length of the right answer and by question word; a kind filters the questions."""
    texts, test = resources.test_texts(outcome.folder), resources.outputs(outcome.folder).test
    metric = outcome.record.task.primary
    kinds = {
        "length of the answer": [answer_spans.answer_length(example.label) for example in texts],
        "question word": [answer_spans.question_word(example.text) for example in texts],
    }
    options = []
    for column, (what, names) in zip(st.columns(2, gap="large"), kinds.items(), strict=True):
        groups = answer_spans.by_kind(names, test, metric)
        options += [(what, group.name) for group in groups]
        with column:
            charts.show(
                f"{metric.label} by {what}",
                figures.question_groups(groups, metric),
                key=f"compare.kinds.{what.split()[0]}",
                alt=f"{metric.label} of teacher and student by {what}",
                header=(what, "questions", "teacher", "student"),
                rows=[(group.name, group.n, group.teacher, group.student) for group in groups],
            )
    chosen = pickers.choose("Questions of", [f"{what}: {name}" for what, name in options], key="compare.kind")
    what, name = options[[f"{what}: {name}" for what, name in options].index(chosen)]
    answered = model_answers.of_test_texts(outcome)
    rows = answer_spans.rows_of_kind(answered, kinds[what], name)
    st.caption(f"{len(rows):,} test questions, the furthest apart first; pick one to see it above.")
    for row in rows[:MAX_OFFERED]:
        st.button(
            formatting.escaped(formatting.shortened(formatting.readable(answered.texts[row]), length=110)),
            key=f"compare.kind.{row}",
            on_click=sentence_edits.start,
            args=(answered.texts[row],),
            type="tertiary",
        )
