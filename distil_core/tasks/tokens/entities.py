"""Entities in rows of tags, and how many of them a model gets right.

Labels are ``O`` (0), then ``B-`` (odd) and ``I-`` (even) of each type. Predicted tags are decoded as conlleval and
seqeval do: an ``I-`` that goes on from nothing, or from another type, begins an entity.
"""

from dataclasses import dataclass, replace

import numpy as np

from distil_core.evaluation import metrics
from distil_core.evaluation.metrics import Metric, Unit
from distil_core.evaluation.predictions import SplitPredictions


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spans:
    """Entities: the sites from ``starts`` up to ``ends``, and the type of each, counted from 0."""

    starts: np.ndarray
    ends: np.ndarray
    types: np.ndarray

    def __len__(self) -> int:
        return len(self.starts)


def spans(tags: np.ndarray, examples: np.ndarray) -> Spans:
    """Return the entities in the tags of many sentences laid end to end.

    Args:
        tags: Index of the tag of each site.
        examples: Index of the sentence that each site belongs to.
    """
    tags = np.asarray(tags)
    types = np.where(tags > 0, (tags - 1) // 2, -1)
    fresh = np.ones(len(tags), dtype=bool)
    fresh[1:] = (types[1:] != types[:-1]) | (examples[1:] != examples[:-1])
    begins = (types >= 0) & (fresh | (tags % 2 == 1))
    starts = np.flatnonzero(begins)
    breaks = np.append(np.flatnonzero(begins | (types < 0)), len(tags))
    return Spans(starts=starts, ends=breaks[np.searchsorted(breaks, starts, side="right")], types=types[starts])


def _counts(split: SplitPredictions) -> np.ndarray:
    """Return entities that are right, predicted, and there, for each sentence."""
    predicted = spans(np.where(split.known, split.logits.argmax(axis=1), 0), split.examples)
    there = spans(np.where(split.known, split.targets, 0), split.examples)
    n_sites = len(split.targets)
    columns = np.zeros((n_sites, 3))
    columns[predicted.starts, 1] = 1
    columns[there.starts, 2] = 1
    marked = np.zeros((2, n_sites, 2), dtype=np.int64)
    for side, entities in enumerate((predicted, there)):
        marked[side, entities.starts] = np.column_stack([entities.ends, entities.types + 1])
    columns[:, 0] = (marked[0] == marked[1]).all(axis=1) & (marked[0, :, 0] > 0)
    return split.per_example(columns)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.asarray(part / np.maximum(whole, 1.0))


ENTITY_F1 = Metric(
    name="entity_f1",
    label="Entity F1",
    meaning="entities right in type and extent (F1)",
    definition="harmonic mean of the shares of predicted and of true entities that are right in type and extent, all "
    "types together",
    noun="entity F1",
    sentence="reaches an entity F1 of {} on the test texts",
    hub_name="f1",
    unit=Unit.SHARE,
    greater_is_better=True,
    terms=_counts,
    reduce=lambda sums: _ratio(2 * sums[:, 0], sums[:, 1] + sums[:, 2]),
)
"""Micro-averaged over entities (Tjong Kim Sang and De Meulder, 2003), as conlleval and seqeval count them."""
PRECISION = Metric(
    name="entity_precision",
    label="Entity precision",
    meaning="predicted entities that are right",
    hub_name="precision",
    unit=Unit.SHARE,
    greater_is_better=True,
    terms=_counts,
    reduce=lambda sums: _ratio(sums[:, 0], sums[:, 1]),
)
RECALL = Metric(
    name="entity_recall",
    label="Entity recall",
    meaning="true entities that are predicted",
    hub_name="recall",
    unit=Unit.SHARE,
    greater_is_better=True,
    terms=_counts,
    reduce=lambda sums: _ratio(sums[:, 0], sums[:, 2]),
)
TOKEN_ACCURACY = replace(
    metrics.ACCURACY,
    label="Token accuracy",
    meaning="words tagged right",
    definition="share of the words of the test texts tagged right",
    sentence="tags {} of the words right",
)
AGREEMENT = replace(
    metrics.AGREEMENT,
    meaning="words tagged as the teacher does",
    definition="share of the words of the test texts tagged as the teacher does",
)
