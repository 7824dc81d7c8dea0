"""Weights that are kept in 8 bits and computed with in fp32."""

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForMaskedLM

from distil_core.compression.onnx_model import OnnxModel, quantize_weights, write_onnx
from tests import tiny

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


@pytest.mark.parametrize(("architecture", "words"), [("bert", False), ("distilbert", True)])
def test_no_weight_moves_by_more_than_half_a_step(architecture: str, words: bool, tmp_path: Path) -> None:
    model = tiny.model(architecture)
    if words:
        model = AutoModelForMaskedLM.from_config(model.config).eval()
    whole, small = tmp_path / "whole.onnx", tmp_path / "small.onnx"
    write_onnx(model, whole, metadata={"run": "a"})
    quantize_weights(whole, small)
    assert small.stat().st_size < 0.6 * whole.stat().st_size  # of matrices of 32 columns, scales and names are a part
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, torch.nn.Linear | torch.nn.Embedding):
                scale = module.weight.abs().amax(dim=1, keepdim=True).clamp(min=1e-12) / 127
                module.weight.copy_((module.weight / scale).round() * scale)
    ids, mask = tiny.tokens(architecture).padded(torch.tensor([3, 0, 7]), padding=model.config.pad_token_id)
    inputs = {"input_ids": ids, "attention_mask": mask.long()}
    with torch.inference_mode():
        expected = model(**inputs).logits
    answers = OnnxModel(small, n_threads=1)(inputs)
    torch.testing.assert_close(answers[mask] if words else answers, expected[mask] if words else expected,
                               atol=1e-4, rtol=1e-3)  # fmt: skip
