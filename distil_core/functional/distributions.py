"""Distributions over classes: softened, compared, measured; from tensor to tensor.

Everything that compares takes log-probabilities, as :func:`log_soften` makes them: a class whose probability is too
small for a float still has a logarithm. All results are in nats, one number per site.
"""

import math

import torch

from distil_core.errors import ConfigError
from distil_core.types import Logits, LogProbs, PerSite, Probs


def soften(logits: Logits, temperature: float) -> Probs:
    r"""Turn logits into a softened distribution, ``softmax(z / T)``.

    ``T = 1`` is the model's own distribution; a larger ``T`` flattens it and shows how the teacher
    ranks the wrong classes (Hinton et al., 2015, arXiv:1503.02531, eq. 1).

    Args:
        logits: Unnormalized scores.
        temperature: Above zero, dimensionless.

    Returns:
        Probabilities; each row sums to 1, in the dtype of ``logits``.

    Raises:
        ConfigError: If ``temperature`` is not above zero.
    """
    return log_soften(logits, temperature).exp()


def log_soften(logits: Logits, temperature: float) -> LogProbs:
    r"""Turn logits into the logarithms of a softened distribution, ``log softmax(z / T)``, in nats.

    Args:
        logits: Unnormalized scores.
        temperature: Above zero, dimensionless.

    Raises:
        ConfigError: If ``temperature`` is not above zero.
    """
    if not temperature > 0:  # also refuses NaN
        raise ConfigError(f"temperature must be > 0, got {temperature!r}")
    # Shifted before the division, so that a large common part of the logits costs no digits. A shift changes nothing,
    # hence it has no gradient either.
    shifted = logits - logits.amax(dim=-1, keepdim=True).detach()
    return (shifted / temperature).log_softmax(dim=-1)


def entropy(log_probs: LogProbs) -> PerSite:
    r"""Measure how undecided a distribution is, ``H(p) = -Σ p log p``: from 0 to ``log(classes)`` nats."""
    return -_mean_under(log_probs, log_probs)


def kl(log_teacher: LogProbs, log_student: LogProbs) -> PerSite:
    r"""Measure what is lost when the student stands for the teacher, ``KL(p_t || p_s) = Σ p_t (log p_t - log p_s)``.

    Not symmetric: the classes that the teacher believes in are the ones that count. From 0 to infinity, in nats;
    rounding can leave a value just below 0.

    Args:
        log_teacher: Log-probabilities of the distribution to be followed.
        log_student: Log-probabilities of the one that follows.
    """
    return _mean_under(log_teacher, log_teacher - log_student)


def jensen_shannon(log_first: LogProbs, log_second: LogProbs) -> PerSite:
    r"""Measure how far two distributions are apart, ``½ KL(p || m) + ½ KL(q || m)`` with ``m = ½ (p + q)``.

    Symmetric, from 0 to ``log 2`` nats: the divergence, not its root (Lin, 1991, doi:10.1109/18.61115).
    """
    # In float64: rounding of 1e-7 would be 3e-4 under the root that loyalty takes.
    first, second = log_first.double(), log_second.double()
    middle = torch.logaddexp(first, second) - math.log(2)
    divergence = 0.5 * _mean_under(first, first - middle) + 0.5 * _mean_under(second, second - middle)
    return divergence.clamp(0, math.log(2)).to(log_first.dtype)


def loyalty(log_teacher: LogProbs, log_student: LogProbs) -> PerSite:
    r"""Measure how truly the student follows, ``1 - sqrt(JSD₂(p_t, p_s))``; 1 is the teacher itself, 0 nothing shared.

    ``JSD₂`` is the Jensen-Shannon divergence in bits (Xu et al., 2021, arXiv:2109.03228, "probability loyalty").
    ``scipy.spatial.distance.jensenshannon(..., base=2)`` is the root already.
    """
    return 1 - (jensen_shannon(log_teacher, log_student) / math.log(2)).sqrt()


def _mean_under(log_probs: LogProbs, values: LogProbs) -> PerSite:
    probs = log_probs.exp()
    # What never happens counts nothing, even where its value is infinite or undefined.
    return (probs * torch.where(probs > 0, values, torch.zeros_like(values))).sum(dim=-1)
