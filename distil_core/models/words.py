"""Models that predict masked words: their decoder works at the sites alone, and not on every token."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from distil_core.data.sites import Sites, TeacherWords
from distil_core.data.words import WordColumn
from distil_core.types import Model

_CHUNK = 128
"""Sites whose logits are in memory at once while answers are looked at."""


@contextmanager
def undecoded(model: Model) -> Iterator[nn.Linear]:
    """Let a model that predicts words put out what goes into its decoder for a while; gives the decoder."""
    decoder: nn.Linear = model.get_output_embeddings()
    name = next(name for name, module in model.named_modules() if module is decoder)
    parent, attribute = model.get_submodule(name.rpartition(".")[0]), name.rpartition(".")[2]
    setattr(parent, attribute, nn.Identity())
    try:
        yield decoder
    finally:
        setattr(parent, attribute, decoder)


def figures_at(
    decoder: nn.Module, features: Float[Tensor, "chosen width"], sites: Sites, chosen: Int[Tensor, "chosen"]
) -> Float[Tensor, "chosen columns"]:
    """Return the :class:`WordColumn` of what a model predicts at some sites, some sites at a time.

    Args:
        decoder: Turns its features into logits of the vocabulary.
        features: What goes into the decoder at these sites.
        sites: All sites, with what the teacher predicts there where that is known.
        chosen: Which sites.
    """
    assert sites.vocabulary is not None
    teacher = sites.vocabulary.teacher
    figures = features.new_zeros(len(chosen), len(WordColumn), dtype=torch.float32)
    for part in torch.arange(len(chosen), device=chosen.device).split(_CHUNK):
        figures[part] = figures_of(
            decoder(features[part]).float(),
            sites.targets[chosen[part]],
            None if teacher is None else teacher_logits(teacher, chosen[part]),
        )
    return figures


def teacher_logits(teacher: TeacherWords, chosen: Int[Tensor, "chosen"]) -> Float[Tensor, "chosen vocabulary"]:
    """Return the logits of a teacher at some sites."""
    return F.linear(teacher.features[chosen].float(), teacher.weight, teacher.bias)


def figures_of(
    logits: Float[Tensor, "chosen vocabulary"],
    targets: Int[Tensor, "chosen"],
    teacher: Float[Tensor, "chosen vocabulary"] | None = None,
) -> Float[Tensor, "chosen columns"]:
    """Return the :class:`WordColumn` of some distributions over a vocabulary.

    Args:
        logits: Of a model.
        targets: The right words.
        teacher: Logits of its teacher.
    """
    right = logits.gather(1, targets[:, None])
    log_probs = logits.log_softmax(dim=1)
    figures = logits.new_zeros(len(logits), len(WordColumn))
    figures[:, WordColumn.SURPRISE] = -log_probs.gather(1, targets[:, None])[:, 0]
    figures[:, WordColumn.RANK] = (logits > right).sum(dim=1).float()
    figures[:, WordColumn.LIKELIEST] = logits.argmax(dim=1).float()
    if teacher is not None:
        wanted = teacher.log_softmax(dim=1)
        figures[:, WordColumn.DIVERGENCE] = (wanted.exp() * (wanted - log_probs)).sum(dim=1)
    return figures
