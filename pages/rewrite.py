"""The sentence on the Compare page and its edits: words to click, the way back, and the sentence it started from.

Reads: the query parameters ``compare.word`` and ``compare.original``. Writes: the same.
"""

from typing import TYPE_CHECKING

import streamlit as st

from distil_core import outcomes, sentences, wording
from distil_core.examples import Answered, Filter, matching
from distil_core.outcomes import Outcome
from pages import said

if TYPE_CHECKING:
    from distil_core import explore

TEXT, ORIGINAL, WORD, SWAP = "compare.text", "compare.original", "compare.word", "compare.swap"
UNDO, FIRST = "compare.undo", "compare.first"
MAX_WORDS = 120
MAX_UNDO = 100


def begin(found: Answered) -> None:
    """Begin with the test text on which the two differ most, unless somebody has asked for another one."""
    apart = found.of_teacher != found.of_student
    ranked = matching(found, Filter())
    first = found.texts[next((i for i in ranked if apart[i]), ranked[0])]
    former = st.session_state.get(FIRST)
    st.session_state[FIRST] = first
    # Another run in use has another first text, unless somebody has asked for a text of their own.
    untouched = former is not None and st.session_state.get(TEXT) == former != first
    if untouched or not (TEXT in st.session_state or st.query_params.get(TEXT)):
        start(first)


def start(text: str) -> None:
    """Put a text into the field, as one that nobody has edited yet."""
    st.session_state[TEXT] = text
    st.session_state[UNDO] = ()
    for name in (ORIGINAL, WORD):
        st.query_params.pop(name, None)
        st.session_state.pop(name, None)
    st.session_state[ORIGINAL] = text


def original() -> str:
    """Return the sentence that the one in the field started from."""
    found: str = st.query_params.get(ORIGINAL) or st.session_state.get(ORIGINAL) or st.session_state[TEXT]
    st.session_state[ORIGINAL] = found
    return found


def is_edit(before: str, text: str) -> bool:
    """Tell whether a text is an edit of another one; the address then names both."""
    edited = before != text and sentences.related(before, text)
    if edited:
        st.query_params[ORIGINAL] = before
    else:
        st.query_params.pop(ORIGINAL, None)
    return edited


def words(outcome: Outcome, text: str, texts: tuple[outcomes.Example, ...], comparison: "explore.Comparison") -> None:
    """Show the sentence as words to click, and what can be done with the one that was clicked."""
    found = sentences.words(text)[:MAX_WORDS]
    chosen = _chosen(len(found))
    with st.container(horizontal=True, gap="xsmall", key="compare.sentence"):
        for i, word in enumerate(found):
            st.button(
                wording.escaped(word.text),
                key=f"{WORD}.{i}",
                type="primary" if i == chosen else "tertiary",
                on_click=_pick,
                args=(i,),
            )
    # Emptied first: what could be done with another word must not stay while the models are timed.
    with st.empty().container(horizontal=True, vertical_alignment="center", gap="small", key="compare.actions"):
        if chosen is not None:
            _actions(outcome, text, found, chosen, comparison)
            return
        st.caption("Click a word to drop, mask or swap it.", width="content")
        if not _way_back(text):
            _tries(texts)


def tries(texts: tuple[outcomes.Example, ...]) -> None:
    """Offer a test text of each label."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _tries(texts)


def _tries(texts: tuple[outcomes.Example, ...]) -> None:
    st.caption("Try", width="content")
    for i, example in enumerate(outcomes.one_per_label(texts)):
        st.button(
            wording.escaped(wording.shortened(example.text, length=28)),
            key=f"compare.example.{i}",
            on_click=start,
            args=(example.text,),
            type="tertiary",
            help=wording.escaped(example.text),
        )


def _actions(
    outcome: Outcome,
    text: str,
    found: tuple[sentences.Word, ...],
    chosen: int,
    comparison: "explore.Comparison",
) -> None:
    word = found[chosen]
    st.markdown(f"**{wording.escaped(word.text)}**", width="content")
    st.button("Drop", icon=":material/backspace:", key="compare.drop", on_click=_replace, args=(text, word, ""))
    if comparison.mask:
        st.button(
            "Mask",
            icon=":material/visibility_off:",
            key="compare.mask",
            on_click=_replace,
            args=(text, word, comparison.mask),
            help="The models see that there is a word, and not which.",
        )
    st.text_input(
        "Swap for",
        key=SWAP,
        placeholder="Swap for…",
        label_visibility="collapsed",
        width=140,
        max_chars=60,
        on_change=_swap,
        args=(text, word),
    )
    labels = outcome.record.corpus.label_names
    ranked = sorted(range(len(labels)), key=lambda label: -comparison.teacher_logits[label])[1:]
    for i, suggestion in enumerate(sentences.suggestions(said.vocabulary(outcome), found, chosen, ranked)):
        st.button(
            wording.escaped(suggestion.word),
            key=f"compare.suggestion.{i}",
            on_click=_replace,
            args=(text, word, suggestion.word),
            help=f"Typical of test texts with the label **{wording.escaped(labels[suggestion.label])}**.",
        )


def _way_back(text: str) -> bool:
    """Offer to undo the last click, and to go back to the original or to start from here; tell whether there is one."""
    if st.session_state.get(UNDO):
        st.button("Undo", icon=":material/undo:", key="compare.undo.last", on_click=_undo, type="tertiary")
    before = original()
    if before != text:
        st.button(
            "Back to the original",
            icon=":material/restart_alt:",
            key="compare.back",
            on_click=start,
            args=(before,),
            type="tertiary",
            help=wording.escaped(before),
        )
        st.button(
            "Start from here",
            icon=":material/flag:",
            key="compare.start",
            on_click=start,
            args=(text,),
            type="tertiary",
            help="Changes are shown against this sentence from now on.",
        )
    return before != text


def _chosen(n_words: int) -> int | None:
    named = st.query_params.get(WORD, "")
    return int(named) if named.isdecimal() and int(named) < n_words else None


def _pick(place: int) -> None:
    if st.query_params.get(WORD) == str(place):
        st.query_params.pop(WORD)
    else:
        st.query_params[WORD] = str(place)


def _swap(text: str, word: sentences.Word) -> None:
    if new := st.session_state[SWAP].strip():
        _replace(text, word, new)


def _replace(text: str, word: sentences.Word, new: str) -> None:
    # Whoever has typed something else meanwhile edits that.
    if not sentences.related(original(), text):
        st.session_state[ORIGINAL] = text
    st.session_state[UNDO] = (*st.session_state.get(UNDO, ()), text)[-MAX_UNDO:]
    st.session_state[TEXT] = sentences.replaced(text, word, new)
    st.session_state[SWAP] = ""
    st.query_params.pop(WORD, None)


def _undo() -> None:
    *rest, last = st.session_state[UNDO]
    st.session_state[UNDO] = tuple(rest)
    st.session_state[TEXT] = last
    st.query_params.pop(WORD, None)
