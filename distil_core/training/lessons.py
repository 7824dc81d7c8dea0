"""What a model learns from, and what it answered beside what is right."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from jaxtyping import Float, Int
from torch import Tensor

from distil_core.data.sites import Sites
from distil_core.data.tokenization import Ragged
from distil_core.evaluation.predictions import SplitPredictions, split_predictions
from distil_core.functional.loss_inputs import ModelOutputs
from distil_core.models.freezing import LowerStates


@runtime_checkable
class TeacherSignal(Protocol):
    """What a teacher said of the texts that are learned from."""

    @property
    def logits(self) -> Float[Tensor, "sites classes"]:
        """Logits of every site."""
        ...

    @property
    def width(self) -> int:
        """Size of the teacher's hidden states."""
        ...

    def batch(self, examples: Int[Tensor, "batch"]) -> ModelOutputs:
        """Return what the losses in use need for some texts, padded to the longest of them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingData:
    """Texts to learn from, what is right at their sites, and what the teacher said there, if there is one.

    ``chosen`` are the texts to learn from in one epoch, where it is not each of them once; ``label_weights`` says how
    much each text's label counts, where it is not 1. ``lower`` is what the frozen layers put out, where it is known.
    ``redraw`` gives the lesson of an epoch, counted from 0, where each has its own.
    """

    tokens: Ragged
    sites: Sites
    teacher: TeacherSignal | None = None
    chosen: Int[Tensor, "chosen"] | None = None
    label_weights: Float[Tensor, "examples"] | None = None
    lower: LowerStates | None = None
    redraw: Callable[[int], "TrainingData"] | None = None

    def __len__(self) -> int:
        """Texts in one epoch."""
        return len(self.tokens if self.chosen is None else self.chosen)

    def in_epoch(self, number: int) -> "TrainingData":
        """Return what is learned in an epoch: all the same, unless it is drawn anew."""
        return self if self.redraw is None else self.redraw(number)


def predictions_of(
    logits: Float[Tensor, "sites classes"], sites: Sites, *, teacher: Float[Tensor, "sites teacher_classes"] | None
) -> SplitPredictions:
    """Return what a model and its teacher answered at the sites of a split, as it is measured."""
    answers = logits.float().cpu().numpy()
    by_teacher = None if teacher is None else teacher.float().cpu().numpy()
    judge = sites.judge
    return split_predictions(
        answers,
        sites.targets.cpu().numpy(),
        teacher_logits=by_teacher,
        examples=sites.examples.cpu().numpy(),
        n_examples=sites.n_examples,
        quality=None if judge is None else judge(answers),
        teacher_quality=None if judge is None or by_teacher is None else judge(by_teacher),
    )
