"""What predicted numbers are measured by: whether they order pairs as the labels do, and how straight the line is."""

from collections.abc import Callable

import numpy as np

from distil_core.evaluation.correlation import correlated, correlation, products
from distil_core.evaluation.metrics import Metric, Unit
from distil_core.evaluation.predictions import SplitPredictions


def _of_labels(sums: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable[[SplitPredictions], np.ndarray]:
    def terms(split: SplitPredictions) -> np.ndarray:
        known, columns = split.known, np.zeros((len(split.targets), 6))
        if known.any():
            columns[known] = sums(split.logits[known, 0], split.targets[known])
        return split.per_example(columns)

    return terms


def _of_teacher(split: SplitPredictions) -> np.ndarray:
    teacher = split.teacher_logits
    assert teacher is not None
    return split.per_example(_straight(split.logits[:, 0], teacher[:, 0]))


def _straight(values: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return what each pair adds to the sums of Pearson's correlation."""
    x, y = (np.asarray(column, dtype=np.float64) for column in (values, scores))
    return products(*((column - column.mean()) / (column.std() or 1.0) for column in (x, y)))


SPEARMAN = Metric(
    name="spearman",
    label="Spearman correlation",
    meaning="whether pairs are put into the right order",
    definition="rank correlation of the predicted numbers with the labels",
    noun="Spearman correlation",
    hub_name="spearmanr",
    unit=Unit.NUMBER,
    greater_is_better=True,
    terms=_of_labels(correlated),
    reduce=correlation,
)
PEARSON = Metric(
    name="pearson",
    label="Pearson correlation",
    meaning="whether predicted numbers rise with the labels in a straight line",
    definition="correlation of the predicted numbers with the labels",
    noun="Pearson correlation",
    hub_name="pearsonr",
    unit=Unit.NUMBER,
    greater_is_better=True,
    terms=_of_labels(_straight),
    reduce=correlation,
)
TEACHER_CORRELATION = Metric(
    name="teacher_pearson",
    label="Correlation with the teacher",
    meaning="likeness to the teacher's numbers, 1 when they rise together",
    definition="Pearson correlation of the numbers of both models",
    unit=Unit.NUMBER,
    greater_is_better=True,
    needs_teacher=True,
    terms=_of_teacher,
    reduce=correlation,
)
