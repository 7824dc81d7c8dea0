"""Distributions over classes: hand-made cases, extreme temperatures, another library's word."""

import math

import numpy as np
import pytest
import torch
from scipy.spatial.distance import jensenshannon
from scipy.special import log_softmax
from scipy.stats import entropy as scipy_entropy

from distil_core.errors import ConfigError
from distil_core.functional.distributions import entropy, jensen_shannon, kl, log_soften, loyalty, soften

CERTAIN = torch.tensor([[1.0, 0.0], [0.0, 1.0]]).log()
FAIR = torch.full((2, 2), 0.5).log()


def test_soften_of_logarithms_gives_the_shares_back() -> None:
    shares = torch.tensor([[0.7, 0.2, 0.1]])
    torch.testing.assert_close(soften(shares.log(), 1.0), shares)
    torch.testing.assert_close(soften(2 * shares.log(), 2.0), shares)


@pytest.mark.parametrize("temperature", [0.01, 0.03, 1.0, 20.0, 1e3])
@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_fp32_is_right_at_every_temperature(temperature: float, offset: float) -> None:
    # Quarters, so that the offset costs the inputs nothing.
    logits = torch.randn(64, 7).mul(20).round() / 4
    expected = log_softmax(logits.double().numpy() / temperature, axis=1)
    actual = log_soften(logits + offset, temperature)
    assert actual.dtype == torch.float32
    assert torch.isfinite(actual).all()
    np.testing.assert_allclose(actual.numpy(), expected, rtol=1e-5, atol=2e-6)
    np.testing.assert_allclose(soften(logits + offset, temperature).numpy(), np.exp(expected), rtol=1e-4, atol=1e-6)


def test_a_cold_kl_is_finite() -> None:
    teacher, student = log_soften(torch.tensor([[9.0, -9.0]]), 0.01), log_soften(torch.tensor([[-9.0, 9.0]]), 0.01)
    assert kl(teacher, student).item() == pytest.approx(1800)


@pytest.mark.parametrize("temperature", [0, -1.0, math.nan])
def test_temperature_must_be_above_zero(temperature: float) -> None:
    with pytest.raises(ConfigError, match=f"temperature must be > 0, got {temperature}"):
        log_soften(torch.zeros(1, 2), temperature)
    with pytest.raises(ConfigError, match="temperature must be > 0"):
        soften(torch.zeros(1, 2), temperature)


def test_entropy_of_the_certain_and_of_the_fair() -> None:
    assert entropy(CERTAIN).tolist() == [0, 0]
    torch.testing.assert_close(entropy(FAIR), torch.full((2,), math.log(2)))


def test_kl_counts_what_the_teacher_believes_in() -> None:
    assert kl(CERTAIN, FAIR).tolist() == pytest.approx([math.log(2)] * 2)
    assert kl(FAIR, CERTAIN).tolist() == [math.inf] * 2
    assert kl(CERTAIN, CERTAIN).tolist() == [0, 0]


def test_jensen_shannon_and_loyalty_of_the_certain_and_the_fair() -> None:
    assert jensen_shannon(CERTAIN, CERTAIN.flip(0)).tolist() == pytest.approx([math.log(2)] * 2)
    assert loyalty(CERTAIN, CERTAIN.flip(0)).tolist() == pytest.approx([0, 0], abs=1e-6)
    # m = (3/4, 1/4): half of log2(4/3) and half of (log2(2/3) + log2(2)) / 2.
    bits = 0.5 * math.log2(4 / 3) + 0.25 * (math.log2(2 / 3) + 1)
    assert jensen_shannon(CERTAIN, FAIR).tolist() == pytest.approx([bits * math.log(2)] * 2)
    assert loyalty(CERTAIN, FAIR).tolist() == pytest.approx([1 - math.sqrt(bits)] * 2)


def test_loyalty_to_itself_is_exactly_one_in_fp32() -> None:
    log_probs = log_soften(torch.randn(1000, 5) * 3, 1.0)
    torch.testing.assert_close(loyalty(log_probs, log_probs), torch.ones(1000), rtol=0, atol=1e-6)


def test_scipy_agrees() -> None:
    teacher, student = log_soften(torch.randn(50, 4).double(), 1.0), log_soften(torch.randn(50, 4).double(), 1.0)
    p, q = teacher.exp().numpy(), student.exp().numpy()
    np.testing.assert_allclose(entropy(teacher).numpy(), scipy_entropy(p, axis=1), rtol=1e-10)
    np.testing.assert_allclose(kl(teacher, student).numpy(), scipy_entropy(p, q, axis=1), rtol=1e-10)
    np.testing.assert_allclose(jensen_shannon(teacher, student).numpy(), jensenshannon(p, q, axis=1) ** 2, rtol=1e-8)
    np.testing.assert_allclose(loyalty(teacher, student).numpy(), 1 - jensenshannon(p, q, base=2, axis=1), rtol=1e-8)


def test_gradients_survive_a_probability_of_zero() -> None:
    logits = torch.tensor([[200.0, 0.0, -200.0]], requires_grad=True)
    other = log_soften(torch.tensor([[0.0, 1.0, 2.0]]), 1.0)
    (entropy(log_soften(logits, 1.0)) + kl(log_soften(logits, 1.0), other)).sum().backward()
    assert torch.isfinite(logits.grad).all()
