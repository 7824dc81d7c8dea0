from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from distil_core.analysis.gradients import N_TEXTS, TEMPERATURES, gradient_norms, of_run
from distil_core.data.corpus import Split
from distil_core.runs.folder import RunFolder
from distil_core.settings.config import RunConfig, TeacherConfig
from tests import tiny
from tests.factories import a_prediction, a_run_record, a_text


class Constant(nn.Module):
    """A student that answers the same to every text: its parameters."""

    def __init__(self, *logits: float) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.tensor(logits))
        self.unused = nn.Parameter(torch.ones(3))
        self.device = torch.device("cpu")

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Any:
        return SimpleNamespace(logits=self.logits.expand(len(input_ids), -1))


def norms(student: Any, teacher: list[list[float]], **options: Any) -> Any:
    return gradient_norms(
        student,
        tiny.tokenizer(),
        Split(texts=("then we saw snow",) * len(teacher), labels=(0,) * len(teacher)),
        task=tiny.TASK,
        teacher_logits=torch.tensor(teacher),
        max_length=tiny.LENGTH,
        **options,
    )


def test_gradients_of_a_constant_are_those_of_the_book() -> None:
    student, teacher = torch.tensor([1.0, 0.0, -1.0]), torch.tensor([3.0, 1.0, 0.0])
    gradients = norms(Constant(*student.tolist()), [teacher.tolist()] * 2, temperatures=(0.5, 2.0))
    for temperature, soft, scaled in zip(gradients.temperatures, gradients.soft, gradients.scaled, strict=True):
        # d KL / dz = (q - p) / T (Hinton et al., 2015, eq. 2)
        gap = ((student / temperature).softmax(0) - (teacher / temperature).softmax(0)).norm()
        assert soft == pytest.approx(float(gap / temperature), rel=1e-5)
        assert scaled == pytest.approx(float(gap * temperature), rel=1e-5)
    assert gradients.hard == pytest.approx(float((student.softmax(0) - torch.tensor([1.0, 0.0, 0.0])).norm()), rel=1e-5)
    assert gradients.n_texts == 2


def test_soft_part_falls_with_the_square_of_the_temperature() -> None:
    gradients = norms(Constant(1.0, 0.0, -1.0), [[3.0, 1.0, 0.0]], temperatures=(50.0, 200.0))
    plain, scaled = gradients.falls(50.0, 200.0)
    assert plain == pytest.approx(16, rel=0.05)
    assert scaled == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("n", [6, 80])
def test_student_of_a_run_is_measured_and_left_as_it_is(
    n: int, tmp_path: Path, checkpoint: Callable[..., Path]
) -> None:
    folder = RunFolder(path=tmp_path)
    folder.student.symlink_to(checkpoint(head=True))
    texts = tiny.split(n, seed=1)
    examples = tuple(a_text(text, label) for text, label in zip(texts.texts, texts.labels, strict=True))
    logits = np.random.default_rng(0).normal(size=(n, 3)).astype(np.float32)
    labels = np.array(texts.labels)
    answers = a_prediction(logits, labels, teacher=logits)
    record = a_run_record(config=RunConfig(teacher=TeacherConfig(max_length=16)))
    gradients = of_run(folder, record=record, answers=answers, texts=examples)
    assert gradients.n_texts == min(n, N_TEXTS)
    assert gradients.temperatures == TEMPERATURES
    assert min(*gradients.soft, *gradients.scaled, gradients.hard) > 0
    assert gradients == of_run(folder, record=record, answers=answers, texts=examples)
