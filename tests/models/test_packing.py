import torch

from distil_core.models import packing
from tests import tiny


class TestShapes:
    def test_batches_of_like_size_have_one_shape(self) -> None:
        """Each new shape of a product costs a compiled kernel, in time and in memory."""
        tokens, shapes = tiny.tokens(), set()
        for n_texts in (9, 10, 12):
            _, _, found = packing.pack(tokens, torch.arange(n_texts), first_position=0, dtype=torch.float32)
            assert found.n_texts == n_texts
            shapes.add((found.n_rows, tuple(found.firsts.shape), tuple(found.bias.shape[:1])))
        assert shapes == {(16, (16,), (16,))}

    def test_what_fills_up_is_no_text(self) -> None:
        model, tokens = tiny.model(), tiny.tokens()
        with packing.packed(model), torch.inference_mode():
            logits = packing.packed_logits(model, tokens, torch.arange(9))
        assert logits.shape == (9, model.config.num_labels)


class TestBudget:
    def test_a_full_batch_needs_little_filling_up(self) -> None:
        for n_tokens in (512, 813, 960, 4001):
            found = packing.without_waste(n_tokens)
            assert n_tokens <= found <= 1.125 * n_tokens
            assert found == packing.without_waste(found)

    def test_a_small_one_stays_as_it_is(self) -> None:
        assert packing.without_waste(12) == 12
