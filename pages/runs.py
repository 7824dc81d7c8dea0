"""Runs: all that has been distilled, what was asked and what came of it.

Reads: the run store and the cache. Writes: deletes runs and empties the cache, both after asking.
"""

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from distil_core import export, jobs, tables, wording
from distil_core.config import RunConfig, RunKind, digest
from distil_core.errors import DistilError
from distil_core.outcomes import EXAMPLE, Family
from distil_core.runs import Run, RunState
from pages import address, cache, widgets

TABLE, PICKED = "runs.table", "runs.picked"
_BADGES = {"Example": "violet", **{word: color for _, color, word in widgets.STATES.values()}}
COLUMNS = {
    "State": st.column_config.MultiselectColumn(options=list(_BADGES), color=list(_BADGES.values())),
    "Layers": st.column_config.NumberColumn(help="Encoder layers of the student."),
    "Temperature": st.column_config.NumberColumn(
        format="%g", help="Softens both distributions before they are compared."
    ),
    "Alpha": st.column_config.NumberColumn(format="%g", help="Weight of the teacher's soft labels."),
    "Accuracy": st.column_config.NumberColumn(format="%.1f %%", help="Test texts answered right."),
    "±": st.column_config.NumberColumn(format="%.1f", help="Half of the 95 % interval, in percentage points."),
    "Agreement": st.column_config.NumberColumn(format="%.1f %%", help="Test texts answered as the teacher does."),
    "Size": st.column_config.NumberColumn(format="%.1f MB", help="Weights on disk."),
    "Latency": st.column_config.NumberColumn(format="%.2f ms", help="Median time for one text."),
    "Created": st.column_config.DatetimeColumn(format="D MMM, HH:mm"),
}
CACHE_COLUMNS = {
    "Size": st.column_config.NumberColumn(format="%.1f MB"),
    "Last used": st.column_config.DatetimeColumn(format="D MMM, HH:mm"),
}


@st.dialog("Delete this run?", icon=":material/delete:")
def ask_delete(run: Run) -> None:
    """Delete a run after asking."""
    st.markdown(f"**{widgets.name(run)}**")
    n_bytes = cache.store().size_bytes(run.id)
    st.markdown(f"Its record, its student and its outputs ({wording.size(n_bytes)}) are removed for good.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep it", key="runs.keep"):
            st.rerun()
        if st.button("Delete", type="primary", icon=":material/delete:", key="runs.delete.sure"):
            guarded(lambda: cache.store().delete(run.id))
            if widgets.in_use() == run.id:
                widgets.use_none()
            st.rerun()


@st.dialog("Empty the cache?", icon=":material/delete_sweep:")
def ask_empty() -> None:
    """Empty the cache after asking."""
    st.markdown(
        "What teachers answered is computed again when a run needs it. Finished runs are not touched, but Compare can "
        "no longer ask a teacher that was fine-tuned here until another run has fine-tuned it again."
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep it", key="runs.cache.keep"):
            st.rerun()
        if st.button("Empty", type="primary", icon=":material/delete_sweep:", key="runs.cache.sure"):
            guarded(cache.kept().empty)
            st.rerun()


def guarded(act: Callable[[], Any]) -> None:
    """Do something, and say so where it cannot be done."""
    try:
        act()
    except DistilError as error:
        st.session_state["runs.problem"] = str(error)


def show_details(run_id: str, run: Run | None) -> None:
    """Show one run, and what can be done with it; None is the example."""
    found = cache.family(run_id)
    st.markdown(f"#### {widgets.name(run)}")
    with st.container(horizontal=True):
        if st.button("Open in Distil", icon=":material/experiment:", key="runs.open"):
            st.switch_page("pages/distil.py", query_params={"run": run_id})
        if found is not None:
            show_downloads(run_id, found)
        if run is not None and st.button(
            "Delete",
            icon=":material/delete:",
            key="runs.delete",
            disabled=run.state is RunState.RUNNING,
        ):
            ask_delete(run)
    if run is not None and run.state is RunState.FAILED:
        st.error(f"This run failed: {run.error}", icon=":material/error:")
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.markdown("**Settings** · bold where they differ from the default")
        config = run.config if run is not None else RunConfig() if found is None else found.distilled.record.config
        st.table(tables.setting_rows(config), border="horizontal", height=560, alt="Settings of the run")
    with right:
        st.markdown("**Results** · on the test texts")
        if found is None:
            st.info("There are none: the run is not done.", icon=":material/info:")
            return
        widgets.measures(found, key="runs.measures")
        with st.expander("Corpus, machine and times", icon=":material/info:"):
            st.table(tables.origin_rows(found.distilled.record), border="horizontal", alt="Where the figures come from")


def show_downloads(run_id: str, found: Family) -> None:
    """Offer to compare, and to take student and record away; the archive is made when it is asked for."""
    name, store = export.folder_name(found), cache.store()
    if (found.distilled.folder / "student").is_dir():
        if st.button("Open in Compare", icon=":material/compare_arrows:", key="runs.compare"):
            st.switch_page("pages/compare.py", query_params={"run": run_id})
        st.download_button(
            "Student",
            lambda: export.student_zip(store, run_id),
            f"{name}.zip",
            "application/zip",
            key="runs.student",
            on_click="ignore",
            icon=":material/download:",
            help="A Hugging Face folder with a model card, as a ZIP archive.",
        )
    st.download_button(
        "Record",
        export.record_json(found),
        f"{name}.json",
        "application/json",
        key="runs.record",
        on_click="ignore",
        icon=":material/download:",
        help="All settings and figures of this run, as JSON.",
    )


# Ask
if problem := st.session_state.pop("runs.problem", None):
    st.error(problem, icon=":material/error:")
with address.control("runs.twins", "Show twins"):
    twins = st.toggle(
        "Show twins",
        key="runs.twins",
        bind="query-params",
        help="What students are held against: trained without a teacher, only cut out, TF-IDF.",
    )

# Think
jobs.recover(cache.store())
every = cache.store().list()
example = cache.example()
shown = [None] * (example is not None) + [run for run in every if twins or run.config.kind is RunKind.DISTILLED]
rows = tables.run_rows(tuple(run for run in shown if run is not None), example)

# Show
if rows:
    names = [EXAMPLE if run is None else run.id for run in shown]
    wanted = [name for name in (st.query_params.get(PICKED), widgets.in_use()) if name in names]
    default = names.index(wanted[0]) if wanted else 0
    event = st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        # A new list is a new table: a selection counts rows, and would move to another run.
        key=f"{TABLE}.{digest(names)}",
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [default]}},
        column_config=COLUMNS,
        column_order=None if twins else [name for name in rows[0] if name != "Model"],
        height=min(38 + 35 * len(rows), 320),
        placeholder=wording.NONE,
        alt="All runs with their settings and results",
    )
    if event.selection.rows:
        row = event.selection.rows[0]
        st.query_params[PICKED] = names[row]
        show_details(names[row], shown[row])
    else:
        st.caption("Pick a row to see settings and results, and to open, download or delete the run.")
else:
    st.info("Nothing has been distilled here yet.", icon=":material/experiment:")
    st.page_link("pages/distil.py", label="Distil the first student")

entries = cache.kept().entries()
with st.expander(f"Cache: {wording.size(sum(entry.bytes for entry in entries))}", icon=":material/database:"):
    st.markdown("What is computed once and kept: fine-tuned teachers, and what teachers answered.")
    if entries:
        st.dataframe(
            pd.DataFrame(tables.cache_rows(entries)),
            hide_index=True,
            key="runs.cache.table",
            column_config=CACHE_COLUMNS,
            alt="What the cache holds, the largest first",
        )
        if st.button("Empty the cache", icon=":material/delete_sweep:", key="runs.cache"):
            ask_empty()
