"""What is too faint, what is only heard, and where the keyboard is.

Reads and writes: nothing.
"""

import json
from pathlib import Path

import streamlit as st

from pages.components import mount

_SCRIPT = mount.script(__file__)


def legible() -> None:
    """Give more contrast to what Streamlit draws with too little, and words to what has none; takes no room.

    All is larger on a page that has something in a container with the key ``app.large_print``.
    """
    st.html(Path(__file__).with_suffix(".css"))


def announce(sentence: str) -> None:
    """Have a result read out by a screen reader when it changes; nothing of it is seen.

    Args:
        sentence: The result in words; marks of markdown are left out.
    """
    _call("announce", sentence.replace("**", ""))


def focus_on(key: str, *, turn: int) -> None:
    """Put the keyboard on the button of a key, where what was pressed is not there any more.

    Args:
        key: Of the button.
        turn: Another number each time, as the browser carries out the same words but once.
    """
    _call("focusOn", f"st-key-{key.replace('.', '-')}", turn=turn)


def _call(name: str, argument: str, *, turn: int = 0) -> None:
    # Inside a script, only what could end it is to be written otherwise.
    words = json.dumps(argument).replace("<", "\\u003c")
    st.html(f"<script>\n{_SCRIPT}\n{name}({words});  // {turn}\n</script>", unsafe_allow_javascript=True)
