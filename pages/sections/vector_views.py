"""What the pages show of a run whose models put out vectors: likeness of two texts, a search, softened similarities.

Reads: a finished run, its outputs, and its models for a text of one's own. Writes: nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from distil_core.analysis.vectors import MOVES, JudgedQuery
from distil_core.data.corpus import join_segments
from distil_core.errors import DistilError
from distil_core.reporting import formatting, glossary
from distil_core.runs.families import Family
from distil_core.tasks.catalog import task_named
from pages.components import temperature_bars
from pages.sections import answer_times, charts, explained, messages, sentence_edits, text_fields
from pages.state import address, model_answers, resources, stored_vectors

TEXT, QUERY, MOVE, ROW = "compare.text", "compare.query", "compare.move", "temperature.row"
N_FIRST, N_SHOWN, N_BATCH = 10, 100, 11
NO_DISTRIBUTION = (
    "Models that put out vectors have no probabilities of labels: there is no KL divergence, agreement or calibration "
    "of them to show, no slice of right and wrong answers to save, and no label to give to a file of sentences."
)
NO_LABELS = (
    "The shares below are of texts, not of labels: nothing here is right or wrong, so that there is no calibration and "
    "no dark knowledge to show."
)


def compare(family: Family) -> None:
    """Show how alike two texts are to both models, and what both rank first for a query."""
    st.caption(NO_DISTRIBUTION)
    for view in (_likeness, _search):
        try:
            view(family)
        except DistilError as error:
            messages.problem(error)


@st.fragment(key="compare.likeness")
def _likeness(family: Family) -> None:
    outcome = family.distilled
    pairs = stored_vectors.pairs(outcome.folder)
    segments = task_named(outcome.record.config.task).segments
    st.header("How alike two texts are", anchor=False)
    # Ask
    if not text_fields.asked_for(key=TEXT, n_segments=2):
        first = pairs[0].texts if pairs else stored_vectors.of_test_texts(outcome.folder).texts[:2]
        sentence_edits.start(join_segments(first))
    text = text_fields.ask(segments, key=TEXT, label="Texts")
    if not text.strip():
        st.info("Type two texts, or pick a pair.", icon=":material/edit:")
        return
    # Think
    sides = stored_vectors.of_text(outcome, text)
    comparison, original = model_answers.compare(outcome, text), sentence_edits.original(text)
    former = stored_vectors.of_text(outcome, original) if sentence_edits.is_edit(original, text) else (None, None)
    score = next((pair.score for pair in pairs if join_segments(pair.texts) == text), None)
    # Show
    sentence_edits.show(outcome, text, resources.test_texts(outcome.folder), comparison.sites[0], mask=comparison.mask)
    columns, slots = st.columns(3), []
    for column, name, side, was in zip(columns, ("Teacher", "Student"), sides, former, strict=False):
        cosine = float(side[0] @ side[1])
        delta = None if was is None else f"{cosine - float(was[0] @ was[1]):+.3f} by the edit"
        with column.container(border=True, height="stretch", gap="xsmall"):
            st.metric(f"{name}: cosine", f"{cosine:.3f}", delta, delta_color="off", help=glossary.explain("cosine"))
            slots.append(st.container())
    with columns[2].container(border=True, height="stretch"):
        st.metric("Score in the test pairs", formatting.NONE if score is None else f"{score:g}")
    note = st.empty()
    if pairs:
        header = ("First text", "Second text", "Score", "Teacher's cosine", "Student's cosine")
        rows = [(*pair.texts, pair.score, pair.teacher, pair.student) for pair in pairs]
        with st.expander("Test pairs that the two see most differently · pick one to see it above"):
            _table(
                header,
                rows,
                key="compare.pairs",
                alt="Test pairs with their score and both cosines",
                take=lambda row: sentence_edits.start(join_segments(pairs[row].texts)),
            )
    answer_times.show(outcome, text, slots, note)


@st.fragment(key="compare.search")
def _search(family: Family) -> None:
    outcome = family.distilled
    queries, texts = stored_vectors.queries(outcome.folder), stored_vectors.of_test_texts(outcome.folder)
    st.header("What a search finds", anchor=False)
    # Ask
    if QUERY not in st.session_state and not st.query_params.get(QUERY):
        st.session_state[QUERY] = queries[0].query if queries else texts.texts[0]
    with address.control(QUERY, "Query"):
        query = st.text_input("Query", key=QUERY, bind="query-params", max_chars=text_fields.MAX_CHARS) or ""
    if not query.strip():
        st.info("Type what to search for.", icon=":material/search:")
        return
    # Think
    ranking = stored_vectors.search(outcome, query, n=N_FIRST)
    judged = any(text.gain is not None for text in ranking)
    # Show
    st.caption(
        f"The first {N_FIRST} of either model among {len(texts.searched):,} test texts; moved: how many places the "
        "student has it above the teacher."
    )
    header: tuple[str, ...] = (
        "Teacher's rank",
        "Student's rank",
        "Moved",
        "Text",
        "Teacher's cosine",
        "Student's cosine",
    )
    rows: list[tuple[object, ...]] = [
        (text.teacher_rank, text.student_rank, text.moved, text.text, text.teacher_cosine, text.student_cosine)
        for text in ranking
    ]
    if judged:
        header = (*header[:3], "Answers", *header[3:])
        rows = [(*row[:3], text.gain, *row[3:]) for row, text in zip(rows, ranking, strict=True)]
    _table(header, rows, key="compare.ranking", alt="Texts that either model ranks first, with both ranks")
    if queries:
        _queries(queries)


def temperature(family: Family) -> None:
    """Show the similarities of a text with others of a batch, softened by a temperature."""
    outcome = family.distilled
    st.caption(NO_LABELS)
    texts = stored_vectors.of_test_texts(outcome.folder)
    n_batch = min(N_BATCH, len(texts.searched) - 1)
    st.markdown(
        "A student of vectors learns **which texts of a batch are alike**: the cosines of a text with all others, "
        "times 20 and divided by the temperature, become a distribution over these others. The KL divergence of both "
        "models' distributions, times T², is the soft loss."
    )
    # Ask
    with address.control(ROW, "Text"):
        row = st.number_input(
            f"Test text, of {len(texts.searched):,}",
            min_value=1,
            max_value=len(texts.searched),
            value=1,
            key=ROW,
            bind="query-params",
        )
    # Think
    similarities = stored_vectors.row(outcome.folder, int(row) - 1, n=n_batch)
    # Show
    st.markdown(f"> {formatting.escaped(similarities.text)}")
    names = [f"{i} {formatting.shortened(text, length=40)}" for i, text in enumerate(similarities.others, start=1)]
    chosen = temperature_bars.show(
        names,
        similarities.teacher,
        similarities.student,
        key="temperature.t",
        value=outcome.record.config.loss.temperature,
        noun="text",
    )
    charts.data(
        key="temperature.answers",
        alt="Cosine and share of each other text at the temperature chosen, by teacher and student",
        header=("text", "teacher's cosine", "student's cosine", "teacher's share", "student's share"),
        rows=similarities.shares(chosen),
        picture="temperature.t",
    )


def _queries(queries: Sequence[JudgedQuery]) -> None:
    """List the test queries by how the first answer moved; picking one searches for it."""
    st.markdown("**Test queries, by where the student has the first answer** · press to filter, pick one to search")
    counts = {name: sum(query.move == name for query in queries) for _, name in MOVES}
    # Ask
    with address.control(MOVE, "Test queries"):
        chosen = st.pills(
            "Test queries",
            [name for name, n in counts.items() if n],
            format_func=lambda name: f"{name} ({counts[name]:,})",
            key=MOVE,
            bind="query-params",
            label_visibility="collapsed",
        )
    # Show
    shown = [query for query in queries if chosen in (None, query.move)]

    def take(row: int) -> None:
        st.session_state[QUERY] = shown[row].query

    _table(
        ("Query", "First answer: teacher", "First answer: student", "Teacher's nDCG@10", "Student's nDCG@10"),
        [(item.query, item.teacher_rank, item.student_rank, item.teacher, item.student) for item in shown],
        key=f"compare.queries.{chosen or ''}",
        alt="Test queries with the rank of the first answer and nDCG@10 of both models",
        take=take,
    )


def _table(
    header: Sequence[str],
    rows: Sequence[tuple[object, ...]],
    *,
    key: str,
    alt: str,
    take: Callable[[int], None] | None = None,
) -> None:
    frame = pd.DataFrame(rows[:N_SHOWN], columns=list(header))
    cosines = [name for name in header if "cosine" in name or "nDCG" in name]

    def taken() -> None:
        picked = st.session_state[key].selection.rows
        if take is not None and picked and picked[0] < len(frame):
            take(picked[0])

    picking: dict[str, Any] = {} if take is None else {"on_select": taken, "selection_mode": "single-row"}
    explained.dataframe(
        frame,
        **picking,
        key=key,
        alt=alt,
        column_config={name: st.column_config.NumberColumn(format="%.3f") for name in cosines},
    )
