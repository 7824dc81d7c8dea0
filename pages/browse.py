"""The test texts on the Compare page: who is right, which answers meet, filters, and filters saved as slices.

Reads: a finished run's outputs. Writes: saved slices, in the run store's folder; the query parameter ``compare.who``.
"""

from typing import Any

import pandas as pd
import streamlit as st

from distil_core import examples, listing, wording
from distil_core.config import digest
from distil_core.errors import DistilError
from distil_core.examples import Answered, Confusion, Filter, Who
from distil_core.figures import cells
from distil_core.figures import sides as figures
from distil_core.outcomes import Outcome
from pages import address, rewrite, said, widgets

WHO, LABEL, TEACHER, STUDENT = "compare.who", "compare.label", "compare.teacher", "compare.student"
SHORTEST, LONGEST, CONTAINS = "compare.shortest", "compare.longest", "compare.contains"
TABLE, SLICES, NAME, TAB = "compare.examples", "compare.slices", "compare.slice.name", "compare.tab"
MAX_SHOWN, MAX_LABELS = 500, 10
COLUMNS = {
    "Text": st.column_config.TextColumn(width="large"),
    # Or long names would push what the texts are ranked by out of sight.
    **dict.fromkeys(("Label", "Teacher", "Student"), st.column_config.TextColumn(width="medium")),
    "KL (nats)": st.column_config.NumberColumn(
        format="%.3f", help="How far the student's probabilities are from the teacher's; 0 is the same."
    ),
}


def show(outcome: Outcome) -> None:
    """Show the test texts that pass the filters, those first on which the two are furthest apart."""
    found = said.answered(outcome)
    # Ask
    left, right = st.columns([2, 3], gap="large")
    with left, address.control("compare.filters", "Filters"):
        wanted = ask(found)
    # Think
    chosen = examples.matching(found, wanted)
    # Show
    with right:
        show_confusion(found, key="compare.confusion", wanted=wanted)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(
            f"**{len(chosen):,} of {len(found):,} test texts**, the furthest apart first · pick one to see it above",
            width="stretch",
        )
        if wanted != Filter():
            st.button("Clear", icon=":material/filter_alt_off:", key="compare.clear", on_click=clear, type="tertiary")
            save(wanted)
        st.download_button(
            "CSV",
            lambda: listing.answers_csv(found, chosen.tolist()),
            "test-texts.csv",
            "text/csv",
            key="compare.examples.csv",
            on_click="ignore",
            icon=":material/download:",
            type="tertiary",
        )
    if not len(chosen):
        st.info("No test text passes these filters.", icon=":material/filter_alt:")
        return
    st.caption(listing.summary_words(examples.summed_up(found, chosen)))
    # A new list is a new table: a selection counts rows, and would move to another text.
    table(found, chosen[:MAX_SHOWN].tolist(), key=f"{TABLE}.{digest((outcome.run, wanted))}")
    if len(chosen) > MAX_SHOWN:
        st.caption(f"The first {MAX_SHOWN} are shown; the CSV file has all of them.")


def table(found: Answered, shown: list[int], *, key: str) -> None:
    """Show texts with both answers; picking one asks both models about it."""

    def take() -> None:
        rows = st.session_state[key].selection.rows
        if rows and rows[0] < len(shown):
            rewrite.start(found.texts[shown[rows[0]]])
            st.rerun("compare.ask")

    st.dataframe(
        pd.DataFrame(listing.example_rows(found, shown)),
        hide_index=True,
        key=key,
        height=min(38 + 35 * len(shown), 420),
        selection_mode="single-row",
        on_select=take,
        column_config=COLUMNS,
        alt="Texts ranked by how far the student's probabilities are from the teacher's",
    )


def show_answers(found: Answered, *, key: str) -> None:
    """Show how often teacher and student answer each label."""
    rows = listing.answer_counts(found)
    few = "" if len(rows) <= MAX_LABELS else f", the {MAX_LABELS} commonest"
    widgets.chart(
        f"What they answer{few}",
        figures.counts(rows[:MAX_LABELS]),
        key=key,
        alt="How often teacher and student answer each label",
        header=("label", "teacher", "student"),
        rows=rows,
    )


def show_confusion(found: Answered, *, key: str, wanted: Filter | None = None) -> None:
    """Show which answers of the student meet which of the teacher; with a filter, a press on a cell changes it."""
    matrix = examples.confusion(found)
    chosen = None if wanted is None else _cell(matrix, wanted)

    def take() -> None:
        cell = cells.picked(st.session_state[key], rows=len(matrix.names), columns=len(matrix.names))
        teacher, student = (None, None) if cell is None or cell == chosen else (matrix.labels[i] for i in cell)
        st.session_state[TEACHER] = None if teacher is None else found.label_names[teacher]
        st.session_state[STUDENT] = None if student is None else found.label_names[student]

    widgets.chart(
        "Which answers meet" + ("" if wanted is None else " · press to filter"),
        figures.confusion(matrix, chosen=chosen),
        key=key,
        alt="How often each answer of the student meets each answer of the teacher",
        header=("teacher", "student", "texts"),
        rows=listing.confusion_rows(found),
        on_select=None if wanted is None else take,
    )


def _cell(matrix: Confusion, wanted: Filter) -> cells.Cell | None:
    """Return the cell of the two answers that a filter names, if it names both and they have a cell of their own."""
    places = {name: place for place, name in enumerate(matrix.names)}
    row, column = places.get(wanted.teacher), places.get(wanted.student)
    return None if row is None or column is None else (row, column)


def ask(found: Answered) -> Filter:
    """Ask which texts to show: by who is right, the answers, the length and what they contain."""
    who = _who()
    st.markdown("**Who is right** · press to filter")
    counts = examples.who_is_right(found)
    for pair in ((Who.BOTH, Who.TEACHER), (Who.STUDENT, Who.NEITHER)):
        for column, case in zip(st.columns(2, gap="small"), pair, strict=True):
            column.button(
                f"**{int(counts[case].sum()):,}** {listing.WHO[case].lower()}",
                key=f"{WHO}.{case.value}",
                type="primary" if case is who else "secondary",
                width="stretch",
                on_click=press,
                args=(case,),
            )
    names = list(found.label_names)
    asked: dict[str, Any] = {"index": None, "placeholder": "Any", "bind": "query-params"}
    counted: dict[str, Any] = {"min_value": 0, "value": None, "placeholder": "Any", "bind": "query-params"}
    first, second = st.columns(2, gap="small")
    label = first.selectbox("Label", names, key=LABEL, **asked)
    contains = second.text_input(
        "Contains", key=CONTAINS, bind="query-params", live="300ms", placeholder="Any text", max_chars=200
    )
    # Row by row, so that a phone shows them in this order, too.
    first, second = st.columns(2, gap="small")
    teacher = first.selectbox("Teacher's answer", names, key=TEACHER, **asked)
    student = second.selectbox("Student's answer", names, key=STUDENT, **asked)
    first, second = st.columns(2, gap="small")
    shortest = first.number_input("At least (words)", key=SHORTEST, **counted)
    longest = second.number_input("At most (words)", key=LONGEST, **counted)
    return Filter(
        label=label or "",
        teacher=teacher or "",
        student=student or "",
        who=who,
        contains=(contains or "").strip(),
        shortest=shortest or 0,
        longest=longest,
    )


def _who() -> Who | None:
    named = st.query_params.get(WHO)
    return Who(named) if named in list(Who) else None


def press(case: Who) -> None:
    """Filter by a case of who is right; the same again stops that."""
    if _who() is case:
        st.query_params.pop(WHO)
    else:
        st.query_params[WHO] = case.value


def clear() -> None:
    """Let all texts pass."""
    put(Filter())


def put(wanted: Filter) -> None:
    """Set all controls to a filter."""
    for key, value in ((LABEL, wanted.label), (TEACHER, wanted.teacher), (STUDENT, wanted.student)):
        st.session_state[key] = value or None
    st.session_state[CONTAINS] = wanted.contains
    st.session_state[SHORTEST], st.session_state[LONGEST] = wanted.shortest or None, wanted.longest
    st.query_params.pop(WHO, None)
    if wanted.who is not None:
        st.query_params[WHO] = wanted.who.value


def save(wanted: Filter) -> None:
    """Offer to keep a filter under a name."""
    with st.popover("Save as slice", icon=":material/bookmark_add:", type="tertiary", key="compare.save"):
        st.markdown(f"Keep this filter under a name: {wording.escaped(listing.filter_words(wanted))}.")
        name = st.text_input("Name", key=NAME, max_chars=60, placeholder="Long texts that only the teacher gets")
        if st.button("Save", type="primary", key="compare.slice.save", disabled=not (name or "").strip()):
            try:
                said.slices().save(name or "", wanted)
                st.success("Saved; it is listed under **Saved slices**.", icon=":material/check:")
            except DistilError as error:
                st.error(str(error), icon=":material/error:")


def show_slices(outcome: Outcome) -> None:
    """Show all saved slices with how both models do on them; one can be opened or deleted."""
    kept = said.slices().list()
    if not kept:
        st.info(
            "No slice has been saved yet: filter the test texts, then press **Save as slice**.",
            icon=":material/bookmark:",
        )
        return
    names = list(kept)
    event = st.dataframe(
        pd.DataFrame(listing.slice_rows(kept, said.answered(outcome))),
        hide_index=True,
        key=f"{SLICES}.{digest(names)}",
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "Teacher": st.column_config.TextColumn(help="Texts answered right, with the 95 % interval."),
            "Student": st.column_config.TextColumn(help="Texts answered right, with the 95 % interval."),
            "Agreement": st.column_config.TextColumn(help="Texts answered alike, with the 95 % interval."),
            "KL (nats)": COLUMNS["KL (nats)"],
        },
        alt="Saved slices, with accuracy of teacher and student and their agreement",
    )
    rows = event.selection.rows
    name = names[rows[0]] if rows and rows[0] < len(names) else None
    with st.container(horizontal=True, vertical_alignment="center"):
        if name is None:
            st.caption("Pick a slice to open or delete it.")
            return
        st.button(
            "Open",
            icon=":material/filter_alt:",
            key="compare.slice.open",
            on_click=open_slice,
            args=(kept[name],),
            disabled=not examples.fits(kept[name], outcome.record.corpus.label_names),
        )
        if st.button("Delete", icon=":material/delete:", key="compare.slice.delete"):
            said.slices().delete(name)
            st.rerun(scope="fragment")


def open_slice(wanted: Filter) -> None:
    """Show the texts of a slice."""
    put(wanted)
    st.session_state[TAB] = "Test texts"
