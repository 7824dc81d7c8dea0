"""The run in use: one for all pages of a visit, named in the address.

Reads: the run store. Reads and writes: the query parameter ``run``, and the session's ``run``.
"""

import streamlit as st

from distil_core.analysis import comparison
from distil_core.reporting import narrative
from distil_core.runs.families import Family
from pages.state import address, resources


def current() -> str | None:
    """Return the name of the run in use; None while there is none at all."""
    run_id: str | None = st.session_state.get("run")
    return run_id


def choose(run_id: str) -> None:
    """Make a run the one in use, from the next rerun on."""
    st.session_state["run"] = run_id
    address.put("run", run_id)


def forget() -> None:
    """Have no run in use, from the next rerun on."""
    st.query_params.pop("run", None)
    st.session_state.pop("run", None)


def finished(*, with_student: bool = False) -> Family | None:
    """Return the run in use with its twins, or None after saying why it cannot be shown.

    Args:
        with_student: Whether it must have a student that can be asked.
    """
    run_id = current()
    family = None if run_id is None else resources.family(run_id)
    if family is None:
        st.info(
            "The run in use is not done yet. Choose another one above, or go back to **Distil**.",
            icon=":material/hourglass:",
        )
        return None
    if with_student and not family.distilled.folder.has_student:
        config = family.distilled.record.config
        name, meaning = comparison.model_name(config), comparison.explanations(config.task)[config.method]
        st.info(f"This run has no student to ask. {name}: {meaning}. Choose another run above.", icon=":material/info:")
        return None
    if with_student and (line := narrative.compression.asked_here(family.distilled.record.config)):
        st.caption(f":material/info: {line}")
    return family
