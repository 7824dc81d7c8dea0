"""Entities in a text, marked for teacher, student and the right ones; and test texts by what entities are taken for.

Reads: the answers, and a finished run's test texts. Writes: the kind that the
test texts of the Compare page are filtered by.
"""

import html
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from distil_core.analysis import entity_spans, kinds
from distil_core.analysis.entity_spans import Entity, EntityErrors, EntityReading, Holder
from distil_core.errors import DistilError
from distil_core.reporting.figures import cells
from distil_core.reporting.figures import entities as figures
from distil_core.runs.families import FinishedRun
from pages.sections import charts, example_filter, messages
from pages.state import model_answers

if TYPE_CHECKING:
    from distil_core.analysis.model_pair import TextComparison

UNDERLINES = {Holder.BOTH: "solid", Holder.TEACHER: "double", Holder.STUDENT: "dashed", Holder.NEITHER: "dotted"}
_LINE = "line-height: 2; overflow-wrap: anywhere"


def show(outcome: FinishedRun, text: str, comparison: "TextComparison") -> None:
    """Show what both models take for entities."""
    try:
        answered = model_answers.of_test_texts(outcome)
    except DistilError as error:
        messages.problem(error)
        return
    right = entity_spans.right_tags(answered, text)
    reading = entity_spans.read_entities(
        [site.place for site in comparison.sites],
        np.array([site.teacher_logits for site in comparison.sites]),
        np.array([site.student_logits for site in comparison.sites]),
        right=right if right is not None and len(right) == len(comparison.sites) else None,
        label_names=outcome.record.class_names,
    )
    with st.container(border=True, gap="xsmall"):
        if reading.right is not None:
            _line("Right", reading, reading.right, text)
        _line("Teacher", reading, reading.teacher, text)
        _line("Student", reading, reading.student, text)
        st.caption(" · ".join(f"{line} underline: {holder}" for holder, line in UNDERLINES.items()))


def _line(name: str, reading: EntityReading, marked: tuple[Entity, ...], text: str) -> None:
    number = f"{len(marked)} entit{'y' if len(marked) == 1 else 'ies'}" if marked else "no entity"
    st.markdown(f"**{name}** · {number}")
    st.html(f'<div style="{_LINE}">{marked_text(reading, marked, text)}</div>')


def marked_text(reading: EntityReading, marked: tuple[Entity, ...], text: str) -> str:
    """Return a text as HTML in which entities are underlined and followed by their type and who has them."""
    parts, last = [], 0
    for entity in marked:
        start, end = reading.places[entity.first].start, reading.places[entity.stop - 1].end
        holder = reading.holder(entity)
        parts += [
            html.escape(text[last:start]),
            f'<u style="text-decoration: underline {UNDERLINES[holder]} 2px; text-underline-offset: 4px">'
            f"{html.escape(text[start:end])}</u>"
            f"<small> [{html.escape(entity.type)}{'' if holder is Holder.BOTH else f', {holder}'}]</small>",
        ]
        last = end
    return "".join([*parts, html.escape(text[last:])])


def show_errors(outcome: FinishedRun) -> None:
    """Show what both models take the entities of the test texts for; a press on a kind of error filters the words."""
    answered = model_answers.of_test_texts(outcome)
    sides = {
        kinds.TEACHER: entity_spans.entity_errors(answered, answered.of_teacher),
        kinds.STUDENT: entity_spans.entity_errors(answered, answered.of_student),
    }
    for (name, errors), column in zip(sides.items(), st.columns(2, gap="large"), strict=True):
        with column:
            _matrix(name, errors)
    errors = sides[kinds.STUDENT]
    shown = "" if len(errors.types) == errors.n_types else f" The {len(errors.types)} commonest types are told apart."
    st.caption(f"A wrong boundary: the model has an entity on some of the words, but not on exactly these.{shown}")


def _matrix(side: str, errors: EntityErrors) -> None:
    key = f"{example_filter.KIND}.{side.lower()}"
    names = {
        f"{side}: {errors.name(row, column)}": (row, column) for row, column in np.argwhere(errors.counts).tolist()
    }

    def take() -> None:
        cell = cells.picked(st.session_state[key], rows=len(errors.rows), columns=len(errors.columns))
        name = next((name for name, place in names.items() if place == cell), None)
        if name is not None:
            example_filter.press_kind(name)

    charts.show(
        f"{side}: what entities are taken for · press to filter",
        figures.entity_errors(errors, chosen=names.get(st.session_state.get(example_filter.KIND) or "")),
        key=key,
        alt=f"How often the {side.lower()} takes entities of each type for each type, misses them or invents them",
        header=("right", "predicted", "entities"),
        rows=[
            (errors.rows[row], errors.columns[column], int(errors.counts[row, column]))
            for row, column in np.argwhere(errors.counts).tolist()
        ],
        on_select=take,
    )
