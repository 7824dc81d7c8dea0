"""The sentence about an edit."""

import pytest

from distil_core.analysis import edits
from distil_core.analysis.comparison import Compared
from distil_core.reporting.narrative import edits as sentences
from tests.factories import a_comparison

NAMES = ("bad", "so_so", "good")


def said(teacher: int, student: int) -> Compared:
    return a_comparison(*(tuple(4.0 * (i == label) for i in range(3)) for label in (teacher, student)))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (
            said(0, 0),
            said(0, 2),
            "The student changes its mind from **bad** to **good**; the teacher does not, it stays with **bad**.",
        ),
        (
            said(0, 2),
            said(1, 2),
            r"The teacher changes its mind from **bad** to **so\_so**; the student does not, it stays with **good**.",
        ),
        (said(0, 0), said(2, 2), "Both change their mind from **bad** to **good**."),
        (
            said(0, 1),
            said(2, 0),
            r"Both change their mind: the student from **so\_so** to **bad**, the teacher from **bad** to **good**.",
        ),
    ],
)
def test_flips_are_called_out(before: Compared, after: Compared, words: str) -> None:
    assert sentences.verdict(edits.verdict(edits.changes(before, after)), NAMES) == words


def test_without_a_flip_the_largest_move_is_told() -> None:
    before = a_comparison((2.0, 0.0), (0.0, 0.0))
    after = a_comparison((2.0, 0.0), (1.0986123, 0.0))
    assert sentences.verdict(edits.verdict(edits.changes(before, after)), ("bad", "good")) == (
        "Neither changes its mind. What moved most is how sure the student is of **bad**: 50.0 % → 75.0 %."
    )
