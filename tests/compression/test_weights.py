"""The form in which weights are kept: rounded, and the smallest ones 0."""

import pytest
import torch

from distil_core.compression.weights import settle, zero_smallest
from distil_core.settings.canonical import canonical
from distil_core.settings.config import RunConfig, StudentConfig, WeightFormat
from distil_core.settings.identity import fingerprint
from tests import tiny


def test_the_smallest_weights_become_zero() -> None:
    weight = torch.tensor([[3.0, -0.1, 0.2], [-5.0, 0.3, -4.0]])
    zero_smallest(weight, 0.5)
    assert weight.tolist() == [[3.0, 0.0, 0.0], [-5.0, 0.0, -4.0]]
    whole = weight.clone()
    zero_smallest(weight, 0.0)
    assert torch.equal(weight, whole)


@pytest.mark.parametrize(
    ("weights", "dtype"), [(WeightFormat.FP16, torch.float16), (WeightFormat.BF16, torch.bfloat16)]
)
def test_all_weights_are_numbers_of_the_format(weights: WeightFormat, dtype: torch.dtype) -> None:
    model, before = tiny.model("bert", depth=1), tiny.model("bert", depth=1)
    model.classifier.weight.data[0, 0] = 1e38  # beyond fp16, and still no infinity
    settle(model, StudentConfig(weights=weights))
    for name, weight in model.named_parameters():
        assert torch.equal(weight, weight.to(dtype).float()), name
        assert bool(weight.isfinite().all())
    torch.testing.assert_close(model.bert.pooler.dense.weight, before.bert.pooler.dense.weight, rtol=1e-2, atol=1e-6)


def test_zeros_are_in_the_matrices_of_the_layers_alone() -> None:
    model, before = tiny.model("bert", depth=1), tiny.model("bert", depth=1)
    settle(model, StudentConfig(sparsity=0.75))
    dense = model.bert.encoder.layer[0].output.dense
    assert float((dense.weight == 0).float().mean()) == 0.75
    for name in ("classifier", "bert.embeddings.word_embeddings", "bert.encoder.layer.0.output.LayerNorm"):
        assert torch.equal(model.get_submodule(name).weight, before.get_submodule(name).weight)


def test_roads_rename_no_run_that_takes_none_and_mean_nothing_without_layers() -> None:
    def name(**student: object) -> str:
        config = canonical(RunConfig(task="embeddings", student=StudentConfig(**student)))  # type: ignore[arg-type]
        return fingerprint(config, corpus_digest="c", teacher_digest="t")

    assert name(depth=2) == name(depth=2, heads=1.0, neurons=1.0, sparsity=0.0, weights=WeightFormat.FP32)
    changed = [{"heads": 0.5}, {"neurons": 0.5}, {"sparsity": 0.5}, {"weights": WeightFormat.INT8}]
    assert len({name(depth=2, **change) for change in changed} | {name(depth=2)}) == 5
    assert name(depth=0) == name(depth=0, heads=0.5, neurons=0.5, sparsity=0.5)
    assert name(depth=0) != name(depth=0, weights=WeightFormat.FP16)
