"""What the pages show of a run whose models predict a number: both numbers beside the right one.

Reads: a finished run, its outputs, and its models for a text of one's own. Writes: nothing.
"""

import pandas as pd
import streamlit as st

from distil_core.errors import DistilError
from distil_core.reporting import formatting
from distil_core.runs.families import Family
from pages.sections import text_fields
from pages.state import model_answers, resources

TEXT = "compare.text"
N_SHOWN = 100
NO_DISTRIBUTION = (
    "Models that predict a number have no probabilities: there is no KL divergence, agreement, confidence or "
    "calibration to show."
)
NO_TEMPERATURE = (
    "A number has no temperature: there is no distribution to soften, and no dark knowledge in wrong answers. The "
    "student is asked for the teacher's number by its squared error, whatever the temperature is set to."
)


def compare(family: Family) -> None:
    """Show what both models predict for a text, and for the test texts."""
    st.caption(NO_DISTRIBUTION)
    try:
        _predict(family)
    except DistilError as error:
        st.error(str(error), icon=":material/error:")


def temperature(family: Family) -> None:
    """Say that there is nothing to soften."""
    st.info(NO_TEMPERATURE, icon=":material/info:")


@st.fragment(key="compare.number")
def _predict(family: Family) -> None:
    outcome = family.distilled
    texts, test = resources.test_texts(outcome.folder), resources.outputs(outcome.folder).test
    segments = outcome.record.task.segments
    # Ask
    if not text_fields.asked_for(key=TEXT, n_segments=len(segments)):
        text_fields.put(texts[0].text, key=TEXT)
    text = text_fields.ask(segments, key=TEXT, label="Text")
    if not text.strip():
        st.info("Type a text.", icon=":material/edit:")
        return
    # Think
    (site,) = model_answers.compare(outcome, text).sites
    right = next((example.label for example in texts if example.text == text), None)
    # Show
    columns = st.columns(3)
    columns[0].metric("Teacher", f"{site.teacher_logits[0]:.3f}", border=True)
    columns[1].metric("Student", f"{site.student_logits[0]:.3f}", border=True)
    columns[2].metric("Label of this test text", formatting.NONE if right is None else f"{right:g}", border=True)
    frame = pd.DataFrame(
        {
            "Text": [formatting.readable(example.text) for example in texts],
            "Label": test.targets,
            "Teacher": test.teacher.logits[:, 0],
            "Student": test.logits[:, 0],
        }
    )
    with st.expander("Test texts that the student misses by most"):
        apart = (frame["Student"] - frame["Label"]).abs().sort_values(ascending=False, kind="stable")
        st.dataframe(
            frame.loc[apart.index[:N_SHOWN]].round(3),
            hide_index=True,
            key="compare.numbers",
            alt="Test texts with their label and the numbers of both models",
        )
