"""The scales that people judge on, and scores that fall outside of theirs."""

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
_INSIDE = 0.98
_MIN_SCORES = 50


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
