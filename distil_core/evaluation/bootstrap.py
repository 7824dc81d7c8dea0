"""How sure a figure is: drawn again over test texts and seeds, paired where two models are held against each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from distil_core.evaluation.predictions import Predictions, log_softmax
from distil_core.evaluation.records import N_RESAMPLES, Interval

N_BINS = 15


_ENTRIES = 40_000_000


_CHUNK = 250


class Measure(StrEnum):
    """What a model is measured by, from its answers to the test texts."""

    ACCURACY = "accuracy"
    AGREEMENT = "agreement"
    KL = "kl"
    ECE = "ece"
    RECALL = "recall"

    @property
    def label(self) -> str:
        """What people call it."""
        return _LABELS[self]

    @property
    def unit(self) -> str:
        """What it is shown in."""
        return "%" if self.is_share else "nats"

    @property
    def scale(self) -> float:
        """Factor from the value to what is shown."""
        return 100.0 if self.is_share else 1.0

    @property
    def more_is_better(self) -> bool:
        """Whether a larger value is a better one."""
        return self not in (Measure.KL, Measure.ECE)

    @property
    def is_share(self) -> bool:
        """Whether it is a share, from 0 to 1, or else a number of nats."""
        return self is not Measure.KL


_LABELS = {
    Measure.ACCURACY: "Accuracy",
    Measure.AGREEMENT: "Agreement with the teacher",
    Measure.KL: "KL divergence from the teacher",
    Measure.ECE: "Calibration error (ECE)",
    Measure.RECALL: "Accuracy on the class left out",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A figure of one model, and what it is when the test texts are drawn again.

    The draws are the same for all models that were measured on as many texts, so that they can be subtracted.
    """

    value: float
    draws: np.ndarray

    def __sub__(self, other: "Sample") -> "Sample":
        """Return the paired difference of two models on the same texts."""
        return Sample(value=self.value - other.value, draws=self.draws - other.draws)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A mean over seeds with its 95 % interval."""

    value: float
    low: float
    high: float
    n_seeds: int

    @property
    def seen(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


def sample(outputs: Predictions, measure: Measure, *, label: int | None = None, of_teacher: bool = False) -> Sample:
    """Measure the answers of a run on the test texts, and on texts drawn again from them with replacement.

    The draws are moved so that their mean is the measured value: a calibration error drawn again is too large.

    Args:
        outputs: Logits of the run and its teacher, with the right labels.
        measure: Accuracy and agreement are shares of texts, KL (teacher to student, in nats) a mean over texts, ECE the
            calibration error over 15 bins (Guo et al., 2017, arXiv:1706.04599, eq. 3), recall the share of the texts
            of one class that are answered right.
        label: The class of the recall.
        of_teacher: Measure the teacher instead.
    """
    logits = outputs.teacher_test if of_teacher else outputs.test
    terms = _terms(logits, outputs, measure, label)
    value = float(_reduced(terms.sum(axis=0, keepdims=True), measure)[0])
    counts = _counts(len(logits))
    sums = [counts[i : i + _CHUNK].astype(np.float32) @ terms for i in range(0, len(counts), _CHUNK)]
    draws = _reduced(np.concatenate(sums), measure)
    return Sample(value=value, draws=(draws - draws.mean() + value).astype(np.float32))


def estimate(samples: Sequence[Sample]) -> Estimate | None:
    """Return the mean over seeds with its 95 % interval, from a bootstrap over seeds and test texts; None of nothing.

    Seeds are drawn again with replacement, and texts are drawn again alike for all seeds. Drawing from n seeds spreads
    less than the seeds do, by ``sqrt((n - 1) / n)``; their deviations are stretched by as much. One seed has the
    interval of its test texts alone.
    """
    if not samples:
        return None
    n, draws = len(samples), np.stack([sample.draws for sample in samples]).astype(np.float64)
    center = draws.mean(axis=0)
    if n > 1:
        picked = np.random.default_rng(1).multinomial(n, np.full(n, 1 / n), size=draws.shape[1]).T / n
        center = center + np.sqrt(n / (n - 1)) * ((picked * draws).sum(axis=0) - center)
    low, high = np.percentile(center, [2.5, 97.5])
    value = sum(sample.value for sample in samples) / n
    return Estimate(value=value, low=float(low), high=float(high), n_seeds=n)


@lru_cache(maxsize=2)
def _counts(n: int) -> np.ndarray:
    """How often each of n texts is drawn, one line a draw; fewer draws where there are very many texts."""
    n_draws = max(200, min(N_RESAMPLES, _ENTRIES // n))
    generator = np.random.default_rng(0)
    return np.stack([np.bincount(generator.integers(n, size=n), minlength=n) for _ in range(n_draws)]).astype(np.uint8)


def _terms(logits: np.ndarray, outputs: Predictions, measure: Measure, label: int | None) -> np.ndarray:
    """Return what each text adds to the sums that a measure is made of, the last of them a count."""
    guess, right = logits.argmax(axis=1), logits.argmax(axis=1) == outputs.test_labels
    one = np.ones(len(logits))
    if measure is Measure.ECE:
        confidence = np.exp(log_softmax(logits)).max(axis=1)
        bins = np.searchsorted(np.linspace(0.0, 1.0, N_BINS + 1)[1:-1], confidence, side="left")
        columns = np.zeros((len(logits), N_BINS))
        columns[np.arange(len(logits)), bins] = right - confidence
    elif measure is Measure.KL:
        teacher = log_softmax(outputs.teacher_test)
        columns = (np.exp(teacher) * (teacher - log_softmax(logits))).sum(axis=1, keepdims=True)
    elif measure is Measure.AGREEMENT:
        columns = (guess == outputs.teacher_test.argmax(axis=1))[:, None]
    else:
        columns = right[:, None]
    if measure is Measure.RECALL:
        one = (outputs.test_labels == label).astype(float)
        columns = columns * one[:, None]
    return np.column_stack([columns, one]).astype(np.float32)


def _reduced(sums: np.ndarray, measure: Measure) -> np.ndarray:
    parts, n = sums[:, :-1].astype(np.float64), np.maximum(sums[:, -1], 1.0)
    total = np.abs(parts).sum(axis=1) if measure is Measure.ECE else parts.sum(axis=1)
    return np.asarray(total / n)


def wilson_interval(n_true: int, n: int) -> Interval | None:
    r"""Return a share with its 95 % interval by Wilson's score, None of nothing.

    ``(p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)`` (Wilson, 1927, doi:10.1080/01621459.1927.10502953). A
    bootstrap has no width where all of a few texts are right; this one has.
    """
    if not n:
        return None
    value, z = n_true / n, NormalDist().inv_cdf(0.975)
    middle = value + z**2 / (2 * n)
    spread = z * float(np.sqrt(value * (1 - value) / n + z**2 / (4 * n**2)))
    low, high = ((middle + sign * spread) / (1 + z**2 / n) for sign in (-1, 1))
    # Rounding must not push the ends past the value at 0 and 1.
    return Interval(value=value, low=max(0.0, min(low, value)), high=min(1.0, max(high, value)))
