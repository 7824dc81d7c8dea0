"""What answers to pairs are measured by beside the accuracy."""

import numpy as np

from distil_core.evaluation.metrics import MACRO_F1, Metric, Unit
from distil_core.evaluation.predictions import SplitPredictions


def _f1(sums: np.ndarray) -> np.ndarray:
    hits, predicted, true = np.split(sums, 3, axis=1)
    if hits.shape[1] != 2:
        return MACRO_F1.reduce(sums)
    return np.asarray(2 * hits[:, 1] / np.maximum(predicted[:, 1] + true[:, 1], 1.0))


def _matthews_terms(split: SplitPredictions) -> np.ndarray:
    classes, known = np.arange(split.logits.shape[1]), split.known[:, None]
    predicted = (split.logits.argmax(axis=1)[:, None] == classes) & known
    true = split.targets[:, None] == classes
    return split.per_example(np.column_stack([split.right & split.known, split.known, predicted, true]))


def _matthews(sums: np.ndarray) -> np.ndarray:
    right, n = sums[:, 0], sums[:, 1]
    predicted, true = np.split(sums[:, 2:], 2, axis=1)
    spread = (n**2 - (predicted**2).sum(axis=1)) * (n**2 - (true**2).sum(axis=1))
    return np.asarray((right * n - (predicted * true).sum(axis=1)) / np.sqrt(np.where(spread > 0, spread, np.inf)))


F1 = Metric(
    name="f1",
    label="F1",
    meaning="hits among all that is found or should be, of the second of two labels or the mean of more",
    definition="F1 of the second of two labels, the mean of all where there are more",
    noun="F1",
    hub_name="f1",
    unit=Unit.SHARE,
    greater_is_better=True,
    biased=True,
    terms=MACRO_F1.terms,
    reduce=_f1,
)
MATTHEWS = Metric(
    name="matthews",
    label="Matthews correlation",
    meaning="correlation of answers and labels, 0 when guessed",
    definition="correlation of answers and labels: 1 when all are right, 0 when guessed",
    noun="Matthews correlation",
    hub_name="matthews_correlation",
    unit=Unit.NUMBER,
    greater_is_better=True,
    terms=_matthews_terms,
    reduce=_matthews,
)
"""For any number of labels (Gorodkin, 2004, doi:10.1016/j.compbiolchem.2004.09.006)."""
