"""A sentence and its edits."""

from typing import Any

import numpy as np
import pytest

from distil_core.analysis import edits, error_analysis
from distil_core.analysis.comparison import Compared
from distil_core.analysis.edits import AnswerChange, Change, Suggestion, Vocabulary
from distil_core.analysis.error_analysis import AnsweredTexts
from distil_core.analysis.roles import Role
from distil_core.data.corpus import LabeledText, Place, join_segments
from distil_core.tasks.catalog import task_named
from tests.factories import a_comparison, a_text


def spoken(text: str) -> list[str]:
    return [word.text for word in edits.words(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It isn't good, is it?", ["It", "isn't", "good", ",", "is", "it", "?"]),
        ("a [MASK] or <mask> here", ["a", "[MASK]", "or", "<mask>", "here"]),
        ("well-made für $5", ["well-made", "für", "$", "5"]),
        ("   ", []),
    ],
)
def test_words_and_signs_are_told_apart(text: str, words: list[str]) -> None:
    assert spoken(text) == words
    assert [text[word.start : word.end] for word in edits.words(text)] == words


@pytest.mark.parametrize(
    ("place", "new", "text"),
    [
        (0, "", "is  not good, really."),
        (2, "", "It is good, really."),
        (3, "", "It is  not, really."),
        (3, " [MASK] ", "It is  not [MASK], really."),
        (6, "bad", "It is  not good, really bad"),
        (6, "!", "It is  not good, really!"),
    ],
)
def test_a_word_is_dropped_or_replaced_and_the_rest_stays(place: int, new: str, text: str) -> None:
    before = "It is  not good, really."
    assert edits.replaced(before, edits.words(before)[place], new) == text


def test_the_last_word_can_be_dropped() -> None:
    assert edits.replaced("Hm", edits.words("Hm")[0], "") == ""


@pytest.mark.parametrize(
    ("place", "new", "text"),
    [
        (1, "", "It\x1f, that"),
        (1, "was", "It was\x1f, that"),
        (2, "", "It is\x1fthat"),
        (3, "", "It is\x1f,"),
    ],
)
def test_an_edit_stays_within_its_segment(place: int, new: str, text: str) -> None:
    before = "It is\x1f, that"
    assert edits.replaced(before, edits.words(before)[place], new) == text


@pytest.mark.parametrize(
    ("text", "same"),
    [("The food was awful here", True), ("the FOOD", True), ("Where is the station?", False), ("", False)],
)
def test_an_edit_shares_half_of_the_words(text: str, same: bool) -> None:
    assert edits.related("The food was great", text) is same


def labeled(texts: dict[str, int], **options: Any) -> AnsweredTexts:
    """Texts with their labels, and models that know nothing."""
    nothing = np.zeros((len(texts), 4))
    return error_analysis.answered(
        list(texts), list(texts.values()), nothing, nothing, label_names=("a", "b", "c", "d"), **options
    )


TEXTS = {
    "The soup was awful.": 0,
    "The cake was awful!": 0,
    "What an awful day 0 0 0": 0,
    "The soup was great.": 2,
    "Simply great soup!": 2,
    "Once rare": 2,
}


def test_typical_words_are_those_that_one_label_uses_more() -> None:
    known = edits.vocabulary(labeled(TEXTS))
    assert known.typical[0][0] == "awful"
    assert known.typical[1] == ()
    assert known.typical[2][0] == "great"
    # Once is chance, and a number is no word.
    assert "rare" not in known.typical[2]
    assert "0" not in known.typical[0]
    assert known.after["was"] == {"awful", "great"}
    assert known.after[""] == {"the", "what", "simply", "once"}
    assert "" in known.after["day"] or "" in known.after["0"]


def test_suggestions_fit_between_the_neighbors() -> None:
    known = Vocabulary(
        typical=(("never", "awful", "cold"), ("bland",), ("great",), ()),
        after={
            "was": frozenset({"awful", "cold", "never"}),
            "cold": frozenset({"."}),
            "never": frozenset({"again"}),
        },
    )
    words = edits.words("It was great.")
    result = edits.suggestions(known, words, 2, (0, 1, 2, 3))
    # "cold" was seen both behind "was" and before "."; "great" is there already; label 3 has no word. Then the next
    # of each label, those first that were seen behind "was".
    assert [(each.word, each.label) for each in result] == [("cold", 0), ("bland", 1), ("never", 0), ("awful", 0)]
    assert edits.suggestions(known, words, 2, (1, 0), limit=1) == (Suggestion(word="bland", label=1),)
    # At the begin nothing fits, and the most typical word is taken.
    assert edits.suggestions(known, words, 0, (0,))[0].word == "never"


def test_no_word_is_suggested_twice() -> None:
    known = Vocabulary(typical=(("fine",), ("fine", "well")), after={})
    result = edits.suggestions(known, edits.words("So"), 0, (0, 1))
    assert [suggestion.word for suggestion in result] == ["fine", "well"]


def test_changes_are_of_probabilities() -> None:
    before, after = a_comparison((0.0, 0.0), (9.0, 9.0)), a_comparison((1.0, 1.0), (0.0, 1.0986123))
    result = edits.changes(before, after)
    assert result[0].teacher == (0.5, 0.5)
    # The logarithm of 3: one quarter and three.
    assert result[0].student == pytest.approx((0.5, 0.25))
    assert result[1].student == pytest.approx((0.5, 0.75))
    assert result[1].size == pytest.approx(0.25)
    assert edits.probability_rows(after, ("a", "b"))[1] == ("b", 0.5, pytest.approx(0.75))


def test_the_largest_changes_keep_the_order_of_the_labels() -> None:
    def change(label: int, size: float) -> Change:
        return Change(label=label, teacher=(0.5, 0.5), student=(0.5, 0.5 - size))

    result = edits.largest([change(0, 0.1), change(1, 0.0), change(2, 0.4)], limit=2)
    assert [moved.label for moved in result] == [0, 2]


def test_one_text_of_each_label() -> None:
    texts = [
        a_text("too short", 0),
        a_text("one two three four five", 1),
        a_text("one two three four", 1),
        a_text("a b c d e f", 0),
    ]
    classes_of = task_named("classification").classes_of
    shortest = edits.one_per_label(texts, classes_of)
    assert [example.text for example in shortest] == ["a b c d e f", "one two three four"]


def test_texts_to_try_where_there_are_no_classes() -> None:
    def pair(number: int, label: object) -> LabeledText:
        return LabeledText(text=join_segments([f"one {number}", "two " * number]), label=label, places=())

    scored = [pair(i, float(i)) for i in (5, 3, 9, 1, 7)]
    task = task_named("pairs").for_labels(("score",))
    assert [example.label for example in edits.to_try(scored, task, limit=3)] == [1.0, 5.0, 9.0]
    assert edits.to_try(scored[:1], task, limit=3) == tuple(scored[:1])
    assert edits.to_try([], task) == ()
    asked = [pair(i, ((0, "one"),)) for i in (5, 3, 9)]
    assert edits.to_try([*asked, a_text("a single one", 0)], task_named("qa"), limit=2) == (asked[1], asked[0])
    several = [a_text("a b c d", 1), a_text("a b c d e", 0)]
    assert edits.to_try(several, task_named("classification")) == (several[1], several[0])


def test_a_text_with_several_labels_is_one_text() -> None:
    texts = [
        LabeledText(text=text, label=label, places=()) for text, label in (("a b c d", (1, 2)), ("a b c d e", (2,)))
    ]
    assert [example.text for example in edits.one_per_label(texts, frozenset)] == ["a b c d", "a b c d e"]


def test_gold_label_is_known_of_test_texts_only() -> None:
    texts = labeled({"A text.": 3, "Unknown.": -1})
    assert edits.gold_label("Unknown.", texts) is None
    assert edits.gold_label(" A text. ", texts) == 3
    assert edits.gold_label("Another.", texts) is None


def test_a_site_of_an_edit_is_the_one_of_the_same_word() -> None:
    def places(text: str) -> tuple[Place, ...]:
        return tuple(Place(text=word.text, start=word.start, end=word.end) for word in edits.words(text))

    before = places("we saw the snow")
    assert [edits.site_before(before, places("we saw the sun"), site) for site in range(4)] == [0, 1, 2, 3]
    assert [edits.site_before(before, places("saw the snow"), site) for site in range(3)] == [1, 2, 3]
    assert [edits.site_before(before, places("we saw all the snow"), site) for site in range(5)] == [0, 1, None, 2, 3]
    # A text as a whole stays one, whatever is written in it.
    assert edits.site_before((Place.whole("a"),), (Place.whole("b"),), 0) == 0


def likely(teacher: int, student: int) -> Compared:
    return a_comparison(*(tuple(4.0 * (i == label) for i in range(3)) for label in (teacher, student)))


def test_a_verdict_has_both_answers_before_and_after() -> None:
    judged = edits.verdict(edits.changes(likely(0, 1), likely(0, 2)))
    assert judged.teacher == AnswerChange(before=0, after=0)
    assert judged.student == AnswerChange(before=1, after=2)
    assert (judged.teacher.changed, judged.student.changed) == (False, True)


def test_a_verdict_names_the_largest_move_and_whose_it_is() -> None:
    before, after = a_comparison((2.0, 0.0), (0.0, 0.0)), a_comparison((2.0, 0.0), (1.0986123, 0.0))
    moved = edits.verdict(edits.changes(before, after)).largest
    assert (moved.role, moved.label) == (Role.STUDENT, 0)
    assert (moved.before, moved.after) == pytest.approx((0.5, 0.75))
