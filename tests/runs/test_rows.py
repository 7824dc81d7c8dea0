"""Rows that some version of the program has written."""

import json

import pytest

from distil_core.runs.rows import read_event
from distil_core.training.events import Event, Stage, TeacherMeasured, Validation, event_to_json
from tests.factories import a_step


@pytest.mark.parametrize(
    "event",
    [
        Stage(name="Reading", detail="texts", fraction=0.5, n_done=1, n_total=2),
        TeacherMeasured(score=0.9),
        a_step(),
        Validation(epoch=1.0, score=0.5, agreement=None),
    ],
)
def test_an_event_is_read_back(event: Event) -> None:
    assert read_event(json.dumps(event_to_json(event))) == event


def test_an_older_version_told_the_teachers_accuracy_in_a_sentence() -> None:
    stage = {"event": "Stage", "name": "Teacher outputs", "detail": "validation accuracy 0.8710", "fraction": 1.0}
    assert read_event(json.dumps(stage)) == TeacherMeasured(score=0.871)


@pytest.mark.parametrize("text", ['{"event": "Party"}', "[]", "nonsense", '{"event": "Stage"}', "{}"])
def test_what_means_nothing_is_left_out(text: str) -> None:
    assert read_event(text) is None
