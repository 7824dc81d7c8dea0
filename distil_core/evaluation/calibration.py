"""How sure a model is beside how often it is right, and the temperature that brings the two together.

Needs neither torch nor a model.
"""

from dataclasses import dataclass

import numpy as np

from distil_core.errors import CorpusError

N_BINS = 15
LOW, HIGH = 0.1, 20.0
"""Between these temperatures the one that calibrates is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Confidence against accuracy in bins of equal width; a bin without examples has 0 for both.

    Bin ``i`` holds the examples whose confidence, the probability of the predicted class, lies above ``i / bins``
    and up to ``(i + 1) / bins``.
    """

    n_examples: tuple[int, ...]
    confidence: tuple[float, ...]
    accuracy: tuple[float, ...]

    @property
    def ece(self) -> float:
        r"""Expected calibration error, ``Σ_b n_b / n · |accuracy_b - confidence_b|`` (Guo et al., 2017).

        From 0 to 1; arXiv:1706.04599, eq. 3.
        """
        gaps = np.abs(np.subtract(self.accuracy, self.confidence))
        return float(np.average(gaps, weights=self.n_examples))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """A model on the test texts as it is and with its logits divided by ``temperature``; ``nll`` is in nats.

    ``at_limit`` says that the best temperature would lie beyond those that were tried, as it does for a model that
    is never wrong on the validation texts.
    """

    temperature: float
    at_limit: bool
    before: Calibration
    after: Calibration
    nll_before: float
    nll_after: float

    def rows(self) -> list[tuple[str, float, float, float, float, int]]:
        """Return state, both edges of the bin, confidence, accuracy and number of texts, for each bin with texts."""
        return [
            (state, i / len(calibration.n_examples), (i + 1) / len(calibration.n_examples), confidence, accuracy, n)
            for state, calibration in (("as it is", self.before), ("calibrated", self.after))
            for i, (n, confidence, accuracy) in enumerate(
                zip(calibration.n_examples, calibration.confidence, calibration.accuracy, strict=True)
            )
            if n
        ]


def binned(confidence: np.ndarray, right: np.ndarray, *, n_bins: int = N_BINS) -> Calibration:
    """Sort examples by how sure a model is of them, and see how often it is right.

    Args:
        confidence: Probability of the predicted class of each example.
        right: Whether the prediction is right.
        n_bins: Bins of equal width between 0 and 1.
    """
    edges = np.linspace(0.0, 1.0, n_bins + 1)
    bins = np.searchsorted(edges[1:-1], confidence, side="left")
    counts = np.bincount(bins, minlength=n_bins)

    def means(values: np.ndarray) -> tuple[float, ...]:
        sums = np.bincount(bins, weights=values.astype(np.float64), minlength=n_bins)
        return tuple((sums / np.maximum(counts, 1)).tolist())

    return Calibration(n_examples=tuple(counts.tolist()), confidence=means(confidence), accuracy=means(right))


def calibration(logits: np.ndarray, labels: np.ndarray, temperature: float = 1.0) -> Calibration:
    """Sort examples by how sure a model is of them at a temperature, and see how often it is right.

    Args:
        logits: Scores, one row for each example.
        labels: Index of the right class of each example.
        temperature: Divides the logits.

    Raises:
        CorpusError: If there are no examples.
    """
    probabilities = np.exp(_log_softmax(logits, labels, temperature))
    return binned(probabilities.max(axis=1), probabilities.argmax(axis=1) == labels)


def nll(logits: np.ndarray, labels: np.ndarray, temperature: float = 1.0) -> float:
    r"""Return the mean surprise at the right label, ``-log softmax(z / T)_y``, in nats.

    Raises:
        CorpusError: If there are no examples.
    """
    return float(-_log_softmax(logits, labels, temperature)[np.arange(len(labels)), labels].mean())


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the temperature between ``LOW`` and ``HIGH`` at which the right labels surprise least.

    Temperature scaling (Guo et al., 2017, arXiv:1706.04599, §4.2): one number for a model, fitted on texts that
    neither trained nor test it. It changes no answer, only how sure the model is of it.

    Raises:
        CorpusError: If there are no examples.
    """
    from scipy.optimize import minimize_scalar

    # The loss has one valley in 1/T, hence in log T.
    optimum = minimize_scalar(
        lambda log_t: nll(logits, labels, float(np.exp(log_t))),
        bounds=(np.log(LOW), np.log(HIGH)),
        method="bounded",
        options={"xatol": 1e-5},
    )
    # The search never quite reaches the ends, and stops early where a model is never wrong and the loss flat at 0.
    return min((LOW, float(np.exp(optimum.x)), HIGH), key=lambda temperature: nll(logits, labels, temperature))


def scaling(
    validation: np.ndarray, validation_labels: np.ndarray, test: np.ndarray, test_labels: np.ndarray
) -> Scaling:
    """Fit the temperature of a model on the validation texts, and see on the test texts what it does.

    Args:
        validation: The model's scores on the validation texts.
        validation_labels: Their right labels.
        test: The model's scores on the test texts.
        test_labels: Their right labels.

    Raises:
        CorpusError: If there are no texts in one of the two.
    """
    temperature = fit_temperature(validation, validation_labels)
    return Scaling(
        temperature=temperature,
        at_limit=temperature in (LOW, HIGH),
        before=calibration(test, test_labels),
        after=calibration(test, test_labels, temperature),
        nll_before=nll(test, test_labels),
        nll_after=nll(test, test_labels, temperature),
    )


def _log_softmax(logits: np.ndarray, labels: np.ndarray, temperature: float) -> np.ndarray:
    from scipy.special import log_softmax

    if len(labels) == 0:
        raise CorpusError("calibration needs at least one labeled text, got none; give a larger corpus")
    return np.asarray(log_softmax(np.asarray(logits, dtype=np.float64) / temperature, axis=1))
