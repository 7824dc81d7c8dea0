"""What vectors are worth: whether likeness orders pairs as people do, and whether a search ranks what answers first.

Cosines and not vectors are judged, so that a baseline without vectors is judged alike.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from distil_core.evaluation.correlation import correlated

COLUMNS = 10
"""What :class:`Judge` tells of an example."""
PAIR, QUERY = slice(0, 6), slice(6, 10)
"""Columns for Spearman's correlation, and for a search: nDCG@10, MRR@10, recall@100 and 1 for each query."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judge:
    """What is right of the texts of a split; rows are texts, examples are pairs, queries or what is searched in.

    Attributes:
        n_examples: Examples of the split.
        pairs: Example, first row and second row of each pair.
        scores: How alike the two are.
        queries: Example and row of each query.
        documents: Example and row of each text that is searched in.
        gains: For each query the places among the documents of those that answer it, and how well; NaN for one that is
            the query itself, which is not ranked, as BEIR has it.
    """

    n_examples: int
    pairs: np.ndarray
    scores: np.ndarray
    queries: np.ndarray
    documents: np.ndarray
    gains: tuple[tuple[np.ndarray, np.ndarray], ...]

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """Return what vectors are worth to each example; see :meth:`quality`."""
        units = unit(vectors)
        first, second = units[self.pairs[:, 1]], units[self.pairs[:, 2]]
        documents = units[self.documents[:, 1]]
        return self.quality((first * second).sum(axis=1), lambda query: documents @ units[self.queries[query, 1]])

    def quality(self, likeness: np.ndarray, search: Callable[[int], np.ndarray]) -> np.ndarray:
        """Return for each example what it adds to Spearman's correlation and to the figures of a search.

        Args:
            likeness: Of each pair.
            search: The scores of all documents for a query.
        """
        columns = np.zeros((self.n_examples, COLUMNS))
        if len(self.pairs):
            columns[self.pairs[:, 0], PAIR] = correlated(likeness, self.scores)
        for number, (places, gains) in enumerate(self.gains):
            scores, itself = search(number), np.isnan(gains)
            if itself.any():
                scores = np.delete(scores, places[itself])
                places = places - np.searchsorted(np.sort(places[itself]), places)
            columns[self.queries[number, 0], QUERY] = (*ranked(scores, places[~itself], gains[~itself]), 1.0)
        return columns


def unit(vectors: np.ndarray) -> np.ndarray:
    """Return vectors at a length of 1, in float64; those of length 0 stay."""
    wide = np.asarray(vectors, dtype=np.float64)
    return np.asarray(wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), 1e-12))


def ranked(scores: np.ndarray, places: np.ndarray, gains: np.ndarray) -> tuple[float, float, float]:
    r"""Return nDCG@10, the reciprocal rank within 10, and the recall within 100 of one query, as trec_eval has them.

    ``DCG = Σ gain / log2(rank + 1)``, over that of the best order (Järvelin & Kekäläinen, 2002). Equal scores keep the
    order of the documents.

    Args:
        scores: Of all documents.
        places: The documents that answer the query.
        gains: How well they do.
    """
    order = np.argsort(-scores, kind="stable")[:100]
    by_place = dict(zip(places.tolist(), gains.tolist(), strict=True))
    ordered = np.array([by_place.get(place, 0.0) for place in order.tolist()])
    discounts = 1 / np.log2(np.arange(2, 12))
    best = np.sort(gains)[::-1][:10]
    dcg = float((ordered[:10] * discounts[: len(ordered[:10])]).sum())
    hits = np.flatnonzero(ordered[:10] > 0)
    reciprocal = 1 / (float(hits[0]) + 1) if len(hits) else 0.0
    n_right = int((gains > 0).sum())
    return dcg / float((best * discounts[: len(best)]).sum()), reciprocal, float((ordered > 0).sum()) / n_right
