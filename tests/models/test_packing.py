import pytest
import torch

from distil_core.data.sites import Sites
from distil_core.models import forward, packing
from distil_core.models.head import QUESTION_ANSWERING, TOKEN_CLASSIFICATION
from distil_core.models.loading import load_model
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


class TestEveryToken:
    """A head that answers each token has, at its sites, what it has with padding."""

    @pytest.mark.parametrize("head", [TOKEN_CLASSIFICATION, QUESTION_ANSWERING], ids=lambda head: head.kind)
    @pytest.mark.parametrize("architecture", packing.PACKABLE)
    def test_logits_and_gradients_are_those_of_the_padded_model(self, architecture: str, head, tmp_path) -> None:
        tiny.save(architecture, tmp_path)
        names = ("O", "B-X", "I-X") if head is TOKEN_CLASSIFICATION else ("start", "end")
        model = load_model(tmp_path, head=head, label_names=names)
        tokens, padding = tiny.tokens(architecture), tiny.tokenizer_for(architecture).pad_token_id
        sites = _every_other_token(tokens)
        examples = torch.tensor([3, 0, 7, 11, 2])
        ids, mask = tokens.padded(examples, padding=padding)
        output = model(input_ids=ids, attention_mask=mask.long())
        _, padded = forward.at_sites(packing.scores_of(output), sites, examples)
        padded.square().sum().backward()
        expected = [padded, *(p.grad for p in model.parameters() if p.grad is not None)]
        model.zero_grad()
        with packing.packed(model, every_token=True):
            _, logits = forward.at_sites(packing.packed_logits(model, tokens, examples), sites, examples)
        logits.square().sum().backward()
        found = [logits, *(p.grad for p in model.parameters() if p.grad is not None)]
        assert logits.shape == (int(sum(sites.offsets[examples + 1] - sites.offsets[examples])), len(names))
        assert logits.std(dim=0).max() > 1e-3  # else this says nothing
        for whole, short in zip(expected, found, strict=True):
            torch.testing.assert_close(short, whole, atol=1e-4, rtol=1e-4)

    def test_a_prediction_is_in_the_order_of_the_sites(self, tmp_path) -> None:
        tiny.save("bert", tmp_path)
        model = load_model(tmp_path, head=TOKEN_CLASSIFICATION, label_names=("O", "B-X", "I-X"))
        tokens = tiny.tokens()
        sites = _every_other_token(tokens)
        found = forward.predict(model, tokens, padding=0, sites=sites)
        for i in range(len(tokens)):
            ids = tokens.ids[tokens.offsets[i] : tokens.offsets[i + 1]].long()[None]
            with torch.inference_mode():
                alone = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0, 1::2]
            torch.testing.assert_close(found[sites.offsets[i] : sites.offsets[i + 1]], alone, atol=1e-4, rtol=0)


def _every_other_token(tokens) -> Sites:
    positions = [torch.arange(1, length, 2) for length in tokens.lengths.tolist()]
    offsets = torch.tensor([0, *(len(part) for part in positions)]).cumsum(0)
    return Sites(
        targets=torch.zeros(int(offsets[-1]), dtype=torch.int64), offsets=offsets, positions=torch.cat(positions)
    )
