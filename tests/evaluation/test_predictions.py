"""What two models answered, as arrays."""

import pytest

from distil_core.evaluation import predictions


def test_soften_survives_any_temperature() -> None:
    assert predictions.softmax([1000.0, 0.0], 0.01) == (1.0, 0.0)
    assert predictions.softmax([3.0, 1.0], 1000.0) == pytest.approx((0.5, 0.5), abs=1e-3)
    assert sum(predictions.softmax([1.0, 2.0, 3.0], 2.0)) == pytest.approx(1.0)
