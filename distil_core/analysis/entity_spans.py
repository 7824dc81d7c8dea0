"""Entities that teacher and student see in texts: which both have, and how each errs against the right ones.

Needs neither torch nor a model.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from distil_core.analysis.error_analysis import AnsweredTexts
from distil_core.data.corpus import Place
from distil_core.tasks.tokens.entities import Spans, spans

MAX_TYPES = 12
"""Types of entities that are told apart at most where errors are counted: the commonest."""
SPURIOUS, BOUNDARY, MISSED = "no entity", "wrong boundary", "missed"


class Holder(StrEnum):
    """Which of the two models has an entity, in type and extent."""

    BOTH = "both"
    TEACHER = "teacher only"
    STUDENT = "student only"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """The words from index ``first`` up to ``stop`` of a text, and their type."""

    first: int
    stop: int
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityReading:
    """The entities of a text: those of both models, and the right ones, which are None where nobody knows them."""

    places: tuple[Place, ...]
    teacher: tuple[Entity, ...]
    student: tuple[Entity, ...]
    right: tuple[Entity, ...] | None

    def holder(self, entity: Entity) -> Holder:
        """Return which of the models has an entity."""
        match entity in self.teacher, entity in self.student:
            case True, True:
                return Holder.BOTH
            case True, False:
                return Holder.TEACHER
            case False, True:
                return Holder.STUDENT
        return Holder.NEITHER


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityCase:
    """One entity of the test texts: what it is and what it was taken for, as row and column of the counts.

    Its words are those from ``first`` up to ``stop`` of all test texts.
    """

    row: int
    column: int
    first: int
    stop: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityErrors:
    """What one model takes the right entities for.

    The rows are the types of the right entities, and at last no entity, where one is spurious. The columns are the
    types that the model has for exactly the same words, then a wrong boundary where it has some of the words, then what
    it missed.
    """

    types: tuple[str, ...]
    n_types: int
    cases: tuple[EntityCase, ...]

    @property
    def rows(self) -> tuple[str, ...]:
        """Names of the rows."""
        return (*self.types, SPURIOUS)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return (*self.types, BOUNDARY, MISSED)

    @property
    def counts(self) -> np.ndarray:
        """How often each row meets each column."""
        counts = np.zeros((len(self.rows), len(self.columns)), dtype=np.int64)
        for case in self.cases:
            counts[case.row, case.column] += 1
        return counts

    def name(self, row: int, column: int) -> str:
        """Say in a few words what a cell counts."""
        if row == len(self.types):
            return f"{self.types[column]} where there is no entity"
        if column >= len(self.types):
            return f"{self.types[row]}: {self.columns[column]}"
        return f"{self.types[row]}: right" if row == column else f"{self.types[row]} taken for {self.types[column]}"


def type_names(label_names: Sequence[str]) -> tuple[str, ...]:
    """Return the types of entities: the labels are ``O``, then ``B-`` and ``I-`` of each type."""
    return tuple(name[2:] for name in label_names[1::2])


def entities(tags: Sequence[int] | np.ndarray, label_names: Sequence[str]) -> tuple[Entity, ...]:
    """Return the entities of one text.

    Args:
        tags: Index of the tag of each word.
        label_names: Names of the tags.
    """
    seen, types = spans(np.asarray(tags, dtype=np.int64), np.zeros(len(tags), dtype=np.int64)), type_names(label_names)
    return tuple(
        Entity(first=first, stop=stop, type=types[kind])
        for first, stop, kind in zip(seen.starts.tolist(), seen.ends.tolist(), seen.types.tolist(), strict=True)
    )


def read_entities(
    places: Sequence[Place],
    teacher: np.ndarray,
    student: np.ndarray,
    *,
    right: Sequence[int] | None,
    label_names: Sequence[str],
) -> EntityReading:
    """Return the entities in one text.

    Args:
        places: Its words.
        teacher: Scores of the teacher, a row a word.
        student: Those of the student.
        right: The right tag of each word, None where nobody knows.
        label_names: Names of the tags.
    """
    return EntityReading(
        places=tuple(places),
        teacher=entities(teacher.argmax(axis=1), label_names),
        student=entities(student.argmax(axis=1), label_names),
        right=None if right is None else entities(right, label_names),
    )


def right_tags(answered: AnsweredTexts, text: str) -> list[int] | None:
    """Return the right tags of a text that is among the test texts and whose tags are known, else None."""
    tags: list[int] = answered.labels[list(answered.rows_of(text))].tolist()
    return None if not tags or min(tags) < 0 else tags


def entity_errors(answered: AnsweredTexts, tags: np.ndarray) -> EntityErrors:
    """Hold the entities that one model has in the test texts against the right ones.

    Args:
        answered: The test texts.
        tags: Index of the tag that the model has for each word.
    """
    right, predicted = (spans(np.where(answered.known, side, 0), answered.examples) for side in (answered.labels, tags))
    types = type_names(answered.label_names)
    common = np.bincount(right.types, minlength=len(types)) + np.bincount(predicted.types, minlength=len(types))
    named = sorted(np.argsort(-common, kind="stable")[:MAX_TYPES].tolist())
    place = {kind: i for i, kind in enumerate(named)}
    nothing, boundary, missed = len(named), len(named), len(named) + 1
    is_right, is_predicted = (_covered(side, len(answered)) for side in (right, predicted))
    of_words = {(start, end): kind for start, end, kind in _listed(predicted)}
    cells: list[tuple[int, int, int | None, int | None]] = []
    for start, end, kind in _listed(right):
        taken = of_words.get((start, end))
        if taken is None:
            cells.append((start, end, place.get(kind), boundary if is_predicted[start:end].any() else missed))
        else:
            cells.append((start, end, place.get(kind), place.get(taken)))
    cells += [
        (start, end, nothing, place.get(kind))
        for start, end, kind in _listed(predicted)
        if not is_right[start:end].any()
    ]
    return EntityErrors(
        types=tuple(types[kind] for kind in named),
        n_types=len(types),
        cases=tuple(
            EntityCase(row=row, column=column, first=start, stop=end)
            for start, end, row, column in cells
            if row is not None and column is not None
        ),
    )


def _listed(side: Spans) -> list[tuple[int, int, int]]:
    return list(zip(side.starts.tolist(), side.ends.tolist(), side.types.tolist(), strict=True))


def _covered(side: Spans, n: int) -> np.ndarray:
    """Return of each word whether it is in an entity."""
    steps = np.zeros(n + 1, dtype=np.int64)
    np.add.at(steps, side.starts, 1)
    np.add.at(steps, side.ends, -1)
    return np.asarray(steps[:n].cumsum() > 0)


def case_names(errors: EntityErrors, n_words: int) -> tuple[str, ...]:
    """Return for each word of the test texts what its entity was taken for, in a few words; empty where it has none."""
    names = [""] * n_words
    for case in errors.cases:
        names[case.first : case.stop] = [errors.name(case.row, case.column)] * (case.stop - case.first)
    return tuple(names)
