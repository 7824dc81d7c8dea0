"""Frozen parts: they stay to the bit, the rest learns, and computing them once gives what computing always does."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from distil_core.data.sites import Sites
from distil_core.data.tokenization import encode
from distil_core.errors import ConfigError
from distil_core.models import freezing, packing
from distil_core.models.forward import logits_of
from distil_core.models.loading import independent_copy
from distil_core.models.packing import PACKABLE
from distil_core.settings.config import LossConfig, Precision, TrainingConfig
from distil_core.training.events import Step
from distil_core.training.lessons import TrainingData
from distil_core.training.trainer import train
from tests import tiny

CORPUS = tiny.corpus(n_train=30, n_validation=12, n_test=6)
HARD = LossConfig(alpha=0.0)
every_architecture = pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
every_packable = pytest.mark.parametrize("architecture", PACKABLE)


def lessons(architecture: str, **more: Any) -> tuple[TrainingData, TrainingData]:
    words = tiny.tokenizer_for(architecture)
    train_lesson, validation = (
        TrainingData(
            tokens=encode(words, part.texts, max_length=tiny.LENGTH), sites=Sites.of_texts(torch.tensor(part.labels))
        )
        for part in (CORPUS.train, CORPUS.validation)
    )
    return replace(train_lesson, **more), validation


def learned(
    architecture: str = "bert", *, frozen: int, precision: Precision = Precision.FP32, dropout: float = 0.0, **more: Any
) -> tuple[Any, list[float]]:
    """Train a small model, and return it with the losses of its steps."""
    model = tiny.model(architecture, depth=3)
    settings = TrainingConfig(
        epochs=2, batch_size=8, learning_rate=3e-3, precision=precision, frozen=frozen, dropout=dropout
    )
    padding = tiny.tokenizer_for(architecture).pad_token_id
    work = train(
        model, *lessons(architecture, **more), task=tiny.TASK, loss=HARD, training=settings, seed=0, padding=padding
    )
    return model, [event.loss["hard_labels"] for event in work if isinstance(event, Step)]


class TestWhatIsFrozen:
    @every_architecture
    @pytest.mark.parametrize("precision", [Precision.FP32, Precision.BF16])
    def test_it_stays_to_the_bit_and_the_rest_learns(self, architecture: str, precision: Precision) -> None:
        for n in (1,) if architecture == "albert" else (1, 3):
            model, before = learned(architecture, frozen=n, precision=precision)[0], tiny.model(architecture, depth=3)
            still = {id(weight) for part in freezing.parts(model, n) for weight in part.parameters()}
            moved = []
            for (name, after), former in zip(model.named_parameters(), before.parameters(), strict=True):
                assert after.requires_grad
                assert after.dtype == torch.float32
                if id(after) in still:
                    assert torch.equal(after, former), name
                else:
                    moved.append(not torch.equal(after, former))
            assert len(still) >= 2
            assert sum(moved) > 5

    @every_architecture
    def test_parts_are_counted_from_below(self, architecture: str) -> None:
        model = tiny.model(architecture, depth=3)
        words = model.get_input_embeddings()
        assert freezing.parts(model, 0) == []
        assert any(words is module for part in freezing.parts(model, 1) for module in part.modules())
        if architecture == "albert":
            with pytest.raises(ConfigError, match="at most 1 for albert"):
                freezing.parts(model, 2)
            return
        counts = [sum(w.numel() for part in freezing.parts(model, n) for w in part.parameters()) for n in (1, 2, 3)]
        assert counts[2] - counts[1] == pytest.approx(counts[1] - counts[0], rel=0.1)
        assert counts[1] > counts[0]

    def test_it_is_whole_again_when_training_is_stopped(self) -> None:
        model = tiny.model(depth=3)
        settings = TrainingConfig(epochs=1, batch_size=8, precision=Precision.BF16, frozen=2)
        running = train(model, *lessons("bert"), task=tiny.TASK, loss=HARD, training=settings, seed=0, padding=0)
        next(running)
        running.close()
        assert {(weight.dtype, weight.requires_grad) for weight in model.parameters()} == {(torch.float32, True)}


class TestStates:
    @every_packable
    @pytest.mark.parametrize("n", [1, 2, 3])
    def test_computed_once_they_give_the_losses_of_computing_them_always(
        self, architecture: str, n: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        once = learned(architecture, frozen=n)
        monkeypatch.setattr(freezing, "_LIMIT", 0)
        always = learned(architecture, frozen=n)
        assert once[1] == pytest.approx(always[1], rel=1e-4)
        assert max(once[1]) - min(once[1]) > 0.01

    def test_what_is_frozen_drops_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        once = learned(frozen=3, dropout=0.4)[1]
        assert once != learned(frozen=3)[1]
        monkeypatch.setattr(freezing, "_LIMIT", 0)
        assert learned(frozen=3, dropout=0.4)[1] == pytest.approx(once, rel=1e-4)

    @every_packable
    def test_they_are_those_of_the_whole_model(self, architecture: str) -> None:
        model, tokens = tiny.model(architecture), tiny.tokens(architecture)
        examples = torch.tensor([7, 3, 3, 0, 11])
        padding = tiny.tokenizer_for(architecture).pad_token_id
        ids, mask = tokens.padded(examples, padding=padding)
        with torch.inference_mode():
            hidden = model(input_ids=ids, attention_mask=mask.long(), output_hidden_states=True).hidden_states
        for n in (1, 2, tiny.DEPTH):
            lower = freezing.lower_states(model, tokens, n_layers=n - 1, examples=examples)
            assert lower is not None
            for row, example in enumerate(examples.tolist()):
                states = lower.states[tokens.offsets[example] : tokens.offsets[example + 1]]
                torch.testing.assert_close(states, hidden[n - 1][row, : len(states)], atol=1e-5, rtol=1e-4)

    @every_packable
    def test_they_go_on_from_those_of_fewer_layers(self, architecture: str) -> None:
        model, tokens = tiny.model(architecture), tiny.tokens(architecture)
        layers = freezing.LowerLayers(model, {"train": tokens}, n_layers=2)
        assert layers.highest("train") is None
        one, two = layers.states("train", 1), layers.states("train", 2)
        whole = freezing.lower_states(model, tokens, n_layers=2)
        assert one is not None and two is not None and whole is not None  # noqa: PT018
        torch.testing.assert_close(two.states, whole.states, atol=1e-5, rtol=1e-4)
        assert layers.states("train", 1) is one
        assert layers.highest("train") is two
        assert layers.states("train", 3) is None  # the third layer learns

    @every_packable
    def test_answers_from_them_are_those_of_the_whole_model(self, architecture: str) -> None:
        model, tokens = tiny.model(architecture), tiny.tokens(architecture)
        lower = freezing.lower_states(model, tokens, n_layers=2)
        answers = [torch.cat([logits for _, logits in logits_of(model, tokens, padding=0, lower=each)])
                   for each in (None, lower)]  # fmt: skip
        torch.testing.assert_close(*answers, atol=1e-5, rtol=1e-4)

    def test_a_model_in_another_precision_goes_on_from_them(self) -> None:
        model, tokens = tiny.model("bert"), tiny.tokens("bert")
        lower = freezing.lower_states(independent_copy(model, Precision.BF16), tokens, n_layers=2)
        assert lower is not None
        assert lower.states.dtype == torch.bfloat16
        answers = [torch.cat([logits for _, logits in logits_of(model, tokens, padding=0, lower=each)])
                   for each in (None, lower)]  # fmt: skip
        assert answers[1].dtype == torch.float32
        torch.testing.assert_close(*answers, atol=0.05, rtol=0.05)

    def test_validation_goes_on_from_them_too(self) -> None:
        class Counting(torch.nn.Module):
            def __init__(self, layer: torch.nn.Module) -> None:
                super().__init__()
                self.layer, self.n_tokens = layer, 0

            def forward(self, hidden: torch.Tensor, *args: Any, **more: Any) -> Any:
                self.n_tokens += more["packing"].n_tokens
                return self.layer(hidden, *args, **more)

        model = tiny.model(depth=3)
        counting = Counting(model.bert.encoder.layer[0])
        model.bert.encoder.layer[0] = counting
        settings = TrainingConfig(epochs=3, batch_size=8, precision=Precision.FP32, frozen=2)
        both = lessons("bert")
        list(train(model, *both, task=tiny.TASK, loss=HARD, training=settings, seed=0, padding=0))
        assert counting.n_tokens == sum(len(data.tokens.ids) for data in both)

    def test_too_many_are_not_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        model, tokens = tiny.model(), tiny.tokens()
        size = 4 * tiny.WIDTH * len(tokens.ids)
        for limit, kept in ((size, True), (size - 1, False)):
            monkeypatch.setattr(freezing, "_LIMIT", limit)
            assert (freezing.lower_states(model, tokens, n_layers=1) is not None) is kept

    def test_only_what_is_learned_from_is_computed_and_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        usual, asked = packing.packed_states, []

        def spy(model: Any, tokens: Any, batches: Any, **options: Any) -> Any:
            asked.append(sorted(torch.cat(batches).tolist()))
            return usual(model, tokens, batches, **options)

        monkeypatch.setattr(freezing, "packed_states", spy)
        losses = learned(frozen=2, chosen=torch.tensor([3, 5, 5, 8, 13, 21]))[1]
        assert len(losses) >= 2
        assert asked == [[3, 5, 8, 13, 21], list(range(len(CORPUS.validation)))]

    @pytest.mark.parametrize("n_events", [1, 3, 6])
    def test_an_interruption_changes_nothing(self, n_events: int, tmp_path: Path) -> None:
        whole = learned(frozen=2, precision=Precision.BF16)[0]
        settings = TrainingConfig(epochs=2, batch_size=8, learning_rate=3e-3, precision=Precision.BF16, frozen=2)
        checkpoint, model = tmp_path / "checkpoint.safetensors", tiny.model(depth=3)
        options: dict[str, Any] = {"task": tiny.TASK, "loss": HARD, "training": settings, "seed": 0, "padding": 0}
        running = train(model, *lessons("bert"), checkpoint=checkpoint, **options)
        for _ in range(n_events):
            next(running)
        running.close()
        for _ in train(model := tiny.model(depth=3), *lessons("bert"), checkpoint=checkpoint, **options):
            pass
        for ours, theirs in zip(model.parameters(), whole.parameters(), strict=True):
            assert torch.equal(ours, theirs)
