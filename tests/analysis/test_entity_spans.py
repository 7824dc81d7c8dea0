import numpy as np

from distil_core.analysis import entity_spans
from distil_core.analysis.entity_spans import Entity, Holder
from distil_core.data.corpus import Place

NAMES = ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")
WORDS = ["Ann", "went", "to", "New", "York"]
PLACES = tuple(Place(text=word, start=0, end=len(word)) for word in WORDS)


def scores(*tags: int) -> np.ndarray:
    return np.eye(5)[list(tags)]


def test_entities_are_words_of_a_type_and_each_is_somebodys() -> None:
    reading = entity_spans.read_entities(
        PLACES, scores(3, 0, 0, 1, 2), scores(3, 0, 0, 1, 1), right=(3, 0, 1, 2, 2), label_names=NAMES
    )
    ann, new_york = Entity(first=0, stop=1, type="PER"), Entity(first=3, stop=5, type="LOC")
    assert reading.teacher == (ann, new_york)
    assert [entity.stop - entity.first for entity in reading.student] == [1, 1, 1]
    assert reading.holder(ann) is Holder.BOTH
    assert reading.holder(new_york) is Holder.TEACHER
    assert [reading.holder(entity) for entity in reading.student] == [Holder.BOTH, Holder.STUDENT, Holder.STUDENT]
    assert reading.right is not None
    assert [reading.holder(entity) for entity in reading.right] == [Holder.BOTH, Holder.NEITHER]
