"""Laws that every loss obeys."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from distil_core.functional import losses
from tests.properties.tensors import logits, masks, seeds, temperatures

close = torch.testing.assert_close
WIDTH, HEADS, CLASSES = 3, 2, 4


@dataclass(frozen=True)
class Case:
    """One loss on one batch: call it with what student and teacher say."""

    student: Tensor
    teacher: Tensor
    mask: Tensor
    labels: Tensor

    def rows(self, rows: slice) -> "Case":
        return Case(self.student[rows], self.teacher[rows], self.mask[rows], self.labels[rows])


Loss = Callable[..., Tensor]


def soft_labels(case: Case, **given: float) -> Tensor:
    return losses.soft_labels(case.student, case.teacher, temperature=3.0, **given)


def hard_labels(case: Case, **given: float) -> Tensor:
    return losses.hard_labels(case.student, case.labels, **given)


def logit_mse(case: Case, **given: float) -> Tensor:
    return losses.logit_mse(case.student, case.teacher, **given)


def hidden_cosine(case: Case, **given: float) -> Tensor:
    return losses.hidden_cosine(case.student, case.teacher, case.mask, **given)


def hidden_mse(case: Case, **given: float) -> Tensor:
    return losses.hidden_mse(case.student, case.teacher, case.mask, **given)


def attention_kl(case: Case, **given: float) -> Tensor:
    return losses.attention_kl(case.student, case.teacher, case.mask, **given)


OF_LOGITS: list[Loss] = [soft_labels, hard_labels, logit_mse]
OF_TOKENS: list[Loss] = [hidden_cosine, hidden_mse, attention_kl]
all_losses = pytest.mark.parametrize("loss", [*OF_LOGITS, *OF_TOKENS])
token_losses = pytest.mark.parametrize("loss", OF_TOKENS)
imitating = pytest.mark.parametrize("loss", [loss for loss in [*OF_LOGITS, *OF_TOKENS] if loss is not hard_labels])


def attention(mask: Tensor) -> Tensor:
    scores = torch.randn(len(mask), HEADS, mask.shape[1], mask.shape[1], dtype=torch.float64) * 2
    return scores.masked_fill(~mask[:, None, None, :], -torch.inf).softmax(dim=-1)


def make(loss: Loss, mask: Tensor, seed: int) -> Case:
    torch.manual_seed(seed)
    n, length = mask.shape
    labels = torch.randint(CLASSES, (n,))
    if loss is attention_kl:
        return Case(attention(mask), attention(mask), mask, labels)
    shape = (n, length, WIDTH) if loss in OF_TOKENS else (n, CLASSES)
    return Case(torch.randn(shape).double(), torch.randn(shape).double(), mask, labels)


@all_losses
@given(masks(), seeds)
def test_never_negative(loss: Loss, mask: Tensor, seed: int) -> None:
    assert loss(make(loss, mask, seed)) >= 0


@imitating
@given(masks(), seeds)
def test_nothing_to_learn_from_an_equal(loss: Loss, mask: Tensor, seed: int) -> None:
    case = make(loss, mask, seed)
    student = case.teacher.clone().requires_grad_()
    value = loss(replace(case, student=student))
    value.backward()
    assert value.item() == pytest.approx(0, abs=1e-12)
    # Attention stands after its softmax: what is left is the same for a whole row, and a shift of scores is nothing.
    gradient = student.grad * student.detach() if loss is attention_kl else student.grad
    if loss is attention_kl:
        gradient = gradient - student.detach() * gradient.sum(dim=-1, keepdim=True)
    assert gradient.abs().max() < 1e-9


@imitating
@given(masks(), seeds)
def test_the_teacher_learns_nothing(loss: Loss, mask: Tensor, seed: int) -> None:
    case = make(loss, mask, seed)
    student, teacher = case.student.requires_grad_(), case.teacher.requires_grad_()
    loss(case).backward()
    assert teacher.grad is None
    assert student.grad is not None
    assert student.grad.abs().sum() > 0 or mask.sum() == len(mask)


@all_losses
@given(masks(), seeds)
def test_batches_of_any_size_add_up(loss: Loss, mask: Tensor, seed: int) -> None:
    case = make(loss, mask, seed)
    n = len(mask)
    apart = sum(loss(case.rows(slice(i, i + 1)), normalizer=float(n)) for i in range(n))
    close(loss(case), apart)
    close(loss(case), loss(case, normalizer=float(n)))
    close(loss(case, normalizer=0.5 * n), 2 * loss(case))


@token_losses
@given(masks(), seeds, st.integers(1, 3), st.sampled_from([0.0, 7.5, float("nan")]))
def test_padding_cannot_change_a_loss(loss: Loss, mask: Tensor, seed: int, more: int, rubbish: float) -> None:
    case = make(loss, mask, seed)
    student = case.student.clone().requires_grad_()
    value = loss(replace(case, student=student))
    value.backward()

    def padded(tensor: Tensor) -> Tensor:
        n, length = mask.shape
        fits = (mask[:, None, :, None] & mask[:, None, None, :]) if loss is attention_kl else mask[:, :, None]
        tensor = tensor.masked_fill(~fits, rubbish)
        grown = (n, HEADS, length + more, length + more) if loss is attention_kl else (n, length + more, WIDTH)
        out = torch.full(grown, rubbish, dtype=tensor.dtype)
        out[tuple(slice(size) for size in tensor.shape)] = tensor
        return out

    wider = torch.cat([mask, torch.zeros(len(mask), more, dtype=torch.bool)], dim=1)
    longer = Case(padded(case.student).requires_grad_(), padded(case.teacher), wider, case.labels)
    again = loss(longer)
    again.backward()
    close(again, value)
    inside = longer.student.grad[tuple(slice(size) for size in student.shape)]
    close(inside, student.grad)
    assert longer.student.grad.abs().sum().item() == pytest.approx(inside.abs().sum().item())


@token_losses
def test_a_long_text_counts_as_much_as_a_short_one(loss: Loss) -> None:
    mask = torch.tensor([[True] * 6, [True, True, False, False, False, False]])
    case = make(loss, mask, 0)
    short = Case(*(t[1:] for t in (case.student, case.teacher, case.mask, case.labels)))
    long = case.rows(slice(0, 1))
    close(loss(case), (loss(long) + loss(short)) / 2)
    assert loss(long) != pytest.approx(loss(short).item(), rel=0.01)


@given(logits(n=2, largest=10), temperatures, st.floats(-100, 100))
def test_soft_labels_do_not_see_a_shift(drawn: tuple[Tensor, ...], temperature: float, shift: float) -> None:
    student, teacher = drawn
    expected = losses.soft_labels(student, teacher, temperature=temperature)
    close(losses.soft_labels(student + shift, teacher, temperature=temperature), expected, rtol=1e-6, atol=1e-6)
    close(losses.soft_labels(student, teacher - shift, temperature=temperature), expected, rtol=1e-6, atol=1e-6)


@given(logits(n=2, largest=3))
def test_hot_soft_labels_are_the_squared_difference_of_centered_logits(drawn: tuple[Tensor, ...]) -> None:
    # Hinton et al., 2015, section 2.1: the limit for high temperatures, values and gradients.
    student, teacher = (z - z.mean(dim=1, keepdim=True) for z in drawn)
    student.requires_grad_()
    soft = losses.soft_labels(student, teacher, temperature=1e4)
    mse = losses.logit_mse(student, teacher) / student.shape[1]
    close(soft, mse, rtol=5e-3, atol=1e-6)
    (soft_gradient,) = torch.autograd.grad(soft, student)
    (mse_gradient,) = torch.autograd.grad(mse, student)
    close(soft_gradient, mse_gradient, rtol=5e-3, atol=1e-3)


@given(seeds)
def test_the_squared_temperature_keeps_gradients_comparable(seed: int) -> None:
    torch.manual_seed(seed)
    student, teacher = torch.randn(8, 5).double().requires_grad_(), torch.randn(8, 5).double()

    def norm(temperature: float) -> float:
        loss = losses.soft_labels(student, teacher, temperature=temperature)
        return torch.autograd.grad(loss, student)[0].norm().item()

    assert 0.7 < norm(20.0) / norm(5.0) < 1.4
    assert norm(20.0) / 20**2 < 0.1 * norm(5.0) / 5**2


@given(seeds, st.integers(1, 4), st.integers(1, 4))
def test_attention_of_any_number_of_heads_compares(seed: int, n_student: int, n_teacher: int) -> None:
    torch.manual_seed(seed)
    mask = torch.tensor([[True, True, True], [True, True, False]])
    one = attention(mask)[:, :1]
    student, teacher = one.repeat(1, n_student, 1, 1), one.repeat(1, n_teacher, 1, 1)
    assert losses.attention_kl(student, teacher, mask).item() == pytest.approx(0, abs=1e-12)
    other = attention(mask)[:, :1]
    close(losses.attention_kl(student, other.repeat(1, n_teacher, 1, 1), mask), losses.attention_kl(one, other, mask))


@all_losses
@given(masks(), seeds, st.sampled_from([torch.bfloat16, torch.float16]))
def test_half_precision_is_computed_in_full(loss: Loss, mask: Tensor, seed: int, half: torch.dtype) -> None:
    case = make(loss, mask, seed)
    rounded = replace(case, student=case.student.to(half), teacher=case.teacher.to(half))
    value = loss(rounded)
    assert value.dtype == torch.float32
    exact = replace(case, student=rounded.student.double(), teacher=rounded.teacher.double())
    close(value.double(), loss(exact), rtol=1e-4, atol=1e-5)
