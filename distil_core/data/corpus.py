"""Labeled texts: one split of a corpus, and the corpus; the segments of a text, and where its sites are, for people."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Label: TypeAlias = Any
"""What is right of a text, as indices of label names: one index, or a tuple of as many as the task has sites in it;
None where nobody knows it."""

SEGMENT = "\x1f"
"""Stands between the segments of a text, such as those of a pair: the unit separator, which no segment can hold."""

SEGMENT_MARK = "\N{DOUBLE VERTICAL LINE}"
"""What people see where a segment begins behind another."""


def join_segments(segments: Iterable[str]) -> str:
    """Return the one text of several segments; a separator that stands in one of them becomes a space."""
    return SEGMENT.join(segment.replace(SEGMENT, " ") for segment in segments)


def split_segments(text: str) -> tuple[str, ...]:
    """Return the segments of a text; it is one itself where nothing separates it."""
    return tuple(text.split(SEGMENT))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a text a site lies: what people know it by, such as a word, from character ``start`` up to ``end``."""

    text: str
    start: int
    end: int

    @classmethod
    def whole(cls, text: str) -> "Place":
        """Return the place that is a text as a whole."""
        return cls(text=text, start=0, end=len(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Texts and, for each, what is right of it."""

    texts: tuple[str, ...]
    labels: tuple[Label, ...]

    @classmethod
    def unlabeled(cls, texts: Sequence[str]) -> "Split":
        """Return texts of which nobody knows what is right."""
        return cls(texts=tuple(texts), labels=(None,) * len(texts))

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def labeled(self) -> tuple[int, ...]:
        """The texts whose label is known, by their index; all of them where labels play no part and none has one."""
        known = tuple(i for i, label in enumerate(self.labels) if label is not None)
        return known or tuple(range(len(self)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Three disjoint splits; ``notes`` says what a reader should know, ``digest`` names the contents.

    ``label_sentences`` says of each label what it means, where nobody is told a label of a training text.
    """

    name: str
    label_names: tuple[str, ...]
    train: Split
    validation: Split
    test: Split
    notes: tuple[str, ...]
    digest: str
    label_sentences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LabeledText:
    """A labeled text, with the places of its sites in their order."""

    text: str
    label: Label
    places: tuple[Place, ...]
