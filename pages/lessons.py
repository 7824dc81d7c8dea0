"""Lessons: six short ones that tell the story in order; predict first, then see.

Reads: the runs that ship with the app. Writes: the query parameters of where somebody is, and what was predicted.
"""

from functools import partial

import streamlit as st

from distil_core.reporting import lessons
from distil_core.reporting.formatting import escaped
from pages.sections import lesson_steps
from pages.state import class_answers, lesson_progress

# Ask
lesson_progress.remember()
names = list(lessons.TITLES)
title = st.pills(
    "Lesson",
    list(lessons.TITLES.values()),
    default=lessons.TITLES[names[0]],
    required=True,
    key=lesson_progress.LESSON,
    bind="query-params",
    label_visibility="collapsed",
    on_change=lesson_progress.go_to,
    args=(1,),
)

# Think
number = list(lessons.TITLES.values()).index(title)
lesson = lesson_progress.lesson(names[number])

# Show
if class_answers.unknown_class():
    st.warning("This class is not known here any more: what you predict is not counted.", icon=":material/info:")
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.header(f"{number + 1}. {escaped(lesson.title)}: {escaped(lesson.answers)}", anchor=False, width="content")
    st.download_button(
        "Handout",
        partial(lesson_progress.handout, lesson, lesson_progress.told_steps(lesson)),
        f"lesson-{number + 1}-{lesson.name}.html",
        "text/html",
        key="lessons.handout",
        on_click="ignore",
        icon=":material/print:",
        type="tertiary",
        help="All questions of this lesson with room to write, then what was measured of those that you have answered "
        "(of all, for a lecturer whose link for a class is on). HTML, prints on A4.",
    )
lesson_steps.show(lesson, following=names[number + 1] if number + 1 < len(names) else "")
