"""Texts as token ids without padding."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from distil_core.data.corpus import SEGMENT
from distil_core.errors import ModelError, is_failure
from distil_core.types import Mask, TokenIds

_CHUNK = 2_000
"""Texts that a tokenizer gets at once: enough to keep it busy, few enough to be stopped in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ragged:
    """Token ids of many texts laid end to end, in 32 bits; text ``i`` is ``ids[offsets[i]:offsets[i + 1]]``.

    ``types`` tells which segment of its text each token belongs to, as the tokenizer numbers them; None where it says
    nothing of that, or all are of the first.
    """

    ids: Int[Tensor, "tokens"]
    offsets: Int[Tensor, "examples_plus_1"]
    n_truncated: int = 0
    types: Int[Tensor, "tokens"] | None = None

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Int[Tensor, "examples"]:
        """Tokens of each text."""
        return self.offsets.diff()

    def padded(self, examples: Int[Tensor, "batch"], *, padding: int) -> tuple[TokenIds, Mask]:
        """Lay some texts under each other, filled up with ``padding`` to the longest of them."""
        index, mask = self._places(examples)
        return self.ids[index].long().masked_fill_(~mask, padding), mask

    def padded_types(self, examples: Int[Tensor, "batch"]) -> TokenIds | None:
        """Lay the token types of some texts under each other like their ids, filled up with 0; None without types."""
        if self.types is None:
            return None
        index, mask = self._places(examples)
        return self.types[index].long().masked_fill_(~mask, 0)

    def _places(self, examples: Tensor) -> tuple[Tensor, Tensor]:
        lengths = self.offsets[examples + 1] - self.offsets[examples]
        position = torch.arange(int(lengths.max()), device=self.ids.device)
        mask = position < lengths[:, None]
        return (self.offsets[examples][:, None] + position).clamp_(max=max(len(self.ids) - 1, 0)), mask

    def first(self, n: int) -> "Ragged":
        """Return the first ``n`` texts."""
        end = int(self.offsets[n])
        return replace(
            self,
            ids=self.ids[:end],
            offsets=self.offsets[: n + 1],
            types=None if self.types is None else self.types[:end],
        )

    def with_ids(self, lookup: Int[Tensor, "vocabulary"]) -> "Ragged":
        """Return the same texts with every id replaced by its entry in ``lookup``."""
        return replace(self, ids=lookup.int()[self.ids])

    def to(self, device: torch.device) -> "Ragged":
        """Return the same texts on another device."""
        types = None if self.types is None else self.types.to(device)
        return replace(self, ids=self.ids.to(device), offsets=self.offsets.to(device), types=types)


def encode(tokenizer: Any, texts: Sequence[str], *, max_length: int) -> Ragged:
    """Turn texts into token ids, those of two segments as the tokenizer has pairs.

    Args:
        tokenizer: A fast transformers tokenizer.
        texts: Any number of texts, all of one segment or all of two.
        max_length: Tokens at most, special ones included; what is beyond is cut off, from the longer of two segments
            first, and the text counted as truncated.
    """
    ids, types, lengths, n_truncated = array("i"), array("b"), array("q", [0]), 0
    for start in range(0, len(texts), _CHUNK):
        inputs = inputs_of(texts[start : start + _CHUNK])
        try:
            encoded = tokenizer(
                *inputs,
                truncation="longest_first",
                max_length=max_length,
                return_attention_mask=False,
                return_token_type_ids=None if len(inputs) == 2 else False,
            )
        except BaseException as exc:  # Rust panics
            if not is_failure(exc):
                raise
            problem = " ".join(str(exc).split())
            raise ModelError(f"the model's tokenizer cannot read the texts: {problem}; take another model") from exc
        for token_ids in encoded["input_ids"]:
            ids.extend(token_ids)
            lengths.append(len(token_ids))
        for token_types in encoded.get("token_type_ids", ()):
            types.extend(token_types)
        n_truncated += sum(bool(item.overflowing) for item in encoded.encodings)
    flat = torch.frombuffer(ids, dtype=torch.int32) if ids else torch.empty(0, dtype=torch.int32)
    offsets = torch.frombuffer(lengths, dtype=torch.int64).cumsum(0)
    _refuse_unembedded(tokenizer, flat, offsets)
    told = torch.frombuffer(types, dtype=torch.int8) if any(types) else None
    return Ragged(ids=flat, offsets=offsets, n_truncated=n_truncated, types=told)


def _refuse_unembedded(tokenizer: Any, ids: Tensor, offsets: Tensor) -> None:
    """Refuse texts with tokens that the model beside the tokenizer has no embedding for, where that is known."""
    n_embeddings = getattr(tokenizer, "n_embeddings", None)
    if n_embeddings is None or not len(ids) or int(ids.max()) < n_embeddings:
        return
    unknown = ids >= n_embeddings
    names = tokenizer.convert_ids_to_tokens(ids[unknown].unique().tolist())
    n_texts = len(torch.bucketize(unknown.nonzero().squeeze(1), offsets, right=True).unique())
    raise ModelError(
        f"the tokenizer has {len(tokenizer):,} tokens and the model {n_embeddings:,} embeddings, so that it cannot "
        f"read {n_texts:,} texts with {', '.join(names[:3])}{' and others' * (len(names) > 3)}; resize its embeddings "
        "(resize_token_embeddings) and save both again, or take these out of the texts"
    )


def inputs_of(texts: Sequence[str]) -> tuple[list[str], ...]:
    """Return what a tokenizer takes for some texts: the texts, or their first segments and their second ones."""
    if not any(SEGMENT in text for text in texts):
        return (list(texts),)
    firsts, _, seconds = zip(*(text.partition(SEGMENT) for text in texts), strict=True)
    return list(firsts), list(seconds)
