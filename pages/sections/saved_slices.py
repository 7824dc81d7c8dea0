"""Filters of test texts that have a name: saved, listed with how both models do on them, opened and deleted.

Reads: a finished run's outputs. Writes: the saved slices, in the run store's folder.
"""

import pandas as pd
import streamlit as st

from distil_core.analysis import error_analysis
from distil_core.analysis.error_analysis import Filter
from distil_core.errors import DistilError
from distil_core.reporting import example_tables, formatting, narrative
from distil_core.runs.families import FinishedRun
from distil_core.settings.serialization import digest
from pages.sections import answer_views, example_filter, explained, messages
from pages.state import address, model_answers, resources

TABLE, NAME, TAB = "compare.slices", "compare.slice.name", "compare.tab"


def save(wanted: Filter) -> None:
    """Offer to keep a filter under a name."""
    with st.popover("Save as slice", icon=":material/bookmark_add:", type="tertiary", key="compare.save"):
        st.markdown(f"Keep this filter under a name: {formatting.escaped(narrative.slices.filter_words(wanted))}.")
        name = st.text_input("Name", key=NAME, max_chars=60, placeholder="Long texts that only the teacher gets")
        if st.button("Save", type="primary", key="compare.slice.save", disabled=not (name or "").strip()):
            try:
                resources.slices().save(name or "", wanted)
                st.success("Saved; it is listed under **Saved slices**.", icon=":material/check:")
            except DistilError as error:
                messages.problem(error)


def show(outcome: FinishedRun) -> None:
    """Show all saved slices with how both models do on them; one can be opened or deleted."""
    slices = resources.slices().list()
    if not slices:
        st.info(
            "No slice has been saved yet: filter the test texts, then press **Save as slice**.",
            icon=":material/bookmark:",
        )
        return
    names = list(slices)
    answered = model_answers.of_test_texts(outcome)
    summaries = error_analysis.summarize_slices(slices, answered)
    unit = answered.unit.capitalize()
    event = explained.dataframe(
        pd.DataFrame(example_tables.slice_rows(summaries, unit=unit)),
        key=f"{TABLE}.{digest(names)}",
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            **dict.fromkeys(
                ("Teacher", "Student"),
                st.column_config.TextColumn(help=f"Accuracy: {answered.unit} answered right, with the 95 % interval."),
            ),
            "Agreement": st.column_config.TextColumn(help=f"{unit} answered alike, with the 95 % interval."),
            "KL (nats)": answer_views.KL_COLUMN,
        },
        alt="Saved slices, with accuracy of teacher and student and their agreement",
    )
    rows = event.selection.rows
    name = names[rows[0]] if rows and rows[0] < len(names) else None
    with st.container(horizontal=True, vertical_alignment="center"):
        if name is None:
            st.caption(f"Pick a slice to open{'' if address.follows_class() else ' or delete'} it.")
            return
        st.button(
            "Open",
            icon=":material/filter_alt:",
            key="compare.slice.open",
            on_click=open_slice,
            args=(slices[name],),
            disabled=not error_analysis.fits(slices[name], answered),
        )
        may_delete = not address.follows_class()
        if may_delete and st.button("Delete", icon=":material/delete:", key="compare.slice.delete"):
            resources.slices().delete(name)
            st.rerun(scope="fragment")


def open_slice(wanted: Filter) -> None:
    """Show the texts of a slice."""
    example_filter.put(wanted)
    st.session_state[TAB] = "Test texts"
