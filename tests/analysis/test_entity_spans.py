import numpy as np

from distil_core.analysis import entity_spans, error_analysis
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


def test_entities_are_right_confused_cut_missed_or_spurious() -> None:
    texts = ["Ann went to New York", "so Bob of Acme"]
    right = [3, 0, 0, 1, 2, 0, 3, 0, 1]
    student = [1, 0, 0, 1, 0, 3, 0, 0, 1]
    answered = error_analysis.answered(
        texts, right, scores(*right), scores(*student), label_names=NAMES, places=[PLACES, PLACES[:4]]
    )
    errors = entity_spans.entity_errors(answered, answered.of_student)
    assert errors.rows == ("LOC", "PER", "no entity")
    assert errors.columns == ("LOC", "PER", "wrong boundary", "missed")
    assert errors.counts.tolist() == [[1, 0, 1, 0], [1, 0, 0, 1], [0, 1, 0, 0]]
    assert errors.name(1, 0) == "PER taken for LOC"
    assert errors.name(0, 2) == "LOC: wrong boundary"
    assert errors.name(2, 1) == "PER where there is no entity"
    assert entity_spans.case_names(errors, 9) == (
        *("PER taken for LOC", "", "", "LOC: wrong boundary", "LOC: wrong boundary"),
        *("PER where there is no entity", "PER: missed", "", "LOC: right"),
    )
    perfect = entity_spans.entity_errors(answered, answered.of_teacher)
    assert perfect.counts.tolist() == [[2, 0, 0, 0], [0, 2, 0, 0], [0, 0, 0, 0]]


def test_an_unknown_tag_is_no_entity() -> None:
    answered = error_analysis.answered(
        ["a b"], [-1, 1], scores(1, 1), scores(1, 0), label_names=NAMES, places=[PLACES[:2]]
    )
    assert entity_spans.entity_errors(answered, answered.of_student).counts.sum(axis=0).tolist() == [0, 0, 0, 1]
    assert entity_spans.right_tags(answered, "a b") is None
