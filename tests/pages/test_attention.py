"""What both models look at: the numbers in the figures, and what is read only when it is asked for."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from distil_core.errors import CorpusError, ModelError
from distil_core.runs.store import RunStore
from distil_core.settings.config import Method
from pages.state import attention_maps
from tests import seeds
from tests.pages.conftest import figure, markdown
from tests.pages.readings import a_reading, ahead, values

App = Callable[..., AppTest]
pytestmark = pytest.mark.usefixtures("readings")


def test_first_text_is_the_first_test_text(app: App, example: Path, readings: list[str]) -> None:
    at = app("attention")
    assert at.text_input(key="attention.text").value == "This is text number 0."
    assert set(readings) == {"reading This is text number 0."}
    assert "Over the 5 tokens of this text." in markdown(at)
    assert not at.exception


def test_overview_is_of_all_layers_and_frames_the_map(app: App, example: Path) -> None:
    at = app("attention", **{"attention__special": "true"})
    overview = figure(at, 0)
    similarity = values(overview["data"][0]["z"])
    # Seven tokens in a circle; a quarter of each map is the same.
    assert similarity == pytest.approx(np.where(np.eye(3, 2), 1, 0.25), abs=1e-5)
    assert {(shape["y0"], shape["x0"]) for shape in overview["layout"]["shapes"]} == {(-0.5, -0.5), (0.5, 0.5)}
    assert not at.exception


def test_hidden_states_are_compared_over_many_texts(app: App, example: Path, readings: list[str]) -> None:
    at = app("attention")
    assert "states" not in readings
    at.button_group(key="attention.by").set_value("hidden states").run()
    assert values(figure(at, 0)["data"][0]["z"])[2, 1] == pytest.approx(0.5)
    assert "Over 1,414 tokens of 51 test texts." in markdown(at)
    assert not at.exception


def test_pair_is_teacher_student_and_difference(app: App, example: Path) -> None:
    at = app("attention", attention__special="true", attention__pair="teacher 2 · student 0")
    teacher, student, difference = (values(figure(at, i)["data"][0]["z"]) for i in (1, 2, 3))
    assert teacher == pytest.approx(50 * (ahead(7, 5) + ahead(7, 6)), abs=1e-4)
    assert student == pytest.approx(50 * (ahead(7, 1) + ahead(7, 2)), abs=1e-4)
    assert difference == pytest.approx(student - teacher, abs=1e-4)
    scales = [(trace["zmin"], trace["zmax"]) for trace in (figure(at, i)["data"][0] for i in (1, 2, 3))]
    assert scales == [(0, pytest.approx(37.5)), (0, pytest.approx(37.5)), (pytest.approx(-37.5), pytest.approx(37.5))]
    assert "Teacher, layer 2" in markdown(at)
    assert not at.exception


def test_heads_are_matched_within_a_pair(app: App, example: Path) -> None:
    at = app("attention", attention__special="true")
    assert at.selectbox(key="attention.pair").value == "teacher 1 · student 1"
    at.selectbox(key="attention.heads").set_value("student head 0").run()
    text = markdown(at)
    assert "Teacher, layer 1, head 1" in text
    assert "Student, layer 1, head 0" in text
    assert "Difference (1.00 alike)" in text
    assert np.abs(values(figure(at, 3)["data"][0]["z"])).max() < 1e-4
    assert not at.exception


def test_special_tokens_are_hidden_until_somebody_wants_them(app: App, example: Path) -> None:
    at = app("attention")
    words = values(figure(at, 1)["data"][0]["z"])
    assert words.shape == (5, 5)
    assert words.sum(axis=1) == pytest.approx(np.full(5, 100), abs=1e-3)
    at.toggle(key="attention.special").set_value(True).run()
    assert values(figure(at, 1)["data"][0]["z"]).shape == (7, 7)
    assert figure(at, 1)["data"][0]["x"][0] == "[CLS]"
    assert not at.exception


def test_caveat_names_its_sources(app: App, example: Path) -> None:
    text = markdown(app("attention"))
    assert "Attention is not an explanation" in text
    assert all(f"https://arxiv.org/abs/{paper}" in text for paper in ("1902.10186", "1906.03731", "1908.04626"))


@pytest.mark.parametrize(
    ("changes", "notice"),
    [
        ({"truncated": True}, "Only the first 7 tokens of this text are read"),
        ({"shares_layers": True}, "all layers of a model share the same weights"),
        ({"window": 64, "local": (1, 2)}, "Layers 1, 2 of the teacher are local: a token sees 64 tokens to each side"),
    ],
)
def test_what_is_special_is_said(
    app: App, example: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], notice: str
) -> None:
    assert notice not in markdown(app("attention"))
    monkeypatch.setattr(attention_maps, "reading", lambda _, text, part=0: replace(a_reading(text), **changes))
    at = app("attention")
    assert notice in markdown(at)
    assert not at.exception


def test_example_button_fills_the_field(app: App, example: Path) -> None:
    at = app("attention")
    at.button(key="attention.example.2").click().run()
    assert at.text_input(key="attention.text").value == "This is text number 2."
    assert not at.exception


def test_empty_text_asks_for_one(app: App, example: Path) -> None:
    at = app("attention")
    at.text_input(key="attention.text").set_value(" ").run()
    assert "Type a text" in at.info[0].value
    assert not at.exception


def test_address_names_the_text_and_what_is_looked_at(app: App, example: Path) -> None:
    at = app(
        "attention",
        attention__text="one two four",
        attention__heads="student head 1",
        attention__view="Attention entropy",
    )
    assert at.text_input(key="attention.text").value == "one two four"
    assert "Over the 3 tokens of this text." in markdown(at)
    assert at.selectbox(key="attention.heads").value == "student head 1"
    assert at.button_group(key="attention.view").value == "Attention entropy"
    assert not at.exception


def test_choice_that_is_not_there_any_more_is_forgotten(app: App, example: Path) -> None:
    at = app("attention", attention__pair="teacher 11 · student 5", attention__heads="student head 9")
    assert at.selectbox(key="attention.pair").value == "teacher 1 · student 1"
    assert at.selectbox(key="attention.heads").value == "mean of all"
    at = app("attention", attention__text="one with three", attention__heads="student head 2")
    assert at.selectbox(key="attention.heads").value == "student head 2"
    at.text_input(key="attention.text").set_value("one with two").run()
    assert at.selectbox(key="attention.heads").value == "mean of all"
    assert not at.exception


def test_what_cannot_be_read_is_explained(app: App, example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise CorpusError("the text must have at least one word that the models can read; type another one")

    def lose(*_: object, **__: object) -> None:
        raise ModelError("the teacher must be where it was, got nothing; put it back")

    monkeypatch.setattr(attention_maps, "left_out", lose)
    at = app("attention", attention__view="Leave-one-out")
    assert at.error[0].value == "the teacher must be where it was, got nothing; put it back"
    monkeypatch.setattr(attention_maps, "reading", refuse)
    at = app("attention")
    assert "must have at least one word" in at.error[0].value
    assert not at.exception


def test_unfinished_run_and_tfidf_have_nobody_to_ask(app: App, store: RunStore) -> None:
    run = store.add("waiting", seeds.a_config(), corpus_name="reviews")
    assert "not done yet" in app("attention", run=run.id).info[0].value
    tfidf = seeds.finished(store, next(c for c in seeds.family_of(seeds.a_config()) if c.method is Method.BASELINE))
    at = app("attention", run=tfidf.id)
    assert "TF-IDF: word counts and logistic regression" in at.info[0].value
    assert not at.exception
