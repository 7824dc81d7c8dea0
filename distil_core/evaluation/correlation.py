"""Correlations as sums over examples, so that they can be drawn again."""

import numpy as np


def correlated(values: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return what each pair adds to the sums of Spearman's correlation: the sums of Pearson's, of ranks."""
    from scipy.stats import rankdata

    return products(*(rankdata(column) / len(column) - 0.5 for column in (values, scores)))


def products(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return what each pair adds to the sums that :func:`correlation` takes."""
    return np.column_stack([x, y, x * x, y * y, x * y, np.ones(len(x))])


def correlation(sums: np.ndarray) -> np.ndarray:
    """Return the correlation that sums come to; 0 where one side is the same everywhere."""
    n = np.maximum(sums[:, 5], 1.0)
    x, y, xx, yy, xy = (sums[:, column] / n for column in range(5))
    spread = np.sqrt(np.maximum(xx - x * x, 0.0) * np.maximum(yy - y * y, 0.0))
    return np.asarray(np.divide(xy - x * y, spread, out=np.zeros_like(spread), where=spread > 1e-9))
