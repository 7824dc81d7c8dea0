"""Attention heads and feed-forward neurons: where a model has them, and how some are taken out of its matrices.

A head is the rows of query, key and value that make it and the columns of the matrix that reads it; a neuron is a row
of the first matrix of a feed-forward block and a column of the second. The size of a head stays, so that attention
computes the same with fewer of them. transformers has no entry for that in a configuration: ours is ``kept_heads``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor, nn

from distil_core.models.units import KEPT_HEADS, LayerUnit, refuse_whole
from distil_core.types import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Names, from the module of a block: of the layers that make its units, and of the one that reads them.

    ``n_fused`` is how many weights lie on top of each other in each of those that make them.
    """

    makers: tuple[str, ...]
    reader: str
    n_fused: int = 1


_LAYOUTS = {
    LayerUnit.HEADS: (
        _Layout(makers=("self.query", "self.key", "self.value"), reader="output.dense"),
        _Layout(makers=("query", "key", "value"), reader="dense"),  # ALBERT
        _Layout(makers=("q_lin", "k_lin", "v_lin"), reader="out_lin"),
        _Layout(makers=("Wqkv",), reader="Wo", n_fused=3),
    ),
    LayerUnit.NEURONS: (
        _Layout(makers=("intermediate.dense",), reader="output.dense"),
        _Layout(makers=("ffn",), reader="ffn_output"),  # ALBERT
        _Layout(makers=("lin1",), reader="lin2"),
        _Layout(makers=("Wi",), reader="Wo", n_fused=2),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of a layer with units that can be taken out, each ``size`` columns of what :attr:`reader` reads."""

    module: Any
    layout: _Layout
    size: int

    @property
    def reader(self) -> nn.Linear:
        """The layer that reads the units."""
        layer: nn.Linear = self.module.get_submodule(self.layout.reader)
        return layer

    @property
    def n_units(self) -> int:
        """How many units there are."""
        return self.reader.in_features // self.size

    def keep(self, units: Int[Tensor, "units"]) -> None:
        """Take all units but some out."""
        columns = (units[:, None] * self.size + torch.arange(self.size, device=units.device)).flatten()
        width = self.reader.in_features
        rows = torch.cat([columns + part * width for part in range(self.layout.n_fused)])
        for name in self.layout.makers:
            _replace(self.module, name, rows=rows)
        _replace(self.module, self.layout.reader, columns=columns)


def blocks(model: Model, unit: LayerUnit) -> list[Block]:
    """Return the blocks of a model that have heads or neurons, from below; layers that share weights are one.

    Raises:
        ConfigError: If its units cannot be taken out.
    """
    refuse_whole(model.config.model_type, unit)
    config = model.config
    size = config.hidden_size // config.num_attention_heads if unit is LayerUnit.HEADS else 1
    return [
        Block(module=module, layout=layout, size=size)
        for module in model.base_model.modules()
        for layout in _LAYOUTS[unit]
        if all(isinstance(_part(module, name), nn.Linear) for name in (*layout.makers, layout.reader))
    ]


def keep_units(model: Model, unit: LayerUnit, remaining: Sequence[Int[Tensor, "units"]]) -> None:
    """Take all units but some out of each block of a model, and note in its configuration how many are left.

    Args:
        model: Any but those that :func:`refuse_whole` refuses.
        unit: Heads or neurons.
        remaining: Which ones stay, for each of :func:`blocks`, of all as many.
    """
    for block, units in zip(blocks(model, unit), remaining, strict=True):
        block.keep(units)
    if not remaining:
        return
    config = model.config
    if unit is LayerUnit.HEADS:
        setattr(config, KEPT_HEADS, len(remaining[0]))
    elif hasattr(config, "hidden_dim"):
        config.hidden_dim = len(remaining[0])
    else:
        config.intermediate_size = len(remaining[0])


def fit_heads(model: Model) -> None:
    """Give a model that was built from a configuration with ``kept_heads`` matrices of that size, undrawn."""
    if (n_kept := getattr(model.config, KEPT_HEADS, None)) is not None:
        attention = [block for block in blocks(model, LayerUnit.HEADS) if block.n_units > n_kept]
        for block in attention:
            block.keep(torch.arange(n_kept, device=block.reader.weight.device))


@cache
def with_fewer_heads(model_class: type[nn.Module]) -> type[nn.Module]:
    """Return a class of transformers that heeds ``kept_heads``, under the name of the one that does not."""

    def build(self: Any, config: Any, *arguments: Any, **options: Any) -> None:
        model_class.__init__(self, config, *arguments, **options)
        fit_heads(self)

    return type(model_class.__name__, (model_class,), {"__init__": build, "__module__": model_class.__module__})


def _part(module: nn.Module, name: str) -> object:
    for step in name.split("."):
        module = getattr(module, step, None)  # type: ignore[assignment]
    return module


def _replace(
    module: nn.Module,
    name: str,
    *,
    rows: Int[Tensor, "rows"] | None = None,
    columns: Int[Tensor, "columns"] | None = None,
) -> None:
    """Put a layer with some of the rows, or some of the columns, in the place of another."""
    layer = module.get_submodule(name)
    assert isinstance(layer, nn.Linear)
    weight, bias = layer.weight.detach(), None if layer.bias is None else layer.bias.detach()
    if rows is not None:
        weight, bias = weight[rows], None if bias is None else bias[rows]
    if columns is not None:
        weight = weight[:, columns]
    layer.weight = nn.Parameter(weight.clone(), requires_grad=layer.weight.requires_grad)
    if bias is not None:
        layer.bias = nn.Parameter(bias.clone(), requires_grad=layer.weight.requires_grad)
    layer.out_features, layer.in_features = weight.shape
