"""Where in a context teacher and student see the answer to a question: the span of each, and how sure over the words.

Needs neither torch nor a model.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from distil_core.analysis.error_analysis import AnsweredTexts
from distil_core.data.corpus import Label, split_segments
from distil_core.evaluation.metrics import Metric
from distil_core.evaluation.predictions import SplitPredictions, log_softmax
from distil_core.tasks.qa.spans import Windows

_WORD = re.compile(r"\S+")
QUESTION_WORDS = ("what", "who", "when", "where", "which", "why", "how")
_LENGTHS = (
    (0, 0, "no answer"),
    (1, 1, "1 word"),
    (2, 3, "2 to 3 words"),
    (4, 7, "4 to 7 words"),
    (8, None, "8 or more"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanAnswer:
    """What one model answers: characters ``start`` to ``end`` of the context, nothing where ``is_empty``.

    ``starts`` and ``ends`` say how probable it is that the answer starts or ends at each word; ``nothing`` that there
    is none, in the window where that is least probable.
    """

    start: int
    end: int
    is_empty: bool
    nothing: float
    starts: tuple[float, ...]
    ends: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerReading:
    """The answers of both models in one context, which is made of ``words``."""

    context: str
    words: tuple[str, ...]
    n_windows: int
    teacher: SpanAnswer
    student: SpanAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionGroup:
    """How both models do on the questions of one kind, by a metric, as shares."""

    name: str
    n: int
    teacher: float
    student: float


def read_answers(windows: Windows, teacher: np.ndarray, student: np.ndarray, *, may_be_empty: bool) -> AnswerReading:
    """Return where both models see the answer to one question.

    Args:
        windows: Of the question.
        teacher: Logits of the teacher, start and end of each window in turn.
        student: Those of the student.
        may_be_empty: Whether they may answer that there is none.
    """
    windows, context = replace(windows, may_be_empty=may_be_empty), windows.contexts[0]
    words = [match.span() for match in _WORD.finditer(context)]

    def side(logits: np.ndarray) -> SpanAnswer:
        (answer,), shares = windows.answers(logits), np.exp(log_softmax(logits))
        curves = np.zeros((2, len(words)))
        for window, (first, stop) in enumerate(pairwise(windows.offsets.tolist())):
            inside = np.zeros((2, len(words)))
            place = np.searchsorted([end for _, end in words], windows.starts[first:stop], side="right")
            for row in range(2):
                np.add.at(inside[row], place, shares[2 * window + row, 1 : 1 + stop - first])
            curves = np.maximum(curves, inside)
        return SpanAnswer(
            start=answer.start,
            end=answer.end,
            is_empty=answer.is_empty,
            nothing=float(shares[:, 0].reshape(-1, 2).prod(axis=1).min()),
            starts=tuple(curves[0].tolist()),
            ends=tuple(curves[1].tolist()),
        )

    return AnswerReading(
        context=context,
        words=tuple(context[start:end] for start, end in words),
        n_windows=len(windows),
        teacher=side(teacher),
        student=side(student),
    )


def question_word(text: str) -> str:
    """Return the first question word of a question and its context; "other" where there is none."""
    spoken = re.findall(r"\w+", split_segments(text)[0].lower())
    return next((word for word in spoken if word in QUESTION_WORDS), "other")


def answer_length(label: Label) -> str:
    """Return how long the first of the right answers to a question is."""
    n_words = len(label[0][1].split()) if label else 0
    return next(name for low, high, name in _LENGTHS if low <= n_words and (high is None or n_words <= high))


def by_kind(names: Sequence[str], answers: SplitPredictions, metric: Metric) -> tuple[QuestionGroup, ...]:
    """Return how both models do on the questions of each kind, the commonest kind first.

    Args:
        names: The kind of each question.
        answers: What was answered to them.
        metric: What is measured.
    """
    of_models = [metric.terms(side) for side in (answers.teacher, answers)]
    kinds = np.asarray(names)
    order = sorted(set(names), key=lambda name: (-int((kinds == name).sum()), name))
    return tuple(
        QuestionGroup(
            name=name,
            n=int((kinds == name).sum()),
            teacher=float(metric.reduce(of_models[0][kinds == name].sum(axis=0, keepdims=True))[0]),
            student=float(metric.reduce(of_models[1][kinds == name].sum(axis=0, keepdims=True))[0]),
        )
        for name in order
    )


def rows_of_kind(answered: AnsweredTexts, names: Sequence[str], kind: str) -> list[int]:
    """Return the first row of each question of a kind, those first on which the models are furthest apart."""
    firsts = np.unique(answered.examples, return_index=True)[1]
    apart = np.zeros(len(names))
    np.maximum.at(apart, answered.examples, answered.kl_nats)
    chosen = [example for example, name in enumerate(names) if name == kind]
    return [int(firsts[example]) for example in sorted(chosen, key=lambda example: -apart[example])]
