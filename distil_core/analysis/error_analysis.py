"""Texts with both models' answers, a row a site: filtered, ranked, counted, and summed up with intervals.

Needs neither torch nor a model: what the two answered is read from a run, or has just been computed.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain

import numpy as np

from distil_core.data.corpus import Place
from distil_core.data.scales import graded_labels
from distil_core.evaluation.bootstrap import interval
from distil_core.evaluation.metrics import ACCURACY, AGREEMENT
from distil_core.evaluation.predictions import log_softmax, split_predictions
from distil_core.evaluation.records import Interval

MAX_CONFUSED = 12
"""Labels that a confusion matrix names at most; with more of them, the rest are one row and one column."""


_FULL_MATRIX = 20


class WhoIsRight(StrEnum):
    """Which of the two models is right at a site."""

    BOTH = "both"
    TEACHER = "teacher"
    STUDENT = "student"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredTexts:
    """Texts with the answers of teacher and student, a row for each site, all in one order.

    ``texts`` holds the text of each row, ``examples`` that text's index and ``places`` where in it the site lies;
    ``labels`` holds the right label of each row, below zero where nobody knows it; ``teacher`` and ``student`` hold
    log-probabilities at temperature 1, and ``kl_nats`` the KL divergence of each row, teacher to student. ``kinds``
    says of each row what kind it is, by what it is sorted by; ``tokens`` what the classes of each row are that somebody
    answers, where classes are tokens of its text.
    """

    texts: tuple[str, ...]
    examples: np.ndarray
    places: tuple[Place, ...]
    labels: np.ndarray
    teacher: np.ndarray
    student: np.ndarray
    label_names: tuple[str, ...]
    kl_nats: np.ndarray = field(repr=False)
    n_words: np.ndarray = field(repr=False)
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    tokens: tuple[Mapping[int, str], ...] = field(default=(), repr=False)

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def several(self) -> bool:
        """Whether there is a text with more than one site."""
        return len(np.unique(self.examples)) < len(self)

    @property
    def unit(self) -> str:
        """What a row is called when rows are counted."""
        return "places" if self.several else "texts"

    def rows_of(self, text: str) -> tuple[int, ...]:
        """Return the rows of a text, spaces around it aside: of the first one if it is there twice, none if never."""
        wanted = text.strip()
        first = next((row for row, known in enumerate(self.texts) if known.strip() == wanted), None)
        return () if first is None else tuple(np.flatnonzero(self.examples == self.examples[first]).tolist())

    def site(self, row: int) -> int:
        """Return which of the sites of its text a row is, counted from 0."""
        return int((self.examples[:row] == self.examples[row]).sum())

    def name(self, row: int, label: int) -> str:
        """Return what a label of a row is called."""
        return self.tokens[row][label] if self.tokens else self.label_names[label]

    def is_kind(self, kind: str) -> np.ndarray:
        """Return for each row whether it is of a kind, such as ``"question word: who"``."""
        what, _, name = kind.partition(": ")
        return np.array([each == name for each in self.kinds.get(what, ("",) * len(self))], dtype=bool)

    @property
    def of_teacher(self) -> np.ndarray:
        """The label that the teacher answers, for each row."""
        return np.asarray(self.teacher.argmax(axis=1))

    @property
    def of_student(self) -> np.ndarray:
        """The label that the student answers, for each row."""
        return np.asarray(self.student.argmax(axis=1))

    @property
    def known(self) -> np.ndarray:
        """Whether the right label is known, for each row."""
        return np.asarray(self.labels >= 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which rows to show; an empty field lets all pass. Labels and kinds go by name, to fit any run on a corpus."""

    label: str = ""
    teacher: str = ""
    student: str = ""
    who: WhoIsRight | None = None
    contains: str = ""
    shortest: int = 0
    longest: int | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceSummary:
    """How the two models do at some sites; accuracies are None where no right label is known."""

    n: int
    teacher: Interval | None
    student: Interval | None
    agreement: Interval | None
    kl_nats: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedSlice:
    """A slice and how the two models do on its texts; no summary where it names labels of another corpus."""

    name: str
    filter: Filter
    summary: SliceSummary | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPair:
    """How often an answer of the teacher meets one of the student; both are indices of labels."""

    teacher: int
    student: int
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCount:
    """How often teacher and student answer a label, which is an index."""

    label: int
    teacher: int
    student: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownLabels:
    """Labels of a file that the models do not know: of how many of its rows, and which."""

    n_rows: int
    n_unknown: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """How often each answer of the student (columns) meets each answer of the teacher (rows).

    ``labels`` holds the index of the label of each row and column, None for all the labels that have none of their own.
    """

    labels: tuple[int | None, ...]
    names: tuple[str, ...]
    counts: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What both models answered to some texts in a row: logits, a row a site; ``places`` has the sites of each text.

    ``tokens`` are those of :class:`AnsweredTexts`.
    """

    places: tuple[tuple[Place, ...], ...]
    teacher: np.ndarray
    student: np.ndarray
    tokens: tuple[Mapping[int, str], ...] = ()


def answered(
    texts: Sequence[str],
    labels: Sequence[int] | np.ndarray,
    teacher_logits: np.ndarray,
    student_logits: np.ndarray,
    *,
    label_names: Sequence[str],
    places: Sequence[Sequence[Place]] | None = None,
    tokens: Sequence[Mapping[int, str]] = (),
) -> AnsweredTexts:
    """Gather texts and logits, and compute what the texts are ranked and filtered by.

    Args:
        texts: Any number of texts.
        labels: The right label at each site, below zero where nobody knows it.
        teacher_logits: Scores of the teacher, a row a site.
        student_logits: Scores of the student.
        label_names: Names of the labels, in the order of the scores.
        places: Of the sites of each text; where they are left out, each text is one as a whole.
        tokens: Names of the classes of each site that somebody answers, where they are tokens.
    """
    if places is None:
        places = [(Place.whole(text),) for text in texts]
    n_sites = [len(sites) for sites in places]
    examples = np.repeat(np.arange(len(texts)), n_sites)
    assert len(examples) == len(teacher_logits)
    teacher, student = log_softmax(teacher_logits), log_softmax(student_logits)
    kl = (np.exp(teacher) * (teacher - student)).sum(axis=1)
    return AnsweredTexts(
        texts=tuple(text for text, n in zip(texts, n_sites, strict=True) for _ in range(n)),
        examples=examples,
        places=tuple(chain.from_iterable(places)),
        labels=np.asarray(labels, dtype=np.int64),
        teacher=teacher,
        student=student,
        label_names=tuple(label_names),
        kl_nats=np.maximum(kl, 0.0),
        n_words=np.array([len(text.split()) for text in texts], dtype=np.int64)[examples],
        tokens=tuple(tokens),
    )


def joined(
    texts: Sequence[str],
    labels: Sequence[str],
    parts: Sequence[Answers],
    *,
    label_names: Sequence[str],
) -> AnsweredTexts:
    """Gather texts, labels as somebody wrote them, and answers that came some at a time.

    Args:
        texts: The texts, at least one.
        labels: The label of each text; empty or unknown ones count as not known, and so does one of a text with
            several sites, as it does not say of which.
        parts: The answers, in the order of the texts.
        label_names: Names of the labels, in the order of the logits.
    """
    places = [sites for part in parts for sites in part.places]
    of_texts = label_indices(labels, label_names).tolist()
    of_sites = [label if len(sites) == 1 else -1 for label, sites in zip(of_texts, places, strict=True) for _ in sites]
    return answered(
        texts,
        of_sites,
        np.concatenate([part.teacher for part in parts]),
        np.concatenate([part.student for part in parts]),
        label_names=label_names,
        places=places,
        tokens=[names for part in parts for names in part.tokens],
    )


def label_indices(names: Sequence[str], label_names: Sequence[str]) -> np.ndarray:
    """Return the index of each label's name, case and spaces around it aside, and -1 for one that is not known."""
    known = {name.strip().casefold(): i for i, name in enumerate(label_names)}
    return np.array([known.get(name.strip().casefold(), -1) for name in names], dtype=np.int64)


def who_is_right(answers: AnsweredTexts) -> dict[WhoIsRight, np.ndarray]:
    """Return for each of the four cases whether it holds, for each row; one without a label is in none of them."""
    teacher, student = answers.of_teacher == answers.labels, answers.of_student == answers.labels
    return {
        WhoIsRight.BOTH: teacher & student,
        WhoIsRight.TEACHER: teacher & ~student,
        WhoIsRight.STUDENT: ~teacher & student,
        WhoIsRight.NEITHER: ~teacher & ~student & answers.known,
    }


def matching(answers: AnsweredTexts, wanted: Filter) -> np.ndarray:
    """Return the rows that pass a filter, those with the largest KL divergence first.

    A label that none of the names has lets no row pass.
    """
    keep = np.ones(len(answers), dtype=bool)
    for name, values in (
        (wanted.label, answers.labels),
        (wanted.teacher, answers.of_teacher),
        (wanted.student, answers.of_student),
    ):
        if name:
            keep &= values == (
                answers.label_names.index(name) if name in answers.label_names else len(answers.label_names)
            )
    if wanted.kind:
        keep &= answers.is_kind(wanted.kind)
    if wanted.who is not None:
        keep &= who_is_right(answers)[wanted.who]
    keep &= answers.n_words >= wanted.shortest
    if wanted.longest is not None:
        keep &= answers.n_words <= wanted.longest
    if wanted.contains.strip():
        part = wanted.contains.strip().casefold()
        keep &= np.array([part in text.casefold() for text in answers.texts], dtype=bool)
    order = np.argsort(-answers.kl_nats, kind="stable")
    return np.asarray(order[keep[order]])


def fits(wanted: Filter, answers: AnsweredTexts) -> bool:
    """Tell whether all labels and kinds that a filter names are among those of some texts."""
    known = {wanted.label, wanted.teacher, wanted.student} - {""} <= set(answers.label_names)
    return known and wanted.kind.partition(": ")[0] in ("", *answers.kinds)


def summarize(answers: AnsweredTexts, chosen: np.ndarray) -> SliceSummary:
    """Return how both models do at the sites of some rows; intervals are over whole texts."""
    # In the order of the texts, however they are ranked: all of them have the interval that their run has.
    chosen = np.sort(chosen)
    split = split_predictions(
        answers.student[chosen],
        answers.labels[chosen],
        teacher_logits=answers.teacher[chosen],
        examples=np.unique(answers.examples[chosen], return_inverse=True)[1],
    )
    return SliceSummary(
        n=len(chosen),
        teacher=interval(split.teacher, ACCURACY),
        student=interval(split, ACCURACY),
        agreement=interval(split, AGREEMENT),
        kl_nats=float(answers.kl_nats[chosen].mean()) if len(chosen) else None,
    )


def summarize_slices(slices: Mapping[str, Filter], answers: AnsweredTexts) -> tuple[NamedSlice, ...]:
    """Return how both models do on each of some slices, in their order."""
    return tuple(
        NamedSlice(
            name=name,
            filter=wanted,
            summary=summarize(answers, matching(answers, wanted)) if fits(wanted, answers) else None,
        )
        for name, wanted in slices.items()
    )


def unknown_labels(labels: Sequence[str], answers: AnsweredTexts) -> UnknownLabels:
    """Return which labels of a file the models do not know, in the order in which they first occur.

    Args:
        labels: The label of each text as its file has it; an empty one is none.
        answers: The same texts, in the same order.
    """
    known = np.zeros(len(labels), dtype=bool)
    np.logical_or.at(known, answers.examples, answers.known)
    unknown = [label for label, is_known in zip(labels, known, strict=True) if label and not is_known]
    return UnknownLabels(n_rows=len(labels), n_unknown=len(unknown), names=tuple(dict.fromkeys(unknown)))


def answer_pairs(answers: AnsweredTexts) -> tuple[AnswerPair, ...]:
    """Count which answers of teacher and student meet, the commonest disagreements first."""
    pairs = Counter(zip(answers.of_teacher.tolist(), answers.of_student.tolist(), strict=True))
    ranked = sorted(pairs.items(), key=lambda item: (item[0][0] == item[0][1], -item[1], item[0]))
    return tuple(AnswerPair(teacher=teacher, student=student, n=n) for (teacher, student), n in ranked)


def answer_counts(answers: AnsweredTexts) -> tuple[AnswerCount, ...]:
    """Count how often teacher and student answer each label: grades from the lowest on, others the commonest first."""
    n_labels = len(answers.label_names)
    teacher, student = (np.bincount(each, minlength=n_labels) for each in (answers.of_teacher, answers.of_student))
    order = graded_labels(answers.label_names) or np.lexsort((-student, -teacher)).tolist()
    return tuple(AnswerCount(label=i, teacher=int(teacher[i]), student=int(student[i])) for i in order)


def confusion(answers: AnsweredTexts, *, most: int = MAX_CONFUSED) -> Confusion:
    """Count the student's answers against the teacher's.

    Args:
        answers: The texts.
        most: With more than 20 labels, only so many are named: those on which the two differ most often.
    """
    n = len(answers.label_names)
    counts = np.bincount(answers.of_teacher * n + answers.of_student, minlength=n * n).reshape(n, n)
    if n <= _FULL_MATRIX:
        order = graded_labels(answers.label_names) or tuple(range(n))
        names = tuple(answers.label_names[i] for i in order)
        return Confusion(labels=order, names=names, counts=counts[np.ix_(order, order)])
    apart = counts - np.diag(np.diag(counts))
    named = np.sort(np.argsort(-(apart.sum(axis=0) + apart.sum(axis=1)), kind="stable")[:most])
    place = np.full(n, most)
    place[named] = np.arange(most)
    merged = np.zeros((most + 1, most + 1), dtype=np.int64)
    np.add.at(merged, (place[answers.of_teacher], place[answers.of_student]), 1)
    return Confusion(
        labels=(*named.tolist(), None),
        names=(*(answers.label_names[i] for i in named), f"{n - most} others"),
        counts=merged,
    )
