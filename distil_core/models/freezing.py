"""Frozen layers, the lowest of a student: they stay as copied, and what they put out need be computed once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from distil_core.data.batches import sorted_batches
from distil_core.data.tokenization import Ragged
from distil_core.errors import ConfigError
from distil_core.models.packing import embedders, packed_states
from distil_core.types import Model

_LIMIT = 256 * 2**20
"""Bytes that the states of a corpus may take; those of a larger one are computed anew for each batch."""
_BATCH_TOKENS = 4096


def parts(model: Model, n: int) -> list[nn.Module]:
    """Return the lowest ``n`` parts of a model: its embeddings, its first layer, its second, and so on.

    Raises:
        ConfigError: If its layers share their weights and so cannot be told apart.
    """
    if n == 0:
        return []
    lists = (module for module in model.base_model.modules() if isinstance(module, nn.ModuleList))
    layers = next((blocks for blocks in lists if len(blocks) == model.config.num_hidden_layers), None)
    if layers is None and n > 1:
        raise ConfigError(
            f"training.frozen must be at most 1 for {model.config.model_type}, whose layers share their "
            f"weights, got {n}"
        )
    return [*embedders(model), *(layers or [])[: n - 1]]


@contextmanager
def frozen(modules: list[nn.Module]) -> Iterator[None]:
    """Keep all weights of some modules from learning for a while."""
    weights = [weight for module in modules for weight in module.parameters() if weight.requires_grad]
    for weight in weights:
        weight.requires_grad_(False)
    try:
        yield
    finally:
        for weight in weights:
            weight.requires_grad_(True)


@dataclass(frozen=True, slots=True, kw_only=True)
class LowerStates:
    """What the lowest layers of a model put out for every token of some texts, end to end like the tokens."""

    n_layers: int
    states: Float[Tensor, "tokens width"]


def lower_states(
    model: Model,
    tokens: Ragged,
    *,
    n_layers: int,
    examples: Int[Tensor, "chosen"] | None = None,
    below: LowerStates | None = None,
) -> LowerStates | None:
    """Return what the lowest layers of a model put out for some texts; None where that would take too much room.

    Args:
        model: Of a type that can be packed.
        tokens: Where the texts are.
        n_layers: How many layers; none: the embeddings.
        examples: Which texts; None: all. The states of the others are undefined.
        below: What fewer of its layers put out for the same texts, to go on from.
    """
    size = next(model.parameters()).element_size()
    if len(tokens.ids) * model.config.hidden_size * size > _LIMIT:
        return None
    examples = torch.arange(len(tokens), device=tokens.ids.device) if examples is None else examples.unique()
    batches = sorted_batches(tokens.lengths[examples], n_tokens=_BATCH_TOKENS, padded=False)
    states = packed_states(
        model,
        tokens,
        [examples[batch] for batch in batches],
        n_layers=n_layers,
        first=0 if below is None else below.n_layers,
        states=None if below is None else below.states,
    )
    return LowerStates(n_layers=n_layers, states=states)
