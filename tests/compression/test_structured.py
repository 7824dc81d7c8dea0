"""Heads and neurons: how important they are, and that they are really gone, in memory and in the file."""

import runpy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForMaskedLM, AutoModelForSequenceClassification, PreTrainedModel

from distil_core.compression.importance import importance, sample_of
from distil_core.compression.structured import prune
from distil_core.data.sites import EncodedSplit, Sites, WordClasses
from distil_core.errors import ConfigError, ModelError
from distil_core.evaluation.cost import n_parameters
from distil_core.export.model_card import FEWER_HEADS
from distil_core.models import forward, loading, surgery
from distil_core.models.head import MASKED_WORDS, REGRESSION, SEQUENCE_CLASSIFICATION
from distil_core.models.structured_pruning import blocks, keep_units
from distil_core.models.units import LayerUnit
from distil_core.settings.config import StudentConfig
from tests import tiny

PRUNABLE = [
    (architecture, unit)
    for architecture in tiny.ARCHITECTURES
    for unit in LayerUnit
    if architecture != "squeezebert" and (architecture, unit) != ("mpnet", LayerUnit.HEADS)
]


def texts(architecture: str = "bert", *, n: int = 6) -> EncodedSplit:
    tokens = tiny.tokens(architecture, n=n)
    return EncodedSplit(tokens=tokens, sites=Sites.of_texts(torch.zeros(n, dtype=torch.long)))


def drained(work):  # type: ignore[no-untyped-def]
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return stop.value


@pytest.mark.parametrize("unit", LayerUnit)
def test_importance_is_the_square_of_what_a_gate_moves(unit: LayerUnit) -> None:
    model, part = tiny.model("bert", depth=2).double(), texts(n=1)
    attention = blocks(model, unit)
    figures = drained(importance(model, part, attention, head=REGRESSION, padding=0, rows=torch.tensor([0]), seed=3))
    inputs = forward.padded_inputs(model, part.tokens, torch.tensor([0]), padding=0)
    along = torch.randn((1, 3), generator=torch.Generator().manual_seed(3)).double()

    def answer(block, index: int, gate: float) -> float:  # type: ignore[no-untyped-def]
        columns = block.reader.weight.data[:, index * block.size : (index + 1) * block.size]
        before = columns.clone()
        columns *= gate
        with torch.no_grad():
            value = float((along * model(**inputs).logits).sum())
        columns.copy_(before)
        return value

    for block, measured in zip(attention, figures, strict=True):
        assert len(measured) == block.n_units
        for index in (0, block.n_units - 1):
            slope = (answer(block, index, 1 + 1e-4) - answer(block, index, 1 - 1e-4)) / 2e-4
            assert float(measured[index]) == pytest.approx(slope**2, rel=1e-3)


def test_a_unit_that_nothing_reads_is_the_first_to_go() -> None:
    model, part = tiny.model("bert", depth=2), texts()
    for unit in LayerUnit:
        for block in blocks(model, unit):
            block.reader.weight.data[:, : 2 * block.size] = 0  # the first two of each
    before = forward.predict(model, part.tokens, padding=0)
    student = StudentConfig(heads=0.5, neurons=62 / 64)
    drained(prune(model, student, part, head=SEQUENCE_CLASSIFICATION, padding=0, seed=0))
    assert [block.n_units for unit in LayerUnit for block in blocks(model, unit)] == [2, 2, 62, 62]
    torch.testing.assert_close(forward.predict(model, part.tokens, padding=0), before)


def test_masked_words_are_asked_for_at_their_sites_alone() -> None:
    model = AutoModelForMaskedLM.from_config(tiny.model("bert", depth=1).config, attn_implementation="eager").eval()
    tokens, decoder = tiny.tokens("bert", n=2), model.get_output_embeddings()
    words = WordClasses(mask=4, special=torch.zeros(decoder.out_features, dtype=torch.bool))
    sites = Sites(
        targets=torch.tensor([7, 8, 9]),
        offsets=torch.tensor([0, 1, 3]),
        positions=torch.tensor([1, 2, 3]),
        vocabulary=words,
    )
    part, rows = EncodedSplit(tokens=tokens, sites=sites), torch.arange(2)
    neurons = blocks(model, LayerUnit.NEURONS)
    (figures,) = drained(importance(model, part, neurons, head=MASKED_WORDS, padding=0, rows=rows))
    assert figures.shape == (2 * tiny.WIDTH,)
    assert bool((figures > 0).all())
    assert model.get_output_embeddings() is decoder
    assert all(weight.requires_grad and weight.grad is None for weight in model.parameters())


@pytest.mark.parametrize(("architecture", "unit"), PRUNABLE)
def test_without_a_unit_is_as_if_nothing_read_it(
    architecture: str, unit: LayerUnit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, part = tiny.model(architecture, depth=2), texts(architecture)
    padding = tiny.tokenizer_for(architecture).pad_token_id
    pruned, n_before = tiny.model(architecture, depth=2), n_parameters(model)
    remaining = []
    for number, block in enumerate(blocks(model, unit)):
        gone = [number, block.n_units - 1]
        remaining.append(torch.tensor([index for index in range(block.n_units) if index not in gone]))
        for index in gone:
            block.reader.weight.data[:, index * block.size : (index + 1) * block.size] = 0
    keep_units(pruned, unit, remaining)
    expected = forward.predict(model, part.tokens, padding=padding)
    torch.testing.assert_close(forward.predict(pruned, part.tokens, padding=padding), expected)

    # What is saved is as small as what was measured, and loads as what it is.
    loading.save(pruned, tiny.tokenizer_for(architecture), tmp_path)
    loaded = loading.load_model(tmp_path)
    assert n_parameters(loaded) == n_parameters(pruned) < n_before
    torch.testing.assert_close(forward.predict(loaded, part.tokens, padding=padding), expected)
    assert type(loaded).__name__ == type(model).__name__

    # With a fresh head for other labels, it is the start of another student, and can be pruned again.
    start = loading.load_model(tmp_path, head=SEQUENCE_CLASSIFICATION, label_names=("yes", "no"))
    assert {block.n_units for block in blocks(start, unit)} == {len(remaining[0])}
    keep_units(start, unit, [torch.tensor([0])] * len(remaining))
    assert forward.predict(start, part.tokens, padding=padding).shape == (len(part.tokens), 2)

    # transformers alone loads it, with a few lines of ours that go with it.
    with monkeypatch.context() as patch:
        patch.setattr(PreTrainedModel, "post_init", PreTrainedModel.post_init)  # as it is again afterwards
        runpy.run_path(str(FEWER_HEADS))
        outside = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    torch.testing.assert_close(forward.predict(outside, part.tokens, padding=padding), expected)

    # It can teach: a student cut out of it lacks the same.
    cut, _ = surgery.cut_student(loaded, StudentConfig(depth=1))
    assert {block.n_units for block in blocks(cut, unit)} == {len(remaining[0])}


def test_what_cannot_be_taken_out_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"student\.heads must be 1 for mpnet"):
        blocks(tiny.model("mpnet"), LayerUnit.HEADS)
    with pytest.raises(ConfigError, match=r"student\.neurons must be 1 for squeezebert"):
        blocks(tiny.model("squeezebert"), LayerUnit.NEURONS)


def test_a_number_of_heads_that_is_none_is_refused(tmp_path: Path) -> None:
    model = tiny.model("bert", depth=1)
    model.config.kept_heads = 9
    loading.save(model, tiny.tokenizer_for("bert"), tmp_path)
    with pytest.raises(ModelError, match=r"kept_heads .* must be from 1 to 4, got 9"):
        loading.load_model(tmp_path)


def test_a_sample_has_few_texts_and_few_tokens() -> None:
    part = texts(n=300)
    rows = sample_of(part, seed=0)
    assert len(rows) == 256 == len(set(rows.tolist()))
    assert rows.tolist() != sample_of(part, seed=1).tolist()
    longer = replace(part, tokens=replace(part.tokens, offsets=part.tokens.offsets * 1000))
    assert len(sample_of(longer, seed=0)) < 5
