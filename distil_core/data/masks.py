"""Words of texts masked, to be predicted from the others: which are chosen, and what a model reads in their place."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from distil_core.data.sites import UNKNOWN, EncodedSplit, Sites, WordClasses
from distil_core.data.tokenization import Ragged
from distil_core.errors import ModelError

_MASKED, _REPLACED = 0.8, 0.1
"""Of the chosen words, what share reads as the mask and what share as any other word (Devlin et al., 2019,
arXiv:1810.04805, §3.1); the rest stays as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Masking:
    """How words are chosen for one epoch, and what becomes of them.

    Attributes:
        share: Share of the words of each text that are chosen, at least one of them.
        smoothing: A word that occurs ``n`` times weighs ``n^-smoothing`` when words are chosen; 0: all alike.
        disguise: Whether some of the chosen words read as another word or as themselves instead of the mask.
        every_word: Whether every word is a site; those that are not chosen have no target.
        by_text: Whether the words of a text are chosen by what it says alone, whatever stands beside it.
    """

    share: float
    smoothing: float = 0.0
    disguise: bool = True
    every_word: bool = False
    by_text: bool = False


FIXED = Masking(share=0.15, disguise=False, by_text=True)
"""How the words that a model is measured on are masked, the same for all models."""


def vocabulary_of(tokenizer: Any) -> WordClasses:
    """Return what is known of the words of a tokenizer.

    Raises:
        ModelError: If it has no mask.
    """
    if tokenizer.mask_token_id is None:
        raise ModelError(
            "a teacher for masked words must have a tokenizer with a mask token, got one without; choose another"
        )
    special = torch.zeros(len(tokenizer), dtype=torch.bool)
    special[tokenizer.all_special_ids] = True
    return WordClasses(mask=tokenizer.mask_token_id, special=special)


def counts_of(tokens: Ragged, vocabulary: WordClasses) -> Int[Tensor, "vocabulary"]:
    """Return how often each word stands in some texts; special tokens count nothing."""
    counts = torch.bincount(tokens.ids.cpu().long(), minlength=len(vocabulary.special))
    return counts.masked_fill(vocabulary.special.cpu(), 0)


def mask(
    tokens: Ragged,
    vocabulary: WordClasses,
    masking: Masking,
    *,
    counts: Int[Tensor, "vocabulary"] | None = None,
    seed: int = 0,
    epoch: int = 0,
) -> EncodedSplit:
    """Choose words of each text, and return what a model reads and what it is to predict.

    Which words are chosen depends on the arguments alone. Words of a text are drawn without replacement, the rare ones
    more often, as DistilBERT did (Sanh et al., 2019, arXiv:1910.01108), but a share of each text and not of a batch.

    Args:
        tokens: Texts as they are.
        vocabulary: Of their tokenizer.
        masking: How words are chosen.
        counts: How often each word occurs, where the smoothing needs that.
        seed: Of the run.
        epoch: Counted from 0; each has words of its own.
    """
    generator = torch.Generator().manual_seed(seed * 1_000_033 + epoch)
    device, ids = tokens.ids.device, tokens.ids.cpu().long()
    offsets, special = tokens.offsets.cpu(), vocabulary.special.cpu()
    rows = torch.repeat_interleave(offsets.diff())
    words = (~special[ids]).nonzero()[:, 0]
    row_of_word = rows[words]
    n_words = torch.bincount(row_of_word, minlength=len(tokens))
    n_chosen = (masking.share * n_words).round().long().clamp(min=1).minimum(n_words)
    # Exponential keys whose rates are the weights: the smallest are a draw without replacement.
    if masking.by_text:
        keys = -_uniform(ids, offsets, rows)[words].log()
    else:
        keys = torch.empty(len(words), dtype=torch.float64).exponential_(generator=generator)
    if masking.smoothing and counts is not None:
        keys *= counts[ids[words]].clamp(min=1).double() ** masking.smoothing
    by_key = torch.argsort(keys, stable=True)
    order = by_key[torch.argsort(row_of_word[by_key], stable=True)]
    rank = torch.arange(len(order)) - (n_words.cumsum(0) - n_words)[row_of_word[order]]
    chosen = words[order[rank < n_chosen[row_of_word[order]]]].sort().values
    sites = _sites(ids, offsets, rows, words if masking.every_word else chosen, chosen, vocabulary)
    read = ids.clone()
    read[chosen] = _disguised(ids[chosen], vocabulary, special, generator) if masking.disguise else vocabulary.mask
    return EncodedSplit(tokens=replace(tokens, ids=read.int()), sites=sites).to(device)


def _uniform(ids: Tensor, offsets: Tensor, rows: Tensor) -> Float[Tensor, "tokens"]:
    """Return a number between 0 and 1 for each token, which follows from its text and its place in it."""
    positions = torch.arange(len(ids)) - offsets[rows]
    texts = torch.zeros(len(offsets) - 1, dtype=torch.int64).index_add_(0, rows, _mixed(ids * 1_000_003 + positions))
    return ((_mixed(texts[rows] + positions) & (2**53 - 1)).double() + 0.5) / 2**53


def _mixed(numbers: Int[Tensor, "tokens"]) -> Int[Tensor, "tokens"]:
    """Return numbers in which each bit depends on every bit of the others, as SplitMix64 does (Steele et al., 2014)."""
    for shift, factor in ((30, -0x40A7B892E31B1A47), (27, -0x6B2FB644ECCEEE15)):
        numbers = (numbers ^ (numbers >> shift)) * factor
    return numbers ^ (numbers >> 31)


def _sites(
    ids: Tensor, offsets: Tensor, rows: Tensor, places: Tensor, chosen: Tensor, vocabulary: WordClasses
) -> Sites:
    targets = torch.full_like(ids, UNKNOWN)
    targets[chosen] = ids[chosen]
    n_sites = torch.bincount(rows[places], minlength=len(offsets) - 1)
    return Sites(
        targets=targets[places],
        offsets=torch.cat([n_sites.new_zeros(1), n_sites.cumsum(0)]),
        positions=places - offsets[rows[places]],
        vocabulary=vocabulary,
    )


def _disguised(
    words: Tensor, vocabulary: WordClasses, special: Tensor, generator: torch.Generator
) -> Int[Tensor, "chosen"]:
    fate = torch.rand(len(words), generator=generator)
    usable = (~special).nonzero()[:, 0]
    others = usable[torch.randint(len(usable), words.shape, generator=generator)]
    read = torch.where(fate < _MASKED, torch.full_like(words, vocabulary.mask), words)
    return torch.where((fate >= _MASKED) & (fate < _MASKED + _REPLACED), others, read)


def unmasked(part: EncodedSplit) -> Ragged:
    """Return the texts of a split as they were before words of them were masked."""
    tokens, sites = part.tokens, part.sites
    if sites.positions is None:
        return tokens
    known = sites.known
    ids = tokens.ids.clone()
    ids[(tokens.offsets[sites.rows] + sites.positions)[known]] = sites.targets[known].int()
    return replace(tokens, ids=ids)


def smoothed(counts: Int[Tensor, "vocabulary"]) -> Float[Tensor, "vocabulary"]:
    """Return the logarithm of how likely each word is, by how often it occurs, and once more than that."""
    return ((counts + 1.0) / (counts + 1.0).sum()).log()
