"""Composes a review and, with it, what it says on a scale from -1 to 1.

The value of a whole follows from the values of its parts and from how they are put together: a negation turns what it
governs and weakens it, the clause after "but" outweighs the one before it, what somebody else said counts for nothing
once it is denied. Words alone do not tell.
"""

from functools import cache
from random import Random
from typing import NamedTuple

from distil_core.data.reviews.lexicon import Grades, Subject, Thing, lexicon
from distil_core.data.reviews.patterns import (
    ADDITIONS,
    AGREEMENTS,
    CHANGES,
    CLAUSES,
    CONTRASTS,
    COUNTERFACTUALS,
    DENIALS,
    DIVIDED,
    EXCEPTIONS,
    EXPECTATIONS,
    NO,
    OPENINGS,
    OPINIONS,
    QUESTIONS,
    REPORTS,
    SUMMARIES,
    VERDICTS,
    VERDICTS_ON_THE_WHOLE,
    YES,
    Pattern,
    Ways,
    grade_of,
)

GRADE_VALUES = (-1.0, -0.5, 0.0, 0.5, 1.0)


class Phrase(NamedTuple):
    """A piece of a review, without a capital letter or a full stop, and what it says."""

    text: str
    value: float


def contrast(first: Phrase, second: Phrase, way: int = 0) -> Phrase:
    """Set one clause against another, in one of the ways of :data:`CONTRASTS`."""
    template, weight = CONTRASTS[way]
    return Phrase(template.format(x=first.text, y=second.text), weight * first.value + (1 - weight) * second.value)


def addition(first: Phrase, second: Phrase, way: int = 0) -> Phrase:
    """Say both; they count alike."""
    return Phrase(ADDITIONS[way].format(x=first.text, y=second.text), (first.value + second.value) / 2)


def settled(claim: str, value: float, verdict: str, *, agreed: bool) -> Phrase:
    """Repeat a claim or put a question, and agree or not: what is denied says the opposite, mildly."""
    return Phrase(f"{claim}{'' if claim.endswith('?') else '.'} {verdict}", _settled_value(value, agreed=agreed))


def _settled_value(value: float, *, agreed: bool) -> float:
    return value if agreed else (-0.5 if value > 0 else 0.45)


def comparative(adjective: str) -> str:
    """Return "tastier", "louder", "more helpful"."""
    if adjective in _IRREGULAR:
        return _IRREGULAR[adjective]
    n_syllables = _syllables(adjective)
    if adjective.endswith(("ed", "ing", "ful", "less", "en", "rn", "nt")) or " " in adjective:
        return f"more {adjective}"
    if adjective.endswith("y") and n_syllables <= 2 and adjective[-2] not in "aeou":
        return f"{adjective[:-1]}ier"
    if n_syllables > 1:
        return f"more {adjective}"
    if adjective.endswith("e"):
        return f"{adjective}r"
    doubled = adjective[-1] not in "aeiouwxy" and adjective[-2] in "aeiou" and adjective[-3] not in "aeiou"
    return f"{adjective}{adjective[-1] if doubled else ''}er"


_IRREGULAR = {"good": "better", "bad": "worse", "dry": "drier", "sly": "slyer", "fun": "more fun"}


def _syllables(word: str) -> int:
    word = word[:-1] if word.endswith("e") else word
    return sum(letter in "aeiouy" and (i == 0 or word[i - 1] not in "aeiouy") for i, letter in enumerate(word))


def article(words: str) -> str:
    """Put "a" or "an" before ``words``."""
    vowel = words[0] in "aeiou" and not words.startswith(("uni", "use", "usa", "eur", "one"))
    return f"{'an' if vowel or words.startswith(('hour', 'honest')) else 'a'} {words}"


def _with_article(words: str, put: str) -> str:
    """Return ``put`` with the article of the words that it puts."""
    return f"{article(words).removesuffix(words)}{put}"


@cache
def _by_class(patterns: tuple[Pattern, ...]) -> tuple[tuple[Pattern, ...], ...]:
    """Return the patterns of each class, each as often as its weight says."""
    return tuple(
        tuple(p for p in patterns if grade_of(p.value) == wanted for _ in range(p.weight)) for wanted in range(5)
    )


class Writer:
    """Writes one review of one subject, with one source of chance; says nothing twice.

    Whoever wants to know where in a review the aspects and opinions are overrides how these are put into words.
    """

    _FACTS = 0.25
    """Share of the clauses that are facts, which say something of the subject without naming an aspect."""

    def __init__(self, rng: Random, subject: Subject) -> None:
        self.rng = rng
        self.subject = subject
        self.noun = rng.choice(subject.nouns)
        self._aspects: list[Thing] = []
        self._said: set[str] = set()
        self._kinds = list(_KINDS)

    def statement(self, wanted: int) -> Phrase:
        """Return one or two sentences that together are near the class ``wanted``."""
        kind = self.rng.choice(self._kinds)
        if kind not in _REPEATABLE:
            self._kinds = [other for other in self._kinds if other is not kind]
        return kind(self, wanted)

    def remark(self, thing: Thing, wanted: int, *, plain: bool = False) -> Phrase:
        """Return a clause about a thing, in the class ``wanted``; a plain one means what its adjective says."""
        return self._fill(self._fresh(_PLAIN if plain else CLAUSES, wanted), thing)

    def verdict(self, wanted: int) -> Phrase:
        """Return a closing sentence."""
        return Phrase(self.rng.choice(VERDICTS[wanted]).format(again=self.subject.again), GRADE_VALUES[wanted])

    def summary(self, wanted: int) -> Phrase:
        """Return a closing sentence about the whole, or a mere verdict if the whole has been spoken of."""
        if Writer._whole not in self._kinds:
            return self.verdict(wanted)
        whole = self._whole(wanted)
        return Phrase(f"{self.rng.choice(SUMMARIES)}, {whole.text}", whole.value)

    def opening(self) -> str:
        """Return a sentence that names the subject and says nothing of its quality."""
        words = lexicon()
        when = self.rng.choice(words.when + words.outings if self.subject.past else words.when)
        return self.rng.choice(OPENINGS).format(
            did=f"{self.subject.did} {self.noun}", noun=self.noun, when=when, person=self.rng.choice(words.people)
        )

    def context(self) -> str:
        """Return a sentence beside the point."""
        return self.rng.choice(self.subject.context if self.rng.random() < 0.5 else lexicon().context)

    def _aspect_words(self, thing: Thing) -> str:
        """Put into words what something is said of."""
        return thing.name

    def _opinion_words(self, words: str, value: float) -> str:
        """Put into words what is thought of it; ``value`` is what the clause says in the end, not the words alone."""
        return words

    def _clause(self, wanted: int) -> Phrase:
        if wanted != 2 and self.rng.random() < self._FACTS:
            facts = self.subject.facts[wanted if wanted < 2 else wanted - 1]
            fact = self.rng.choice([f for f in facts if f not in self._said] or facts)
            self._said.add(fact)
            return Phrase(fact, GRADE_VALUES[wanted])
        return self._fill(self._fresh(CLAUSES, wanted), self._aspect())

    def _whole(self, wanted: int) -> Phrase:
        thing = Thing(name=self.noun, plural=False, adjectives=self.subject.adjectives)
        return self._fill(self._fresh(VERDICTS_ON_THE_WHOLE, wanted), thing)

    def _addition(self, wanted: int) -> Phrase:
        return addition(self._clause(wanted), self._clause(wanted), self.rng.randrange(len(ADDITIONS)))

    def _contrast(self, wanted: int) -> Phrase:
        way = self.rng.randrange(len(CONTRASTS))
        main, aside = self._clause(wanted), self._clause(self._opposite(wanted))
        first_counts = CONTRASTS[way][1] > 0.5
        return contrast(main, aside, way) if first_counts else contrast(aside, main, way)

    def _opposite(self, wanted: int) -> int:
        if wanted == 2:
            return self.rng.choice((1, 3))
        return self.rng.choice((0, 1, 1) if wanted > 2 else (4, 3, 3))

    def _reported(self, wanted: int) -> Phrase:
        return self._settled(wanted, REPORTS, AGREEMENTS, DENIALS)

    def _question(self, wanted: int) -> Phrase:
        return self._settled(wanted, QUESTIONS, YES, NO)

    def _settled(self, wanted: int, claims: Ways, agreements: Ways, denials: Ways) -> Phrase:
        if wanted == 2:
            return self._clause(2)
        agreed = wanted in (0, 4) or self.rng.random() < 0.45
        grade = wanted if agreed else self.rng.choice((3, 3, 4) if wanted < 2 else (1, 1, 0))
        thing = self._aspect()
        value = _settled_value(GRADE_VALUES[grade], agreed=agreed)
        slots = {
            "np": f"the {self._aspect_words(thing)}",
            "be": self._be(plural=thing.plural),
            "it": "they" if thing.plural else "it",
            "a": self._opinion_words(self._adjective(thing.adjectives, grade), value),
            "person": self.rng.choice(lexicon().people),
        }
        claim = self.rng.choice(claims).format_map(slots)
        verdict = self.rng.choice(agreements if agreed else denials).format_map(slots)
        return settled(claim, GRADE_VALUES[grade], verdict, agreed=agreed)

    def _opinion(self, wanted: int) -> Phrase:
        if wanted == 2:
            return Phrase(self.rng.choice(DIVIDED).format(person=self.rng.choice(lexicon().people)), 0.0)
        template, value = self.rng.choice([o for o in OPINIONS if grade_of(o[1]) == wanted])
        return Phrase(template.format(person=self.rng.choice(lexicon().people)), value)

    def _expectation(self, wanted: int) -> Phrase:
        grade = self._opposite(wanted)
        expected = article(self._adjective(self.subject.adjectives, grade))
        adjective = self._adjective(self.subject.adjectives, wanted)
        got = _with_article(adjective, self._opinion_words(adjective, GRADE_VALUES[wanted]))
        promised = "promised" if grade > 2 else "told to expect"
        text = self.rng.choice(EXPECTATIONS).format(expected=expected, got=got, noun=self.noun, promised=promised)
        return Phrase(text, GRADE_VALUES[wanted])

    def _change(self, wanted: int) -> Phrase:
        thing = self._aspect()
        before = self._adjective(thing.adjectives, self._opposite(wanted))
        after = self._adjective(thing.adjectives, wanted)
        it, be = "they" if thing.plural else "it", self._be(plural=thing.plural)
        after = self._opinion_words(after, GRADE_VALUES[wanted])
        np = f"the {self._aspect_words(thing)}"
        text = self.rng.choice(CHANGES).format(np=np, it=it, be=be, before=before, after=after)
        return Phrase(text, GRADE_VALUES[wanted])

    def _exception(self, wanted: int) -> Phrase:
        return self._one_of(EXCEPTIONS, wanted)

    def _counterfactual(self, wanted: int) -> Phrase:
        return self._one_of(COUNTERFACTUALS, wanted)

    def _one_of(self, patterns: tuple[Pattern, ...], wanted: int) -> Phrase:
        if not _by_class(patterns)[wanted]:
            return self._clause(wanted)
        return self._fill(self._fresh(patterns, wanted), self._aspect())

    def _fresh(self, patterns: tuple[Pattern, ...], wanted: int) -> Pattern:
        fitting = _by_class(patterns)[wanted]
        pattern = self.rng.choice(fitting)
        if pattern.template in self._said:
            pattern = self.rng.choice(fitting)
        self._said.add(pattern.template)
        return pattern

    def _aspect(self) -> Thing:
        if not self._aspects:
            self._aspects = self.rng.sample(self.subject.aspects, len(self.subject.aspects))
        return self._aspects.pop()

    def _fill(self, pattern: Pattern, thing: Thing) -> Phrase:
        slots = pattern.slots
        adjective = self._adjective(thing.adjectives, pattern.grade)
        be = self._be(plural=thing.plural)
        aspect = thing.name if thing.name == self.noun else self._aspect_words(thing)
        values = {"np": f"the {aspect}", "bare": aspect, "noun": self.noun, "be": be, "no": f"{be} not"}
        values |= {"again": self.subject.again, "hoped": "hoped" if pattern.grade > 2 else "feared"}
        values["was"] = self._be(plural=False)
        opinions = {"a": adjective}
        if "g" in slots:
            opinions["g"] = self.rng.choice(lexicon().adjectives[pattern.grade])
        if "b" in slots:
            opinions["b"] = self._adjective(thing.adjectives, pattern.grade, other_than=adjective)
        if slots & {"o", "art_o"}:
            opinions["o"] = self._adjective(thing.adjectives, 4 - pattern.grade)
        if slots & {"top", "art_top"}:
            opinions["top"] = self._adjective(thing.adjectives, 4 if pattern.grade > 2 else 0)
        if slots & {"more", "art_more"}:
            opinions["more"] = comparative(adjective)
        value = GRADE_VALUES[pattern.grade] if pattern.asserts else pattern.value
        for name, words in opinions.items():
            values[name] = self._opinion_words(words, value)
            values[f"art_{name}"] = _with_article(words, values[name])
        if "art_very" in slots:
            values["art_very"] = article(self.rng.choice(lexicon().adverbs["very"]))
        for name, adverbs in lexicon().adverbs.items():
            if name in slots:
                values[name] = self.rng.choice(adverbs)
        return Phrase(pattern.template.format_map(values), pattern.value)

    def _adjective(self, grades: Grades, grade: int, other_than: str = "") -> str:
        while True:
            shared = self.rng.random() < 0.35
            adjective = self.rng.choice(lexicon().adjectives[grade] if shared else grades[grade])
            if adjective != other_than:
                return adjective

    def _be(self, *, plural: bool) -> str:
        if self.subject.past:
            return "were" if plural else "was"
        return "are" if plural else "is"


_PLAIN = tuple(pattern for pattern in CLAUSES if (pattern.grade - 2) * pattern.value > 0)

_KINDS = (
    *(Writer._clause,) * 22,
    *(Writer._whole,) * 10,
    *(Writer._addition,) * 8,
    *(Writer._contrast,) * 40,
    *(Writer._reported,) * 7,
    *(Writer._question,) * 6,
    *(Writer._opinion,) * 5,
    *(Writer._expectation,) * 6,
    *(Writer._change,) * 4,
    *(Writer._exception,) * 6,
    *(Writer._counterfactual,) * 6,
)
"""The kinds of statements, each as often as it is wanted."""

_REPEATABLE = (Writer._clause, Writer._contrast)
