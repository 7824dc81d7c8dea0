"""What a model and its teacher answered, as logits, beside the right labels; needs neither torch nor a model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """What the model of a run and its teacher answered, as logits, beside the right labels."""

    test: np.ndarray
    teacher_test: np.ndarray
    test_labels: np.ndarray
    validation: np.ndarray
    teacher_validation: np.ndarray
    validation_labels: np.ndarray

    def right(self) -> np.ndarray:
        """Return, for each test text, whether the model answered it right."""
        return np.asarray(self.test.argmax(axis=1) == self.test_labels)

    def teacher_validation_accuracy(self) -> float:
        """Return the share of the validation texts that the teacher answers right."""
        return float((self.teacher_validation.argmax(axis=1) == self.validation_labels).mean())


def softmax(logits: Sequence[float], temperature: float) -> tuple[float, ...]:
    """Return the softened distribution of one row of logits."""
    return tuple(float(p) for p in np.exp(log_softmax(np.asarray(logits), temperature)))


def log_softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Return the logarithms of the softened distributions of rows of logits, in float64."""
    from scipy import special

    return np.asarray(special.log_softmax(np.asarray(logits, dtype=np.float64) / temperature, axis=-1))
