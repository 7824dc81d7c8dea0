"""How the fields of delimited text are set apart, and what stands above its rows."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from distil_core.data import headers
from distil_core.data.lines import MAX_CELL, Content, lines
from distil_core.errors import CorpusError

# Once and for all: to set it around each reading would race with readings in other threads.
csv.field_size_limit(MAX_CELL)

_QUOTED = re.compile(r'"[^"]*"')
_SEP = re.compile(r'"?sep=(.|\\t)"?\s*', re.IGNORECASE)
_OPEN = "unexpected end of data"
_N_SAMPLE = 100


@dataclass(frozen=True, kw_only=True)  # no slots, for what is computed once
class Dialect:
    """How fields are set apart; ``spaced`` says that a space behind a delimiter is no part of a field."""

    delimiter: str
    spaced: bool = False
    quoted: bool = True
    escaped: bool = False

    @cached_property
    def unquoted(self) -> "Dialect":
        """The same where quotation marks mean nothing."""
        return Dialect(delimiter=self.delimiter, spaced=self.spaced, quoted=False)

    @cached_property
    def with_escapes(self) -> "Dialect":
        """The same where a backslash stands before quotation marks within a text."""
        return Dialect(delimiter=self.delimiter, spaced=self.spaced, escaped=True)

    def reader(self, source: Iterator[str]) -> Iterator[list[str]]:
        """Return a reader of rows that refuses loose quotation marks."""
        return csv.reader(
            source,
            delimiter=self.delimiter,
            skipinitialspace=self.spaced,
            quoting=csv.QUOTE_MINIMAL if self.quoted else csv.QUOTE_NONE,
            escapechar="\\" if self.escaped else None,
            doublequote=not self.escaped,
            strict=True,
        )

    def row(self, line: str) -> list[str] | None:
        """Return the fields of one line; None if it is not well formed."""
        try:
            return next(self.reader(iter((line,))), [])
        except csv.Error:
            return None

    def opens(self, line: str) -> bool:
        """Tell whether a quotation mark opens in a line and does not close there."""
        try:
            next(self.reader(iter((line,))), None)
        except csv.Error as exc:
            return str(exc) == _OPEN
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Top:
    """What stands above the rows: how many lines, the column names, and what was left out."""

    n_lines: int
    columns: tuple[str, ...]
    dialect: Dialect
    notes: tuple[str, ...]


def top_of(content: Content) -> Top:
    """Return the line of column names and all that it takes to read those below."""
    sample = list(islice(lines(content), _N_SAMPLE))
    notes, at, delimiter = [], 0, ""
    while at < len(sample) and not sample[at].strip():
        at += 1
    if at < len(sample) and (hint := _SEP.fullmatch(sample[at])):
        delimiter = hint.group(1).replace("\\t", "\t")
        notes.append(f"the first line of {content.name} names the delimiter {delimiter!r} and is no row")
        at += 1
    comments = 0
    while (rest := sample[at:]) and not rest[0].strip():
        at += 1
    while len(rest) > 1 and rest[0].startswith("#") and _is_comment(rest[0], rest[1:]):
        comments, at = comments + 1, at + 1
        rest = sample[at:]
    if comments:
        where = f"at the beginning of {content.name}"
        begin = (
            f"1 line {where} begins with # and is"
            if comments == 1
            else f"{comments} lines {where} begin with # and are"
        )
        notes.append(f"{begin} left out, such as {headers.shown(sample[at - 1])}; take the # away if it is a row")
    if not rest:
        raise CorpusError(f"{content.name} must have a line of column names, got none; write them above the rows")
    delimiter = delimiter or _delimiter(rest, tabs_first=content.suffix == ".tsv")
    dialect = _dialect(rest, delimiter)
    spaced = dialect.spaced
    reader = dialect.reader(iter(rest))
    try:
        columns = next(reader)
        n_header = reader.line_num  # type: ignore[attr-defined]
    except (csv.Error, StopIteration):
        columns, n_header = dialect.unquoted.row(rest[0].rstrip("\r\n")) or [rest[0].strip()], 1
    if spaced:
        columns = [name.strip() for name in columns]
        notes.append(f"spaces behind each {delimiter!r} of {content.name} are no part of its fields")
    return Top(n_lines=at + n_header, columns=tuple(columns), dialect=dialect, notes=tuple(notes))


def _dialect(sample: list[str], delimiter: str) -> Dialect:
    """Tell whether spaces behind delimiters are no part of fields: where all names have one, or more lines fit then."""
    plain, spaced = Dialect(delimiter=delimiter), Dialect(delimiter=delimiter, spaced=True)
    names = plain.row(sample[0]) or []
    if delimiter in "\t|" or len(names) < 2:
        return plain
    n_plain, n_spaced = (sum(len(one.row(line) or ()) == len(names) for line in sample[1:]) for one in (plain, spaced))
    return spaced if all(name[:1] == " " for name in names[1:]) or n_spaced > n_plain else plain


def _is_comment(line: str, below: list[str]) -> bool:
    """Tell whether a line with a # before it is a comment, and not a line of column names or a row like the others."""
    under = next((other for other in below if other.strip() and not other.startswith("#")), "")
    counts = {mark: _QUOTED.sub("", under).count(mark) for mark in ",;\t|"}
    mark = max(counts, key=lambda one: counts[one])
    if any(name.strip("# \t\r\n").lower() in headers.USUAL for name in line.split(mark)):
        return False
    return line.startswith("# ") or (counts[mark] > 0 and _QUOTED.sub("", line).count(mark) != counts[mark])


def _delimiter(sample: list[str], *, tabs_first: bool) -> str:
    """Return what stands between the column names, and between the fields of most lines as often."""
    header = _QUOTED.sub("", sample[0])
    counts = {mark: header.count(mark) for mark in ("\t,;|" if tabs_first else ",;\t|")}
    if not any(counts.values()):
        return next(iter(counts))

    def alike(mark: str) -> tuple[int, int]:
        n = sum(_QUOTED.sub("", line).count(mark) == counts[mark] for line in sample[1:])
        return (n if counts[mark] else -1), counts[mark]

    return max(counts, key=alike)
