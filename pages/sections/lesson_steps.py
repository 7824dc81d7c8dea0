"""One step of a lesson: what to know, what to predict, and once that is done, what was measured.

Reads: the runs of the lessons, the query parameters of the progress. Writes: these.
"""

import streamlit as st

from distil_core.reporting import formatting, glossary, lessons
from distil_core.reporting.figures import lessons as figures
from distil_core.reporting.lessons import BarChart, Finding, Lesson, LessonStep
from pages.components import accessibility, scrolling
from pages.sections import charts
from pages.state import address, class_answers, lesson_progress

POLL_SECONDS = 1.0
_MORE_ICON = ":material/arrow_outward:"
_REVEALED, _PREDICTED = "lessons.revealed", "lessons.predicted"


def show(lesson: Lesson, *, following: str) -> None:
    """Show the step of a lesson that somebody has come to.

    Args:
        lesson: The lesson.
        following: Name of the lesson after it; empty after the last.
    """
    code = class_answers.lecturing()
    number = lesson_progress.step_number(lesson, free=bool(code))
    step, n_steps = lesson.steps[number - 1], len(lesson.steps)
    prediction = lesson_progress.prediction(step)
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.progress(
            lesson_progress.n_answered(lesson) / n_steps,
            f"Step {number} of {n_steps} · {formatting.escaped(step.title)}",
        )
        st.markdown(step.lead)
        if step.quote:
            with st.container(border=True):
                st.markdown(formatting.escaped(step.quote))
        if prediction is None and not code:
            _ask(step)
        else:
            _tell(step)
    revealed = st.session_state.get(_REVEALED) == f"{code}.{step.name}" if code else prediction is not None
    with right.container(key="lessons.result"):
        if code:
            st.fragment(_count, run_every=POLL_SECONDS)(code, step, revealed=revealed)
        if not revealed:
            if not code:
                st.info("Predict first; then you see here what was measured.", icon=":material/visibility_off:")
        else:
            _reveal(step, lesson_progress.finding(step), prediction)
    if st.session_state.pop(_PREDICTED, False):
        scrolling.into_view("lessons.result")
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", key="lessons.move"):
        _move(lesson, number, answered=revealed, free=bool(code), following=following)


def _ask(step: LessonStep) -> None:
    question, key = step.question, f"lessons.question.{step.name}"
    answer: float | None
    with st.container(border=True):
        if question.options:
            answer = st.radio(
                f"**{formatting.escaped(question.text)}**",
                range(len(question.options)),
                index=None,
                format_func=lambda i: formatting.escaped(question.options[i]),
                key=key,
                help=glossary.explain(question.text),
            )
        else:
            middle = question.step * round((question.low + question.high) / 2 / question.step)
            answer = st.slider(
                f"**{formatting.escaped(question.text)}**",
                question.low,
                question.high,
                middle,
                question.step,
                format=f"%g{question.unit.replace('%', '%%')}",
                key=key,
                help=glossary.explain(question.text),
            )
        st.button(
            "Predict",
            type="primary",
            icon=":material/how_to_vote:",
            key="lessons.predict",
            disabled=answer is None,
            on_click=_predict,
            args=(step, key),
        )


def _predict(step: LessonStep, key: str) -> None:
    lesson_progress.answer(step, float(st.session_state[key]))
    st.session_state[_PREDICTED] = True


def _tell(step: LessonStep) -> None:
    """Show a question to those who do not answer it here."""
    question = step.question
    st.markdown(f"**{formatting.escaped(question.text)}**")
    if question.options:
        st.markdown("\n".join(f"- {formatting.escaped(option)}" for option in question.options))


def _count(code: str, step: LessonStep, *, revealed: bool) -> None:
    """Show a lecturer how many of a class have predicted, and when that is wanted, what."""
    predictions = class_answers.predictions()
    answers, n_visitors = predictions.answers(code, step.name), predictions.n_visitors(code)
    st.markdown(f"**{len(answers)}** of {n_visitors} visitors of class {code} have predicted.")
    if not revealed:
        if st.button(
            "Show what they predicted, and the answer",
            type="primary",
            icon=":material/visibility:",
            key="lessons.reveal",
        ):
            st.session_state[_REVEALED] = f"{code}.{step.name}"
            st.rerun()
    elif answers:
        chart = lessons.class_chart(step.question, answers, lesson_progress.finding(step).right)
        _chart(chart, key=f"lessons.class.{step.name}")


def _reveal(step: LessonStep, finding: Finding, prediction: float | None) -> None:
    if prediction is None:
        st.markdown(f"Measured: **{formatting.escaped(step.question.words(finding.right))}**")
    else:
        _judge(step, finding, prediction)
    _chart(finding.chart, key=f"lessons.{step.name}")
    st.markdown(finding.meaning)
    accessibility.announce(finding.meaning)
    if step.onward.page in (address.shown_pages() or (step.onward.page,)):
        st.page_link(
            f"pages/{step.onward.page}.py",
            label=formatting.escaped(step.onward.words),
            icon=_MORE_ICON,
            query_params=dict(step.onward.query),
        )


def _chart(chart: BarChart, *, key: str) -> None:
    charts.show(
        chart.title,
        figures.bars(chart),
        key=key,
        alt=f"{chart.title}: {chart.axis}",
        header=chart.header,
        rows=chart.rows,
    )


def _judge(step: LessonStep, finding: Finding, prediction: float) -> None:
    question = step.question
    predicted, measured = (formatting.escaped(question.words(each)) for each in (prediction, finding.right))
    if question.options:
        right = prediction == finding.right
        mark = ":green-badge[:material/check: Right]" if right else ":orange-badge[:material/close: Not so]"
        line = f"{mark} You predicted **{predicted}**." + ("" if right else f" It is **{measured}**.")
    else:
        line = f"You predicted **{predicted}**, measured **{measured}**."
    st.markdown(line)


def _move(lesson: Lesson, number: int, *, answered: bool, free: bool, following: str) -> None:
    st.button(
        "Back",
        icon=":material/arrow_back:",
        key="lessons.back",
        disabled=number == 1,
        on_click=lesson_progress.go_to,
        args=(number - 1,),
    )
    if number < len(lesson.steps):
        st.button(
            "Next step",
            icon=":material/arrow_forward:",
            key="lessons.next",
            type="primary" if answered else "secondary",
            disabled=not (answered or free),
            on_click=lesson_progress.go_to,
            args=(number + 1,),
        )
    elif following:
        st.button(
            f"Next lesson: {lessons.TITLES[following]}",
            icon=":material/arrow_forward:",
            key="lessons.next",
            type="primary" if answered else "secondary",
            disabled=not (answered or free),
            on_click=_next_lesson,
            args=(lessons.TITLES[following],),
        )
    if lesson_progress.n_answered(lesson):
        st.button(
            "Begin this lesson again",
            icon=":material/replay:",
            key="lessons.again",
            type="tertiary",
            on_click=lesson_progress.forget,
            args=(lesson,),
        )


def _next_lesson(title: str) -> None:
    st.session_state[lesson_progress.LESSON] = title
    lesson_progress.go_to(1)
