"""Labeled texts: one split of a corpus, and the corpus."""

from dataclasses import dataclass
from typing import Any, TypeAlias

Label: TypeAlias = Any
"""What is right of a text, as indices of label names: one index, or a tuple of as many as the task has sites in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Texts and, for each, what is right of it."""

    texts: tuple[str, ...]
    labels: tuple[Label, ...]

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Three disjoint splits; ``notes`` says what a reader should know, ``digest`` names the contents."""

    name: str
    label_names: tuple[str, ...]
    train: Split
    validation: Split
    test: Split
    notes: tuple[str, ...]
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabeledText:
    """A labeled text."""

    text: str
    label: Label
