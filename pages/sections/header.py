"""The header of every page: what the page is for, and the run in use with the one way to change it.

Reads: the run store, the query parameter ``run``. Writes: the query parameter ``run``.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from distil_core.runs import sources
from distil_core.runs.rows import Run
from distil_core.settings.config import Method
from pages.components import accessibility, page_links
from pages.sections import run_summary
from pages.state import address, resources, run_in_use

_PICKER = "app.run"


def show(lead: str, *, picks_run: bool = True) -> Any:
    """Show what a page is for, and the run in use with the one way to change it; returns where to offer the address.

    Args:
        lead: What the page is for.
        picks_run: Whether the page is about the run in use.
    """
    runs = {run.id: run for run in resources.runs().list()}
    offered = [
        run.id for run in runs.values() if run.config.method is Method.DISTILLED and run.id != sources.MISSING_CLASS
    ]  # that one is for the lessons, and has no student to ask
    wanted = st.query_params.get("run", st.session_state.get("run"))
    if wanted is not None and (there := resources.runs().find(wanted)) is not None:
        wanted = there.id  # an old address may hold a former name
    lost = wanted is not None and wanted not in runs
    if wanted in runs and wanted not in offered:
        offered.insert(0, wanted)
    if wanted not in offered:
        wanted = offered[0] if offered else None
    st.session_state["run"] = st.session_state[_PICKER] = wanted
    # What everybody sees first needs no name in the address, where it would stand until the browser has the next one.
    if wanted is not None and ("run" in st.query_params or not runs[wanted].read_only):
        address.put("run", wanted)
    left, right = st.columns([3, 2], vertical_alignment="center", gap="small")
    with left.container(key="app.large_print" if address.large_print() else None):
        st.title(lead, anchor=False)
    with right.container(horizontal=True, vertical_alignment="center", gap="small"):
        chooser = st.container(gap=None)
        shared = address.open_header()
    with chooser:
        page_links.wait_in_turn()
        accessibility.legible()
    if picks_run:
        with chooser, address.control(_PICKER, "Run in use"):
            _pick(runs, offered)
    if lost:
        st.warning(
            "The run in the address is not in this store, or of a task or settings that this version does not know; it "
            "may have been deleted.",
            icon=":material/info:",
        )
    return shared


def _pick(runs: Mapping[str, Run], offered: Sequence[str]) -> None:
    st.selectbox(
        "Run in use",
        offered,
        format_func=lambda run_id: run_summary.name(runs[run_id]),
        key=_PICKER,
        on_change=_picked,
        placeholder="No run yet",
        disabled=not offered,
        label_visibility="collapsed",
        icon=":material/history:",
        help="The run in use: all pages show it, and the address of this page leads to it.",
    )


def _picked() -> None:
    # The browser names an option by its words, and those of a run that goes on are others every now and then.
    if resources.runs().find(st.session_state[_PICKER]) is not None:
        run_in_use.choose(st.session_state[_PICKER])
