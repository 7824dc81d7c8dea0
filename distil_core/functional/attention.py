"""Attention maps compared: plain arrays in, plain arrays out, no models.

Every map is of one text, without padding: row ``i`` says how token ``i`` shares its attention out among the tokens, and
sums to 1. Heads have no inherent order: which head of one model does the work of which head of the other is not known
and has to be found by comparing what they look at.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A head of a teacher's layer and the head of a student's layer that it is assigned to; similarity from 0 to 1."""

    teacher: int
    student: int
    similarity: float


def without(maps: np.ndarray, tokens: Sequence[bool]) -> np.ndarray:
    """Take some tokens out of maps, as rows and as columns; what is left of each row is divided by its sum.

    A row that looked at nothing else stays empty.

    Args:
        maps: ``(..., tokens, tokens)``.
        tokens: Which to take out.
    """
    keep = np.flatnonzero(~np.asarray(tokens, dtype=bool))
    left = maps[..., keep[:, None], keep]
    total = left.sum(axis=-1, keepdims=True)
    return np.asarray(np.divide(left, total, out=np.zeros_like(left), where=total > 0))


def head_similarity(teacher: np.ndarray, student: np.ndarray) -> np.ndarray:
    r"""Compare every head of a layer of the teacher with every head of one of the student.

    :math:`1 - \frac{1}{n} \sum_i JSD(t_i, s_i)` over the ``n`` rows of two maps, where
    :math:`JSD(p, q) = H(\frac{p + q}{2}) - \frac{H(p) + H(q)}{2}` in bits (Lin, 1991, "Divergence measures based on the
    Shannon entropy"), so that 1 is the same map, and 0 is two maps that never look at the same token.

    Args:
        teacher: ``(heads, tokens, tokens)``.
        student: The same, perhaps with another number of heads.

    Returns:
        ``(teacher heads, student heads)``, from 0 to 1.
    """
    mixed = _entropy((teacher[:, None] + student[None]) / 2)
    divergence = mixed - (_entropy(teacher)[:, None] + _entropy(student)[None]) / 2
    return np.asarray(np.clip(1 - divergence.mean(axis=-1) / np.log(2), 0, 1))


def match_heads(similarity: np.ndarray) -> tuple[Match, ...]:
    """Assign the heads of two layers to each other, each at most once, so that their similarities sum to the most.

    Args:
        similarity: As :func:`head_similarity` gives it.

    Returns:
        The pairs in the order of the student's heads; where one model has more heads, its others stay alone.
    """
    from scipy.optimize import linear_sum_assignment

    pairs = zip(*linear_sum_assignment(similarity, maximize=True), strict=True)
    matches = [Match(teacher=int(t), student=int(s), similarity=float(similarity[t, s])) for t, s in pairs]
    return tuple(sorted(matches, key=lambda match: match.student))


def layer_similarity(teacher: np.ndarray, student: np.ndarray) -> np.ndarray:
    """Compare every layer of the teacher with every layer of the student by what they look at.

    The mean of :func:`head_similarity` over the heads that :func:`match_heads` assigns to each other.

    Args:
        teacher: ``(layers, heads, tokens, tokens)``.
        student: The same of the student.

    Returns:
        ``(teacher layers, student layers)``, from 0 to 1.
    """
    similarity = np.empty((len(teacher), len(student)))
    for t, s in np.ndindex(similarity.shape):
        matches = match_heads(head_similarity(teacher[t], student[s]))
        similarity[t, s] = np.mean([match.similarity for match in matches])
    return similarity


def rollout(maps: np.ndarray) -> np.ndarray:
    r"""Follow attention through all layers, from each token of the last to the words that went in.

    :math:`\tilde A_L \cdots \tilde A_1`, where :math:`\tilde A = \frac{1}{2} \bar A + \frac{1}{2} I` is the mean over
    heads with the residual connection as one half, and rows that sum to 1 (Abnar & Zuidema, 2020, "Quantifying
    attention flow in transformers", arXiv:2005.00928, section 3).

    Args:
        maps: ``(layers, heads, tokens, tokens)``, special tokens included.

    Returns:
        ``(tokens, tokens)``; rows sum to 1.
    """
    flow = np.eye(maps.shape[-1])
    for layer in maps.mean(axis=1, dtype=np.float64):
        step = (layer + np.eye(len(layer))) / 2
        flow = step / step.sum(axis=-1, keepdims=True) @ flow
    return flow


def head_entropy(maps: np.ndarray) -> np.ndarray:
    """Return how widely each head looks around: the mean entropy of its rows, in nats; at most ``log(tokens)``.

    Args:
        maps: ``(layers, heads, tokens, tokens)``.

    Returns:
        ``(layers, heads)``.
    """
    return np.asarray(_entropy(maps).mean(axis=-1))


def _entropy(shares: np.ndarray) -> np.ndarray:
    from scipy.special import entr

    return np.asarray(entr(shares).sum(axis=-1))
