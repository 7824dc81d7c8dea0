"""Compare: teacher and student on one sentence, and the test texts on which they part most.

Reads: a finished run, its models and its outputs. Writes: nothing.
"""

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from distil_core import figures, outcomes, summary, tables, wording
from distil_core.errors import DistilError
from distil_core.outcomes import Family
from pages import cache, widgets

if TYPE_CHECKING:
    from distil_core import explore

TEXT, TEMPERATURE = "compare.text", "compare.temperature"
TABLE = "compare.disagreements"


def take(texts: tuple[str, ...]) -> None:
    """Put the text that was picked in the table into the field."""
    rows = st.session_state[TABLE].selection.rows
    if rows and rows[0] < len(texts):
        st.session_state[TEXT] = texts[rows[0]]


def put(text: str) -> None:
    """Put an example into the field."""
    st.session_state[TEXT] = text


def ask(found: Family) -> None:
    """Ask for a sentence, and show what teacher and student make of it."""
    outcome = found.distilled
    try:
        texts = cache.test_texts(outcome.folder)
        far = cache.disagreements(outcome.folder, differ=True) or cache.disagreements(outcome.folder, differ=False)
    except DistilError as error:
        st.error(str(error), icon=":material/error:")
        return
    # Ask
    st.session_state.setdefault(TEXT, far[0].text)
    text = st.text_input("Sentence", key=TEXT, live="300ms", bind="query-params", max_chars=2000) or ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("Try", width="content")
        for i, example in enumerate(outcomes.one_per_label(texts)):
            st.button(
                wording.shortened(example.text),
                key=f"compare.example.{i}",
                on_click=put,
                args=(example.text,),
                type="tertiary",
                help=example.text,
            )
    if not text.strip():
        st.info("Type a sentence, or pick one of the examples.", icon=":material/edit:")
        return
    # Think
    try:
        comparison = cache.compare(outcome, text)
    except DistilError as error:
        st.error(str(error), icon=":material/error:")
        return
    labels = outcome.record.corpus.label_names
    gold = outcomes.gold_label(text, texts)
    # Show
    left, right = st.columns([3, 2], gap="large")
    with right:
        show_answers(comparison, labels, gold, found)
    with left:
        show_probabilities(comparison, labels, gold)
    show_disagreements(far, labels)


@st.fragment
def show_probabilities(comparison: "explore.Comparison", labels: tuple[str, ...], gold: int | None) -> None:
    """Show both distributions as mirrored bars, softened by a temperature."""
    chart = st.container()
    temperature = st.slider(
        "Temperature",
        0.25,
        10.0,
        1.0,
        0.25,
        key=TEMPERATURE,
        bind="query-params",
        help="1 shows the probabilities as they are; more shows how each model ranks the wrong answers.",
    )
    teacher = outcomes.soften(comparison.teacher_logits, temperature)
    student = outcomes.soften(comparison.student_logits, temperature)
    with chart:
        widgets.chart(
            f"Probabilities at temperature {temperature:g}",
            figures.predictions(labels, teacher, student, gold=gold),
            key="compare.predictions",
            alt="Probability of each label, teacher to the left, student to the right",
            header=("label", "teacher", "student"),
            rows=list(zip(labels, teacher, student, strict=True)),
        )


def show_answers(comparison: "explore.Comparison", labels: tuple[str, ...], gold: int | None, found: Family) -> None:
    """Show what each model answers and how long it takes, and how often they agree."""
    for column, side in zip(st.columns(2), summary.answers(comparison), strict=True):
        with column.container(border=True, height="stretch", gap="xsmall"):
            st.markdown(f"**{side.name}** {':green-badge[:material/check: right]' if side.label == gold else ''}")
            st.markdown(f"#### {labels[side.label]}")
            st.caption(f"{side.confidence} sure  \n{side.latency} for this sentence")
    if gold is not None:
        st.markdown(f"\N{BLACK DIAMOND} This is a test text; its label is **{labels[gold]}**.")
    if comparison.truncated:
        st.warning("The sentence is longer than the models read; its end was cut off.", icon=":material/content_cut:")
    fidelity = found.distilled.record.model.fidelity
    if fidelity is not None:
        n_test = found.distilled.record.corpus.n_test
        widgets.chart(
            f"All {n_test:,} test texts: {wording.percent(fidelity.agreement.value)} answered alike",
            figures.agreement(fidelity),
            key="compare.agreement",
            alt="Which of the two is right on the test texts",
            header=("who is right", "share"),
            rows=tables.agreement_rows(fidelity),
        )


def show_disagreements(far: tuple[outcomes.Disagreement, ...], labels: tuple[str, ...]) -> None:
    """Show the test texts on which teacher and student are furthest apart; picking one asks both about it."""
    st.markdown("**Test texts on which they part most** · pick one to see it above")
    rows = [
        {
            "Text": item.text,
            "Label": labels[item.label],
            "Teacher": f"{labels[item.teacher]} ({wording.percent(item.teacher_probability)})",
            "Student": f"{labels[item.student]} ({wording.percent(item.student_probability)})",
            "KL (nats)": item.kl_nats,
        }
        for item in far
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        key=TABLE,
        height=300,
        selection_mode="single-row",
        on_select=lambda: take(tuple(item.text for item in far)),
        column_config={
            "Text": st.column_config.TextColumn(width="large"),
            "KL (nats)": st.column_config.NumberColumn(format="%.3f"),
        },
        alt="Test texts ranked by how far the student's probabilities are from the teacher's",
    )


run_id = widgets.in_use()
family = None if run_id is None else cache.family(run_id)
if family is None:
    st.info(
        "The run in use is not done yet. Choose another one above, or go back to **Distil**.",
        icon=":material/hourglass:",
    )
elif not (family.distilled.folder / "student").is_dir():
    st.info("This run has no student to ask: TF-IDF counts words. Choose another run above.", icon=":material/info:")
else:
    ask(family)
