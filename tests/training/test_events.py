"""Events go to JSON and back, exactly."""

import json

import pytest

from distil_core.training.events import Event, Stage, TeacherMeasured, Validation, event_from_json, event_to_json
from tests.factories import a_step


@pytest.mark.parametrize(
    "event",
    [
        Stage(name="Reading", detail="", fraction=None),
        Stage(name="Reading", detail="a part", fraction=0.5),
        Stage(name="Reading", detail="texts", fraction=0.5, n_done=10, n_total=20, seconds_left=1.5),
        TeacherMeasured(score=0.9),
        a_step(),
        Validation(epoch=1.0, score=0.5, agreement=None),
        Validation(epoch=2.0, score=0.5, agreement=0.75),
    ],
)
def test_an_event_goes_to_json_and_back(event: Event) -> None:
    data = json.loads(json.dumps(event_to_json(event)))
    before = dict(data)
    assert event_from_json(data) == event
    assert data == before


def test_a_stage_of_an_older_version_has_counted_nothing() -> None:
    data = {"event": "Stage", "name": "Reading", "detail": "texts, 10 of 20", "fraction": 0.5}
    assert event_from_json(data) == Stage(name="Reading", detail="texts, 10 of 20", fraction=0.5)


def test_an_event_of_no_known_kind_is_an_error() -> None:
    with pytest.raises(KeyError):
        event_from_json({"event": "Party"})
