"""Rows of a table as texts with any number of labels each: a column a label, a list, or labels with separators."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from distil_core.data.labels import SEPARATORS, list_in
from distil_core.data.tables import TEXT_COLUMNS, Table, choose_column, guess, refuse_surrogates, text_in, written
from distil_core.errors import CorpusError
from distil_core.tasks.classification.columns import NO, YES, binary_columns, spelled

FOR_SEVERAL = ("tags", "aspects", "topics", "genres", "categories", "emotions")
"""Usual names of a column with several labels that no column with one label has."""
LABEL_COLUMNS = ("labels", *FOR_SEVERAL, "label", "tag", "category", "class")
"""Usual names of a column with all labels of a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabeledRows:
    """Texts of a table with the labels of each, and what was guessed or left out.

    ``columns`` has the columns that were read: the text's, then the labels'; ``label_names`` has all labels in their
    order where the columns themselves are the labels, or where the data set declares them.
    """

    where: str
    columns: tuple[str, ...]
    texts: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    label_names: tuple[str, ...]
    notes: tuple[str, ...]


def labeled_rows(table: Table, *, text_column: str, label_column: str) -> LabeledRows:
    """Return the rows of a table that have a text, with their labels; a text may have none.

    Args:
        table: Rows of named columns.
        text_column: Column with the texts; empty: found by its name.
        label_column: Column with all labels of a text, or the names of several columns with 0 and 1, with commas
            between; empty: a column with a usual name, or else all the others that hold nothing but 0 and 1.

    Raises:
        CorpusError: If columns are not there, or a cell holds what is unclear.
    """
    text_column = choose_column(table, text_column, kind="text", usual=TEXT_COLUMNS)
    columns = _label_columns(table, text_column, label_column)
    texts = [text_in(value, table, text_column) for value in table.values(text_column)]
    notes, label_names = [], columns
    if len(columns) > 1:
        labels = _one_hot(table, columns, texts)
        if not label_column:
            notes.append(f"the columns {', '.join(columns)} of {table.where} are taken for the labels")
    else:
        labels, note = _listed(table, columns[0], texts)
        told = {label for entry in labels for label in entry}
        declared = table.declared.get(columns[0], ())
        label_names = tuple(name for name in declared if name in told) if told <= set(declared) else ()
        notes += [note] if note else []
    with_text = [(text, entry) for text, entry in zip(texts, labels, strict=True) if text]
    refuse_surrogates((part for text, entry in with_text for part in (text, *entry)), table, text_column)
    n_without = sum(not entry for _, entry in with_text)
    for n, sentence in (
        (len(texts) - len(with_text), "{} without a text {} left out"),
        (n_without, "{} without a label {} kept: none of the labels is right there"),
    ):
        if n:
            rows, verb = (f"{n} row of {table.where}", "is") if n == 1 else (f"{n:,} rows of {table.where}", "are")
            notes.append(sentence.format(rows, verb))
    return LabeledRows(
        where=table.where,
        columns=(text_column, *columns),
        texts=tuple(text for text, _ in with_text),
        labels=tuple(entry for _, entry in with_text),
        label_names=label_names,
        notes=tuple(notes),
    )


def _label_columns(table: Table, text_column: str, label_column: str) -> tuple[str, ...]:
    others = tuple(column for column in table.columns if column != text_column)
    if label_column and label_column not in table.columns and "," in label_column:
        named = tuple(part.strip() for part in label_column.split(","))
        for column in named:
            choose_column(table, column, kind="label", usual=())
        return named
    if label_column or guess(others, LABEL_COLUMNS):
        column = choose_column(replace(table, columns=others), label_column, kind="label", usual=LABEL_COLUMNS)
        return (column,)
    binary = binary_columns(table, but=(text_column,))
    if len(binary) > 1:
        return binary
    raise CorpusError(
        f"{table.where} must have a column with all labels of a text ({', '.join(LABEL_COLUMNS[:4])}, ...) or two or "
        f"more columns of 0 and 1, got {', '.join(map(repr, table.columns))}; set label_column to one or several of "
        "them, with commas between"
    )


def _one_hot(table: Table, columns: Sequence[str], texts: Sequence[str]) -> list[tuple[str, ...]]:
    labels: list[list[str]] = [[] for _ in texts]
    for column in columns:
        for row, (cell, text) in enumerate(zip(table.values(column), texts, strict=True)):
            answer = spelled(cell)
            if text and answer not in YES | NO:
                what = repr(answer) if answer else "nothing"
                raise CorpusError(
                    f"row {row + 1:,} of {table.where} must have 0 or 1 in column {column!r}, got {what}; write 1 "
                    "where the text has this label and 0 where it has not"
                )
            if answer in YES:
                labels[row].append(column)
    return [tuple(entry) for entry in labels]


def _listed(table: Table, column: str, texts: Sequence[str]) -> tuple[list[tuple[str, ...]], str]:
    """Return the labels of each row, from lists or with separators, and what was guessed."""
    lists: list[tuple[str, ...] | None] = []
    cells: list[str] = []
    for row, (cell, text) in enumerate(zip(table.values(column), texts, strict=True), start=1):
        entries = _list_in(cell, table, column, row) if text else []
        lists.append(None if entries is None else tuple(dict.fromkeys(entries)))
        cells.append(written(cell, table, column, expected="labels") if entries is None else "")
    if None not in lists:
        return [entry or () for entry in lists], ""
    separator = _separator(cells, table, column)
    labels = []
    for entry, cell in zip(lists, cells, strict=True):
        parts = cell.split(separator) if separator else [cell]
        labels.append(tuple(dict.fromkeys(part.strip() for part in parts if part.strip())) if entry is None else entry)
    return labels, f"labels in column {column!r} of {table.where} are separated at {separator!r}" if separator else ""


def _list_in(cell: object, table: Table, column: str, row: int) -> list[str] | None:
    """Return the labels of a cell that is a list; None for one that is a word, or several with separators."""
    unclear = f"row {row:,} of {table.where} must have a list of labels in column {column!r}"
    if cell is None:
        raise CorpusError(f"{unclear}, got nothing; write [] where a text has none of the labels")
    entries: object = cell
    if isinstance(cell, str):
        if not cell.lstrip().startswith("["):
            return None
        entries = list_in(cell)
        if entries is None:
            raise CorpusError(f'{unclear}, got {cell[:60]!r}, which is no list of words; write it as ["a", "b"]')
    if not isinstance(entries, list | tuple):
        return None
    words = [written(entry, table, column, expected="lists of words", kind="label") for entry in entries]
    if "" in words:
        raise CorpusError(f"{unclear}, got an empty label; leave it out")
    return words


def _separator(cells: Sequence[str], table: Table, column: str) -> str:
    """Return what stands between the labels of a cell; empty where each has one at most.

    Raises:
        CorpusError: If more than one can be meant, or the pieces look like those of a sentence.
    """
    used = [separator for separator in SEPARATORS if any(separator in cell for cell in cells)]
    advice = 'write lists such as ["a", "b"], or one column of 0 and 1 for each label'
    if len(used) > 1:
        raise CorpusError(
            f"column {column!r} of {table.where} must separate labels in one way, got both {used[0]!r} and {used[1]!r}"
            f"; {advice}"
        )
    if not used:
        return ""
    (separator,) = used
    pieces = Counter(piece for cell in cells for piece in {piece.strip() for piece in cell.split(separator)} - {""})
    n_once = sum(n == 1 for n in pieces.values())
    if separator == "," and n_once > len(pieces) / 2:
        raise CorpusError(
            f"column {column!r} of {table.where} must hold labels that come back in other texts, got {n_once:,} "
            f"pieces between commas that do not, so that these may be part of a label; {advice}"
        )
    return separator
