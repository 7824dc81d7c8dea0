"""The baseline that every student must beat: TF-IDF with logistic regression."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor


def weighted_words(texts: Sequence[str]) -> tuple[Any, Any]:
    """Return what weighs words and pairs of words by TF-IDF, as some texts say, and the weights of these texts."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2, token_pattern=r"(?u)\b\w+\b")
    try:
        return vectorizer, vectorizer.fit_transform(texts)
    except ValueError:  # no word stands twice
        vectorizer.set_params(min_df=1, token_pattern=r"(?u)\S")
        return vectorizer, vectorizer.fit_transform(texts)


def vocabulary_bytes(vectorizer: Any) -> int:
    """Return the size of the words and weights of a vectorizer, as they would be stored."""
    return sum(len(word.encode()) + 1 for word in vectorizer.vocabulary_) + int(vectorizer.idf_.nbytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class TfidfBaseline:
    """Words and pairs of words, weighted by TF-IDF, into a multinomial logistic regression."""

    vectorizer: Any
    classifier: Any
    n_classes: int

    @classmethod
    def fit(cls, texts: Sequence[str], labels: Sequence[int], *, n_classes: int) -> "TfidfBaseline":
        """Learn from texts and labels; the result is the same every time."""
        from sklearn.linear_model import LogisticRegression
        from threadpoolctl import threadpool_limits

        vectorizer, features = weighted_words(texts)
        classifier = LogisticRegression(C=10.0, max_iter=300)
        with threadpool_limits(1):  # its products are too small for more, and other runs need the processors
            classifier.fit(features, list(labels))
        return cls(vectorizer=vectorizer, classifier=classifier, n_classes=n_classes)

    def predict(self, texts: Sequence[str]) -> Float[Tensor, "examples classes"]:
        """Return log-probabilities, which serve as logits."""
        log_probs = torch.from_numpy(self.classifier.predict_log_proba(self.vectorizer.transform(texts))).float()
        # A class that the training texts lack is not impossible, only very unlikely.
        logits = torch.full((len(texts), self.n_classes), -30.0)
        logits[:, torch.as_tensor(self.classifier.classes_)] = log_probs.clamp(min=-30.0)
        return logits

    @property
    def n_parameters(self) -> int:
        """Weights of the regression and of the vectorizer."""
        return int(self.classifier.coef_.size + self.classifier.intercept_.size + self.vectorizer.idf_.size)

    @property
    def bytes(self) -> int:
        """Size of weights and vocabulary, as they would be stored."""
        arrays = (self.classifier.coef_, self.classifier.intercept_)
        return sum(int(array.nbytes) for array in arrays) + vocabulary_bytes(self.vectorizer)
