"""Texts unlike those of a run are told by words that none of its test texts has."""

import pytest

from distil_core.analysis.novelty import FEWEST_TEXTS, Novelty, known_words, novelty
from distil_core.data import reviews
from distil_core.reporting.narrative import edits

TEXTS = ["The soup was warm"] * 50 + ["the soup wasn't cold"] * 47 + ["a tiny soup", "the big soup", "soup"]


def test_what_is_usual_is_counted_in_the_texts_themselves() -> None:
    known = known_words(TEXTS)
    assert (known.n_texts, known.texts_with["soup"], known.usual) == (100, 100, 0.0)
    assert known.shares[-2:] == (pytest.approx(1 / 3), pytest.approx(2 / 3))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("THE SOUP wasn’t warm!", None),
        ("", None),
        ("12 : 3", None),
        ("the snow was cold", Novelty(unknown=("snow",), n_words=4, n_texts=100, n_less=98)),
        ("Snow, snow!", Novelty(unknown=("snow",), n_words=1, n_texts=100, n_less=100)),
    ],
)
def test_a_text_is_unlike_others_by_more_new_words_than_they_have(text: str, expected: Novelty | None) -> None:
    assert novelty(text, known_words(TEXTS)) == expected
    assert novelty(text, known_words(TEXTS[: FEWEST_TEXTS - 1])) is None


def test_most_other_reviews_are_like_the_test_texts_and_other_texts_are_not() -> None:
    train, _, test = reviews.generate(n_train=200, n_validation=0, n_test=1000, seed=0)
    known = known_words(test.texts)
    assert sum(novelty(text, known) is None for text in train.texts) > 180
    unlike = novelty("Our parliament adjourned without any vote on the treaty.", known)
    assert unlike is not None
    told = edits.unlike(unlike)
    assert "of its 9 words (*parliament*" in told
    assert "occur in none of the 1,000 test texts, a larger share than 100.0 % of them have themselves" in told
