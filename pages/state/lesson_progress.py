"""Where a visitor is in the lessons: which lesson and step, and what was predicted; all of it stands in the address.

Reads and writes: the query parameters ``lessons.lesson``, ``lessons.step`` and ``lessons.answers``. Writes: what is
predicted, for the class. Cached lessons are read-only: all sessions get the same object.
"""

import math
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from distil_core.reporting import lessons
from distil_core.reporting.lessons import Finding, Lesson, LessonStep
from distil_core.runs import sources
from pages.state import address, class_answers, resources

LESSON, STEP, ANSWERS = "lessons.lesson", "lessons.step", "lessons.answers"
_MOST_SIGNS = 4_000


@st.cache_resource(max_entries=24, show_spinner=False)
def _lesson(name: str, shipped: Path) -> Lesson:
    return lessons.lesson_named(name, lessons.material_of(resources.runs(), cache=resources.store().layout.cache))


@st.cache_resource(max_entries=80, show_spinner="Measuring…")
def _finding(step: str, shipped: Path, _step: LessonStep) -> Finding:
    return _step.find()


def lesson(name: str) -> Lesson:
    """Return a lesson about the runs that ship with the app.

    Raises:
        DistilError: If they have been left out, or cannot be read.
    """
    return _lesson(name, sources.shipped_folder())


def finding(step: LessonStep) -> Finding:
    """Return what was measured for a step; it is computed once for all sessions.

    Raises:
        DistilError: If it cannot be measured.
    """
    return _finding(step.name, sources.shipped_folder(), step)


def told_steps(lesson: Lesson) -> tuple[LessonStep, ...]:
    """Return the steps whose answers a handout may tell: those that have been answered, to a lecturer all."""
    everything = bool(class_answers.lecturing())
    return tuple(step for step in lesson.steps if everything or prediction(step) is not None)


def handout(lesson: Lesson, told: Sequence[LessonStep]) -> str:
    """Return a lesson as a page to print: all of its questions, and what was measured of some of its steps.

    Called when somebody downloads it, where nothing is known of the visit.

    Raises:
        DistilError: If something of it cannot be measured.
    """
    from distil_core.export.handout import handout_page

    return handout_page(lesson, {step.name: finding(step) for step in told})


def answers() -> dict[str, float]:
    """Return what this visitor has predicted, by the names of the steps; what no step can have is left out."""
    text = st.query_params.get(ANSWERS)
    if text is None:
        text = st.session_state.get(ANSWERS, "")
    known: dict[str, float] = {}
    for part in text[:_MOST_SIGNS].split(","):
        name, _, value = part.partition(":")
        try:
            number = float(value)
        except ValueError:
            continue
        if math.isfinite(number):
            known[name] = number
    return known


def prediction(step: LessonStep) -> float | None:
    """Return what this visitor has predicted in a step, None where that is nothing that can be predicted there."""
    value = answers().get(step.name)
    return value if value is not None and step.question.takes(value) else None


def answer(step: LessonStep, value: float) -> None:
    """Keep a prediction; the first one counts."""
    if step.question.takes(value):
        before = prediction(step)
        _write({**answers(), step.name: value if before is None else before})
        class_answers.note(step.name, value)


def forget(lesson: Lesson) -> None:
    """Forget what was predicted in a lesson, and begin it again."""
    names = {step.name for step in lesson.steps}
    _write({name: value for name, value in answers().items() if name not in names})
    go_to(1)


def _write(known: dict[str, float]) -> None:
    text = ",".join(f"{name}:{value:g}" for name, value in known.items())
    st.session_state[ANSWERS] = text
    if text:
        address.put(ANSWERS, text)
    else:
        st.query_params.pop(ANSWERS, None)


def remember() -> None:
    """Put into the address what another page of this visit has left out of it."""
    for name in (LESSON, STEP, ANSWERS):
        if name in st.query_params:
            st.session_state[f"{name}.last" if name == LESSON else name] = st.query_params[name]
        elif name == LESSON and LESSON not in st.session_state and (last := st.session_state.get(f"{LESSON}.last")):
            st.session_state[LESSON] = last
        elif name != LESSON and (last := st.session_state.get(name)):
            address.put(name, last)


def n_answered(lesson: Lesson) -> int:
    """Return how many steps of a lesson have been answered."""
    return sum(prediction(step) is not None for step in lesson.steps)


def step_number(lesson: Lesson, *, free: bool = False) -> int:
    """Return which step is shown, counted from 1: none beyond the first that has not been answered.

    Args:
        lesson: The lesson.
        free: Whether each step can be opened, as by a lecturer.
    """
    open_steps = next((i + 1 for i, step in enumerate(lesson.steps) if prediction(step) is None), len(lesson.steps))
    last = len(lesson.steps) if free else open_steps
    wanted = address.count(st.query_params.get(STEP, "1"), below=100, otherwise=1)
    return min(max(1, wanted), last)


def go_to(number: int) -> None:
    """Show a step, counted from 1, from the next rerun on."""
    shown = str(number)
    st.session_state[STEP] = shown
    address.put(STEP, shown)
