"""Texts through a model: logits, hidden states and attention maps."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from distil_core.data.batches import sorted_batches
from distil_core.data.sites import Sites
from distil_core.data.tokenization import Ragged
from distil_core.models.freezing import LowerStates
from distil_core.models.heads import n_outputs
from distil_core.models.packing import PACKABLE, packed, packed_logits, scores_of, tells_segments_apart
from distil_core.models.pooling import PooledEncoder
from distil_core.models.words import figures_at, undecoded
from distil_core.types import Attention, Logits, Model


def packs(model: Model) -> bool:
    """Whether texts go through ``model`` without padding."""
    return model.config.model_type in PACKABLE


def packed_above(model: Model, lower: LowerStates | None, sites: Sites | None) -> AbstractContextManager[None]:
    """Let a model take packed batches for a while, as what its lowest layers put out where that is known."""
    every_token = sites is not None and sites.positions is not None
    every_token |= isinstance(model, PooledEncoder) and model.reads_every_token
    if lower is None:
        return packed(model, every_token=every_token)
    return packed(model, layers=slice(lower.n_layers, None), embeds=False, every_token=every_token)


def padded_inputs(
    model: Model, tokens: Ragged, examples: Int[Tensor, "batch"], *, padding: int
) -> dict[str, Int[Tensor, "batch length"]]:
    """Return what a model takes for some texts, laid under each other and filled up with ``padding``."""
    ids, mask = tokens.padded(examples, padding=padding)
    inputs = {"input_ids": ids, "attention_mask": mask.long()}
    types = tokens.padded_types(examples)
    return {**inputs, "token_type_ids": types} if types is not None and tells_segments_apart(model) else inputs


def readable(model: Model, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return of some inputs what a model takes: no token types where it has none."""
    typed = tells_segments_apart(model)
    return {name: value for name, value in inputs.items() if typed or name != "token_type_ids"}


def at_sites(
    logits: Tensor, sites: Sites | None, examples: Int[Tensor, "batch"]
) -> tuple[Int[Tensor, "sites"], Logits]:
    """Return which sites some texts have, and of what a head put out for these texts the row of each site.

    Args:
        logits: ``[batch, classes]`` of a head that answers texts as a whole, else ``[batch, length, classes]``.
        sites: Of all texts; None: one for each text as a whole.
        examples: The texts.
    """
    if sites is None:
        return examples, logits
    chosen, rows = sites.within(examples)
    if sites.outputs is not None:
        return chosen, yes_or_no(logits[rows, sites.outputs[chosen]])
    if sites.positions is None:
        return chosen, logits
    positions = sites.positions[chosen]
    if sites.pointers is not None:
        return chosen, sites.pointers.logits(logits, sites=chosen, rows=rows, positions=positions)
    return chosen, logits[rows, positions]


def yes_or_no(scores: Float[Tensor, "sites"]) -> Float[Tensor, "sites 2"]:
    r"""Return a score as the logits of no and yes, ``[0, z]``, whose softmax is the sigmoid of ``z``."""
    return torch.stack([torch.zeros_like(scores), scores], dim=-1)


def logits_of(
    model: Model,
    tokens: Ragged,
    *,
    padding: int,
    sites: Sites | None = None,
    n_tokens: int = 4096,
    lower: LowerStates | None = None,
    features: bool = False,
) -> Iterator[tuple[Int[Tensor, "sites"], Logits]]:
    """Put texts to ``model`` in batches of like length; yields which sites and their logits.

    Where words are asked for, figures about its distributions stand for logits; see
    :func:`distil_core.models.words.figures_at`.

    Args:
        model: In eval mode, on the device of ``tokens``.
        tokens: The texts.
        padding: Id to fill up with.
        sites: Where the model is asked; None: once for each text as a whole.
        n_tokens: Budget of a batch.
        lower: What its lowest layers put out for these texts, where that is known; for models that are packed.
        features: Whether to give what goes into the decoder, where words are asked for.
    """
    packing, words = packs(model), sites is not None and sites.vocabulary is not None
    for examples in sorted_batches(tokens.lengths, n_tokens=n_tokens, padded=not packing):
        with (
            torch.inference_mode(),
            packed_above(model, lower, sites) if packing else nullcontext(),
            undecoded(model) if words else nullcontext() as decoder,
        ):
            if packing:
                logits = packed_logits(model, tokens, examples, states=None if lower is None else lower.states)
            else:
                logits = scores_of(model(**padded_inputs(model, tokens, examples, padding=padding)))
            chosen, logits = at_sites(logits, sites, examples)
            if sites is not None and decoder is not None and not features:
                logits = figures_at(decoder, logits, sites, chosen)
        yield chosen, logits


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
        with torch.inference_mode():
            yield examples, model(**padded_inputs(model, tokens, examples, padding=padding), **outputs)


def attention_maps(model: Model, output: Any) -> tuple[Attention, ...]:
    """Return the shares of attention of every layer, from what a model put out with ``output_attentions=True``."""
    if model.config.model_type == "squeezebert":  # gives what stands before the softmax
        return tuple(scores.softmax(dim=-1) for scores in output.attentions)
    return tuple(output.attentions)


def empty_answers(model: Model, tokens: Ragged, sites: Sites | None) -> Float[Tensor, "sites classes"]:
    """Return room for the logits of every site."""
    n_labels = n_outputs(model)
    return torch.empty(len(tokens), n_labels) if sites is None else torch.empty(len(sites), sites.n_classes(n_labels))


def predict(
    model: Model, tokens: Ragged, *, padding: int, sites: Sites | None = None
) -> Float[Tensor, "sites classes"]:
    """Return the logits of every site, in fp32 and in the order of the sites."""
    answers = empty_answers(model, tokens, sites)
    for chosen, logits in logits_of(model, tokens, padding=padding, sites=sites):
        answers[chosen.cpu()] = logits.float().cpu()
    return answers
