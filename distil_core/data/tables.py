"""Rows of named columns, wherever they were read from, and which of them hold the texts and the labels."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from distil_core.data.corpus import SEGMENT, join_segments, split_segments
from distil_core.data.lines import refuse_half_characters
from distil_core.errors import CorpusError

TEXT_COLUMNS = (
    "text",
    "sentence",
    "review",
    "question",
    "content",
    "utterance",
    "query",
    "comment",
    "message",
    "tweet",
    "document",
    "body",
    "headline",
    "title",
)
LABEL_COLUMNS = (
    "label",
    "labels",
    "class",
    "category",
    "sentiment",
    "target",
    "intent",
    "topic",
    "emotion",
    "coarse_label",
    "label_text",
    "class_name",
    "rating",
    "stars",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of a file or data set; ``values`` reads one column, ``declared`` orders the labels of a column.

    ``segmented`` tells whether a task has joined texts of several segments in it; ``notes`` what a reader should know
    of how the rows were read, ``hint`` why no column may have a name that is known, and ``cut`` that it is but the
    beginning of a file.
    """

    where: str
    columns: tuple[str, ...]
    n_rows: int
    values: Callable[[str], Sequence[object]]
    declared: dict[str, tuple[str, ...]]
    segmented: bool = False
    notes: tuple[str, ...] = ()
    hint: str = ""
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentences:
    """Texts of a table, the row of each (counted from 1), and their labels as written, empty where there are none."""

    texts: tuple[str, ...]
    rows: tuple[int, ...]
    labels: tuple[str, ...]
    notes: tuple[str, ...]


def in_memory(where: str, columns: Mapping[str, Sequence[object]], *, declared: Mapping[str, tuple[str, ...]]) -> Table:
    """Return a table of columns that are there already."""
    return Table(
        where=where,
        columns=tuple(columns),
        n_rows=len(next(iter(columns.values()))),
        values=columns.__getitem__,
        declared=dict(declared),
    )


def folded(text: str) -> str:
    """Return what two texts have in common if they differ in case and spacing only."""
    return " ".join(text.casefold().split())


def guess(columns: Sequence[str], usual: Sequence[str]) -> str:
    """Return the column with the first of the ``usual`` names, in whatever case; empty if there is none."""
    by_name = {column.strip().lower(): column for column in reversed(columns)}
    return next((by_name[name] for name in usual if name in by_name), "")


def named(cells: Sequence[object], names: Sequence[str] | None) -> Sequence[object]:
    """Put names in place of indices, and nothing in place of an index without a name (-1 is "not labelled")."""
    if names is None:
        return cells
    return [
        named(cell, names)
        if isinstance(cell, list)
        else names[cell]
        if isinstance(cell, int) and 0 <= cell < len(names)
        else None
        for cell in cells
    ]


def sentences_of(table: Table, *, text_column: str = "", label_column: str = "") -> Sentences:
    """Return the rows of a table that have a text, whether or not they have a label.

    Args:
        table: Rows of named columns.
        text_column: Column with the texts; empty: the only one, or found by its name. Of texts of several segments the
            columns of these, joined as segments are.
        label_column: Column with the labels; empty: there is none.

    Raises:
        CorpusError: If a column is not there, holds what cannot be a text or a label, or no text at all.
    """
    if not text_column and len(table.columns) == 1:
        (text_column,) = table.columns
    columns = [choose_column(table, name, kind="text", usual=TEXT_COLUMNS) for name in split_segments(text_column)]
    text_column = " and ".join(columns)
    cells = zip(*([text_in(value, table, name) for value in table.values(name)] for name in columns), strict=True)
    texts = [join_segments(segments) if all(segments) else "" for segments in cells]
    labels = [""] * len(texts)
    if label_column:
        choose_column(table, label_column, kind="label", usual=LABEL_COLUMNS)
        labels = [
            written(value, table, label_column, expected="words or numbers") for value in table.values(label_column)
        ]
    filled = [(row, text, label) for row, (text, label) in enumerate(zip(texts, labels, strict=True), start=1) if text]
    if not filled:
        raise CorpusError(
            f"every text in column {text_column!r} of {table.where} is empty; choose another text column of: "
            f"{', '.join(map(_short, table.columns))}"
        )
    n_without = len(texts) - len(filled)
    refuse_surrogates((part for _, *parts in filled for part in parts), table, text_column)
    rows, verb = ("row", "is") if n_without == 1 else ("rows", "are")
    return Sentences(
        texts=tuple(text for _, text, _ in filled),
        rows=tuple(row for row, _, _ in filled),
        labels=tuple(label for _, _, label in filled),
        notes=(
            *table.notes,
            *((f"{n_without} {rows} of {table.where} without a text {verb} left out",) if n_without else ()),
            *separator_notes(table, *columns),
        ),
    )


def choose_column(table: Table, wanted: str, *, kind: str, usual: Sequence[str]) -> str:
    """Return the column that is wanted by name, or the one with the first of the usual names.

    Raises:
        CorpusError: If there is none.
    """
    columns = ", ".join(repr(_short(column)) for column in table.columns)
    hint = f"{table.hint}; otherwise: " if table.hint else ""
    if wanted:
        if wanted in table.columns:
            return wanted
        raise CorpusError(
            f"{hint}{kind}_column must be a column of {table.where}, got {wanted!r}; its columns: {columns}"
        )
    guessed = guess(table.columns, usual)
    if not guessed:
        raise CorpusError(
            f"{hint}{table.where} has no {kind} column with a usual name ({', '.join(usual[:5])}, ...); "
            f"set {kind}_column to one of its columns: {columns}"
        )
    return guessed


def text_in(value: object, table: Table, column: str) -> str:
    """Return the text of a cell, without separators that no task has put there; empty if there is none."""
    if isinstance(value, str):
        text = value if table.segmented else value.replace(SEGMENT, " ")
        return "" if text.isspace() else text
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise CorpusError(
        f"column {column!r} of {table.where} must hold texts, got {_shown(value)}; choose another text column of: "
        f"{', '.join(map(_short, table.columns))}"
    )


def separator_notes(table: Table, *columns: str) -> tuple[str, ...]:
    """Say in how many rows of a table :func:`text_in` puts a space where a separator of segments stands, if in any."""
    cells = zip(*map(table.values, columns), strict=True)
    n_rows = sum(any(isinstance(cell, str) and SEGMENT in cell for cell in row) for row in cells)
    rows, verb = ("row", "holds") if n_rows == 1 else ("rows", "hold")
    note = f"{n_rows} {rows} of {table.where} {verb} the control character U+001F, which is read as a space"
    return (note,) if n_rows and not table.segmented else ()


def written(value: object, table: Table, column: str, *, expected: str, kind: str = "label") -> str:
    """Return what a cell holds as it would be written in a CSV file; empty if there is nothing.

    Args:
        value: The cell.
        table: Where it stands.
        column: In which column.
        expected: What the column must hold, for whoever has something else there.
        kind: What the column is for.

    Raises:
        CorpusError: If it is neither a word nor a number.
    """
    if isinstance(value, str):
        return value.strip()
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool | int | float):
        return str(value)
    raise CorpusError(
        f"column {column!r} of {table.where} must hold {expected}, got {_shown(value)}; choose another {kind} column "
        f"of: {', '.join(map(_short, table.columns))}"
    )


def _short(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:57]}..."


def _shown(value: object) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"


def refuse_surrogates(texts: Iterable[str], table: Table, column: str) -> None:
    """Refuse texts and labels with half a character in them.

    Raises:
        CorpusError: With the character.
    """
    refuse_half_characters(texts, f"the texts and labels of {table.where}, in column {column!r} or its labels,")
