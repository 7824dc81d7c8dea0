"""Word embeddings that take what a pretrained encoder knows of words, also of words that no training text shows."""

from collections.abc import Sequence
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from transformers import AutoModel

from distil_core.models.loading import load_tokenizer

_BATCH = 256


class ProjectedEmbedding(nn.Embedding):
    """Each row is a linear map of a fixed vector, learned for all rows at once, plus what the row learns by itself.

    A word that is never trained moves with the words whose vectors are like its own.
    """

    vectors: Tensor

    def __init__(self, rows: Float[Tensor, "words width"], vectors: Float[Tensor, "words size"]) -> None:
        super().__init__(rows.shape[0], rows.shape[1])
        self.weight = nn.Parameter(rows.clone())
        self.register_buffer("vectors", vectors)
        self.map = nn.Parameter(torch.zeros(vectors.shape[1], rows.shape[1]))

    def forward(self, ids: Int[Tensor, "*shape"]) -> Float[Tensor, "*shape width"]:
        """Look up the rows of some words."""
        vectors: Tensor = self.vectors[ids].to(self.map.dtype)
        return super().forward(ids) + vectors @ self.map

    def plain(self) -> nn.Embedding:
        """Return an ordinary embedding of the same rows."""
        with torch.no_grad():
            rows = self.weight + self.vectors @ self.map
        plain: nn.Embedding = nn.Embedding.from_pretrained(rows, freeze=False)
        return plain


@torch.no_grad()
def vectors_of(words: Sequence[str], folder: Path) -> Float[Tensor, "words size"]:
    """Return what a pretrained encoder makes of single words: each feature of mean 0, each vector of length about 1.

    Words that are no single token of its vocabulary get zeros.

    Args:
        words: In lower case.
        folder: The encoder's checkpoint.
    """
    tokenizer = load_tokenizer(folder)
    vocabulary = tokenizer.get_vocab()
    model = AutoModel.from_pretrained(folder, local_files_only=True).eval()
    rows = torch.tensor([i for i, word in enumerate(words) if word in vocabulary])
    ids = torch.tensor([vocabulary[word] for word in words if word in vocabulary])
    first, last = (torch.full_like(ids, end) for end in (tokenizer.cls_token_id, tokenizer.sep_token_id))
    texts = torch.stack([first, ids, last], dim=1)
    states = [model(batch).last_hidden_state.mean(dim=1) for batch in texts.split(_BATCH)]
    features = torch.cat([model.get_input_embeddings().weight[ids], torch.cat(states)], dim=1)
    features = (features - features.mean(dim=0)) / features.std(dim=0).clamp_min(1e-6)
    vectors = torch.zeros(len(words), features.shape[1])
    vectors[rows] = features / features.shape[1] ** 0.5
    return vectors
