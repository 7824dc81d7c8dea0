"""What models are measured by: each metric declared once, with what an example adds to sums and what they come to.

Here are those that any task may share; a task declares what is only its own beside itself. Needs neither torch nor a
model. How sure a figure is follows from the same declaration; see
:mod:`distil_core.evaluation.bootstrap`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from distil_core.evaluation.calibration import N_BINS
from distil_core.evaluation.predictions import SplitPredictions, log_softmax


class Unit(StrEnum):
    """What the values of a metric are shown in."""

    SHARE = "%"
    NATS = "nats"
    NUMBER = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One thing that models are measured by; two are equal when they have the same name.

    Attributes:
        name: What it is called in records and files.
        label: What people call it.
        meaning: What it says, in a few words.
        definition: What it is, in a few words more; its meaning where it is empty.
        noun: What it is called within a sentence, for a name that keeps its capital; see :attr:`in_text`.
        sentence: How it is told of a model, with ``{}`` for the value; by its label where it is empty.
        hub_name: What the Hugging Face hub calls it; empty where the hub has no name for it.
        unit: A share is from 0 to 1 and shown in percent.
        greater_is_better: Whether a larger value is a better one.
        needs_teacher: Whether it compares a model with its teacher.
        biased: Whether its mean over examples drawn again is another than itself, as a calibration error's is.
        terms: What each example adds to the sums, ``[examples, columns]``.
        reduce: The value that sums come to, for any number of them: ``[draws, columns]`` to ``[draws]``.
    """

    name: str
    label: str = field(compare=False)
    meaning: str = field(compare=False)
    unit: Unit = field(compare=False)
    greater_is_better: bool = field(compare=False)
    definition: str = field(default="", compare=False)
    noun: str = field(default="", compare=False)
    sentence: str = field(default="", compare=False)
    hub_name: str = field(default="", compare=False)
    needs_teacher: bool = field(default=False, compare=False)
    biased: bool = field(default=False, compare=False)
    terms: Callable[[SplitPredictions], np.ndarray] = field(compare=False, repr=False)
    reduce: Callable[[np.ndarray], np.ndarray] = field(compare=False, repr=False)

    @property
    def is_share(self) -> bool:
        """Whether its values are shares, from 0 to 1."""
        return self.unit is Unit.SHARE

    @property
    def scale(self) -> float:
        """Factor from the value to what is shown."""
        return 100.0 if self.is_share else 1.0

    @property
    def in_text(self) -> str:
        """What it is called within a sentence: "accuracy", but "KL divergence"."""
        small = self.label[:1].lower() + self.label[1:] if self.label[1:2].islower() else self.label
        return self.noun or small

    @property
    def label_with_unit(self) -> str:
        """What people call it, with the unit where it has one: "Accuracy (%)"."""
        return in_unit(self.label, self.unit)

    def of(self, split: SplitPredictions) -> float:
        """Return the value on a split."""
        return float(self.reduce(self.terms(split).sum(axis=0, keepdims=True))[0])

    def of_constant(self, split: SplitPredictions, target: int) -> float:
        """Return what it would be on a split if one class were predicted everywhere."""
        constant = np.zeros_like(split.logits)
        constant[:, target] = 1.0
        return self.of(replace(split, logits=constant, teacher_logits=None, quality=None, teacher_quality=None))

    def better(self, value: float, other: float) -> bool:
        """Tell whether one value is strictly better than another."""
        return value > other if self.greater_is_better else value < other

    @property
    def difference_unit(self) -> str:
        """What a difference of two values is shown in."""
        return "points" if self.is_share else str(self.unit)


def in_unit(label: str, unit: str) -> str:
    """Name a column or an axis with its unit, where there is one."""
    return f"{label} ({unit})" if unit else label


def mean(sums: np.ndarray) -> np.ndarray:
    """Return sums over their count, which is the last column."""
    return np.asarray(sums[:, :-1].sum(axis=1) / np.maximum(sums[:, -1], 1.0))


def _counted(columns: np.ndarray, counts: np.ndarray, split: SplitPredictions) -> np.ndarray:
    return split.per_example(np.column_stack([columns * counts.reshape(-1, *[1] * (columns.ndim - 1)), counts]))


def _teacher(split: SplitPredictions) -> np.ndarray:
    assert split.teacher_logits is not None
    return split.teacher_logits


def _accuracy_terms(split: SplitPredictions) -> np.ndarray:
    return _counted(split.right, split.known, split)


def _f1_terms(split: SplitPredictions) -> np.ndarray:
    n_classes, known = split.logits.shape[1], split.known[:, None]
    predicted = (split.logits.argmax(axis=1)[:, None] == np.arange(n_classes)) & known
    true = split.targets[:, None] == np.arange(n_classes)
    return split.per_example(np.column_stack([predicted & true, predicted, true]))


def _f1(sums: np.ndarray) -> np.ndarray:
    hits, predicted, true = np.split(sums, 3, axis=1)
    either = predicted + true
    scores = 2 * hits / np.maximum(either, 1.0)
    return np.asarray(scores.sum(axis=1) / np.maximum((either > 0).sum(axis=1), 1))


def _nll_terms(split: SplitPredictions) -> np.ndarray:
    targets = np.where(split.known, split.targets, 0)
    return _counted(-log_softmax(split.logits)[np.arange(len(targets)), targets], split.known, split)


def _ece_terms(split: SplitPredictions) -> np.ndarray:
    confidence = np.exp(log_softmax(split.logits)).max(axis=1)
    bins = np.searchsorted(np.linspace(0.0, 1.0, N_BINS + 1)[1:-1], confidence, side="left")
    gaps = np.where(bins[:, None] == np.arange(N_BINS), (split.right - confidence)[:, None], 0.0)
    return _counted(gaps, split.known, split)


def _ece(sums: np.ndarray) -> np.ndarray:
    return np.asarray(np.abs(sums[:, :-1]).sum(axis=1) / np.maximum(sums[:, -1], 1.0))


def _agreement_terms(split: SplitPredictions) -> np.ndarray:
    alike = split.logits.argmax(axis=1) == _teacher(split).argmax(axis=1)
    return _counted(alike, np.ones(len(alike)), split)


def _kl_terms(split: SplitPredictions) -> np.ndarray:
    teacher, student = log_softmax(_teacher(split)), log_softmax(split.logits)
    # From logarithms, and not scipy.special.rel_entr: a share too small for a float would make it infinite.
    divergence = (np.exp(teacher) * (teacher - student)).sum(axis=1)
    return _counted(divergence, np.ones(len(divergence)), split)


def _kl(sums: np.ndarray) -> np.ndarray:
    return np.asarray(np.maximum(mean(sums), 0.0))


def _loyalty_terms(split: SplitPredictions) -> np.ndarray:
    from scipy.special import rel_entr

    teacher, student = np.exp(log_softmax(_teacher(split))), np.exp(log_softmax(split.logits))
    middle = (teacher + student) / 2
    bits = (rel_entr(teacher, middle) + rel_entr(student, middle)).sum(axis=1) / (2 * np.log(2))
    return _counted(1 - np.sqrt(np.clip(bits, 0.0, 1.0)), np.ones(len(bits)), split)


ACCURACY = Metric(
    name="accuracy",
    label="Accuracy",
    meaning="answers that are right",
    unit=Unit.SHARE,
    greater_is_better=True,
    hub_name="accuracy",
    terms=_accuracy_terms,
    reduce=mean,
)
MACRO_F1 = Metric(
    name="macro_f1",
    label="Macro-F1",
    meaning="like accuracy, every label counting alike",
    definition="mean F1 of the labels",
    hub_name="f1",
    unit=Unit.SHARE,
    greater_is_better=True,
    biased=True,
    terms=_f1_terms,
    reduce=_f1,
)
"""The mean F1 of the classes that occur among right classes or predictions."""
NLL = Metric(
    name="nll",
    label="Log-loss",
    meaning="mean surprise at the right label (NLL)",
    unit=Unit.NATS,
    greater_is_better=False,
    terms=_nll_terms,
    reduce=mean,
)
ECE = Metric(
    name="ece",
    label="Calibration error",
    meaning="gap between confidence and accuracy (ECE)",
    unit=Unit.SHARE,
    greater_is_better=False,
    biased=True,
    terms=_ece_terms,
    reduce=_ece,
)
"""Expected calibration error over 15 bins (Guo et al., 2017, arXiv:1706.04599, eq. 3)."""
AGREEMENT = Metric(
    name="agreement",
    label="Agreement",
    meaning="answers that are the teacher's",
    unit=Unit.SHARE,
    greater_is_better=True,
    needs_teacher=True,
    terms=_agreement_terms,
    reduce=mean,
)
"""The share of sites with the same answer, which is not accuracy (Stanton et al., 2021, arXiv:2106.05945)."""
KL = Metric(
    name="kl",
    label="KL divergence",
    meaning="distance from the teacher's probabilities",
    unit=Unit.NATS,
    greater_is_better=False,
    needs_teacher=True,
    terms=_kl_terms,
    reduce=_kl,
)
"""``KL(p_t || p_s)`` at a temperature of 1, its mean over sites."""
LOYALTY = Metric(
    name="loyalty",
    label="Loyalty",
    meaning="likeness of the probabilities, 100 % when equal",
    unit=Unit.SHARE,
    greater_is_better=True,
    needs_teacher=True,
    terms=_loyalty_terms,
    reduce=mean,
)
"""``1 - sqrt(JSD₂(p_t, p_s))`` (Xu et al., 2021, arXiv:2109.03228, "probability loyalty")."""


def _wrong_label_terms(split: SplitPredictions) -> np.ndarray:
    """Count the sites at which the likeliest label beside the teacher's answer is the teacher's, too."""
    teacher, student = _teacher(split), split.logits
    answers = teacher.argmax(axis=1, keepdims=True)
    runners_up = (np.where(np.arange(teacher.shape[1]) == answers, -np.inf, each) for each in (teacher, student))
    first, second = (each.argmax(axis=1) for each in runners_up)
    return _counted(first == second, np.ones(len(first)), split)


RUNNER_UP = Metric(
    name="runner_up_agreement",
    label="Runner-up agreement",
    meaning="texts whose likeliest other label is the teacher's",
    definition="share of texts on which the likeliest label beside the teacher's answer is that of the teacher",
    unit=Unit.SHARE,
    greater_is_better=True,
    needs_teacher=True,
    terms=_wrong_label_terms,
    reduce=mean,
)
"""How well the ranking of the wrong labels is kept, the dark knowledge of a teacher; needs three labels or more."""


def recall(target: int) -> Metric:
    """Return the share of the sites of one class that are answered right."""

    def terms(split: SplitPredictions) -> np.ndarray:
        return _counted(split.right, split.targets == target, split)

    return Metric(
        name=f"recall_{target}",
        label="Accuracy on the class left out",
        meaning="texts of that class answered right",
        unit=Unit.SHARE,
        greater_is_better=True,
        terms=terms,
        reduce=mean,
    )
