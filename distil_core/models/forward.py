"""Texts through a model: logits, hidden states and attention maps."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from distil_core.data.batches import sorted_batches
from distil_core.data.tokenization import Ragged
from distil_core.models.packing import PACKABLE, packed, packed_logits
from distil_core.types import Attention, Logits, Model


def logits_of(
    model: Model, tokens: Ragged, *, padding: int, n_tokens: int = 4096
) -> Iterator[tuple[Int[Tensor, "batch"], Logits]]:
    """Put texts to ``model`` in batches of like length; yields which texts and their logits.

    Args:
        model: In eval mode, on the device of ``tokens``.
        tokens: The texts.
        padding: Id to fill up with.
        n_tokens: Budget of a batch.
    """
    packs = model.config.model_type in PACKABLE
    for examples in sorted_batches(tokens.lengths, n_tokens=n_tokens, padded=not packs):
        with torch.inference_mode(), packed(model) if packs else nullcontext():
            if packs:
                logits = packed_logits(model, tokens, examples)
            else:
                ids, mask = tokens.padded(examples, padding=padding)
                logits = model(input_ids=ids, attention_mask=mask.long()).logits
        yield examples, logits


def states_of(
    model: Model, tokens: Ragged, *, padding: int, n_tokens: int = 4096, **outputs: bool
) -> Iterator[tuple[Int[Tensor, "batch"], Any]]:
    """Put texts to ``model`` like :func:`logits_of`; yields which texts and the model's whole output, padded.

    Args:
        model: In eval mode, on the device of ``tokens``.
        tokens: The texts.
        padding: Id to fill up with.
        n_tokens: Budget of a batch.
        outputs: ``output_hidden_states=True`` or ``output_attentions=True``.
    """
    for examples in sorted_batches(tokens.lengths, n_tokens=n_tokens, padded=True):
        ids, mask = tokens.padded(examples, padding=padding)
        with torch.inference_mode():
            yield examples, model(input_ids=ids, attention_mask=mask.long(), **outputs)


def attention_maps(model: Model, output: Any) -> tuple[Attention, ...]:
    """Return the shares of attention of every layer, from what a model put out with ``output_attentions=True``."""
    if model.config.model_type == "squeezebert":  # gives what stands before the softmax
        return tuple(scores.softmax(dim=-1) for scores in output.attentions)
    return tuple(output.attentions)


def predict(model: Model, tokens: Ragged, *, padding: int) -> Float[Tensor, "examples classes"]:
    """Return the logits of every text, in fp32 and in the order of the texts."""
    found = torch.empty(len(tokens), model.config.num_labels)
    for examples, logits in logits_of(model, tokens, padding=padding):
        found[examples.cpu()] = logits.float().cpu()
    return found
