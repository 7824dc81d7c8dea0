"""Where in a context teacher and student see the answer to a question: the span of each, and how sure over the words.

Needs neither torch nor a model.
"""

import re
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from distil_core.evaluation.predictions import log_softmax
from distil_core.tasks.qa.spans import Windows

_WORD = re.compile(r"\S+")


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
