"""How unlike a text is to the texts that a run was trained and measured on; needs neither torch nor a model.

What is looked at are words, as its test texts come from where its training texts do: a text is unlike them if more of
its words occur in none of them than nearly every test text has words that occur in no other.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
USUAL = 0.95
"""Share of the test texts that are taken for usual."""
FEWEST_TEXTS = 20
"""Of fewer texts nothing is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownWords:
    """In how many of some texts each word occurs, and which share of each text's words occurs in no other, sorted."""

    texts_with: Counter[str]
    shares: tuple[float, ...]

    @property
    def n_texts(self) -> int:
        """Number of texts."""
        return len(self.shares)

    @property
    def usual(self) -> float:
        """The share that most texts, :data:`USUAL` of them, do not exceed."""
        return self.shares[ceil(USUAL * self.n_texts) - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Novelty:
    """Words of a text that occur in none of ``n_texts`` known ones, and how many of those had a smaller share."""

    unknown: tuple[str, ...]
    n_words: int
    n_texts: int
    n_less: int


def known_words(texts: Sequence[str]) -> KnownWords:
    """Count the words of texts."""
    words = [_words(text) for text in texts]
    texts_with = Counter(word for each in words for word in each)
    shares = sorted(sum(texts_with[word] == 1 for word in each) / len(each) for each in words if each)
    return KnownWords(texts_with=texts_with, shares=tuple(shares))


def novelty(text: str, known: KnownWords) -> Novelty | None:
    """Return what is new in a text if it is unlike the known ones, else nothing."""
    words = _words(text)
    unknown = tuple(word for word in words if word not in known.texts_with)
    if known.n_texts < FEWEST_TEXTS or not unknown or len(unknown) / len(words) <= known.usual:
        return None
    n_less = bisect_left(known.shares, len(unknown) / len(words))
    return Novelty(unknown=unknown, n_words=len(words), n_texts=known.n_texts, n_less=n_less)


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.replace("’", "'") for word in _WORD.findall(text.lower())))
