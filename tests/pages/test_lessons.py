"""Lessons: nothing is shown before it is predicted, the address keeps where one is, and a class is counted."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from distil_core.runs import sources
from distil_core.runs.class_predictions import ClassPredictions
from distil_core.runs.store import RunStore
from pages.state import lesson_progress
from tests import seeds
from tests.pages.conftest import chart, markdown, press

App = Callable[..., AppTest]
ANSWERED = "labels.scarce:5,labels.plenty:1"


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The runs that lessons are about."""
    folder = seeds.lesson_runs(tmp_path / "example")
    monkeypatch.setattr(sources, "shipped_folder", lambda: folder)


def few_labels(app: App, **query: str) -> AppTest:
    return app("lessons", lessons__lesson="Few labels", **query)


def test_nothing_is_seen_before_it_is_predicted_and_then_the_address_has_it(app: App) -> None:
    at = few_labels(app)
    assert "Predict first" in markdown(at)
    assert not at.get("plotly_chart")
    assert at.button(key="lessons.next").disabled
    at.slider(key="lessons.question.labels.scarce").set_value(4.0)
    press(at, "lessons.predict")
    assert "You predicted **4 points**, measured **10 points**." in markdown(at)
    assert "+10.0 points" in markdown(at)
    bars = chart(at, "lessons.labels.scarce")["data"][0]
    assert bars["name"] == "accuracy"
    assert at.query_params["lessons.answers"] == "labels.scarce:4"
    press(at, "lessons.next")
    assert at.query_params["lessons.step"] == "2"
    assert at.radio[0].value is None
    assert not at.exception


def test_no_address_leads_beyond_what_has_not_been_predicted(app: App) -> None:
    at = few_labels(
        app, lessons__step="3", lessons__answers="labels.scarce:5,labels.plenty:nan,what:ever,labels.plenty:77"
    )
    assert "Step 2 of 3" in at.get("progress")[0].proto.text
    at = few_labels(app, lessons__step="3", lessons__answers=ANSWERED)
    assert "Step 3 of 3" in at.get("progress")[0].proto.text
    # Another page, and back: the visit remembers.
    at.switch_page("pages/runs.py").run()
    at.switch_page("pages/lessons.py").run()
    assert at.query_params["lessons.answers"] == ANSWERED
    assert "Step 3 of 3" in at.get("progress")[0].proto.text
    press(at, "lessons.again")
    assert "lessons.answers" not in at.query_params
    assert not at.exception


def test_a_class_is_counted_and_its_lecturer_sees_what_it_predicted(app: App, store: RunStore) -> None:
    predictions = ClassPredictions(store.path)
    code = predictions.open_class()
    for value in (5.0, 12.0):
        at = few_labels(app, **{"class": code})
        at.slider(key="lessons.question.labels.scarce").set_value(value)
        press(at, "lessons.predict")
        press(at, "lessons.again")  # and once more: only the first counts
        at.slider(key="lessons.question.labels.scarce").set_value(30.0)
        press(at, "lessons.predict")
    assert predictions.answers(code, "labels.scarce") == (5.0, 12.0)
    lecturer = few_labels(app, lecture=code)
    assert f"**2** of 2 visitors of class {code} have predicted." in markdown(lecturer)
    assert not lecturer.slider
    press(lecturer, "lessons.reveal")
    counted = chart(lecturer, "lessons.class.labels.scarce")
    assert sum(counted["data"][0]["x"]) == 2
    assert not lecturer.exception


def test_a_class_that_is_gone_and_runs_that_are_left_out_are_named(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "not known here any more" in markdown(few_labels(app, **{"class": "abc234"}))
    monkeypatch.setattr(sources, "shipped_folder", lambda: tmp_path / "nowhere")
    assert "build them" in app("lessons").error[0].value
    assert lesson_progress.ANSWERS == "lessons.answers"
