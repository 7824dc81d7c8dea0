"""What went wrong, in a box: the one place where sentences with words that are not ours become markdown.

Reads and writes: nothing.
"""

import streamlit as st

from distil_core.errors import DistilError
from distil_core.reporting import formatting


def problem(error: Exception | str, *, lead: str = "") -> None:
    """Show in a red box what went wrong, as it is written.

    Args:
        error: What people can mend, or its sentence.
        lead: Words of ours before it, as markdown.
    """
    st.error(f"{lead}{formatting.escaped(str(error))}", icon=":material/error:")


def tell(error: Exception) -> bool:
    """Show what people can mend, and return whether it is that: anything else stays a visible crash."""
    if isinstance(error, DistilError):
        problem(error)
    return isinstance(error, DistilError)


def doubt(sentence: str, *, icon: str = ":material/rule:") -> None:
    """Show in a yellow box what should be known, as it is written."""
    st.warning(formatting.escaped(sentence), icon=icon)
