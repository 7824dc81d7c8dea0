"""What a model and its teacher answered, as logits, beside the right labels; needs neither torch nor a model."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SplitPredictions:
    """What a model and its teacher answered on one split, as logits, beside the right classes.

    A model predicts distributions at sites: one a text where texts are classified, one a token where tokens are.

    Attributes:
        logits: Scores of the model, a row for each site.
        teacher_logits: Scores of its teacher on the same sites; None where there is no teacher.
        targets: Index of the right class of each site, below zero where it is not known; where numbers are
            predicted, the right one or NaN.
        examples: Index of the example that each site belongs to.
        n_examples: Examples in the split, those without a site included.
        quality: What the task made of each example's answers, ``[examples, columns]``, where that takes more than
            targets; None where targets tell all.
        teacher_quality: The same of the teacher's answers.
    """

    logits: np.ndarray
    teacher_logits: np.ndarray | None
    targets: np.ndarray
    examples: np.ndarray
    n_examples: int
    quality: np.ndarray | None = None
    teacher_quality: np.ndarray | None = None

    @property
    def known(self) -> np.ndarray:
        """Whether it is known what is right, for each site."""
        numbers = np.issubdtype(self.targets.dtype, np.floating)
        return np.asarray(~np.isnan(self.targets) if numbers else self.targets >= 0)

    @property
    def right(self) -> np.ndarray:
        """Whether the model predicts the right class, for each site."""
        return np.asarray(self.logits.argmax(axis=1) == self.targets)

    @property
    def teacher(self) -> "SplitPredictions":
        """What the teacher answered, as a model without a teacher of its own."""
        assert self.teacher_logits is not None
        return replace(
            self, logits=self.teacher_logits, teacher_logits=None, quality=self.teacher_quality, teacher_quality=None
        )

    def per_example(self, columns: np.ndarray) -> np.ndarray:
        """Add up columns of numbers of each site to those of each example, in float64."""
        columns = np.asarray(columns, dtype=np.float64)
        if self.n_examples == len(columns) and np.array_equal(self.examples, np.arange(len(columns))):
            return columns
        sums = np.zeros((self.n_examples, columns.shape[1]))
        np.add.at(sums, self.examples, columns)
        return sums


def split_predictions(
    logits: np.ndarray,
    targets: np.ndarray,
    *,
    teacher_logits: np.ndarray | None = None,
    examples: np.ndarray | None = None,
    n_examples: int | None = None,
    quality: np.ndarray | None = None,
    teacher_quality: np.ndarray | None = None,
) -> SplitPredictions:
    """Gather the answers on one split.

    Args:
        logits: Scores of the model, a row for each site.
        targets: Index of the right class of each site, below zero where it is not known.
        teacher_logits: Scores of its teacher on the same sites.
        examples: Index of the example that each site belongs to; one site an example where it is left out.
        n_examples: Examples in the split; where it is left out, no more than those with a site.
        quality: What the task made of each example's answers, where that takes more than targets.
        teacher_quality: The same of the teacher's answers.
    """
    examples = np.arange(len(logits)) if examples is None else np.asarray(examples)
    if n_examples is None:
        n_examples = int(examples.max(initial=-1)) + 1
    return SplitPredictions(
        logits=logits,
        teacher_logits=teacher_logits,
        targets=targets,
        examples=examples,
        n_examples=n_examples,
        quality=quality,
        teacher_quality=teacher_quality,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Predictions:
    """What the model of a run and its teacher answered on the splits that neither was trained on."""

    test: SplitPredictions
    validation: SplitPredictions


def softmax(logits: Sequence[float], temperature: float) -> tuple[float, ...]:
    """Return the softened distribution of one row of logits."""
    return tuple(float(p) for p in np.exp(log_softmax(np.asarray(logits), temperature)))


def log_softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Return the logarithms of the softened distributions of rows of logits, in float64."""
    from scipy import special

    return np.asarray(special.log_softmax(np.asarray(logits, dtype=np.float64) / temperature, axis=-1))
