"""Labels without a labeled text: what stands for a label is likened to texts, and the surest answers are learned.

The likeness of a text to a label says little by itself, as some descriptions are like all texts: it is standardized
over the training texts. The half of the texts of each label that is the surest is then taken as if it were labeled
(self-training), and logistic regression on the same features learns from it. Measured with MiniLM on AG News and SST-2,
by names and by descriptions: 71 to 78 % by cosines, 72 to 79 % standardized, 73 to 83 % after self-training.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from distil_core.tasks.classification.tfidf import TfidfBaseline, weighted_words
from distil_core.tasks.task import Baseline

SURE = 0.5
"""Share of the texts of each label that is learned from."""
_SCALE = 2.0
"""Turns standardized likeness into logits; near the least NLL on AG News and SST-2."""


def pseudo_labels(
    likeness: Float[np.ndarray, "texts labels"],
) -> tuple[Int[np.ndarray, "texts"], Int[np.ndarray, "chosen"]]:
    """Return the label that each text is likest to, and the texts of which that is the surest.

    Args:
        likeness: Of each text to what stands for each label.
    """
    spread = likeness.std(axis=0)
    scores = _SCALE * (likeness - likeness.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    labels = scores.argmax(axis=1)
    sureness = scores.max(axis=1) - np.logaddexp.reduce(scores, axis=1)
    chosen = []
    for label in np.unique(labels):
        texts = np.flatnonzero(labels == label)
        chosen.append(texts[np.argsort(-sureness[texts], kind="stable")][: max(1, round(SURE * len(texts)))])
    return labels, np.sort(np.concatenate(chosen))


def tfidf_baseline(texts: Sequence[str], label_sentences: Sequence[str]) -> Baseline:
    """Return TF-IDF with logistic regression, learned from the texts that share the most words with a description."""
    vectorizer, features = weighted_words(texts)
    likeness = (features @ vectorizer.transform(label_sentences).T).toarray()
    labels, chosen = pseudo_labels(likeness)
    if len(set(labels[chosen].tolist())) < 2:
        return Guess(n_classes=len(label_sentences))
    return TfidfBaseline.fit(
        [texts[i] for i in chosen], [int(labels[i]) for i in chosen], n_classes=len(label_sentences)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What remains where no description shares a word with a text: all labels are as likely."""

    n_classes: int
    n_parameters: int = 0
    bytes: int = 0

    def predict(self, texts: Sequence[str]) -> Any:
        """Return the same logit for every label of every text."""
        logits: Tensor = torch.zeros(len(texts), self.n_classes)
        return logits
