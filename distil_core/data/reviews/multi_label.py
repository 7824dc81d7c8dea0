"""Reviews that speak of several things: which topics they praise, and which they blame.

A topic is praised where a thing of it is, and may be blamed in the next sentence; what is neither good nor bad makes no
label, and neither does what is said of the whole. Words alone do not tell: most sentences are about one thing each, and
a negation turns what it governs.
"""

import re
from functools import cache
from random import Random

from distil_core.data.corpus import Split
from distil_core.data.reviews import GRAMMAR_VERSION, styled
from distil_core.data.reviews.grammar import Phrase, Writer
from distil_core.data.reviews.lexicon import Subject, Thing, lexicon
from distil_core.data.reviews.patterns import ADDITIONS, CLAUSES, CONTRASTS

TOPICS = {
    "staff": "waiters, barista, receptionist, guide, conductor, stylist, assistant, trainers, owners, teacher, service",
    "food": "soup, lamb, dessert, chips, portions, espresso, scones, toasted sandwich, carrot cake, breakfast, buffet, "
    "sourdough, croissants, apple pie, rye loaf, birthday cake",
    "comfort": "seating, armchairs, bed, seats, headband, ear cushions, straps, hip belt, saddle, heel, toe box, "
    "cushioning, foam, cover, chairs, springs, pitches, mesh",
    "sound": "music, soundtrack, dialogue, bass, microphone, fan, speakers, call quality, motor, announcements, "
    "chatter, audio tour, sound, singer, drummer, noise canceling",
}
"""The things of each topic, by their names in the lexicon."""
LABEL_NAMES = tuple(f"{topic} {verdict}" for topic in TOPICS for verdict in ("praised", "blamed"))
_CLEAR = 0.25
"""A thing is praised or blamed by what is worth at least so much."""
_WORD = re.compile(r"[a-zé0-9]+")


class _TopicWriter(Writer):
    """Writes what is said of one thing after the other."""

    def __init__(self, rng: Random, subject: Subject) -> None:
        super().__init__(rng, subject)
        self.things = rng.sample(_known_things()[subject.name], len(_known_things()[subject.name]))
        self.labels: set[str] = set()

    def next_remark(self, *, plain: bool = False) -> str:
        """Return what is said of the next thing, in a clause where it is ``plain``; remember which label it makes."""
        kinds = (self._plain,) if plain else (self._plain, self._reported, self._question, self._change)
        kind = self.rng.choices(kinds, (8, 3, 2, 2)[: len(kinds)])[0]
        phrase: Phrase = kind(self.rng.choice((0, 1, 1, 2, 3, 3, 4)))
        if abs(phrase.value) >= _CLEAR:
            self.labels.add(f"{self._topic} {'praised' if phrase.value > 0 else 'blamed'}")
        return phrase.text

    def _plain(self, wanted: int) -> Phrase:
        return self._fill(self._fresh(CLAUSES, wanted), self._aspect())

    def _aspect(self) -> Thing:
        thing = self.things.pop()
        self._topic = _topic_of()[thing.name]
        return thing


def praise_and_blame(*, n_train: int, n_validation: int, n_test: int, seed: int) -> tuple[Split, Split, Split]:
    """Write three splits that share no text; the labels of a text say of each of :data:`LABEL_NAMES` whether it has it.

    Each split has its own stream of chance, so that a larger training split begins with the texts of a smaller one and
    the test texts stay the same.
    """
    seen: set[str] = set()
    sizes = {"test": n_test, "validation": n_validation, "train": n_train}
    splits = {
        name: _split(size, Random(f"reviews multi-label {GRAMMAR_VERSION} {seed} {name}"), seen)
        for name, size in sizes.items()
    }
    return splits["train"], splits["validation"], splits["test"]


def write_remarks(rng: Random) -> tuple[str, frozenset[str]]:
    """Write a review, and return it with its labels."""
    writer = _TopicWriter(
        rng, rng.choice([subject for subject in lexicon().subjects if subject.name in _known_things()])
    )
    n_left = min(rng.choice((1, 1, 1, 2, 2, 3)), len(writer.things))
    sentences = []
    while n_left:
        if n_left > 1 and rng.random() < 0.5:
            template = rng.choice((*ADDITIONS, *(template for template, _ in CONTRASTS)))
            sentences.append(template.format(x=writer.next_remark(plain=True), y=writer.next_remark(plain=True)))
            n_left -= 2
        else:
            sentences.append(writer.next_remark())
            n_left -= 1
    if rng.random() < 0.25:
        sentences.append(writer.verdict(rng.randrange(5)).text)
    if rng.random() < (0.6 if len(sentences) == 1 else 0.2):
        sentences.insert(0, writer.opening())
    return styled(rng, sentences), frozenset(writer.labels)


def _split(size: int, rng: Random, seen: set[str]) -> Split:
    texts: list[str] = []
    labels: list[tuple[int, ...]] = []
    while len(texts) < size:
        text, labels_here = write_remarks(rng)
        key = " ".join(_WORD.findall(text.lower()))
        if key not in seen:
            seen.add(key)
            texts.append(text)
            labels.append(tuple(int(name in labels_here) for name in LABEL_NAMES))
    return Split(texts=tuple(texts), labels=tuple(labels))


@cache
def _topic_of() -> dict[str, str]:
    return {name: topic for topic, names in TOPICS.items() for name in names.split(", ")}


@cache
def _known_things() -> dict[str, tuple[Thing, ...]]:
    """Return the things that have a topic, of each subject with at least three of them."""
    topics = _topic_of()
    things = {
        subject.name: tuple(thing for thing in subject.aspects if thing.name in topics)
        for subject in lexicon().subjects
    }
    return {name: known for name, known in things.items() if len(known) >= 3}
