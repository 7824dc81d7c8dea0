"""How alike two sets of hidden states are, whatever their widths and rotations."""

from collections.abc import Sequence

import numpy as np


def linear_cka(x: np.ndarray, y: np.ndarray) -> float:
    r"""Compare two sets of hidden states of the same tokens, whatever their widths and rotations.

    :math:`\|Y^T X\|_F^2 / (\|X^T X\|_F \|Y^T Y\|_F)` of the centered states (Kornblith et al., 2019, "Similarity of
    neural network representations revisited", arXiv:1905.00414, section 3). With few tokens for their width it comes
    out too high.

    Args:
        x: ``(tokens, width)``.
        y: ``(tokens, other width)``.

    Returns:
        From 0 to 1; 1 where one is a rotation and scaling of the other, 0 where a model says the same of all tokens.
    """
    return float(cka_matrix([x], [y])[0, 0])


def cka_matrix(teacher: Sequence[np.ndarray], student: Sequence[np.ndarray]) -> np.ndarray:
    """Return :func:`linear_cka` of every layer of the teacher and every layer of the student."""
    ours, theirs = (np.stack([_gram(states) for states in side]) for side in (teacher, student))
    scale = np.outer(np.linalg.norm(ours, axis=1), np.linalg.norm(theirs, axis=1)).astype(np.float64)
    overlap = (ours @ theirs.T).astype(np.float64)
    return np.asarray(np.clip(np.divide(overlap, scale, out=np.zeros_like(overlap), where=scale > 0), 0, 1))


def _gram(states: np.ndarray) -> np.ndarray:
    # Over tokens and not over the width: the products of two layers are then one row times another.
    centered = states - states.mean(axis=0)
    return np.asarray((centered @ centered.T).ravel())
