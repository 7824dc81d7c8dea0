"""Where a model is asked for a distribution: once a text, once a token, once a mask.

A model predicts distributions at sites. Whatever the task, its targets, and what a teacher says of them, are one row a
site, with the example that each belongs to; so losses, temperature and fidelity are the same for all tasks.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from distil_core.data.tokenization import Ragged
from distil_core.data.words import WordColumn

UNKNOWN = -100
"""Target of a site whose right class is not known; as PyTorch's cross-entropy has it."""


EXCLUDED = -10_000.0
"""Logit of a class that a site does not have: so low that its probability is 0 at any temperature, within fp16."""

Judge: TypeAlias = Callable[[np.ndarray], np.ndarray]
"""What a task makes of all logits of a split where that takes more than targets: columns of figures, a row an example.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointers:
    """Sites whose classes are tokens of their row, as where an answer starts (Vinyals et al., 2015, arXiv:1506.03134).

    Class 0 is the first token of the row, which stands for none; class ``c`` above it is the ``c``-th token from the
    position of the site on.

    Attributes:
        columns: Which of the numbers that a head puts out for a token counts.
        counts: How many tokens can be chosen; the classes beyond are :data:`EXCLUDED`.
        n_classes: Classes of every site, those beyond included.
    """

    columns: Int[Tensor, "sites"]
    counts: Int[Tensor, "sites"]
    n_classes: int

    def logits(
        self,
        scores: Float[Tensor, "batch length columns"],
        *,
        sites: Int[Tensor, "chosen"],
        rows: Int[Tensor, "chosen"],
        positions: Int[Tensor, "chosen"],
    ) -> Float[Tensor, "chosen classes"]:
        """Return the logits of some sites.

        Args:
            scores: What a head put out for a batch.
            sites: Which sites.
            rows: The row of each in the batch.
            positions: The token from which on its classes are counted.
        """
        classes = torch.arange(self.n_classes, device=scores.device)
        places = (positions[:, None] + classes - 1).clamp(max=scores.shape[1] - 1)
        places[:, 0] = 0
        picked = scores.float()[rows[:, None], places, self.columns[sites][:, None]]
        return picked.masked_fill(classes > self.counts[sites][:, None], EXCLUDED)

    def to(self, device: torch.device) -> "Pointers":
        """Return the same on another device."""
        return replace(self, columns=self.columns.to(device), counts=self.counts.to(device))


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherWords:
    """What a teacher predicts at sites whose classes are the words of a vocabulary, without its logits being kept.

    Its logits are ``features @ weight.T + bias``: exact, and as small as a hidden state.
    """

    features: Float[Tensor, "sites width"]
    weight: Float[Tensor, "vocabulary width"]
    bias: Float[Tensor, "vocabulary"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WordClasses:
    """The words that are the classes of a site, too many for the logits of a split to be kept.

    What is kept of a model's answer at a site are the columns of :class:`WordColumn`.

    Attributes:
        mask: Token that stands where a word is to be predicted.
        special: Which tokens are no words, such as the padding.
        teacher: What the teacher predicts at the same sites, where that is known.
    """

    mask: int
    special: Bool[Tensor, "vocabulary"]
    teacher: TeacherWords | None = None

    def to(self, device: torch.device) -> "WordClasses":
        """Return the same on another device."""
        return replace(self, special=self.special.to(device))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """The sites of many rows of tokens laid end to end; those of row ``i`` are ``offsets[i]`` to ``offsets[i + 1]``.

    Attributes:
        targets: The right class of each site, or :data:`UNKNOWN`; where numbers are predicted, the right one or NaN.
        offsets: Where the sites of each row begin.
        positions: The token of its row at which each site lies; None where a model answers a text as a whole.
        pointers: Which tokens are its classes, where a site asks for a token instead of a label.
        owners: The example that each row belongs to, in rising order, where an example may have several; None: each row
            is an example.
        judge: What is made of all answers where that takes more than targets.
        outputs: The output of the head that each site asks for yes (class 1) or no (class 0), where a text as a whole
            is asked several things; None where the outputs are the classes.
        vocabulary: The words to choose from, where a masked word is asked for.
    """

    targets: Int[Tensor, "sites"] | Float[Tensor, "sites"]
    offsets: Int[Tensor, "rows_plus_1"]
    positions: Int[Tensor, "sites"] | None = None
    pointers: Pointers | None = None
    owners: Int[Tensor, "rows"] | None = None
    judge: Judge | None = None
    outputs: Int[Tensor, "sites"] | None = None
    vocabulary: WordClasses | None = None

    @classmethod
    def of_texts(cls, targets: Int[Tensor, "examples"] | Float[Tensor, "examples"]) -> "Sites":
        """Return one site for each text as a whole."""
        return cls(targets=targets, offsets=torch.arange(len(targets) + 1, device=targets.device))

    @classmethod
    def of_outputs(cls, targets: Int[Tensor, "examples outputs"]) -> "Sites":
        """Return one site for each output of a head and each text as a whole; targets are yes (1) or no (0)."""
        n_examples, n_outputs = targets.shape
        return cls(
            targets=targets.flatten(),
            offsets=torch.arange(n_examples + 1, device=targets.device) * n_outputs,
            outputs=torch.arange(n_outputs, device=targets.device).repeat(n_examples),
        )

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def known(self) -> Bool[Tensor, "sites"]:
        """Whether it is known what is right, for each site."""
        return ~self.targets.isnan() if self.targets.is_floating_point() else self.targets != UNKNOWN

    @property
    def commonest(self) -> int | None:
        """The class that is right most often, 0 where there is none; None where nothing is known, or of words."""
        known = self.targets[self.known]
        if not len(known) or self.vocabulary is not None:
            return None
        return 0 if known.is_floating_point() else int(known.bincount().argmax())

    @property
    def one_a_text(self) -> bool:
        """Whether each text is one site as a whole."""
        return self.positions is None and self.outputs is None

    @property
    def rows(self) -> Int[Tensor, "sites"]:
        """The row of tokens that each site belongs to."""
        return torch.repeat_interleave(self.offsets.diff())

    @property
    def examples(self) -> Int[Tensor, "sites"]:
        """The example that each site belongs to."""
        return self.rows if self.owners is None else self.owners[self.rows]

    @property
    def n_examples(self) -> int:
        """How many examples there are."""
        return len(self.offsets) - 1 if self.owners is None else int(self.owners[-1]) + 1 if len(self.owners) else 0

    def n_classes(self, n_labels: int) -> int:
        """Return how many classes a site has, for a model of so many labels."""
        if self.outputs is not None:
            return 2
        if self.vocabulary is not None:
            return len(WordColumn)
        return n_labels if self.pointers is None else self.pointers.n_classes

    def rows_of(self, examples: Int[Tensor, "chosen"]) -> Int[Tensor, "rows"]:
        """Return the rows of tokens of some examples."""
        if self.owners is None:
            return examples
        return torch.isin(self.owners, examples.to(self.owners.device)).nonzero()[:, 0]

    def within(self, examples: Int[Tensor, "batch"]) -> tuple[Int[Tensor, "chosen"], Int[Tensor, "chosen"]]:
        """Return the sites of some rows in their order, and for each the place of its row among these."""
        if self.one_a_text:
            return examples, torch.arange(len(examples), device=examples.device)
        counts = self.offsets[examples + 1] - self.offsets[examples]
        rows = torch.repeat_interleave(counts)
        first = counts.cumsum(0) - counts
        return self.offsets[examples][rows] + torch.arange(len(rows), device=rows.device) - first[rows], rows

    def to(self, device: torch.device) -> "Sites":
        """Return the same sites on another device."""
        return replace(
            self,
            targets=self.targets.to(device),
            offsets=self.offsets.to(device),
            positions=None if self.positions is None else self.positions.to(device),
            pointers=None if self.pointers is None else self.pointers.to(device),
            owners=None if self.owners is None else self.owners.to(device),
            outputs=None if self.outputs is None else self.outputs.to(device),
            vocabulary=None if self.vocabulary is None else self.vocabulary.to(device),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedSplit:
    """A split as a model gets it: its texts as tokens, and the sites at which the model is asked."""

    tokens: Ragged
    sites: Sites

    def to(self, device: torch.device) -> "EncodedSplit":
        """Return the same split on another device."""
        return EncodedSplit(tokens=self.tokens.to(device), sites=self.sites.to(device))
