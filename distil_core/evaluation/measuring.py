"""How good a model is and how far it follows its teacher, from logits and labels alone."""

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from distil_core.errors import CorpusError, ModelError
from distil_core.evaluation.calibration import N_BINS, Calibration, binned
from distil_core.evaluation.records import N_RESAMPLES, Fidelity, Interval, Quality
from distil_core.functional.distributions import kl, log_soften, loyalty, soften
from distil_core.types import Labels, Logits


def quality(logits: Logits, labels: Labels, *, seed: int = 0) -> Quality:
    """Measure how well a model knows the labels.

    Accuracy with its bootstrap interval; the mean F1 of the classes that occur among labels or predictions; the mean
    negative log-likelihood in nats; and the calibration error over 15 bins.

    Args:
        logits: Scores of the model, in the order of the labels.
        labels: Index of the right class of each example.
        seed: Seed of the bootstrap.

    Raises:
        CorpusError: If there are no examples.
        ModelError: If a score is not a finite number.
    """
    from sklearn.metrics import f1_score

    logits, labels = _checked(logits), labels.cpu()
    predictions = logits.argmax(dim=-1)
    return Quality(
        accuracy=_share(predictions == labels, seed),
        macro_f1=float(f1_score(labels.numpy(), predictions.numpy(), average="macro", zero_division=0.0)),
        nll=float(F.cross_entropy(logits, labels)),
        ece=calibration(logits, labels).ece,
    )


def fidelity(teacher_logits: Logits, student_logits: Logits, labels: Labels, *, seed: int = 0) -> Fidelity:
    """Measure how far a student follows its teacher; agreement is not accuracy (Stanton et al., arXiv:2106.05945).

    Agreement is the share of examples on which both predict the same class, with its bootstrap interval. KL (teacher
    to student, in nats) and loyalty are means over the examples, at a temperature of 1.

    Args:
        teacher_logits: Scores of the teacher, in the order of the labels.
        student_logits: Scores of the student.
        labels: Index of the right class of each example.
        seed: Seed of the bootstrap.

    Raises:
        CorpusError: If there are no examples.
        ModelError: If a score is not a finite number.
    """
    teacher, student, labels = _checked(teacher_logits), _checked(student_logits), labels.cpu()
    log_teacher, log_student = log_soften(teacher, 1.0), log_soften(student, 1.0)
    of_teacher, of_student = teacher.argmax(dim=-1), student.argmax(dim=-1)
    teacher_right, student_right = of_teacher == labels, of_student == labels

    def share(flags: Tensor) -> float:
        return float(flags.double().mean())

    return Fidelity(
        agreement=_share(of_teacher == of_student, seed),
        kl_nats=max(0.0, float(kl(log_teacher, log_student).mean())),
        loyalty=float(loyalty(log_teacher, log_student).mean()),
        both_right=share(teacher_right & student_right),
        only_teacher_right=share(teacher_right & ~student_right),
        only_student_right=share(~teacher_right & student_right),
        both_wrong=share(~teacher_right & ~student_right),
    )


def calibration(logits: Logits, labels: Labels, *, n_bins: int = N_BINS) -> Calibration:
    """Sort the examples by how sure the model is of them, and see how often it is right.

    Args:
        logits: Scores of the model, in the order of the labels.
        labels: Index of the right class of each example.
        n_bins: Bins of equal width between 0 and 1.

    Raises:
        CorpusError: If there are no examples.
        ModelError: If a score is not a finite number.
    """
    confidence, predictions = soften(_checked(logits), 1.0).max(dim=-1)
    return binned(confidence.numpy(), (predictions == labels.cpu()).numpy(), n_bins=n_bins)


def _share(flags: Bool[Tensor, "examples"], seed: int) -> Interval:
    n, n_true = len(flags), int(flags.sum())
    # Drawing n of n flags with replacement and counting the true ones is one draw from a binomial distribution.
    drawn = np.random.default_rng(seed).binomial(n, n_true / n, size=N_RESAMPLES) / n
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Interval(value=n_true / n, low=float(low), high=float(high))


def _checked(logits: Float[Tensor, "examples classes"]) -> Float[Tensor, "examples classes"]:
    if len(logits) == 0:
        raise CorpusError("measuring needs at least one labeled text, got none; give a larger test split")
    if not torch.isfinite(logits).all():
        raise ModelError("a model's scores must be finite numbers, got nan or inf; train it with a smaller step size")
    return logits.detach().cpu().double()
