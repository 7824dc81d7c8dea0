"""The test texts on the Compare page: filtered, summed up, ranked, and to be taken away.

Reads: a finished run's outputs. Writes: what its parts write.
"""

import streamlit as st

from distil_core.analysis import error_analysis
from distil_core.analysis.error_analysis import Filter
from distil_core.reporting import example_tables, narrative
from distil_core.runs.families import FinishedRun
from distil_core.settings.serialization import digest
from pages.sections import answer_views, example_filter, saved_slices, task_views
from pages.state import address, model_answers

TABLE, FILTERS = "compare.examples", "compare.filters"


def show(outcome: FinishedRun) -> None:
    """Show the test texts that pass the filters, those first on which the two are furthest apart."""
    task_views.show_test_texts(outcome)
    answered = model_answers.of_test_texts(outcome)
    # Ask
    hidden = address.hides(FILTERS)
    left, right = (st.container(), st.container()) if hidden else st.columns([2, 3], gap="large")
    with left, address.control(FILTERS, "Filters"):
        wanted = example_filter.ask(answered)
    # Think
    chosen = error_analysis.matching(answered, wanted)
    # Show
    with right:
        task_views.show_kinds(outcome)
        if not answered.tokens:  # those of many texts have no classes in common that could be confused
            answer_views.confusion(answered, key="compare.confusion", wanted=None if hidden else wanted)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(
            f"**{len(chosen):,} of {len(answered):,} test {answered.unit}**, "
            "the furthest apart first · pick one to see it above",
            width="stretch",
        )
        if wanted != Filter() and not hidden:
            st.button(
                "Clear",
                icon=":material/filter_alt_off:",
                key="compare.clear",
                on_click=example_filter.clear,
                type="tertiary",
            )
            saved_slices.save(wanted)
        st.download_button(
            "CSV",
            lambda: example_tables.answers_csv(answered, chosen.tolist()),
            "test-texts.csv",
            "text/csv",
            key="compare.examples.csv",
            on_click="ignore",
            icon=":material/download:",
            type="tertiary",
        )
    if not len(chosen):
        st.info(
            f"No test {answered.unit[:-1]} passes these filters.",
            icon=":material/filter_alt:",
        )
        return
    st.caption(narrative.slices.summary_words(error_analysis.summarize(answered, chosen)))
    # A new list is a new table: a selection counts rows, and would move to another text.
    shown = chosen[: answer_views.MAX_SHOWN].tolist()
    answer_views.table(answered, shown, key=f"{TABLE}.{digest((outcome.run, wanted))}")
    if len(chosen) > answer_views.MAX_SHOWN:
        st.caption(f"The first {answer_views.MAX_SHOWN} are shown; the CSV file has all of them.")
