"""The address of a page holds its whole state: the run, every control, a version, and which controls are hidden.

Reads and writes: the query parameters ``v`` and ``hide``.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urlencode

import streamlit as st

from distil_core.reporting.formatting import escaped

T = TypeVar("T")

VERSION = "2"
"""Grows when an old address would come to mean something else, such as with another default."""

_LONGEST_VALUE, _MOST_DIGITS, _LONGEST_NAME, _MOST_NAMED = 20_000, 300, 60, 5
_LARGE = "app.large"
_CONTROLS, _HIDE, _ASIDE = "address.controls", "address.hide", "address.aside"


def tell_unusable() -> None:
    """Say what of an address no control can take, which then stands at its default; called before any is drawn."""
    unusable = [
        name for name, value in st.query_params.to_dict().items() if name not in st.session_state and not _usable(value)
    ]
    if named := [name for name in unusable if len(name) < _LONGEST_NAME][:_MOST_NAMED]:
        st.warning(
            f"Part of this address means nothing here and is left out: {escaped(', '.join(named))}.",
            icon=":material/info:",
        )


def _usable(value: str) -> bool:
    if not value.strip() or len(value) > _LONGEST_VALUE or any(ord(sign) < ord(" ") for sign in value.strip()):
        return False
    try:
        return math.isfinite(float(value))
    except ValueError:
        return not (value.strip().lstrip("+-").isdecimal() and len(value) > _MOST_DIGITS)


def open_header() -> Any:
    """Take note of the address; returns where :func:`share` goes. To be called once, before any control."""
    known = st.query_params.get("v", VERSION)
    if known != VERSION:
        st.warning(
            f"This address is from version {known} of the lab and this is version {VERSION}: "
            "what it does not name may have other defaults.",
            icon=":material/info:",
        )
    st.query_params["v"] = known
    if "hide" in st.query_params:
        st.session_state[_HIDE] = st.query_params["hide"]
    elif hide := st.session_state.get(_HIDE):  # another page of the same visit
        st.query_params["hide"] = hide
    st.session_state[_CONTROLS] = {}
    box = st.container(horizontal=True, width="content", vertical_alignment="center", gap=None, wrap=False)
    st.session_state[_ASIDE] = None
    if hidden():
        st.session_state[_ASIDE] = box.popover(
            "", icon=":material/visibility_off:", type="tertiary", help="Controls that the address of this page hides."
        )
    return box


def count(text: str, *, below: int, otherwise: T) -> int | T:
    """Return a count that stands in an address, or something else where it is none, or as large as ``below``."""
    digits = text.strip()
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 12 or int(digits) >= below:
        return otherwise
    return int(digits)


def hidden() -> tuple[str, ...]:
    """Return the names of the controls that the address hides."""
    return tuple(name for name in st.query_params.get("hide", "").split(",") if name)


@contextmanager
def control(name: str, label: str) -> Iterator[None]:
    """Show what is inside, or put it aside where the address hides it; it keeps the values that the address names.

    Args:
        name: By which addresses hide it, such as ``distil.temperature``; a page's name alone hides all its controls.
        label: What people call it.
    """
    st.session_state.setdefault(_CONTROLS, {})[name] = label
    aside = st.session_state.get(_ASIDE)
    if aside is not None and {name, name.partition(".")[0]} & set(hidden()):
        with aside:
            yield
    else:
        yield


def large_print() -> bool:
    """Tell whether everything is to be drawn so large that the last row can read it."""
    return bool(st.session_state.get(_LARGE, st.query_params.get(_LARGE) == "true"))


@st.fragment
def share() -> None:
    """Offer the address of the page as it stands, with those controls hidden that somebody picks."""
    with st.popover("Share", icon=":material/link:", type="tertiary", key="app.share"):
        large = large_print()
        if st.toggle("Large print, for a projector", key=_LARGE, bind="query-params") is not large:
            st.rerun()
        st.markdown("Whoever opens this address on the same server sees this page as it is now.")
        controls: dict[str, str] = st.session_state.get(_CONTROLS, {})
        picked = st.multiselect(
            "Hide controls, for a class",
            list(controls),
            default=[name for name in hidden() if name in controls],
            format_func=controls.__getitem__,
            key="app.hide",
            placeholder="None",
        )
        query = {name: value for name, value in st.query_params.to_dict().items() if name != "hide"}
        if picked:
            query["hide"] = ",".join(picked)
        st.code(f"{st.context.url}?{urlencode(query)}", language=None, wrap_lines=True)
