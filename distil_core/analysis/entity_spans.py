"""Entities that teacher and student see in texts: which both have, and how each errs against the right ones.

Needs neither torch nor a model.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from distil_core.analysis.error_analysis import AnsweredTexts
from distil_core.data.corpus import Place
from distil_core.tasks.tokens.entities import spans


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
