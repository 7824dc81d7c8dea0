"""Word embeddings of which only the rows that a corpus uses are trained."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int
from torch import Tensor, nn

from distil_core.types import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class TrimmedEmbedding:
    """Only the embedding rows that a corpus uses, and how to put them back.

    ``lookup`` maps a token id of the full vocabulary to its row in the trimmed embedding.
    """

    lookup: Int[Tensor, "vocabulary"]
    used: Int[Tensor, "rows"]
    full: nn.Embedding

    def restore(self, model: Model) -> None:
        """Put the trained rows back among all others and give the model its whole vocabulary again."""
        if model.get_input_embeddings() is self.full:
            return
        trained = model.get_input_embeddings().weight.detach()
        with torch.no_grad():
            self.full.weight[self.used.to(self.full.weight.device)] = trained.to(self.full.weight)
        model.set_input_embeddings(self.full)


def trim_embedding(model: Model, used_ids: Iterable[Int[Tensor, "_"]], *, padding: int) -> TrimmedEmbedding:
    """Leave only the rows of ``used_ids`` and ``padding`` in the model's word embedding.

    The rows left out get no gradient and would keep their values, so the result of training is the same, for less work.
    RoBERTa and MPNet tell padding by its id, so low padding ids keep their place. A model that predicts words keeps all
    rows, which are what it chooses from.
    """
    full = model.get_input_embeddings()
    if model.get_output_embeddings() is not None:
        every = torch.arange(full.num_embeddings)
        return TrimmedEmbedding(lookup=every, used=every, full=full)
    keep: Bool[Tensor, "vocabulary"] = torch.zeros(full.num_embeddings, dtype=torch.bool)
    keep[padding] = True
    for ids in used_ids:
        keep[ids] = True
    padding_idx = full.padding_idx
    if padding_idx is not None:
        keep[padding_idx] = True
        if padding_idx < 8:
            keep[: padding_idx + 1] = True
    used = keep.nonzero().squeeze(1)
    lookup = torch.cumsum(keep, 0) - 1
    rows = full.weight.detach()[used.to(full.weight.device)].clone()
    small = nn.Embedding.from_pretrained(
        rows, freeze=False, padding_idx=None if padding_idx is None else int(lookup[padding_idx])
    )
    model.set_input_embeddings(small)
    return TrimmedEmbedding(lookup=lookup, used=used, full=full)
