"""The address of a page holds its whole state: the run, every control, a version, and which controls are hidden.

A link for a class carries more from page to page: the class, the pages that it shows, and what it hides. A link
restricts what is shown, and nothing else: whoever takes the parameters away sees all of it again. What visitors may do
is bounded by :mod:`pages.state.class_mode`.

Reads and writes: the query parameters ``v``, ``hide``, ``class``, ``pages`` and ``lecture``.
"""

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import streamlit as st

from distil_core.reporting.formatting import escaped

T = TypeVar("T")

VERSION = "2"
"""Grows when an old address would come to mean something else, such as with another default."""

_LONGEST_VALUE, _MOST_DIGITS, _LONGEST_NAME, _MOST_NAMED = 20_000, 300, 60, 5
LARGE = "app.large"
HIDE, CLASS, PAGES, LECTURE = "hide", "class", "pages", "lecture"
"""What a link carries from page to page: controls that it hides, the code of a class that follows it, the pages that it
shows, and on the lecturer's own pages the code of the class."""
_CONTROLS, _SEEN, _ASIDE = "address.controls", "address.seen", "address.aside"


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
    put("v", known)
    for name in (HIDE, CLASS, PAGES, LECTURE):
        if name in st.query_params:
            st.session_state[_kept(name)] = st.query_params[name]
        elif value := st.session_state.get(_kept(name)):  # another page of the same visit
            put(name, value)
    st.session_state[_CONTROLS] = {}
    box = st.container(horizontal=True, width="content", vertical_alignment="center", gap="small", wrap=False)
    st.session_state[_ASIDE] = None
    if hidden():
        st.session_state[_ASIDE] = box.popover(
            "", icon=":material/visibility_off:", type="tertiary", help="Controls that the address of this page hides."
        )
    return box


def put(name: str, value: str | list[str]) -> None:
    """Have the address name something.

    Where it does so already nothing is sent: each message carries the whole address as this rerun has it, and takes
    away what a control has put there since.
    """
    if st.query_params.get_all(name) != ([value] if isinstance(value, str) else value):
        st.query_params[name] = value


def count(text: str, *, below: int, otherwise: T) -> int | T:
    """Return a count that stands in an address, or something else where it is none, or as large as ``below``."""
    digits = text.strip()
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 12 or int(digits) >= below:
        return otherwise
    return int(digits)


def carried(name: str) -> str:
    """Return what a link carries from page to page under a name, empty where it carries nothing."""
    return str(st.query_params.get(name, st.session_state.get(_kept(name), "")))


def carry(name: str, value: str) -> None:
    """Have all pages of this visit carry something under a name from the next rerun on, or no longer."""
    st.session_state[_kept(name)] = value
    if value:
        put(name, value)
    else:
        st.query_params.pop(name, None)


def _kept(name: str) -> str:
    return f"address.{name}"


def follows_class() -> bool:
    """Tell whether this visit follows a link for a class: then nothing that deletes is shown."""
    return bool(carried(CLASS))


def shown_pages() -> tuple[str, ...]:
    """Return the names of the pages that a link shows; none where it shows all."""
    return tuple(name for name in carried(PAGES).split(",") if name)


def hidden() -> tuple[str, ...]:
    """Return the names of the controls that the address hides."""
    return tuple(name for name in st.query_params.get(HIDE, "").split(",") if name)


def hides(name: str) -> bool:
    """Tell whether the address hides a control, by its name or with all of its page."""
    return bool({name, name.partition(".")[0]} & set(hidden()))


def hides_all(names: Iterable[str]) -> bool:
    """Tell whether the address hides all of some controls, so that a box around them would be empty."""
    return all(map(hides, names))


def controls() -> dict[str, str]:
    """Return the controls of this page by their names, with what people call them."""
    return dict(st.session_state.get(_CONTROLS, {}))


def seen_controls() -> dict[str, str]:
    """Return those of all pages of this visit."""
    return {**st.session_state.get(_SEEN, {}), **controls()}


@contextmanager
def control(name: str, label: str) -> Iterator[None]:
    """Show what is inside, or put it aside where the address hides it; it keeps the values that the address names.

    Args:
        name: By which addresses hide it, such as ``distil.temperature``; a page's name alone hides all its controls.
        label: What people call it.
    """
    for known in (_CONTROLS, _SEEN):
        st.session_state.setdefault(known, {})[name] = label
    aside = st.session_state.get(_ASIDE)
    if aside is not None and hides(name):
        with aside:
            yield
    else:
        yield


def large_print() -> bool:
    """Tell whether everything is to be drawn so large that the last row can read it."""
    return bool(st.session_state.get(LARGE, st.query_params.get(LARGE) == "true"))
