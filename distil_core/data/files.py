"""Tables from CSV, TSV, JSONL, JSON and Parquet files; whatever is wrong with a file is said in one sentence."""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distil_core.data import conll
from distil_core.data.tables import LABEL_COLUMNS, TEXT_COLUMNS, Table, guess, named
from distil_core.errors import CorpusError

MAX_BYTES = 200_000_000
MAX_SHOWN = 300
_QUOTED = re.compile(r'"[^"]*"')
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
class FilePreview:
    """The first rows of a file as people see them; a column that could not be guessed is empty."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    n_rows: int
    text_column: str
    label_column: str


def read_table(path: Path, *, plain: bool = False) -> Table:
    """Read a file of rows with named columns.

    Args:
        path: The file.
        plain: Whether it may also be a ``.txt`` file with a text on each line, which makes one column.

    Raises:
        CorpusError: If there is no such file, or it is not what its name says.
    """
    suffix = path.suffix.lower()
    readers = {**_READERS, ".txt": _read_plain} if plain else _READERS
    if suffix not in readers:
        what = "file of sentences" if plain else "corpus file"
        raise CorpusError(f"a {what} must end in {', '.join(readers)}, got {path.name!r}; save it as one of these")
    table = readers[suffix](path, _content(path))
    if not table.n_rows:
        raise CorpusError(f"{path.name} must have rows below its column names, got none; add examples")
    return table


def path_of(text: str) -> Path:
    """Return the path that somebody typed, ``~`` understood."""
    try:
        return Path(text).expanduser()
    except RuntimeError:  # no such user
        return Path(text)


def preview(path: Path, *, rows: int = 5, plain: bool = False) -> FilePreview:
    """Read a file as :func:`read_table` does and return its first rows, and which columns would be taken.

    Raises:
        CorpusError: If there is no such file, or it is not what its name says.
    """
    table = read_table(path, plain=plain)
    columns = [table.values(column)[:rows] for column in table.columns]
    return FilePreview(
        columns=table.columns,
        rows=tuple(tuple(_shown(cell) for cell in row) for row in zip(*columns, strict=True)),
        n_rows=table.n_rows,
        text_column=guess(table.columns, TEXT_COLUMNS),
        label_column=guess(table.columns, LABEL_COLUMNS),
    )


def _shown(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def _content(path: Path) -> bytes:
    try:
        is_file = path.is_file()
        n_bytes = path.stat().st_size if is_file else 0
        content = path.read_bytes() if is_file and n_bytes <= MAX_BYTES else b""
    except (OSError, ValueError) as exc:
        raise CorpusError(f"{path} cannot be read ({exc}); check the path and its permissions") from exc
    if not is_file:
        raise CorpusError(f"{path} must be a file that exists; check the path")
    if n_bytes > MAX_BYTES:
        limit, size = MAX_BYTES // 1_000_000, n_bytes / 1e6
        raise CorpusError(f"{path.name} must have at most {limit} MB, got {size:,.1f} MB; take a part of it")
    return content


def _decoded(path: Path, content: bytes) -> str:
    """Return the text of a file, or say why it has none."""
    if not content.removeprefix(b"\xef\xbb\xbf").strip():
        raise CorpusError(f"{path.name} must not be empty; write column names and examples into it")
    for magic, kind in _MAGIC.items():
        if content.startswith(magic):
            raise CorpusError(f"{path.name} must be plain text, got {kind}; save it as {path.suffix} or rename it")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise CorpusError(f"{path.name} must be UTF-8, got UTF-16; save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        # The codec counts from behind the byte order mark.
        offset = exc.start + 3 * content.startswith(b"\xef\xbb\xbf")
        line = content.count(b"\n", 0, offset) + 1
        raise CorpusError(
            f"{path.name} must be UTF-8, got byte 0x{content[offset]:02x} at offset {offset:,} (line {line:,}); "
            "save it as UTF-8"
        ) from exc
    if "\0" in text:
        offset = content.index(b"\0")
        raise CorpusError(
            f"{path.name} must be plain text, got a zero byte at offset {offset:,}, so that it looks like a binary "
            f"file; save it as {path.suffix}"
        )
    return text


def _read_delimited(path: Path, content: bytes) -> Table:
    text = _decoded(path, content)
    if path.suffix.lower() == ".tsv" and conll.looks_like(text):
        return conll.read(path.name, text)
    header = _QUOTED.sub("", text.lstrip("\r\n").splitlines()[0])
    delimiter = max("\t,;" if path.suffix.lower() == ".tsv" else ",;\t", key=header.count)
    try:
        columns, rows = _split_rows(path, text, delimiter, quoting=csv.QUOTE_MINIMAL)
    except CorpusError:
        # Tab-separated corpora are often written without quoting, and their texts open with a quotation mark.
        if delimiter != "\t":
            raise
        columns, rows = _split_rows(path, text, delimiter, quoting=csv.QUOTE_NONE)
    return _table(path, columns, rows)


def _split_rows(path: Path, text: str, delimiter: str, *, quoting: Any) -> tuple[tuple[str, ...], list[list[str]]]:
    previous_limit = csv.field_size_limit(MAX_BYTES)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting, strict=True)
    columns: tuple[str, ...] = ()
    rows, line = [], 1
    try:
        for row in reader:
            if not columns:
                columns = tuple(row)
            elif row:
                if len(row) != len(columns):
                    raise CorpusError(
                        f"line {line:,} of {path.name} must have {len(columns)} fields like the first, "
                        f"got {len(row)}; put texts with a {delimiter!r} in double quotes"
                    )
                rows.append(row)
            line = reader.line_num + 1
    except csv.Error as exc:
        raise CorpusError(
            f"line {line:,} of {path.name} must have its quotation marks in pairs ({exc}); "
            "close the quotes, and double those inside a text"
        ) from exc
    finally:
        csv.field_size_limit(previous_limit)
    return columns, rows


def _table(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    _refuse_repeated(path, columns)
    index = {column: i for i, column in reversed(list(enumerate(columns)))}
    return Table(
        where=path.name,
        columns=tuple(columns),
        n_rows=len(rows),
        values=lambda column: [row[index[column]] for row in rows],
        declared={},
    )


def _refuse_repeated(path: Path, columns: Sequence[str]) -> None:
    repeated = [column for i, column in enumerate(columns) if column and column in columns[:i]]
    if repeated:
        raise CorpusError(f"the columns of {path.name} must have unique names, got {repeated[0]!r} twice; rename one")


def _read_lines(path: Path, content: bytes) -> Table:
    columns: dict[str, None] = {}
    rows: list[dict[str, object]] = []
    # Only "\n" ends a line: JSON strings may hold other separators, which str.splitlines would cut at.
    for number, line in enumerate(_decoded(path, content).split("\n"), start=1):
        if not line or line.isspace():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as exc:
            raise CorpusError(
                f"line {number:,} of {path.name} must be a JSON object ({exc}); write one object on each line"
            ) from exc
        if not isinstance(row, dict):
            raise CorpusError(
                f"line {number:,} of {path.name} must be a JSON object, got {type(row).__name__}; "
                "write one object on each line"
            )
        columns.update(dict.fromkeys(row))
        rows.append(row)
    return _of_objects(path, columns, rows)


def _of_objects(path: Path, columns: Iterable[str], rows: Sequence[Mapping[str, object]]) -> Table:
    return Table(
        where=path.name,
        columns=tuple(columns),
        n_rows=len(rows),
        values=lambda column: [row.get(column) for row in rows],
        declared={},
    )


def _read_json(path: Path, content: bytes) -> Table:
    """Read a list of objects, or the questions of a file in SQuAD's layout."""
    try:
        data = json.loads(_decoded(path, content))
    except (ValueError, RecursionError) as exc:
        raise CorpusError(
            f"{path.name} must be one JSON value ({exc}); save it as .jsonl if it has one object on each line"
        ) from exc
    if isinstance(data, dict) and "data" in data:
        try:
            rows = [
                {"title": article.get("title"), "context": paragraph["context"], **question}
                for article in data["data"]
                for paragraph in article["paragraphs"]
                for question in paragraph["qas"]
            ]
        except (AttributeError, KeyError, TypeError) as exc:
            raise CorpusError(
                f'{path.name} must have SQuAD\'s layout below "data" (articles with paragraphs, each with a context '
                f"and qas), but something is not there ({exc}); write it so, or as a list of objects"
            ) from exc
    else:
        rows = data if isinstance(data, list) else []
    if not all(isinstance(row, dict) for row in rows) or not rows:
        raise CorpusError(
            f"{path.name} must be a list of JSON objects, or questions in SQuAD's layout, got something else; write a "
            "list with an object for each row"
        )
    return _of_objects(path, dict.fromkeys(column for row in rows for column in row), rows)


def _read_plain(path: Path, content: bytes) -> Table:
    lines = [line.removesuffix("\r") for line in _decoded(path, content).split("\n")]
    return _table(path, ("text",), [[line] for line in lines if line and not line.isspace()])


def _read_parquet(path: Path, content: bytes) -> Table:
    import pyarrow
    from pyarrow import parquet

    if not content.startswith(b"PAR1"):
        raise CorpusError(f"{path.name} must be a Parquet file, got something else; save it as Parquet or rename it")
    damaged = (pyarrow.ArrowException, OSError, ValueError)
    try:
        file = parquet.ParquetFile(pyarrow.BufferReader(content))
        columns = tuple(file.schema_arrow.names)
        declared = _declared_labels(file.schema_arrow.metadata or {})
    except damaged as exc:
        raise CorpusError(f"{path.name} is a damaged Parquet file ({exc}); write it again") from exc
    _refuse_repeated(path, columns)

    def values(column: str) -> Sequence[object]:
        try:
            cells: list[object] = file.read(columns=[column]).column(column).to_pylist()
        except damaged as exc:
            raise CorpusError(f"{path.name} is a damaged Parquet file ({exc}); write it again") from exc
        return named(cells, declared.get(column))

    return Table(where=path.name, columns=columns, n_rows=file.metadata.num_rows, values=values, declared=declared)


def _declared_labels(metadata: dict[bytes, bytes]) -> dict[str, tuple[str, ...]]:
    """Return the label names that ``datasets`` leaves in the files it writes."""
    features = json.loads(metadata.get(b"huggingface", b"{}")).get("info", {}).get("features", {})
    return {
        column: tuple(feature["names"])
        for column, feature in features.items()
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
    }


_READERS = {
    ".csv": _read_delimited,
    ".tsv": _read_delimited,
    ".conll": lambda path, content: conll.read(path.name, _decoded(path, content)),
    ".jsonl": _read_lines,
    ".ndjson": _read_lines,
    ".json": _read_json,
    ".parquet": _read_parquet,
}

SUFFIXES = tuple(_READERS)
"""Endings of the files that can be read."""
