"""The baseline that every student must beat: each word is as likely as it is common."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from distil_core.data.masks import counts_of, smoothed, unmasked
from distil_core.data.sites import EncodedSplit, Sites
from distil_core.models.words import figures_of, teacher_logits

_CHUNK = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Unigram:
    """How common each word of a vocabulary is in some texts, whatever stands around it."""

    log_probs: Float[Tensor, "vocabulary"]

    @classmethod
    def fit(cls, part: EncodedSplit) -> "Unigram":
        """Count the words of texts."""
        assert part.sites.vocabulary is not None
        return cls(log_probs=smoothed(counts_of(unmasked(part), part.sites.vocabulary)))

    def predict(self, texts: Sequence[str]) -> Float[Tensor, "vocabulary"]:
        """Return the log-probabilities of all words, which are the same at every mask of every text."""
        return self.log_probs

    def figures(self, sites: Sites) -> Float[Tensor, "sites columns"]:
        """Return the :class:`distil_core.data.words.WordColumn` of what it predicts at some sites."""
        teacher = sites.vocabulary.teacher if sites.vocabulary is not None else None
        rows = []
        for part in torch.arange(len(sites), device=sites.targets.device).split(_CHUNK):
            logits = self.log_probs.to(part.device).expand(len(part), -1)
            rows.append(
                figures_of(logits, sites.targets[part], None if teacher is None else teacher_logits(teacher, part))
            )
        return torch.cat(rows).cpu()

    @property
    def n_parameters(self) -> int:
        """Words that it knows."""
        return len(self.log_probs)

    @property
    def bytes(self) -> int:
        """Size of the shares, as they would be stored."""
        return 4 * len(self.log_probs)
