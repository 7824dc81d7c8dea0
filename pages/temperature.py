"""Temperature: what it does to both models, live on one text, and over the whole corpus.

Reads: a finished run, its models and its outputs. Writes: nothing.
"""

import streamlit as st

from distil_core import outcomes
from distil_core.errors import DistilError
from distil_core.outcomes import Family
from pages import cache, live, widgets

TEXT = "temperature.text"


def put(text: str) -> None:
    """Put an example into the field."""
    st.session_state[TEXT] = text


def ask(found: Family) -> float | None:
    """Ask for a text, and let both models' answers move with the temperature; returns where it was let go."""
    outcome = found.distilled
    texts = cache.test_texts(outcome.folder)
    # Ask
    far = cache.disagreements(outcome.folder, differ=True) or cache.disagreements(outcome.folder, differ=False)
    st.session_state.setdefault(TEXT, far[0].text)
    text = st.text_input("Text", key=TEXT, bind="query-params", max_chars=2000) or ""
    if not text.strip():
        st.info("Type a text, or pick one of the examples.", icon=":material/edit:")
        return None
    # Think
    comparison = cache.compare(outcome, text)
    # Show
    return live.temperature(
        outcome.record.corpus.label_names,
        comparison.teacher_logits,
        comparison.student_logits,
        outcomes.gold_label(text, texts),
        key="temperature.t",
        value=2.0,
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
    try:
        ask(family)
    except DistilError as error:
        st.error(str(error), icon=":material/error:")
