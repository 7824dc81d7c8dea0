"""Labels that are grades are shown from the lowest to the highest, and no others."""

import pytest

from distil_core.data.scales import graded_labels


@pytest.mark.parametrize(
    ("names", "lowest_first"),
    [
        ("very negative,negative,mixed,positive,very positive", "very negative,negative,mixed,positive,very positive"),
        ("mixed,negative,positive,very negative,very positive", "very negative,negative,mixed,positive,very positive"),
        ("Neutral,Somewhat agree,Strongly disagree", "Strongly disagree,Neutral,Somewhat agree"),
        ("high,low,medium", "low,medium,high"),
        ("1 star,10 stars,2 stars", "1 star,2 stars,10 stars"),
        ("-1,0,1", "-1,0,1"),
        ("positive,negative", "negative,positive"),
    ],
)
def test_grades_stand_in_their_order(names: str, lowest_first: str) -> None:
    labels = names.split(",")
    order = graded_labels(labels)
    assert order is not None
    assert [labels[i] for i in order] == lowest_first.split(",")


@pytest.mark.parametrize(
    "names",
    [
        "joy,anger,fear",
        "entailment,neutral,contradiction",
        "neutral,mixed,good",
        "good,not good",
        "python 3,java 8",
        "card_payment_fee,lost_card",
        "good",
        ",".join(str(i) for i in range(77)),
    ],
)
def test_other_labels_have_no_order(names: str) -> None:
    assert graded_labels(names.split(",")) is None
