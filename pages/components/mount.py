"""Puts a component together from the files that lie beside its module.

Reads: those files. Writes: nothing.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer


def script(module: str) -> str:
    """Return the JavaScript of a component.

    Args:
        module: ``__file__`` of its module.
    """
    return _read(module, ".js")


def component(module: str, name: str) -> "ComponentRenderer":
    """Register a component by its name, and return what mounts it.

    Args:
        module: ``__file__`` of its module; ``.html``, ``.css`` and ``.js`` lie beside it.
        name: Under which the browser knows it.
    """
    return st.components.v2.component(
        name, html=_read(module, ".html"), css=_read(module, ".css"), js=_read(module, ".js")
    )


def _read(module: str, suffix: str) -> str:
    return Path(module).with_suffix(suffix).read_text(encoding="utf-8")
