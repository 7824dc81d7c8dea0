"""Links between the pages that wait until what was done before them has been sent, and the style of all pages.

Reads and writes: nothing.
"""

import streamlit as st

from pages.components import accessibility, mount

_HTML = f"<style>\n{accessibility.STYLE}</style>\n<script>\n{mount.script(__file__)}</script>"


def wait_in_turn() -> None:
    """Let the links to the pages wait for their turn, and all pages be legible.

    Takes no room in a container without gaps; both at once, as each would be a gray bar while it is loaded.
    """
    st.html(_HTML, unsafe_allow_javascript=True)
