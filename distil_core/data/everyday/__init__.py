"""Short sentences about everyday things that the shipped teacher learns from beside the reviews.

In: words and frames that lie beside this module, and rated words from elsewhere. Out: sentences, and what each says.
The reviews know two thousand words and twenty-four kinds of things. These know more of both, but say less: one or two
clauses each, which praise or blame, or do both or neither.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from distil_core.data.reviews import styled
from distil_core.data.reviews.grammar import article

__all__ = ["Clause", "Rated", "everyday_sentences", "everyday_words"]

_MILD, _STRONG = 0.5, 1.0
"""What a graded word is worth."""
_STRONG_RATING = 0.58
"""Rating from which a word is strong."""
_ADJECTIVE_ENDINGS = (
    *("ful", "less", "ous", "ive", "able", "ible", "ic", "ing", "y", "ent", "ant", "ish", "some", "al", "ed"),
)


@dataclass(frozen=True, slots=True)
class Clause:
    """A sentence or a piece of one, and what it says, from -1 to 1."""

    text: str
    value: float


@dataclass(frozen=True, slots=True)
class Rated:
    """A word that people have rated, and its rating from -1 to 1."""

    word: str
    value: float


def everyday_sentences(
    n_texts: int, *, seed: int, rated: Sequence[Rated] = (), neutral: Sequence[str] = ()
) -> tuple[Clause, ...]:
    """Write sentences, none twice: a third of them blame, a third praise, a third do both or neither.

    Args:
        n_texts: How many.
        seed: Of all chance.
        rated: Further graded words.
        neutral: Words that say nothing of quality; they stand for the names of some things.
    """
    writer = _Writer(Random(f"everyday {seed}"), rated, neutral)
    texts: dict[str, float] = {}
    while len(texts) < n_texts:
        clause = writer.sentence((-1, 0, 1)[len(texts) % 3])
        texts.setdefault(styled(writer.rng, [clause.text]), clause.value)
    return tuple(Clause(text, value) for text, value in texts.items())


def everyday_words() -> tuple[str, ...]:
    """Return all words that its sentences are made of, without those from elsewhere."""
    text = Path(__file__).with_name("words.toml").read_text(encoding="utf-8")
    return tuple(dict.fromkeys(re.findall(r"[a-z]{2,}", text.lower())))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Topic:
    nouns: tuple[str, ...]
    used: tuple[str, ...]
    parts: tuple[tuple[str, bool], ...]
    good: tuple[str, ...]
    bad: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    general: Mapping[str, tuple[str, ...]]
    frames: Mapping[str, tuple[str, ...]]
    topics: tuple[_Topic, ...]


@cache
def _words() -> _Words:
    data = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
    return _Words(
        general={name: _split(entry) for name, entry in data["general"].items()},
        frames={name: tuple(entry) for name, entry in data["frames"].items()},
        topics=tuple(_topic(entry) for entry in data["topics"].values()),
    )


def _split(entry: str | list[str]) -> tuple[str, ...]:
    return tuple(entry) if isinstance(entry, list) else tuple(word.strip() for word in entry.split(","))


def _topic(entry: dict[str, Any]) -> _Topic:
    return _Topic(
        nouns=_split(entry["nouns"]),
        used=_split(entry["used"]),
        parts=tuple((part.rstrip("*"), part.endswith("*")) for part in _split(entry["parts"])),
        good=_split(entry["good"]),
        bad=_split(entry["bad"]),
    )


class _Writer:
    """Writes sentences with one source of chance; ``side`` is 1 for praise and -1 for blame."""

    def __init__(self, rng: Random, rated: Sequence[Rated], neutral: Sequence[str]) -> None:
        self.rng = rng
        self._neutral = neutral
        self._words = _words()
        self._topic = self._words.topics[0]
        self._rated = {
            (adjective, side, strong): tuple(
                each.word
                for each in rated
                if each.value * side > 0
                and (abs(each.value) >= _STRONG_RATING) == strong
                and each.word.endswith(_ADJECTIVE_ENDINGS) == adjective
            )
            for adjective in (True, False)
            for side in (-1, 1)
            for strong in (True, False)
        }

    def sentence(self, side: int) -> Clause:
        """Return a sentence that praises or blames, or, with side 0, does both or neither."""
        self._topic = self.rng.choice(self._words.topics)
        if side == 0:
            return self._opened(self._between())
        if self.rng.random() < 0.62:
            return self._opened(self._clause(side))
        first, second = self._clause(side), self._clause(side)
        text = self._frame("additions").format(x=first.text, y=second.text)
        return self._opened(Clause(text, (first.value + second.value) / 2))

    def _opened(self, clause: Clause) -> Clause:
        if self.rng.random() < 0.82:
            return clause
        return Clause(self._fill(self._frame("openings")) + clause.text, clause.value)

    def _between(self) -> Clause:
        chance = self.rng.random()
        if chance < 0.17:
            return Clause(self._word("mixed_whole"), 0.0)
        if chance < 0.36:
            return Clause(self._fill(self._frame("mixed"), w=self._word("mixed")), 0.0)
        sides = self.rng.sample((1, -1), 2)
        if chance < 0.45:
            first, second = (self._adjective(side)[0] for side in sides)
            return Clause(self._fill(self._frame("both"), a=first, b=second), 0.0)
        one, other = (self._clause(side) for side in sides)
        return Clause(self._frame("contrasts").format(x=one.text, y=other.text), 0.0)

    def _clause(self, side: int) -> Clause:
        return self.rng.choice(_KINDS)(self, side)

    def _fact(self, side: int) -> Clause:
        if self.rng.random() < 0.45:
            return Clause(self._word("good_anywhere" if side > 0 else "bad_anywhere"), 0.6 * side)
        return Clause(self.rng.choice(self._topic.good if side > 0 else self._topic.bad), 0.6 * side)

    def _verdict(self, side: int) -> Clause:
        return Clause(self._word("praise_whole" if side > 0 else "blame_whole"), 0.8 * side)

    def _adjectival(self, side: int) -> Clause:
        words, value = self._adjective(side)
        chance = self.rng.random()
        if abs(value) < _STRONG and chance < 0.4:
            kind, factor = ("very", 1.6) if chance < 0.2 else ("fairly", 0.8) if side > 0 else ("slightly", 0.7)
            words, value = f"{self._word(kind)} {words}", value * factor
        second, _ = self._adjective(side)
        return Clause(self._fill(self._frame("adjectival"), w=words, v=second, art=article(words)), value)

    def _fragment(self, side: int) -> Clause:
        (first, one), (second, other) = self._adjective(side), self._adjective(side)
        return Clause(self._fill(self._frame("fragments"), w=first, v=second), (one + other) / 2)

    def _feeling(self, side: int) -> Clause:
        strong = self.rng.random() < 0.4
        name = ("love" if strong else "like") if side > 0 else ("hate" if strong else "dislike")
        text = self._fill(self._frame("feelings"), w=self._word(name))
        return Clause(text, side * (_STRONG if strong else _MILD))

    def _nominal(self, side: int) -> Clause:
        strong = self.rng.random() < 0.4
        rated = self._rated[False, side, strong]
        if not rated or self.rng.random() < 0.55:
            word = self._word("praise_nouns" if side > 0 else "blame_nouns")
            return Clause(self._fill(self._frame("nouns"), w=word), 0.8 * side)
        text = self._fill(self._frame("rated_nouns"), w=self.rng.choice(rated))
        return Clause(text, side * (0.9 if strong else _MILD))

    def _negated(self, side: int) -> Clause:
        frames = self._words.frames["not_either"] + self._words.frames["not_bad" if side > 0 else "not_good"]
        text = self._fill(self.rng.choice(frames), w=self._word("bad" if side > 0 else "good"))
        return Clause(text, 0.4 if side > 0 else -0.5)

    def _superlative(self, side: int) -> Clause:
        adjective = self._word("good" if side > 0 else "bad")
        best, better = (f"most {adjective}", f"more {adjective}")
        if self.rng.random() < 0.45:
            best = self.rng.choice(("best", "nicest", "finest", "greatest") if side > 0 else ("worst", "poorest"))
            better = self.rng.choice(("better", "nicer") if side > 0 else ("worse", "poorer"))
        used = self.rng.choice(self._topic.used)
        return Clause(self._fill(self._frame("superlatives"), w=best, more=better, used=used), side * _STRONG)

    def _adjective(self, side: int) -> tuple[str, float]:
        strong = self.rng.random() < 0.35
        rated = self._rated[True, side, strong]
        value = side * (_STRONG if strong else _MILD)
        if rated and self.rng.random() < 0.5:
            return self.rng.choice(rated), value
        name = ("very_good" if strong else "good") if side > 0 else ("very_bad" if strong else "bad")
        return self._word(name), value

    def _word(self, name: str) -> str:
        return self.rng.choice(self._words.general[name])

    def _frame(self, name: str) -> str:
        return self.rng.choice(self._words.frames[name])

    def _fill(self, template: str, **slots: str) -> str:
        """Fill the slots of a template: those passed, and the names of things and people."""
        noun = self.rng.choice(self._topic.nouns)
        if self._neutral and self.rng.random() < 0.2:
            noun = self.rng.choice(self._neutral)
        (part, plural), (part2, _) = (self.rng.choice(self._topic.parts) for _ in range(2))
        if self._neutral and self.rng.random() < 0.1:
            part, plural = self.rng.choice(self._neutral), False
        subject = self._frame("subjects")
        many, past = plural and "{part}" in subject, self.rng.random() < 0.5
        names = {
            "np": subject.format(part=part, noun=noun),
            "be": ("were" if past else "are") if many else ("was" if past else "is"),
            "seem": "seemed" if past else "seem" if many else "seems",
            "noun": noun,
            "part": part,
            "part2": part2,
            "person": self._word("people"),
            "person2": self._word("people"),
            "time": self._word("times"),
        }
        return template.format_map(names | slots)


_KINDS = (
    *(_Writer._adjectival,) * 9,
    *(_Writer._fact,) * 12,
    *(_Writer._verdict,) * 4,
    *(_Writer._feeling,) * 3,
    *(_Writer._nominal,) * 3,
    *(_Writer._negated,) * 5,
    *(_Writer._superlative,) * 2,
    *(_Writer._fragment,) * 2,
)
"""The kinds of clauses, each as often as it is wanted."""
