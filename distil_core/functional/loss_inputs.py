"""What a loss may look at: what student and teacher say about one batch, and how that is to be compared."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from distil_core.settings.config import LossConfig
from distil_core.types import Attention, Hidden, Labels, Logits, Mask, PerSite, Scalar

T = TypeVar("T")

Projection = Float[Tensor, "student_width width"]
SoftLoss: TypeAlias = Callable[..., Scalar]
"""What the teacher asks: both logits, with ``temperature`` and ``normalizer`` by keyword, to a loss."""
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
class LossInputs:
    """All that a part of the loss may look at: one batch, and how it is to be compared.

    ``teacher`` and ``mask`` are there for the parts that need them, and an error where a batch has none.
    """

    student: ModelOutputs
    teacher_outputs: ModelOutputs | None
    labels: Labels | Logits
    config: LossConfig
    soft_loss: SoftLoss
    hard_loss: HardLoss
    real_tokens: Mask | None
    projection: Projection | None
    label_weights: PerSite | None
    normalizer: float | None
    state_normalizer: float | None = None

    @property
    def teacher(self) -> ModelOutputs:
        """What the teacher says."""
        return need(self.teacher_outputs, "the teacher's outputs")

    @property
    def mask(self) -> Mask:
        """True for real tokens, False for padding."""
        return need(self.real_tokens, "the mask")

    def over_layers(
        self, student: Sequence[Tensor], teacher: Sequence[Tensor], loss: Callable[[Tensor, Tensor], Scalar]
    ) -> Scalar:
        """Return the mean of a loss over mapped layers, so that its weight means the same at every depth."""
        if not student or len(student) != len(teacher):
            raise MissingInputError(
                "as many mapped layers of the student as of the teacher, at least one, got "
                f"{len(student)} and {len(teacher)}; set it to 0 or let both models return them"
            )
        return torch.stack([loss(s, t) for s, t in zip(student, teacher, strict=True)]).mean()


class MissingInputError(LookupError):
    """A batch lacks what a part of the loss needs; the whole loss adds which setting asks for it."""


def need(value: T | None, what: str) -> T:
    """Return what a part of the loss cannot do without; where there is none, the error names the part's setting."""
    if value is None:
        raise MissingInputError(f"{what}, got none; give it, or set the weight to 0")
    return value
