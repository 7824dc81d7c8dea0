"""The words for filters, for how both models do on some texts, and for labels that nobody knows."""

from collections.abc import Sequence

import numpy as np
import pytest

from distil_core.analysis import error_analysis
from distil_core.analysis.error_analysis import AnsweredTexts, Filter, WhoIsRight
from distil_core.reporting.narrative import slices

NAMES = ("bad", "so so", "good")


def some_answers() -> AnsweredTexts:
    """Three texts: right and alike, apart, and one without a label."""
    logits = [3.0 * np.eye(3)[labels] for labels in ([0, 2, 0], [0, 1, 0])]
    return error_analysis.answered(["One word more", "two, words", "3"], [0, 2, -1], *logits, label_names=NAMES)


def said(labels: Sequence[str], answers: AnsweredTexts) -> tuple[str, ...]:
    return slices.label_notes(error_analysis.unknown_labels(labels, answers), answers.label_names)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Filter(), "all texts"),
        (Filter(label="bad", teacher="good", student="bad"), "label bad, teacher says good, student says bad"),
        (Filter(who=WhoIsRight.STUDENT, shortest=3), "only the student right, 3 to any number of words"),
        (Filter(longest=9, contains="not"), "0 to 9 words, contains “not”"),
    ],
)
def test_filters_are_put_into_words(wanted: Filter, words: str) -> None:
    assert slices.filter_words(wanted) == words


def test_summaries_are_put_into_words() -> None:
    whole = slices.summary_words(error_analysis.summarize(some_answers(), np.arange(3)))
    assert whole.startswith("Teacher right 100.0 % (34.2 to 100.0) · student right 50.0 % (0.0 to 100.0)")
    assert "answered alike 66.7 %" in whole
    assert whole.endswith("nats")
    assert slices.summary_words(error_analysis.summarize(some_answers(), np.array([2]))).startswith(
        "Answered alike 100.0 %"
    )


def test_nothing_has_nothing_to_say() -> None:
    assert slices.summary_words(error_analysis.summarize(some_answers(), np.array([], dtype=int))) == ""


def test_labels_that_the_models_do_not_know_are_named() -> None:
    assert said(("bad", "good", ""), some_answers()) == ()
    (note,) = said(("bad", "good", "ugly"), some_answers())
    assert note == ("1 of 3 rows have a label that the models do not know ('ugly'); they know 'bad', 'so so', 'good'")
    many = [f"x{i}" for i in range(9)]
    strange = error_analysis.answered(
        many, [-1] * 9, np.tile(np.eye(2)[0], (9, 1)), np.tile(np.eye(2)[0], (9, 1)), label_names=("a", "b")
    )
    assert "'x5', ...)" in said(many, strange)[0]
