"""Exact match and F1 of an answer, as the official script of SQuAD counts them; needs neither torch nor a model.

Rajpurkar et al., 2016, arXiv:1606.05250, and 2018, arXiv:1806.03822, for questions without an answer.
"""

import re
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How right an answer is, from 0 to 1."""

    f1: float
    exact: float


def normalized(answer: str) -> str:
    """Return an answer in lower case, without punctuation, articles and spaces that say nothing."""
    return " ".join(_ARTICLES.sub(" ", answer.lower().translate(_NO_PUNCTUATION)).split())


def score(answer: str, gold: Sequence[str]) -> Score:
    """Return how right an answer is: the best over all answers that are right.

    Args:
        answer: What is answered; empty: that there is no answer.
        gold: The right answers; none: there is no answer. What is nothing but articles and punctuation does not count.
    """
    right = [text for text in gold if normalized(text)] or [""]
    return Score(
        f1=max(_f1(answer, text) for text in right),
        exact=max(float(normalized(answer) == normalized(text)) for text in right),
    )


def _f1(answer: str, gold: str) -> float:
    words, right = normalized(answer).split(), normalized(gold).split()
    if not words or not right:
        return float(words == right)
    n_common = sum((Counter(words) & Counter(right)).values())
    return 2 * n_common / (len(words) + len(right))
