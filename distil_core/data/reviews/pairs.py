"""Pairs of reviews of the same thing, and whether the two mean the same.

The grammar knows what each review says as a number. Two mean the same where these numbers lie close together, and
something else where they lie far apart; pairs in between are left out, as nobody could say, but where it is asked how
much they are alike. Words alone do not tell: "not bad at all" and "rather good" mean the same, "not good at all" does
not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from distil_core.data import tables
from distil_core.data.reviews import Review, styled
from distil_core.data.reviews.grammar import Writer
from distil_core.data.reviews.lexicon import Subject, lexicon
from distil_core.data.sources import Source
from distil_core.data.tables import folded

VERSION = 1
"""Raised whenever a seed would give other pairs than before."""
LABEL_NAMES = ("different", "same")
SAME, DIFFERENT = 0.25, 0.8
"""Two reviews whose values lie no further apart mean the same; those that lie at least so far apart do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPair:
    """Two reviews of the same thing."""

    first: Review
    second: Review

    @property
    def likeness(self) -> float:
        """How much they mean the same, from 0 (one is as good as can be, the other as bad) to 1."""
        return 1 - abs(self.first.value - self.second.value) / 2


def write_pairs(size: int, rng: Random, seen: set[str], *, clear: bool = True) -> list[ReviewPair]:
    """Write pairs, half of them of one grade, none with a review that was ``seen`` before.

    Args:
        size: How many.
        rng: Their stream of chance.
        seen: Reviews written before, to which these are added.
        clear: Whether those of one grade must mean the same, and the others must not; else they are as they come.
    """
    pairs: list[ReviewPair] = []
    while len(pairs) < size:
        subject, grade = rng.choice(lexicon().subjects), rng.randrange(5)
        same = len(pairs) % 2 == 0
        first = _review(rng, subject, grade)
        second = _review(rng, subject, grade if same else rng.randrange(5))
        gap = abs(first.value - second.value)
        keys = {folded(first.text), folded(second.text)}
        fits = not clear or (gap <= SAME if same else gap >= DIFFERENT)
        if fits and len(keys) == 2 and not keys & seen:
            seen |= keys
            pairs.append(ReviewPair(first=first, second=second))
    rng.shuffle(pairs)
    return pairs


def source(*, n_train: int, n_test: int, seed: int) -> Source:
    """Return three splits of pairs that share no review, and whether the two of each mean the same."""

    def label(pair: ReviewPair) -> str:
        return LABEL_NAMES[abs(pair.first.value - pair.second.value) <= SAME]

    return _written("reviews", label, LABEL_NAMES, n_train=n_train, n_test=n_test, seed=seed)


def scored_source(*, n_train: int, n_test: int, seed: int) -> Source:
    """Return three splits of pairs that share no review, and how much alike the two of each are, from 0 to 1."""

    def label(pair: ReviewPair) -> float:
        return round(pair.likeness, 3)

    return _written("review-likeness", label, (), n_train=n_train, n_test=n_test, seed=seed)


def _written(
    name: str,
    label: Callable[[ReviewPair], object],
    label_names: tuple[str, ...],
    *,
    n_train: int,
    n_test: int,
    seed: int,
) -> Source:
    """Return three splits, each with its own stream of chance; labels with names are those of clear pairs."""
    seen: set[str] = set()
    parts = {}
    for part, size in (("test", n_test), ("validation", n_test), ("train", n_train)):
        pairs = write_pairs(size, Random(f"{name} pairs {VERSION} {seed} {part}"), seen, clear=bool(label_names))
        parts[part] = tables.in_memory(
            name,
            {
                "text_a": [pair.first.text for pair in pairs],
                "text_b": [pair.second.text for pair in pairs],
                "label": list(map(label, pairs)),
            },
            declared={"label": label_names} if label_names else {},
        )
    return Source(
        name=name,
        train=parts["train"],
        validation=parts["validation"],
        test=parts["test"],
        label_names=label_names,
    )


def _review(rng: Random, subject: Subject, grade: int) -> Review:
    statement = Writer(rng, subject).statement(grade)
    return Review(styled(rng, [statement.text]), statement.value)
