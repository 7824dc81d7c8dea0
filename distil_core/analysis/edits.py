"""A sentence and its edits: words to drop, mask or swap, words that might take their place, and what changed.

What changed is said of one site: the sentence as a whole, or a place in it. Needs neither torch nor a model.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from math import log, sqrt

from distil_core.analysis.comparison import Compared
from distil_core.analysis.error_analysis import AnsweredTexts
from distil_core.analysis.roles import Role
from distil_core.data.corpus import SEGMENT, Label, LabeledText, Place, split_segments
from distil_core.evaluation.predictions import softmax
from distil_core.tasks.task import Task

_WORD = re.compile(r"\[[A-Z]+\]|<\w+>|\w+(?:['’\-]\w+)*|[^\w\s]")


_NO_SPACE_BEFORE = re.compile(r"\s+([.,;:!?%)\]}])")


MAX_MEMORY = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word or sign of a sentence, from character ``start`` up to ``end``."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A word that might take another's place; the texts with ``label`` (an index) use it more than the others do."""

    word: str
    label: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Which words are typical of which label, and which words were seen right behind which other word.

    ``typical`` has for each label its words, the most typical first; in ``after`` an empty word stands for the begin
    and the end of a text.
    """

    typical: tuple[tuple[str, ...], ...]
    after: dict[str, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The probability of a label before and after an edit, by both models; shares."""

    label: int
    teacher: tuple[float, float]
    student: tuple[float, float]

    @property
    def size(self) -> float:
        """The larger of the two models' changes, as a share from 0 to 1."""
        return max(abs(after - before) for before, after in (self.teacher, self.student))


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerChange:
    """The label that a model answers before and after an edit."""

    before: int
    after: int

    @property
    def changed(self) -> bool:
        """Whether the edit changed the model's mind."""
        return self.before != self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class LargestMove:
    """The probability that an edit moved most: which model gives it to which label, before and after; shares."""

    role: Role
    label: int
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EditVerdict:
    """What an edit did to the answers of both models, and which probability it moved most."""

    teacher: AnswerChange
    student: AnswerChange
    largest: LargestMove


def words(text: str) -> tuple[Word, ...]:
    """Return the words and signs of a sentence; a mask such as ``[MASK]`` or ``<mask>`` is one word."""
    return tuple(Word(text=match[0], start=match.start(), end=match.end()) for match in _WORD.finditer(text))


def replaced(text: str, word: Word, new: str) -> str:
    """Return a text with one word replaced, or dropped where ``new`` is empty; the rest stays as it is."""
    first = text.rfind(SEGMENT, 0, word.start) + 1
    last = text.find(SEGMENT, word.end) if SEGMENT in text[word.end :] else len(text)
    return text[:first] + _replaced(text[first : word.start], new.strip(), text[word.end : last]) + text[last:]


def _replaced(before: str, new: str, after: str) -> str:
    if not new:
        return _NO_SPACE_BEFORE.sub(r"\1", f"{before.rstrip()} {after.lstrip()}".strip())
    if any(map(str.isalnum, new)):  # a word in place of a sign must not grow together with its neighbors
        before += " " * before[-1:].isalnum()
        after = " " * after[:1].isalnum() + after
    return f"{before}{new}{after}"


def related(original: str, text: str) -> bool:
    """Tell whether a sentence is still an edit of another: at least half of the words of both are shared, in order."""
    return SequenceMatcher(None, _spoken(original), _spoken(text), autojunk=False).ratio() >= 0.5


def site_before(before: Sequence[Place], after: Sequence[Place], site: int) -> int | None:
    """Return which site of a sentence a site of its edit was; None where an edit has made or moved it.

    Args:
        before: The places of the sentence.
        after: Those of its edit.
        site: The site in the edit.
    """
    if len(before) == len(after):
        return site
    matcher = SequenceMatcher(None, [place.text for place in before], [place.text for place in after], autojunk=False)
    for first, second, size in matcher.get_matching_blocks():
        if second <= site < second + size:
            return first + site - second
    return None


def vocabulary(answers: AnsweredTexts, *, most: int = 200) -> Vocabulary:
    r"""Find the words that are typical of each label.

    A word's score is its log-odds at the places of a label against those at all others, over its standard error, with
    half a count added to each (Monroe, Colaresi and Quinn, 2008, doi:10.1093/pan/mpn018); words with a positive score
    that occur at least twice are typical.

    Args:
        answers: Labeled texts.
        most: Words to keep for a label.
    """
    by_label: list[Counter[str]] = [Counter() for _ in answers.label_names]
    behind: defaultdict[str, set[str]] = defaultdict(set)
    for label, place in zip(answers.labels[:MAX_MEMORY].tolist(), answers.places, strict=False):
        if label >= 0:
            by_label[label].update({word for word in _spoken(place.text) if any(map(str.isalpha, word))})
    for text in dict.fromkeys(answers.texts[:MAX_MEMORY]):
        spoken = _spoken(text)
        for first, second in zip(["", *spoken], [*spoken, ""], strict=True):
            behind[first].add(second)
    total: Counter[str] = Counter()
    for counts in by_label:
        total.update(counts)
    n_total = total.total()
    typical = []
    for counts in by_label:
        n_here = counts.total()
        scored = []
        for word, here in counts.items():
            there = total[word] - here
            odds = log((here + 0.5) / (n_here - here + 0.5)) - log((there + 0.5) / (n_total - n_here - there + 0.5))
            score = odds / sqrt(1 / (here + 0.5) + 1 / (there + 0.5))
            if here >= 2 and score > 0:
                scored.append((-score, word))
        typical.append(tuple(word for _, word in sorted(scored)[:most]))
    return Vocabulary(typical=tuple(typical), after={first: frozenset(seconds) for first, seconds in behind.items()})


def _spoken(text: str) -> list[str]:
    return [word.text.casefold() for word in words(text)]


def suggestions(
    known: Vocabulary, sentence: Sequence[Word], place: int, labels: Sequence[int], *, limit: int = 5
) -> tuple[Suggestion, ...]:
    """Suggest words for a place in a sentence: of each of some labels in turn, one that is typical of it.

    Words that were seen both right behind the word before and right in front of the word after are preferred, then
    those that were seen at one of the two; among them the most typical one is taken.

    Args:
        known: The words of the corpus.
        sentence: Words of the sentence.
        place: Which of them is to be replaced.
        labels: Labels to find words for, in this order.
        limit: How many words to suggest at most.
    """
    spoken = [word.text.casefold() for word in sentence]
    behind = known.after.get(spoken[place - 1] if place else "", frozenset())
    before = spoken[place + 1] if place + 1 < len(spoken) else ""

    def misfit(word: str) -> int:
        return (word not in behind) + (before not in known.after.get(word, frozenset()))

    used = set(spoken)
    suggestions: list[Suggestion] = []
    for _ in range(limit):  # of each label one more, until there are enough
        for label in labels[: limit - len(suggestions)]:
            free = [word for word in known.typical[label] if word not in used]
            if free:
                best = min(free, key=misfit)  # of equals the first, which is the most typical
                used.add(best)
                suggestions.append(Suggestion(word=best, label=label))
    return tuple(suggestions)


def probability_rows(compared: Compared, names: Sequence[str]) -> list[tuple[str, float, float]]:
    """Return the name of each label with its probability by teacher and student, at temperature 1."""
    sides = (softmax(logits, 1.0) for logits in (compared.teacher_logits, compared.student_logits))
    return list(zip(names, *sides, strict=True))


def changes(before: Compared, after: Compared) -> tuple[Change, ...]:
    """Return how an edit moved the probability of each label, in the order of the labels."""
    sides = zip(
        *(softmax(logits, 1.0) for each in (before, after) for logits in (each.teacher_logits, each.student_logits)),
        strict=True,
    )
    return tuple(
        Change(label=label, teacher=(teacher, teacher_now), student=(student, student_now))
        for label, (teacher, student, teacher_now, student_now) in enumerate(sides)
    )


def largest(changes: Sequence[Change], *, limit: int) -> tuple[Change, ...]:
    """Return the labels that an edit moved most, in the order of the labels."""
    most = sorted(changes, key=lambda change: -change.size)[:limit]
    return tuple(sorted(most, key=lambda change: change.label))


def verdict(changes: Sequence[Change]) -> EditVerdict:
    """Judge whether an edit changed either model's mind, and what it moved most.

    Args:
        changes: How the edit moved the probability of every label, in the order of the labels.
    """
    shares = zip(*((*change.teacher, *change.student) for change in changes), strict=True)
    teacher, teacher_now, student, student_now = (max(range(len(row)), key=row.__getitem__) for row in shares)
    most = max(changes, key=lambda change: change.size)
    sides = ((Role.TEACHER, most.teacher), (Role.STUDENT, most.student))
    role, (before, after) = max(sides, key=lambda side: abs(side[1][1] - side[1][0]))
    return EditVerdict(
        teacher=AnswerChange(before=teacher, after=teacher_now),
        student=AnswerChange(before=student, after=student_now),
        largest=LargestMove(role=role, label=most.label, before=before, after=after),
    )


def one_per_label(
    texts: Sequence[LabeledText], classes_of: Callable[[Label], frozenset[int]], *, limit: int = 5
) -> tuple[LabeledText, ...]:
    """Return the shortest text of each label, to try things with; texts of a word or two are left out.

    Args:
        texts: Labeled texts.
        classes_of: Tells which classes are right somewhere in a text; a text is taken for one of them only.
        limit: How many texts to return at most.
    """
    by_label: dict[int, LabeledText] = {}
    for example in sorted(texts, key=lambda example: len(example.text)):
        if len(example.text.split()) > 3:
            missing = sorted(classes_of(example.label) - by_label.keys())
            by_label.update(dict.fromkeys(missing[:1], example))
    return tuple(by_label[label] for label in sorted(by_label))[:limit]


def to_try(texts: Sequence[LabeledText], task: Task, *, limit: int = 5) -> tuple[LabeledText, ...]:
    """Return a few texts to try things with: one of each label, numbers from low to high, or else the shortest."""
    whole = [example for example in texts if len(split_segments(example.text)) == len(task.segments)]
    if labeled := one_per_label(whole, task.classes_of, limit=limit):
        return labeled
    scored = [example for example in whole if isinstance(example.label, float)]
    if not scored:
        return tuple(sorted(whole, key=lambda example: len(example.text))[:limit])
    scored.sort(key=lambda example: (example.label, len(example.text)))
    last = min(limit, len(scored)) - 1
    return tuple(scored[round(i * (len(scored) - 1) / max(last, 1))] for i in range(last + 1))


def gold_label(text: str, answers: AnsweredTexts, *, site: int = 0) -> int | None:
    """Return the right label at a site of a text if that is among the test texts and it is known, else None."""
    rows = answers.rows_of(text)
    label = int(answers.labels[rows[site]]) if site < len(rows) else -1
    return label if label >= 0 else None
