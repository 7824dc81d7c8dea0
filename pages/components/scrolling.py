"""Scrolls to a part of the page that has just begun to matter, and puts results before forms where the page is narrow.

Reads and writes: nothing.
"""

import json
from pathlib import Path

import streamlit as st

from pages.components import mount

_SCRIPT = mount.script(__file__)


def into_view(key: str) -> None:
    """Scroll to the container of a key, unless it is seen already.

    Args:
        key: Of the container; drawn anywhere in the same run of the page.
    """
    name = f"st-key-{key.replace('.', '-')}"
    st.html(f"<script>\n{_SCRIPT}\nintoView({json.dumps(name)});\n</script>", unsafe_allow_javascript=True)


def last_first() -> None:
    """Let the last column of a container whose key ends in ``.last_first`` come first on a phone."""
    st.html(Path(__file__).with_suffix(".css"))
