"""Reviews that a grammar writes: any number of them, in five ordered classes, with labels whose noise is known.

The grammar computes what a review says as a number. Five bins of it are the classes. As annotators do, the label
strays to the next class when the number lies near a border: it is the class of the number plus Gaussian noise. What a
perfect reader could reach at best follows, see :func:`noise_ceiling`. Reviews too near to a border are left out.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from math import erf, sqrt
from random import Random

from distil_core.data.corpus import Split
from distil_core.data.reviews.grammar import Writer
from distil_core.data.reviews.lexicon import lexicon
from distil_core.data.reviews.patterns import BORDERS, grade_of
from distil_core.errors import ConfigError

__all__ = [
    "GRAMMAR_VERSION",
    "LABEL_NAMES",
    "MARGIN",
    "NOISE",
    "Review",
    "generate",
    "label_probabilities",
    "noise_ceiling",
    "styled",
    "write",
]

GRAMMAR_VERSION = 1
"""Raised whenever a seed would give other texts than before."""

LABEL_NAMES = ("very negative", "negative", "mixed", "positive", "very positive")

NOISE = 0.11
"""Standard deviation of what annotators add, on the scale of the values."""

MARGIN = 0.095
"""No review lies nearer to a border than this."""


@dataclass(frozen=True, slots=True)
class Review:
    """A review and what it says, from -1 to 1."""

    text: str
    value: float


def generate(*, n_train: int, n_validation: int, n_test: int, seed: int) -> tuple[Split, Split, Split]:
    """Write three splits that share no text.

    Each split has its own stream of chance, so that a larger training split begins with the texts of a smaller one and
    the test texts stay the same. The last two corpora of up to 20,000 texts are remembered.

    Returns:
        Training, validation and test texts with their labels.

    Raises:
        ConfigError: If a size is negative.
    """
    for name, size in (("train", n_train), ("validation", n_validation), ("test", n_test)):
        if size < 0:
            raise ConfigError(f"n_{name} must be at least 0, got {size}")
    sizes = n_train, n_validation, n_test
    return _remembered(sizes, seed) if sum(sizes) <= _MAX_REMEMBERED else _splits(sizes, seed)


_MAX_REMEMBERED = 20_000


@lru_cache(maxsize=2)
def _remembered(sizes: tuple[int, int, int], seed: int) -> tuple[Split, Split, Split]:
    return _splits(sizes, seed)


def _splits(sizes: tuple[int, int, int], seed: int) -> tuple[Split, Split, Split]:
    seen: set[int] = set()
    n_train, n_validation, n_test = sizes
    test, validation, train = (
        _split(size, Random(f"reviews {GRAMMAR_VERSION} {seed} {name}"), seen)
        for name, size in (("test", n_test), ("validation", n_validation), ("train", n_train))
    )
    return train, validation, test


def noise_ceiling(*, n_texts: int = 5000, seed: int = 0) -> float:
    """Return the accuracy of a reader who knows the value of every review but not the noise of its label.

    Nobody can do better on average. It is the mean probability of the likeliest label.
    """
    rng = Random(f"reviews {GRAMMAR_VERSION} {seed} ceiling")
    return sum(max(label_probabilities(write(rng, wanted=i % 5).value)) for i in range(n_texts)) / n_texts


def label_probabilities(value: float) -> tuple[float, ...]:
    """Return how probable each label is for a review that says ``value``."""
    below = [0.0, *(0.5 * (1 + erf((border - value) / (NOISE * sqrt(2)))) for border in BORDERS), 1.0]
    return tuple(high - low for low, high in pairwise(below))


def write(rng: Random, *, wanted: int) -> Review:
    """Write a review whose value lies in the class ``wanted`` (0 to 4), clear of its borders."""
    while True:
        review = _attempt(rng, wanted)
        if grade_of(review.value) == wanted and all(abs(review.value - border) >= MARGIN for border in BORDERS):
            return review


def _split(size: int, rng: Random, seen: set[int]) -> Split:
    texts: list[str] = []
    labels: list[int] = []
    order: list[int] = []
    while len(texts) < size:
        if not order:
            order = list(range(5))
            rng.shuffle(order)
        review = write(rng, wanted=order[-1])
        label = grade_of(review.value + rng.gauss(0.0, NOISE))
        # Of a hundred thousand texts, 64 bits of each take less room than its words.
        words = " ".join(_WORD.findall(review.text.lower())).encode()
        key = int.from_bytes(blake2b(words, digest_size=8).digest())
        if key not in seen:
            seen.add(key)
            order.pop()
            texts.append(review.text)
            labels.append(label)
    return Split(texts=tuple(texts), labels=tuple(labels))


_WORD = re.compile(r"[a-zé0-9]+")


def _attempt(rng: Random, wanted: int) -> Review:
    writer = Writer(rng, rng.choice(lexicon().subjects))
    parts = [writer.statement(_near(rng, wanted, 0.5)) for _ in range(rng.choice((1, 1, 1, 1, 2, 2, 2, 3)))]
    weights = [1.0] * len(parts)
    ending = rng.random()
    if ending < 0.2:
        parts.append(writer.verdict(_near(rng, wanted, 0.85)))
        weights.append(1.0)
    elif ending < 0.35:
        parts.append(writer.summary(_near(rng, wanted, 0.5)))
        weights.append(2.0)
    value = sum(w * p.value for w, p in zip(weights, parts, strict=True)) / sum(weights)
    sentences = [part.text for part in parts]
    if rng.random() < (0.75 if len(sentences) == 1 else 0.25):
        sentences.insert(0, writer.opening())
    if rng.random() < 0.15:
        sentences.insert(rng.randrange(len(sentences)), writer.context())
    return Review(styled(rng, sentences), value)


def _near(rng: Random, wanted: int, share: float) -> int:
    """Return a class for a part of a review: in a share of cases that of the whole, else any."""
    return wanted if rng.random() < share else rng.randrange(5)


_JOINTS = (*(". ",) * 14, "! ", "... ")
_CONTRACTIONS = {
    **{f"{verb} not": f"{verb}n't" for verb in ("is", "are", "was", "were", "do", "does", "did", "could", "would")},
    **{f"{verb} not": f"{verb}n't" for verb in ("has", "have", "had")},
    "cannot": "can't",
    "will not": "won't",
    "I would": "I'd",
    "I am": "I'm",
    "it is": "it's",
    "that is": "that's",
    "there is": "there's",
}
_CONTRACTIBLE = re.compile(rf"\b({'|'.join(_CONTRACTIONS)})\b(?= (?!not ))")
_START = re.compile(r"(^|[.?!] )([a-zé])")


def styled(rng: Random, sentences: list[str]) -> str:
    """Join sentences into a text as people write it: with contractions, here and there without capital letters."""
    text = rng.choice(_JOINTS).join(sentences)
    if rng.random() < 0.65:
        text = _CONTRACTIBLE.sub(lambda match: _CONTRACTIONS[match[0]], text)
    in_lower_case = rng.random() < 0.1
    text = text.lower() if in_lower_case else _START.sub(lambda match: match[1] + match[2].upper(), text)
    ending = rng.random()
    return text + ("" if ending < 0.12 else "!" if ending < 0.2 else ".")
