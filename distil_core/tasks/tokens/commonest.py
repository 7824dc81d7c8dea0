"""The baseline that every student must beat: each word has the tag that it had most often."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from distil_core.data.corpus import Split

_SMOOTHING = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonestTag:
    """How often each word had each tag; a word that was never seen counts as it is in lower case, else as any word."""

    counts: dict[str, Tensor]
    overall: Tensor

    @classmethod
    def fit(cls, split: Split, *, n_classes: int) -> "CommonestTag":
        """Count the tags of the words of labeled texts."""
        by_word: defaultdict[str, Counter[int]] = defaultdict(Counter)
        for text, label in zip(split.texts, split.labels, strict=True):
            for word, tag in zip(text.split(), label, strict=True):
                by_word[word][tag] += 1
        counts = {word: torch.zeros(n_classes) for word in by_word}
        for word, tags in by_word.items():
            counts[word][list(tags)] = torch.tensor([float(n) for n in tags.values()])
        lowered = {word.lower(): tags for word, tags in counts.items() if word.lower() not in counts}
        overall = sum(counts.values(), start=torch.zeros(n_classes))
        return cls(counts=lowered | counts, overall=overall)

    def predict(self, texts: Sequence[str]) -> tuple[Float[Tensor, "words classes"], ...]:
        """Return log-probabilities of the tags of each word, a tensor a text."""
        rows = self._of_words(" ".join(texts).split())
        return torch.split(rows, [len(text.split()) for text in texts])

    def _of_words(self, words: Sequence[str]) -> Float[Tensor, "words classes"]:
        share = self.overall / self.overall.sum().clamp(min=1.0)
        if not words:
            return share.new_empty(0, len(share))
        rows = [self.counts.get(word, self.counts.get(word.lower(), self.overall)) for word in words]
        counts = torch.stack(rows) + _SMOOTHING * (share + 1 / len(share))
        return (counts / counts.sum(dim=1, keepdim=True)).log()

    @property
    def n_parameters(self) -> int:
        """Words and tags that it has counted."""
        return sum(int((counts > 0).sum()) for counts in self.counts.values())

    @property
    def bytes(self) -> int:
        """Size of words and counts, as they would be stored."""
        return sum(len(word.encode()) + 1 for word in self.counts) + 4 * self.n_parameters
