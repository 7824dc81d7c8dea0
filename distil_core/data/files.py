"""Tables from CSV, TSV, JSONL, JSON and Parquet files; whatever is wrong with a file is said in one sentence."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from distil_core.data import conll, delimited, json_rows, parquet
from distil_core.data.lines import Content, lines, plain_text, read_content, refuse_half_characters, refuse_rows
from distil_core.data.tables import LABEL_COLUMNS, TEXT_COLUMNS, Table, guess, named
from distil_core.errors import CorpusError

MAX_SHOWN = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePreview:
    """The first rows of a file as people see them; a column that could not be guessed is empty.

    ``n_rows`` is None where nobody has counted: no more of a file is read than its first rows need. ``hint`` is a
    sentence where no column may have a name that is known.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    n_rows: int | None
    text_column: str
    label_column: str
    hint: str = ""


def read_table(path: Path, *, plain: bool = False) -> Table:
    """Read a file of rows with named columns.

    Args:
        path: The file.
        plain: Whether a ``.txt`` file, else CoNLL columns, may also have a text on each line, which makes one column.

    Raises:
        CorpusError: If there is no such file, or it is not what its name says.
    """
    table = _read(path, plain=plain, head=False)
    if not table.n_rows:
        raise CorpusError(f"{path.name} must have rows below its column names, got none; add examples")
    return table


def _read(path: Path, *, plain: bool, head: bool) -> Table:
    suffix = path.suffix.lower()
    readers = {**_READERS, ".txt": _read_plain} if plain else _READERS
    if suffix not in SUFFIXES:
        what = "file of sentences" if plain else "corpus file"
        raise CorpusError(f"a {what} must end in {', '.join(SUFFIXES)}, got {path.name!r}; save it as one of these")
    content = read_content(path, head=head or suffix == _PARQUET)
    return _read_parquet(path) if suffix == _PARQUET else readers[suffix](content)


def path_of(text: str) -> Path:
    """Return the path that somebody typed, ``~`` understood."""
    try:
        return Path(text).expanduser()
    except RuntimeError:  # no such user
        return Path(text)


def preview(path: Path, *, rows: int = 5, plain: bool = False) -> FilePreview:
    """Return the first rows of a file and which columns would be taken; of a large one nothing else is read.

    Raises:
        CorpusError: If there is no such file, or its beginning is not what its name says.
    """
    if path.suffix.lower() == _PARQUET:
        return _preview_parquet(path, rows)
    table = _read(path, plain=plain, head=True)
    if not table.n_rows:
        raise CorpusError(f"{path.name} must have rows below its column names, got none; add examples")
    columns = [table.values(column)[:rows] for column in table.columns]
    return _preview(table, list(zip(*columns, strict=True)), None if table.cut else table.n_rows)


def _preview_parquet(path: Path, rows: int) -> FilePreview:
    table = read_table(path)
    columns = parquet.open_columns(path)
    cells, n_bytes = [], 0
    for column in columns.columns:
        n_bytes += columns.unfolded_bytes(column, n_groups=1)
        too_large = n_bytes > parquet.MAX_UNFOLDED
        first = [parquet.UNREADABLE] * rows if too_large else columns.first(column, rows)
        cells.append(named(first, columns.declared.get(column)))
    return _preview(table, list(zip(*cells, strict=False)), table.n_rows)


def _preview(table: Table, rows: Sequence[Sequence[object]], n_rows: int | None) -> FilePreview:
    return FilePreview(
        columns=table.columns,
        rows=tuple(tuple(_shown(cell) for cell in row) for row in rows),
        n_rows=n_rows,
        text_column=guess(table.columns, TEXT_COLUMNS),
        label_column=guess(table.columns, LABEL_COLUMNS),
        hint=f"{table.hint[0].upper()}{table.hint[1:]}, or choose columns by their numbers." if table.hint else "",
    )


def _shown(cell: object) -> str:
    text = "" if cell is None else str(cell).encode(errors="backslashreplace").decode()
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def _read_delimited(content: Content) -> Table:
    if content.suffix == ".tsv":
        text = plain_text(content)
        if conll.looks_like(lines(text)):
            return _read_conll(content)
    read = delimited.read_delimited(content)
    index = {column: i for i, column in reversed(list(enumerate(read.columns)))}
    _refuse_repeated(content.name, read.columns)
    return Table(
        where=content.name,
        columns=read.columns,
        n_rows=len(read.rows),
        values=lambda column: [row[index[column]] for row in read.rows],
        declared={},
        notes=read.notes,
        hint=read.headless,
        cut=not content.whole,
    )


def _refuse_repeated(name: str, columns: Sequence[str]) -> None:
    repeated = [column for column, n in Counter(columns).items() if column and n > 1]
    if repeated:
        raise CorpusError(f"the columns of {name} must have unique names, got {repeated[0]!r} twice; rename one")


def _read_conll(content: Content) -> Table:
    text = plain_text(content)
    return replace(conll.read(content.name, lambda: lines(text)), cut=not content.whole)


def _of_objects(content: Content, read: json_rows.ObjectRows) -> Table:
    refuse_half_characters(read.columns, f"the keys of {content.name}")
    return Table(
        where=content.name,
        columns=read.columns,
        n_rows=len(read.rows),
        values=lambda column: [row.get(column) for row in read.rows],
        declared={},
        cut=not content.whole,
    )


def _read_columns(content: Content) -> Table:
    """Read a text file, whose name does not promise columns."""
    table = _read_conll(content)
    if not conll.looks_like(lines(plain_text(content))):
        raise CorpusError(
            f"{content.name} must have a word and its tag on each line and a blank line after each sentence, as CoNLL "
            "has them, got something else; save rows with named columns as CSV"
        )
    return table


def _read_plain(content: Content) -> Table:
    """Read a text on each line, or the columns of words and tags that are there instead."""
    if conll.looks_like(lines(plain_text(content))):
        return _read_conll(content)
    texts = list[str]()
    for line in lines(plain_text(content)):
        if (text := line.rstrip("\r\n")) and not text.isspace():
            texts.append(text)
            refuse_rows(content.name, len(texts), 1)
    return Table(
        where=content.name,
        columns=("text",),
        n_rows=len(texts),
        values=lambda column: texts,
        declared={},
        cut=not content.whole,
    )


def _read_parquet(path: Path) -> Table:
    columns = parquet.open_columns(path)
    _refuse_repeated(path.name, columns.columns)
    return Table(
        where=path.name,
        columns=columns.columns,
        n_rows=columns.n_rows,
        # Texts and labels are asked for several times, and reading them again would make all of them anew.
        values=lru_cache(maxsize=2)(lambda column: named(columns.values(column), columns.declared.get(column))),
        declared=columns.declared,
        notes=columns.notes,
    )


_PARQUET = ".parquet"
_READERS: dict[str, Callable[[Content], Table]] = {
    ".csv": _read_delimited,
    ".tsv": _read_delimited,
    ".conll": _read_conll,
    ".jsonl": lambda content: _of_objects(content, json_rows.read_lines(content)),
    ".ndjson": lambda content: _of_objects(content, json_rows.read_lines(content)),
    ".json": lambda content: _of_objects(content, json_rows.read_value(content)),
    ".txt": _read_columns,
}

SUFFIXES = (*(suffix for suffix in _READERS if suffix != ".txt"), _PARQUET, ".txt")
"""Endings of the files that can be read."""
