"""A corpus of one's own for the Distil page: files, and which of their columns hold what.

Reads: nothing but the widgets. Writes: uploaded files, into the run store's folder.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from distil_core.data import beir, files
from distil_core.data.tables import guess
from distil_core.errors import DistilError
from distil_core.reporting import formatting
from distil_core.tasks.catalog import TASKS
from distil_core.tasks.task import Task
from pages.sections import messages
from pages.state import class_mode, resources, uploads

FILE_TYPES = tuple(suffix.removeprefix(".") for suffix in files.SUFFIXES)


def ask(task: Task, *, labeled: bool = True, choose: Callable[[str], None]) -> dict[str, Any]:
    """Ask for files and their columns; returns the settings of a corpus, whose source is empty while one is missing.

    Args:
        task: What the texts are for.
        labeled: Whether the training texts tell their labels; else those of the test split are the only ones.
        choose: Called with the name of another task when somebody takes the one that the columns are those of.
    """
    if task.head.predicts_words:
        return _plain(task)
    path = (
        _upload("Texts with labels", "train", help="A column with texts, and one that says what each of them is.")
        if labeled
        else _upload("Texts", "train", help="A column with texts; labels are not looked at.")
    )
    if path is None:
        st.caption(f"CSV, TSV, JSON, JSONL or Parquet, at most 200 MB: {task.file_format}.")
        collection = _collection(task)
        return {"source": str(collection or "")}
    try:
        _offer(resources.recognized_task(path), task, choose)
        preview = resources.preview(path, plain=not task.head.labeled)
    except DistilError as error:
        messages.problem(error)
        return {"source": ""}
    columns = list(preview.columns)
    chosen: dict[str, str | None] = {}
    segments = _segment_columns(task, columns)
    # Without labels there may be no such column; that of the test split is recognized by its name.
    asked_for = {"text": task.text_columns, "label": task.label_columns if labeled else ()}
    for box, (role, usual) in zip(st.columns(2), asked_for.items(), strict=True):
        if usual and role == "label" and task.several_label_columns:
            several = box.multiselect(
                "Label columns",
                columns,
                default=[name for name in (guess(columns, usual),) if name],
                key="distil.corpus.labels",
                placeholder="All columns of 0 and 1",
                help="One column with all labels of a text, or a column of 0 and 1 for each label.",
            )
            chosen["label_column"] = ",".join(several)
        elif usual:
            chosen[f"{role}_column"] = box.selectbox(
                f"{role.capitalize()} column",
                columns,
                index=_index(columns, guess(columns, usual)),
                key=f"distil.corpus.{role}",
                bind="query-params",
            )
    st.dataframe(
        [dict(zip(columns, row, strict=True)) for row in preview.rows],
        hide_index=True,
        height=180,
        alt=f"First rows of {path.name}",
        key="distil.corpus.preview",
    )
    st.caption(formatting.rows_shown(len(preview.rows), preview.n_rows, path.name))
    test = (
        _upload("Test split (optional)", "test", help="Without one a stratified part of the texts is held out.")
        if labeled
        else _upload(
            "Test split, with labels", "test", help="Texts with labels, to measure with; needed where no text has one."
        )
    )
    if test is None:
        test = _collection(task)
    if test is not None:
        st.caption(f"Tested on {formatting.escaped(test.name)}.")
    names = [*chosen.values(), *segments]
    if None in names or len(set(names)) < len(names):
        if preview.hint:
            messages.doubt(preview.hint)
        st.caption("Choose the column with the texts and another one with the labels.")
        return {"source": ""}
    if segments:
        chosen["text_column"] = ",".join(name for name in segments if name)
    return {"source": str(path), **chosen, "test": str(test or "")}


def _offer(name: str | None, task: Task, choose: Callable[[str], None]) -> None:
    """Offer the task whose columns a file has, where another one is chosen that does not take any texts."""
    if name is None or name == task.name or not task.head.labeled:
        return
    title = TASKS[name].title
    st.info(f"The columns of this file are those of **{title}**.", icon=":material/lightbulb:")
    st.button(f"Use {title}", icon=":material/swap_horiz:", key="distil.task.offered", on_click=choose, args=(name,))


def _plain(task: Task) -> dict[str, Any]:
    """Ask for plain texts to learn from and to measure on: uploaded, or a file or folder on this computer."""
    places: dict[str, str] = {}
    for name, label in (("train", "Texts"), ("test", "Test texts (optional)")):
        try:
            path = uploads.texts(
                label,
                ("txt", *FILE_TYPES),
                key=f"distil.upload.{name}",
                parameter=f"upload.{name}",
                help="Plain text with a paragraph on each line, in one .txt file or several; or one file with a column "
                "of texts.",
            )
        except DistilError as error:
            messages.problem(error)
            return {"source": ""}
        places[name] = str(path or "")
        if path is None and class_mode.free():
            places[name] = st.text_input(
                f"{label}: path on this computer",
                placeholder="/path/to/texts",
                key=f"distil.corpus.{name}.path",
                bind="query-params",
                help="A text file, a folder of .txt files, or a CSV, TSV, JSON, JSONL or Parquet file with a column of "
                "texts.",
            )
    if not places["train"]:
        st.caption(f"At most 200 MB each: {task.file_format}. Long texts are cut into passages, short ones joined.")
    return {"source": places["train"].strip(), "test": places["test"].strip()}


def _segment_columns(task: Task, columns: list[str]) -> tuple[str | None, ...]:
    """Ask which column holds which segment of a text, where the task has several that can be chosen."""
    usual = task.segment_columns(columns)
    if not usual:
        return ()
    return tuple(
        box.selectbox(
            f"{segment}: column",
            columns,
            index=_index(columns, name),
            key=f"distil.corpus.segment.{number}",
            bind="query-params",
        )
        for number, (box, segment, name) in enumerate(
            zip(st.columns(len(usual)), task.segments, usual, strict=True), start=1
        )
    )


def _collection(task: Task) -> Path | None:
    """Ask for the files of a search to measure on, where the task is measured by one."""
    if task.head.labeled:
        return None
    try:
        return uploads.folder(
            "A search to measure on (optional)",
            beir.PLACES,
            key="distil.upload.search",
            parameter="upload.search",
            help="BEIR's layout: the texts in corpus.jsonl, the queries in queries.jsonl, and which text answers which "
            "query in test.tsv; dev.tsv and train.tsv may come with them.",
        )
    except DistilError as error:
        messages.problem(error)
        return None


def _index(columns: list[str], name: str) -> int | None:
    return columns.index(name) if name in columns else None


def _upload(label: str, name: str, *, help: str) -> Path | None:
    return uploads.file(label, FILE_TYPES, key=f"distil.upload.{name}", parameter=f"upload.{name}", help=help)
