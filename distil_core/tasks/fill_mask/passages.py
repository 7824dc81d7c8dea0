"""Texts of any length as passages that a model can read: long ones cut, very short ones joined."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MIN_WORDS, MAX_WORDS, MAX_CHARACTERS = 12, 72, 450
"""A passage has so many words, and no more characters than that, which about 128 tokens are."""
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passages:
    """Passages, and what became of the texts that they were made of."""

    texts: tuple[str, ...]
    n_cut: int
    n_joined: int
    n_dropped: int


def passages_of(texts: Iterable[str]) -> Passages:
    """Cut long texts where sentences end, else between words, and join short ones with those that follow them.

    A short text at the end is joined with the one before it; where it stands alone, it is left out.
    """
    pieces: list[str] = []
    n_cut = n_joined = n_dropped = 0
    waiting = ""
    for text in texts:
        line = " ".join(text.split())
        if not line:
            continue
        if waiting:
            line, waiting = f"{waiting} {line}", ""
            n_joined += 1
        if len(line.split()) < MIN_WORDS and len(line) < MAX_CHARACTERS // 4:
            waiting = line
            continue
        parts = _cut(line)
        n_cut += len(parts) > 1
        pieces += parts
    if waiting and pieces and _fits(f"{pieces[-1]} {waiting}"):
        pieces[-1] = f"{pieces[-1]} {waiting}"
        n_joined += 1
    elif waiting:
        n_dropped += 1
    return Passages(texts=tuple(pieces), n_cut=n_cut, n_joined=n_joined, n_dropped=n_dropped)


def _fits(text: str) -> bool:
    return len(text.split()) <= MAX_WORDS and len(text) <= MAX_CHARACTERS


def _cut(text: str) -> list[str]:
    """Cut a text into pieces that fit, of about one length so that no scrap is left at the end."""
    if _fits(text):
        return [text]
    n_words = len(text.split())
    n_pieces = max(-(-n_words // MAX_WORDS), -(-len(text) // MAX_CHARACTERS))
    goal = len(text) / n_pieces
    pieces: list[str] = []
    for sentence in _SENTENCE_END.split(text):
        if pieces and len(pieces[-1]) < goal and _fits(f"{pieces[-1]} {sentence}"):
            pieces[-1] = f"{pieces[-1]} {sentence}"
        else:
            pieces += _by_words(sentence)
    return pieces


def _by_words(sentence: str) -> list[str]:
    words: Sequence[str] = sentence.split()
    if any(len(word) > MAX_CHARACTERS for word in words):  # a script without spaces
        words = [sentence[i : i + MAX_CHARACTERS] for i in range(0, len(sentence), MAX_CHARACTERS)]
    pieces: list[str] = []
    for word in words:
        if pieces and _fits(f"{pieces[-1]} {word}"):
            pieces[-1] = f"{pieces[-1]} {word}"
        else:
            pieces.append(word)
    return pieces
