"""How sure a figure is: against numbers that can be worked out, and against plain draws."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from distil_core.errors import CorpusError, ModelError
from distil_core.evaluation import bootstrap
from distil_core.evaluation.bootstrap import Sample, estimate, interval, measure, sample, share
from distil_core.evaluation.metrics import ACCURACY, AGREEMENT, ECE, KL, MACRO_F1, recall
from distil_core.evaluation.predictions import SplitPredictions, split_predictions
from distil_core.evaluation.records import Interval
from distil_core.tasks.classification import TextClassification

METRICS = TextClassification().metrics

N = 400


def outputs(*, n: int = N, seed: int = 0) -> SplitPredictions:
    draw = np.random.default_rng(seed)
    labels = np.arange(n) % 4
    student, teacher = (2.0 * np.eye(4)[labels] + draw.normal(size=(n, 4)) for _ in range(2))
    return split_predictions(student.astype(np.float32), labels, teacher_logits=teacher.astype(np.float32))


def with_right(flags: np.ndarray) -> SplitPredictions:
    """A model of two classes that is right so often."""
    return split_predictions(np.eye(2)[(~flags).astype(int)], np.zeros(len(flags), dtype=np.int64))


def of_right(n_right: int, n: int) -> Interval:
    found = interval(with_right(np.arange(n) < n_right), ACCURACY)
    assert found is not None
    return found


def flat(value: float, n: int = 2000) -> Sample:
    return Sample(value=value, draws=np.full(n, value, dtype=np.float32))


@pytest.mark.parametrize("right", [0.5, 0.8, 0.95])
def test_the_interval_is_that_of_the_normal_approximation(right: float) -> None:
    found = of_right(round(2000 * right), 2000)
    margin = 1.96 * math.sqrt(right * (1 - right) / 2000)
    assert found.value == pytest.approx(right)
    assert found.ends == pytest.approx((right - margin, right + margin), abs=0.1 * margin)


def test_the_interval_is_that_of_drawn_examples() -> None:
    flags = np.random.default_rng(5).random(300) < 0.7
    found = interval(with_right(flags), ACCURACY)
    resampled = flags[np.random.default_rng(6).integers(300, size=(20_000, 300))].mean(axis=1)
    assert found is not None
    assert found.ends == pytest.approx(tuple(np.percentile(resampled, [2.5, 97.5])), abs=0.008)


def test_the_interval_covers_the_truth_nineteen_times_in_twenty() -> None:
    rng, truth, n_hits = np.random.default_rng(7), 0.8, 0
    for _ in range(200):
        low, high = interval(with_right(rng.random(250) < truth), ACCURACY).ends  # type: ignore[union-attr]
        n_hits += low <= truth <= high
    assert 0.90 <= n_hits / 200 <= 0.99


def test_a_share_without_any_width_has_the_interval_of_wilsons_score() -> None:
    for n_right, n in ((0, 5), (5, 5), (1, 1), (1000, 1000)):
        expected = binomtest(n_right, n).proportion_ci(method="wilson")
        found = of_right(n_right, n)
        assert found.ends == pytest.approx((expected.low, expected.high), abs=1e-12)
        assert found.ends[0] <= found.value == n_right / n <= found.ends[1]
    # Only examples that add to it count.
    half_known = split_predictions(np.eye(2)[[0] * 10], np.array([0] * 5 + [-1] * 5))
    assert interval(half_known, ACCURACY) == of_right(5, 5)
    seeds = estimate([sample(with_right(np.ones(5, dtype=bool)), ACCURACY)] * 3)
    assert seeds is not None
    assert (seeds.ends, seeds.n_seeds) == (of_right(5, 5).ends, 3)


def test_a_share_has_no_interval_beyond_0_and_1() -> None:
    for n_right in (1, 2, 199, 299):
        found = of_right(n_right, 300)
        assert 0 <= found.ends[0] < found.value < found.ends[1] <= 1


def test_sites_of_one_example_are_drawn_together() -> None:
    # Ten sites an example, all right or all wrong: as sure as examples are, not as sites are.
    flags = np.arange(100) < 80
    sites = np.repeat(flags, 10)
    whole = with_right(sites)
    grouped = split_predictions(whole.logits, whole.targets, examples=np.repeat(np.arange(100), 10))
    together, apart = interval(grouped, ACCURACY), interval(whole, ACCURACY)
    alone = interval(with_right(flags), ACCURACY)
    assert None not in (together, apart, alone)
    assert together.ends == pytest.approx(alone.ends, abs=1e-6)  # type: ignore[union-attr]
    assert together.ends[1] - together.ends[0] > 2 * (apart.ends[1] - apart.ends[0])  # type: ignore[union-attr]


def test_the_same_answers_have_the_same_interval() -> None:
    assert measure(outputs(), METRICS) == measure(outputs(), METRICS)


def test_all_is_measured_that_can_be() -> None:
    split = outputs()
    assert list(measure(split, METRICS)) == [metric.name for metric in METRICS]
    assert list(measure(split.teacher, METRICS)) == ["accuracy", "macro_f1", "ece", "nll"]
    unknown = split_predictions(split.logits, np.full(N, -1), teacher_logits=split.teacher_logits)
    assert list(measure(unknown, METRICS)) == ["agreement", "kl", "loyalty"]
    nothing = split_predictions(np.zeros((0, 3)), np.zeros(0, dtype=np.int64))
    assert interval(nothing, ACCURACY) is None


def test_what_cannot_be_measured_is_said() -> None:
    with pytest.raises(CorpusError, match="at least one labeled text"):
        measure(split_predictions(np.zeros((0, 3)), np.zeros(0, dtype=np.int64)), METRICS)
    broken = np.array([[0.0, math.nan]])
    with pytest.raises(ModelError, match="finite numbers, got nan or inf"):
        measure(split_predictions(broken, np.array([0])), METRICS)
    with pytest.raises(ModelError, match="finite numbers, got nan or inf"):
        measure(split_predictions(np.zeros((1, 2)), np.array([0]), teacher_logits=broken), METRICS)


def test_every_metric_lies_in_the_middle_of_its_draws() -> None:
    for metric in (*METRICS, recall(1)):
        found = sample(outputs(), metric)
        assert float(found.draws.mean()) == pytest.approx(found.value, abs=1e-5 if metric.biased else 0.003)
        assert float(found.draws.std()) > 0
        figure = interval(outputs(), metric)
        assert figure is not None
        assert figure.ends[0] < figure.value < figure.ends[1]


def test_a_paired_difference_is_that_of_texts_drawn_with_both_answers() -> None:
    first, second = outputs(seed=1), outputs(seed=2)
    found = estimate([sample(first, ACCURACY) - sample(second, ACCURACY)])
    gaps = first.right.astype(float) - second.right
    drawn = gaps[np.random.default_rng(6).integers(N, size=(20_000, N))].mean(axis=1)
    assert found is not None
    assert found.value == pytest.approx(gaps.mean(), abs=1e-9)
    assert found.ends == pytest.approx(tuple(np.percentile(drawn, [2.5, 97.5])), abs=0.008)
    nothing = estimate([sample(first, ECE) - sample(first, ECE)])
    assert nothing == Interval(value=0.0, low=0.0, high=0.0)
    assert not nothing.seen


def test_a_difference_that_half_of_the_draws_would_not_show_is_not_seen() -> None:
    # Three texts of 1000: one draw in twenty has none of them, and an interval that ends at zero does not leave it out.
    first, second = np.arange(1000) < 803, np.arange(1000) < 800
    found = estimate([share(first) - share(second)])
    assert found is not None
    assert found.low == 0.0
    assert not found.seen


def test_a_paired_ratio_is_narrower_than_one_of_strangers() -> None:
    student, teacher = np.arange(1000) < 760, np.arange(1000) < 800
    found = estimate([share(student) / share(teacher)])
    assert found is not None
    assert found.value == pytest.approx(0.95)
    # Of what the teacher gets right 5 % are lost, of 800 texts: the error is sqrt(0.05 * 0.95 / 800).
    assert found.ends == pytest.approx((0.95 - 1.96 * 0.0077, 0.95 + 1.96 * 0.0077), abs=0.002)
    same = estimate([share(teacher) / share(teacher)])
    assert same == Interval(value=1.0, low=1.0, high=1.0)


def test_seeds_spread_as_far_as_they_do() -> None:
    # Two seeds, 0.1 to each side: their mean has a standard error of 0.1, and is drawn as 0.8, 0.9 or 1.0 stretched.
    found = estimate([flat(0.8), flat(1.0)])
    assert found is not None
    assert found.value == pytest.approx(0.9)
    assert found.ends == pytest.approx((0.9 - 0.1 * 2**0.5, 0.9 + 0.1 * 2**0.5), abs=1e-5)
    many = estimate([flat(0.8), flat(1.0)] * 50)
    assert many is not None
    # The standard error of 100 of them is 0.01.
    assert many.ends[1] - many.ends[0] == pytest.approx(2 * 1.96 * 0.01, rel=0.15)


def test_nothing_has_no_estimate() -> None:
    assert estimate([]) is None


def test_an_interval_that_leaves_out_zero_is_seen() -> None:
    assert Interval(value=0.1, low=0.01, high=0.2).seen
    assert Interval(value=-0.1, low=-0.2, high=-0.01).seen
    assert not Interval(value=0.1, low=-0.01, high=0.2).seen
    assert not Interval(value=0.1).seen


def test_intervals_lie_above_one_another_where_they_are_known() -> None:
    high, low = Interval(value=0.9, low=0.85, high=0.95), Interval(value=0.8, low=0.75, high=0.84)
    assert high.above(low)
    assert not low.above(high)
    assert not high.above(Interval(value=0.1))
    assert Interval(value=0.1).ends == (0.1, 0.1)


def test_very_many_texts_are_drawn_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "_ENTRIES", 300 * 357)
    bootstrap._counts.cache_clear()
    assert len(sample(outputs(n=357), ACCURACY).draws) == 300
    bootstrap._counts.cache_clear()


def test_every_draw_has_as_many_texts() -> None:
    counts = bootstrap._counts(41)
    assert counts.shape == (2000, 41)
    assert set(counts.sum(axis=1).tolist()) == {41}
    assert len({tuple(line) for line in counts[:20].tolist()}) == 20


def test_shares_are_those_of_flags() -> None:
    flags = np.arange(50) < 30
    assert share(flags).value == 0.6
    np.testing.assert_allclose(share(flags).draws, sample(with_right(flags), ACCURACY).draws)
    for metric in (AGREEMENT, KL, MACRO_F1):
        assert sample(outputs(), metric).n_examples == N
