"""A file of sentences on the Compare page: both models' answers to all of them, as figures and as a CSV file.

Reads: a finished run's models, an uploaded file. Writes: the file, in the run store's folder.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from distil_core.analysis import error_analysis
from distil_core.analysis.error_analysis import AnsweredTexts, Answers
from distil_core.data.corpus import join_segments
from distil_core.data.tables import Sentences
from distil_core.errors import DistilError
from distil_core.reporting import example_tables, formatting, narrative
from distil_core.runs import reading
from distil_core.runs.families import FinishedRun
from distil_core.settings.config import Precision
from distil_core.settings.serialization import digest
from distil_core.tasks.catalog import task_named
from pages.sections import answer_views, messages
from pages.state import address, model_answers, resources, uploads

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
    answering: Iterator[Answers]
    started: float
    answers: list[Answers] = field(default_factory=list)
    n_done: int = 0
    result: AnsweredTexts | None = None


def show(outcome: FinishedRun) -> None:
    """Ask for a file, put its sentences to both models, and show what came of it."""
    # Ask
    with address.control("compare.file", "A file of sentences"):
        task = task_named(outcome.record.config.task)
        wanted = _ask(task.segments if task.head.labeled else task.segments[:1], labeled=task.head.reads_first_token)
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
            messages.problem(problem)
    elif job.result is None:
        st.fragment(step, run_every=PAUSE_SECONDS)(job, outcome)
    else:
        show_result(job, job.result)


def _ask(segments: Sequence[str], *, labeled: bool) -> tuple[Path, str, str, Precision] | None:
    """Ask for a file and its columns; for one of labels only where a text is labeled as a whole."""
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
                "CSV, TSV, JSON, JSONL or Parquet with a column of texts, or TXT with one on each line; at most 200 MB "
                f"and {MAX_SENTENCES:,} sentences."
            )
            return None
        try:
            preview = resources.preview(path, plain=True)
        except DistilError as error:
            messages.problem(error)
            return None
        columns = list(preview.columns)
        guessed = preview.text_column or (columns[0] if len(columns) == 1 else "")
        first, second = st.columns(2)
        names = [
            first.selectbox(
                "Text column" if len(segments) == 1 else f"{segment}: column",
                columns,
                index=columns.index(guessed) if guessed and len(segments) == 1 else None,
                key=TEXT + f".{number}" * (number > 1),
                bind="query-params",
            )
            for number, segment in enumerate(segments, start=1)
        ]
        text = join_segments(name for name in names if name) if all(names) else None
        others = [column for column in columns if column not in names]
        label = None
        if labeled:
            label = second.selectbox(
                "Label column (optional)",
                others,
                index=others.index(preview.label_column) if preview.label_column in others else None,
                placeholder="None",
                key=LABEL,
                bind="query-params",
            )
    with right:
        st.dataframe(
            [dict(zip(columns, row, strict=True)) for row in preview.rows],
            hide_index=True,
            height=180,
            alt=f"First rows of {path.name}",
            key="compare.file.preview",
        )
        st.caption(formatting.rows_shown(len(preview.rows), preview.n_rows, path.name))
    if text is None:
        if preview.hint:
            messages.doubt(preview.hint)
        st.caption("Choose the column with the texts.")
        return None
    pays = model_answers.bf16_pays()
    quick = st.toggle(
        "Precision bf16 (quick arithmetic)",
        key=QUICK,
        bind="query-params",
        disabled=not pays,
        help="About twice as fast, but probabilities differ in the third digit, and hardly ever an answer does."
        if pays
        else "This computer is no faster in bf16 than in fp32.",
    )
    return path, text, label or "", Precision.BF16 if quick and pays else Precision.FP32


def start(outcome: FinishedRun, name: tuple[str, Path, str, str, Precision]) -> None:
    """Begin to put a file to both models."""
    _, path, text, label, precision = name
    try:
        sentences = reading.sentences_in(path, text_column=text, label_column=label, most=MAX_SENTENCES)
        answering = model_answers.stream(outcome, sentences.texts, precision=precision)
    except DistilError as error:
        st.session_state["compare.file.problem"] = str(error)
        return
    st.session_state[JOB] = Job(name=name, sentences=sentences, answering=answering, started=time.monotonic())


def stop() -> None:
    """Forget a file that is being answered, or its result."""
    st.session_state.pop(JOB, None)


def step(job: Job, outcome: FinishedRun) -> None:
    """Answer some more sentences, as many as keep the page alive, and say how far it is."""
    n = len(job.sentences.texts)
    spent = time.monotonic() - job.started
    left = "" if not job.n_done else f" · {formatting.duration(spent * (n - job.n_done) / job.n_done)} left"
    with st.container(horizontal=True, vertical_alignment="center", key="compare.file.progress"):
        st.progress(job.n_done / n, f"{job.n_done:,} of {n:,} sentences{left}")
        st.button("Cancel", icon=":material/stop_circle:", key="compare.file.cancel", on_click=stop)
    if st.session_state.get(JOB) is not job:  # cancelled
        st.rerun()
    until = time.monotonic() + STEP_SECONDS
    while time.monotonic() < until:
        batch = next(job.answering, None)
        if batch is None:
            job.result = error_analysis.joined(
                job.sentences.texts, job.sentences.labels, job.answers, label_names=outcome.record.class_names
            )
            st.rerun()
        job.answers.append(batch)
        job.n_done += len(batch.places)


def show_result(job: Job, answered: AnsweredTexts) -> None:
    """Sum up the answers, and offer them as a CSV file."""
    labels = job.sentences.labels
    everything = error_analysis.matching(answered, error_analysis.Filter())
    summary = error_analysis.summarize(answered, everything)
    what = f"{len(answered):,} places in " if answered.several else ""
    st.markdown(f"**{what}{len(labels):,} sentences** · {narrative.slices.summary_words(summary)}")
    with st.container(horizontal=True):
        st.download_button(
            "Download as CSV",
            lambda: example_tables.answers_csv(answered, rows=job.sentences.rows, labels=labels if any(labels) else ()),
            f"{job.name[1].stem}-answers.csv",
            "text/csv",
            key="compare.file.csv",
            on_click="ignore",
            type="primary",
            icon=":material/download:",
        )
        st.button("Start over", icon=":material/replay:", key="compare.file.again", on_click=stop)
    unknown = error_analysis.unknown_labels(labels, answered)
    for note in (*job.sentences.notes, *narrative.slices.label_notes(unknown, answered.label_names)):
        st.caption(formatting.escaped(note))
    if not answered.tokens:  # those of many texts have no names in common
        left, right = st.columns([2, 3], gap="large")
        with left:
            answer_views.label_counts(answered, key="compare.file.answers")
        with right:
            answer_views.confusion(answered, key="compare.file.confusion")
    st.markdown("**Sentences on which the two are furthest apart** · pick one to see it above")
    shown = everything[: answer_views.MAX_SHOWN].tolist()
    answer_views.table(answered, shown, key=f"compare.file.table.{digest((str(job.name[1]), *job.name[2:]))}")
