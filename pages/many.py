"""A file of sentences on the Compare page: both models' answers to all of them, as figures and as a CSV file.

Reads: a finished run's models, an uploaded file. Writes: the file, in the run store's folder.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from distil_core import corpora, examples, listing, wording
from distil_core.config import Precision, digest
from distil_core.corpora import Sentences
from distil_core.errors import DistilError
from distil_core.examples import Answered
from distil_core.outcomes import Outcome
from pages import address, browse, cache, said, uploads

if TYPE_CHECKING:
    import numpy as np

FILE_TYPES = ("csv", "tsv", "jsonl", "ndjson", "parquet", "txt")
JOB = "compare.job"
TEXT, LABEL, QUICK = "compare.file.text", "compare.file.label", "compare.file.quick"
STEP_SECONDS, PAUSE_SECONDS = 0.4, 0.05
MAX_SENTENCES = 100_000


@dataclass
class Job:
    """A file on its way through both models: in the session, so that it goes on after a click elsewhere."""

    name: tuple[str, Path, str, str, Precision]
    sentences: Sentences
    answering: "Iterator[tuple[np.ndarray, np.ndarray]]"
    started: float
    found: "list[tuple[np.ndarray, np.ndarray]]" = field(default_factory=list)
    n_done: int = 0
    result: Answered | None = None


def show(outcome: Outcome) -> None:
    """Ask for a file, put its sentences to both models, and show what came of it."""
    # Ask
    with address.control("compare.file", "A file of sentences"):
        wanted = _ask()
    if wanted is None:
        return
    name = (outcome.run, *wanted)
    job: Job | None = st.session_state.get(JOB)
    if job is None or job.name != name:
        st.button(
            "Ask both models",
            type="primary",
            icon=":material/play_arrow:",
            key="compare.file.start",
            on_click=start,
            args=(outcome, name),
        )
        if problem := st.session_state.pop("compare.file.problem", None):
            st.error(problem, icon=":material/error:")
    elif job.result is None:
        st.fragment(step, run_every=PAUSE_SECONDS)(job, outcome)
    else:
        show_result(job, job.result)


def _ask() -> tuple[Path, str, str, Precision] | None:
    left, right = st.columns([2, 3], gap="large")
    with left:
        path = uploads.file(
            "Sentences",
            FILE_TYPES,
            key="compare.file.upload",
            parameter="compare.file",
            help="A column of texts; labels are not needed, but with them you see who is right.",
        )
        if path is None:
            st.caption(
                "CSV, TSV, JSONL or Parquet with a column of texts, or TXT with one on each line; at most 200 MB "
                f"and {MAX_SENTENCES:,} sentences."
            )
            return None
        try:
            found = cache.preview(path, plain=True)
        except DistilError as error:
            st.error(str(error), icon=":material/error:")
            return None
        columns = list(found.columns)
        guessed = found.text_column or (columns[0] if len(columns) == 1 else "")
        first, second = st.columns(2)
        text = first.selectbox(
            "Text column",
            columns,
            index=columns.index(guessed) if guessed else None,
            key=TEXT,
            bind="query-params",
        )
        others = [column for column in columns if column != text]
        label = second.selectbox(
            "Label column (optional)",
            others,
            index=others.index(found.label_column) if found.label_column in others else None,
            placeholder="None",
            key=LABEL,
            bind="query-params",
        )
    with right:
        st.dataframe(
            [dict(zip(columns, row, strict=True)) for row in found.rows],
            hide_index=True,
            height=180,
            alt=f"First rows of {path.name}",
            key="compare.file.preview",
        )
        st.caption(f"The first {len(found.rows)} of {found.n_rows:,} rows of {wording.escaped(path.name)}.")
    if text is None:
        st.caption("Choose the column with the texts.")
        return None
    pays = said.bf16_pays()
    quick = st.toggle(
        "Quick arithmetic (bf16)",
        key=QUICK,
        bind="query-params",
        disabled=not pays,
        help="About twice as fast, but probabilities differ in the third digit, and hardly ever an answer does."
        if pays
        else "This computer is no faster in bf16 than in fp32.",
    )
    return path, text, label or "", Precision.BF16 if quick and pays else Precision.FP32


def start(outcome: Outcome, name: tuple[str, Path, str, str, Precision]) -> None:
    """Begin to put a file to both models."""
    _, path, text, label, precision = name
    try:
        found = corpora.sentences(path, text_column=text, label_column=label)
        if len(found.texts) > MAX_SENTENCES:
            st.session_state["compare.file.problem"] = (
                f"{path.name} must have at most {MAX_SENTENCES:,} sentences, got {len(found.texts):,}; "
                "take a part of it"
            )
            return
        answering = said.answering(outcome, found.texts, precision=precision)
    except DistilError as error:
        st.session_state["compare.file.problem"] = str(error)
        return
    st.session_state[JOB] = Job(name=name, sentences=found, answering=answering, started=time.monotonic())


def stop() -> None:
    """Forget a file that is being answered, or its result."""
    st.session_state.pop(JOB, None)


def step(job: Job, outcome: Outcome) -> None:
    """Answer some more sentences, as many as keep the page alive, and say how far it is."""
    n = len(job.sentences.texts)
    spent = time.monotonic() - job.started
    left = "" if not job.n_done else f" · {wording.duration(spent * (n - job.n_done) / job.n_done)} left"
    with st.container(horizontal=True, vertical_alignment="center", key="compare.file.progress"):
        st.progress(job.n_done / n, f"{job.n_done:,} of {n:,} sentences{left}")
        st.button("Cancel", icon=":material/stop_circle:", key="compare.file.cancel", on_click=stop)
    if st.session_state.get(JOB) is not job:  # cancelled
        st.rerun()
    until = time.monotonic() + STEP_SECONDS
    while time.monotonic() < until:
        answers = next(job.answering, None)
        if answers is None:
            job.result = examples.joined(
                job.sentences.texts, job.sentences.labels, job.found, label_names=outcome.record.corpus.label_names
            )
            st.rerun()
        job.found.append(answers)
        job.n_done += len(answers[0])


def show_result(job: Job, found: Answered) -> None:
    """Sum up the answers, and offer them as a CSV file."""
    given = job.sentences.labels
    everything = examples.matching(found, examples.Filter())
    summary = examples.summed_up(found, everything)
    st.markdown(f"**{len(found):,} sentences** · {listing.summary_words(summary)}")
    with st.container(horizontal=True):
        st.download_button(
            "Download as CSV",
            lambda: listing.answers_csv(found, rows=job.sentences.rows, given=given if any(given) else ()),
            f"{job.name[1].stem}-answers.csv",
            "text/csv",
            key="compare.file.csv",
            on_click="ignore",
            type="primary",
            icon=":material/download:",
        )
        st.button("Start over", icon=":material/replay:", key="compare.file.again", on_click=stop)
    for note in (*job.sentences.notes, *listing.label_notes(given, found)):
        st.caption(wording.escaped(note))
    left, right = st.columns([2, 3], gap="large")
    with left:
        browse.show_answers(found, key="compare.file.answers")
    with right:
        browse.show_confusion(found, key="compare.file.confusion")
    st.markdown("**Sentences on which the two are furthest apart** · pick one to see it above")
    shown = everything[: browse.MAX_SHOWN].tolist()
    browse.table(found, shown, key=f"compare.file.table.{digest((str(job.name[1]), *job.name[2:]))}")
