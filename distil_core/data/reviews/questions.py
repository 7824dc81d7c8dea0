"""Questions on reviews: what was praised or blamed, and what was said of a thing; some have no answer.

The grammar knows the value of each clause that it writes, and where it stands.
"""

from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias

from distil_core.data.reviews.grammar import Writer
from distil_core.data.reviews.lexicon import Thing, lexicon

Columns: TypeAlias = dict[str, list[Any]]
"""Cells by the name of their column."""

VERSION = 1
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
_LIKED = ("What did the reviewer like about the {name}?", "What was good about the {name}?")
_DISLIKED = ("What did the reviewer dislike about the {name}?", "What was bad about the {name}?")
_TOLD = (
    "What does the review say about the {name}?",
    "What did they think of the {name}?",
    "How does the reviewer describe the {name}?",
)


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
    kind = rng.random()
    good = rng.random() < 0.5
    n = rng.choice((2, 3, 3, 4))
    if kind < 0.5:  # the only thing of its kind
        remarks, context, _ = _review(rng, [good, *[not good] * (n - 1)])
        answer = next(remark for remark in remarks if remark.good is good)
        return rng.choice(_PRAISED if good else _BLAMED), context, answer.subject
    if kind < 0.6:  # no thing of its kind
        _, context, _ = _review(rng, [not good] * n)
        return rng.choice(_PRAISED if good else _BLAMED), context, None
    remarks, context, others = _review(rng, [rng.random() < 0.5 for _ in range(n)])
    remark = rng.choice(remarks)
    if kind < 0.75:
        return rng.choice(_TOLD).format(name=remark.thing.name), context, remark.whole
    if kind < 0.9:
        answer_is_there = remark.good is good
        question = rng.choice(_LIKED if good else _DISLIKED).format(name=remark.thing.name)
        return question, context, remark.whole if answer_is_there else None
    return rng.choice(_TOLD).format(name=rng.choice(others).name), context, None


def _review(rng: Random, goods: list[bool]) -> tuple[list[_Remark], str, list[Thing]]:
    """Write a review with one remark for each of some values; returns also the things that it does not mention."""
    subject = rng.choice(lexicon().subjects)
    writer = Writer(rng, subject)
    things = rng.sample(subject.aspects, len(subject.aspects))
    rng.shuffle(goods)
    context = f"{_upper(writer.opening())}. " if rng.random() < 0.3 else ""
    remarks = []
    for thing, good in zip(things, goods, strict=False):
        phrase = writer.remark(thing, rng.choice((3, 3, 4) if good else (1, 1, 0)))
        text = _upper(phrase.text)
        remarks.append(_Remark(thing=thing, text=text, good=good, start=len(context)))
        context += f"{text}. "
    mentioned = context.lower()
    return remarks, context.rstrip(), [thing for thing in things if thing.name not in mentioned]


def _upper(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]
