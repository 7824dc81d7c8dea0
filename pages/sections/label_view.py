"""All labels of a text that may have several: what teacher and student make of each.

Reads: the answers. Writes: nothing.
"""

from typing import TYPE_CHECKING

from distil_core.evaluation.predictions import softmax
from distil_core.reporting.figures import labels
from distil_core.runs.families import FinishedRun
from pages.sections import charts

if TYPE_CHECKING:
    from distil_core.analysis.model_pair import TextComparison


def show(outcome: FinishedRun, text: str, comparison: "TextComparison") -> None:
    """Show the probability of each label by both models."""
    rows = [
        (site.place.text, softmax(site.teacher_logits, 1.0)[1], softmax(site.student_logits, 1.0)[1])
        for site in comparison.sites
    ]
    charts.show(
        "All labels: those above 50 % are predicted",
        labels.label_probabilities(rows),
        key="compare.labels",
        alt="Probability of each label by teacher and student, with a line at 50 %",
        header=("label", "teacher", "student"),
        rows=rows,
    )
