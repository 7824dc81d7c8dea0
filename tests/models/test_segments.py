"""Texts of two segments: on every way through a model they are what transformers makes of the pair."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from distil_core.data.corpus import SEGMENT, split_segments
from distil_core.data.sites import Sites
from distil_core.data.tokenization import Ragged, encode
from distil_core.models.embeddings import trim_embedding
from distil_core.models.forward import logits_of, padded_inputs, predict, states_of
from distil_core.models.freezing import lower_states
from distil_core.models.heads import output_layer
from distil_core.models.packing import PACKABLE
from distil_core.settings.config import LossConfig, Precision, TrainingConfig
from distil_core.training.events import Step
from distil_core.training.head_fitting import fit_head
from distil_core.training.lessons import TrainingData
from distil_core.training.trainer import train
from tests import tiny

every_architecture = pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
PAIRS = tiny.pairs(12, seed=5)
LENGTH = 24
TARGETS = torch.arange(len(PAIRS)) % 3


def ours(architecture: str) -> Ragged:
    return encode(tiny.tokenizer_for(architecture), PAIRS, max_length=LENGTH)


def padding_of(architecture: str) -> int:
    return int(tiny.tokenizer_for(architecture).pad_token_id)


def plainly(model: Any, architecture: str, **outputs: bool) -> list[Any]:
    """What transformers makes of each pair on its own."""
    words = tiny.tokenizer_for(architecture)
    with torch.inference_mode():
        return [
            model(**words(*split_segments(pair), truncation=True, max_length=LENGTH, return_tensors="pt"), **outputs)
            for pair in PAIRS
        ]


def logits(outputs: list[Any]) -> Tensor:
    return torch.cat([output.logits for output in outputs])


@every_architecture
def test_logits_are_those_of_transformers(architecture: str) -> None:
    model, tokens = tiny.model(architecture), ours(architecture)
    assert tokens.n_truncated > 0
    expected, answers = logits(plainly(model, architecture)), predict(model, tokens, padding=padding_of(architecture))
    torch.testing.assert_close(answers, expected, atol=1e-4, rtol=0)
    # Where a model has token types, they make a difference.
    without = predict(model, replace(tokens, types=None), padding=padding_of(architecture))
    assert torch.allclose(without, expected, atol=1e-4) is (architecture not in tiny.TYPED)


@every_architecture
def test_padded_logits_are_those_of_transformers(architecture: str) -> None:
    model, tokens = tiny.model(architecture), ours(architecture)
    inputs = padded_inputs(model, tokens, torch.arange(len(PAIRS)), padding=padding_of(architecture))
    assert ("token_type_ids" in inputs) is (architecture in tiny.TYPED)
    with torch.inference_mode():
        answers = model(**inputs).logits
    torch.testing.assert_close(answers, logits(plainly(model, architecture)), atol=1e-4, rtol=0)


@every_architecture
def test_hidden_states_are_those_of_transformers(architecture: str) -> None:
    model, tokens = tiny.model(architecture), ours(architecture)
    expected = plainly(model, architecture, output_hidden_states=True)
    for examples, output in states_of(model, tokens, padding=padding_of(architecture), output_hidden_states=True):
        for row, example in enumerate(examples.tolist()):
            states = expected[example].hidden_states[-1][0]
            torch.testing.assert_close(output.hidden_states[-1][row, : len(states)], states, atol=1e-4, rtol=0)


@pytest.mark.parametrize("architecture", PACKABLE)
@pytest.mark.parametrize("n_layers", [0, 2])
def test_what_lower_layers_put_out_knows_the_segments(architecture: str, n_layers: int) -> None:
    model, tokens = tiny.model(architecture), ours(architecture)
    lower = lower_states(model, tokens, n_layers=n_layers)
    head = torch.zeros(len(PAIRS), 3)
    for chosen, answers in logits_of(model, tokens, padding=padding_of(architecture), lower=lower):
        head[chosen] = answers
    torch.testing.assert_close(head, logits(plainly(model, architecture)), atol=1e-4, rtol=0)


@every_architecture
def test_learning_starts_from_what_transformers_answers(architecture: str) -> None:
    """Packed or padded, the loss of the first step is the cross-entropy of transformers' logits."""
    model, padding = tiny.model(architecture), padding_of(architecture)
    trimmed = trim_embedding(model, [ours(architecture).ids], padding=padding)
    lesson = TrainingData(tokens=ours(architecture).with_ids(trimmed.lookup), sites=Sites.of_texts(TARGETS))
    expected = float(cross_entropy(logits(plainly(tiny.model(architecture), architecture)), TARGETS))
    training = TrainingConfig(epochs=1, batch_size=3 * len(PAIRS), precision=Precision.FP32)
    running = train(
        model,
        lesson,
        lesson,
        task=tiny.TASK,
        loss=LossConfig(alpha=0.0),
        training=training,
        seed=0,
        padding=int(trimmed.lookup[padding]),
    )
    losses = [event.loss["hard_labels"] for event in running if isinstance(event, Step)]
    assert losses == pytest.approx([expected], abs=1e-4)


@every_architecture
def test_a_head_is_fitted_to_what_transformers_puts_below_it(architecture: str) -> None:
    model, other, padding = tiny.model(architecture), tiny.model(architecture), padding_of(architecture)
    lesson = TrainingData(tokens=ours(architecture), sites=Sites.of_texts(TARGETS))
    fit_head(model, lesson, task=tiny.TASK, padding=padding)
    output_layer(other).load_state_dict(output_layer(model).state_dict())
    torch.testing.assert_close(
        predict(model, lesson.tokens, padding=padding), logits(plainly(other, architecture)), atol=1e-4, rtol=0
    )


def test_a_tokenizer_that_tells_more_than_a_model_takes_does_no_harm() -> None:
    model, tokens = tiny.model("distilbert"), ours("bert")
    assert tokens.types is not None
    expected = predict(model, replace(tokens, types=None), padding=0)
    assert torch.equal(predict(model, tokens, padding=0), expected)


def test_one_segment_has_no_types() -> None:
    assert encode(tiny.tokenizer(), [pair.partition(SEGMENT)[0] for pair in PAIRS], max_length=LENGTH).types is None
