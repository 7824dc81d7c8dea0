"""Rows with a question, a context and answers, as texts of two segments with the answers that are right."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from distil_core.data.corpus import Split, join_segments
from distil_core.data.tables import Table, guess, refuse_surrogates, text_in
from distil_core.errors import CorpusError

COLUMNS = ("question", "context", "answers")
"""What the columns are called, in whatever case."""
_NEARBY = 64
"""Characters from where an answer is said to be, within which it is searched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """Questions of a table with the contexts that they are asked of, and what a reader should know of them."""

    split: Split
    contexts: tuple[str, ...]
    notes: tuple[str, ...]


def questions_of(table: Table) -> Questions:
    """Return the questions of a table.

    The label of each is its right answers, each the character at which it starts in the context and its text; none
    where there is no answer.

    Raises:
        CorpusError: If a column is not there, or a row cannot be used; the message names it.
    """
    names = [guess(table.columns, (column,)) for column in COLUMNS]
    missing = [column for column, name in zip(COLUMNS, names, strict=True) if not name]
    if missing:
        raise CorpusError(
            f"{table.where} must have the columns {', '.join(COLUMNS)}, as SQuAD has them, got "
            f"{', '.join(table.columns)}; rename them, or add {', '.join(missing)}"
        )
    empty = guess(table.columns, ("is_impossible",))
    flags = table.values(empty) if empty else [None] * table.n_rows
    key = guess(table.columns, ("id",))
    keys = table.values(key) if key else [None] * table.n_rows
    cells = [[text_in(value, table, name) for value in table.values(name)] for name in names[:2]]
    texts, labels, n_moved = [], [], 0
    rows = zip(keys, *cells, table.values(names[2]), flags, strict=True)
    for number, (known_as, question, context, answers, flag) in enumerate(rows, start=1):
        where = f"row {number:,}{f' ({known_as})' if known_as else ''} of {table.where}"
        if not question or not context:
            raise CorpusError(
                f"{where} must have a question and a context, got no {'context' if question else 'question'}; write "
                "one, or remove the row"
            )
        label, moved = _answers(answers, context, where)
        if flag is True and label:
            raise CorpusError(
                f"{where} must have no answer where is_impossible is true, got {label[0][1]!r}; remove the answer or "
                "set is_impossible to false"
            )
        texts.append(join_segments((question, context)))
        labels.append(label)
        n_moved += moved
    refuse_surrogates(texts, table, names[1])
    return Questions(
        split=Split(texts=tuple(texts), labels=tuple(labels)),
        contexts=tuple(cells[1]),
        notes=_notes(table, n_moved=n_moved, n_empty=sum(not label for label in labels)),
    )


def _notes(table: Table, *, n_moved: int, n_empty: int) -> tuple[str, ...]:
    notes = []
    if n_moved:
        answers, verb = ("answer", "stands") if n_moved == 1 else ("answers", "stand")
        notes.append(f"{n_moved:,} {answers} of {table.where} {verb} near where the row says, and were moved there")
    if n_empty:
        questions, verb = ("question", "has") if n_empty == 1 else ("questions", "have")
        notes.append(f"{n_empty:,} of {table.n_rows:,} {questions} of {table.where} {verb} no answer in the context")
    return tuple(notes)


def _answers(cell: object, context: str, where: str) -> tuple[tuple[tuple[int, str], ...], bool]:
    """Return the right answers of a cell, each once, and whether one of them stood elsewhere than said."""
    answers, moved = dict[tuple[int, str], None](), False
    for text, said_start in _pairs(cell, where):
        start = _place(text, said_start, context, where)
        moved |= start != said_start
        lead = len(text) - len(text.lstrip())
        answers[start + lead, text.strip()] = None
    return tuple(answers), moved


def _pairs(cell: object, where: str) -> Sequence[tuple[str, int]]:
    expected = (
        f'{where} must have answers like {{"text": ["..."], "answer_start": [0]}} or '
        f'[{{"text": "...", "answer_start": 0}}], got {_shown(cell)}; write them so'
    )
    if cell is None:
        return ()
    if isinstance(cell, Mapping):
        columns: list[Any] = [cell.get("text"), cell.get("answer_start")]
        if not all(isinstance(column, Sequence) and not isinstance(column, str) for column in columns):
            raise CorpusError(expected)
        if len(columns[0]) != len(columns[1]):
            raise CorpusError(
                f"{where} must have a start for each of its answers, got {len(columns[0])} answers and "
                f"{len(columns[1])} starts; write as many"
            )
        pairs = list(zip(*columns, strict=True))
    elif isinstance(cell, Sequence) and not isinstance(cell, str) and all(isinstance(one, Mapping) for one in cell):
        pairs = [(one.get("text"), one.get("answer_start")) for one in cell]
    else:
        raise CorpusError(expected)
    for text, start in pairs:
        if not isinstance(text, str) or not isinstance(start, int) or isinstance(start, bool):
            raise CorpusError(expected)
        if not text.strip():
            raise CorpusError(
                f"{where} must have answers of at least one character, got an empty one; leave out the answers where "
                "there is none"
            )
    return pairs


def _place(text: str, said_start: int, context: str, where: str) -> int:
    """Return where an answer stands: at its start, else at the only place near it, or the only one at all."""
    if said_start >= 0 and context.startswith(text, said_start):
        return said_start
    places = [match.start() for match in re.finditer(re.escape(text), context)]
    near = [place for place in places if abs(place - said_start) <= _NEARBY]
    for candidates in (near, places):
        if len(candidates) == 1:
            return candidates[0]
    raise CorpusError(
        f"{where} must have its answer {_shown(text)} at character {said_start:,} of its context, but "
        + ("it stands nowhere in it" if not places else f"it stands at {len(places)} other places")
        + "; correct answer_start or the answer"
    )


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def hold_out_contexts(
    questions: Questions, choose: Callable[[Split], tuple[Split, Split]]
) -> tuple[Questions, Questions]:
    """Cut off some contexts with all their questions, so that no context is on both sides.

    Args:
        questions: All there are.
        choose: Cuts a split of contexts in two.
    """
    distinct = tuple(dict.fromkeys(questions.contexts))
    _, held = choose(Split(texts=distinct, labels=(0,) * len(distinct)))
    apart = set(held.texts)
    return (
        _where(questions, [context not in apart for context in questions.contexts]),
        _where(questions, [context in apart for context in questions.contexts]),
    )


def _where(questions: Questions, wanted: Sequence[bool]) -> Questions:
    rows = [row for row, is_wanted in enumerate(wanted) if is_wanted]
    split = questions.split
    return Questions(
        split=Split(texts=tuple(split.texts[i] for i in rows), labels=tuple(split.labels[i] for i in rows)),
        contexts=tuple(questions.contexts[i] for i in rows),
        notes=questions.notes,
    )
