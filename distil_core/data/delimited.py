"""Rows of delimited text: read as they are quoted, and where a line has no good quotes, so that every line fits."""

import csv
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from itertools import islice

from distil_core.data import headers
from distil_core.data.dialects import Dialect, Top, top_of
from distil_core.data.lines import MAX_CELL, Content, lines, most_rows, plain_text, refuse_columns, refuse_rows
from distil_core.errors import CorpusError

_NEARBY_LINES = 500
"""So far is a closing quotation mark looked for where its line is a row without it."""
_MAX_VAIN = 1000
"""So often is a closing quotation mark looked for in vain."""
_MAX_EVIDENCE = 200_000
"""So many lines tell how a file was written."""
_MAX_VALUES = 1000
"""So many different values can be labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DelimitedRows:
    """Column names and rows of a file, and what a reader should know of how they were read."""

    columns: tuple[str, ...]
    rows: list[list[str]]
    notes: tuple[str, ...]
    headless: str = ""


class _Oddity(Enum):
    """What a line can have that good CSV has not: in words for one line, for several, and what is done."""

    STRAY = (
        "row of {} has a loose quotation mark",
        "rows of {} have loose quotation marks",
        "read as part of the text; close the quotes and double those inside a text if it is not",
    )
    UNQUOTED = (
        "line of {} has a quotation mark that does not close in it",
        "lines of {} have quotation marks that do not close in them",
        "while every line has its fields: the file is read as one without quoting, and quotation marks stay in its "
        "texts; write it as JSONL if texts hold line breaks",
    )
    SPANNING = (
        "row of {} holds line breaks within a cell",
        "rows of {} hold line breaks within a cell",
        "in quotation marks, which are kept in it; take the quotation marks away if each line is a row",
    )
    RETURNED = (
        "row of {} holds a carriage return",
        "rows of {} hold a carriage return",
        "outside quotation marks, read as a space; put the text in quotation marks to keep it",
    )
    TRIMMED = (
        "line of {} ends",
        "lines of {} end",
        "with empty fields that no column has, which are left out; name the columns to keep them",
    )
    ESCAPED = (
        "row of {} has",
        "rows of {} have",
        "quotation marks with a backslash before them, read as quotation marks; double them instead",
    )
    COMMENT = (
        "line of {} begins",
        "lines of {} begin",
        "with # and has no other field, left out as a comment; add the other fields if it is a row",
    )


class _Oddities:
    """How often each oddity was met, and in which line first."""

    def __init__(self) -> None:
        self.counts = Counter[_Oddity]()
        self.first: dict[_Oddity, int] = {}
        self.footers: list[str] = []

    def at(self, oddity: _Oddity, line: int) -> None:
        """Count one."""
        self.counts[oddity] += 1
        self.first.setdefault(oddity, line)

    def notes(self, name: str) -> Iterator[str]:
        """Yield a sentence for each oddity."""
        for oddity, n in self.counts.items():
            one, many, rest = oddity.value
            line = self.first[oddity]
            where = f"line {line:,}" if n == 1 else f"the first in line {line:,}"
            yield f"{n:,} {(one if n == 1 else many).format(name)} ({where}), {rest}"
        for footer in self.footers:
            yield f"the last line of {name}, {headers.shown(footer)}, counts the rows and is left out"


def read_delimited(content: Content) -> DelimitedRows:
    """Return the rows of a CSV or TSV file.

    Raises:
        CorpusError: If a line cannot be read as a row; the message names it.
    """
    content = plain_text(content)
    top = top_of(content)
    refuse_columns(content.name, len(top.columns))
    odd = _Oddities()
    rows = _plain_rows(content, top)
    if rows is None:
        evidence = _evidence(content, top)
        rows = list(_repaired(content, top, evidence, odd))
        if evidence.unquoted and _Oddity.STRAY in odd.counts and _Oddity.SPANNING not in odd.counts:
            first = odd.first[_Oddity.STRAY]
            odd = _Oddities()
            odd.counts[_Oddity.UNQUOTED], odd.first[_Oddity.UNQUOTED] = evidence.n_loose, first
            top = replace(top, dialect=top.dialect.unquoted)
            rows = _plain_rows(content, top) or list(_repaired(content, top, evidence, odd))
    columns, rows, headless, more = headers.tidied(content.name, top.columns, rows, bare=top.dialect.delimiter == "|")
    return DelimitedRows(
        columns=columns, rows=rows, notes=(*top.notes, *odd.notes(content.name), *more), headless=headless
    )


def _below(content: Content, top: Top) -> Iterator[str]:
    return islice(lines(content), top.n_lines, None)


def _plain_rows(content: Content, top: Top) -> list[list[str]] | None:
    """Return the rows of a file in which every line is one; None if some line is not."""
    reader = top.dialect.reader(_below(content, top))
    rows, n_columns, n_lines = list[list[str]](), len(top.columns), 0
    most = most_rows(n_columns)
    try:
        for row in reader:
            n_lines += 1
            if reader.line_num != n_lines or len(row) not in (0, n_columns):  # type: ignore[attr-defined]
                return None
            if row:
                rows.append(row)
                if len(rows) > most:
                    break
    except csv.Error:
        return None
    refuse_rows(content.name, len(rows), n_columns)
    return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evidence:
    """What the lines of a file say of its quotation marks.

    ``unquoted`` tells that the file can have been written without quoting: all lines fit so, and few look quoted;
    ``quoted`` that it was written with it: some line fits only so.
    ``column`` is where most lines have what others have too, such as labels, and ``values`` counts that; -1: nowhere.
    """

    unquoted: bool
    quoted: bool
    n_loose: int
    column: int
    values: Counter[str]


def _evidence(content: Content, top: Top) -> _Evidence:
    quoted, n = top.dialect, len(top.columns)
    n_lines = n_quoted = n_loose = 0
    all_fit, doubled, needed = True, False, False
    counters: dict[int, Counter[str]] = {i: Counter() for i in range(min(n, 50))}
    for line in islice(_below(content, top), _MAX_EVIDENCE):
        if not line.strip():
            continue
        n_lines += 1
        row, plain = quoted.row(line), _flat(line, quoted)
        fits = plain is not None and len(plain) == n
        all_fit = all_fit and fits
        if row is None and fits and '"' in line:
            n_loose += 1
        if row is not None and row != plain and '"' in line and len(row) == n:
            n_quoted += 1
            needed = needed or not fits
            doubled = doubled or any('"' in cell for cell in row)
        if row is None or len(row) != n:
            row = plain if fits else None
        for i in list(counters) if row is not None else ():
            counters[i][row[i].strip()] += 1  # type: ignore[index]
            if len(counters[i]) > _MAX_VALUES:
                del counters[i]
    column = min(counters, key=lambda i: len(counters[i]), default=-1)
    if column >= 0 and len(counters[column]) > n_lines / 2:
        column = -1
    return _Evidence(
        unquoted=all_fit and not doubled and n_quoted <= n_lines / 2,
        quoted=needed or doubled,
        n_loose=n_loose,
        column=column,
        values=counters[column] if column >= 0 else Counter(),
    )


class _Ahead:
    """Lines that can be looked at before they are taken."""

    def __init__(self, source: Iterator[str], n_before: int) -> None:
        self._source, self._buffer, self.number = source, deque[str](), n_before

    def take(self) -> str | None:
        """Return the next line and step behind it; None at the end."""
        line = self._buffer.popleft() if self._buffer else next(self._source, None)
        self.number += line is not None
        return line

    def peek(self, most: int) -> Iterator[str]:
        """Yield what comes next, and stay."""
        for at in range(most):
            if at == len(self._buffer):
                if (line := next(self._source, None)) is None:
                    return
                self._buffer.append(line)
            yield self._buffer[at]

    @property
    def at_end(self) -> bool:
        """Whether nothing but blank lines comes."""
        return not any(line.strip() for line in self.peek(3))


def _repaired(content: Content, top: Top, evidence: _Evidence, odd: _Oddities) -> Iterator[list[str]]:
    """Yield rows, each read by itself as well as it can be."""
    dialect, n = top.dialect, len(top.columns)
    ahead, n_vain, n_rows = _Ahead(_below(content, top), top.n_lines), 0, 0
    while (line := ahead.take()) is not None:
        if not line.strip():
            continue
        number, row = ahead.number, dialect.row(line)
        if row is None or len(row) != n:
            plain = _trimmed(_flat(line, dialect), n)
            row, oddity = _mended(line, row, dialect, n)
            if row is None and (plain is None or n_vain < _MAX_VAIN) and dialect.opens(line):
                row, oddity = _spanning(line, ahead, dialect, n, plain, evidence), _Oddity.SPANNING
                n_vain += row is None
            if row is None and plain is not None:
                row, oddity = plain, _Oddity.STRAY if '"' in line else _Oddity.RETURNED
            if row is None and ahead.at_end and headers.is_footer(line):
                odd.footers.append(line.strip())
                continue
            if row is None and line.startswith("#") and dialect.delimiter not in line:
                odd.at(_Oddity.COMMENT, number)
                continue
            if row is None:
                raise _unreadable(content.name, number, line, dialect, n, at_first=number == top.n_lines + 1)
            odd.at(oddity, number)
        n_rows += 1
        refuse_rows(content.name, n_rows, n)
        yield row


def _flat(line: str, dialect: Dialect) -> list[str] | None:
    """Return the fields of a line whose quotation marks and carriage returns mean nothing."""
    return dialect.unquoted.row(line.rstrip("\r\n").replace("\r", " "))


def _mended(line: str, row: list[str] | None, dialect: Dialect, n: int) -> tuple[list[str] | None, _Oddity]:
    """Return one line, whose fields are known where it is well formed, as a row if a small thing is mended."""
    if row is not None:
        return _trimmed(row, n), _Oddity.TRIMMED
    if '\\"' in line and (row := dialect.with_escapes.row(line)) is not None and len(row) == n:
        return row, _Oddity.ESCAPED
    if "\r" in line and (row := dialect.row(line.rstrip("\r\n").replace("\r", " "))) is not None:
        return _trimmed(row, n), _Oddity.RETURNED
    return None, _Oddity.STRAY


def _trimmed(row: list[str] | None, n: int) -> list[str] | None:
    """Return a row without empty fields that no column has; None if it does not fit then."""
    if row is None or len(row) < n or any(cell.strip() for cell in row[n:]):
        return None
    return row[:n]


def _spanning(
    line: str, ahead: _Ahead, quoted: Dialect, n: int, plain: list[str] | None, evidence: _Evidence
) -> list[str] | None:
    """Return a row whose text goes on in the next lines; None if it does not, or these look like rows themselves."""
    consumed: list[str] = []

    def source() -> Iterator[str]:
        yield line
        for following in ahead.peek(_NEARBY_LINES if plain is not None else MAX_CELL):
            consumed.append(following)
            yield following

    try:
        row = _trimmed(next(quoted.reader(source()), None), n)
    except csv.Error:
        return None
    if row is None or (plain is not None and _are_rows([plain, *_alone(consumed, quoted, n)], quoted, evidence)):
        return None
    for _ in consumed:
        ahead.take()
    return row


def _alone(lines: list[str], quoted: Dialect, n: int) -> Iterator[list[str] | None]:
    """Yield each line as the row that it is by itself; None where it is none."""
    for line in lines:
        row = quoted.row(line)
        if row is None or len(row) != n:
            row = _flat(line, quoted)
        yield row if row is not None and len(row) == n else None


def _are_rows(rows: list[list[str] | None], quoted: Dialect, evidence: _Evidence) -> bool:
    """Tell whether lines that a quotation would join look like rows: with fields, and a label that others have."""
    there = [row for row in rows if row is not None]
    if len(there) < len(rows) or evidence.quoted:
        return False
    if evidence.column < 0:
        return quoted.delimiter == "\t"
    values = Counter(row[evidence.column].strip() for row in there)
    return all(evidence.values[value] > n_here for value, n_here in values.items())


def _unreadable(name: str, number: int, line: str, quoted: Dialect, n: int, *, at_first: bool) -> CorpusError:
    row = quoted.row(line)
    if row is None:
        return CorpusError(
            f"line {number:,} of {name} must have its quotation marks in pairs, got {headers.shown(line)}; close the "
            "quotes, and double those inside a text"
        )
    why = f"put texts with a {quoted.delimiter!r} in double quotes"
    if at_first and len(row) == n + 1:
        why += ", or name all columns in the line of column names"
    return CorpusError(f"line {number:,} of {name} must have {n} fields like the first, got {len(row)}; {why}")
