"""Where a model is asked for a distribution: once a text, once a token, once a mask.

A model predicts distributions at sites. Whatever the task, its targets, and what a teacher says of them, are one row a
site, with the example that each belongs to; so losses, temperature and fidelity are the same for all tasks.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from distil_core.data.tokenization import Ragged

UNKNOWN = -100
"""Target of a site whose right class is not known; as PyTorch's cross-entropy has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """The sites of many examples laid end to end; those of example ``i`` are ``offsets[i]`` to ``offsets[i + 1]``.

    Attributes:
        targets: The right class of each site, or :data:`UNKNOWN`.
        offsets: Where the sites of each example begin.
        positions: The token of its example at which each site lies; None where a model answers a text as a whole.
    """

    targets: Int[Tensor, "sites"]
    offsets: Int[Tensor, "examples_plus_1"]
    positions: Int[Tensor, "sites"] | None = None

    @classmethod
    def of_texts(cls, targets: Int[Tensor, "examples"]) -> "Sites":
        """Return one site for each text as a whole."""
        return cls(targets=targets, offsets=torch.arange(len(targets) + 1, device=targets.device))

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def examples(self) -> Int[Tensor, "sites"]:
        """The example that each site belongs to."""
        return torch.repeat_interleave(self.offsets.diff())

    def within(self, examples: Int[Tensor, "batch"]) -> tuple[Int[Tensor, "chosen"], Int[Tensor, "chosen"]]:
        """Return the sites of some examples in their order, and for each its row among these examples."""
        if self.positions is None:
            return examples, torch.arange(len(examples), device=examples.device)
        counts = self.offsets[examples + 1] - self.offsets[examples]
        rows = torch.repeat_interleave(counts)
        first = counts.cumsum(0) - counts
        return self.offsets[examples][rows] + torch.arange(len(rows), device=rows.device) - first[rows], rows

    def to(self, device: torch.device) -> "Sites":
        """Return the same sites on another device."""
        positions = None if self.positions is None else self.positions.to(device)
        return Sites(targets=self.targets.to(device), offsets=self.offsets.to(device), positions=positions)


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedSplit:
    """A split as a model gets it: its texts as tokens, and the sites at which the model is asked."""

    tokens: Ragged
    sites: Sites

    def to(self, device: torch.device) -> "EncodedSplit":
        """Return the same split on another device."""
        return EncodedSplit(tokens=self.tokens.to(device), sites=self.sites.to(device))
