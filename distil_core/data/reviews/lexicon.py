"""The words of the reviews: subjects, their aspects and the graded adjectives that fit each."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

Grades = tuple[tuple[str, ...], ...]
"""Adjectives in five grades, from very bad to very good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """What an adjective is said of: an aspect such as "the soup", with the adjectives that fit it."""

    name: str
    plural: bool
    adjectives: Grades


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A kind of place or thing that people review."""

    name: str
    past: bool
    nouns: tuple[str, ...]
    did: str
    again: str
    adjectives: Grades
    aspects: tuple[Thing, ...]
    facts: tuple[tuple[str, ...], ...]
    context: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """All words that the grammar chooses from."""

    subjects: tuple[Subject, ...]
    adjectives: Grades
    adverbs: dict[str, tuple[str, ...]]
    people: tuple[str, ...]
    when: tuple[str, ...]
    outings: tuple[str, ...]
    context: tuple[str, ...]


@cache
def lexicon() -> Lexicon:
    """Read the word lists that lie beside this module, once."""
    data = tomllib.loads(Path(__file__).with_name("lexicon.toml").read_text(encoding="utf-8"))
    general = data.pop("general")
    shared = _grades(general["adjectives"])
    return Lexicon(
        subjects=tuple(_subject(name, entry) for name, entry in data.items()),
        adjectives=shared,
        adverbs={key: _words(general[key]) for key in ("very", "fairly", "slightly", "absolutely", "even_slightly")},
        people=tuple(general["people"]),
        when=tuple(general["when"]),
        outings=tuple(general["outings"]),
        context=tuple(general["context"]),
    )


def _subject(name: str, entry: dict[str, Any]) -> Subject:
    return Subject(
        name=name.replace("_", " "),
        past=entry["tense"] == "past",
        nouns=_words(entry["nouns"]),
        did=entry["did"],
        again=entry["again"],
        adjectives=_grades(entry["item"]),
        aspects=tuple(
            Thing(name=aspect.rstrip("*"), plural=aspect.endswith("*"), adjectives=_grades(grades))
            for aspect, grades in entry["aspects"].items()
        ),
        facts=tuple(tuple(facts) for facts in entry["facts"]),
        context=tuple(entry["context"]),
    )


def _grades(text: str) -> Grades:
    return tuple(_words(grade) for grade in text.split("|"))


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(","))
