"""What a student is asked to imitate, one plain function per loss.

All of them keep the same four promises. Each example counts the same, however long it is: what belongs to tokens is
first averaged over the real tokens of an example. The result is the sum over the batch divided by ``normalizer``,
which is the number of examples unless the caller says otherwise (batches cut by a token budget vary in size). What
stands in the padding cannot change anything. Arithmetic is at least fp32, and no gradient reaches the teacher.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from distil_core.errors import ConfigError
from distil_core.functional.distributions import kl, log_soften
from distil_core.functional.loss_inputs import (
    HardLoss,
    LossInputs,
    MissingInputError,
    ModelOutputs,
    Projection,
    SoftLoss,
    need,
)
from distil_core.settings.config import LossConfig
from distil_core.types import Attention, Hidden, Labels, Logits, Mask, PerExample, PerSite, Scalar

StudentHidden = Float[Tensor, "batch length student_width"]
StudentAttention = Float[Tensor, "batch student_heads length length"]


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
        normalizer: Divisor of the sum over the batch; None: the number of examples.

    Raises:
        ConfigError: If ``temperature`` is not above zero.
    """
    teacher = log_soften(_full(teacher_logits.detach()), temperature)
    student = log_soften(_full(student_logits), temperature)
    return temperature**2 * _reduce(kl(teacher, student), normalizer)


def hard_labels(
    student_logits: Logits, labels: Labels, *, weights: PerSite | None = None, normalizer: float | None = None
) -> Scalar:
    r"""Ask for the labels of the corpus, ``-log p_s(y)`` at ``T = 1``: the cross-entropy, in nats.

    Args:
        student_logits: Unnormalized scores of the student.
        labels: Index of the right class of each example.
        weights: How much each label counts, 0 where it is not told; None: 1.
        normalizer: Divisor of the sum over the batch; None: the number of examples.
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
        normalizer: Divisor of the sum over the batch; None: the number of examples.
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
        normalizer: Divisor of the sum over the batch; None: the number of examples.

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
        normalizer: Divisor of the sum over the batch; None: the number of examples.

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
        normalizer: Divisor of the sum over the batch; None: the number of examples.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of the loss: the setting that weighs it, and what it makes of a batch.

    ``weighed_by`` is what the configuration calls its weight, where that follows from several settings.
    """

    setting: str
    value: Callable[[LossInputs], Scalar]
    weighed_by: str = ""

    def weight(self, config: LossConfig) -> float:
        """Return how much the part weighs; one that weighs nothing is not computed."""
        weight: float = getattr(config, self.weighed_by or self.setting)
        return weight


@dataclass(frozen=True, slots=True, kw_only=True)
class LossParts:
    """A loss to go down, and how much of it each part makes.

    ``parts`` maps the name of each part in use to its weighted value, which carries no gradient; they sum to
    ``total``.
    """

    total: Scalar
    parts: dict[str, Scalar]


PARTS: dict[str, Part] = {
    "soft_labels": Part(
        setting="alpha",
        weighed_by="soft",
        value=lambda batch: batch.soft_loss(
            batch.student.logits,
            batch.teacher.logits,
            temperature=batch.config.temperature,
            normalizer=batch.normalizer,
        ),
    ),
    "hard_labels": Part(
        setting="alpha",
        weighed_by="hard",
        value=lambda batch: batch.hard_loss(
            batch.student.logits, batch.labels, weights=batch.label_weights, normalizer=batch.normalizer
        ),
    ),
    "logit_mse": Part(
        setting="logit_mse",
        value=lambda batch: logit_mse(batch.student.logits, batch.teacher.logits, normalizer=batch.normalizer),
    ),
    "hidden_cosine": Part(
        setting="hidden_cosine",
        value=lambda batch: hidden_cosine(
            need(batch.student.last_hidden, "the student's last hidden states"),
            need(batch.teacher.last_hidden, "the teacher's last hidden states"),
            batch.mask,
            projection=batch.projection,
            normalizer=batch.state_normalizer,
        ),
    ),
    "hidden_mse": Part(
        setting="hidden_mse",
        value=lambda batch: batch.over_layers(
            batch.student.hidden,
            batch.teacher.hidden,
            lambda s, t: hidden_mse(s, t, batch.mask, projection=batch.projection, normalizer=batch.state_normalizer),
        ),
    ),
    "attention_kl": Part(
        setting="attention_kl",
        value=lambda batch: batch.over_layers(
            batch.student.attention,
            batch.teacher.attention,
            lambda s, t: attention_kl(s, t, batch.mask, normalizer=batch.state_normalizer),
        ),
    ),
}
"""Every part of the loss by its name, in the order in which they are added up; a new loss is one entry."""


def distillation_loss(
    student: ModelOutputs,
    teacher: ModelOutputs | None,
    labels: Labels | Logits,
    config: LossConfig,
    *,
    soft_loss: SoftLoss | None = None,
    hard_loss: HardLoss | None = None,
    mask: Mask | None = None,
    projection: Projection | None = None,
    label_weights: PerSite | None = None,
    normalizer: float | None = None,
    state_normalizer: float | None = None,
) -> LossParts:
    r"""Combine :data:`PARTS`, ``α · T² KL(p_t || p_s) + (1 - α) · CE(y, p_s) + Σ weight · part``.

    Weights of their own may stand for ``α`` and ``1 - α``: DistilBERT has 5, 2, and 1 for the cosine.
    A part that weighs nothing is not computed, and what only it would need may be missing. ``hidden_mse`` and
    ``attention_kl`` are averaged over the mapped layers, so that a weight means the same at every depth.

    Args:
        student: What the student says about the batch.
        teacher: What the teacher says; not needed when only hard labels are in use.
        labels: Index of the right class of each example, or what else the hard loss takes.
        config: Temperature and weights.
        soft_loss: What the teacher asks of the student; None: :func:`soft_labels`.
        hard_loss: What the labels ask of the student; None: :func:`hard_labels`.
        mask: True for real tokens, False for padding; needed for hidden states and attention.
        projection: Takes the student's hidden states to the teacher's width, when they differ.
        label_weights: How much the hard label of each example counts; None: 1.
        normalizer: Divisor of the sum over the batch; None: the number of examples.
        state_normalizer: The same for hidden states and attention; None: the other.

    Raises:
        ConfigError: If a part weighs something and what it needs is not there.
    """
    batch = LossInputs(
        student=student,
        teacher_outputs=teacher,
        labels=labels,
        config=config,
        soft_loss=soft_labels if soft_loss is None else soft_loss,
        hard_loss=hard_labels if hard_loss is None else hard_loss,
        real_tokens=mask,
        projection=projection,
        label_weights=label_weights,
        normalizer=normalizer,
        state_normalizer=normalizer if state_normalizer is None else state_normalizer,
    )
    values: dict[str, Scalar] = {}
    for name, part in PARTS.items():
        weight = part.weight(config)
        if weight > 0:
            try:
                values[name] = weight * part.value(batch)
            except MissingInputError as missing:
                raise ConfigError(f"loss.{part.setting} needs {missing}") from None
    total = torch.stack(list(values.values())).sum()
    return LossParts(total=total, parts={name: value.detach() for name, value in values.items()})


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


def _reduce(losses: Float[Tensor, "_"], normalizer: float | None) -> Scalar:
    return losses.sum() / (len(losses) if normalizer is None else normalizer)
