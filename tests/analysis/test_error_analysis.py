"""Texts with both answers: who is right, filters, ranks, counts and intervals."""

from dataclasses import replace

import numpy as np
import pytest

from distil_core.analysis import error_analysis
from distil_core.analysis.error_analysis import (
    AnswerCount,
    AnsweredTexts,
    AnswerPair,
    Answers,
    Filter,
    UnknownLabels,
    WhoIsRight,
)
from distil_core.data.corpus import Place
from distil_core.evaluation.predictions import log_softmax

NAMES = ("bad", "good")


def answers(*labels: int, n: int = 2, sure: float = 3.0) -> np.ndarray:
    return sure * np.eye(n)[list(labels)]


def part(texts: str, teacher: np.ndarray, student: np.ndarray) -> Answers:
    """What was answered to texts of a letter each, as a whole."""
    return Answers(places=tuple((Place.whole(text),) for text in texts), teacher=teacher, student=student)


def four() -> AnsweredTexts:
    """One text for each case of who is right; the last has no label."""
    texts = ("Both know it.", "The teacher knows", "the STUDENT knows this one", "nobody", "Who knows?")
    return error_analysis.answered(
        texts, [0, 0, 0, 0, -1], answers(0, 0, 1, 1, 0), answers(0, 1, 0, 1, 1), label_names=NAMES
    )


def texts_of(answered: AnsweredTexts, wanted: Filter) -> list[str]:
    return [answered.texts[i] for i in error_analysis.matching(answered, wanted)]


def test_who_is_right_leaves_out_what_nobody_knows() -> None:
    cases = error_analysis.who_is_right(four())
    assert {who: case.nonzero()[0].tolist() for who, case in cases.items()} == {
        WhoIsRight.BOTH: [0],
        WhoIsRight.TEACHER: [1],
        WhoIsRight.STUDENT: [2],
        WhoIsRight.NEITHER: [3],
    }


def test_texts_are_ranked_by_kl_of_the_student_from_the_teacher() -> None:
    teacher, student = np.array([[2.0, 0.0], [0.0, 1.0], [0.0, 0.0]]), np.array([[0.0, 2.0], [0.0, 0.0], [0.0, 0.0]])
    answered = error_analysis.answered(["far", "near", "same"], [0, 0, 0], teacher, student, label_names=NAMES)
    assert texts_of(answered, Filter()) == ["far", "near", "same"]
    p = float(np.exp(log_softmax(np.array([2.0, 0.0])))[0])
    # Both are two apart, with p and 1 - p swapped.
    assert answered.kl_nats[0] == pytest.approx(2 * (2 * p - 1))
    assert answered.kl_nats[2] == 0.0


@pytest.mark.parametrize(
    ("wanted", "passing"),
    [
        (Filter(), {0, 1, 2, 3, 4}),
        (Filter(label="bad"), {0, 1, 2, 3}),
        (Filter(label="good"), set()),
        (Filter(teacher="good"), {2, 3}),
        (Filter(student="good"), {1, 3, 4}),
        (Filter(teacher="bad", student="good"), {1, 4}),
        (Filter(who=WhoIsRight.NEITHER), {3}),
        (Filter(contains=" Student "), {2}),
        (Filter(contains="KNOW"), {0, 1, 2, 4}),
        (Filter(shortest=3), {0, 1, 2}),
        (Filter(shortest=3, longest=4), {0, 1}),
        (Filter(longest=0), set()),
        (Filter(label="of another corpus"), set()),
    ],
)
def test_filters_keep_what_they_say(wanted: Filter, passing: set[int]) -> None:
    assert set(error_analysis.matching(four(), wanted).tolist()) == passing


def test_a_filter_fits_a_corpus_that_has_its_labels() -> None:
    answered = replace(four(), kinds={"size": ("a",) * 5})
    assert error_analysis.fits(Filter(contains="x"), answered)
    assert error_analysis.fits(Filter(label="bad", student="good"), answered)
    assert not error_analysis.fits(Filter(label="bad", student="worst"), answered)
    assert error_analysis.fits(Filter(kind="size: b"), answered)
    assert not error_analysis.fits(Filter(kind="color: b"), answered)


def test_a_kind_lets_its_rows_pass() -> None:
    answered = replace(four(), kinds={"size": ("a", "b: right", "a", "", "b: right")})
    assert set(error_analysis.matching(answered, Filter(kind="size: b: right")).tolist()) == {1, 4}
    assert not len(error_analysis.matching(answered, Filter(kind="color: a")))


def test_classes_that_are_tokens_have_the_names_of_their_row() -> None:
    answered = error_analysis.answered(
        ["x", "y"], [0, 1], answers(0, 1), answers(0, 1), label_names=NAMES, tokens=[{0: "none"}, {1: "house"}]
    )
    assert (answered.name(0, 0), answered.name(1, 1)) == ("none", "house")
    assert four().name(0, 1) == "good"


def test_a_summary_counts_accuracy_where_a_label_is_known() -> None:
    answered = four()
    whole = error_analysis.summarize(answered, np.arange(5))
    assert whole.n == 5
    assert whole.teacher is not None
    assert whole.student is not None
    assert whole.agreement is not None
    assert (whole.teacher.value, whole.student.value, whole.agreement.value) == (0.5, 0.5, 0.4)
    assert whole.kl_nats == pytest.approx(answered.kl_nats.mean())
    unlabeled = error_analysis.summarize(answered, np.array([4]))
    assert (unlabeled.teacher, unlabeled.student) == (None, None)
    nothing = error_analysis.summarize(answered, np.array([], dtype=int))
    assert (nothing.n, nothing.agreement, nothing.kl_nats) == (0, None, None)


def test_confusion_counts_answers_against_each_other() -> None:
    matrix = error_analysis.confusion(four())
    assert matrix.names == NAMES
    assert matrix.labels == (0, 1)
    assert matrix.counts.tolist() == [[1, 2], [1, 1]]


def test_with_many_labels_those_that_differ_most_are_named() -> None:
    n = 30
    names = [f"label {i}" for i in range(n)]
    # 25 is taken for 7 three times, 3 for 9 once; everything else is answered alike.
    teacher, student = [*range(n), 25, 25, 25, 3], [*range(n), 7, 7, 7, 9]
    answered = error_analysis.answered(
        [""] * len(teacher), teacher, answers(*teacher, n=n), answers(*student, n=n), label_names=names
    )
    matrix = error_analysis.confusion(answered, most=4)
    assert matrix.names == ("label 3", "label 7", "label 9", "label 25", "26 others")
    assert matrix.labels == (3, 7, 9, 25, None)
    assert matrix.counts.sum() == len(teacher)
    assert matrix.counts[3].tolist() == [0, 3, 0, 1, 0]
    assert matrix.counts[4].tolist() == [0, 0, 0, 0, 26]


def test_answers_that_came_in_parts_are_joined_with_the_labels_as_written() -> None:
    parts = [part("ab", answers(0, 1), answers(0, 0)), part("c", answers(1), answers(1))]
    answered = error_analysis.joined(["a", "b", "c"], [" Good ", "", "strange"], parts, label_names=NAMES)
    assert answered.labels.tolist() == [1, -1, -1]
    assert answered.of_teacher.tolist() == [0, 1, 1]
    assert answered.of_student.tolist() == [0, 0, 1]
    assert len(answered) == 3


def words(text: str) -> tuple[Place, ...]:
    return tuple(Place(text=word, start=text.index(word), end=text.index(word) + len(word)) for word in text.split())


def two_of_words() -> AnsweredTexts:
    """Two texts with an answer for each of their five words; the teacher is wrong about the last."""
    texts = ("one two", "three four five")
    return error_analysis.answered(
        texts,
        [0, 1, 1, 0, 0],
        answers(0, 1, 1, 0, 1),
        answers(0, 0, 1, 0, 0),
        label_names=NAMES,
        places=[words(text) for text in texts],
    )


def test_a_row_is_a_site_and_knows_its_text_and_place() -> None:
    answered = two_of_words()
    assert answered.several
    assert not four().several
    assert [(answered.texts[i], answered.places[i].text) for i in (1, 2)] == [
        ("one two", "two"),
        ("three four five", "three"),
    ]
    assert answered.rows_of(" three four five ") == (2, 3, 4)
    assert answered.rows_of("two") == ()
    assert [answered.site(row) for row in range(5)] == [0, 1, 0, 1, 2]
    assert error_analysis.matching(answered, Filter(who=WhoIsRight.STUDENT)).tolist() == [4]
    assert set(error_analysis.matching(answered, Filter(shortest=3)).tolist()) == {2, 3, 4}


def test_intervals_over_several_sites_draw_whole_texts() -> None:
    answered = two_of_words()
    whole = error_analysis.summarize(answered, np.arange(5))
    assert whole.n == 5
    assert whole.teacher is not None
    assert whole.teacher.value == pytest.approx(4 / 5)
    # The first text is all right, of the second two of three: whichever is drawn twice, that is an end.
    assert (whole.teacher.low, whole.teacher.high) == pytest.approx((2 / 3, 1.0))
    one = error_analysis.summarize(answered, np.array([2, 4]))
    assert one.teacher is not None
    assert (one.teacher.value, one.teacher.low, one.teacher.high) == pytest.approx((0.5, 0.5, 0.5))


def test_a_written_label_of_a_text_with_several_sites_says_nothing() -> None:
    places = (words("one two"), words("three"))
    parts = [Answers(places=places, teacher=answers(0, 1, 1), student=answers(0, 0, 1))]
    answered = error_analysis.joined(["one two", "three"], ["good", "good"], parts, label_names=NAMES)
    assert answered.labels.tolist() == [-1, -1, 1]


def test_slices_are_summed_up_unless_they_are_of_another_corpus() -> None:
    slices = {"Apart": Filter(teacher="bad", student="good"), "Strange": Filter(label="of another corpus")}
    apart, strange = error_analysis.summarize_slices(slices, four())
    assert (apart.name, apart.filter) == ("Apart", slices["Apart"])
    assert apart.summary == error_analysis.summarize(four(), np.array([1, 4]))
    assert (strange.name, strange.summary) == ("Strange", None)


def test_labels_that_the_models_do_not_know_are_counted() -> None:
    labels = ["bad", "x", "", "x", "y"]
    answered = error_analysis.joined(
        ["a"] * 5, labels, [part("aaaaa", answers(0, 0, 0, 0, 0), answers(0, 0, 0, 0, 0))], label_names=NAMES
    )
    assert error_analysis.unknown_labels(labels, answered) == UnknownLabels(n_rows=5, n_unknown=3, names=("x", "y"))


def test_pairs_of_answers_begin_with_the_commonest_disagreement() -> None:
    assert error_analysis.answer_pairs(four()) == (
        AnswerPair(teacher=0, student=1, n=2),
        AnswerPair(teacher=1, student=0, n=1),
        AnswerPair(teacher=0, student=0, n=1),
        AnswerPair(teacher=1, student=1, n=1),
    )


def test_answers_are_counted_the_teachers_commonest_first() -> None:
    assert error_analysis.answer_counts(four()) == (
        AnswerCount(label=0, teacher=3, student=2),
        AnswerCount(label=1, teacher=2, student=3),
    )
