"""Several finished runs beside one another: how far each is above the first, and what it makes of each class."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from distil_core.analysis.contrasts import Draw, difference
from distil_core.evaluation.metrics import Metric
from distil_core.evaluation.predictions import SplitPredictions
from distil_core.evaluation.records import Interval
from distil_core.runs.families import FinishedRun


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassScores:
    """How a model does on the test texts of one class; None where a share is of nothing.

    Attributes:
        n: Test texts, or places in them, of the class.
        precision: How many of those that it takes for the class are of it.
        recall: How many of the class it takes for it.
        mistaken_for: What it takes the others for most often, as an index; None where it takes none for anything else.
        n_mistaken: How often it does.
    """

    n: int
    precision: float | None
    recall: float | None
    mistaken_for: int | None
    n_mistaken: int


def same_test(first: FinishedRun, second: FinishedRun) -> bool:
    """Tell whether two runs answered the same test texts, so that they can be held against one another text by text."""
    return first.record.corpus.digest == second.record.corpus.digest


def paired_differences(
    first: FinishedRun, second: FinishedRun, metrics: Sequence[Metric], draw: Draw
) -> dict[Metric, Interval]:
    """Return how far the second of two runs is above the first by metrics, paired over the same test texts.

    A metric is left out where that is not known, and all of them where the texts are others.

    Args:
        first: What is compared with.
        second: What is compared.
        metrics: By which.
        draw: Reads a figure of a run with its draws.
    """
    if not same_test(first, second):
        return {}
    gaps = {
        metric: difference(second.folder, first.folder, metric, draw)
        for metric in metrics
        if first.record.model.metric(metric.name) and second.record.model.metric(metric.name)
    }
    return {metric: gap for metric, gap in gaps.items() if gap is not None}


def class_scores(split: SplitPredictions, n_classes: int) -> tuple[ClassScores, ...]:
    """Return how a model does on each class, in their order.

    Args:
        split: Its answers, as distributions over the classes.
        n_classes: How many there are.
    """
    known = split.known
    right, taken = split.targets[known], split.logits[known].argmax(axis=1)
    scores = []
    for label in range(n_classes):
        of_class, as_class = right == label, taken == label
        hits, others = int((of_class & as_class).sum()), Counter(taken[of_class & ~as_class].tolist())
        answer, n_mistaken = others.most_common(1)[0] if others else (None, 0)
        scores.append(
            ClassScores(
                n=int(of_class.sum()),
                precision=_share(hits, as_class),
                recall=_share(hits, of_class),
                mistaken_for=answer,
                n_mistaken=n_mistaken,
            )
        )
    return tuple(scores)


def _share(hits: int, among: np.ndarray) -> float | None:
    return hits / int(among.sum()) if among.any() else None
