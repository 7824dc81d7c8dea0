"""Published formulas do not drift: every loss and distribution against literal numbers from another route."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from distil_core.functional import loss_inputs, losses, vector_losses
from distil_core.functional.distributions import entropy, jensen_shannon, kl, log_soften, loyalty, soften
from distil_core.settings.config import LossConfig
from tests.golden.reference import TEMPERATURES

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "values.json").read_text(encoding="utf-8"))

Case = tuple[dict[str, Tensor], dict[str, Any]]
PRECISIONS = {torch.float64: {"rtol": 1e-12, "atol": 1e-12}, torch.float32: {"rtol": 2e-5, "atol": 2e-6}}


@pytest.fixture(params=list(GOLDEN))
def golden(request: pytest.FixtureRequest) -> dict[str, Any]:
    return GOLDEN[request.param]


@pytest.fixture(params=list(PRECISIONS), ids=str)
def dtype(request: pytest.FixtureRequest) -> torch.dtype:
    return request.param


@pytest.fixture
def given(golden: dict[str, Any], dtype: torch.dtype) -> dict[str, Tensor]:
    tensors = {name: torch.tensor(value) for name, value in golden["inputs"].items()}
    return {
        name: torch.tensor(golden["inputs"][name], dtype=dtype) if tensor.is_floating_point() else tensor
        for name, tensor in tensors.items()
    }


def same(actual: Tensor, expected: Any, dtype: torch.dtype) -> None:
    assert actual.dtype == dtype
    torch.testing.assert_close(actual, torch.tensor(expected, dtype=dtype), **PRECISIONS[dtype])


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_soft_labels(golden: dict[str, Any], given: dict[str, Tensor], dtype: torch.dtype, temperature: float) -> None:
    actual = losses.soft_labels(given["student_logits"], given["teacher_logits"], temperature=temperature)
    same(actual, golden["values"]["losses"][f"soft_labels_{temperature:g}"], dtype)


def test_logit_losses(golden: dict[str, Any], given: dict[str, Tensor], dtype: torch.dtype) -> None:
    expected = golden["values"]["losses"]
    same(losses.hard_labels(given["student_logits"], given["labels"]), expected["hard_labels"], dtype)
    same(losses.logit_mse(given["student_logits"], given["teacher_logits"]), expected["logit_mse"], dtype)


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_similarity_kl(
    golden: dict[str, Any], given: dict[str, Tensor], dtype: torch.dtype, temperature: float
) -> None:
    actual = vector_losses.similarity_kl(given["student_logits"], given["teacher_logits"], temperature=temperature)
    same(actual, golden["values"]["losses"][f"similarity_kl_{temperature:g}"], dtype)


def test_vector_cosine(golden: dict[str, Any], given: dict[str, Tensor], dtype: torch.dtype) -> None:
    actual = vector_losses.vector_cosine(given["student_logits"], given["teacher_logits"])
    same(actual, golden["values"]["losses"]["vector_cosine"], dtype)


@pytest.mark.parametrize("name", ["hidden_cosine", "hidden_mse"])
def test_hidden_losses(golden: dict[str, Any], given: dict[str, Tensor], dtype: torch.dtype, name: str) -> None:
    loss = getattr(losses, name)
    actual = loss(given["student_hidden"], given["teacher_hidden"], given["mask"], projection=given["projection"])
    same(actual, golden["values"]["losses"][name], dtype)


@pytest.mark.parametrize(
    ("student", "name"),
    [("student_attention", "attention_kl"), ("fewer_heads_attention", "attention_kl_fewer_heads")],
)
def test_attention_kl(
    golden: dict[str, Any], given: dict[str, Tensor], dtype: torch.dtype, student: str, name: str
) -> None:
    actual = losses.attention_kl(given[student], given["teacher_attention"], given["mask"])
    same(actual, golden["values"]["losses"][name], dtype)


def test_all_together(golden: dict[str, Any], given: dict[str, Tensor], dtype: torch.dtype) -> None:
    def outputs(who: str) -> loss_inputs.ModelOutputs:
        return loss_inputs.ModelOutputs(
            logits=given[f"{who}_logits"],
            last_hidden=given[f"{who}_hidden"],
            hidden=(given[f"{who}_hidden"],),
            attention=(given[f"{who}_attention"],),
        )

    config = LossConfig(temperature=2.0, alpha=0.7, logit_mse=0.01, hidden_cosine=0.5, hidden_mse=0.2, attention_kl=3.0)
    loss = losses.distillation_loss(
        outputs("student"),
        outputs("teacher"),
        given["labels"],
        config,
        mask=given["mask"],
        projection=given["projection"],
    )
    same(loss.total, golden["values"]["losses"]["distillation_loss"], dtype)


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_soften(golden: dict[str, Any], given: dict[str, Tensor], dtype: torch.dtype, temperature: float) -> None:
    expected = golden["values"]["soften"][f"{temperature:g}"]
    same(soften(given["teacher_logits"], temperature), expected, dtype)
    same(log_soften(given["teacher_logits"], temperature).exp(), expected, dtype)


def test_distributions(golden: dict[str, Any], given: dict[str, Tensor], dtype: torch.dtype) -> None:
    teacher, student = log_soften(given["teacher_logits"], 1.0), log_soften(given["student_logits"], 1.0)
    expected = golden["values"]
    same(entropy(teacher), expected["entropy"], dtype)
    same(kl(teacher, student), expected["kl"], dtype)
    same(jensen_shannon(teacher, student), expected["jensen_shannon"], dtype)
    same(loyalty(teacher, student), expected["loyalty"], dtype)


def test_the_reference_shares_no_code_with_the_package() -> None:
    code = (
        "import sys, tests.golden.write; print([m for m in sys.modules if m.split('.')[0] in ('distil_core', 'torch')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_file_is_what_the_command_writes() -> None:
    from tests.golden.reference import values
    from tests.golden.write import CASES

    assert list(GOLDEN) == list(CASES)
    for name, case in CASES.items():
        assert GOLDEN[name]["inputs"].keys() == case.keys()
        expected = values(GOLDEN[name]["inputs"])
        assert GOLDEN[name]["values"]["losses"] == pytest.approx(expected["losses"], rel=1e-12)
