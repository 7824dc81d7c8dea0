"""Texts with both models' answers: filtered, ranked, counted, and summed up with intervals.

Needs neither torch nor a model: what the two answered is read from a run, or has just been computed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from distil_core.evaluation.bootstrap import interval
from distil_core.evaluation.metrics import ACCURACY, AGREEMENT
from distil_core.evaluation.predictions import log_softmax, split_predictions
from distil_core.evaluation.records import Interval

MAX_CONFUSED = 12
"""Labels that a confusion matrix names at most; with more of them, the rest are one row and one column."""


_FULL_MATRIX = 20


class WhoIsRight(StrEnum):
    """Which of the two models is right about a text."""

    BOTH = "both"
    TEACHER = "teacher"
    STUDENT = "student"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredTexts:
    """Texts with the answers of teacher and student, all in one order.

    ``labels`` holds the right label of each text, -1 where nobody knows it; ``teacher`` and ``student`` hold
    log-probabilities at temperature 1, and ``kl_nats`` the KL divergence of each text, teacher to student.
    """

    texts: tuple[str, ...]
    labels: np.ndarray
    teacher: np.ndarray
    student: np.ndarray
    label_names: tuple[str, ...]
    kl_nats: np.ndarray = field(repr=False)
    n_words: np.ndarray = field(repr=False)

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def of_teacher(self) -> np.ndarray:
        """The label that the teacher answers, for each text."""
        return np.asarray(self.teacher.argmax(axis=1))

    @property
    def of_student(self) -> np.ndarray:
        """The label that the student answers, for each text."""
        return np.asarray(self.student.argmax(axis=1))

    @property
    def known(self) -> np.ndarray:
        """Whether the right label is known, for each text."""
        return np.asarray(self.labels >= 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which texts to show; an empty field lets all pass. Labels go by name, so that it fits any run on a corpus."""

    label: str = ""
    teacher: str = ""
    student: str = ""
    who: WhoIsRight | None = None
    contains: str = ""
    shortest: int = 0
    longest: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceSummary:
    """How the two models do on some texts; accuracies are None where no right label is known."""

    n: int
    teacher: Interval | None
    student: Interval | None
    agreement: Interval | None
    kl_nats: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """How often each answer of the student (columns) meets each answer of the teacher (rows).

    ``labels`` holds the index of the label of each row and column, None for all the labels that have none of their own.
    """

    labels: tuple[int | None, ...]
    names: tuple[str, ...]
    counts: np.ndarray


def answered(
    texts: Sequence[str],
    labels: Sequence[int] | np.ndarray,
    teacher_logits: np.ndarray,
    student_logits: np.ndarray,
    *,
    label_names: Sequence[str],
) -> AnsweredTexts:
    """Gather texts and logits, and compute what the texts are ranked and filtered by.

    Args:
        texts: Any number of texts.
        labels: The right label of each text, -1 where nobody knows it.
        teacher_logits: Scores of the teacher, a row a text.
        student_logits: Scores of the student.
        label_names: Names of the labels, in the order of the scores.
    """
    teacher, student = log_softmax(teacher_logits), log_softmax(student_logits)
    kl = (np.exp(teacher) * (teacher - student)).sum(axis=1)
    return AnsweredTexts(
        texts=tuple(texts),
        labels=np.asarray(labels, dtype=np.int64),
        teacher=teacher,
        student=student,
        label_names=tuple(label_names),
        kl_nats=np.maximum(kl, 0.0),
        n_words=np.array([len(text.split()) for text in texts], dtype=np.int64),
    )


def joined(
    texts: Sequence[str],
    given: Sequence[str],
    answers: Sequence[tuple[np.ndarray, np.ndarray]],
    *,
    label_names: Sequence[str],
) -> AnsweredTexts:
    """Gather texts, labels as somebody wrote them, and answers that came some at a time.

    Args:
        texts: The texts, at least one.
        given: The label of each text; empty or unknown ones count as not known.
        answers: Logits of teacher and student, in the order of the texts.
        label_names: Names of the labels, in the order of the logits.
    """
    teacher, student = (np.concatenate(parts) for parts in zip(*answers, strict=True))
    return answered(texts, label_indices(given, label_names), teacher, student, label_names=label_names)


def label_indices(given: Sequence[str], label_names: Sequence[str]) -> np.ndarray:
    """Return the index of each label's name, case and spaces around it aside, and -1 for one that is not known."""
    known = {name.strip().casefold(): i for i, name in enumerate(label_names)}
    return np.array([known.get(name.strip().casefold(), -1) for name in given], dtype=np.int64)


def who_is_right(found: AnsweredTexts) -> dict[WhoIsRight, np.ndarray]:
    """Return for each of the four cases whether it holds, for each text; a text without a label is in none of them."""
    teacher, student = found.of_teacher == found.labels, found.of_student == found.labels
    return {
        WhoIsRight.BOTH: teacher & student,
        WhoIsRight.TEACHER: teacher & ~student,
        WhoIsRight.STUDENT: ~teacher & student,
        WhoIsRight.NEITHER: ~teacher & ~student & found.known,
    }


def matching(found: AnsweredTexts, wanted: Filter) -> np.ndarray:
    """Return the indices of the texts that pass a filter, those with the largest KL divergence first.

    A label that none of the names has lets no text pass.
    """
    keep = np.ones(len(found), dtype=bool)
    for name, values in (
        (wanted.label, found.labels),
        (wanted.teacher, found.of_teacher),
        (wanted.student, found.of_student),
    ):
        if name:
            keep &= values == (found.label_names.index(name) if name in found.label_names else len(found.label_names))
    if wanted.who is not None:
        keep &= who_is_right(found)[wanted.who]
    keep &= found.n_words >= wanted.shortest
    if wanted.longest is not None:
        keep &= found.n_words <= wanted.longest
    if wanted.contains.strip():
        part = wanted.contains.strip().casefold()
        keep &= np.array([part in text.casefold() for text in found.texts], dtype=bool)
    order = np.argsort(-found.kl_nats, kind="stable")
    return np.asarray(order[keep[order]])


def fits(wanted: Filter, label_names: Sequence[str]) -> bool:
    """Tell whether all labels that a filter names are among those of a corpus."""
    return {wanted.label, wanted.teacher, wanted.student} - {""} <= set(label_names)


def summarize(found: AnsweredTexts, chosen: np.ndarray) -> SliceSummary:
    """Return how both models do on the texts of the given indices."""
    # In the order of the texts, however they are ranked: all of them have the interval that their run has.
    chosen = np.sort(chosen)
    split = split_predictions(found.student[chosen], found.labels[chosen], teacher_logits=found.teacher[chosen])
    return SliceSummary(
        n=len(chosen),
        teacher=interval(split.teacher, ACCURACY),
        student=interval(split, ACCURACY),
        agreement=interval(split, AGREEMENT),
        kl_nats=float(found.kl_nats[chosen].mean()) if len(chosen) else None,
    )


def confusion(found: AnsweredTexts, *, most: int = MAX_CONFUSED) -> Confusion:
    """Count the student's answers against the teacher's.

    Args:
        found: The texts.
        most: With more than 20 labels, only so many are named: those on which the two differ most often.
    """
    n = len(found.label_names)
    counts = np.zeros((n, n), dtype=np.int64)
    np.add.at(counts, (found.of_teacher, found.of_student), 1)
    if n <= _FULL_MATRIX:
        return Confusion(labels=tuple(range(n)), names=found.label_names, counts=counts)
    apart = counts - np.diag(np.diag(counts))
    named = np.sort(np.argsort(-(apart.sum(axis=0) + apart.sum(axis=1)), kind="stable")[:most])
    place = np.full(n, most)
    place[named] = np.arange(most)
    merged = np.zeros((most + 1, most + 1), dtype=np.int64)
    np.add.at(merged, (place[found.of_teacher], place[found.of_student]), 1)
    return Confusion(
        labels=(*named.tolist(), None),
        names=(*(found.label_names[i] for i in named), f"{n - most} others"),
        counts=merged,
    )
