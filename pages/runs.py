"""Runs: all that has been distilled, what was asked and what came of it.

Reads: the run store and the cache. Writes: exports of students; deletes runs and empties the cache, after asking.
"""

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from distil_core.errors import DistilError
from distil_core.export import archive
from distil_core.reporting import formatting, narrative, tables
from distil_core.runs import lineage, workers
from distil_core.runs.families import Family
from distil_core.runs.rows import Run, RunState
from distil_core.runs.store import MAX_NAME, MAX_NOTE
from distil_core.settings.config import Method
from distil_core.settings.serialization import digest
from pages.components import scrolling
from pages.sections import explained, messages, run_summary, side_by_side, take_home
from pages.state import address, class_mode, resources, run_in_use

TABLE, PICKED = "runs.table", "runs.picked"
_BADGES = {"Example": "violet", **{word: color for _, color, word in run_summary.STATES.values()}}
COLUMNS = {
    "State": st.column_config.MultiselectColumn(options=list(_BADGES), color=list(_BADGES.values())),
    "Layers": st.column_config.NumberColumn(help="Number of encoder layers of the student."),
    "Compression": st.column_config.TextColumn(
        help="What stays of the attention heads and neurons of each layer; zeros among the weights; their format."
    ),
    "Temperature": st.column_config.NumberColumn(
        format="%g", help="Softmax temperature T; more than 1 softens both distributions."
    ),
    "Alpha": st.column_config.NumberColumn(
        format="%g", help="Weight α of the soft labels (teacher); the hard labels (corpus) get 1 - α."
    ),
    "Other settings": st.column_config.TextColumn(
        help="In what else these runs differ; what is not named is at its default."
    ),
    "Size": st.column_config.NumberColumn(format="%.1f MB", help="Weights on disk."),
    "Latency": st.column_config.NumberColumn(format="%.2f ms", help="Median time for one text."),
    "Created": st.column_config.DatetimeColumn(format="D MMM, HH:mm"),
}
CACHE_COLUMNS = {
    "Size": st.column_config.NumberColumn(format="%.1f MB"),
    "Last used": st.column_config.DatetimeColumn(format="D MMM, HH:mm"),
}


def score_columns(runs: list[Run]) -> dict[str, Any]:
    """Return how the columns show that hold what models of runs are measured by."""
    shown: dict[str, Any] = {}
    for columns in tables.score_columns(runs):
        metric = columns.metric
        shown[columns.value] = st.column_config.NumberColumn(
            format=formatting.column_format(metric),
            help=f"Test {metric.in_text}: {metric.definition or metric.meaning}.",
        )
        unit = "percentage points" if metric.is_share else metric.unit
        shown[columns.half] = st.column_config.NumberColumn(
            format=formatting.column_format(metric, unit=False),
            help=f"Half of the 95 % interval{unit and f', in {unit}'}.",
        )
    for name, metric in tables.fidelity_columns(runs).items():
        words = metric.definition or metric.meaning
        shown[name] = st.column_config.NumberColumn(
            format=formatting.column_format(metric), help=f"{words[:1].upper()}{words[1:]}."
        )
    return shown


@st.dialog("Delete this run?", icon=":material/delete:")
def ask_delete(run: Run) -> None:
    """Delete a run after asking."""
    st.markdown(f"**{formatting.escaped(run_summary.name(run))}**")
    n_bytes = resources.store().folder(run.id).size_bytes()
    st.markdown(f"Its record, its student and its outputs ({formatting.size(n_bytes)}) are removed for good.")
    if started := len(lineage.children(run.id, resources.store().list())):
        st.warning(
            f"{started} run{'s' * (started != 1)} started from its student. What is done stays as it is, but cannot be "
            "computed again without it.",
            icon=":material/account_tree:",
        )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep it", key="runs.keep"):
            st.rerun()
        if st.button("Delete", type="primary", icon=":material/delete:", key="runs.delete.sure"):
            if class_mode.may_change(run, resources.store()):
                guarded(lambda: resources.store().delete(run.id))
            if run_in_use.current() == run.id:
                run_in_use.forget()
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
            guarded(lambda: resources.computed().empty(used_since=resources.store().computing_since()))
            st.rerun()


def guarded(act: Callable[[], Any]) -> None:
    """Do something, and say so where it cannot be done."""
    try:
        act()
    except DistilError as error:
        st.session_state["runs.problem"] = str(error)


def ask_name(run: Run) -> None:
    """Let somebody call a run something, and note something about it."""
    with st.popover("Name", icon=":material/edit:"), st.form("runs.naming", border=False):
        name = st.text_input("Name", run.name, max_chars=MAX_NAME, key=f"runs.name.{run.id}")
        note = st.text_area("Note", run.note, max_chars=MAX_NOTE, key=f"runs.note.{run.id}")
        if st.form_submit_button("Keep", type="primary", key="runs.named"):
            guarded(lambda: resources.store().describe(run.id, name=name, note=note))
            st.rerun()


def show_details(run: Run) -> None:
    """Show one run, and what can be done with it."""
    family = resources.family(run.id)
    st.markdown(f"## {formatting.escaped(run_summary.name(run))}")
    if line := run_summary.lineage_line(run.id, run.config, resources.runs()):
        st.caption(f":material/account_tree: {formatting.escaped(line)}")
    if line := narrative.compression.made_smaller(run.config, None if run.record is None else run.record.model.cost):
        st.caption(f":material/compress: {line}")
    if run.note:
        st.caption(f":material/sticky_note_2: {formatting.escaped(run.note)}")
    with st.container(horizontal=True):
        if not run.read_only and class_mode.may_change(run, resources.store()):
            ask_name(run)
        if st.button("Open in Distil", icon=":material/experiment:", key="runs.open"):
            st.switch_page("pages/distil.py", query_params={"run": run.id})
        if family is not None:
            show_downloads(run.id, family)
        if (
            not run.read_only
            and not address.follows_class()
            and st.button(
                "Delete",
                icon=":material/delete:",
                key="runs.delete",
                disabled=run.state is RunState.RUNNING or not class_mode.may_change(run, resources.store()),
            )
        ):
            ask_delete(run)
    if run.state is RunState.FAILED:
        messages.problem(run.error, lead="This run failed: ")
    scrolling.last_first()
    with st.container(key="runs.last_first"):
        left, right = st.columns([2, 3], gap="large")
    with left:
        explained.table(
            tables.setting_rows(run.config),
            title="**Settings** · bold where they differ from the default",
            height=560,
            alt="Settings of the run",
        )
    with right:
        title = "**Results** · on the test texts"
        if family is None:
            st.markdown(title)
            st.info("There are none: the run is not done.", icon=":material/info:")
            return
        run_summary.metrics(family, key="runs.measures", title=title)
        if family.distilled.folder.has_student:
            take_home.show(run.id, family)
        with st.expander("Corpus, machine and times", icon=":material/info:"):
            explained.table(tables.origin_rows(family.distilled.record), alt="Where the figures come from")
    side_by_side.show(run, family)


def show_downloads(run_id: str, family: Family) -> None:
    """Offer to compare, and to take student and record away; the archive is made when it is asked for."""
    name, source = archive.folder_name(family), resources.runs()
    if family.distilled.folder.has_student:
        if st.button("Open in Compare", icon=":material/compare_arrows:", key="runs.compare"):
            st.switch_page("pages/compare.py", query_params={"run": run_id})
        take_home.download(
            lambda: archive.student_zip(source, run_id),
            f"{name}.zip",
            "application/zip",
            key="runs.student",
            label="Student",
            n_bytes=family.distilled.folder.size_bytes(),
            primary=False,
            help="A Hugging Face folder with a model card, as a ZIP archive.",
        )
    st.download_button(
        "Record",
        archive.record_json(family),
        f"{name}.json",
        "application/json",
        key="runs.record",
        on_click="ignore",
        icon=":material/download:",
        help="All settings and figures of this run, as JSON.",
    )


# Ask
if problem := st.session_state.pop("runs.problem", None):
    messages.problem(problem)
with address.control("runs.twins", "Show twins"):
    twins = st.toggle(
        "Show twins",
        key="runs.twins",
        bind="query-params",
        help="What students are compared with: hard-label twin (trained without the teacher), layer-cut twin (not "
        "trained) and baseline (without a transformer).",
    )

# Think
workers.recover(resources.store())
shown = [run for run in resources.runs().list() if twins or run.config.method is Method.DISTILLED]
rows = tables.run_rows(shown)

# Show
if rows:
    names = [run.id for run in shown]
    wanted = [name for name in (st.query_params.get(PICKED), run_in_use.current()) if name in names]
    default = names.index(wanted[0]) if wanted else 0
    event = explained.dataframe(
        pd.DataFrame(rows),
        # A new list is a new table: a selection counts rows, and would move to another run.
        key=f"{TABLE}.{digest(names)}",
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [default]}},
        column_config={**COLUMNS, **score_columns(shown)},
        column_order=None if twins else [name for name in rows[0] if name != "Model"],
        height=min(38 + 35 * len(rows), 320),
        placeholder=formatting.NONE,
        alt="All runs with their settings and results",
    )
    if event.selection.rows:
        row = event.selection.rows[0]
        address.put(PICKED, names[row])
        show_details(shown[row])
    else:
        may = "open or download" if address.follows_class() else "open, download or delete"
        st.caption(f"Pick a row to see settings and results, and to {may} the run.")
else:
    st.info("Nothing has been distilled here yet.", icon=":material/experiment:")
    st.page_link("pages/distil.py", label="Distil the first student")

entries = resources.computed().entries()
with st.expander(f"Cache: {formatting.size(sum(entry.bytes for entry in entries))}", icon=":material/database:"):
    st.markdown("What is computed once and kept: fine-tuned teachers, and what teachers answered.")
    if entries:
        explained.dataframe(
            pd.DataFrame(tables.cache_rows(entries)),
            key="runs.cache.table",
            column_config=CACHE_COLUMNS,
            alt="What the cache holds, the largest first",
        )
        may_empty = class_mode.free() and not address.follows_class()
        if may_empty and st.button("Empty the cache", icon=":material/delete_sweep:", key="runs.cache"):
            ask_empty()

if not class_mode.free() and not address.follows_class():
    with st.expander("For the lecturer", icon=":material/key:"):
        entered = st.text_input(
            "Code", type="password", key="runs.code", help="Printed when the server starts, or DISTIL_LAB_CODE."
        )
        if entered and class_mode.unlock(entered):
            st.rerun()
        elif entered:
            st.caption("This is not the code.")
