"""Kinds of test examples: what each is, how both models do on each, and by which rows can be filtered."""

from dataclasses import replace

import numpy as np
import pytest

from distil_core.analysis import error_analysis, kinds
from distil_core.analysis.kinds import answer_length, by_kind, question_word, words_in_common
from distil_core.data.corpus import LabeledText, Place, join_segments
from distil_core.evaluation.metrics import ACCURACY
from distil_core.evaluation.predictions import split_predictions
from distil_core.tasks.catalog import task_named


def scores(*answers: int) -> np.ndarray:
    return np.eye(2)[list(answers)]


def pair(first: str, second: str) -> LabeledText:
    text = join_segments((first, second))
    return LabeledText(text=text, label=0, places=(Place.whole(text),))


def test_questions_are_told_apart_by_their_word_and_the_length_of_their_answer() -> None:
    assert question_word(join_segments(("In which year was it?", "when"))) == "which"
    assert question_word(join_segments(("Name it.", "what"))) == "other"
    lengths = [answer_length(((0, " ".join(["word"] * n)),) if n else ()) for n in (0, 1, 3, 7, 8)]
    assert lengths == ["no answer", "1 word", "2 to 3 words", "4 to 7 words", "8 or more"]


@pytest.mark.parametrize(
    ("first", "second", "name"),
    [
        ("Snow fell.", "It was hot", "none"),
        ("a b c", "c d e f", "up to 20 %"),
        ("a b", "B c", "20 to 40 %"),
        ("a b", "a b c d", "40 to 60 %"),
        ("Same text!", "same TEXT", "over 60 %"),
    ],
)
def test_pairs_are_told_apart_by_the_words_in_common(first: str, second: str, name: str) -> None:
    assert words_in_common(join_segments((first, second))) == name


def test_kinds_add_up_to_all_questions() -> None:
    quality = np.array([[1.0, 1, 1, 0], [0.5, 0, 1, 0], [0.0, 0, 0, 1]])
    test = split_predictions(
        np.zeros((3, 2)),
        np.zeros(3, dtype=int),
        teacher_logits=np.zeros((3, 2)),
        quality=quality,
        teacher_quality=quality,
    )
    answered = error_analysis.answered(["a", "b", "c"], [0, 0, 0], scores(0, 0, 0), scores(0, 0, 0), label_names="xy")
    answered = replace(answered, kinds={kinds.QUESTION_WORD: ("what", "who", "what")})
    groups = by_kind(kinds.QUESTION_WORD, answered, test, task_named("qa").primary)
    assert [(group.name, group.n, group.student) for group in groups] == [("what", 2, 0.5), ("who", 1, 0.5)]


def test_pairs_are_counted_by_overlap_in_its_order() -> None:
    texts = [pair("a b", "a b"), pair("a", "b"), pair("a", "a")]
    teacher, student = scores(0, 0, 1), scores(0, 1, 0)
    answered = error_analysis.answered(
        [item.text for item in texts], [0, 0, 0], teacher, student, label_names=("same", "different")
    )
    answered = replace(answered, kinds=kinds.kinds_of("pairs", texts, answered))
    test = split_predictions(student, np.zeros(3, dtype=int), teacher_logits=teacher)
    groups = by_kind(kinds.OVERLAP, answered, test, ACCURACY)
    assert [(group.name, group.n, group.teacher, group.student) for group in groups] == [
        ("none", 1, 1.0, 0.0),
        ("over 60 %", 2, 0.5, 1.0),
    ]
    assert kinds.choices(answered) == ("words in common: none", "words in common: over 60 %")
    assert kinds.kinds_of("classification", texts, answered) == {}


def test_labels_have_their_f1() -> None:
    places = [[Place(text=name, start=0, end=1) for name in ("cold", "hot")]] * 3
    answered = error_analysis.answered(
        ["x", "y", "z"],
        [1, 0, 1, 0, 0, 0],
        scores(1, 0, 1, 0, 0, 0),
        scores(1, 0, 0, 0, 1, 0),
        label_names=("no", "yes"),
        places=places,
    )
    answered = replace(answered, kinds=kinds.kinds_of("multi-label", (), answered))
    cold, hot = kinds.by_label(answered)
    assert (cold.name, cold.n, cold.teacher, cold.student) == ("cold", 2, 1.0, 0.5)
    assert (hot.n, hot.teacher, hot.student) == (0, None, None)
    assert kinds.choices(answered) == ("label: cold", "label: hot")


def test_what_is_right_comes_last() -> None:
    names = ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")
    places = [[Place(text=word, start=0, end=1) for word in "abc"]]
    answered = error_analysis.answered(
        ["a b c"], [1, 3, 0], np.eye(5)[[1, 1, 0]], np.eye(5)[[1, 3, 1]], label_names=names, places=places
    )
    answered = replace(answered, kinds=kinds.kinds_of("tokens", (), answered))
    assert kinds.choices(answered) == (
        "Student: LOC where there is no entity",
        "Student: LOC: right",
        "Student: PER: right",
        "Teacher: PER taken for LOC",
        "Teacher: LOC: right",
    )
