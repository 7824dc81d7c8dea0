"""The sentence on the Compare page and its edits: words to click, the way back, and the sentence it started from.

Reads: the query parameters ``compare.word`` and ``compare.original``. Writes: the same, and the place chosen.
"""

import streamlit as st

from distil_core.analysis import edits
from distil_core.analysis.comparison import Compared
from distil_core.analysis.error_analysis import AnsweredTexts, Filter, matching
from distil_core.data import corpus
from distil_core.data.corpus import split_segments
from distil_core.reporting import formatting
from distil_core.runs.families import FinishedRun
from pages.components import accessibility
from pages.sections import pickers, text_fields
from pages.state import address, model_answers

TEXT, ORIGINAL, WORD, SWAP = "compare.text", "compare.original", "compare.word", "compare.swap"
UNDO, FIRST, PLACE = "compare.undo", "compare.first", "compare.place"
FOCUS, TURN = "compare.focus", "compare.turn"
MAX_WORDS = 120
MAX_UNDO = 100


def begin(answered: AnsweredTexts) -> None:
    """Begin with the test text on which the two differ most, unless somebody has asked for another one."""
    apart = answered.of_teacher != answered.of_student
    ranked = matching(answered, Filter())
    row = int(next((i for i in ranked if apart[i]), ranked[0]))
    first = answered.texts[row]
    former = st.session_state.get(FIRST)
    st.session_state[FIRST] = first
    # Another run in use has another first text, unless somebody has asked for a text of their own.
    untouched = former is not None and former != first and text_fields.holds(former, key=TEXT)
    if untouched or not text_fields.asked_for(key=TEXT, n_segments=len(split_segments(first))):
        start(first)
        pickers.put_place(answered, row, key=PLACE)


def start(text: str) -> None:
    """Put a text into the field, as one that nobody has edited yet."""
    text_fields.put(text, key=TEXT)
    st.session_state[UNDO] = ()
    for name in (ORIGINAL, WORD):
        st.query_params.pop(name, None)
        st.session_state.pop(name, None)
    pickers.forget_place(key=PLACE)
    st.session_state[ORIGINAL] = text


def original(text: str) -> str:
    """Return the sentence that the one in the field, ``text``, started from."""
    sentence: str = st.query_params.get(ORIGINAL) or st.session_state.get(ORIGINAL) or text
    st.session_state[ORIGINAL] = sentence
    return sentence


def is_edit(before: str, text: str) -> bool:
    """Tell whether a text is an edit of another one; the address then names both."""
    edited = before != text and edits.related(before, text)
    if edited:
        address.put(ORIGINAL, before)
    else:
        st.query_params.pop(ORIGINAL, None)
    return edited


def show(
    outcome: FinishedRun, text: str, texts: tuple[corpus.LabeledText, ...], compared: Compared, *, mask: str
) -> None:
    """Show the sentence as words to click, and what can be done with the one that was clicked."""
    shown = edits.words(text)[:MAX_WORDS]
    chosen = _chosen(len(shown))
    begins, titles = 0, outcome.record.task.segments
    for number, segment in enumerate(split_segments(text)):
        ends = begins + len(segment)
        with st.container(
            horizontal=True,
            gap="xsmall",
            vertical_alignment="center",
            key="compare.sentence" + f".{number + 1}" * (number > 0),
        ):
            if len(titles) > 1:
                st.caption(titles[min(number, len(titles) - 1)], width="content")
            for i, word in enumerate(shown):
                if begins <= word.start < ends:
                    st.button(
                        formatting.escaped(word.text),
                        key=f"{WORD}.{i}",
                        type="primary" if i == chosen else "tertiary",
                        on_click=_pick,
                        args=(i,),
                    )
        begins = ends + 1
    _keep_focus(len(shown))
    # Emptied first: what could be done with another word must not stay while the models are timed.
    with st.empty().container(horizontal=True, vertical_alignment="center", gap="small", key="compare.actions"):
        if chosen is not None:
            _actions(outcome, text, shown, chosen, compared, mask)
            return
        st.caption("Click a word to drop, mask or swap it.", width="content")
        if not _way_back(text):
            _examples(outcome, texts)


def offer_examples(outcome: FinishedRun, texts: tuple[corpus.LabeledText, ...]) -> None:
    """Offer a test text of each label."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _examples(outcome, texts)


def _examples(outcome: FinishedRun, texts: tuple[corpus.LabeledText, ...]) -> None:
    offered = edits.to_try(texts, outcome.record.task)
    if offered:
        st.caption("Try", width="content")
    for i, example in enumerate(offered):
        st.button(
            formatting.escaped(formatting.shortened(formatting.readable(example.text), length=28)),
            key=f"compare.example.{i}",
            on_click=start,
            args=(example.text,),
            type="tertiary",
            help=formatting.escaped(formatting.readable(example.text)),
        )


def _actions(
    outcome: FinishedRun,
    text: str,
    shown: tuple[edits.Word, ...],
    chosen: int,
    compared: Compared,
    mask: str,
) -> None:
    word = shown[chosen]
    st.markdown(f"**{formatting.escaped(word.text)}**", width="content")
    st.button("Drop", icon=":material/backspace:", key="compare.drop", on_click=_replace, args=(text, word, ""))
    if mask:
        st.button(
            "Mask",
            icon=":material/visibility_off:",
            key="compare.mask",
            on_click=_replace,
            args=(text, word, mask),
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
    task = outcome.record.task
    if task.points or task.predicts_numbers or not task.head.labeled:  # no words are typical of a label
        return
    labels = outcome.record.class_names
    ranked = sorted(range(len(labels)), key=lambda label: -compared.teacher_logits[label])[1:]
    for i, suggestion in enumerate(edits.suggestions(model_answers.vocabulary(outcome), shown, chosen, ranked)):
        st.button(
            formatting.escaped(suggestion.word),
            key=f"compare.suggestion.{i}",
            on_click=_replace,
            args=(text, word, suggestion.word),
            help=f"Typical of test texts with the label **{formatting.escaped(labels[suggestion.label])}**.",
        )


def _way_back(text: str) -> bool:
    """Offer to undo the last click, and to go back to the original or to start from here; tell whether there is one."""
    if st.session_state.get(UNDO):
        st.button("Undo", icon=":material/undo:", key="compare.undo.last", on_click=_undo, type="tertiary")
    before = original(text)
    if before != text:
        st.button(
            "Back to the original",
            icon=":material/restart_alt:",
            key="compare.back",
            on_click=_start_again,
            args=(before,),
            type="tertiary",
            help=formatting.escaped(formatting.readable(before)),
        )
        st.button(
            "Start from here",
            icon=":material/flag:",
            key="compare.start",
            on_click=_start_again,
            args=(text,),
            type="tertiary",
            help="Changes are shown against this sentence from now on.",
        )
    return before != text


def _chosen(n_words: int) -> int | None:
    named = st.query_params.get(WORD, "")
    return address.count(named, below=n_words, otherwise=None)


def _pick(number: int) -> None:
    if st.query_params.get(WORD) == str(number):
        st.query_params.pop(WORD)
    else:
        address.put(WORD, str(number))


def _swap(text: str, word: edits.Word) -> None:
    if new := st.session_state[SWAP].strip():
        _replace(text, word, new)


def _replace(text: str, word: edits.Word, new: str) -> None:
    # Whoever has typed something else meanwhile edits that.
    if not edits.related(original(text), text):
        st.session_state[ORIGINAL] = text
    st.session_state[UNDO] = (*st.session_state.get(UNDO, ()), text)[-MAX_UNDO:]
    text_fields.put(edits.replaced(text, word, new), key=TEXT)
    st.session_state[SWAP] = ""
    st.session_state[FOCUS] = address.count(st.query_params.pop(WORD, ""), below=MAX_WORDS, otherwise=0)


def _undo() -> None:
    *rest, last = st.session_state[UNDO]
    st.session_state[UNDO] = tuple(rest)
    text_fields.put(last, key=TEXT)
    st.query_params.pop(WORD, None)
    st.session_state[FOCUS] = 0


def _start_again(text: str) -> None:
    start(text)
    st.session_state[FOCUS] = 0


def _keep_focus(n_words: int) -> None:
    """Put the keyboard on the word that now stands where something was pressed that is gone."""
    place = st.session_state.pop(FOCUS, None)
    if place is not None and n_words:
        turn = st.session_state[TURN] = st.session_state.get(TURN, 0) + 1
        accessibility.focus_on(f"{WORD}.{min(place, n_words - 1)}", turn=turn)
