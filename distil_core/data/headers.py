"""The line of column names: whether it is one, stands there again, or is followed or ended by what is no row."""

import re
from collections import Counter
from collections.abc import Sequence

from distil_core.data.tables import LABEL_COLUMNS, TEXT_COLUMNS

_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)*([eE][+-]?[0-9]+)?")
_RULE = re.compile(r"[-=+: ]+")
_TOTAL = re.compile(
    r"(grand )?(totals?|sum|count|gesamt|summe|insgesamt)( rows| count)?( ?[:=])?( ?[\d.,]+)?", re.IGNORECASE
)
_FOOTER = re.compile(r"\(?[\d,. ]+ rows?( (affected|selected|in set.*))?\)?", re.IGNORECASE)
USUAL = frozenset(
    (
        *TEXT_COLUMNS,
        *LABEL_COLUMNS,
        *("id", "index", "idx", "key", "date", "time", "user", "author", "name", "lang", "language", "split", "score"),
        *("text_a", "text_b", "sentence1", "sentence2", "question1", "question2", "premise", "hypothesis"),
        *("tokens", "words", "tags", "ner_tags", "context", "answers", "answer", "similarity", "subject", "summary"),
    )
)
"""Usual names of columns: a line with one of them is no row."""


def tidied(
    name: str, columns: tuple[str, ...], rows: list[list[str]], *, bare: bool
) -> tuple[tuple[str, ...], list[list[str]], str, list[str]]:
    """Return names and rows without what is neither, why the first line is no line of names, and notes.

    Args:
        name: Of the file.
        columns: What the first line has.
        rows: What the others have.
        bare: Whether spaces around fields are no part of them, as between pipes.
    """
    notes: list[str] = []
    if bare:
        columns = tuple(cell.strip() for cell in columns)
        rows = [[cell.strip() for cell in row] for row in rows]
    columns, rows = _without_unnamed(name, columns, rows, notes)
    rows = _without_rule(name, rows, notes)
    rows = _without_repeats(name, columns, rows, notes)
    rows = _without_total(name, columns, rows, notes)
    headless = _looks_like_data(columns, rows)
    if headless:
        headless = (
            f"the first line of {name} looks like data ({headless}) and not like column names; write column names "
            "above it"
        )
        notes.append(f"{headless}, or choose among 'column 1', 'column 2', ... as it is read now")
        rows = [list(columns), *rows]
        columns = tuple(f"column {i}" for i in range(1, len(columns) + 1))
    return columns, rows, headless, notes


def is_footer(line: str) -> bool:
    """Tell whether a line counts the rows above it."""
    text = line.strip().strip('",;|\t ')
    return bool(_FOOTER.fullmatch(text) or _TOTAL.fullmatch(text))


def shown(text: str, *, most: int = 60) -> str:
    """Write a piece of a file for people, in quotation marks and cut."""
    text = text.strip()
    return repr(text if len(text) <= most else f"{text[: most - 3]}...")


def _without_unnamed(
    name: str, columns: tuple[str, ...], rows: list[list[str]], notes: list[str]
) -> tuple[tuple[str, ...], list[list[str]]]:
    """Leave out columns at either end that have no name and nothing in them."""
    wanted = list(range(len(columns)))
    for end in (0, -1):
        while (
            len(wanted) > 1 and not columns[wanted[end]].strip() and not any(row[wanted[end]].strip() for row in rows)
        ):
            wanted.pop(end)
    n = len(columns) - len(wanted)
    if not n:
        return columns, rows
    columns_are = ("column", "is") if n == 1 else ("columns", "are")
    notes.append(f"{n} {columns_are[0]} of {name} without a name and without contents {columns_are[1]} left out")
    return tuple(columns[i] for i in wanted), [[row[i] for i in wanted] for row in rows]


def _without_rule(name: str, rows: list[list[str]], notes: list[str]) -> list[list[str]]:
    if rows and all(len(cell) > 1 and _RULE.fullmatch(cell) for cell in rows[0]):
        notes.append(f"the line below the column names of {name}, {shown(rows[0][0])}, is a rule and is left out")
        return rows[1:]
    return rows


def _without_repeats(name: str, columns: Sequence[str], rows: list[list[str]], notes: list[str]) -> list[list[str]]:
    names = [column.strip().casefold() for column in columns]
    if not any(names):
        return rows
    first = columns[0].strip().casefold()
    again = [
        i
        for i, row in enumerate(rows)
        if row[0].strip().casefold() == first and [cell.strip().casefold() for cell in row] == names
    ]
    # Of one column nobody can tell; and data below that repeat are data.
    if not again or len(names) < 2 or _looks_like_data(columns, []):
        return rows
    rows_are = ("row repeats", "is") if len(again) == 1 else ("rows repeat", "are")
    notes.append(
        f"{len(again):,} {rows_are[0]} the column names of {name} and {rows_are[1]} left out (the first: row "
        f"{again[0] + 1:,})"
    )
    gone = set(again)
    return [row for i, row in enumerate(rows) if i not in gone]


def _without_total(name: str, columns: Sequence[str], rows: list[list[str]], notes: list[str]) -> list[list[str]]:
    """Leave out a last line that sums up the others: all else in it is empty, or a number that no other row has."""
    if len(rows) < 3 or len(columns) < 2:
        return rows
    last = [cell.strip() for cell in rows[-1]]
    named = [i for i, cell in enumerate(last) if _TOTAL.fullmatch(cell)]
    others = [i for i, cell in enumerate(last) if cell and i not in named]
    fresh = all(_NUMBER.fullmatch(last[i]) and all(row[i].strip() != last[i] for row in rows[:-1]) for i in others)
    if not named or not fresh:
        return rows
    notes.append(
        f"the last row of {name}, {shown(', '.join(cell for cell in last if cell))}, looks like a total and is left "
        "out; put a text in its place if it is an example"
    )
    return rows[:-1]


def _looks_like_data(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Say what of the first line looks like data; nothing if it has column names."""
    names = [column.strip() for column in columns]
    if any(name.lower() in USUAL for name in names) or not any(names):
        return ""
    if names == [str(i) for i in range(len(names))]:  # as pandas numbers columns
        return ""
    if len(names) == 1:
        return f"a sentence, {shown(names[0])}" if len(names[0].split()) > 3 and names[0][-1:] in ".!" else ""
    n_rows = len(rows)
    for i, name in enumerate(names):
        values = Counter(row[i].strip() for row in rows)
        if name and values[name] and len(values) <= max(2, n_rows / 2):
            return f"{shown(name)} comes again below"
        if _NUMBER.fullmatch(name) and n_rows and len(values) > 2 and all(map(_NUMBER.fullmatch, values)):
            return f"{shown(name)} is a number, as below"
    return ""
