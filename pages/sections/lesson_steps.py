"""One step of a lesson: what to know, what to predict, and once that is done, what was measured.

Reads: the runs of the lessons, the query parameters of the progress. Writes: these; a run, where a step needs it.
"""

import streamlit as st

from distil_core.analysis import comparison, learning_curves
from distil_core.errors import DistilError
from distil_core.reporting import formatting, lessons
from distil_core.reporting.figures import lessons as figures
from distil_core.reporting.lessons import BarChart, Finding, Lesson, LessonStep
from distil_core.runs import requests, workers
from distil_core.runs.families import busy, twins
from distil_core.runs.rows import Run, RunState
from distil_core.tasks.corpora import task_of
from pages.components import accessibility, scrolling
from pages.sections import charts, messages
from pages.state import address, class_answers, class_mode, lesson_progress, resources

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
        elif step.needs_run and not _run_is_there():
            st.fragment(_compute, run_every=POLL_SECONDS)()
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
    elif answers and not (step.needs_run and not _run_is_there()):
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


def _run_is_there() -> bool:
    run = lesson_progress.missing_class_run()
    return run is not None and run.record is not None and not busy(resources.runs(), run.id)


def _compute() -> None:
    """Offer to distil what a step needs, or show how far that is."""
    run = lesson_progress.missing_class_run()
    if _run_is_there():
        st.rerun()
    elif run is not None and busy(resources.runs(), run.id):
        _progress(run)
    else:
        _offer(run)


def _offer(run: Run | None) -> None:
    config = lesson_progress.missing_class_config()
    if run is not None and run.state is RunState.FAILED:
        messages.problem(run.error, lead="This run failed: ")
    st.markdown(
        f"What is asked for is measured now, on a student and its twins that never see a text labeled "
        f"**{formatting.escaped(config.corpus.left_out)}**: {config.corpus.n_train:,} training texts, "
        f"{config.training.epochs} epochs."
    )
    st.caption(formatting.run_estimate(resources.estimate(config)))
    if st.button("Distil them", type="primary", icon=":material/experiment:", key="lessons.distil"):
        store = resources.store()
        try:
            class_mode.refuse_more(store)
            class_mode.note_asked(requests.submit(config, store, in_turns=class_mode.active()), store)
        except DistilError as error:
            messages.problem(error)
            return
        workers.ensure_worker(store)
        st.rerun()


def _progress(run: Run) -> None:
    """Show how far the student and its twins are, one after the other."""
    store = resources.store()
    if not workers.worker_alive(store):
        workers.recover(store)
        workers.ensure_worker(store)
    members = (run, *twins(run, resources.runs().list()))
    current = next((member for member in members if member.state is RunState.RUNNING), None)
    if current is None:
        st.progress(0.0, "Waiting for other runs…" if store.ahead(run.id) else "Starting…")
        return
    state = learning_curves.progress(resources.events(current))
    words = formatting.progress_text(state, task_of(current.config).monitored, stopping=current.stopping)
    st.progress(state.fraction or 0.0, f"**{comparison.model_name(current.config)}** · {words}")
    st.caption(f"{sum(member.state.over for member in members)} of {len(members)} models are done.")
