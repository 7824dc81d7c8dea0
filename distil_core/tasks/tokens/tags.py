"""Schemes of tagging, each read and turned into IOB2: ``B-`` at the first word of an entity, ``I-`` within, else ``O``.

In IOB2 every entity begins with ``B-``; in IOB1 only one that follows another of its type. BIOES and BILOU also mark
the last word and single words. Without prefixes, neighbors with the same tag are one entity where some words are
``O``; where none is, as in tagging by parts of speech, every word is one of its own.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

OUTSIDE = "O"
_PREFIXED = re.compile(r"([BIESLUM])-(.+)", re.DOTALL)
_BEGINS, _GOES_ON = "BSU", "IELM"


class Scheme(StrEnum):
    """How tags tell where an entity begins and ends."""

    IOB2 = "IOB2"
    IOB1 = "IOB1"
    BIOES = "BIOES"
    IO = "IO"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The scheme of some tags; in IOB2 also the entities that begin with ``I-``: how many, and in which sentences."""

    scheme: Scheme
    n_without_begin: int = 0
    sentences: tuple[int, ...] = ()


def split_tag(tag: str) -> tuple[str, str]:
    """Return prefix and type of a tag; the prefix of one without is empty, and so is the type of ``O``."""
    if tag == OUTSIDE:
        return "", ""
    match = _PREFIXED.fullmatch(tag)
    return (match[1], match[2]) if match else ("", tag)


def scheme_of(sentences: Sequence[Sequence[str]]) -> Reading:
    """Return the scheme in which tags are written, judged from all of them together."""
    prefixes = {split_tag(tag)[0] for tags in sentences for tag in set(tags) if tag != OUTSIDE}
    if prefixes & set("ESLUM"):
        return Reading(scheme=Scheme.BIOES)
    if not prefixes & set("BI"):
        some_outside = any(tag == OUTSIDE for tags in sentences for tag in tags)
        return Reading(scheme=Scheme.IO if some_outside else Scheme.PLAIN)
    bare, superfluous = [], False
    for number, tags in enumerate(sentences):
        for before, (prefix, kind) in _pairs(tags):
            if prefix == "I" and before != kind:
                bare.append(number)
            superfluous |= prefix == "B" and before != kind
    if bare and not superfluous:
        return Reading(scheme=Scheme.IOB1)
    return Reading(scheme=Scheme.IOB2, n_without_begin=len(bare), sentences=tuple(dict.fromkeys(bare)))


def _pairs(tags: Sequence[str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the type before each tag, and the tag's prefix and type."""
    before = ""
    for tag in tags:
        parts = split_tag(tag)
        yield before, parts
        before = parts[1]


def to_iob2(tags: Sequence[str], scheme: Scheme) -> tuple[str, ...]:
    """Return the tags of a sentence in IOB2; an entity that goes on from nothing begins there, as conlleval has it."""
    turned, ended = [], False
    for before, (prefix, kind) in _pairs(tags):
        if not kind:
            turned.append(OUTSIDE)
            continue
        if scheme is Scheme.PLAIN:
            begins = True
        elif scheme is Scheme.IO:
            begins = before != kind
        else:
            begins = prefix in _BEGINS or before != kind or (ended and scheme is Scheme.BIOES)
        turned.append(f"{'B' if begins else 'I'}-{kind}")
        ended = prefix in "ELSU" and prefix != ""
    return tuple(turned)


def label_names(types: Sequence[str]) -> tuple[str, ...]:
    """Return the labels for entities of some types: ``O`` first, then ``B-`` and ``I-`` of each."""
    return (OUTSIDE, *(f"{prefix}-{kind}" for kind in types for prefix in "BI"))
