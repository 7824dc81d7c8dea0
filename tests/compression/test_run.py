"""The other roads as settings of a run: with its twins, its record and what is left in its folder."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from distil_core.analysis.comparison import settings_title
from distil_core.compression.onnx_model import OnnxModel
from distil_core.errors import ConfigError, MissingExtraError
from distil_core.evaluation.cost import n_parameters
from distil_core.export.lab_student import load_student
from distil_core.models.loading import load_model
from distil_core.models.structured_pruning import blocks
from distil_core.models.units import LayerUnit
from distil_core.runs import foreground
from distil_core.runs.families import family
from distil_core.runs.requests import identify
from distil_core.runs.store import RunStore
from distil_core.settings.canonical import canonical
from distil_core.settings.config import Method, StudentConfig, TeacherConfig, WeightFormat
from tests import tiny


def test_pruned_distilled_and_quantized(lab: tiny.Lab, tmp_path: Path, quick: None) -> None:
    store = RunStore(tmp_path / "store")
    asked = StudentConfig(depth=2, heads=0.5, neurons=0.25, weights=WeightFormat.INT8)
    result = foreground.run_all(lab.config(student=asked), store)
    members = family(store.get(result.run), store)
    assert members is not None
    assert settings_title(result.record.config).startswith(
        "2 layers · 50 % of the heads · 25 % of the neurons · int8 · temperature 2"
    )
    cut = members.twin(Method.LAYER_CUT)
    assert cut is not None
    # Twins are built alike, and the untrained one shows what pruning alone does.
    for member in (members.distilled, cut):
        student = load_model(member.folder.student)
        assert [block.n_units for unit in LayerUnit for block in blocks(student, unit)] == [2, 2, 16, 16]
        assert member.record.model.cost is not None
        assert member.record.model.cost.parameters == n_parameters(student)

    # What was measured is the file in 8 bits, near the weights in fp32 beside it and smaller than they are.
    folder, record = result.folder, result.record
    assert record.model.cost is not None
    assert record.model.cost.bytes == folder.quantized.stat().st_size
    assert record.model.cost.latency_ms is not None
    stored, lab_student = folder.read_predictions().test, load_student(folder, record=record)
    of_file = OnnxModel(folder.quantized, n_threads=1)
    for row in range(5):
        inputs = lab_student.inputs(torch.tensor([row]))
        torch.testing.assert_close(of_file(inputs)[0], torch.from_numpy(stored.logits[row]))
        assert 0 < float((of_file(inputs) - lab_student.answer(inputs)).abs().max()) < 0.5


def test_in_half_and_sparse(lab: tiny.Lab, tmp_path: Path, quick: None) -> None:
    store = RunStore(tmp_path / "store")
    asked = StudentConfig(depth=1, sparsity=0.9, weights=WeightFormat.FP16)
    result = foreground.run_all(lab.config(student=asked), store, twins=False)
    cost, weights = result.record.model.cost, load_file(result.folder.student / "model.safetensors")
    assert {weight.dtype for weight in weights.values()} == {torch.float16}
    matrix = weights["bert.encoder.layer.0.intermediate.dense.weight"]
    assert float((matrix == 0).float().mean()) == pytest.approx(0.9, abs=0.01)
    assert cost is not None
    assert cost.packed_bytes is not None
    assert cost.packed_bytes < cost.bytes == (result.folder.student / "model.safetensors").stat().st_size
    assert cost.bytes < 2.1 * cost.parameters + 10_000
    lab_student = load_student(result.folder, record=result.record)
    answers = torch.cat([lab_student.answer(lab_student.inputs(torch.tensor([row]))) for row in range(5)])
    torch.testing.assert_close(answers, torch.from_numpy(result.folder.read_predictions().test.logits[:5]))


def test_what_cannot_be_done_is_said_before_anything_is_computed(
    lab: tiny.Lab, checkpoint: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = TeacherConfig(source=str(checkpoint("mpnet")))
    with pytest.raises(ConfigError, match=r"student\.heads must be 1 for mpnet"):
        identify([canonical(lab.config(teacher=other, student=StudentConfig(depth=2, heads=0.5)))])
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"A student in int8 needs the 'onnx' extra"):
        identify([canonical(lab.config(student=StudentConfig(depth=2, weights=WeightFormat.INT8)))])
