"""What a task shows of two models' answers to a text, and to all test texts, for the tasks that have such a view.

Reads: the answers. Writes: nothing.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from distil_core.runs.families import FinishedRun
from pages.sections import answer_marks, entity_view, kind_views, label_view

if TYPE_CHECKING:
    from distil_core.analysis.model_pair import TextComparison

View = Callable[[FinishedRun, str, "TextComparison"], None]

VIEWS: dict[str, View] = {
    "multi-label": label_view.show,
    "qa": answer_marks.show,
    "tokens": entity_view.show,
}
"""By the name of the task."""

OVERVIEWS: dict[str, Callable[[FinishedRun], None]] = {"tokens": entity_view.show_errors}
"""Of all test texts, by the name of the task."""

KINDS: dict[str, Callable[[FinishedRun], None]] = {
    "multi-label": kind_views.show,
    "pairs": kind_views.show,
    "qa": kind_views.show,
}
"""Of all test texts by their kinds, by the name of the task; narrower."""


def show(outcome: FinishedRun, text: str, comparison: "TextComparison") -> None:
    """Show what the task of a run has to show of one text, if anything."""
    view = VIEWS.get(outcome.record.task.name)
    if view is not None:
        view(outcome, text, comparison)


def show_kinds(outcome: FinishedRun) -> None:
    """Show how both models do on each kind of test text, where the task of a run has kinds, beside the filters."""
    view = KINDS.get(outcome.record.task.name)
    if view is not None:
        view(outcome)


def show_test_texts(outcome: FinishedRun) -> None:
    """Show what the task of a run has to show of all test texts, if anything."""
    overview = OVERVIEWS.get(outcome.record.task.name)
    if overview is not None:
        overview(outcome)
