"""The scales that people judge on: labels that are grades of one, and scores that fall outside of theirs."""

import re
from collections.abc import Sequence

from distil_core.errors import CorpusError

SCALES = (
    (0.0, 1.0),
    (-1.0, 1.0),
    (0.0, 4.0),
    (0.0, 5.0),
    (1.0, 5.0),
    (1.0, 7.0),
    (0.0, 10.0),
    (1.0, 10.0),
    (0.0, 100.0),
)
"""The least and the greatest score of each."""
MOST_GRADES = 11
"""As many as from 0 to 10; more labels are no scale that people judge on."""
_DEGREES = {
    **dict.fromkeys(("very", "extremely", "strongly", "highly", "completely"), 2.0),
    **dict.fromkeys(("somewhat", "slightly", "rather", "mildly", "weakly", "mostly"), 0.5),
}
_GRADES = {
    **dict.fromkeys(("terrible", "awful", "horrible", "worst"), -2.0),
    **dict.fromkeys(("negative", "neg", "bad", "poor", "low", "small", "weak", "easy", "disagree"), -1.0),
    **dict.fromkeys(("unlikely", "dissatisfied", "unsatisfied", "disapprove", "beginner"), -1.0),
    **dict.fromkeys(("neutral", "mixed", "neither", "medium", "moderate", "average", "okay", "ok", "fair"), 0.0),
    **dict.fromkeys(("undecided", "intermediate", "normal"), 0.0),
    **dict.fromkeys(("positive", "pos", "good", "high", "large", "strong", "hard", "difficult", "agree"), 1.0),
    **dict.fromkeys(("likely", "satisfied", "approve", "advanced"), 1.0),
    **dict.fromkeys(("great", "excellent", "best", "severe", "critical", "expert"), 2.0),
}
_INSIDE = 0.98
_MIN_SCORES = 50


def graded_labels(names: Sequence[str]) -> tuple[int, ...] | None:
    """Return labels from the lowest grade to the highest where their names are grades, and None where they are not.

    Such names are numbers with the same words beside them (``1 star`` to ``5 stars``), or words that people grade with,
    with or without a degree (``very negative``, ``mixed``, ``positive``). However a file lists them, they are shown in
    this order.

    Args:
        names: Names of the labels.
    """
    if not 2 <= len(names) <= MOST_GRADES:
        return None
    words = [re.findall(r"[a-z]+|-?\d+(?:\.\d+)?", name.lower()) for name in names]
    numbers = [[float(word) for word in each if not word.isalpha()] for each in words]
    if all(len(each) == 1 for each in numbers):
        beside = {" ".join(word.removesuffix("s") for word in each if word.isalpha()) for each in words}
        grades = [each[0] for each in numbers] if len(beside) == 1 else []
    else:
        grades = [_GRADES[each[-1]] * _degree(each[:-1]) for each in words if each and each[-1] in _GRADES]
        grades = grades if all(each and all(word in _DEGREES for word in each[:-1]) for each in words) else []
    if len(set(grades)) < len(names):
        return None
    return tuple(sorted(range(len(names)), key=grades.__getitem__))


def _degree(words: Sequence[str]) -> float:
    return _DEGREES.get(words[0], 1.0) if words else 1.0


def refuse_scores_outside(scores: Sequence[tuple[int, float]], *, where: str, column: str) -> None:
    """Refuse a score that cannot stand on the scale of all others, such as -1 for a pair that nobody has judged.

    A scale is only taken for that of the scores where both of its ends are given, nearly all lie between them, and no
    scale up to twice as long holds them all.

    Args:
        scores: Rows, counted from 1, and what stands there.
        where: What the rows are of.
        column: Where the scores are.

    Raises:
        CorpusError: If there is one; the message names the first such row.
    """
    values = [score for _, score in scores]
    if len(values) < _MIN_SCORES:
        return
    for low, high in SCALES:
        inside = sum(low <= value <= high for value in values)
        if inside < _INSIDE * len(values) or low not in values or high not in values:
            continue
        if any(a <= min(values) and max(values) <= b and b - a <= 2 * (high - low) for a, b in SCALES):
            return
        row, score = next((row, score) for row, score in scores if not low <= score <= high)
        raise CorpusError(
            f"row {row} of {where} must have a score from {low:g} to {high:g} in {column!r}, as {inside:,} of "
            f"{len(values):,} rows do, got {score:g}; correct it, or remove the row"
        )
