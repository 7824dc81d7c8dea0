"""Questions on reviews: what was praised or blamed, and in which words; some have no answer.

The grammar knows the value of each clause that it writes, and where it stands.
"""

from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias

from distil_core.data.reviews.grammar import Writer
from distil_core.data.reviews.lexicon import Thing, lexicon

Columns: TypeAlias = dict[str, list[Any]]
"""Cells by the name of their column."""

VERSION = 2
"""Raised whenever a seed would give other questions than before."""

_PRAISED = (
    "What was good?",
    "What did the reviewer like?",
    "What was praised?",
    "Which part pleased the reviewer?",
    "What deserves praise?",
)
_BLAMED = (
    "What was bad?",
    "What did the reviewer dislike?",
    "What was blamed?",
    "Which part annoyed the reviewer?",
    "What deserves blame?",
)
_PRAISING = ("In which words did the reviewer praise something?", "Which words are praise?")
_BLAMING = ("In which words did the reviewer blame something?", "Which words are blame?")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Remark:
    """A clause on a thing, and where in the review it stands."""

    thing: Thing
    text: str
    good: bool
    start: int

    @property
    def whole(self) -> tuple[str, int]:
        return self.text, self.start

    @property
    def subject(self) -> tuple[str, int]:
        """What the clause is about, with its article."""
        name = f"the {self.thing.name}"
        at = self.text.lower().index(name)
        return self.text[at : at + len(name)], self.start + at


def generate_questions(*, n_train: int, n_validation: int, n_test: int, seed: int) -> tuple[Columns, Columns, Columns]:
    """Write training, validation and test questions as columns in SQuAD's layout; no review is in two of them."""
    seen: set[str] = set()
    columns: dict[str, Columns] = {}
    for name, size in (("test", n_test), ("validation", n_validation), ("train", n_train)):
        rng = Random(f"questions {VERSION} {seed} {name}")
        rows: list[tuple[str, str, tuple[str, int] | None]] = []
        while len(rows) < size:
            question, context, answer = _question(rng)
            if context not in seen:
                seen.add(context)
                rows.append((question, context, answer))
        columns[name] = {
            "question": [question for question, _, _ in rows],
            "context": [context for _, context, _ in rows],
            "answers": [
                {"text": [answer[0]], "answer_start": [answer[1]]} if answer else {"text": [], "answer_start": []}
                for _, _, answer in rows
            ],
        }
    return columns["train"], columns["validation"], columns["test"]


def _question(rng: Random) -> tuple[str, str, tuple[str, int] | None]:
    """Write a review and a question on it, with the answer and where it starts; None where there is none."""
    good, n, kind = rng.random() < 0.5, rng.choice((2, 3, 3, 4)), rng.random()
    asks_for_words = rng.random() < 0.4
    if asks_for_words:
        question = rng.choice(_PRAISING if good else _BLAMING)
    else:
        question = rng.choice(_PRAISED if good else _BLAMED)
    if kind < 0.25:  # nothing of that kind
        _, context = _review(rng, [not good] * n)
        return question, context, None
    remarks, context = _review(rng, [good, *[not good] * (n - 1)])
    answer = next(remark for remark in remarks if remark.good is good)
    return question, context, answer.whole if asks_for_words else answer.subject


def _review(rng: Random, goods: list[bool]) -> tuple[list[_Remark], str]:
    """Write a review with one remark for each of some values, in any order."""
    subject = rng.choice(lexicon().subjects)
    writer = Writer(rng, subject)
    rng.shuffle(goods)
    context = f"{_upper(writer.opening())}. " if rng.random() < 0.3 else ""
    remarks = []
    for thing, good in zip(rng.sample(subject.aspects, len(goods)), goods, strict=True):
        phrase = writer.remark(thing, rng.choice((3, 3, 4) if good else (1, 1, 0)), plain=True)
        text = _upper(phrase.text)
        remarks.append(_Remark(thing=thing, text=text, good=good, start=len(context)))
        context += f"{text}. "
    return remarks, context.rstrip()


def _upper(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]
