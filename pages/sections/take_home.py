"""Take a student home: written in the background in the form that somebody wants, with its proof, to be downloaded.

Reads: a finished run, and what has been exported of it. Writes: exports, in the run store's folder.
"""

from collections.abc import Callable
from importlib.util import find_spec

import streamlit as st

from distil_core.errors import DistilError, MissingExtraError
from distil_core.export import archive, formats, jobs, report
from distil_core.export.formats import Format, Proof
from distil_core.export.jobs import Export
from distil_core.reporting import formatting
from distil_core.runs.families import Family
from distil_core.tasks.task import Task
from pages.sections import messages
from pages.state import address, class_exports, resources

POLL_SECONDS = 0.5
_REFUSED = "runs.export.refused"


def show(run_id: str, family: Family) -> None:
    """Ask for a format, say how far its export is, and offer what is there."""
    st.markdown("**Take home** · the student without the lab, held against the one in it")
    record = family.distilled.record
    possible = formats.offered(record.config.student.n_layers, record.task)
    with address.control("runs.format", "Format"):
        picked = st.segmented_control(
            "Format",
            list(possible),
            default=possible[0],
            required=True,
            format_func=formats.TITLES.__getitem__,
            key="runs.format",
            bind="query-params",
            label_visibility="collapsed",
            wrap=True,
        )
    wanted = picked or possible[0]  # an address may name nothing
    st.caption(formats.DESCRIPTIONS[wanted])
    if wanted is Format.REPORT:
        source = resources.runs()
        download(
            lambda: report.report_page(family, source),
            f"{archive.folder_name(family)}.html",
            "text/html",
            key="runs.report",
        )
        return
    state = prepared(run_id, wanted, key="runs.export")
    if state is not None and state.proof is not None:
        show_export(family, state, state.proof)


def prepared(run_id: str, wanted: Format, *, key: str) -> Export | None:
    """Return an export that is done; say how far it is, or offer to begin, where it is not.

    Args:
        run_id: The run.
        wanted: The format.
        key: Of the button that begins.
    """
    state = jobs.export_state(resources.store(), run_id, wanted)
    if state.proof is not None:
        return state
    if state.running:
        st.fragment(progress, run_every=POLL_SECONDS)(run_id, wanted)
    elif wanted in formats.IN_ONNX and not (find_spec("onnx") and find_spec("onnxruntime")):
        st.info(str(MissingExtraError("ONNX export", "onnx")), icon=":material/info:")
    else:
        if problem := st.session_state.pop(_REFUSED, None) or state.error:
            messages.problem(problem)
        st.button(
            "Prepare",
            icon=":material/inventory_2:",
            key=key,
            on_click=_start,
            args=(run_id, wanted),
            help="Writes the files in the background, and puts all test texts to both models; takes a minute or less.",
        )
    return None


def _start(run_id: str, wanted: Format) -> None:
    try:
        class_exports.start_export(resources.store(), run_id, wanted)
    except DistilError as error:
        st.session_state[_REFUSED] = str(error)


def progress(run_id: str, wanted: Format) -> None:
    """Say how far an export is, and draw the page anew once it is over."""
    state = jobs.export_state(resources.store(), run_id, wanted)
    if not state.running:
        st.rerun()
    st.progress(state.share or 0.0, f"{state.stage}…")


def show_export(family: Family, state: Export, proof: Proof) -> None:
    """Show what was proven, and offer the folder."""
    task: Task = family.distilled.record.task
    name = f"{archive.folder_name(family)}-{proof.format}"
    st.markdown("\n".join(f"- {formatting.escaped(sentence)}" for sentence in formats.sentences(proof, task)))
    download(
        lambda: archive.folder_zip(state.folder, name),
        f"{name}.zip",
        "application/zip",
        key="runs.export.download",
        n_bytes=state.size_bytes(),
        help=f"A folder of {formatting.size(state.size_bytes())} with {', '.join(state.names())}, as a ZIP archive.",
    )


def download(
    make: Callable[[], bytes | str],
    name: str,
    mime: str,
    *,
    key: str,
    label: str = "Download",
    n_bytes: int = class_exports.REPORT_BYTES,
    primary: bool = True,
    help: str | None = None,
) -> None:
    """Offer a download that is made when it is asked for, within the bounds of what visitors may take.

    Args:
        make: Makes it.
        name: Of the file.
        mime: Of the file.
        key: Of the button.
        label: Of the button.
        n_bytes: About how large it is.
        primary: Whether it is what the page is for.
        help: A sentence more.
    """
    refusal = class_exports.download_refusal(n_bytes)
    st.download_button(
        label,
        class_exports.bounded(make, n_bytes),
        name,
        mime,
        key=key,
        on_click="ignore",
        type="primary" if primary else "secondary",
        icon=":material/download:",
        help=help,
        disabled=bool(refusal),
    )
    if refusal:
        st.caption(refusal)
