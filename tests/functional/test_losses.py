"""The whole loss: what is weighed, what is skipped, what is missing."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from distil_core.errors import ConfigError
from distil_core.functional import losses
from distil_core.functional.loss_inputs import ModelOutputs
from distil_core.functional.losses import distillation_loss
from distil_core.settings.config import LossConfig

MASK = torch.tensor([[True, True, True, True], [True, True, False, False]])
LABELS = torch.tensor([0, 2])
EVERYTHING = LossConfig(temperature=2.0, alpha=0.5, logit_mse=1.0, hidden_cosine=1.0, hidden_mse=1.0, attention_kl=1.0)


def outputs(*, n_layers: int = 2, width: int = 6, heads: int = 2) -> ModelOutputs:
    return ModelOutputs(
        logits=torch.randn(2, 3, requires_grad=True),
        last_hidden=torch.randn(2, 4, width),
        hidden=tuple(torch.randn(2, 4, width) for _ in range(n_layers)),
        attention=tuple(torch.randn(2, heads, 4, 4).softmax(dim=-1) for _ in range(n_layers)),
    )


def test_hard_labels_by_hand() -> None:
    logits = torch.tensor([[0.8, 0.1, 0.1], [0.25, 0.5, 0.25]]).log()
    assert losses.hard_labels(logits, LABELS).item() == pytest.approx(-(math.log(0.8) + math.log(0.25)) / 2)


def test_labels_that_are_not_told_do_not_count() -> None:
    logits = torch.tensor([[0.8, 0.1, 0.1], [0.25, 0.5, 0.25]]).log()
    weights = torch.tensor([0.0, 2.0])
    assert losses.hard_labels(logits, LABELS, weights=weights).item() == pytest.approx(-math.log(0.25))
    both = ModelOutputs(logits=logits)
    whole = distillation_loss(both, both, LABELS, LossConfig(alpha=0.9), label_weights=weights)
    assert whole.parts["hard_labels"].item() == pytest.approx(-0.1 * math.log(0.25))
    assert whole.parts["soft_labels"].item() == pytest.approx(0.0, abs=1e-6)


def test_soft_labels_by_hand() -> None:
    teacher, student = torch.tensor([[0.9, 0.1]]).log(), torch.tensor([[0.5, 0.5]]).log()
    expected = 0.9 * math.log(0.9 / 0.5) + 0.1 * math.log(0.1 / 0.5)
    assert losses.soft_labels(student, teacher, temperature=1.0).item() == pytest.approx(expected)
    assert losses.soft_labels(2 * student, 2 * teacher, temperature=2.0).item() == pytest.approx(4 * expected)


def test_logit_mse_by_hand() -> None:
    student, teacher = torch.tensor([[1.0, 2.0], [0.0, 0.0]]), torch.tensor([[3.0, 1.0], [0.0, 1.0]])
    assert losses.logit_mse(student, teacher).item() == pytest.approx((0.5 * (4 + 1) + 0.5 * 1) / 2)


def test_hidden_losses_by_hand() -> None:
    student, teacher = torch.tensor([[[1.0, 0.0], [0.0, 2.0]]]), torch.tensor([[[0.0, 3.0], [0.0, 1.0]]])
    mask = torch.tensor([[True, True]])
    assert losses.hidden_cosine(student, teacher, mask).item() == pytest.approx((1 + 0) / 2)
    assert losses.hidden_cosine(student, -teacher, mask).item() == pytest.approx((1 + 2) / 2)
    assert losses.hidden_mse(student, teacher, mask).item() == pytest.approx(((1 + 9) / 2 + 1 / 2) / 2)


def test_attention_by_hand() -> None:
    teacher = torch.tensor([[[[1.0, 0.0], [0.5, 0.5]]]])
    student = torch.tensor([[[[0.5, 0.5], [0.5, 0.5]]]])
    mask = torch.tensor([[True, True]])
    assert losses.attention_kl(student, teacher, mask).item() == pytest.approx(math.log(2) / 2)
    # Two heads of the teacher that together look like the student's one.
    split = torch.stack([torch.tensor([[1.0, 0.0], [1.0, 0.0]]), torch.tensor([[0.0, 1.0], [0.0, 1.0]])])[None]
    assert losses.attention_kl(student, split, mask).item() == pytest.approx(0, abs=1e-7)


def test_attention_that_has_died_still_learns() -> None:
    scores = torch.tensor([[[[200.0, 0.0], [0.0, 0.0]]]], requires_grad=True)
    teacher = torch.tensor([[[[0.1, 0.9], [0.5, 0.5]]]])
    loss = losses.attention_kl(scores.softmax(dim=-1), teacher, torch.tensor([[True, True]]))
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(scores.grad).all()


def test_the_parts_add_up_to_the_total() -> None:
    loss = distillation_loss(outputs(), outputs(), LABELS, EVERYTHING, mask=MASK)
    assert list(loss.parts) == [
        "soft_labels",
        "hard_labels",
        "logit_mse",
        "hidden_cosine",
        "hidden_mse",
        "attention_kl",
    ]
    torch.testing.assert_close(sum(loss.parts.values()), loss.total.detach())
    assert loss.total.requires_grad
    assert not any(part.requires_grad for part in loss.parts.values())


def test_alpha_shares_between_teacher_and_labels() -> None:
    student, teacher = outputs(), outputs()
    soft = losses.soft_labels(student.logits, teacher.logits, temperature=2.0)
    hard = losses.hard_labels(student.logits, LABELS)
    for alpha in (0.0, 0.3, 1.0):
        loss = distillation_loss(student, teacher, LABELS, LossConfig(alpha=alpha, temperature=2.0))
        torch.testing.assert_close(loss.total, alpha * soft + (1 - alpha) * hard)


@pytest.mark.parametrize("part", ["logit_mse", "hidden_cosine", "hidden_mse", "attention_kl"])
def test_a_weight_scales_its_part(part: str) -> None:
    student, teacher = outputs(), outputs()

    def weighted(weight: float) -> Tensor:
        config = replace(LossConfig(alpha=0.0), **{part: weight})
        return distillation_loss(student, teacher, LABELS, config, mask=MASK).parts[part]

    torch.testing.assert_close(weighted(5.0), 5 * weighted(1.0))


@pytest.mark.parametrize("part", ["hidden_mse", "attention_kl"])
def test_layers_are_averaged(part: str) -> None:
    student, teacher = outputs(n_layers=1), outputs(n_layers=1)
    config = replace(LossConfig(alpha=0.0), **{part: 1.0})

    def twice(once: ModelOutputs) -> ModelOutputs:
        return replace(once, hidden=once.hidden * 2, attention=once.attention * 2)

    one = distillation_loss(student, teacher, LABELS, config, mask=MASK)
    two = distillation_loss(twice(student), twice(teacher), LABELS, config, mask=MASK)
    torch.testing.assert_close(one.total, two.total)


def test_the_cosine_looks_at_the_last_layer_only() -> None:
    student, teacher = outputs(), outputs()
    config = LossConfig(alpha=0.0, hidden_cosine=1.0)
    loss = distillation_loss(student, teacher, LABELS, config, mask=MASK)
    expected = losses.hidden_cosine(student.last_hidden, teacher.last_hidden, MASK)
    torch.testing.assert_close(loss.parts["hidden_cosine"], expected)


def test_the_normalizer_divides_every_part() -> None:
    student, teacher = outputs(), outputs()
    mean = distillation_loss(student, teacher, LABELS, EVERYTHING, mask=MASK)
    halved = distillation_loss(student, teacher, LABELS, EVERYTHING, mask=MASK, normalizer=4.0)
    for name, part in mean.parts.items():
        torch.testing.assert_close(halved.parts[name], part / 2)


def test_hard_labels_alone_need_no_teacher() -> None:
    loss = distillation_loss(outputs(), None, LABELS, LossConfig(alpha=0.0))
    assert list(loss.parts) == ["hard_labels"]


def test_a_part_without_weight_is_not_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError

    for name in ("hard_labels", "logit_mse", "hidden_cosine", "hidden_mse", "attention_kl"):
        monkeypatch.setattr(losses, name, never)
    loss = distillation_loss(outputs(), outputs(), LABELS, LossConfig(alpha=1.0))
    assert list(loss.parts) == ["soft_labels"]
    monkeypatch.undo()
    monkeypatch.setattr(losses, "soft_labels", never)
    assert list(distillation_loss(outputs(), outputs(), LABELS, LossConfig(alpha=0.0)).parts) == ["hard_labels"]


@pytest.mark.parametrize("part", ["alpha", "logit_mse", "hidden_cosine", "hidden_mse", "attention_kl"])
def test_a_missing_teacher_is_said(part: str) -> None:
    config = replace(LossConfig(alpha=0.0), **{part: 1.0})
    with pytest.raises(ConfigError, match=rf"loss\.{part} needs the teacher's outputs"):
        distillation_loss(outputs(), None, LABELS, config, mask=MASK)


@pytest.mark.parametrize("part", ["hidden_cosine", "hidden_mse", "attention_kl"])
def test_a_missing_mask_is_said(part: str) -> None:
    with pytest.raises(ConfigError, match=rf"loss\.{part} needs the mask"):
        distillation_loss(outputs(), outputs(), LABELS, replace(LossConfig(alpha=0.0), **{part: 1.0}))


@pytest.mark.parametrize("who", ["student", "teacher"])
def test_a_missing_last_layer_is_said(who: str) -> None:
    given = {"student": outputs(), "teacher": outputs()}
    given[who] = replace(given[who], last_hidden=None)
    with pytest.raises(ConfigError, match=rf"loss\.hidden_cosine needs the {who}'s last hidden states"):
        distillation_loss(
            given["student"], given["teacher"], LABELS, LossConfig(alpha=0.0, hidden_cosine=1.0), mask=MASK
        )


@pytest.mark.parametrize("part", ["hidden_mse", "attention_kl"])
@pytest.mark.parametrize(("n_student", "n_teacher"), [(0, 0), (1, 2)])
def test_layers_must_match(part: str, n_student: int, n_teacher: int) -> None:
    config = replace(LossConfig(alpha=0.0), **{part: 1.0})
    with pytest.raises(
        ConfigError, match=rf"loss\.{part} needs as many mapped layers.*got {n_student} and {n_teacher}"
    ):
        distillation_loss(outputs(n_layers=n_student), outputs(n_layers=n_teacher), LABELS, config, mask=MASK)


def test_widths_must_match_or_be_projected() -> None:
    student, teacher = outputs(width=4), outputs(width=6)
    config = LossConfig(alpha=0.0, hidden_cosine=1.0, hidden_mse=1.0)
    with pytest.raises(ConfigError, match="as wide as the teacher's 6, got 4; give a projection"):
        distillation_loss(student, teacher, LABELS, config, mask=MASK)
    projection = torch.randn(4, 6, requires_grad=True)
    distillation_loss(student, teacher, LABELS, config, mask=MASK, projection=projection).total.backward()
    assert projection.grad is not None
    assert projection.grad.abs().sum() > 0


def test_two_classes_are_a_case_like_any_other() -> None:
    student, teacher = torch.randn(4, 2, requires_grad=True), torch.randn(4, 2)
    for temperature in (0.1, 1.0, 20.0):
        loss = distillation_loss(
            ModelOutputs(logits=student),
            ModelOutputs(logits=teacher),
            torch.tensor([0, 1, 1, 0]),
            LossConfig(temperature=temperature, alpha=0.5, logit_mse=1.0),
        )
        (gradient,) = torch.autograd.grad(loss.total, student)
        assert torch.isfinite(gradient).all()
        assert gradient.norm() > 0


def test_autocast_does_not_lower_the_precision() -> None:
    student, teacher = outputs(), outputs()
    plain = distillation_loss(student, teacher, LABELS, EVERYTHING, mask=MASK)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cast = distillation_loss(student, teacher, LABELS, EVERYTHING, mask=MASK)
    torch.testing.assert_close(cast.total, plain.total, rtol=1e-6, atol=0)
