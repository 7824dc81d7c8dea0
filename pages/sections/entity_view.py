"""Entities in a text, marked for teacher, student and the right ones; and test texts by what entities are taken for.

Reads: the answers, and a finished run's test texts. Writes: the text of the Compare page.
"""

import html
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from distil_core.analysis import entity_spans
from distil_core.analysis.entity_spans import Entity, EntityErrors, EntityReading, Holder
from distil_core.errors import DistilError
from distil_core.reporting import formatting
from distil_core.reporting.figures import cells
from distil_core.reporting.figures import entities as figures
from distil_core.runs.families import FinishedRun
from pages.sections import charts, pickers, sentence_edits
from pages.state import model_answers

if TYPE_CHECKING:
    from distil_core.analysis.model_pair import TextComparison

CASE, MAX_OFFERED = "compare.entity", 12
UNDERLINES = {Holder.BOTH: "solid", Holder.TEACHER: "double", Holder.STUDENT: "dashed", Holder.NEITHER: "dotted"}
_LINE = "line-height: 2; overflow-wrap: anywhere"


def show(outcome: FinishedRun, text: str, comparison: "TextComparison") -> None:
    """Show what both models take for entities."""
    try:
        answered = model_answers.of_test_texts(outcome)
    except DistilError as error:
        st.error(str(error), icon=":material/error:")
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
    """Show what both models take the entities of the test texts for; a kind of error filters the texts."""
    answered = model_answers.of_test_texts(outcome)
    sides = {
        "Student": entity_spans.entity_errors(answered, answered.of_student),
        "Teacher": entity_spans.entity_errors(answered, answered.of_teacher),
    }
    options = _options(sides)
    if not options:
        return
    slots = dict(zip(("Teacher", "Student"), st.columns(2, gap="large"), strict=True))
    chosen = pickers.choose("Texts with", list(options), key=CASE)
    side, *cell = options[chosen]
    for name, slot in slots.items():
        with slot:
            _matrix(name, sides[name], options, (cell[0], cell[1]) if name == side else None)
    rows = entity_spans.rows_of_cell(answered, sides[side], cell[0], cell[1])
    few = "" if len(rows) <= MAX_OFFERED else f", {MAX_OFFERED} of them here"
    errors = sides[side]
    shown = "" if len(errors.types) == errors.n_types else f" The {len(errors.types)} commonest types are told apart."
    st.caption(
        f"{len(rows):,} test texts, the furthest apart first{few}; pick one to see it above. A wrong boundary: the "
        f"model has an entity on some of the words, but not on exactly these.{shown}"
    )
    for row in rows[:MAX_OFFERED]:
        st.button(
            formatting.escaped(formatting.shortened(formatting.readable(answered.texts[row]), length=110)),
            key=f"{CASE}.{row}",
            on_click=sentence_edits.start,
            args=(answered.texts[row],),
            type="tertiary",
        )


def _options(sides: dict[str, EntityErrors]) -> dict[str, tuple[str, int, int]]:
    """Return side, row and column of each case that there is, by its name: errors first, the commonest first."""
    named = []
    for side, errors in sides.items():
        for row, column in np.argwhere(errors.counts).tolist():
            rank = (row == column and row < len(errors.types), side, -int(errors.counts[row, column]))
            named.append((rank, f"{side}: {errors.name(row, column)}", (side, row, column)))
    return {name: place for _, name, place in sorted(named)}


def _matrix(
    side: str, errors: EntityErrors, options: dict[str, tuple[str, int, int]], chosen: cells.GridIndex | None
) -> None:
    key = f"{CASE}.{side.lower()}"

    def take() -> None:
        cell = cells.picked(st.session_state[key], rows=len(errors.rows), columns=len(errors.columns))
        name = next((name for name, place in options.items() if cell is not None and place == (side, *cell)), None)
        if name is not None:
            st.session_state[CASE] = name

    charts.show(
        f"{side}: what entities are taken for · press to filter",
        figures.entity_errors(errors, chosen=chosen),
        key=key,
        alt=f"How often the {side.lower()} takes entities of each type for each type, misses them or invents them",
        header=("right", "predicted", "entities"),
        rows=[
            (errors.rows[row], errors.columns[column], int(errors.counts[row, column]))
            for row, column in np.argwhere(errors.counts).tolist()
        ],
        on_select=take,
    )
