"""What a class predicted, as bars beside the right answer."""

import math
from collections.abc import Sequence

from distil_core.reporting.lessons.lesson import BarChart, Bars, BarSide, Question, number

N_BINS = 8
"""At most so many bars where numbers are predicted."""


def class_chart(question: Question, answers: Sequence[float], right: float) -> BarChart:
    """Return how many predicted what; the right answer has a mark, and the color of what is measured.

    Args:
        question: What was asked.
        answers: Of all who answered.
        right: What was measured.
    """
    if question.options:
        names, places = question.options, [int(answer) for answer in answers]
        right_place = int(right)
    else:
        width = _width(question)
        n = math.ceil((question.high - question.low) / width)
        names = tuple(_range(question, question.low + i * width, width) for i in range(n))
        places = [_bin(question, answer, width, n) for answer in answers]
        right_place = _bin(question, right, width, n)
    counts = tuple(float(places.count(i)) for i in range(len(names)))
    return BarChart(
        title="What the class predicted",
        axis=f"Predictions, {len(answers)} in all",
        groups=tuple(f"✓ {name}" if i == right_place else name for i, name in enumerate(names)),
        series=(
            Bars(
                name="predictions",
                sides=tuple(BarSide.LAYER_CUT if i == right_place else BarSide.CLASS for i in range(len(names))),
                values=counts,
            ),
        ),
        unit="",
        digits=0,
    )


def _width(question: Question) -> float:
    """Return the width of a bar, a whole number of steps of the slider."""
    return question.step * math.ceil((question.high - question.low) / question.step / N_BINS)


def _bin(question: Question, value: float, width: float, n: int) -> int:
    return min(max(0, math.floor((value - question.low) / width)), n - 1)


def _range(question: Question, low: float, width: float) -> str:
    high = min(low + width, question.high)
    return f"{number(low, '')} to {number(high, question.unit)}"
