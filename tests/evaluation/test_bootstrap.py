"""How sure a figure is: against numbers that can be worked out, and against the plain measures."""

import numpy as np
import pytest
import torch

from distil_core.analysis import comparison
from distil_core.evaluation import bootstrap, measuring
from distil_core.evaluation.bootstrap import Estimate, Measure, Sample, estimate, sample
from distil_core.evaluation.predictions import Predictions
from distil_core.reporting.formatting import measured

N = 400


def outputs(*, n: int = N, seed: int = 0) -> Predictions:
    draw = np.random.default_rng(seed)
    labels = np.arange(n) % 4
    student, teacher = (2.0 * np.eye(4)[labels] + draw.normal(size=(n, 4)) for _ in range(2))
    halves = {"validation": student, "teacher_validation": teacher, "validation_labels": labels}
    return Predictions(
        test=student.astype(np.float32), teacher_test=teacher.astype(np.float32), test_labels=labels, **halves
    )


def flat(value: float, n: int = 2000) -> Sample:
    return Sample(value=value, draws=np.full(n, value, dtype=np.float32))


def test_values_are_those_that_a_run_is_measured_by() -> None:
    found = outputs()
    student, teacher, labels = (torch.tensor(x) for x in (found.test, found.teacher_test, found.test_labels))
    quality, fidelity = measuring.quality(student, labels), measuring.fidelity(teacher, student, labels)
    expected = {
        Measure.ACCURACY: quality.accuracy.value,
        Measure.ECE: quality.ece,
        Measure.AGREEMENT: fidelity.agreement.value,
        Measure.KL: fidelity.kl_nats,
        Measure.RECALL: float((student.argmax(dim=1) == labels)[labels == 2].float().mean()),
    }
    for kind, value in expected.items():
        assert sample(found, kind, label=2).value == pytest.approx(value, rel=1e-4), kind
    of_teacher = sample(found, Measure.ACCURACY, of_teacher=True)
    assert of_teacher.value == pytest.approx(measuring.quality(teacher, labels).accuracy.value)


def test_draws_spread_as_those_of_the_record_do() -> None:
    found = outputs()
    recorded = measuring.quality(torch.tensor(found.test), torch.tensor(found.test_labels)).accuracy
    one = estimate([sample(found, Measure.ACCURACY)])
    assert one is not None
    assert (one.value, one.n_seeds) == (pytest.approx(recorded.value), 1)
    assert (one.low, one.high) == pytest.approx((recorded.low, recorded.high), abs=0.01)


def test_every_measure_lies_in_the_middle_of_its_draws() -> None:
    for kind in Measure:
        found = sample(outputs(), kind, label=1)
        assert float(found.draws.mean()) == pytest.approx(found.value, abs=1e-5)
        assert float(found.draws.std()) > 0


def test_a_paired_difference_is_that_of_two_runs() -> None:
    first, second = outputs(seed=1), outputs(seed=2)
    known = comparison.accuracy_difference(first, second)
    found = estimate([sample(first, Measure.ACCURACY) - sample(second, Measure.ACCURACY)])
    assert found is not None
    assert found.value == pytest.approx(known.value, abs=1e-6)
    assert (found.low, found.high) == pytest.approx((known.low, known.high), abs=0.012)
    nothing = estimate([sample(first, Measure.ECE) - sample(first, Measure.ECE)])
    assert nothing == Estimate(value=0.0, low=0.0, high=0.0, n_seeds=1)
    assert not nothing.seen


def test_seeds_spread_as_far_as_they_do() -> None:
    # Two seeds, 0.1 to each side: their mean has a standard error of 0.1, and is drawn as 0.8, 0.9 or 1.0 stretched.
    found = estimate([flat(0.8), flat(1.0)])
    assert found is not None
    assert found.value == pytest.approx(0.9)
    assert (found.low, found.high) == pytest.approx((0.9 - 0.1 * 2**0.5, 0.9 + 0.1 * 2**0.5), abs=1e-5)
    many = estimate([flat(0.8), flat(1.0)] * 50)
    assert many is not None
    # The standard error of 100 of them is 0.01.
    assert many.high - many.low == pytest.approx(2 * 1.96 * 0.01, rel=0.15)


def test_nothing_has_no_estimate() -> None:
    assert estimate([]) is None


def test_an_interval_that_leaves_out_zero_is_seen() -> None:
    assert Estimate(value=0.1, low=0.01, high=0.2, n_seeds=1).seen
    assert Estimate(value=-0.1, low=-0.2, high=-0.01, n_seeds=1).seen
    assert not Estimate(value=0.1, low=-0.01, high=0.2, n_seeds=1).seen


def test_very_many_texts_are_drawn_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "_ENTRIES", 300 * 357)
    bootstrap._counts.cache_clear()
    assert len(sample(outputs(n=357), Measure.ACCURACY).draws) == 300
    bootstrap._counts.cache_clear()


def test_words_and_units() -> None:
    assert measured(Measure.ACCURACY, 0.8642) == "86.4"
    assert measured(Measure.ACCURACY, -0.012, signed=True) == "−1.2"
    assert measured(Measure.KL, 0.0842, signed=True) == "+0.084"
    assert (Measure.KL.unit, Measure.ECE.unit) == ("nats", "%")
    assert [kind for kind in Measure if not kind.more_is_better] == [Measure.KL, Measure.ECE]
    assert all(kind.label for kind in Measure)
