"""How fast runs have been; what comes of it is tested with the pipeline's estimates."""

import pytest

from distil_core.runs import estimates


def test_longer_texts_take_longer() -> None:
    assert estimates.mean_tokens([3, 1], 100) == pytest.approx(2 + 1.3 * 2)
    assert estimates.mean_tokens([5000], 128) == 128


def test_twice_as_deep_is_twice_and_twice_as_wide_is_four_times_the_work() -> None:
    assert estimates.parameters_per_token(1, 1) == 12
    assert estimates.parameters_per_token(2, 3) == 2 * 9 * estimates.parameters_per_token(1, 1)
