"""Everyday sentences say what their parts say, and rated words of elsewhere stand among them."""

import re
from collections import Counter

from distil_core.data import everyday
from distil_core.data.everyday import Rated

RATED = (Rated("zesty", 0.4), Rated("zestless", -0.4), Rated("sublimest", 0.9), Rated("woe", -0.7), Rated("zest", 0.3))


def test_a_third_blames_a_third_praises_and_none_is_written_twice() -> None:
    sentences = everyday.everyday_sentences(3000, seed=0)
    assert Counter((each.value > 0) - (each.value < 0) for each in sentences) == dict.fromkeys((-1, 0, 1), 1000)
    assert len({each.text for each in sentences}) == 3000
    assert all(-1 <= each.value <= 1 and each.text.strip() == each.text for each in sentences)
    assert not [each.text for each in sentences if "{" in each.text or "  " in each.text]
    assert everyday.everyday_sentences(20, seed=0) == sentences[:20]
    assert everyday.everyday_sentences(20, seed=1) != sentences[:20]
    assert len(everyday.everyday_words()) > 1000


def test_rated_words_say_what_people_have_said_of_them() -> None:
    sentences = everyday.everyday_sentences(6000, seed=0, rated=RATED, neutral=("quorum",))
    for rated in RATED:
        values = [each.value for each in sentences if f" {rated.word} " in f" {each.text.lower().strip('.!')} "]
        assert values
        assert all(value * rated.value >= 0 for value in values)
    assert {each.value > 0 for each in sentences if "quorum" in each.text} == {True, False}


def test_what_is_denied_says_the_opposite_and_superlatives_say_most() -> None:
    values = {each.text.rstrip(".!").lower(): each.value for each in everyday.everyday_sentences(20_000, seed=0)}
    denied = {text.removeprefix("by no means "): value for text, value in values.items() if text.startswith("by no")}
    alone = {text: value for text, value in denied.items() if text.isalpha()}
    assert {value < 0 for text, value in alone.items() if text in ("nice", "useful", "good", "friendly", "clean")} <= {
        True
    }
    assert {value > 0 for value in alone.values()} == {True, False}
    worst = re.compile(r"this is the worst (\w+ ){1,2}i have ever \w+( in| to)?")
    assert {value for text, value in values.items() if worst.fullmatch(text)} == {-1.0}
    assert values["i could not be happier"] == 0.8
