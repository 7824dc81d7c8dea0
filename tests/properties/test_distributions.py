"""Laws of distributions over classes."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from distil_core.functional.distributions import entropy, jensen_shannon, kl, log_soften, loyalty, soften
from tests.properties.tensors import logits, temperatures

close = torch.testing.assert_close
SLACK = 1e-9


@given(logits(), temperatures)
def test_rows_sum_to_one(drawn: tuple[Tensor, ...], temperature: float) -> None:
    probs = soften(drawn[0], temperature)
    close(probs.sum(dim=1), torch.ones(len(probs), dtype=probs.dtype))
    assert (probs >= 0).all()


@given(logits(), temperatures, st.floats(-1e6, 1e6))
def test_a_shift_changes_nothing(drawn: tuple[Tensor, ...], temperature: float, shift: float) -> None:
    # What the addition rounds off is no fault of the softmax.
    moved = drawn[0] + shift
    close(soften(moved, temperature), soften(moved - shift, temperature), rtol=1e-6, atol=1e-8)


@given(logits(), temperatures)
def test_temperature_keeps_the_order(drawn: tuple[Tensor, ...], temperature: float) -> None:
    order = drawn[0].argsort(dim=1)
    assert (log_soften(drawn[0], temperature).gather(1, order).diff(dim=1) >= 0).all()


@given(logits(), temperatures, temperatures)
def test_hotter_never_sharpens(drawn: tuple[Tensor, ...], one: float, other: float) -> None:
    cold, hot = log_soften(drawn[0], min(one, other)), log_soften(drawn[0], max(one, other))
    assert (hot.amax(dim=1) <= cold.amax(dim=1) + SLACK).all()
    assert (entropy(hot) >= entropy(cold) - SLACK).all()


@given(logits(), temperatures)
def test_temperature_divides_the_logits(drawn: tuple[Tensor, ...], temperature: float) -> None:
    close(log_soften(drawn[0], temperature), log_soften(drawn[0] / temperature, 1.0))


@given(logits(), temperatures)
def test_entropy_lies_between_certainty_and_a_fair_die(drawn: tuple[Tensor, ...], temperature: float) -> None:
    measured = entropy(log_soften(drawn[0], temperature))
    assert (measured >= 0).all()
    assert (measured <= math.log(drawn[0].shape[1]) + SLACK).all()


@given(logits(n=2), temperatures)
def test_kl_is_never_negative(drawn: tuple[Tensor, ...], temperature: float) -> None:
    assert (kl(log_soften(drawn[0], temperature), log_soften(drawn[1], temperature)) >= -SLACK).all()


@given(logits(), temperatures, st.sampled_from([torch.float32, torch.float64]))
def test_nothing_lies_between_a_distribution_and_itself(
    drawn: tuple[Tensor, ...], temperature: float, dtype: torch.dtype
) -> None:
    log_probs = log_soften(drawn[0].to(dtype), temperature)
    assert (kl(log_probs, log_probs) == 0).all()
    assert jensen_shannon(log_probs, log_probs) == pytest.approx(0, abs=1e-12)
    assert loyalty(log_probs, log_probs) == pytest.approx(1, abs=1e-6)


@given(logits(n=2), temperatures)
def test_jensen_shannon_is_symmetric_and_bounded(drawn: tuple[Tensor, ...], temperature: float) -> None:
    first, second = (log_soften(z, temperature) for z in drawn)
    close(jensen_shannon(first, second), jensen_shannon(second, first))
    assert (jensen_shannon(first, second) >= 0).all()
    assert (jensen_shannon(first, second) <= math.log(2)).all()
    assert (loyalty(first, second) >= 0).all()
    assert (loyalty(first, second) <= 1).all()


@given(logits(n=2), st.randoms(use_true_random=False))
def test_the_order_of_classes_does_not_matter(drawn: tuple[Tensor, ...], random) -> None:
    first, second = (log_soften(z, 1.0) for z in drawn)
    order = list(range(first.shape[1]))
    random.shuffle(order)
    for measure in (kl, jensen_shannon, loyalty):
        close(measure(first[:, order], second[:, order]), measure(first, second), rtol=1e-6, atol=1e-7)
