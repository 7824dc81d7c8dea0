"""How alike two reviews are, and which reviews answer a query: the grammar knows what each says of what."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from distil_core.data.reviews.grammar import Writer
from distil_core.data.reviews.lexicon import Subject, Thing, lexicon

VERSION = 1
"""Raised whenever a seed would give other texts than before."""

HIGHEST = 5.0
"""Score of two reviews that say the same of the same; 0 is that of two that share nothing."""

_SUBJECT, _THINGS, _VERDICT = 0.4, 0.3, 0.3
"""What counts how much: the same kind of place or thing, what is spoken of in it, and how much is praised."""

_QUERIES = (
    "{a_noun} with {adjective} {thing}",
    "{adjective} {thing}, {noun}",
    "which {noun} had {adjective} {thing}?",
    "{noun} whose {thing} {be} {adjective}",
    "I am looking for {a_noun} where the {thing} {be} {adjective}",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """Of which thing a review speaks, and whether it praises it."""

    thing: str
    good: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedReview:
    """A review, and what it says of what."""

    text: str
    subject: str
    opinions: tuple[Opinion, ...]

    @property
    def verdict(self) -> float:
        """The mean over its opinions, from 0 where it blames all to 1 where it praises all."""
        return sum(opinion.good for opinion in self.opinions) / len(self.opinions)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredReviews:
    """Pairs of reviews with their scores, and a collection of reviews with queries and their judgments.

    ``judgments`` has for each query the places of the reviews that answer it and how well: 2 where a review says what
    is asked for, 1 where it says the opposite of the same.
    """

    pairs: tuple[tuple[str, str], ...]
    scores: tuple[float, ...]
    reviews: tuple[str, ...]
    queries: tuple[str, ...]
    judgments: tuple[tuple[tuple[int, int], ...], ...]


def generate_likeness(
    *, n_train: int, n_test: int, seed: int
) -> tuple[tuple[str, ...], MeasuredReviews, MeasuredReviews]:
    """Write texts to learn from, reviews and queries, and what to measure on for validation and for the test.

    No text of one part stands in another. Of ``n_test`` examples, half are pairs, a tenth queries, all others reviews
    to search in.
    """
    seen: set[str] = set()
    test, validation = (
        _measured(Random(f"likeness {VERSION} {seed} {name}"), n_test, seen) for name in ("test", "validation")
    )
    rng, texts = Random(f"likeness {VERSION} {seed} train"), list[str]()
    while len(texts) < n_train:
        subject = rng.choice(lexicon().subjects)
        text = _query(rng, subject, rng.choice(subject.aspects), rng.random() < 0.5) if rng.random() < 0.1 else ""
        text = text or _review(rng, subject, _opinions(rng, subject)).text
        if text not in seen:
            seen.add(text)
            texts.append(text)
    return tuple(texts), validation, test


def likeness(first: DescribedReview, second: DescribedReview) -> float:
    """Return how alike two reviews are, from 0 to :data:`HIGHEST`."""
    things, others = ({opinion.thing for opinion in review.opinions} for review in (first, second))
    same = first.subject == second.subject
    shared = len(things & others) / len(things | others) if same else 0.0
    return round(
        HIGHEST * (_SUBJECT * same + _THINGS * shared + _VERDICT * (1 - abs(first.verdict - second.verdict))), 2
    )


def _measured(rng: Random, size: int, seen: set[str]) -> MeasuredReviews:
    n_queries = max(2, size // 10)
    n_pairs = size // 2
    pairs, scores = list[tuple[str, str]](), list[float]()
    while len(pairs) < n_pairs:
        first = _any(rng)
        second = _related(rng, first)
        if _fresh((first.text, second.text), seen):
            pairs.append((first.text, second.text))
            scores.append(likeness(first, second))
    reviews = list[DescribedReview]()
    while len(reviews) < size - n_pairs - n_queries:
        review = _any(rng)
        if _fresh((review.text,), seen):
            reviews.append(review)
    queries, judgments = list[str](), list[tuple[tuple[int, int], ...]]()
    while len(queries) < n_queries:
        review = rng.choice(reviews)
        opinion = rng.choice(review.opinions)
        subject = next(subject for subject in lexicon().subjects if subject.name == review.subject)
        thing = next(thing for thing in subject.aspects if thing.name == opinion.thing)
        query = _query(rng, subject, thing, opinion.good)
        if _fresh((query,), seen):
            queries.append(query)
            judgments.append(_judged(reviews, subject, opinion))
    return MeasuredReviews(
        pairs=tuple(pairs),
        scores=tuple(scores),
        reviews=tuple(review.text for review in reviews),
        queries=tuple(queries),
        judgments=tuple(judgments),
    )


def _judged(reviews: Sequence[DescribedReview], subject: Subject, wanted: Opinion) -> tuple[tuple[int, int], ...]:
    gains = {
        opinion: 2 if opinion == wanted else 1
        for opinion in (wanted, Opinion(thing=wanted.thing, good=not wanted.good))
    }
    return tuple(
        (place, gains[opinion])
        for place, review in enumerate(reviews)
        for opinion in review.opinions
        if review.subject == subject.name and opinion in gains
    )


def _fresh(texts: Sequence[str], seen: set[str]) -> bool:
    if len(set(texts)) < len(texts) or seen & set(texts):
        return False
    seen.update(texts)
    return True


def _any(rng: Random) -> DescribedReview:
    subject = rng.choice(lexicon().subjects)
    return _review(rng, subject, _opinions(rng, subject))


def _related(rng: Random, first: DescribedReview) -> DescribedReview:
    """Write a review that has more or less in common with another."""
    subject = next(subject for subject in lexicon().subjects if subject.name == first.subject)
    if rng.random() < 0.3:
        subject = rng.choice(lexicon().subjects)
    opinions = {opinion.thing: opinion for opinion in _opinions(rng, subject)}
    if subject.name == first.subject:
        for opinion in first.opinions:
            if rng.random() < 0.5:
                good = opinion.good if rng.random() < 0.6 else not opinion.good
                opinions[opinion.thing] = Opinion(thing=opinion.thing, good=good)
    return _review(rng, subject, tuple(sorted(opinions.values(), key=lambda _: rng.random())[:3]))


def _opinions(rng: Random, subject: Subject) -> tuple[Opinion, ...]:
    lean = rng.choice((0.1, 0.5, 0.9))
    things = rng.sample(subject.aspects, rng.choice((1, 2, 2, 3)))
    return tuple(Opinion(thing=thing.name, good=rng.random() < lean) for thing in things)


def _review(rng: Random, subject: Subject, opinions: tuple[Opinion, ...]) -> DescribedReview:
    writer = Writer(rng, subject)
    things = {thing.name: thing for thing in subject.aspects}
    sentences = [
        writer.remark(things[opinion.thing], rng.choice((3, 3, 4) if opinion.good else (1, 1, 0))).text
        for opinion in opinions
    ]
    sentences.insert(0, writer.opening())
    text = ". ".join(sentence[0].upper() + sentence[1:] for sentence in sentences)
    return DescribedReview(text=f"{text}.", subject=subject.name, opinions=opinions)


def _query(rng: Random, subject: Subject, thing: Thing, good: bool) -> str:
    noun = rng.choice(subject.nouns)
    return rng.choice(_QUERIES).format(
        noun=noun,
        a_noun=f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}",
        thing=thing.name,
        adjective=rng.choice(thing.adjectives[3 if good else 1]),
        be="are" if thing.plural else "is",
    )
