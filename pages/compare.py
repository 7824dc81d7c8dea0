"""Compare: teacher and student on one sentence and its edits, on all test texts, and on a file of one's own.

Reads: a finished run, its models and its outputs. Writes: saved slices and uploaded files, in the run store's folder.
"""

from typing import TYPE_CHECKING

import streamlit as st

from distil_core import outcomes, sentences, summary, wording
from distil_core.errors import DistilError
from distil_core.figures import sides as figures
from distil_core.outcomes import Family
from pages import address, browse, cache, live, many, rewrite, said, widgets

if TYPE_CHECKING:
    from distil_core import explore

TABS = ("Test texts", "Saved slices", "A file of sentences")
MAX_CHANGES = 6
PAUSE = "75ms"
"""How long nothing is typed before the models are asked; whoever types on stops the answer to what was there before."""

MEASURING = "Measuring how long both take for this very sentence…"


@st.fragment(key="compare.ask")
def ask(found: Family, texts: tuple[outcomes.Example, ...]) -> None:
    """Ask for a sentence, and show what teacher and student make of it, and of the one it started from."""
    outcome = found.distilled
    # Ask
    with address.control("compare.text", "Sentence"):
        text = (
            st.text_input(
                "Sentence",
                key=rewrite.TEXT,
                placeholder="Type a sentence",
                label_visibility="collapsed",
                live=PAUSE,
                bind="query-params",
                max_chars=2000,
            )
            or ""
        )
    if not text.strip():
        rewrite.tries(texts)
        st.info("Type a sentence, or pick one of the examples.", icon=":material/edit:")
        return
    # Think
    try:
        comparison = cache.compare(outcome, text)
        original = rewrite.original()
        before = cache.compare(outcome, original) if rewrite.is_edit(original, text) else None
    except DistilError as error:
        st.error(str(error), icon=":material/error:")
        return
    labels = outcome.record.corpus.label_names
    gold = outcomes.gold_label(text, texts)
    # Show
    with address.control("compare.edit", "Edit words"):
        words = st.container(gap="xsmall")
    left, right = st.columns([3, 2], gap="large")
    with left:
        title = st.container()
        # First what whoever types looks at: it is drawn while the rest is still on its way.
        live.temperature(
            labels,
            comparison.teacher_logits,
            comparison.student_logits,
            gold,
            key="compare.temperature",
            curves=False,
        )
    with right:
        slots = show_answers(comparison, before, labels, gold)
    with words:
        rewrite.words(outcome, text, texts, comparison)
    with title:
        widgets.heading(
            "How sure they are",
            key="compare.answers",
            alt="Probability of each label by teacher and student, at temperature 1",
            header=("label", "teacher", "student"),
            rows=sentences.probability_rows(comparison, labels),
            picture="compare.temperature",
        )
    with right:
        if before is not None:
            show_changes(before, comparison, labels)
        note = st.empty()
    # Last, when all else has been drawn: a measurement takes longer than an answer.
    show_times(found, text, slots, note)


def show_answers(
    comparison: "explore.Comparison", before: "explore.Comparison | None", labels: tuple[str, ...], gold: int | None
) -> list["st.delta_generator.DeltaGenerator"]:
    """Show what each model answers, and what it answered before an edit; returns where their times go."""
    slots = []
    former = (None, None) if before is None else summary.answers(before)
    for column, side, was in zip(st.columns(2), summary.answers(comparison), former, strict=True):
        with column.container(border=True, height="stretch", gap="xsmall"):
            right = "" if gold is None else ":green-badge[:material/check: right]"
            wrong = "" if gold is None else ":orange-badge[:material/close: wrong]"
            st.markdown(f"**{side.name}** {right if side.label == gold else wrong}")
            st.markdown(f"#### {wording.breakable(labels[side.label])}")
            sure = f"{side.confidence} sure"
            if was is not None:
                same = "" if was.label == side.label else f"{wording.breakable(labels[was.label])}, "
                sure += f"  \nbefore: {same}{was.confidence}"
            st.caption(sure)
            slots.append(st.container())
    if gold is not None:
        st.markdown(f"\N{BLACK DIAMOND} This is a test text; its label is **{wording.escaped(labels[gold])}**.")
    if comparison.truncated:
        st.warning("The sentence is longer than the models read; its end was cut off.", icon=":material/content_cut:")
    return slots


def show_changes(before: "explore.Comparison", after: "explore.Comparison", labels: tuple[str, ...]) -> None:
    """Say and show what the edit changed."""
    moved = sentences.changes(before, after)
    st.markdown(sentences.verdict(moved, labels))
    shown = sentences.largest(moved, limit=MAX_CHANGES)
    few = "" if len(shown) == len(moved) else f", the {len(shown)} labels that moved most"
    widgets.chart(
        f"What the edit changed{few}",
        figures.changes(shown, labels),
        key="compare.changes",
        alt="Change of each label's probability by the edit, for teacher and student, in points",
        header=("label", "teacher before", "teacher after", "student before", "student after"),
        rows=[(labels[change.label], *change.teacher, *change.student) for change in moved],
    )


def show_times(
    found: Family,
    text: str,
    slots: list["st.delta_generator.DeltaGenerator"],
    note: "st.delta_generator.DeltaGenerator",
) -> None:
    """Show how long each model takes for this very sentence, and how that was measured."""
    # Whatever is drawn meanwhile lets somebody who types on interrupt it.
    timing, busy = said.timing(found.distilled, text, between=lambda: note.caption(MEASURING))
    for slot, latency in zip(slots, (timing.teacher, timing.student), strict=True):
        median, spread = wording.latency(latency)
        slot.markdown(f"**{median}** :small[:gray[{spread}]]")
    plural = "s" * (timing.n_threads != 1)
    note.caption(
        f"Time for this very sentence ({timing.n_tokens} tokens), on this computer with {timing.n_threads} "
        f"thread{plural}: median and 5th to 95th percentile of {timing.n} passes each, in turn."
        + (" **A run is being computed beside it: the times suffer from that.**" if busy else "")
    )


@st.fragment(key="compare.lower")
def lower(found: Family) -> None:
    """Show the test texts, the saved slices, and the answers to a file, whichever is open."""
    tabs = st.tabs(TABS, key="compare.tab", on_change="rerun", bind="query-params")
    try:
        for tab, show in zip(tabs, (browse.show, browse.show_slices, many.show), strict=True):
            if tab.open:
                with tab:
                    show(found.distilled)
    except DistilError as error:
        st.error(str(error), icon=":material/error:")


family = widgets.finished(with_student=True)
if family is not None:
    try:
        known = cache.test_texts(family.distilled.folder)
        rewrite.begin(said.answered(family.distilled))
    except DistilError as error:
        st.error(str(error), icon=":material/error:")
    else:
        ask(family, known)
        lower(family)
