"""Words of a text and the token at which each is asked for its tag: its first piece."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from distil_core.data.corpus import Place

_WORD = re.compile(r"\S+")


def words_of(text: str) -> list[Place]:
    """Return the words of a text: what stands between white space."""
    return [Place(text=match[0], start=match.start(), end=match.end()) for match in _WORD.finditer(text)]


def first_pieces(encoding: Any, text: str, words: list[Place]) -> Iterator[tuple[int, int]]:
    """Yield the token at which each word begins and the word's index; words without a token are passed over.

    Args:
        encoding: What a fast tokenizer made of the text.
        text: The text.
        words: Its words.
    """
    starts, last = [word.start for word in words], -1
    for position, (start, end) in enumerate(encoding.offsets):
        while start < end and text[start].isspace():
            start += 1
        if start >= end:
            continue
        word = bisect_right(starts, start) - 1
        if word > last:
            last = word
            yield position, word
