"""What a student is asked to imitate, one plain function per loss.

All of them keep the same four promises. Each example counts the same, however long it is: what belongs to tokens is
first averaged over the real tokens of an example. The result is the sum over the batch divided by ``normalizer``,
which is the number of examples unless the caller says otherwise (batches cut by a token budget vary in size). What
stands in the padding cannot change anything. Arithmetic is at least fp32, and no gradient reaches the teacher.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from distil_core.errors import ConfigError
from distil_core.functional.distributions import kl, log_soften
from distil_core.settings.config import LossConfig
from distil_core.types import Attention, Hidden, Labels, Logits, Mask, PerExample, Scalar

T = TypeVar("T")

StudentHidden = Float[Tensor, "batch length student_width"]
StudentAttention = Float[Tensor, "batch student_heads length length"]
Projection = Float[Tensor, "student_width width"]


def soft_labels(
    student_logits: Logits, teacher_logits: Logits, *, temperature: float, normalizer: float | None = None
) -> Scalar:
    r"""Ask for the teacher's softened distribution, ``T² · KL(p_t || p_s)`` with ``p = softmax(z / T)``, in nats.

    The gradient of the KL shrinks with ``1/T²``; the factor ``T²`` keeps its share in the whole loss when the
    temperature changes (Hinton et al., 2015, arXiv:1503.02531, §2). Summed over classes, averaged over examples.

    Args:
        student_logits: Unnormalized scores of the student.
        teacher_logits: Unnormalized scores of the teacher, which stays as it is.
        temperature: Above zero; both distributions are softened with it.
        normalizer: Divisor of the sum over the batch; the number of examples when not given.

    Raises:
        ConfigError: If ``temperature`` is not above zero.
    """
    teacher = log_soften(_full(teacher_logits.detach()), temperature)
    student = log_soften(_full(student_logits), temperature)
    return temperature**2 * _reduce(kl(teacher, student), normalizer)


def hard_labels(
    student_logits: Logits, labels: Labels, *, weights: PerExample | None = None, normalizer: float | None = None
) -> Scalar:
    r"""Ask for the labels of the corpus, ``-log p_s(y)`` at ``T = 1``: the cross-entropy, in nats.

    Args:
        student_logits: Unnormalized scores of the student.
        labels: Index of the right class of each example.
        weights: How much each label counts, 0 where it is not told; 1 when not given.
        normalizer: Divisor of the sum over the batch; the number of examples when not given.
    """
    losses = F.cross_entropy(_full(student_logits), labels, reduction="none")
    return _reduce(losses if weights is None else losses * weights, normalizer)


def logit_mse(student_logits: Logits, teacher_logits: Logits, *, normalizer: float | None = None) -> Scalar:
    r"""Ask for the teacher's logits themselves, ``½ Σ_c (z_s - z_t)²``.

    Summed over classes, halved, averaged over examples, as in Ba & Caruana (2014, arXiv:1312.6184): ``2 /
    classes`` times the loss makes it the mean over classes. Where the logits of an example have mean zero, ``1 /
    classes`` times the loss is the limit of :func:`soft_labels` for high temperatures.

    Args:
        student_logits: Unnormalized scores of the student.
        teacher_logits: Unnormalized scores of the teacher, which stays as it is.
        normalizer: Divisor of the sum over the batch; the number of examples when not given.
    """
    difference = _full(student_logits) - _full(teacher_logits.detach())
    return _reduce(0.5 * difference.square().sum(dim=-1), normalizer)


def hidden_cosine(
    student_hidden: StudentHidden,
    teacher_hidden: Hidden,
    mask: Mask,
    *,
    projection: Projection | None = None,
    normalizer: float | None = None,
) -> Scalar:
    r"""Ask for the direction of the teacher's hidden states, ``1 - cos(h_s, h_t)``, from 0 to 2.

    Averaged over the real tokens of an example, then over examples. DistilBERT (Sanh et al., 2019, arXiv:1910.01108,
    §3) uses it on the last layer.

    Args:
        student_hidden: Hidden states of the student.
        teacher_hidden: Hidden states of the teacher, which stays as it is.
        mask: True for real tokens, False for padding.
        projection: ``W`` when the widths differ; the student's states are compared as ``h_s W``.
        normalizer: Divisor of the sum over the batch; the number of examples when not given.

    Raises:
        ConfigError: If the widths differ and there is no projection.
    """
    student, teacher = _comparable(student_hidden, teacher_hidden, mask, projection)
    # 1 - cos is half the squared distance of the unit vectors, which rounding cannot push below zero.
    apart = 0.5 * (F.normalize(student, dim=-1) - F.normalize(teacher, dim=-1)).square().sum(dim=-1)
    return _reduce(apart.sum(dim=-1) / _n_tokens(mask), normalizer)


def hidden_mse(
    student_hidden: StudentHidden,
    teacher_hidden: Hidden,
    mask: Mask,
    *,
    projection: Projection | None = None,
    normalizer: float | None = None,
) -> Scalar:
    r"""Ask for the teacher's hidden states, ``mean (h_s W - h_t)²`` over the width (Jiao et al., 2020, TinyBERT).

    Averaged over the width and the real tokens of an example, then over examples (arXiv:1909.10351).

    Args:
        student_hidden: Hidden states of a layer of the student.
        teacher_hidden: Hidden states of the teacher's layer that it is mapped to; they stay as they are.
        mask: True for real tokens, False for padding.
        projection: ``W`` when the widths differ, learned together with the student.
        normalizer: Divisor of the sum over the batch; the number of examples when not given.

    Raises:
        ConfigError: If the widths differ and there is no projection.
    """
    student, teacher = _comparable(student_hidden, teacher_hidden, mask, projection)
    return _reduce((student - teacher).square().mean(dim=-1).sum(dim=-1) / _n_tokens(mask), normalizer)


def attention_kl(
    student_attention: StudentAttention, teacher_attention: Attention, mask: Mask, *, normalizer: float | None = None
) -> Scalar:
    r"""Ask for the teacher's attention, ``KL(a_t || a_s)`` of each row, in nats (Wang et al., 2020, MiniLM).

    Averaged over the heads and the real tokens that look (rows) of an example, then over examples
    (arXiv:2002.10957). When the numbers of heads differ, both are averaged over their heads first.

    Args:
        student_attention: Attention probabilities of the student; the last axis is what is looked at.
        teacher_attention: Attention probabilities of the teacher, which stay as they are.
        mask: True for real tokens, False for padding.
        normalizer: Divisor of the sum over the batch; the number of examples when not given.
    """
    student, teacher = _full(student_attention), _full(teacher_attention.detach())
    if student.shape[1] != teacher.shape[1]:
        student, teacher = student.mean(dim=1, keepdim=True), teacher.mean(dim=1, keepdim=True)
    padding = ~(mask[:, None, :, None] & mask[:, None, None, :])
    student, teacher = student.masked_fill(padding, 1.0), teacher.masked_fill(padding, 0.0)
    # A softmax in fp32 can end at 0, where the logarithm ends as well.
    log_student = student.clamp_min(torch.finfo(torch.float32).tiny).log()
    rows = (torch.xlogy(teacher, teacher) - teacher * log_student).sum(dim=-1)
    return _reduce(rows.mean(dim=1).sum(dim=-1) / _n_tokens(mask), normalizer)


HardLoss: TypeAlias = Callable[..., Scalar]
"""What labels ask: logits and targets, with ``weights`` and ``normalizer`` by keyword, to a loss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOutputs:
    """What a model says about one batch, as far as the losses in use need it.

    ``hidden`` and ``attention`` belong to the mapped layers, in the same order for teacher and student;
    ``last_hidden`` is the model's own last layer.
    """

    logits: Logits
    last_hidden: Hidden | None = None
    hidden: tuple[Hidden, ...] = ()
    attention: tuple[Attention, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LossParts:
    """A loss to go down, and how much of it each part makes.

    ``parts`` maps the name of each part in use to its weighted value, which carries no gradient; they sum to
    ``total``.
    """

    total: Scalar
    parts: dict[str, Scalar]


def distillation_loss(
    student: ModelOutputs,
    teacher: ModelOutputs | None,
    labels: Labels,
    config: LossConfig,
    *,
    hard_loss: HardLoss = hard_labels,
    mask: Mask | None = None,
    projection: Projection | None = None,
    label_weights: PerExample | None = None,
    normalizer: float | None = None,
) -> LossParts:
    r"""Combine the parts, ``α · T² KL(p_t || p_s) + (1 - α) · CE(y, p_s) + Σ weight · part``.

    A part that weighs nothing is not computed, and what only it would need may be missing. ``hidden_mse`` and
    ``attention_kl`` are averaged over the mapped layers, so that a weight means the same at every depth.

    Args:
        student: What the student says about the batch.
        teacher: What the teacher says; not needed when only hard labels are in use.
        labels: Index of the right class of each example.
        config: Temperature and weights.
        hard_loss: What the labels ask of the student.
        mask: True for real tokens, False for padding; needed for hidden states and attention.
        projection: Takes the student's hidden states to the teacher's width, when they differ.
        label_weights: How much the hard label of each example counts; 1 when not given.
        normalizer: Divisor of the sum over the batch; the number of examples when not given.

    Raises:
        ConfigError: If a part weighs something and what it needs is not there.
    """
    parts: dict[str, Scalar] = {}
    if config.alpha > 0:
        logits = _given(teacher, "alpha", "the teacher's outputs").logits
        soft = soft_labels(student.logits, logits, temperature=config.temperature, normalizer=normalizer)
        parts["soft_labels"] = config.alpha * soft
    if config.alpha < 1:
        hard = hard_loss(student.logits, labels, weights=label_weights, normalizer=normalizer)
        parts["hard_labels"] = (1 - config.alpha) * hard
    if config.logit_mse > 0:
        logits = _given(teacher, "logit_mse", "the teacher's outputs").logits
        parts["logit_mse"] = config.logit_mse * logit_mse(student.logits, logits, normalizer=normalizer)
    if config.hidden_cosine > 0:
        last = _given(teacher, "hidden_cosine", "the teacher's outputs").last_hidden
        parts["hidden_cosine"] = config.hidden_cosine * hidden_cosine(
            _given(student.last_hidden, "hidden_cosine", "the student's last hidden states"),
            _given(last, "hidden_cosine", "the teacher's last hidden states"),
            _given(mask, "hidden_cosine", "the mask"),
            projection=projection,
            normalizer=normalizer,
        )
    if config.hidden_mse > 0:
        real = _given(mask, "hidden_mse", "the mask")
        parts["hidden_mse"] = config.hidden_mse * _over_layers(
            "hidden_mse",
            student.hidden,
            _given(teacher, "hidden_mse", "the teacher's outputs").hidden,
            lambda s, t: hidden_mse(s, t, real, projection=projection, normalizer=normalizer),
        )
    if config.attention_kl > 0:
        real = _given(mask, "attention_kl", "the mask")
        parts["attention_kl"] = config.attention_kl * _over_layers(
            "attention_kl",
            student.attention,
            _given(teacher, "attention_kl", "the teacher's outputs").attention,
            lambda s, t: attention_kl(s, t, real, normalizer=normalizer),
        )
    total = torch.stack(list(parts.values())).sum()
    return LossParts(total=total, parts={name: part.detach() for name, part in parts.items()})


def _over_layers(
    part: str, student: Sequence[Tensor], teacher: Sequence[Tensor], loss: Callable[[Tensor, Tensor], Scalar]
) -> Scalar:
    if not student or len(student) != len(teacher):
        raise ConfigError(
            f"loss.{part} needs as many mapped layers of the student as of the teacher, at least one, got "
            f"{len(student)} and {len(teacher)}; set it to 0 or let both models return them"
        )
    return torch.stack([loss(s, t) for s, t in zip(student, teacher, strict=True)]).mean()


def _given(value: T | None, part: str, what: str) -> T:
    if value is None:
        raise ConfigError(f"loss.{part} needs {what}, got none; give it, or set loss.{part} to 0")
    return value


def _comparable(
    student: StudentHidden, teacher: Hidden, mask: Mask, projection: Projection | None
) -> tuple[Hidden, Hidden]:
    # Emptied before anything else, so that not even a NaN in the padding can reach a gradient.
    padding = ~mask[:, :, None]
    student, teacher = _full(student).masked_fill(padding, 0.0), _full(teacher.detach()).masked_fill(padding, 0.0)
    if projection is not None:
        student = _full(student @ _full(projection))
    if student.shape[-1] != teacher.shape[-1]:
        raise ConfigError(
            f"the student's hidden states must be as wide as the teacher's {teacher.shape[-1]}, got "
            f"{student.shape[-1]}; give a projection"
        )
    return student, teacher


def _n_tokens(mask: Mask) -> PerExample:
    return mask.sum(dim=1).clamp_min(1).to(torch.float32)


def _full(tensor: Tensor) -> Tensor:
    return tensor if tensor.dtype == torch.float64 else tensor.float()


def _reduce(losses: PerExample, normalizer: float | None) -> Scalar:
    return losses.sum() / (len(losses) if normalizer is None else normalizer)
