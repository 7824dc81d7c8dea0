"""Batches of texts by a token budget, from neighbors in length."""

import torch
from jaxtyping import Int
from torch import Tensor

_POOL = 16
"""Batches' worth of shuffled texts that are sorted by length together: enough to save padding, few enough to mix."""


def sorted_batches(lengths: Int[Tensor, "examples"], *, n_tokens: int, padded: bool) -> list[Int[Tensor, "batch"]]:
    """Cut all texts, sorted by length, into batches of at most ``n_tokens`` tokens, with padding counted or without.

    A text longer than the budget makes a batch of its own.
    """
    return _cut(torch.argsort(lengths, stable=True), lengths, n_tokens, padded=padded)


def shuffled_batches(
    lengths: Int[Tensor, "examples"], *, n_tokens: int, padded: bool, seed: int, epoch: int
) -> list[Int[Tensor, "batch"]]:
    """Cut all texts into batches of neighbors in length, in an order that ``seed`` and ``epoch`` decide.

    Texts are shuffled, sorted by length within pools of some batches, cut by the token budget, and the batches
    shuffled.
    """
    generator = torch.Generator().manual_seed(seed * 100_003 + epoch)
    order = torch.randperm(len(lengths), generator=generator)
    pool = max(1, int(_POOL * n_tokens / lengths.float().mean().clamp(min=1)))
    batches: list[Tensor] = []
    for part in order.split(pool):
        batches += _cut(part[torch.argsort(lengths[part], stable=True)], lengths, n_tokens, padded=padded)
    return [batches[i] for i in torch.randperm(len(batches), generator=generator).tolist()]


def _cut(
    order: Int[Tensor, "chosen"], lengths: Int[Tensor, "examples"], n_tokens: int, *, padded: bool
) -> list[Int[Tensor, "batch"]]:
    batches, start, total = [], 0, 0
    sizes = lengths[order].tolist()
    for stop, size in enumerate(sizes):
        total += size
        if stop > start and ((stop + 1 - start) * size if padded else total) > n_tokens:
            batches.append(order[start:stop])
            start, total = stop, size
    if start < len(sizes):
        batches.append(order[start:])
    return batches
