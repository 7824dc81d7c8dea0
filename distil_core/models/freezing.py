"""Frozen layers, the lowest of a student: they stay as copied, and what they put out need be computed once."""

from collections.abc import Iterator, Mapping
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


def most_parts(model: Model, n: int) -> int:
    """Return ``n``, or, where layers share their weights, how many parts of a model can be frozen if that is less."""
    return n if model.config.model_type != "albert" else min(n, 1)


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


class LowerLayers:
    """The lowest layers of a model that stay as they are: what they put out for each split, computed when first asked.

    A fine-tuned teacher and a student that was cut from it share the layers that neither trains.
    """

    def __init__(self, model: Model, splits: Mapping[str, Ragged], *, n_layers: int) -> None:
        """Take a model.

        Args:
            model: Of a type that can be packed, in the precision that its layers are computed in.
            splits: Tokens of the texts, by split.
            n_layers: How many of its layers stay as they are.
        """
        self._model = model
        self._splits = splits
        self._n_layers = n_layers
        self._known: dict[str, dict[int, LowerStates]] = {}

    def states(self, split: str, n_layers: int) -> LowerStates | None:
        """Return what the lowest ``n_layers`` put out for a split; None where more learn, or there is no room."""
        known = self._known.setdefault(split, {})
        if n_layers > self._n_layers:
            return None
        if n_layers not in known:
            below = max((n for n in known if n < n_layers), default=None)
            states = lower_states(
                self._model,
                self._splits[split],
                n_layers=n_layers,
                below=None if below is None else known[below],
            )
            if states is None:
                return None
            known[n_layers] = states
        return known[n_layers]

    def highest(self, split: str) -> LowerStates | None:
        """Return the highest states of a split that are known."""
        known = self._known.get(split, {})
        return known[max(known)] if known else None


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
