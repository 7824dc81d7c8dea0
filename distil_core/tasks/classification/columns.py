"""Columns beside the texts: numbers whose names stand in another column, columns of 0 and 1, and a second label."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import overload

from distil_core.data.sources import Source
from distil_core.data.tables import LABEL_COLUMNS, TEXT_COLUMNS, Table, guess, written
from distil_core.errors import CorpusError
from distil_core.settings.config import CorpusConfig

YES, NO = frozenset({"1", "1.0", "true"}), frozenset({"0", "0.0", "false"})
"""What stands in a column that says whether a text has a label, in lower case."""
JOINED = "label"
_FURTHER = re.compile(r"(labels?|class|category|target|sentiment|annotator|annotation|coder|rater)[ _-]?[0-9a-z]?")


def spelled(cell: object) -> str:
    """Return what a cell says in lower case; nothing if it is empty."""
    return "" if cell is None or (isinstance(cell, float) and math.isnan(cell)) else str(cell).strip().lower()


def binary_columns(table: Table, *, but: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that hold nothing but 0 and 1, or nothing at all in some rows."""
    allowed = {*YES, *NO, ""}
    others = [column for column in table.columns if column not in but]
    return tuple(column for column in others if all(spelled(cell) in allowed for cell in table.values(column)))


def joined_classes(source: Source, config: CorpusConfig) -> tuple[Source, list[str]]:
    """Return a source with a column of labels where it has a column of 0 and 1 for each, and notes.

    Raises:
        CorpusError: If a text has several of these labels, or none.
    """
    table = source.train
    text = config.text_column or guess(table.columns, TEXT_COLUMNS)
    if config.label_column or not text or text not in table.columns or guess(table.columns, LABEL_COLUMNS):
        return source, []
    columns = binary_columns(table, but=(text,))
    if len(columns) < 2:
        return source, []
    listed = ", ".join(map(repr, columns[:8])) + (f" and {len(columns) - 8} more" if len(columns) > 8 else "")
    counts = [len(names) for names, there in zip(_right(table, columns), table.values(text), strict=True) if there]
    n_other = sum(n != 1 for n in counts)
    if n_other:
        raise CorpusError(
            f"{table.where} has no label column with a usual name but {len(columns)} columns of 0 and 1 ({listed}), "
            f"and {n_other:,} of {len(counts):,} texts have several of these labels or none; choose the task "
            "multi-label, or set label_column to one column"
        )
    note = f"the columns {listed} of {table.where} are taken for the labels, of which each text has one"
    return replace(
        source,
        train=_with_classes(table, columns),
        validation=_with_classes(source.validation, columns),
        test=_with_classes(source.test, columns),
    ), [note]


def _right(table: Table, columns: Sequence[str]) -> list[list[str]]:
    names: list[list[str]] = [[] for _ in range(table.n_rows)]
    for column in columns:
        for row, cell in enumerate(table.values(column)):
            if spelled(cell) in YES:
                names[row].append(column)
    return names


@overload
def _with_classes(table: Table, columns: Sequence[str]) -> Table: ...
@overload
def _with_classes(table: None, columns: Sequence[str]) -> None: ...
def _with_classes(table: Table | None, columns: Sequence[str]) -> Table | None:
    """Return a table with the column of labels, unless it has not the columns of 0 and 1."""
    if table is None or not set(columns) <= set(table.columns):
        return table

    def values(column: str) -> Sequence[object]:
        if column != JOINED:
            return table.values(column)
        return [names[0] if len(names) == 1 else None for names in _right(table, columns)]

    return replace(table, columns=(*table.columns, JOINED), values=values)


def names_beside(table: Table, label_column: str) -> tuple[dict[str, str], list[str]]:
    """Return the names that another column has for labels that are whole numbers, in their order, and notes.

    There are none where a number has several names, or a name several numbers.
    """
    by_case = {column.strip().lower(): column for column in table.columns}
    base = label_column.strip().lower()
    usual = (f"{base}_text", f"{base}_name", "label_text", "label_name", "class_name")
    beside = next((by_case[name] for name in usual if name in by_case and name != base), "")
    if not beside:
        return {}, []
    numbers = [_whole(written(cell, table, label_column, expected="labels")) for cell in table.values(label_column)]
    names = [written(cell, table, beside, expected="names of labels") for cell in table.values(beside)]
    pairs = {(number, name) for number, name in zip(numbers, names, strict=True) if number != "" and name}
    if None in numbers or not pairs:
        return {}, []
    named = dict(sorted(((str(number), name) for number, name in pairs), key=lambda pair: int(pair[0])))
    if len(named) < len(pairs) or len(set(named.values())) < len(pairs):
        return {}, [
            f"column {beside!r} of {table.where} does not name the numbers in {label_column!r} one by one, so that "
            "these stay numbers; set label_column to one of both"
        ]
    return named, [
        f"the labels in {label_column!r} of {table.where} are called what column {beside!r} has beside them: "
        f"{', '.join(f'{number} is {name!r}' for number, name in list(named.items())[:8])}; set label_names to call "
        "them otherwise"
    ]


def _whole(label: str) -> int | str | None:
    """Return a whole number; nothing for nothing, and None for anything else."""
    if not label:
        return ""
    try:
        number = float(label)
    except ValueError:
        return None
    return int(number) if number.is_integer() and abs(number) < 1e15 else None


def second_note(table: Table, *, text_column: str, label_column: str) -> list[str]:
    """Say which other columns could have been meant for the labels, where a usual name decided."""
    if label_column != guess(table.columns, LABEL_COLUMNS):
        return []
    names_of_it = {f"{label_column.strip().lower()}_{kind}" for kind in ("text", "name")} | {"label_text", "label_name"}
    others = [
        column
        for column in table.columns
        if column not in (text_column, label_column)
        and (name := column.strip().lower()) not in names_of_it
        and (name in LABEL_COLUMNS or _FURTHER.fullmatch(name) or name.endswith("_label"))
    ]
    if not others:
        return []
    return [
        f"column {label_column!r} of {table.where} is taken for the labels, and {', '.join(map(repr, others[:5]))} "
        "could be meant too; set label_column to choose"
    ]
