"""Links between the pages that wait until what was done before them has been sent.

Reads and writes: nothing.
"""

import streamlit as st

from pages.components import mount

_HTML = f"<script>\n{mount.script(__file__)}</script>"


def wait_in_turn() -> None:
    """Let the links to the pages wait for their turn; takes no room in a container without gaps."""
    st.html(_HTML, unsafe_allow_javascript=True)
