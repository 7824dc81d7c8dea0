"""What models that answer yes or no to each label are measured by."""

from dataclasses import replace

import numpy as np

from distil_core.evaluation import metrics
from distil_core.evaluation.metrics import ECE, KL, LOYALTY, NLL, Metric, Unit
from distil_core.evaluation.predictions import SplitPredictions

_YES = 1


def _counts(split: SplitPredictions) -> np.ndarray:
    """Return whether each site is a hit, a yes of the model, and a yes that is right."""
    predicted, right = (split.logits.argmax(axis=1) == _YES) & split.known, split.targets == _YES
    return np.column_stack([predicted & right, predicted, right])


def _f1(hits: np.ndarray, yeses: np.ndarray) -> np.ndarray:
    return np.asarray(2 * hits / np.maximum(yeses, 1.0))


def _micro_terms(split: SplitPredictions) -> np.ndarray:
    return split.per_example(_counts(split))


def _micro(sums: np.ndarray) -> np.ndarray:
    return _f1(sums[:, 0], sums[:, 1] + sums[:, 2])


def _macro_terms(split: SplitPredictions) -> np.ndarray:
    examples = split.examples
    first = np.searchsorted(examples, examples)  # the sites of an example lie together, a site a label in their order
    label = np.arange(len(examples)) - first
    of_label = label[:, None] == np.arange(label.max(initial=0) + 1)
    return split.per_example(np.column_stack([of_label & column[:, None] for column in _counts(split).T]))


def _macro(sums: np.ndarray) -> np.ndarray:
    hits, predicted, right = np.split(sums, 3, axis=1)
    return np.asarray(_f1(hits, predicted + right).mean(axis=1))


def _subset_terms(split: SplitPredictions) -> np.ndarray:
    wrong, known = split.per_example(np.column_stack([split.known & ~split.right, split.known])).T
    return np.column_stack([(known > 0) & (wrong == 0), known > 0])


MICRO_F1 = Metric(
    name="micro_f1",
    label="Micro-F1",
    noun="micro-F1",
    meaning="F1 of all labels of all texts taken together",
    definition="F1 of all labels of all test texts taken together, each said where its probability is above 50 %",
    sentence="has a micro-F1 of {} on the test texts",
    hub_name="f1",
    unit=Unit.SHARE,
    greater_is_better=True,
    biased=True,
    terms=_micro_terms,
    reduce=_micro,
)
MACRO_F1 = Metric(
    name="macro_f1",
    label="Macro-F1",
    noun="macro-F1",
    meaning="like micro-F1, every label counting alike",
    definition="mean F1 of the labels; 0 for one that is neither right nor said of any text",
    hub_name="f1",
    unit=Unit.SHARE,
    greater_is_better=True,
    biased=True,
    terms=_macro_terms,
    reduce=_macro,
)
SUBSET_ACCURACY = Metric(
    name="subset_accuracy",
    label="Subset accuracy",
    meaning="texts with all their labels right and no other",
    definition="share of the test texts with all their labels right and no other",
    hub_name="accuracy",
    unit=Unit.SHARE,
    greater_is_better=True,
    terms=_subset_terms,
    reduce=metrics.mean,
)
AGREEMENT = replace(
    metrics.AGREEMENT,
    meaning="labels said or not as the teacher does",
    definition="share of all labels of all test texts that are said or not as the teacher does",
)
QUALITY = (MICRO_F1, MACRO_F1, SUBSET_ACCURACY, NLL, ECE)
FIDELITY = (AGREEMENT, KL, LOYALTY)
