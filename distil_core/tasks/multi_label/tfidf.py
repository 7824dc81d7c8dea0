"""The baseline that every student must beat: TF-IDF with a logistic regression for each label."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from distil_core.models.forward import yes_or_no
from distil_core.tasks.classification.tfidf import vocabulary_bytes, weighted_words

_SURE = 30.0
"""Score of a label that all texts have, or none: nobody can learn more of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryRelevance:
    """Words and pairs of words, weighted by TF-IDF, into one logistic regression for each label."""

    vectorizer: Any
    weights: Float[Tensor, "labels words"]
    biases: Float[Tensor, "labels"]

    @classmethod
    def fit(cls, texts: Sequence[str], labels: Sequence[Sequence[int]]) -> "BinaryRelevance":
        """Learn from texts and, for each, whether it has each label; the result is the same every time."""
        from sklearn.linear_model import LogisticRegression
        from threadpoolctl import threadpool_limits

        vectorizer, features = weighted_words(texts)
        columns = list(zip(*labels, strict=True))
        weights, biases = torch.zeros(len(columns), features.shape[1]), torch.zeros(len(columns))
        with threadpool_limits(1):  # its products are too small for more, and other runs need the processors
            for i, column in enumerate(columns):
                if len(set(column)) == 1:
                    biases[i] = _SURE if column[0] else -_SURE
                    continue
                classifier = LogisticRegression(C=10.0, max_iter=300).fit(features, column)
                weights[i], biases[i] = torch.from_numpy(classifier.coef_[0]), float(classifier.intercept_[0])
        return cls(vectorizer=vectorizer, weights=weights, biases=biases)

    def predict(self, texts: Sequence[str]) -> Float[Tensor, "sites 2"]:
        """Return no and yes of each label for each text, as logits."""
        scores = torch.from_numpy(self.vectorizer.transform(texts) @ self.weights.double().T.numpy())
        return yes_or_no((scores.float() + self.biases).flatten())

    @property
    def n_parameters(self) -> int:
        """Weights of the regressions and of the vectorizer."""
        return self.weights.numel() + self.biases.numel() + int(self.vectorizer.idf_.size)

    @property
    def bytes(self) -> int:
        """Size of weights and vocabulary, as they would be stored."""
        return self.weights.nbytes + self.biases.nbytes + vocabulary_bytes(self.vectorizer)
