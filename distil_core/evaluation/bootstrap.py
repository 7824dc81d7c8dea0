"""How sure a figure is: drawn again over examples and seeds, paired where two models are held against each other.

Every interval in the house comes from here, so that a figure has the same one wherever it is shown.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from distil_core.errors import CorpusError, ModelError
from distil_core.evaluation.metrics import Metric
from distil_core.evaluation.predictions import SplitPredictions
from distil_core.evaluation.records import Interval

N_RESAMPLES = 2000
"""How often the examples are drawn again for an interval."""

_ENTRIES = 40_000_000


_CHUNK = 250


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """A figure of one model, and what it is when the examples are drawn again.

    The draws are the same for all models that were measured on as many examples, so that they can be subtracted.

    Attributes:
        value: The figure itself.
        draws: The same on examples drawn again.
        n_examples: Examples that add to it.
        n_drawn_from: Examples that are drawn from, also those that add nothing.
        is_share: Whether it cannot be below 0 or above 1.
    """

    value: float
    draws: np.ndarray
    n_examples: int = 0
    n_drawn_from: int = 0
    is_share: bool = False

    def __sub__(self, other: "Sample") -> "Sample":
        """Return the paired difference of two models on the same examples."""
        return Sample(value=self.value - other.value, draws=self.draws - other.draws)

    def __truediv__(self, other: "Sample") -> "Sample":
        """Return the paired ratio of the shares of two models on the same examples; the other's is above 0.

        A draw in which the other has less than half an example says nothing, and counts as the ratio itself.
        """
        value, least = self.value / other.value, 0.5 / max(1, other.n_examples)
        draws = np.where(other.draws > least, self.draws / np.maximum(other.draws, least), value)
        return Sample(value=value, draws=draws)


def sample(split: SplitPredictions, metric: Metric) -> Sample:
    """Measure the answers to a split, and to examples drawn again from it with replacement.

    The draws of a biased metric are moved so that their mean is the measured value: a calibration error drawn again is
    too large.
    """
    return _sample(metric.terms(split), metric.reduce, is_share=metric.is_share, biased=metric.biased)


def share(flags: np.ndarray, examples: np.ndarray | None = None) -> Sample:
    """Return the share of sites at which something is so, with its draws of whole examples.

    Args:
        flags: Whether it is so, for each site.
        examples: Index of the example that each site belongs to; one site an example where it is left out.
    """
    index = np.arange(len(flags)) if examples is None else np.unique(examples, return_inverse=True)[1]
    terms = np.zeros((index.max(initial=-1) + 1, 2))
    np.add.at(terms, index, np.column_stack([flags, np.ones(len(flags))]))
    return _sample(terms, lambda sums: np.asarray(sums[:, 0] / np.maximum(sums[:, 1], 1.0)), is_share=True)


def _sample(
    terms: np.ndarray, reduce: Callable[[np.ndarray], np.ndarray], *, is_share: bool, biased: bool = False
) -> Sample:
    value = float(reduce(terms.sum(axis=0, keepdims=True))[0])
    counts, single = _counts(len(terms)), terms.astype(np.float32)
    sums = [counts[i : i + _CHUNK].astype(np.float32) @ single for i in range(0, len(counts), _CHUNK)]
    draws = reduce(np.concatenate(sums).astype(np.float64))
    return Sample(
        value=value,
        draws=draws - draws.mean() + value if biased else draws,
        n_examples=int((terms != 0).any(axis=1).sum()),
        n_drawn_from=len(terms),
        is_share=is_share,
    )


def estimate(samples: Sequence[Sample]) -> Interval | None:
    """Return the mean over seeds with its 95 % interval, from a bootstrap over seeds and examples; None of nothing.

    Seeds are drawn again with replacement, and examples are drawn again alike for all seeds. Drawing from n seeds
    spreads less than the seeds do, by ``sqrt((n - 1) / n)``; their deviations are stretched by as much. One seed has
    the interval of its examples alone.

    A share of 0 or 1 has draws without any width. It has the interval of Wilson's score (Wilson, 1927,
    doi:10.1080/01621459.1927.10502953).
    """
    if not samples:
        return None
    n, draws = len(samples), np.stack([sample.draws for sample in samples])
    value, first = sum(sample.value for sample in samples) / n, samples[0]
    if first.is_share and value in (0.0, 1.0):
        return _wilson(value, first.n_examples, n_seeds=n)
    center = draws.mean(axis=0)
    if n > 1:
        picked = np.random.default_rng(1).multinomial(n, np.full(n, 1 / n), size=draws.shape[1]).T / n
        center = center + np.sqrt(n / (n - 1)) * ((picked * draws).sum(axis=0) - center)
    low, high = (float(end) for end in np.percentile(center, [2.5, 97.5]))
    if first.is_share:
        low, high = max(0.0, low), min(1.0, high)
    return Interval(value=value, low=min(low, value), high=max(high, value), n_seeds=n)


def interval(split: SplitPredictions, metric: Metric) -> Interval | None:
    """Return a figure of one model with its 95 % interval; None where no example adds to it."""
    if metric.needs_teacher and split.teacher_logits is None:
        return None
    measured = sample(split, metric) if split.n_examples else None
    return estimate([measured]) if measured is not None and measured.n_examples else None


def measure(split: SplitPredictions, metrics: Iterable[Metric]) -> dict[str, Interval]:
    """Return the figures of one model by the names of their metrics; what cannot be measured is not there.

    Raises:
        CorpusError: If there are no examples.
        ModelError: If a score is not a finite number.
    """
    if not len(split.logits):
        raise CorpusError("measuring needs at least one labeled text, got none; give a larger test split")
    if not all(np.isfinite(scores).all() for scores in (split.logits, split.teacher_logits) if scores is not None):
        raise ModelError(
            "a model's scores must be finite numbers, got nan or inf; train it with a smaller learning rate"
        )
    figures = ((metric.name, interval(split, metric)) for metric in metrics)
    return {name: figure for name, figure in figures if figure is not None}


@lru_cache(maxsize=3)
def _counts(n: int) -> np.ndarray:
    """How often each of n examples is drawn, one line a draw; fewer draws where there are very many examples."""
    n_draws = max(200, min(N_RESAMPLES, _ENTRIES // n))
    generator, lines = np.random.default_rng(0), []
    for size in (min(_CHUNK, n_draws - i) for i in range(0, n_draws, _CHUNK)):
        places = generator.integers(n, size=(size, n)) + n * np.arange(size)[:, None]
        lines.append(np.bincount(places.ravel(), minlength=size * n).reshape(size, n).astype(np.uint8))
    return np.concatenate(lines)


def _wilson(value: float, n: int, *, n_seeds: int) -> Interval:
    from scipy.stats import binomtest

    ends = binomtest(round(value * n), n).proportion_ci(method="wilson")
    return Interval(value=value, low=min(float(ends.low), value), high=max(float(ends.high), value), n_seeds=n_seeds)
