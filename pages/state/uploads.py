"""Files that somebody gives to a page: kept in the run store's folder by their contents, named in the address.

Reads and writes: a query parameter for each. Writes: the files.
"""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path, PurePath

import streamlit as st

from distil_core.training.cache import replacing
from pages.state import resources


def file(label: str, types: Sequence[str], *, key: str, parameter: str, help: str) -> Path | None:
    """Ask for a file and return where it is kept; it outlives the page until it is taken away or another one comes.

    Args:
        label: What people are asked for.
        types: Endings that may be chosen.
        key: Key of the widget.
        parameter: Query parameter that names the file by its contents, so that a link leads to the same file.
        help: A sentence more.
    """
    st.file_uploader(label, types, key=key, help=help, on_change=_keep, args=(key, parameter))
    path = (_folder() / st.query_params.get(parameter, "")).resolve()
    return path if path.is_file() and path.parent.parent == _folder().resolve() else None


def _folder() -> Path:
    return resources.store().layout.uploads


def _keep(key: str, parameter: str) -> None:
    """Keep an uploaded file under its content's name, so that the same file is one file, or forget it."""
    upload = st.session_state[key]
    if upload is None:
        st.query_params.pop(parameter, None)
        return
    content = upload.getvalue()
    path = _folder() / sha256(content).hexdigest()[:16] / PurePath(upload.name).name
    if not path.exists():
        with replacing(path) as whole:
            whole.write_bytes(content)
    st.query_params[parameter] = f"{path.parent.name}/{path.name}"
