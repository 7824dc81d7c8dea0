"""Texts as token ids without padding."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from distil_core.types import Mask, TokenIds

_CHUNK = 2_000
"""Texts that a tokenizer gets at once: enough to keep it busy, few enough to be stopped in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ragged:
    """Token ids of many texts laid end to end, in 32 bits; text ``i`` is ``ids[offsets[i]:offsets[i + 1]]``."""

    ids: Int[Tensor, "tokens"]
    offsets: Int[Tensor, "examples_plus_1"]
    n_truncated: int = 0

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Int[Tensor, "examples"]:
        """Tokens of each text."""
        return self.offsets.diff()

    def padded(self, examples: Int[Tensor, "batch"], *, padding: int) -> tuple[TokenIds, Mask]:
        """Lay some texts under each other, filled up with ``padding`` to the longest of them."""
        lengths = self.offsets[examples + 1] - self.offsets[examples]
        position = torch.arange(int(lengths.max()), device=self.ids.device)
        mask = position < lengths[:, None]
        index = (self.offsets[examples][:, None] + position).clamp_(max=max(len(self.ids) - 1, 0))
        return self.ids[index].long().masked_fill_(~mask, padding), mask

    def with_ids(self, lookup: Int[Tensor, "vocabulary"]) -> "Ragged":
        """Return the same texts with every id replaced by its entry in ``lookup``."""
        return Ragged(ids=lookup.int()[self.ids], offsets=self.offsets, n_truncated=self.n_truncated)

    def to(self, device: torch.device) -> "Ragged":
        """Return the same texts on another device."""
        return Ragged(ids=self.ids.to(device), offsets=self.offsets.to(device), n_truncated=self.n_truncated)


def encode(tokenizer: Any, texts: Sequence[str], *, max_length: int) -> Ragged:
    """Turn texts into token ids.

    Args:
        tokenizer: A fast transformers tokenizer.
        texts: Any number of texts.
        max_length: Tokens at most, special ones included; what is beyond is cut off and the text counted as truncated.
    """
    ids, lengths, n_truncated = array("i"), array("q", [0]), 0
    for start in range(0, len(texts), _CHUNK):
        encoded = tokenizer(
            list(texts[start : start + _CHUNK]),
            truncation=True,
            max_length=max_length,
            return_attention_mask=False,
            return_token_type_ids=False,
        )
        for token_ids in encoded["input_ids"]:
            ids.extend(token_ids)
            lengths.append(len(token_ids))
        n_truncated += sum(bool(item.overflowing) for item in encoded.encodings)
    flat = torch.frombuffer(ids, dtype=torch.int32) if ids else torch.empty(0, dtype=torch.int32)
    offsets = torch.frombuffer(lengths, dtype=torch.int64).cumsum(0)
    return Ragged(ids=flat, offsets=offsets, n_truncated=n_truncated)
