"""Masked words learned from a teacher that is asked as training goes on, as each epoch masks other words."""

from contextlib import nullcontext
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from distil_core.data.masks import Masking, counts_of, mask, smoothed, unmasked
from distil_core.data.sites import EncodedSplit, Sites
from distil_core.data.tokenization import Ragged
from distil_core.functional.loss_inputs import ModelOutputs
from distil_core.models.forward import at_sites, packs, padded_inputs
from distil_core.models.packing import packed, packed_output
from distil_core.models.words import undecoded
from distil_core.settings.config import LossConfig, SoftSites, TrainingConfig
from distil_core.training.lessons import TrainingData
from distil_core.types import Model


def word_outputs(
    model: Model,
    tokens: Ragged,
    sites: Sites,
    examples: Int[Tensor, "batch"],
    *,
    padding: int,
    loss: LossConfig,
    layers: tuple[int, ...] | None = None,
) -> tuple[ModelOutputs, Bool[Tensor, "1 tokens"]]:
    """Return what a model says of some texts with masked words, and which tokens of its hidden states are real.

    Hidden states are those of the real tokens in one row, so that each token counts the same.

    Args:
        model: Predicts words.
        tokens: Texts with their masks.
        sites: Where words are asked for.
        examples: Which texts.
        padding: Id to fill up with.
        loss: Decides whether hidden states are needed.
        layers: Whose hidden states are mapped to another model's; None: all.
    """
    wants_hidden = loss.hidden_mse + loss.hidden_cosine > 0
    packing = packs(model)
    with packed(model, every_token=True) if packing else nullcontext(), undecoded(model) as decode:
        if packing:
            output, places, real = packed_output(model, tokens, examples, output_hidden_states=wants_hidden)
            chosen, rows = sites.within(examples)
            assert sites.positions is not None
            features = output.logits[0, places.firsts[rows] + sites.positions[chosen]]
        else:
            inputs = padded_inputs(model, tokens, examples, padding=padding)
            output, real = model(**inputs, output_hidden_states=wants_hidden), inputs["attention_mask"].bool()
            features = at_sites(output.logits, sites, examples)[1]
        logits = decode(features)
    states = [state[real][None] for state in output.hidden_states[1:]] if wants_hidden else []
    return ModelOutputs(
        logits=logits,
        last_hidden=states[-1] if wants_hidden else None,
        hidden=tuple(states if layers is None else (states[layer] for layer in layers)) if wants_hidden else (),
    ), real[real][None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveTeacher:
    """A teacher that is asked about each batch anew, with the masks of the epoch; nothing that it says is kept."""

    model: Model
    tokens: Ragged
    sites: Sites
    padding: int
    loss: LossConfig
    layers: tuple[int, ...]

    @property
    def logits(self) -> Float[Tensor, "sites classes"]:
        """No logits, as they are not kept."""
        return torch.empty(0, 0)

    @property
    def width(self) -> int:
        """Size of the teacher's hidden states."""
        return int(self.model.config.hidden_size)

    @torch.no_grad()
    def batch(self, examples: Int[Tensor, "batch"]) -> ModelOutputs:
        """Return what the losses in use need for some texts."""
        return word_outputs(
            self.model,
            self.tokens,
            self.sites,
            examples,
            padding=self.padding,
            loss=self.loss,
            layers=self.layers,
        )[0]

    def about(self, part: EncodedSplit) -> "LiveTeacher":
        """Return the same teacher, to be asked about texts with other masks."""
        return replace(self, tokens=part.tokens, sites=part.sites)


def masked_lesson(lesson: TrainingData, *, loss: LossConfig, training: TrainingConfig, seed: int) -> TrainingData:
    """Return a lesson in which other words are masked in each epoch, or as it is where it is not about words.

    A teacher that the loss asks nothing of is left out.

    Args:
        lesson: Texts with the words masked that a model would be measured on.
        loss: What is asked of the teacher, and where.
        training: How words are chosen.
        seed: Of the run.
    """
    vocabulary = lesson.sites.vocabulary
    if vocabulary is None:
        return lesson
    tokens = unmasked(EncodedSplit(tokens=lesson.tokens, sites=lesson.sites))
    counts = counts_of(tokens, vocabulary)
    silent = not (loss.soft or loss.logit_mse or loss.hidden_cosine or loss.hidden_mse)
    teacher = None if silent else lesson.teacher
    masking = Masking(
        share=training.masked,
        smoothing=training.mask_smoothing,
        every_word=loss.soft_sites is SoftSites.ALL and teacher is not None,
    )

    def redraw(epoch: int) -> TrainingData:
        part = mask(tokens, vocabulary, masking, counts=counts, seed=seed, epoch=epoch)
        asked_anew = teacher.about(part) if isinstance(teacher, LiveTeacher) else teacher
        return replace(lesson, tokens=part.tokens, sites=part.sites, teacher=asked_anew, redraw=redraw)

    return redraw(0)


@torch.no_grad()
def start_as_unigram(model: Model, lesson: TrainingData) -> None:
    """Let a head that is yet to be fitted begin with how common each word is, which is the bias of its decoder."""
    vocabulary, bias = lesson.sites.vocabulary, model.get_output_embeddings().bias
    assert vocabulary is not None
    if bias is not None:
        tokens = unmasked(EncodedSplit(tokens=lesson.tokens, sites=lesson.sites))
        bias.copy_(smoothed(counts_of(tokens, vocabulary)))
