"""Predictions of a class: each visitor once a question, of classes that are there, and not without bounds."""

from pathlib import Path

import pytest

from distil_core.runs import class_predictions
from distil_core.runs.class_predictions import ClassPredictions
from distil_core.runs.store import RunStore


@pytest.fixture
def predictions(home: Path) -> ClassPredictions:
    RunStore(home)
    return ClassPredictions(home)


def test_each_visitor_counts_once_a_question(predictions: ClassPredictions, home: Path) -> None:
    first, second = predictions.open_class(), predictions.open_class()
    assert predictions.note(first, "q.1", "ann", 60.0)
    assert not predictions.note(first, "q.1", "ann", 20.0)
    assert predictions.note(first, "q.1", "ben", 20.0)
    assert predictions.note(first, "q.2", "ann", 1.0)
    assert predictions.note(second, "q.1", "ann", 5.0)
    again = ClassPredictions(home)
    assert again.answers(first, "q.1") == (20.0, 60.0)
    assert (again.n_visitors(first), again.n_visitors(second)) == (2, 1)
    assert RunStore(home).version() == 2  # opening a class is a change, a prediction wakes nobody


def test_only_classes_that_are_there_are_counted(predictions: ClassPredictions) -> None:
    assert not predictions.known("abc234")
    assert not predictions.note("abc234", "q.1", "ann", 60.0)
    assert predictions.answers("abc234", "q.1") == ()


def test_there_are_bounds(predictions: ClassPredictions, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MOST_CLASSES", "MOST_VISITORS", "MOST_QUESTIONS"):
        monkeypatch.setattr(class_predictions, name, 2)
    code = predictions.open_class()
    counted = [predictions.note(code, "q.1", visitor, 0.0) for visitor in ("ann", "ben", "cat")]
    assert counted == [True, True, False]
    assert [predictions.note(code, question, "ann", 0.0) for question in ("q.2", "q.3")] == [True, False]
    predictions.open_class()
    predictions.open_class()
    assert not predictions.known(code)
    assert predictions.answers(code, "q.1") == ()
