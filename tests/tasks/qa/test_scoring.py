"""F1 and exact match against the definition of the official script of SQuAD, written down here once more."""

import collections
import re
import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil_core.tasks.qa.scoring import normalized, score

WORDS = ("the", "a", "An", "Eiffel", "tower", "Tower,", "1889", "(1889)", "of", "Paris", "Paris.", "--", "café", "")


def official_tokens(text: str) -> list[str]:
    text = "".join(letter for letter in text.lower() if letter not in set(string.punctuation))
    return re.sub(re.compile(r"\b(a|an|the)\b", re.UNICODE), " ", text).split()


def official_exact(gold: str, predicted: str) -> int:
    return int(" ".join(official_tokens(gold)) == " ".join(official_tokens(predicted)))


def official_f1(gold: str, predicted: str) -> float:
    gold_tokens, predicted_tokens = official_tokens(gold), official_tokens(predicted)
    same = sum((collections.Counter(gold_tokens) & collections.Counter(predicted_tokens)).values())
    if len(gold_tokens) == 0 or len(predicted_tokens) == 0:
        return int(gold_tokens == predicted_tokens)
    if same == 0:
        return 0
    precision, recall = 1.0 * same / len(predicted_tokens), 1.0 * same / len(gold_tokens)
    return (2 * precision * recall) / (precision + recall)


def official(predicted: str, answers: list[str]) -> tuple[float, float]:
    golds = [answer for answer in answers if " ".join(official_tokens(answer))] or [""]
    return max(official_f1(gold, predicted) for gold in golds), max(official_exact(gold, predicted) for gold in golds)


texts = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)


@given(predicted=texts, answers=st.lists(texts, max_size=4))
def test_scores_are_those_of_the_official_script(predicted: str, answers: list[str]) -> None:
    points = score(predicted, answers)
    assert (points.f1, points.exact) == pytest.approx(official(predicted, answers), abs=1e-6)


def test_means_over_many_answers_are_those_of_the_official_script() -> None:
    draw = np.random.default_rng(0)

    def text() -> str:
        return " ".join(draw.choice(WORDS, size=draw.integers(0, 5)))

    cases = [(text(), [text() for _ in range(draw.integers(0, 4))]) for _ in range(500)]
    ours = [(points.f1, points.exact) for points in (score(*case) for case in cases)]
    assert np.mean(ours, axis=0) == pytest.approx(np.mean([official(*case) for case in cases], axis=0), abs=1e-6)


def test_what_says_nothing_is_left_out() -> None:
    assert normalized("The  Eiffel-Tower, (1889)") == "eiffeltower 1889"
    assert score("", []).f1 == 1.0
    assert score("Paris", []).f1 == 0.0
    assert score("", ["Paris"]).exact == 0.0
    assert score("in Paris", ["Paris", "London"]).f1 == pytest.approx(2 / 3)
