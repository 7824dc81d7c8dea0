"""What both models look at: the numbers in the figures, and what is read only when it is asked for."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from distil_core.attention import Answer, LayerSimilarity, LeftOut, Reading
from distil_core.config import RunKind
from distil_core.errors import CorpusError, ModelError
from distil_core.runs import RunStore
from pages import cache
from tests import seeds
from tests.pages.conftest import figure, markdown

App = Callable[..., AppTest]
CHANGES = (0.1, -0.5, 0.0, 0.25, 0.0)


def ahead(n: int, by: int) -> np.ndarray:
    """Every token gives three quarters to the one so far ahead, and a quarter to itself."""
    return np.asarray(0.75 * np.roll(np.eye(n), by, axis=1) + 0.25 * np.eye(n), dtype=np.float32)


def a_reading(text: str) -> Reading:
    """Head ``h`` of the teacher's layer ``l`` looks ``2 l + h + 1`` tokens ahead; the student has swapped its heads."""
    tokens = ("[CLS]", *text.split(), "[SEP]")
    n_heads = 3 if "three" in tokens else 2
    teacher = np.stack(
        [np.stack([ahead(len(tokens), 2 * layer + head + 1) for head in range(n_heads)]) for layer in range(3)]
    )
    return Reading(
        tokens=tokens,
        special=tuple(token.startswith("[") for token in tokens),
        teacher=teacher,
        student=teacher[:2, ::-1],
    )


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let models without weights read; returns what they were asked for."""
    seen: list[str] = []

    def reading(_: Any, text: str) -> Reading:
        seen.append(f"reading {text}")
        return a_reading(text)

    def hidden_similarity(_: Any) -> LayerSimilarity:
        seen.append("states")
        return LayerSimilarity(matrix=np.arange(6.0).reshape(3, 2) / 10, n_tokens=1414, n_texts=51)

    def left_out(_: Any, text: str) -> LeftOut:
        seen.append("left out")
        teacher = Answer(label=0, probability=0.9, changes=CHANGES)
        return LeftOut(words=tuple(text.split()), teacher=teacher, student=replace(teacher, label=1, probability=0.6))

    monkeypatch.setattr(cache, "reading", reading)
    monkeypatch.setattr(cache, "hidden_similarity", hidden_similarity)
    monkeypatch.setattr(cache, "left_out", left_out)
    return seen


def values(array: Any) -> np.ndarray:
    """Read the numbers of a figure as plotly gets them."""
    if not isinstance(array, dict):
        return np.asarray(array)
    found = np.frombuffer(base64.b64decode(array["bdata"]), dtype=array["dtype"])
    return found.reshape([int(size) for size in str(array.get("shape", -1)).split(",")])


def components(at: AppTest) -> dict[str, Any]:
    """Return what the components of the page are given, by the names in it."""
    found = [json.loads(element.proto.json) for element in at.get("bidi_component") if element.proto.json]
    return next(data for data in found if "tokens" in data)


def test_first_text_is_the_first_test_text(app: App, example: Path, asked: list[str]) -> None:
    at = app("attention")
    assert at.text_input(key="attention.text").value == "This is text number 0."
    assert set(asked) == {"reading This is text number 0."}
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


def test_hidden_states_are_compared_over_many_texts(app: App, example: Path, asked: list[str]) -> None:
    at = app("attention")
    assert "states" not in asked
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
    assert "**Teacher, layer 2**" in markdown(at)
    assert not at.exception


def test_heads_are_matched_within_a_pair(app: App, example: Path) -> None:
    at = app("attention", attention__special="true")
    assert at.selectbox(key="attention.pair").value == "teacher 1 · student 1"
    at.selectbox(key="attention.heads").set_value("student head 0").run()
    text = markdown(at)
    assert "**Teacher, layer 1, head 1**" in text
    assert "**Student, layer 1, head 0**" in text
    assert "**Difference (1.00 alike)**" in text
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


def test_words_are_given_the_maps_of_the_pair(app: App, example: Path) -> None:
    at = app("attention", attention__special="true")
    data = components(at)
    assert data["tokens"][1:3] == ["This", "is"]
    assert data["special"] == [True, *[False] * 5, True]
    assert [side["name"] for side in data["sides"]] == ["Teacher", "Student"]
    # 0.75 / 2 three and four ahead, 0.25 to itself, in thousandths.
    assert data["sides"][0]["rows"][0] == [250, 0, 0, 375, 375, 0, 0]
    assert not at.exception


def test_all_heads_are_one_image_and_one_of_them_is_large(app: App, example: Path) -> None:
    at = app("attention", attention__view="All heads", attention__special="true")
    teacher, student, large = (figure(at, i) for i in (4, 5, 6))
    for mosaic, n_layers in ((teacher, 3), (student, 2)):
        (points,) = mosaic["data"]
        assert points["customdata"][-1] == [n_layers - 1, 1]
        assert mosaic["layout"]["images"][0]["source"].startswith("data:image/png")
    assert values(large["data"][0]["z"]) == pytest.approx(100 * ahead(7, 1), abs=1e-4)
    assert "Heads have no inherent order" in markdown(at)
    assert "Assigned to it: student layer 0 head 1, similarity 1.00" in markdown(at)
    assert student["layout"]["shapes"][0]["x0"] == 0.5
    at.selectbox(key="attention.head").set_value("teacher layer 2 head 1").run()
    assert values(figure(at, 6)["data"][0]["z"]) == pytest.approx(100 * ahead(7, 6), abs=1e-4)
    assert "No head of the other model is assigned to this one." in markdown(at)
    assert not at.exception


def test_what_reaches_the_first_token(app: App, example: Path) -> None:
    at = app("attention", attention__view="Through all layers", attention__special="true")
    teacher, student = (values(trace["y"]) for trace in figure(at, 4)["data"])
    assert teacher.sum() == pytest.approx(100)
    # The mean of both heads keeps a quarter, and the residual half of the rest: 5/8 in each of two layers, and three
    # sixteenths one and two ahead, then three and four; four times round and seven is the same token.
    one, two = 50 * (ahead(7, 1) + ahead(7, 2)), 50 * (ahead(7, 3) + ahead(7, 4))
    expected = ((np.eye(7) + two / 100) / 2) @ ((np.eye(7) + one / 100) / 2)
    assert student == pytest.approx(100 * expected[0], abs=1e-3)
    assert values(figure(at, 6)["data"][0]["z"]) == pytest.approx(100 * expected, abs=1e-3)
    assert not at.exception


def test_how_widely_heads_look(app: App, example: Path) -> None:
    at = app("attention", attention__view="How widely", attention__special="true")
    expected = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert values(figure(at, 4)["data"][0]["z"]) == pytest.approx(np.full((3, 2), expected), abs=1e-4)
    assert values(figure(at, 5)["data"][0]["z"]).shape == (2, 2)
    assert "mean 28.9 % of the most possible" in markdown(at)
    assert not at.exception


def test_words_are_left_out_only_when_somebody_asks(app: App, example: Path, asked: list[str]) -> None:
    at = app("attention")
    assert "left out" not in asked
    at.button_group(key="attention.view").set_value("Words left out").run()
    for trace in figure(at, 4)["data"]:
        assert list(trace["y"]) == pytest.approx([100 * change for change in CHANGES])
        assert trace["x"][0] == "This"
    text = markdown(at)
    assert "Teacher: very negative, 90.0 % · student: negative, 60.0 %" in text
    assert "The two answer differently here." in text
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
    monkeypatch.setattr(cache, "reading", lambda _, text: replace(a_reading(text), **changes))
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
        "attention", attention__text="one two four", attention__heads="student head 1", attention__view="How widely"
    )
    assert at.text_input(key="attention.text").value == "one two four"
    assert "Over the 3 tokens of this text." in markdown(at)
    assert at.selectbox(key="attention.heads").value == "student head 1"
    assert at.button_group(key="attention.view").value == "How widely"
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

    def lose(*_: object) -> None:
        raise ModelError("the teacher must be where it was, got nothing; put it back")

    monkeypatch.setattr(cache, "left_out", lose)
    at = app("attention", attention__view="Words left out")
    assert at.error[0].value == "the teacher must be where it was, got nothing; put it back"
    monkeypatch.setattr(cache, "reading", refuse)
    at = app("attention")
    assert "must have at least one word" in at.error[0].value
    assert not at.exception


def test_unfinished_run_and_tfidf_have_nobody_to_ask(app: App, store: RunStore) -> None:
    run = store.add("waiting", seeds.a_config(), corpus_name="reviews")
    assert "not done yet" in app("attention", run=run.id).info[0].value
    tfidf = seeds.finished(store, next(c for c in seeds.family_of(seeds.a_config()) if c.kind is RunKind.TFIDF))
    at = app("attention", run=tfidf.id)
    assert "TF-IDF counts words" in at.info[0].value
    assert not at.exception
