"""Reviews word by word: which words name an aspect and which are what is thought of it, as the grammar wrote them.

The grammar marks what it puts into words while it writes. An opinion is positive, neutral or negative by what its
clause says in the end, negation, agreement and denial included: in "not exactly tasty" the word "tasty" is negative.
What was only expected or promised is no opinion.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from distil_core.data.reviews import GRAMMAR_VERSION, styled
from distil_core.data.reviews.grammar import Writer
from distil_core.data.reviews.lexicon import Thing, lexicon
from distil_core.data.reviews.patterns import grade_of

TYPES = ("ASPECT", "NEGATIVE", "NEUTRAL", "POSITIVE")
_END, _FIRST = "\ue000", 0xE001
_OPEN = {chr(_FIRST + i): name for i, name in enumerate(TYPES)}
_MARK_OF = {name: mark for mark, name in _OPEN.items()}
_PIECE = re.compile(r"[\ue000-\ue004]|[\w'’]+(?:-[\w'’]+)*|\.\.\.|[^\w\s]")


@dataclass(frozen=True, slots=True)
class TaggedReview:
    """The words of a review, and the tag of each: ``B-`` and ``I-`` with a type, or ``O``."""

    words: tuple[str, ...]
    tags: tuple[str, ...]


class _MarkingWriter(Writer):
    """Marks aspects and opinions where it puts them into words; names an aspect in every clause."""

    _FACTS = 0.0

    def _aspect_words(self, thing: Thing) -> str:
        return _marked(super()._aspect_words(thing), "ASPECT")

    def _opinion_words(self, words: str, value: float) -> str:
        grade = grade_of(value)
        return _marked(words, "NEUTRAL" if grade == 2 else "POSITIVE" if grade > 2 else "NEGATIVE")


def write_tagged(
    *, n_train: int, n_validation: int, n_test: int, seed: int
) -> tuple[tuple[TaggedReview, ...], tuple[TaggedReview, ...], tuple[TaggedReview, ...]]:
    """Write training, validation and test reviews that share no text; each split has its own stream of chance."""
    seen: set[str] = set()
    splits = {
        name: tuple(_reviews(size, Random(f"tagged reviews {GRAMMAR_VERSION} {seed} {name}"), seen))
        for name, size in (("test", n_test), ("validation", n_validation), ("train", n_train))
    }
    return splits["train"], splits["validation"], splits["test"]


def _reviews(size: int, rng: Random, seen: set[str]) -> Iterator[TaggedReview]:
    n_written = 0
    while n_written < size:
        review = _read(_written(rng))
        key = " ".join(review.words).lower()
        if key not in seen:
            seen.add(key)
            n_written += 1
            yield review


def _written(rng: Random) -> str:
    """Write a short review, with marks: one statement or two, each of any class."""
    writer = _MarkingWriter(rng, rng.choice(lexicon().subjects))
    sentences = [writer.statement(rng.randrange(5)).text for _ in range(rng.choice((1, 1, 1, 1, 1, 2)))]
    if rng.random() < 0.1:
        sentences.append(writer.verdict(rng.randrange(5)).text)
    if rng.random() < 0.1:
        sentences.insert(0, writer.opening())
    return styled(rng, sentences)


def _marked(words: str, kind: str) -> str:
    return f"{_MARK_OF[kind]}{words}{_END}"


def _read(marked: str) -> TaggedReview:
    words, tags, kind, prefix = [], [], "", "B"
    for piece in _PIECE.findall(marked):
        if piece in _OPEN:
            kind, prefix = _OPEN[piece], "B"
        elif piece == _END:
            kind = ""
        else:
            words.append(piece)
            tags.append(f"{prefix}-{kind}" if kind else "O")
            prefix = "I"
    return TaggedReview(words=tuple(words), tags=tuple(tags))
