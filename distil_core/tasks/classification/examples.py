"""Rows of a table as texts with one label each, as written."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from distil_core.data import labels as label_words
from distil_core.data.tables import (
    LABEL_COLUMNS,
    TEXT_COLUMNS,
    Table,
    choose_column,
    refuse_surrogates,
    separator_notes,
    text_in,
    written,
)
from distil_core.errors import CorpusError

_EXPECTED = "one label a row (a word, a whole number or true/false; several are for the task multi-label)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """Texts of a table with their labels as written, and what was left out."""

    where: str
    texts: tuple[str, ...]
    labels: tuple[str, ...]
    declared: tuple[str, ...]
    text_column: str
    label_column: str
    notes: tuple[str, ...]


def examples_of(table: Table, *, text_column: str, label_column: str, missing: Collection[str] = ()) -> Examples:
    """Return the rows of a table that have both a text and a label.

    Args:
        table: Rows of named columns.
        text_column: Column with the texts; empty: found by its name.
        label_column: Column with the labels; empty: found by its name.
        missing: Labels that stand for none.

    Raises:
        CorpusError: If a column is not there, or holds what cannot be a text or a label.
    """
    text_column = choose_column(table, text_column, kind="text", usual=TEXT_COLUMNS)
    label_column = choose_column(table, label_column, kind="label", usual=LABEL_COLUMNS)
    if text_column == label_column:
        raise CorpusError(f"texts and labels must be two columns of {table.where}, got {text_column!r} for both")
    texts = [text_in(value, table, text_column) for value in table.values(text_column)]
    labels = [written(value, table, label_column, expected=_EXPECTED) for value in table.values(label_column)]
    n_written = {word: n for word, n in Counter(labels).items() if word in missing}
    labels = ["" if label in missing else label for label in labels]
    labeled = [(text, label) for text, label in zip(texts, labels, strict=True) if text and label]
    n_without_text = sum(not text for text in texts)
    n_without_label = len(texts) - n_without_text - len(labeled)
    if texts and n_without_text == len(texts):
        raise CorpusError(
            f"every text in column {text_column!r} of {table.where} is empty; choose another text column of: "
            f"{', '.join(table.columns)}"
        )
    notes = [f"the label {word!r} of {table.where} stands for none, in {n:,} rows" for word, n in n_written.items()]
    for n_rows, what in ((n_without_text, "text"), (n_without_label, "label")):
        if n_rows:
            rows, verb = ("row", "is") if n_rows == 1 else ("rows", "are")
            notes.append(f"{n_rows} {rows} of {table.where} without a {what} {verb} left out")
    refuse_surrogates((part for parts in labeled for part in parts), table, text_column)
    return Examples(
        where=table.where,
        texts=tuple(text for text, _ in labeled),
        labels=tuple(label for _, label in labeled),
        declared=table.declared.get(label_column, ()),
        text_column=text_column,
        label_column=label_column,
        notes=(
            *notes,
            *separator_notes(table, text_column),
            *label_words.nothing_text_note(table.where, Counter(text for text, _ in labeled if len(text) < 5)),
        ),
    )


def examples_like(train: Examples, table: Table, *, missing: Collection[str] = ()) -> Examples | None:
    """Return the examples of another split, from the columns of the training examples; None if it has no labels."""
    if not {train.text_column, train.label_column} <= set(table.columns):
        return None
    part = examples_of(table, text_column=train.text_column, label_column=train.label_column, missing=missing)
    return part if part.texts else None
