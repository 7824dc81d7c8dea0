"""Rows of a table as sentences: their words, and a tag for each, as written."""

from collections.abc import Sequence
from dataclasses import dataclass

from distil_core.data.tables import Table, choose_column, refuse_surrogates
from distil_core.errors import CorpusError

WORD_COLUMNS = ("tokens", "words")
TAG_COLUMNS = ("ner_tags", "tags", "ner", "entity_tags", "labels", "label", "pos_tags", "upos", "chunk_tags")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedSentences:
    """TaggedSentences of a table with their tags as written, the row of each (counted from 1), and what was changed."""

    where: str
    words: tuple[tuple[str, ...], ...]
    tags: tuple[tuple[str, ...], ...]
    rows: tuple[int, ...]
    declared: tuple[str, ...]
    word_column: str
    tag_column: str
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.words)


def tagged_sentences(table: Table, *, word_column: str, tag_column: str) -> TaggedSentences:
    """Return the rows of a table that have words.

    Args:
        table: Rows of named columns.
        word_column: Column with the words; empty: found by its name.
        tag_column: Column with their tags; empty: found by its name.

    Raises:
        CorpusError: If a column is not there, or a row has not one tag for each of its words.
    """
    word_column = choose_column(table, word_column, kind="text", usual=WORD_COLUMNS)
    tag_column = choose_column(table, tag_column, kind="label", usual=TAG_COLUMNS)
    if word_column == tag_column:
        raise CorpusError(f"words and tags must be two columns of {table.where}, got {word_column!r} for both")
    words, tags, rows, n_empty, n_joined = [], [], [], 0, 0
    cells = zip(table.values(word_column), table.values(tag_column), strict=True)
    for row, (of_words, of_tags) in enumerate(cells, start=1):
        written = [_word(cell, table, row) for cell in _listed(of_words, table, row, "words")]
        labels = [_tag(cell, table, row) for cell in _listed(of_tags, table, row, "tags")]
        if len(written) != len(labels):
            raise CorpusError(
                f"row {row:,} of {table.where} must have a tag for each word, got {len(written)} words and "
                f"{len(labels)} tags; correct the row, or choose another label column"
            )
        if not written:
            n_empty += 1
            continue
        whole = ["_".join(word.split()) or "_" for word in written]
        n_joined += sum(one != other for one, other in zip(whole, written, strict=True))
        words.append(tuple(whole))
        tags.append(tuple(labels))
        rows.append(row)
    refuse_surrogates((part for parts in (*words, *tags) for part in parts), table, word_column)
    notes = []
    if n_empty:
        rows_are = "row is" if n_empty == 1 else "rows are"
        notes.append(f"{n_empty:,} {rows_are} left out of {table.where}, without any word")
    if n_joined:
        words_have = "word has" if n_joined == 1 else "words have"
        notes.append(
            f"{n_joined:,} {words_have} white space or nothing in it in {table.where}, and an underscore in its place"
        )
    return TaggedSentences(
        where=table.where,
        words=tuple(words),
        tags=tuple(tags),
        rows=tuple(rows),
        declared=table.declared.get(tag_column, ()),
        word_column=word_column,
        tag_column=tag_column,
        notes=tuple(notes),
    )


def tagged_like(train: TaggedSentences, table: Table) -> TaggedSentences | None:
    """Return the sentences of another split, from the columns of the training ones; None if it has no tags."""
    if not {train.word_column, train.tag_column} <= set(table.columns):
        return None
    part = tagged_sentences(table, word_column=train.word_column, tag_column=train.tag_column)
    return part if len(part) else None


def _listed(cell: object, table: Table, row: int, what: str) -> Sequence[object]:
    if cell is None:
        return ()
    if isinstance(cell, str):
        return cell.split()
    if isinstance(cell, list | tuple):
        return cell
    raise CorpusError(
        f"row {row:,} of {table.where} must have a list of {what}, or {what} with spaces between them, got "
        f"{type(cell).__name__} {cell!r:.60}; correct the row, or choose another column of: {', '.join(table.columns)}"
    )


def _word(cell: object, table: Table, row: int) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return str(cell)
    raise CorpusError(
        f"row {row:,} of {table.where} must have words, got {type(cell).__name__} {cell!r:.60} among them; "
        "correct the row"
    )


def _tag(cell: object, table: Table, row: int) -> str:
    if isinstance(cell, str) and cell.strip():
        return cell.strip()
    if isinstance(cell, int) and not isinstance(cell, bool):
        return str(cell)
    raise CorpusError(
        f"row {row:,} of {table.where} must have a tag for each word, a name or a whole number, got "
        f"{'none' if cell is None or cell == '' else repr(cell)[:60]} for one; correct the row"
    )
