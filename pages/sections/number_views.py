"""What the pages show of a run whose models predict a number: both numbers beside the right one.

Reads: a finished run, its outputs, and its models for a text of one's own. Writes: nothing.
"""

from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from distil_core.analysis import kinds
from distil_core.errors import DistilError
from distil_core.reporting import formatting
from distil_core.reporting.figures import cells
from distil_core.reporting.figures import kinds as figures
from distil_core.runs.families import Family, FinishedRun
from distil_core.settings.serialization import digest
from pages.sections import answer_times, charts, explained, messages, pickers, sentence_edits, text_fields
from pages.state import model_answers, resources

TEXT, OVERLAP, ANY, ERRORS = "compare.text", "compare.overlap", "Any", "compare.errors"
N_SHOWN = 100
NO_DISTRIBUTION = (
    "Models that predict a number have no probabilities: there is no KL divergence, agreement, confidence or "
    "calibration to show."
)
NO_TEMPERATURE = (
    "A number has no temperature: there is no distribution to soften, and no dark knowledge in wrong answers. The "
    "student is asked for the teacher's number by its squared error, whatever the temperature is set to."
)
NO_SLICES = (
    "Slices are kept of answers that are right or wrong, and files are put to both models for their labels; numbers "
    "are neither, so that test texts go by the words that their two texts have in common."
)


def compare(family: Family) -> None:
    """Show what both models predict for a text, and for the test texts."""
    st.caption(NO_DISTRIBUTION)
    try:
        _predict(family)
    except DistilError as error:
        messages.problem(error)


def temperature(family: Family) -> None:
    """Say that there is nothing to soften."""
    st.info(NO_TEMPERATURE, icon=":material/info:")


@st.fragment(key="compare.number")
def _predict(family: Family) -> None:
    outcome = family.distilled
    texts = resources.test_texts(outcome.folder)
    segments = outcome.record.task.segments
    # Ask
    if not text_fields.asked_for(key=TEXT, n_segments=len(segments)):
        sentence_edits.start(texts[0].text)
    text = text_fields.ask(segments, key=TEXT, label="Text")
    if not text.strip():
        st.info("Type a text.", icon=":material/edit:")
        return
    # Think
    comparison = model_answers.compare(outcome, text)
    (site,) = comparison.sites
    original = sentence_edits.original(text)
    former = model_answers.compare(outcome, original).sites[0] if sentence_edits.is_edit(original, text) else None
    right = next((example.label for example in texts if example.text == text), None)
    # Show
    sentence_edits.show(outcome, text, texts, site, mask=comparison.mask)
    columns = st.columns(3)
    slots = []
    for column, name, now, was in zip(
        columns,
        ("Teacher", "Student"),
        (site.teacher_logits[0], site.student_logits[0]),
        (None, None) if former is None else (former.teacher_logits[0], former.student_logits[0]),
        strict=False,
    ):
        with column.container(border=True, height="stretch", gap="xsmall"):
            st.metric(name, f"{now:.3f}", None if was is None else f"{now - was:+.3f} by the edit", delta_color="off")
            slots.append(st.container())
    with columns[2].container(border=True, height="stretch"):
        st.metric("Label of this test text", formatting.NONE if right is None else f"{right:g}")
    note = st.empty()
    _test_texts(outcome)
    answer_times.show(outcome, text, slots, note)


def _press(names: Sequence[str]) -> None:
    """Let only the kind of text pass whose bar is pressed, and all again when it is pressed once more."""
    if cell := cells.picked(st.session_state[ERRORS], rows=len(names), columns=2):
        name = names[cell[0]]
        st.session_state[OVERLAP] = ANY if st.session_state.get(OVERLAP) == name else name


def _test_texts(outcome: FinishedRun) -> None:
    """List the test texts, those first that the student misses by most; picking one asks both models about it."""
    texts, test = resources.test_texts(outcome.folder), resources.outputs(outcome.folder).test
    numbers = {"Teacher": test.teacher.logits[:, 0], "Student": test.logits[:, 0]}
    names = [kinds.words_in_common(example.text) for example in texts]
    groups = kinds.errors_by_overlap(names, test.targets, numbers["Teacher"], numbers["Student"])
    st.header("Test texts", anchor=False)
    st.caption(NO_SLICES)
    # Ask
    chosen = pickers.choose("Words in common", [ANY, *(group.name for group in groups)], key=OVERLAP)
    # Show
    highest = max((value for group in groups for value in (group.teacher, group.student) if value), default=1.0)
    charts.show(
        "Mean absolute error by words in common · press to filter",
        figures.groups(groups, axis="Mean absolute error", scale=1.0, chosen=chosen, highest=highest, digits=3),
        key=ERRORS,
        alt="Mean absolute error of teacher and student by words in common",
        header=("words in common", "test texts", "teacher", "student"),
        rows=[(group.name, group.n, group.teacher, group.student) for group in groups],
        on_select=partial(_press, [group.name for group in groups]),
    )
    frame = pd.DataFrame(
        {"Text": [formatting.readable(example.text) for example in texts], "Label": test.targets, **numbers}
    )
    apart = (frame["Student"] - frame["Label"]).abs().sort_values(ascending=False, kind="stable")
    rows = [row for row in apart.index.tolist() if chosen in (ANY, names[row])][:N_SHOWN]
    st.markdown("**Those first that the student misses by most** · pick one to see it above")
    key = f"compare.numbers.{digest((outcome.run, chosen))}"

    def take() -> None:
        picked = st.session_state[key].selection.rows
        if picked and picked[0] < len(rows):
            sentence_edits.start(texts[rows[picked[0]]].text)

    explained.dataframe(
        frame.loc[rows].round(3),
        key=key,
        on_select=take,
        selection_mode="single-row",
        column_config={"Text": st.column_config.TextColumn(width="large")},
        alt="Test texts with their label and the numbers of both models",
    )
