"""The baselines of pairs: TF-IDF of both texts and of their overlap, with logistic or ridge regression."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from distil_core.data.corpus import split_segments

N_OVERLAPS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PairFeatures:
    """Words of both texts weighted by TF-IDF, what both have, what only one has, and how much they overlap."""

    vectorizer: Any

    @classmethod
    def fit(cls, texts: Sequence[str]) -> "PairFeatures":
        """Learn the words of pairs."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        segments = [segment for text in texts for segment in split_segments(text)]
        vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2, token_pattern=r"(?u)\b\w+\b")
        try:
            vectorizer.fit(segments)
        except ValueError:  # no word stands twice
            vectorizer.set_params(min_df=1, token_pattern=r"(?u)\S")
            vectorizer.fit(segments)
        return cls(vectorizer=vectorizer)

    def of(self, texts: Sequence[str]) -> Any:
        """Return a sparse row of features for each pair."""
        from scipy import sparse

        pairs = [split_segments(text) for text in texts]
        first, second = (self.vectorizer.transform([pair[side] for pair in pairs]) for side in (0, -1))
        shared, apart = first.multiply(second), abs(first - second)
        cosine = np.asarray(shared.sum(axis=1)).ravel()
        overlaps = np.column_stack([cosine, *np.transpose([_overlap(pair[0], pair[-1]) for pair in pairs])])
        return sparse.hstack([first, second, shared.sqrt(), apart, sparse.csr_matrix(overlaps)]).tocsr()

    @property
    def n_parameters(self) -> int:
        """Weights of the words."""
        return int(self.vectorizer.idf_.size)

    @property
    def bytes(self) -> int:
        """Size of weights and vocabulary, as they would be stored."""
        return int(self.vectorizer.idf_.nbytes) + sum(len(word.encode()) + 1 for word in self.vectorizer.vocabulary_)


def _overlap(first: str, second: str) -> tuple[float, float, float, float]:
    """Return Jaccard's index of the words, the share of each text's words in the other, and how alike the lengths."""
    a, b = set(first.casefold().split()), set(second.casefold().split())
    shared = len(a & b)
    lengths = sorted((len(first.split()), len(second.split())))
    return (
        shared / max(len(a | b), 1),
        shared / max(len(a), 1),
        shared / max(len(b), 1),
        lengths[0] / max(lengths[1], 1),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlapBaseline:
    """Features of pairs into a multinomial logistic regression."""

    features: PairFeatures
    classifier: Any
    n_classes: int

    @classmethod
    def fit(cls, texts: Sequence[str], labels: Sequence[int], *, n_classes: int) -> "OverlapBaseline":
        """Learn from pairs and labels; the result is the same every time."""
        from sklearn.linear_model import LogisticRegression
        from threadpoolctl import threadpool_limits

        features, classifier = PairFeatures.fit(texts), LogisticRegression(C=10.0, max_iter=300)
        with threadpool_limits(1):  # its products are too small for more, and other runs need the processors
            classifier.fit(features.of(texts), list(labels))
        return cls(features=features, classifier=classifier, n_classes=n_classes)

    def predict(self, texts: Sequence[str]) -> Float[Tensor, "examples classes"]:
        """Return log-probabilities, which serve as logits."""
        log_probs = torch.from_numpy(self.classifier.predict_log_proba(self.features.of(texts))).float()
        logits = torch.full((len(texts), self.n_classes), -30.0)
        logits[:, torch.as_tensor(self.classifier.classes_)] = log_probs.clamp(min=-30.0)
        return logits

    @property
    def n_parameters(self) -> int:
        """Weights of the regression and of the words."""
        return int(self.classifier.coef_.size + self.classifier.intercept_.size) + self.features.n_parameters

    @property
    def bytes(self) -> int:
        """Size of weights and vocabulary, as they would be stored."""
        return int(self.classifier.coef_.nbytes + self.classifier.intercept_.nbytes) + self.features.bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RidgeBaseline:
    """Features of pairs into a ridge regression."""

    features: PairFeatures
    regression: Any

    @classmethod
    def fit(cls, texts: Sequence[str], numbers: Sequence[float]) -> "RidgeBaseline":
        """Learn from pairs and numbers; the result is the same every time."""
        from sklearn.linear_model import Ridge
        from threadpoolctl import threadpool_limits

        features, regression = PairFeatures.fit(texts), Ridge(alpha=1.0, solver="sparse_cg", tol=1e-6)
        with threadpool_limits(1):  # its products are too small for more, and other runs need the processors
            regression.fit(features.of(texts), list(numbers))
        return cls(features=features, regression=regression)

    def predict(self, texts: Sequence[str]) -> Float[Tensor, "examples one"]:
        """Return a number for each pair."""
        return torch.from_numpy(self.regression.predict(self.features.of(texts))).float()[:, None]

    @property
    def n_parameters(self) -> int:
        """Weights of the regression and of the words."""
        return int(self.regression.coef_.size) + 1 + self.features.n_parameters

    @property
    def bytes(self) -> int:
        """Size of weights and vocabulary, as they would be stored."""
        return int(self.regression.coef_.nbytes) + 8 + self.features.bytes
