"""What a run leaves behind goes to JSON and back, exactly."""

import json

import pytest

from distil_core.errors import ConfigError
from distil_core.runs.record import RunRecord
from distil_core.settings.config import RunConfig, RunKind
from distil_core.settings.serialization import from_json, to_json
from distil_core.training.events import Event, Stage, TeacherMeasured, Validation, event_from_json, event_to_json
from tests.factories import a_fidelity, a_model_record, a_run_record, a_step


def there_and_back(record: RunRecord) -> RunRecord:
    return from_json(RunRecord, json.loads(json.dumps(to_json(record))))


@pytest.mark.parametrize("kind", RunKind)
def test_a_record_goes_to_json_and_back(kind: RunKind) -> None:
    record = a_run_record(config=RunConfig(kind=kind))
    assert there_and_back(record) == record


def test_what_was_not_measured_stays_unmeasured() -> None:
    record = a_run_record(teacher=None, model=a_model_record(fidelity=None, cost=None, probe_accuracy=None), seconds={})
    assert there_and_back(record) == record


def test_a_record_with_a_missing_figure_is_refused() -> None:
    data = to_json(a_run_record())
    del data["model"]["quality"]["ece"]
    with pytest.raises(ConfigError, match=r"missing key model\.quality\.ece"):
        from_json(RunRecord, data)


def test_figures_are_told_apart() -> None:
    fidelity = a_fidelity()
    shares = fidelity.both_right, fidelity.only_teacher_right, fidelity.only_student_right, fidelity.both_wrong
    assert sum(shares) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "event",
    [
        Stage(name="Reading", detail="", fraction=None),
        Stage(name="Reading", detail="a part", fraction=0.5),
        Stage(name="Reading", detail="texts", fraction=0.5, n_done=10, n_total=20, seconds_left=1.5),
        TeacherMeasured(accuracy=0.9),
        a_step(),
        Validation(epoch=1.0, accuracy=0.5, agreement=None),
        Validation(epoch=2.0, accuracy=0.5, agreement=0.75),
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
