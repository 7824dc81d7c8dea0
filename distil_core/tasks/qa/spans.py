"""From scores of starts and ends to answers: the best span over all windows of a question."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from distil_core.data.corpus import Label
from distil_core.tasks.qa.scoring import score

NOTHING = "no answer"
"""What the class is called that says so."""
MAX_TOKENS = 30
"""Tokens of an answer at most."""
COLUMNS = ("f1", "exact", "has answer", "no answer")
"""What :meth:`Windows.__call__` returns of each question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model answers to a question: characters ``start`` to ``end`` of the context, or that there is no answer.

    Attributes:
        start: First character of the best span; the answer is this span unless ``is_empty``.
        end: The character behind it.
        score: Score of the best span, of its start and end together; minus infinity where there is none to choose.
        null_score: Score of there being no answer.
        is_empty: Whether it is said that there is no answer.
    """

    start: int
    end: int
    score: float
    null_score: float
    is_empty: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Windows:
    """Questions with their contexts in windows: which tokens can be chosen in each, and what the right answers are.

    Class 0 of a site says that the window has no answer, class ``c`` above it is its ``c``-th token of the context.

    Attributes:
        contexts: The context of each question.
        gold: The right answers of each question, ``(start, text)`` each; none: there is no answer; None: not known.
        owners: The question of each window; the windows of a question follow each other.
        offsets: Where the tokens of each window begin among those of all.
        starts: The character of the context at which each token begins.
        ends: The character behind each token.
        may_be_empty: Whether a model may say that there is no answer.
    """

    contexts: tuple[str, ...]
    gold: tuple[Label, ...]
    owners: np.ndarray
    offsets: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    may_be_empty: bool

    def __len__(self) -> int:
        return len(self.owners)

    def __call__(self, logits: np.ndarray) -> np.ndarray:
        """Return F1 and exact match of each question, and whether it has an answer or none: :data:`COLUMNS`.

        Args:
            logits: ``[2 * windows, classes]``, start and end of each window in turn.
        """
        rows = np.zeros((len(self.contexts), len(COLUMNS)))
        for row, context, gold, answer in zip(rows, self.contexts, self.gold, self.answers(logits), strict=True):
            if gold is not None:
                text = "" if answer.is_empty else context[answer.start : answer.end]
                points = score(text, [right for _, right in gold])
                row[:] = points.f1, points.exact, bool(gold), not gold
        return rows

    def answers(self, logits: np.ndarray) -> tuple[Answer, ...]:
        """Return the best span of each question over its windows, and whether there is no answer.

        The score of a span is that of its start and its end together. There is no answer where its score, the lowest of
        all windows, is above that of the best span (Devlin et al., 2019, arXiv:1810.04805, §4.3).
        """
        starts, ends, best = self._best(logits)
        nulls = logits[::2, 0] + logits[1::2, 0]
        answers = []
        firsts = np.searchsorted(self.owners, np.arange(len(self.contexts) + 1))
        for first, stop in pairwise(firsts.tolist()):
            window = first + int(best[first:stop].argmax())
            top, null = float(best[window]), float(nulls[first:stop].min())
            at = self.offsets[window]
            chosen = np.isfinite(top)
            answers.append(
                Answer(
                    start=int(self.starts[at + starts[window]]) if chosen else 0,
                    end=int(self.ends[at + ends[window]]) if chosen else 0,
                    score=top,
                    null_score=null,
                    is_empty=not chosen or (self.may_be_empty and null > top),
                )
            )
        return tuple(answers)

    def _best(self, logits: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the first and last token of the best span of each window, and its score."""
        counts = np.diff(self.offsets)
        n_tokens = int(counts.max(initial=0))
        outside = np.arange(n_tokens) >= counts[:, None]
        first, last = (
            np.where(outside, -np.inf, logits[side::2, 1 : n_tokens + 1].astype(np.float64)) for side in (0, 1)
        )
        n = len(counts)
        rows, best = np.arange(n), np.full(n, -np.inf)
        starts, ends = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
        for more in range(min(MAX_TOKENS, n_tokens)):
            together = first[:, : n_tokens - more] + last[:, more:]
            start = together.argmax(axis=1)
            top = together[rows, start]
            better = top > best
            best[better], starts[better], ends[better] = top[better], start[better], start[better] + more
        return starts, ends, best
