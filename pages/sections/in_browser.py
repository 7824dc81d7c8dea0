"""The student of a run in the visitor's own browser, on the Compare page: it asks the server for nothing.

Reads: what has been exported of a run. Writes: an export, in the run store's folder.
"""

import streamlit as st

from distil_core.export.formats import Format
from distil_core.reporting import formatting
from distil_core.runs.families import FinishedRun
from pages.sections import take_home
from pages.state import address, student_pages

HEIGHT = 620


def show(outcome: FinishedRun) -> None:
    """Show the page of a student within this one, once somebody has asked for it."""
    with address.control("compare.browser", "In this browser"):
        opened = st.toggle(
            "In this browser",
            key="compare.browser",
            bind="query-params",
            help="Runs the student on your own device, as fast as you type; the server is not asked.",
        )
    if not opened:
        return
    state = take_home.prepared(outcome.run, Format.BROWSER, key="compare.export")
    if state is None:
        return
    cost, there = outcome.record.model.cost, student_pages.page_address(outcome.run)
    measured = None if cost is None else cost.latency_ms
    here = (
        ""
        if measured is None
        else f" The server took {formatting.latency(measured)[0]} for one text when it was measured."
    )
    st.caption(f"The student in 8 bits, on this very device.{here} [Open it on its own]({there}), such as on a phone.")
    st.iframe(there, height=HEIGHT, alt="The student, in this browser")
