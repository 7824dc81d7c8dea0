"""Rows as texts to learn from, and as what is measured on: pairs with scores, or queries and what answers them.

In a split, a text is a pair with its score as the label; a query with the places of the texts that answer it and how
well, None for the text that is the query itself; or a text without a label, to learn from or to search in.
"""

import math
from collections.abc import Sequence
from random import Random

from distil_core.data.beir import Collection
from distil_core.data.corpus import Split, join_segments, split_segments
from distil_core.data.reviews.likeness import MeasuredReviews
from distil_core.data.scales import refuse_scores_outside
from distil_core.data.tables import (
    LABEL_COLUMNS,
    TEXT_COLUMNS,
    Table,
    choose_column,
    guess,
    in_memory,
    refuse_surrogates,
    text_in,
)
from distil_core.errors import CorpusError

PAIRS = (
    ("text_a", "text_b"),
    ("sentence1", "sentence2"),
    ("sentence_a", "sentence_b"),
    ("question1", "question2"),
    ("text1", "text2"),
)
SCORES = ("score", "similarity", "similarity_score", "relatedness_score", *LABEL_COLUMNS)
_TEXT, _RELATION = "text", "relation"
_N_OTHERS = 1000
"""So many texts that answer no query are searched in for validation."""


def pair_columns(columns: Sequence[str]) -> tuple[str, str] | None:
    """Return the columns of both texts of a pair, None where there are none with a usual name."""
    pairs = ((guess(columns, (first,)), guess(columns, (second,))) for first, second in PAIRS)
    return next((pair for pair in pairs if all(pair)), None)


def texts_of(table: Table, *, text_column: str) -> tuple[tuple[str, ...], list[str]]:
    """Return the texts to learn from, each once, and notes of what was left out.

    Args:
        table: Rows of texts, or of pairs, both of whose texts count.
        text_column: Column with the texts; empty: both of pairs, the only one, or found by its name.

    Raises:
        CorpusError: If there is no such column, or no text.
    """
    both = None if text_column else pair_columns(table.columns)
    if both is None:
        only = table.columns[0] if len(table.columns) == 1 else ""
        columns: tuple[str, ...] = (choose_column(table, text_column or only, kind="text", usual=TEXT_COLUMNS),)
    else:
        columns = both
    cells = [text_in(value, table, column) for column in columns for value in table.values(column)]
    filled = [text for text in cells if text]
    if not filled:
        raise CorpusError(
            f"{table.where} must have texts to learn from in {' and '.join(map(repr, columns))}, got none; choose "
            f"another text column of: {', '.join(table.columns)}"
        )
    refuse_surrogates(filled, table, columns[0])
    texts, notes = tuple(dict.fromkeys(filled)), []
    if len(filled) < len(cells):
        notes.append(f"{len(cells) - len(filled):,} rows of {table.where} without a text are left out")
    if len(texts) < len(filled):
        notes.append(f"{len(filled) - len(texts):,} texts of {table.where} stand there again and are learned from once")
    return texts, notes


def measured_of(table: Table, *, label_column: str) -> tuple[Split, list[str]]:
    """Return what rows measure, and notes of what was left out: pairs with scores, or what is there already.

    Raises:
        CorpusError: If there are no pairs, or a score is no number or off the scale; the message names the row.
    """
    if set(table.columns) == {_TEXT, _RELATION}:
        texts, relations = (tuple(table.values(column)) for column in (_TEXT, _RELATION))
        return Split(texts=tuple(map(str, texts)), labels=relations), []
    both = pair_columns(table.columns)
    if both is None:
        raise CorpusError(
            f"{table.where} must have two texts and a score a row to measure embeddings on, in columns such as text_a, "
            f"text_b and score, got the columns {', '.join(map(repr, table.columns))}; give such a file or a folder in "
            "BEIR's layout as the test"
        )
    column = choose_column(table, label_column, kind="label", usual=SCORES)
    pairs, scores, n_empty = list[str](), list[tuple[int, float]](), 0
    cells = zip(table.values(both[0]), table.values(both[1]), table.values(column), strict=True)
    for number, (first, second, score) in enumerate(cells, start=1):
        segments = [text_in(text, table, name) for text, name in zip((first, second), both, strict=True)]
        if not all(segments):
            n_empty += 1
            continue
        pairs.append(join_segments(segments))
        scores.append((number, _number(score, f"row {number} of {table.where}", column)))
    if len(pairs) < 2:
        raise CorpusError(f"{table.where} must have at least two pairs with a score to measure on, got {len(pairs)}")
    if len({score for _, score in scores}) < 2:
        raise CorpusError(
            f"{table.where} must have at least two different scores in column {column!r} to measure on, got "
            f"{scores[0][1]:g} in all {len(scores):,} rows; add others, or choose another label column"
        )
    refuse_scores_outside(scores, where=table.where, column=column)
    refuse_surrogates(pairs, table, both[0])
    notes = [f"{n_empty:,} rows of {table.where} without both texts are left out"] if n_empty else []
    return Split(texts=tuple(pairs), labels=tuple(score for _, score in scores)), notes


def lacks_scores(table: Table, *, label_column: str) -> bool:
    """Tell whether pairs have no scores: no column of them, or nothing or one and the same, such as -1, in each row."""
    if pair_columns(table.columns) is None:
        return False
    column = label_column or guess(table.columns, SCORES)
    return column not in table.columns or len(set(map(str, table.values(column)))) < 2


def _number(value: object, where: str, column: str) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number) or isinstance(value, bool):
        raise CorpusError(f"{where} must have a number in {column!r}, how alike the two texts are, got {value!r}")
    return number


def unmeasured(texts: Sequence[str], *measured: Split) -> tuple[tuple[str, ...], list[str]]:
    """Return the texts that stand in no measured pair or query, and notes; what is searched in may be learned from."""
    taken = {
        segment
        for split in measured
        for text, label in zip(split.texts, split.labels, strict=True)
        for segment in split_segments(text)
        if label is not None
    }
    others = tuple(text for text in texts if text not in taken)
    n_left_out = len(texts) - len(others)
    return others, [f"{n_left_out:,} texts that are measured on are not learned from"] if n_left_out else []


def table_of_measured(measured: MeasuredReviews) -> Table:
    """Return pairs of reviews, reviews to search in and queries as rows."""
    pairs = list(zip(map(join_segments, measured.pairs), measured.scores, strict=True))
    documents = [(text, None) for text in measured.reviews]
    queries = [
        (text, tuple((len(pairs) + place, float(gain)) for place, gain in judged))
        for text, judged in zip(measured.queries, measured.judgments, strict=True)
    ]
    return _table("reviews", [*pairs, *documents, *queries])


def tables_of_collection(collection: Collection, *, seed: int) -> tuple[Table, Table, list[str]]:
    """Return what is measured on for validation and for the test, and notes.

    Where no queries are set apart for validation, a tenth of those of the test is. A validation searches in the texts
    that answer its queries and a thousand others.
    """
    notes, rng = list[str](), Random(seed)
    test = _answered(collection.judgments["test"])
    if dropped := [query for query in collection.judgments["test"] if query not in test]:
        notes.append(f"test queries that no text answers are left out: {_listed(dropped)}")
    validation = _answered(collection.judgments.get("dev", {}))
    if not validation:
        if len(test) < 2:
            raise CorpusError(f"{collection.name} must have at least two test queries with an answer, got {len(test)}")
        chosen = set(rng.sample(sorted(test), max(1, len(test) // 10)))
        validation = {query: gains for query, gains in test.items() if query in chosen}
        test = {query: gains for query, gains in test.items() if query not in chosen}
        notes.append(f"{len(validation):,} of the test queries are taken for validation, as no others are there")
    judged_at_all = {query for part in collection.judgments.values() for query in part}
    if unjudged := [query for query in collection.queries if query not in judged_at_all]:
        notes.append(f"queries without a judgment are not asked: {_listed(unjudged)}")
    if themselves := [query for query in (*test, *validation) if query in collection.documents]:
        notes.append(f"queries that are texts to search in, by their id, do not find themselves: {_listed(themselves)}")
    judged = {document for gains in validation.values() for document in gains}
    others = [document for document in collection.documents if document not in judged]
    searched = judged | set(rng.sample(others, min(_N_OTHERS, len(others))))
    parts = (
        _of_queries(collection, validation, [name for name in collection.documents if name in searched]),
        _of_queries(collection, test, list(collection.documents)),
    )
    return *parts, notes


def _listed(queries: Sequence[str], *, most: int = 3) -> str:
    """Say how many queries there are, and the ids of the first."""
    more = f" and {len(queries) - most:,} more" if len(queries) > most else ""
    return f"{len(queries):,} ({', '.join(queries[:most])}{more})"


def _answered(judgments: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """Return the queries that a text answers which is not the query itself."""
    return {
        query: gains
        for query, gains in judgments.items()
        if any(gain > 0 for name, gain in gains.items() if name != query)
    }


def _of_queries(collection: Collection, judgments: dict[str, dict[str, float]], documents: list[str]) -> Table:
    place = {name: i for i, name in enumerate(documents)}
    queries = [
        (
            collection.queries[query],
            (
                *((place[name], gain) for name, gain in gains.items() if name != query),
                *(((place[query], None),) if query in place else ()),
            ),
        )
        for query, gains in judgments.items()
    ]
    return _table(collection.name, [*((collection.documents[name], None) for name in documents), *queries])


def _table(where: str, rows: list[tuple[str, object]]) -> Table:
    texts, relations = [text for text, _ in rows], [relation for _, relation in rows]
    return in_memory(where, {_TEXT: texts, _RELATION: relations}, declared={})
