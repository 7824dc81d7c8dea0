"""Columns of a Parquet file, read within bounds: what a value stands for is made once, however often it is repeated."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distil_core.data.lines import MAX_CELLS, MAX_ROWS, refuse_columns
from distil_core.errors import CorpusError

MAX_UNFOLDED = 300_000_000
"""Bytes of a column at most, once it is unfolded."""
_MAX_FOOTER = 16_000_000
_BATCH = 65_536
UNREADABLE = "(cannot be shown)"
"""Stands in a preview for a column that cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParquetColumns:
    """A Parquet file whose columns can be read one at a time."""

    name: str
    file: Any
    columns: tuple[str, ...]
    n_rows: int
    declared: dict[str, tuple[str, ...]]
    notes: tuple[str, ...]

    def values(self, column: str) -> list[object]:
        """Return the cells of a column.

        Raises:
            CorpusError: If they are damaged, too many or too large, or can be no text and no label.
        """
        import pyarrow

        cells, n_characters = list[object](), 0
        with _Damage(self.name):
            for batch in self._batches(column):
                cells += (new := _cells(batch))
                n_characters += sum(map(_n_characters, new))
                if n_characters > MAX_UNFOLDED:
                    raise CorpusError(
                        f"the texts in column {column!r} of {self.name} must have at most "
                        f"{MAX_UNFOLDED // 1_000_000:,} million characters in all, got more; take a part of it"
                    )
        pyarrow.default_memory_pool().release_unused()
        return cells

    def first(self, column: str, n: int) -> list[object]:
        """Return the first cells of a column, or as many words for one that cannot be read."""
        try:
            with _Damage(self.name):
                batch = next(self._batches(column, size=n), None)
                return [] if batch is None else _cells(batch)[:n]
        except CorpusError:
            return [UNREADABLE] * min(n, self.n_rows)

    def unfolded_bytes(self, column: str, *, n_groups: int | None = None) -> int:
        """Return the size of a column, or of its first parts, as its writer says."""
        return sum(chunk.total_uncompressed_size for chunk in self._chunks(column, n_groups=n_groups))

    def _chunks(self, column: str, *, n_groups: int | None = None) -> Iterator[Any]:
        metadata = self.file.metadata
        paths = [metadata.schema.column(i).path for i in range(metadata.num_columns)]
        leaves = [i for i, path in enumerate(paths) if path == column or path.startswith(f"{column}.")]
        for group in range(metadata.num_row_groups if n_groups is None else min(n_groups, metadata.num_row_groups)):
            for leaf in leaves:
                yield metadata.row_group(group).column(leaf)

    def _batches(self, column: str, *, size: int = _BATCH) -> Iterator[Any]:
        kind = self.file.schema_arrow.field(column).type
        if (refused := _refused(kind)) is not None:
            raise CorpusError(
                f"column {column!r} of {self.name} must hold texts, numbers, truth values or lists of them, got "
                f"{refused}; choose another column"
            )
        n_bytes = n_values = 0
        for chunk in self._chunks(column):
            n_bytes, n_values = n_bytes + chunk.total_uncompressed_size, n_values + chunk.num_values
        if n_bytes > MAX_UNFOLDED or n_values > MAX_CELLS:
            raise CorpusError(
                f"column {column!r} of {self.name} must have at most {MAX_CELLS:,} values and "
                f"{MAX_UNFOLDED // 1_000_000} MB, got {n_values:,} values and {n_bytes / 1e6:,.1f} MB; take a "
                "part of it"
            )
        for batch in self.file.iter_batches(batch_size=size, columns=[column]):
            yield batch.column(column)


def open_columns(path: Path) -> ParquetColumns:
    """Open a Parquet file; nothing but its footer is read.

    Raises:
        CorpusError: If it is no Parquet file, damaged, or too large.
    """
    from pyarrow import parquet

    name = path.name
    with path.open("rb") as file:
        if file.read(4) != b"PAR1":
            raise CorpusError(f"{name} must be a Parquet file, got something else; save it as Parquet or rename it")
    with _Damage(name):
        limits = {"thrift_string_size_limit": _MAX_FOOTER, "thrift_container_size_limit": 200_000}
        with parquet.ParquetFile(path, **limits) as probe:
            metadata, schema = probe.metadata, probe.schema_arrow
            refuse_columns(name, max(metadata.num_columns, len(schema.names)))
            words = [
                metadata.schema.column(i).path
                for i in range(metadata.num_columns)
                if metadata.schema.column(i).physical_type == "BYTE_ARRAY"
            ]
        opened = parquet.ParquetFile(path, read_dictionary=words, **limits)
        n_rows = metadata.num_rows
        declared, notes = _declared_labels(name, schema.metadata or {})
    if n_rows > MAX_ROWS:
        raise CorpusError(f"{name} must have at most {MAX_ROWS:,} rows, got {n_rows:,}; take a part of it")
    return ParquetColumns(
        name=name,
        file=opened,
        columns=tuple(schema.names),
        n_rows=n_rows,
        declared=declared,
        notes=notes,
    )


class _Damage:
    """Says of whatever a damaged file raises that it is damaged, in one line."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, exc: BaseException | None, trace: Any) -> None:
        # A damaged file raises whatever pyarrow, thrift, calendars or encodings like, and asks for absurd memory.
        if isinstance(exc, Exception) and not isinstance(exc, CorpusError):
            reason = " ".join(str(exc).split())[:200] or type(exc).__name__
            raise CorpusError(f"{self._name} is a damaged Parquet file ({reason}); write it again") from exc


def _refused(kind: Any) -> str | None:
    """Return the name of a type that can be neither text nor label nor list of them; None of others."""
    from pyarrow import types

    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return str(kind)
    if types.is_dictionary(kind):
        return None if kind.value_type == kind else _refused(kind.value_type)
    if types.is_struct(kind):
        return next((name for i in range(kind.num_fields) if (name := _refused(kind.field(i).type))), None)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _refused(kind.value_type)
    return None


def _cells(array: Any) -> list[object]:
    """Return the cells of an array; words that are repeated are made once."""
    from pyarrow import types

    kind = array.type
    if types.is_dictionary(kind):
        # Only the words that are in it: those of all the batches before stand in the dictionary, too.
        used = array.indices.unique().drop_null()
        words = dict(zip(used.to_pylist(), array.dictionary.take(used).to_pylist(), strict=True))
        return [None if i is None else words[i] for i in array.indices.to_pylist()]
    if types.is_list(kind) or types.is_large_list(kind):
        offsets, below = array.offsets.to_pylist(), _cells(array.values)
        valid = array.is_valid().to_pylist()
        return [below[offsets[i] : offsets[i + 1]] if valid[i] else None for i in range(len(array))]
    if types.is_struct(kind):
        names = [kind.field(i).name for i in range(kind.num_fields)]
        fields = [_cells(part) for part in array.flatten()]
        rows = (
            [dict(zip(names, row, strict=True)) for row in zip(*fields, strict=True)] if fields else [{}] * len(array)
        )
        return [row if valid else None for row, valid in zip(rows, array.is_valid().to_pylist(), strict=True)]
    cells: list[object] = array.to_pylist()
    return cells


def _n_characters(cell: object) -> int:
    if isinstance(cell, list):
        return sum(map(_n_characters, cell))
    return len(cell) if isinstance(cell, str) else 0


def _declared_labels(name: str, metadata: dict[bytes, bytes]) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Return the label names that ``datasets`` leaves in the files it writes, and notes."""
    if b"huggingface" not in metadata:
        return {}, ()
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
        declared = {
            column: _names(feature)
            for column, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}, (
            f"the names of labels that datasets left in {name} cannot be read, so that labels stay numbers; set "
            "label_names",
        )
    return declared, ()


def _names(feature: dict[str, Any]) -> tuple[str, ...]:
    names: Sequence[Any] = feature["names"]
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        raise TypeError(f"names must be words, got {names!r}")
    return tuple(names)
