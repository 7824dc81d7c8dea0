"""One of several names from a list, and one of the places of a text by a click.

Reads: its arguments. Writes: the session's value and the query parameter of the key.
"""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import streamlit as st

from distil_core.analysis.error_analysis import AnsweredTexts
from distil_core.data.corpus import Place
from distil_core.reporting import glossary
from pages.state import address

MAX_CLICKED = 60
PLACE_HELP = "Where in the text the answers are shown."


def choose(label: str, options: list[str], *, key: str, help: str | None = None) -> str:
    """Let somebody choose one of several names; one that is not among them, as of another run, is forgotten.

    Without a help of its own, the terms in the label are explained.
    """
    if st.session_state.get(key) not in options:
        st.session_state.pop(key, None)
    with address.control(key, label):
        option: str = st.selectbox(
            label, options, key=key, help=help or glossary.explain(label), bind="query-params", width=215
        )
    return option


def place(places: Sequence[Place], *, title: str, key: str, in_box: bool = False) -> int:
    """Let somebody choose a place where a text has more than one; returns which it is, counted from 0.

    When a text is edited, the choice stays with the same word, or else with the same number.

    Args:
        places: Of the text.
        title: What people call a place.
        key: Of the widget, and the query parameter.
        in_box: Whether places are not to be clicked but chosen from a list, as where the words are there to be clicked
            already; so are very many.
    """
    if len(places) < 2:
        return 0
    options = names(places)
    former = st.session_state.get(key, st.query_params.get(key, ""))
    if former not in options:
        former = _nearest(options, st.session_state.get(key), st.session_state.get(f"{key}.site", 0))
        st.session_state[key] = former
    if in_box or len(options) > MAX_CLICKED:
        choice = choose(title, options, key=key, help=PLACE_HELP)
    else:
        with address.control(key, title):
            choice = st.pills(
                title, options, default=options[0], required=True, key=key, help=PLACE_HELP, bind="query-params"
            )
    site = st.session_state[f"{key}.site"] = options.index(choice)
    return site


def _nearest(options: list[str], former: str | None, site: int) -> str:
    """Return the option with the word of another one that is nearest to where that was, or else what is there now."""
    word = _word(former or "")
    alike = [i for i, option in enumerate(options) if former and _word(option) == word]
    return options[min(alike, key=lambda i: abs(i - site)) if alike else min(site, len(options) - 1)]


def _word(name: str) -> str:
    return re.sub(r" \(\d+\)$", "", name)


def names(places: Sequence[Place]) -> list[str]:
    """Name the places of a text by what stands there; what stands there again has its number behind it."""
    seen: Counter[str] = Counter()
    named = []
    for each in places:
        seen[each.text] += 1
        named.append(each.text if seen[each.text] == 1 else f"{each.text} ({seen[each.text]})")
    return named


def put_place(answered: AnsweredTexts, row: int, *, key: str) -> None:
    """Choose the place of a row of texts; nothing where each text is one."""
    if answered.several:
        of_text = [answered.places[i] for i in np.flatnonzero(answered.examples == answered.examples[row])]
        site = answered.site(row)
        st.session_state[key], st.session_state[f"{key}.site"] = names(of_text)[site], site


def forget_place(*, key: str) -> None:
    """Choose no place, so that the first one of a text is shown."""
    st.query_params.pop(key, None)
    for name in (key, f"{key}.site"):
        st.session_state.pop(name, None)
