"""Compare: teacher and student on one sentence and its edits, on all test texts, and on a file of one's own.

Reads: a finished run, its models and its outputs. Writes: saved slices, uploaded files and exports, in the store.
"""

import streamlit as st

from distil_core.analysis import edits
from distil_core.analysis.comparison import Compared, sentence_answers
from distil_core.analysis.error_analysis import AnsweredTexts
from distil_core.data import corpus
from distil_core.errors import DistilError
from distil_core.reporting import formatting, glossary, narrative
from distil_core.reporting.figures import error_analysis as figures
from distil_core.runs.families import Family
from distil_core.tasks.catalog import task_named
from pages.components import accessibility, temperature_bars
from pages.sections import (
    answer_times,
    bulk_scoring,
    charts,
    example_browser,
    in_browser,
    messages,
    number_views,
    pickers,
    run_summary,
    saved_slices,
    sentence_edits,
    task_views,
    text_fields,
    vector_views,
    word_views,
)
from pages.state import address, model_answers, resources, run_in_use

TABS = ("Test texts", "Saved slices", "A file of sentences")
MAX_CHANGES = 6
PAUSE = "75ms"
"""How long nothing is typed before the models are asked; whoever types on stops the answer to what was there before."""


@st.fragment(key="compare.ask")
def ask(family: Family, texts: tuple[corpus.LabeledText, ...], answered: AnsweredTexts) -> None:
    """Ask for a sentence, and show what teacher and student make of it, and of the one it started from."""
    outcome = family.distilled
    # Ask
    text = text_fields.ask(
        task_named(outcome.record.config.task).segments,
        key=sentence_edits.TEXT,
        label="Sentence",
        bare=True,
        placeholder="Type a sentence",
        live=PAUSE,
    )
    if not text.strip():
        sentence_edits.offer_examples(outcome, texts)
        st.info("Type a sentence, or pick one of the examples.", icon=":material/edit:")
        return
    # Think
    try:
        comparison = model_answers.compare(outcome, text)
        original = sentence_edits.original(text)
        former = model_answers.compare(outcome, original) if sentence_edits.is_edit(original, text) else None
    except DistilError as error:
        messages.problem(error)
        return
    places = [each.place for each in comparison.sites]
    # Ask
    in_text = all(place.text == text[place.start : place.end] for place in places)
    site = pickers.place(places, title=outcome.record.task.place_title, key=sentence_edits.PLACE, in_box=in_text)
    # Think
    compared, before = comparison.sites[site], None
    if former is not None:
        was = edits.site_before([each.place for each in former.sites], places, site)
        before = None if was is None or compared.class_names else former.sites[was]
    labels = compared.class_names or outcome.record.class_names
    gold = edits.gold_label(text, answered, site=site)
    # Show
    with address.control("compare.edit", "Edit words"):
        words = st.container(gap="xsmall")
    task_views.show(outcome, text, comparison)
    left, right = st.columns([3, 2], gap="large")
    with left:
        title = st.container()
        # First what whoever types looks at: it is drawn while the rest is still on its way.
        temperature_bars.show(
            labels,
            compared.teacher_logits,
            compared.student_logits,
            gold,
            key="compare.temperature",
            curves=False,
            noun="word" if compared.class_names else "label",
        )
    with right:
        slots = show_answers(compared, before, labels, gold)
        if gold is not None:
            name = formatting.escaped(labels[gold])
            whose = "its label is" if len(places) == 1 else f"right for *{formatting.escaped(places[site].text)}* is"
            st.markdown(f"\N{BLACK DIAMOND} This is a test text; {whose} **{name}**.")
        unlike = model_answers.novelty(outcome, text)
        if unlike is not None:
            st.info(narrative.edits.unlike(unlike), icon=":material/travel_explore:")
        if comparison.truncated:
            st.warning(
                "The sentence is longer than the models read; its end was cut off.", icon=":material/content_cut:"
            )
    with words:
        sentence_edits.show(outcome, text, texts, compared, mask=comparison.mask)
    with title:
        charts.heading(
            "Probabilities: how sure they are",
            key="compare.answers",
            alt="Probability of each label by teacher and student, at temperature 1",
            header=("label", "teacher", "student"),
            rows=edits.probability_rows(compared, labels),
            picture="compare.temperature",
        )
    with right:
        if before is not None:
            show_changes(before, compared, labels)
        elif former is not None and compared.class_names:
            st.caption("An edit changes which words can be chosen: probabilities before and after cannot be compared.")
        elif former is not None:
            st.caption("The original has no such place, so there is nothing that the edit has changed here.")
        note = st.empty()
        accessibility.announce(narrative.edits.answers(sentence_answers(compared), labels))
    # Last, when all else has been drawn: a measurement takes longer than an answer.
    answer_times.show(family.distilled, text, slots, note)


def show_answers(
    compared: Compared,
    before: Compared | None,
    labels: tuple[str, ...],
    gold: int | None,
) -> list["st.delta_generator.DeltaGenerator"]:
    """Show what each model answers, and what it answered before an edit; returns where their times go."""
    slots = []
    former = (None, None) if before is None else sentence_answers(before)
    for column, side, was in zip(st.columns(2), sentence_answers(compared), former, strict=True):
        with column.container(border=True, height="stretch", gap="xsmall"):
            right = "" if gold is None else ":green-badge[:material/check: right]"
            wrong = "" if gold is None else ":orange-badge[:material/close: wrong]"
            st.markdown(f"**{side.role.capitalize()}** {right if side.label == gold else wrong}")
            st.markdown(f"## {formatting.breakable(labels[side.label])}")
            confidence = f"Confidence {formatting.percent(side.probability)}"
            if was is not None:
                same = "" if was.label == side.label else f"{formatting.breakable(labels[was.label])}, "
                confidence += f"  \nbefore: {same}{formatting.percent(was.probability)}"
            st.caption(confidence, help=glossary.TERMS["confidence"])
            slots.append(st.container())
    return slots


def show_changes(before: Compared, after: Compared, labels: tuple[str, ...]) -> None:
    """Say and show what the edit changed."""
    moved = edits.changes(before, after)
    st.markdown(narrative.edits.verdict(edits.verdict(moved), labels))
    shown = edits.largest(moved, limit=MAX_CHANGES)
    few = "" if len(shown) == len(moved) else f", the {len(shown)} labels that moved most"
    charts.show(
        f"What the edit changed{few}",
        figures.changes(shown, labels),
        key="compare.changes",
        alt="Change of each label's probability by the edit, for teacher and student, in points",
        header=("label", "teacher before", "teacher after", "student before", "student after"),
        rows=[(labels[change.label], *change.teacher, *change.student) for change in moved],
    )


@st.fragment(key="compare.lower")
def lower(family: Family) -> None:
    """Show the test texts, the saved slices, and the answers to a file, whichever is open."""
    tabs = st.tabs(TABS, key="compare.tab", on_change="rerun", bind="query-params")
    try:
        for tab, show in zip(tabs, (example_browser.show, saved_slices.show, bulk_scoring.show), strict=True):
            if tab.open:
                with tab:
                    show(family.distilled)
    except DistilError as error:
        messages.problem(error)


family = run_in_use.finished(with_student=True)
if family is not None:
    started = run_summary.lineage_line(family.distilled.run, family.distilled.record.config, resources.runs())
    if started:
        st.caption(f":material/account_tree: {started}")
if family is not None and not family.distilled.record.task.head.labeled:
    vector_views.compare(family)
    in_browser.show(family.distilled)
elif family is not None and family.distilled.record.task.predicts_numbers:
    number_views.compare(family)
    in_browser.show(family.distilled)
elif family is not None and family.distilled.record.task.head.predicts_words:
    word_views.compare(family)
    in_browser.show(family.distilled)
elif family is not None:
    try:
        known = resources.test_texts(family.distilled.folder)
        answered = model_answers.of_test_texts(family.distilled)
        sentence_edits.begin(answered)
    except DistilError as error:
        messages.problem(error)
    else:
        ask(family, known, answered)
        in_browser.show(family.distilled)
        lower(family)
