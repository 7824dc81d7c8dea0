"""Fields to type a text into: one for each of its segments.

Reads: its arguments. Writes: the session's values and the query parameters, ``KEY`` of the first segment, ``KEY.2`` of
the second.
"""

from collections.abc import Sequence

import streamlit as st

from distil_core.data.corpus import join_segments, split_segments
from distil_core.reporting import formatting
from pages.state import address

MAX_CHARS, MAX_SEGMENT_CHARS = 2000, 10_000


def ask(
    segments: Sequence[str],
    *,
    key: str,
    label: str,
    bare: bool = False,
    placeholder: str = "",
    live: str | bool = False,
) -> str:
    """Ask for a text; returns it with its segments joined, or an empty one while one of them is missing.

    Where the address hides the field, the text itself stays to be read.

    Args:
        segments: What people call the segments of a text.
        key: Of the field.
        label: Of a single field; several are labeled by their segments.
        bare: Whether a single field hides its label.
        placeholder: What stands in a single field while it is empty.
        live: How long nothing is typed before the text is taken, where it is taken without Enter.
    """
    text = _typed(segments, key=key, label=label, bare=bare, placeholder=placeholder, live=live)
    if text.strip() and address.hides(key):
        st.markdown(formatting.escaped(formatting.readable(text)))
    return text


def _typed(segments: Sequence[str], *, key: str, label: str, bare: bool, placeholder: str, live: str | bool) -> str:
    with address.control(key, label):
        if len(segments) == 1:
            text: str | None = st.text_input(
                label,
                key=key,
                placeholder=placeholder or None,
                label_visibility="collapsed" if bare else "visible",
                live=live,
                bind="query-params",
                max_chars=MAX_CHARS,
            )
            return text or ""
        typed = [
            column.text_input(segment, key=name, live=live, bind="query-params", max_chars=MAX_SEGMENT_CHARS) or ""
            for column, segment, name in zip(
                st.columns(len(segments)), segments, _keys(key, len(segments)), strict=True
            )
        ]
    return join_segments(typed) if all(map(str.strip, typed)) else ""


def put(text: str, *, key: str) -> None:
    """Put a text into the fields."""
    segments = split_segments(text)
    for name, segment in zip(_keys(key, len(segments)), segments, strict=True):
        st.session_state[name] = segment


def holds(text: str, *, key: str) -> bool:
    """Tell whether the fields hold a text."""
    segments = split_segments(text)
    return [st.session_state.get(name) for name in _keys(key, len(segments))] == list(segments)


def asked_for(*, key: str, n_segments: int) -> bool:
    """Tell whether somebody, or the address, has put something into each of the fields."""
    names = _keys(key, n_segments)
    return all(name in st.session_state or st.query_params.get(name) for name in names)


def _keys(key: str, n: int) -> list[str]:
    return [key, *(f"{key}.{number}" for number in range(2, n + 1))]
