import math

import numpy as np
import pytest

from distil_core.errors import CorpusError
from distil_core.evaluation import bootstrap
from distil_core.evaluation.calibration import HIGH, LOW, Scaling, binned, calibration, fit_temperature, nll, scaling
from distil_core.evaluation.metrics import ECE, NLL
from distil_core.evaluation.predictions import split_predictions


def drawn(n: int, *, temperature: float, seed: int = 0, n_classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and labels that are as likely as the logits say when they are divided by the temperature."""
    random = np.random.default_rng(seed)
    logits = 3 * random.normal(size=(n, n_classes))
    # The largest of logits with Gumbel noise is a draw from their softmax.
    return logits, (logits / temperature + random.gumbel(size=logits.shape)).argmax(axis=1)


def sure(z: float, *, right: int, of: int) -> tuple[np.ndarray, np.ndarray]:
    """A model of two classes that always answers 0 with a logit of ``z``, and is right so often."""
    return np.tile([z, 0.0], (of, 1)), np.array([0] * right + [1] * (of - right))


def test_it_is_the_measure_of_the_records() -> None:
    logits, labels = drawn(500, temperature=2.0)
    figures = bootstrap.measure(split_predictions(logits, labels), (ECE, NLL))
    assert calibration(logits, labels).ece == pytest.approx(figures["ece"].value)
    assert nll(logits, labels) == pytest.approx(figures["nll"].value)
    assert len(calibration(logits, labels).n_examples) == 15


def test_a_bin_holds_its_upper_edge() -> None:
    assert binned(np.array([0.5, 1.0]), np.array([True, True]), n_bins=4).n_examples == (0, 1, 0, 1)


def test_bins_by_hand() -> None:
    found = binned(np.array([0.3, 0.5, 0.51, 1.0]), np.array([False, True, True, True]), n_bins=2)
    assert found.n_examples == (2, 2)
    assert found.accuracy == (0.5, 1.0)
    assert found.confidence == pytest.approx((0.4, 0.755))
    assert found.ece == pytest.approx(0.5 * 0.1 + 0.5 * 0.245)


@pytest.mark.parametrize(("z", "right"), [(4.0, 80), (0.5, 80), (4.0, 60)])
def test_fitted_model_is_as_sure_as_it_is_right(z: float, right: int) -> None:
    logits, labels = sure(z, right=right, of=100)
    # sigmoid(z / T) = right / 100
    assert fit_temperature(logits, labels) == pytest.approx(z / math.log(right / (100 - right)), rel=1e-3)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_fit_finds_the_temperature_that_made_the_labels(temperature: float) -> None:
    logits, labels = drawn(20_000, temperature=temperature)
    assert fit_temperature(logits, labels) == pytest.approx(temperature, rel=0.05)


def test_temperature_is_fitted_on_validation_and_judged_on_test() -> None:
    validation, test = sure(4.0, right=80, of=100), sure(4.0, right=60, of=100)
    found = scaling(*validation, *test)
    assert found.temperature == pytest.approx(4 / math.log(4), rel=1e-3)
    assert not found.at_limit
    # Sure by 80 % after scaling, right on 60 %.
    assert found.after.ece == pytest.approx(0.2, abs=1e-3)
    assert found.before.ece == pytest.approx(1 / (1 + math.exp(-4)) - 0.6)
    assert found.nll_after == pytest.approx(-0.6 * math.log(0.8) - 0.4 * math.log(0.2), abs=1e-3)
    assert found.nll_before == pytest.approx(nll(*test))


@pytest.mark.parametrize(("right", "limit"), [(100, LOW), (50, HIGH)])
def test_a_model_that_no_temperature_calibrates_is_told(right: int, limit: float) -> None:
    found = scaling(*sure(4.0, right=right, of=100), *sure(4.0, right=right, of=100))
    assert found.temperature == pytest.approx(limit, rel=1e-3)
    assert found.at_limit


def test_scaling_changes_no_answer() -> None:
    logits, labels = drawn(400, temperature=3.0)
    found = scaling(logits, labels, *drawn(300, temperature=3.0, seed=1))
    right = [np.dot(part.n_examples, part.accuracy) for part in (found.before, found.after)]
    assert right[0] == pytest.approx(right[1])
    assert found.after.ece < found.before.ece
    assert found.nll_after < found.nll_before


def test_rows_name_the_bins_that_have_texts() -> None:
    part = binned(np.array([0.9, 0.9]), np.array([True, False]), n_bins=2)
    found = Scaling(temperature=1.0, at_limit=False, before=part, after=part, nll_before=0.0, nll_after=0.0)
    assert found.rows() == [("as it is", 0.5, 1.0, 0.9, 0.5, 2), ("calibrated", 0.5, 1.0, 0.9, 0.5, 2)]


def test_no_texts_are_refused() -> None:
    with pytest.raises(CorpusError, match="at least one labeled text"):
        calibration(np.empty((0, 3)), np.empty(0, dtype=np.int64))
