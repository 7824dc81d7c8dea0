"""Rows of JSON: an object on each line, a list of objects, or questions in SQuAD's layout."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from distil_core.data.lines import (
    MAX_CELLS,
    Content,
    lines,
    plain_text,
    refuse_cells,
    refuse_columns,
    refuse_rows,
    text_of,
)
from distil_core.errors import CorpusError

MAX_JSON_BYTES = 100_000_000
"""Size of a file that is one JSON value at most: it has to be read at once."""
_MARKS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_VALUES = "{[:,"
_PER_CELL = 2
"""So many marks between values take as much memory as a cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRows:
    """Objects with the keys of all of them."""

    columns: tuple[str, ...]
    rows: list[dict[str, Any]]


def read_lines(content: Content) -> ObjectRows:
    """Return the objects of a JSONL file.

    Raises:
        CorpusError: If a line is no object, or there are too many rows or keys; the message names the line.
    """
    name, columns, rows = content.name, dict[str, None](), list[dict[str, Any]]()
    n_cells = 0
    # Only "\n" ends a line: JSON strings may hold other separators, which str.splitlines would cut at.
    for number, line in enumerate(lines(plain_text(content)), start=1):
        if line.isspace():
            continue
        n_cells += sum(map(line.count, _VALUES)) // _PER_CELL
        refuse_cells(name, n_cells)
        refuse_rows(name, len(rows) + 1, 1)
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as exc:
            raise CorpusError(
                f"line {number:,} of {name} must be a JSON object ({exc}); write one object on each line"
            ) from exc
        if not isinstance(row, dict):
            raise CorpusError(
                f"line {number:,} of {name} must be a JSON object, got {type(row).__name__}; write one object on each "
                "line"
            )
        columns.update(dict.fromkeys(row))
        refuse_columns(name, len(columns))
        rows.append(row)
    return ObjectRows(columns=tuple(columns), rows=rows)


def read_value(content: Content) -> ObjectRows:
    """Return the objects of a file that is one JSON value; of a head, those that are there.

    Raises:
        CorpusError: If it is neither a list of objects nor in SQuAD's layout.
    """
    name = content.name
    if len(content.data) > MAX_JSON_BYTES:
        raise CorpusError(
            f"{name} must have at most {MAX_JSON_BYTES // 1_000_000} MB, got {len(content.data) / 1e6:,.1f} MB; write "
            "it as .jsonl, with an object on each line, or take a part of it"
        )
    if sum(content.data.count(mark.encode()) for mark in _VALUES) > _PER_CELL * MAX_CELLS:
        raise CorpusError(
            f"{name} must have at most {_PER_CELL * MAX_CELLS:,} values, got more; take a part of it, and leave out "
            "keys that are not needed"
        )
    text = text_of(plain_text(content))
    try:
        data = json.loads(text if content.whole else _closed(text))
    except (ValueError, RecursionError) as exc:
        raise CorpusError(
            f"{name} must be one JSON value ({exc}); save it as .jsonl if it has one object on each line"
        ) from exc
    if isinstance(data, dict) and "data" in data:
        rows = _questions(name, data, whole=content.whole)
    else:
        rows = data if isinstance(data, list) else []
    if not all(isinstance(row, dict) for row in rows) or not rows:
        raise CorpusError(
            f"{name} must be a list of JSON objects, or questions in SQuAD's layout, got something else; write a list "
            "with an object for each row"
        )
    columns = dict[str, None]()
    for row in rows:
        columns.update(dict.fromkeys(row))
        refuse_columns(name, len(columns))
    return ObjectRows(columns=tuple(columns), rows=list(rows))


def _questions(name: str, data: Any, *, whole: bool) -> Sequence[Any]:
    """Return the questions of SQuAD's layout, each with its context; a head may end before the last context."""
    try:
        return [
            {"title": article.get("title"), "context": paragraph["context"], **question}
            for article in data["data"]
            for paragraph in article["paragraphs"]
            if whole or "context" in paragraph
            for question in paragraph["qas"]
        ]
    except (AttributeError, KeyError, TypeError) as exc:
        raise CorpusError(
            f'{name} must have SQuAD\'s layout below "data" (articles with paragraphs, each with a context and qas), '
            f"but something is not there ({exc}); write it so, or as a list of objects"
        ) from exc


def _closed(text: str) -> str:
    """Return the beginning of a JSON value up to the last value that is whole, with brackets closed."""
    stack, end, closing = list[str](), 0, ""
    for match in _MARKS.finditer(text):
        mark = match.group()
        if mark in "[{":
            stack.append("]" if mark == "[" else "}")
        elif mark in "]}" and stack:
            stack.pop()
            end, closing = match.end(), "".join(reversed(stack))
    return text[:end] + closing
