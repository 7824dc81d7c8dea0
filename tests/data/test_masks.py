"""Which words are masked: the same for the same arguments, a share of each text, the rare ones more often."""

import pytest
import torch

from distil_core.data.masks import FIXED, Masking, counts_of, mask, unmasked, vocabulary_of
from distil_core.data.sites import UNKNOWN
from distil_core.data.tokenization import Ragged
from distil_core.errors import ModelError
from tests import tiny

VOCABULARY = vocabulary_of(tiny.tokenizer())
TEXTS = tiny.tokens(n=40)


def test_a_share_of_the_words_of_each_text_is_masked_and_no_special_token() -> None:
    part = mask(TEXTS, VOCABULARY, FIXED)
    n_words = TEXTS.lengths - 2  # without the first and the last token, which are special
    assert part.sites.offsets.diff().tolist() == (0.15 * n_words).round().clamp(min=1).long().tolist()
    assert part.sites.positions is not None
    places = TEXTS.offsets[part.sites.rows] + part.sites.positions
    assert (part.tokens.ids[places] == VOCABULARY.mask).all()
    assert (part.sites.targets == TEXTS.ids[places]).all()
    assert not VOCABULARY.special[part.sites.targets].any()
    assert (part.tokens.ids != TEXTS.ids).sum() == len(part.sites)
    assert torch.equal(unmasked(part).ids, TEXTS.ids)


def test_masks_depend_on_seed_and_epoch_alone() -> None:
    masking = Masking(share=0.15)
    drawn = [mask(TEXTS, VOCABULARY, masking, seed=seed, epoch=epoch).tokens.ids for seed, epoch in [(0, 0), (0, 1)]]
    again = mask(TEXTS, VOCABULARY, masking, seed=0, epoch=1).tokens.ids
    other = mask(TEXTS, VOCABULARY, masking, seed=1, epoch=1).tokens.ids
    assert torch.equal(drawn[1], again)
    assert not torch.equal(drawn[0], drawn[1])
    assert not torch.equal(other, again)


def test_what_is_measured_is_masked_by_its_text_alone() -> None:
    """So that the places of a text are known without those beside it."""
    together = mask(TEXTS, VOCABULARY, FIXED)
    for i in (0, 7, 39):
        tokens = Ragged(ids=TEXTS.ids[TEXTS.offsets[i] : TEXTS.offsets[i + 1]], offsets=TEXTS.offsets[[i, i + 1]])
        alone = mask(Ragged(ids=tokens.ids, offsets=tokens.offsets - tokens.offsets[0]), VOCABULARY, FIXED)
        assert together.sites.positions is not None
        assert alone.sites.positions is not None
        places = slice(int(together.sites.offsets[i]), int(together.sites.offsets[i + 1]))
        assert torch.equal(together.sites.positions[places], alone.sites.positions)
    many = mask(Ragged(ids=torch.arange(5, 86).repeat(500).int(), offsets=torch.arange(501) * 81), VOCABULARY, FIXED)
    assert many.sites.positions is not None
    assert len(set(many.sites.positions.tolist())) == 12  # the same text, the same words


def test_a_tenth_reads_as_another_word_and_a_tenth_as_itself() -> None:
    many = Ragged(ids=TEXTS.ids.repeat(60), offsets=torch.cat([TEXTS.offsets[:1], TEXTS.lengths.repeat(60).cumsum(0)]))
    part = mask(many, VOCABULARY, Masking(share=0.5))
    assert part.sites.positions is not None
    read = part.tokens.ids[many.offsets[part.sites.rows] + part.sites.positions]
    masked, same = read == VOCABULARY.mask, read == part.sites.targets
    assert float(masked.float().mean()) == pytest.approx(0.8, abs=0.01)
    assert float(same.float().mean()) == pytest.approx(0.1, abs=0.01)
    assert not VOCABULARY.special[read[~masked]].any()


def test_rare_words_are_masked_more_often_in_proportion_to_their_weights() -> None:
    # One common word and one that is a hundred times as rare, in every text; one of ten words is chosen.
    common, rare = 30, 40
    ids = torch.tensor(([common] * 9 + [rare]) * 4000, dtype=torch.int32)
    texts = Ragged(ids=ids, offsets=torch.arange(0, len(ids) + 1, 10))
    counts = torch.zeros(len(VOCABULARY.special), dtype=torch.long)
    counts[common], counts[rare] = 100_000, 1_000
    for smoothing, weight in ((0.0, 1.0), (0.5, 10.0)):
        part = mask(texts, VOCABULARY, Masking(share=0.1, smoothing=smoothing), counts=counts)
        share = float((part.sites.targets == rare).float().mean())
        assert share == pytest.approx(weight / (weight + 9), abs=0.02)


def test_every_word_can_be_a_site_and_only_those_chosen_have_a_target() -> None:
    chosen = mask(TEXTS, VOCABULARY, Masking(share=0.2))
    every = mask(TEXTS, VOCABULARY, Masking(share=0.2, every_word=True))
    assert torch.equal(chosen.tokens.ids, every.tokens.ids)
    assert len(every.sites) == int((TEXTS.lengths - 2).sum())
    assert torch.equal(every.sites.targets[every.sites.targets != UNKNOWN], chosen.sites.targets)


def test_words_are_counted_and_special_tokens_are_not() -> None:
    counts = counts_of(TEXTS, VOCABULARY)
    assert int(counts.sum()) == int((TEXTS.lengths - 2).sum())
    assert not counts[VOCABULARY.special].any()


def test_a_tokenizer_without_a_mask_is_refused() -> None:
    without = tiny.tokenizer().__class__(tokenizer_object=tiny.tokenizer().backend_tokenizer, pad_token="[PAD]")
    with pytest.raises(ModelError, match="mask token"):
        vocabulary_of(without)
