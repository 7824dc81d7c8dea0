r"""How much a model's answers depend on each attention head and each feed-forward neuron, without any label.

A gate :math:`\xi_u = 1` is put before what reads unit :math:`u`; with :math:`\xi_u = 0` the unit is gone. How important
it is, is the mean over texts :math:`x` of the squared derivative

.. math:: I_u = \mathbb{E}_x \Bigl( \frac{\partial}{\partial \xi_u} \sum_s r_s \cdot z_s(x) \Bigr)^2

of the answers :math:`z_s` at the sites of the text, along a random direction :math:`r_s`. Michel et al. (2019,
arXiv:1905.10650) take the absolute value of the derivative of a loss, which needs labels. Where the answer is a
distribution :math:`p`, ours is that of :math:`\log p(y)` for a label :math:`y` that the model itself draws,
:math:`r = e_y - p`: the mean of its square is the Fisher information of the gate, to second order twice what the model
moves in KL divergence when the gate moves (Kwon et al., 2022, arXiv:2204.09656). Where it is a number or a vector,
:math:`r` is standard normal, and the mean is :math:`\lVert \partial z / \partial \xi_u \rVert^2`.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from distil_core.data.batches import sorted_batches
from distil_core.data.sites import EncodedSplit
from distil_core.models.forward import at_sites, padded_inputs
from distil_core.models.freezing import frozen
from distil_core.models.head import Head
from distil_core.models.packing import scores_of
from distil_core.models.structured_pruning import Block
from distil_core.models.words import undecoded
from distil_core.training.events import Stage
from distil_core.types import Model

MOST_TEXTS, MOST_TOKENS = 256, 16_384
"""Texts that a unit's importance is measured on, and tokens of them all together, at most."""
_BATCH_TOKENS = 1024


def sample_of(part: EncodedSplit, *, seed: int) -> Int[Tensor, "chosen"]:
    """Return some rows of a split, drawn by ``seed``: at most :data:`MOST_TEXTS`, and :data:`MOST_TOKENS` in all."""
    lengths = part.tokens.lengths.cpu()
    order = torch.randperm(len(lengths), generator=torch.Generator().manual_seed(seed))[:MOST_TEXTS]
    fitting = int((lengths[order].cumsum(0) <= MOST_TOKENS).sum())
    return order[: max(fitting, 1)]


def importance(
    model: Model,
    part: EncodedSplit,
    blocks: Sequence[Block],
    *,
    head: Head,
    padding: int,
    rows: Int[Tensor, "chosen"],
    seed: int = 0,
) -> Generator[Stage, None, list[Float[Tensor, "units"]]]:
    """Return how important each unit of some blocks is, one row of figures a block.

    Args:
        model: In eval mode, on the device of the texts; its weights stay.
        part: Texts and sites; nobody looks at the targets.
        blocks: Of the model.
        head: What it answers with.
        padding: Id to fill up with.
        rows: The texts that count.
        seed: Of the directions.
    """
    generator = torch.Generator().manual_seed(seed)
    totals = [torch.zeros(block.n_units) for block in blocks]
    lengths, n_done = part.tokens.lengths.cpu()[rows], 0
    for batch in sorted_batches(lengths, n_tokens=_BATCH_TOKENS, padded=True):
        yield Stage(name="Pruning", detail="importance of heads and neurons", fraction=n_done / len(rows))
        examples = rows[batch].to(part.tokens.ids.device)
        n_done += len(batch)
        with torch.enable_grad(), frozen([model]), _gated(blocks, n_texts=len(batch)) as gates:
            answers = _answers(model, part, examples, padding=padding)
            along = _direction(answers.detach(), head, generator)
            gradients = torch.autograd.grad((along * answers).sum(), gates)
        for total, gradient in zip(totals, gradients, strict=True):
            total += gradient.square().sum(dim=0).cpu()
    return [total / len(rows) for total in totals]


def _answers(
    model: Model, part: EncodedSplit, examples: Int[Tensor, "batch"], *, padding: int
) -> Float[Tensor, "sites classes"]:
    words = part.sites.vocabulary is not None
    with undecoded(model) if words else nullcontext() as decoder:
        scores = scores_of(model(**padded_inputs(model, part.tokens, examples, padding=padding)))
        answers = at_sites(scores, part.sites, examples)[1]
    return answers if decoder is None else decoder(answers)


def _direction(
    answers: Float[Tensor, "sites classes"], head: Head, generator: torch.Generator
) -> Float[Tensor, "sites classes"]:
    if not head.labeled or head.problem_type == "regression":
        return torch.randn(answers.shape, generator=generator).to(answers)
    shares = answers.float().softmax(dim=-1)
    drawn = torch.multinomial(shares.cpu(), 1, generator=generator).to(answers.device)
    return -shares.scatter_add(1, drawn, -torch.ones_like(shares[:, :1])).to(answers.dtype)


@contextmanager
def _gated(blocks: Sequence[Block], *, n_texts: int) -> Iterator[list[Tensor]]:
    """Multiply what the units of each block put out by gates of 1 for a while, one for each text."""
    gates = [
        torch.ones(n_texts, block.n_units, device=block.reader.weight.device, requires_grad=True) for block in blocks
    ]
    with ExitStack() as hooks:
        for block, gate in zip(blocks, gates, strict=True):
            hooks.callback(block.reader.register_forward_pre_hook(_Gate(gate, block.size)).remove)
        yield gates


class _Gate:
    """What multiplies the input of a layer by gates, each for ``size`` of its columns."""

    def __init__(self, gate: Float[Tensor, "batch units"], size: int) -> None:
        self._gate = gate
        self._size = size

    def __call__(self, module: nn.Module, inputs: tuple[Any, ...]) -> tuple[Tensor]:
        states = inputs[0]
        return (states * self._gate.repeat_interleave(self._size, dim=1)[:, None].to(states.dtype),)
