"""Kinds of test examples, by which errors are counted and examples are filtered: what a task sorts them by.

Needs neither torch nor a model.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from distil_core.analysis import entity_spans
from distil_core.analysis.error_analysis import AnsweredTexts
from distil_core.data.corpus import Label, LabeledText, split_segments
from distil_core.evaluation.metrics import Metric
from distil_core.evaluation.predictions import SplitPredictions

LENGTH, QUESTION_WORD, OVERLAP, LABEL = "length of the answer", "question word", "words in common", "label"
TEACHER, STUDENT = "Teacher", "Student"
QUESTION_WORDS = ("what", "who", "when", "where", "which", "why", "how")
_LENGTHS = (
    (0, 0, "no answer"),
    (1, 1, "1 word"),
    (2, 3, "2 to 3 words"),
    (4, 7, "4 to 7 words"),
    (8, None, "8 or more"),
)
_OVERLAPS = ((0.0, "none"), (0.2, "up to 20 %"), (0.4, "20 to 40 %"), (0.6, "40 to 60 %"), (1.0, "over 60 %"))
"""Largest share of words in common, and what that is called."""
_ORDERS: Mapping[str, tuple[str, ...]] = {
    LENGTH: tuple(name for _, _, name in _LENGTHS),
    OVERLAP: tuple(name for _, name in _OVERLAPS),
}
"""Of kinds that have an order of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindGroup:
    """How both models do on the ``n`` examples of one kind, by a metric; None where it cannot be told."""

    name: str
    n: int
    teacher: float | None
    student: float | None


def kinds_of(task: str, texts: Sequence[LabeledText], answered: AnsweredTexts) -> dict[str, tuple[str, ...]]:
    """Return what kind each row is, by what the task sorts its examples by; nothing where it sorts them by nothing.

    Args:
        task: Name of the task.
        texts: The test texts.
        answered: The same with their answers, a row a site.
    """
    rows = answered.examples.tolist()

    def of_texts(name: Callable[[LabeledText], str]) -> tuple[str, ...]:
        names = [name(example) for example in texts]
        return tuple(names[row] for row in rows)

    match task:
        case "qa":
            return {
                LENGTH: of_texts(lambda example: answer_length(example.label)),
                QUESTION_WORD: of_texts(lambda example: question_word(example.text)),
            }
        case "pairs":
            return {OVERLAP: of_texts(lambda example: words_in_common(example.text))}
        case "multi-label":
            return {LABEL: tuple(place.text for place in answered.places)}
        case "tokens":
            return {
                side: entity_spans.case_names(entity_spans.entity_errors(answered, tags), len(answered))
                for side, tags in ((STUDENT, answered.of_student), (TEACHER, answered.of_teacher))
            }
    return {}


def question_word(text: str) -> str:
    """Return the first question word of a question and its context; "other" where there is none."""
    spoken = re.findall(r"\w+", split_segments(text)[0].lower())
    return next((word for word in spoken if word in QUESTION_WORDS), "other")


def answer_length(label: Label) -> str:
    """Return how long the first of the right answers to a question is."""
    n_words = len(label[0][1].split()) if label else 0
    return next(name for low, high, name in _LENGTHS if low <= n_words and (high is None or n_words <= high))


def words_in_common(text: str) -> str:
    """Return how many of all words of a pair stand in both of its texts: Jaccard's index, in classes."""
    first, *_, second = (set(re.findall(r"\w+", segment.casefold())) for segment in split_segments(text))
    share = len(first & second) / max(len(first | second), 1)
    return next(name for highest, name in _OVERLAPS if share <= highest)


def by_kind(what: str, answered: AnsweredTexts, test: SplitPredictions, metric: Metric) -> tuple[KindGroup, ...]:
    """Return how both models do on the texts of each kind: in the order of the kinds, or the commonest first.

    Args:
        what: What the texts are sorted by.
        answered: The texts.
        test: What was answered to them.
        metric: What is measured.
    """
    firsts = np.unique(answered.examples, return_index=True)[1]
    kinds = np.asarray(answered.kinds[what])[firsts]
    of_models = [metric.terms(side) for side in (test.teacher, test)]
    present = set(kinds.tolist())
    order = [name for name in _ORDERS.get(what, ()) if name in present]
    order += sorted(present - set(order), key=lambda name: (-int((kinds == name).sum()), name))

    def value(terms: np.ndarray, name: str) -> float:
        return float(metric.reduce(terms[kinds == name].sum(axis=0, keepdims=True))[0])

    return tuple(
        KindGroup(
            name=name,
            n=int((kinds == name).sum()),
            teacher=value(of_models[0], name),
            student=value(of_models[1], name),
        )
        for name in order
    )


def errors_by_overlap(
    names: Sequence[str], targets: np.ndarray, teacher: np.ndarray, student: np.ndarray
) -> tuple[KindGroup, ...]:
    """Return the mean absolute error of numbers that both models predict, by the words that two texts have in common.

    Args:
        names: What :func:`words_in_common` says of each pair.
        targets: The right numbers.
        teacher: What the teacher predicts.
        student: What the student predicts.
    """
    kinds = np.asarray(names)
    return tuple(
        KindGroup(
            name=name,
            n=int((kinds == name).sum()),
            teacher=float(np.abs(teacher - targets)[kinds == name].mean()),
            student=float(np.abs(student - targets)[kinds == name].mean()),
        )
        for name in _ORDERS[OVERLAP]
        if (kinds == name).any()
    )


def by_label(answered: AnsweredTexts) -> tuple[KindGroup, ...]:
    """Return the F1 of each of several labels by both models, and of how many texts it is right."""
    labels = np.asarray(answered.kinds[LABEL])
    right = answered.labels == 1

    def f1(predicted: np.ndarray) -> float | None:
        n = int(predicted.sum() + right[rows].sum())
        return 2 * int((predicted & right[rows]).sum()) / n if n else None

    groups = []
    for name in dict.fromkeys(labels.tolist()):
        rows = (labels == name) & answered.known
        teacher, student = (f1((side == 1)[rows]) for side in (answered.of_teacher, answered.of_student))
        groups.append(KindGroup(name=name, n=int(right[rows].sum()), teacher=teacher, student=student))
    return tuple(groups)


def choices(answered: AnsweredTexts) -> tuple[str, ...]:
    """Return all kinds that rows can be filtered by: as the kinds are ordered, then the commonest first.

    What is right comes last, where what a model takes things for is told.
    """
    names = []
    for what, kinds in answered.kinds.items():
        values, counts = np.unique([kind for kind in kinds if kind], return_counts=True)
        number = dict(zip(values.tolist(), counts.tolist(), strict=True))
        order = _ORDERS.get(what, tuple(dict.fromkeys(kinds)) if what == LABEL else ())
        ranked = sorted(
            number,
            key=lambda name: (
                name.endswith(": right"),
                order.index(name) if name in order else len(order),
                -number[name],
                name,
            ),
        )
        names += [f"{what}: {name}" for name in ranked]
    return tuple(names)


def by_class(answered: AnsweredTexts) -> tuple[KindGroup, ...]:
    """Return the F1 of each class by both models, in the order of the classes, and at how many sites it is right."""
    known, groups = answered.known, []
    right = answered.labels[known]
    teacher, student = (side[known] for side in (answered.of_teacher, answered.of_student))

    def f1(predicted: np.ndarray, label: int) -> float | None:
        n = int((predicted == label).sum() + (right == label).sum())
        return 2 * int(((predicted == label) & (right == label)).sum()) / n if n else None

    for label, name in enumerate(answered.label_names):
        n = int((right == label).sum())
        groups.append(KindGroup(name=name, n=n, teacher=f1(teacher, label), student=f1(student, label)))
    return tuple(groups)


def mistakes(answered: AnsweredTexts, *, most: int) -> tuple[tuple[str, str, int, int], ...]:
    """Return what the student takes most often for what: the right class, its answer, how often, the teacher as often.

    Args:
        answered: The texts.
        most: How many to return at most.
    """
    wrong = answered.known & (answered.labels != answered.of_student)
    counts = Counter(zip(answered.labels[wrong].tolist(), answered.of_student[wrong].tolist(), strict=True))
    by_teacher = Counter(zip(answered.labels.tolist(), answered.of_teacher.tolist(), strict=True))
    names = answered.label_names
    return tuple(
        (names[right], names[answer], n, by_teacher[right, answer]) for (right, answer), n in counts.most_common(most)
    )
