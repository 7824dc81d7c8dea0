"""Select boxes: one of several names, and one of the places of a text.

Reads: its arguments. Writes: the session's value and the query parameter of the key.
"""

from collections.abc import Sequence

import streamlit as st

from distil_core.analysis.error_analysis import AnsweredTexts
from distil_core.data.corpus import Place
from pages.state import address


def choose(label: str, options: list[str], *, key: str, help: str | None = None) -> str:
    """Let somebody choose one of several names; one that is not among them, as of another run, is forgotten."""
    if st.session_state.get(key) not in options:
        st.session_state.pop(key, None)
    with address.control(key, label):
        option: str = st.selectbox(label, options, key=key, help=help, bind="query-params", width=215)
    return option


def place(places: Sequence[Place], *, title: str, key: str) -> int:
    """Let somebody choose a place where a text has more than one; returns which it is, counted from 0.

    When a text is edited, the choice stays with the same word, or else with the same number.
    """
    if len(places) < 2:
        return 0
    names = [name(i, each) for i, each in enumerate(places)]
    former = st.session_state.get(key)
    if former is not None and former not in names:
        number, _, word = former.partition(" ")
        site = int(number) - 1 if number.isdecimal() else 0
        st.session_state[key] = names[min(range(len(names)), key=lambda i: (places[i].text != word, abs(i - site)))]
    return names.index(choose(title, names, key=key, help="Where in the text the answers are shown."))


def name(site: int, place: Place) -> str:
    """Name a place of a text: its number, counted from 1, and what stands there."""
    return f"{site + 1} {place.text}"


def put_place(answered: AnsweredTexts, row: int, *, key: str) -> None:
    """Choose the place of a row of texts; nothing where each text is one."""
    if answered.several:
        st.session_state[key] = name(answered.site(row), answered.places[row])


def forget_place(*, key: str) -> None:
    """Choose no place, so that the first one of a text is shown."""
    st.query_params.pop(key, None)
    st.session_state.pop(key, None)
