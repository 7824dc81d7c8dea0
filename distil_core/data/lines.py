"""The contents of a file and its lines of text, one at a time and within bounds; other kinds of files are named."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from distil_core.errors import CorpusError

MAX_BYTES = 200_000_000
"""Size of a file at most."""
MAX_LINE_BYTES = 10_000_000
"""Size of a line at most."""
MAX_LINES = 10_000_000
"""Lines at most, blank ones included: what bounds the time that a file takes."""
MAX_CELL = 1_000_000
"""Characters of a cell at most."""
MAX_COLUMNS = 2_000
"""Columns, or different keys, at most."""
MAX_ROWS = 2_000_000
"""Rows at most."""
MAX_CELLS = 5_000_000
"""Cells at most, or values where cells hold lists and objects: what bounds the memory that a file takes."""
HEAD_BYTES, HEAD_LINES = 1_000_000, 20_000
"""So much of a file is read to show its first rows, and so many lines of that."""
_BOM = b"\xef\xbb\xbf"
_MAGIC = {
    b"PK\x03\x04": "a ZIP archive or an Excel workbook",
    b"PAR1": "a Parquet file",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a gzip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"SQLite format 3": "a SQLite database",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The bytes of a file, or of its first lines where it is not ``whole``."""

    name: str
    suffix: str
    data: bytes
    whole: bool


def read_content(path: Path, *, head: bool = False) -> Content:
    """Return the contents of a file; of its head no more than what the first rows need.

    Raises:
        CorpusError: If there is no such file, or it is too large.
    """
    try:
        is_file = path.is_file()
        n_bytes = path.stat().st_size if is_file else 0
        data = b""
        if is_file and n_bytes <= MAX_BYTES:
            with path.open("rb") as file:
                data = _first_lines(file.read(HEAD_BYTES)) if head else file.read()
                if b"\n" not in data and path.suffix.lower() != ".json":
                    data += file.readline(MAX_LINE_BYTES)
    except (OSError, ValueError) as exc:
        raise CorpusError(f"{path} cannot be read ({exc}); check the path and its permissions") from exc
    if not is_file:
        raise CorpusError(f"{path} must be a file that exists; check the path")
    if n_bytes > MAX_BYTES:
        limit, size = MAX_BYTES // 1_000_000, n_bytes / 1e6
        raise CorpusError(f"{path.name} must have at most {limit} MB, got {size:,.1f} MB; take a part of it")
    whole = len(data) >= n_bytes
    if not whole and b"\n" in data:
        data = data[: data.rindex(b"\n") + 1]
    elif not whole:  # a character may have been cut
        data = data.decode("utf-8", errors="ignore").encode() if b"\r" not in data else data[: data.rindex(b"\r") + 1]
    return Content(name=path.name, suffix=path.suffix.lower(), data=data, whole=whole)


def _first_lines(data: bytes) -> bytes:
    """Return the first of many lines."""
    if data.count(b"\n") <= HEAD_LINES:
        return data
    return b"".join(islice(io.BytesIO(data), HEAD_LINES))


def plain_text(content: Content) -> Content:
    """Return what is known to be text, whose lines end in line feeds, or say what it is.

    Raises:
        CorpusError: If it is something else.
    """
    name, data = content.name, content.data
    if not data.removeprefix(_BOM).strip():
        raise CorpusError(f"{name} must not be empty; write column names and examples into it")
    for magic, kind in _MAGIC.items():
        if data.startswith(magic):
            raise CorpusError(f"{name} must be plain text, got {kind}; save it as {content.suffix} or rename it")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise CorpusError(f"{name} must be UTF-8, got UTF-16; save it as UTF-8")
    offset = data.find(b"\0")
    if offset >= 0:
        start = data[:4096]
        places = [i for i, byte in enumerate(start) if not byte]
        if len(places) > max(1, len(start) / 8) and len({i % 2 for i in places}) == 1:
            raise CorpusError(
                f"{name} must be UTF-8, got UTF-16 without a byte order mark, since all {len(places):,} zero bytes at "
                "its beginning stand at every second place; save it as UTF-8"
            )
        raise CorpusError(
            f"{name} must be plain text, got a zero byte at offset {offset:,}, so that it looks like a binary file; "
            f"save it as {content.suffix}"
        )
    if b"\n" not in data:
        content = replace(content, data=data.replace(b"\r", b"\n"))
    if (n_lines := content.data.count(b"\n")) > MAX_LINES:
        raise CorpusError(
            f"{name} must have at most {MAX_LINES:,} lines, blank ones included, got {n_lines:,}; take a part of it, "
            "or leave out blank lines"
        )
    return content


def lines(content: Content) -> Iterator[str]:
    """Yield the lines of a text with their ends, which are line feeds.

    Raises:
        CorpusError: If a line is too long, or not UTF-8.
    """
    stream = io.BytesIO(content.data)
    offset = stream.seek(len(_BOM) * content.data.startswith(_BOM))
    number = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES:
            raise CorpusError(
                f"line {number:,} of {content.name} must have at most {MAX_LINE_BYTES // 1_000_000} MB; write each row "
                "on a line of its own, and shorten its text"
            )
        try:
            yield line.decode()
        except UnicodeDecodeError as exc:
            raise CorpusError(
                f"{content.name} must be UTF-8, got byte 0x{line[exc.start]:02x} at offset {offset + exc.start:,} "
                f"(line {number:,}); save it as UTF-8"
            ) from exc
        offset += len(line)


def text_of(content: Content) -> str:
    """Return a text as a whole, however long its lines are.

    Raises:
        CorpusError: If it is not UTF-8.
    """
    start = len(_BOM) * content.data.startswith(_BOM)
    try:
        return str(memoryview(content.data)[start:], "utf-8")
    except UnicodeDecodeError as exc:
        raise CorpusError(
            f"{content.name} must be UTF-8, got byte 0x{content.data[start + exc.start]:02x} at offset "
            f"{start + exc.start:,}; save it as UTF-8"
        ) from exc


def refuse_half_characters(texts: Iterable[str], what: str) -> None:
    """Refuse texts with half a character in them, which an escape in JSON can be.

    Raises:
        CorpusError: With the half, and ``what`` it stands in.
    """
    try:
        for text in texts:
            text.encode()
    except UnicodeEncodeError as exc:
        broken = exc.object[exc.start]
        raise CorpusError(
            f"{what} must be whole characters, got half a character ({broken!r}); write the file again as UTF-8"
        ) from exc


def most_rows(n_columns: int) -> int:
    """Return how many rows of some columns a file may have."""
    return min(MAX_ROWS, MAX_CELLS // max(n_columns, 1))


def refuse_rows(name: str, n_rows: int, n_columns: int) -> None:
    """Refuse more rows than memory should hold.

    Raises:
        CorpusError: With the bound.
    """
    if n_rows > most_rows(n_columns):
        raise CorpusError(
            f"{name} must have at most {most_rows(n_columns):,} rows of {n_columns:,} columns, got more; take a "
            "part of it, or leave out columns that are not needed"
        )


def refuse_cells(name: str, n_cells: int) -> None:
    """Refuse more cells, or values in lists and objects, than memory should hold.

    Raises:
        CorpusError: With the bound.
    """
    if n_cells > MAX_CELLS:
        raise CorpusError(
            f"{name} must have at most {MAX_CELLS:,} cells or values in all, got more; take a part of it, or leave out "
            "columns that are not needed"
        )


def refuse_columns(name: str, columns: int) -> None:
    """Refuse more columns than any corpus needs.

    Raises:
        CorpusError: With their number.
    """
    if columns > MAX_COLUMNS:
        raise CorpusError(
            f"{name} must have at most {MAX_COLUMNS:,} columns or different keys, got {columns:,} or more; leave out "
            "those that are not needed"
        )
