"""Rows with two texts and a label as rows with one text of two segments."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from distil_core.data.corpus import join_segments
from distil_core.data.sources import Source
from distil_core.data.tables import LABEL_COLUMNS, Table, choose_column, guess, in_memory, separator_notes, text_in
from distil_core.errors import CorpusError
from distil_core.settings.config import CorpusConfig

JOINED = "pair"
"""Column of the joined texts."""
COLUMNS = (
    ("text_a", "text_b"),
    ("sentence1", "sentence2"),
    ("question1", "question2"),
    ("premise", "hypothesis"),
    ("question", "sentence"),
    ("text1", "text2"),
    ("sentence_a", "sentence_b"),
)
"""Usual names of the two columns of texts, such as GLUE's."""
SCORE_COLUMNS = ("score", "similarity", "similarity_score", "relatedness_score")


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedSource:
    """A source whose texts are joined, the column of its labels, and what a reader should know."""

    source: Source
    label: str
    notes: tuple[str, ...]


def text_pair(columns: Sequence[str]) -> tuple[str, str] | None:
    """Return the two columns of texts that go together by their names; None where there are none."""
    for first, second in COLUMNS:
        if (a := guess(columns, (first,))) and (b := guess(columns, (second,))):
            return a, b
    return None


def joined_source(source: Source, config: CorpusConfig) -> JoinedSource:
    """Join the two texts of each row.

    Args:
        source: Rows with two texts and a label.
        config: Which columns: of the texts two, separated by a comma; where they are left out, by their usual names.

    Raises:
        CorpusError: If a column is not there, or a text is.
    """
    first, second = _text_columns(source.train, config.text_column)
    label = choose_column(source.train, config.label_column, kind="label", usual=(*LABEL_COLUMNS, *SCORE_COLUMNS))
    if label in (first, second):
        raise CorpusError(f"texts and labels must be columns of their own in {source.train.where}, got {label!r} twice")
    parts = {
        name: None if table is None else _joined(table, first, second, label)
        for name, table in (("train", source.train), ("validation", source.validation), ("test", source.test))
    }
    notes = [
        note
        for table in (source.train, source.validation, source.test)
        if table is not None and {first, second} <= set(table.columns)
        for note in separator_notes(table, first, second)
    ]
    train = parts["train"]
    assert train is not None
    return JoinedSource(
        source=replace(source, train=train, validation=parts["validation"], test=parts["test"]),
        label=label,
        notes=tuple(notes),
    )


def _text_columns(table: Table, wanted: str) -> tuple[str, str]:
    columns = ", ".join(repr(column) for column in table.columns)
    if not wanted:
        if (both := text_pair(table.columns)) is not None:
            return both
        raise CorpusError(
            f"{table.where} has no two text columns with usual names ({' and '.join(COLUMNS[0])}, "
            f"{' and '.join(COLUMNS[1])}, ...); set text_column to two of its columns, separated by a comma: {columns}"
        )
    names = [name.strip() for name in wanted.split(",")]
    if len(set(names)) != 2 or not set(names) <= set(table.columns):
        raise CorpusError(
            f"text_column must be two columns of {table.where}, separated by a comma, got {wanted!r}; its columns: "
            f"{columns}"
        )
    return names[0], names[1]


def _joined(table: Table, first: str, second: str, label: str) -> Table:
    for column in (first, second):
        choose_column(table, column, kind="text", usual=())
    texts = [[text_in(value, table, column) for value in table.values(column)] for column in (first, second)]
    for row, segments in enumerate(zip(*texts, strict=True), start=1):
        if not all(segments):
            empty = second if segments[0] else first
            raise CorpusError(
                f"every row of {table.where} must have two texts, got an empty {empty!r} in row {row}; fill it in, or "
                "remove the row"
            )
    cells: dict[str, Sequence[object]] = {JOINED: [join_segments(segments) for segments in zip(*texts, strict=True)]}
    if label in table.columns:
        cells[label] = table.values(label)
    return replace(in_memory(table.where, cells, declared=table.declared), segmented=True)
