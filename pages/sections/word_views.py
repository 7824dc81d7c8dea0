"""What the pages show of a run whose models predict masked words: the likeliest words, and how surprised each is.

Reads: a finished run, and its models for a text of one's own. Writes: nothing.
"""

from collections.abc import Iterable

import pandas as pd
import streamlit as st

from distil_core.errors import DistilError
from distil_core.reporting import formatting, glossary
from distil_core.runs.families import Family, FinishedRun
from pages.components import temperature_bars
from pages.sections import charts, explained, messages, text_fields
from pages.state import address, masked_words, resources

TEXT, MASK, SCORED = "compare.text", "compare.mask", "compare.scored"
MASK_TOKEN = "[MASK]"
PIECES = " A piece that begins with \\#\\# goes on the word before it."
"""What WordPiece's mark means; said where one is to be seen."""


def compare(family: Family) -> None:
    """Show what both models expect at the masks of a text, and how much the words of a text surprise them."""
    _masks(family)
    _surprises(family)


def temperature(family: Family) -> None:
    """Show how a temperature softens what both models expect at a mask."""
    st.markdown(
        "The classes of a mask are **all words of the vocabulary**. The student learns the teacher's softened shares "
        "of all of them; the likeliest are shown here."
    )
    _masks(family)


@st.fragment(key="compare.masks")
def _masks(family: Family) -> None:
    outcome = family.distilled
    st.header("What stands behind the mask", anchor=False)
    # Ask
    if not text_fields.asked_for(key=TEXT, n_segments=1):
        text_fields.put(_with_masks(_first_text(outcome, n_words=12)), key=TEXT)
    text = text_fields.ask(("Text",), key=TEXT, label="Text with [MASK] wherever a word is to be guessed")
    if not text.strip():
        st.info("Type a text with [MASK] in it.", icon=":material/edit:")
        return
    # Think
    try:
        readings = masked_words.read(outcome, text)
    except DistilError as error:
        messages.problem(error)
        return
    number = 1
    if len(readings) > 1:
        with address.control(MASK, "Mask"):
            number = st.segmented_control("Mask", list(range(1, len(readings) + 1)), default=1, key=MASK, required=True)
    reading = readings[min(number or 1, len(readings)) - 1]
    # Show
    temperature_bars.show(
        reading.words,
        reading.teacher,
        reading.student,
        key="compare.t",
        value=outcome.record.config.loss.temperature,
        curves=False,
    )
    st.caption(
        "Shares are among these words, the likeliest of either model. Of all words, without softening, they have "
        f"{formatting.percent(reading.teacher_share)} in the teacher's distribution and "
        f"{formatting.percent(reading.student_share)} in the student's.{_hint(reading.words)}"
    )
    for title, words in (("Only the teacher expects", reading.missed), ("Only the student expects", reading.added)):
        st.markdown(f"**{title}:** {formatting.escaped(', '.join(words)) if words else formatting.NONE}")
    charts.data(
        key="compare.words",
        alt="Log-probability of each word by teacher and student",
        header=("word", "teacher (nats)", "student (nats)"),
        rows=[list(row) for row in zip(reading.words, reading.teacher, reading.student, strict=True)],
        picture="compare.t",
    )


@st.fragment(key="compare.surprises")
def _surprises(family: Family) -> None:
    outcome = family.distilled
    st.header("How surprised each model is", anchor=False)
    # Ask
    if not text_fields.asked_for(key=SCORED, n_segments=1):
        text_fields.put(_first_text(outcome), key=SCORED)
    text = text_fields.ask(("Text",), key=SCORED, label="Text to score word by word")
    if not text.strip():
        st.info("Type a text.", icon=":material/edit:")
        return
    # Think
    try:
        words = masked_words.surprises(outcome, text)
    except DistilError as error:
        messages.problem(error)
        return
    # Show
    st.caption(
        "Each word masked by itself: −ln of its probability, so that 0 nats are certainty. A difference above 0: the "
        "student is more surprised." + _hint(word.word for word in words)
    )
    columns = st.columns(2)
    for column, name, total in (
        (columns[0], "Teacher", sum(word.teacher for word in words)),
        (columns[1], "Student", sum(word.student for word in words)),
    ):
        column.metric(
            f"{name}: mean surprise", f"{total / len(words):.2f} nats", border=True, help=glossary.explain("NLL, nats")
        )
    frame = pd.DataFrame(
        [(word.word, word.teacher, word.student, word.student - word.teacher) for word in words],
        columns=["Word", "Teacher (nats)", "Student (nats)", "Difference (nats)"],
    )
    numbers = {name: st.column_config.NumberColumn(format="%.2f") for name in frame.columns[1:]}
    explained.dataframe(frame, key="compare.surprise", column_config=numbers, alt="Surprise of both models, by word")


def _hint(words: Iterable[str]) -> str:
    return PIECES if any(word.startswith("##") for word in words) else ""


def _with_masks(text: str) -> str:
    """Put masks in the place of two words of a text, a third and two thirds through it; none of the first word."""
    words = text.split()
    plain = [place for place, word in enumerate(words) if place and word.isalpha()]
    for place in {plain[len(plain) * part // 3] for part in (1, 2)} if plain else ():
        words[place] = MASK_TOKEN
    return " ".join(words)


def _first_text(outcome: FinishedRun, *, n_words: int = 30) -> str:
    return " ".join(resources.test_texts(outcome.folder)[0].text.split()[:n_words])
