"""Laws of batches: every text once, never more tokens than the budget, and padding that can be taken off again."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from distil_core.data.batches import shuffled_batches, sorted_batches
from distil_core.data.tokenization import Ragged

all_lengths = st.lists(st.integers(1, 30), min_size=1, max_size=60).map(torch.tensor)


@given(lengths=all_lengths, n_tokens=st.integers(1, 200), seed=st.integers(0, 10**9), epoch=st.integers(0, 1000))
def test_every_text_is_in_one_batch_and_no_batch_is_too_large(
    lengths: torch.Tensor, n_tokens: int, seed: int, epoch: int
) -> None:
    for padded in (True, False):
        for batches in (
            sorted_batches(lengths, n_tokens=n_tokens, padded=padded),
            shuffled_batches(lengths, n_tokens=n_tokens, padded=padded, seed=seed, epoch=epoch),
        ):
            assert sorted(torch.cat(batches).tolist()) == list(range(len(lengths)))
            for batch in batches:
                size = len(batch) * int(lengths[batch].max()) if padded else int(lengths[batch].sum())
                assert len(batch) == 1 or size <= n_tokens


@given(lengths=all_lengths, data=st.data())
def test_padding_can_be_taken_off_again(lengths: torch.Tensor, data: st.DataObject) -> None:
    offsets = torch.cat([torch.zeros(1, dtype=torch.int64), lengths.cumsum(0)])
    tokens = Ragged(ids=torch.arange(int(lengths.sum())) + 1, offsets=offsets)
    chosen = data.draw(st.lists(st.integers(0, len(lengths) - 1), min_size=1, max_size=8))
    ids, mask = tokens.padded(torch.tensor(chosen), padding=0)
    assert torch.equal(ids != 0, mask)
    assert mask.sum(dim=1).tolist() == lengths[chosen].tolist()
    for row, text in enumerate(chosen):
        assert torch.equal(ids[row][mask[row]], tokens.ids[offsets[text] : offsets[text + 1]])
