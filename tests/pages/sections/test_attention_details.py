"""Closer looks at what both models look at: word by word, all heads, all layers, and words left out."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import component, figure, markdown
from tests.pages.readings import CHANGES, ahead, values

App = Callable[..., AppTest]
pytestmark = pytest.mark.usefixtures("readings")


def test_words_are_given_the_maps_of_the_pair(app: App, example: Path) -> None:
    at = app("attention", attention__special="true")
    data = component(at, "strip")
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
    at = app("attention", attention__view="Attention rollout", attention__special="true")
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
    at = app("attention", attention__view="Attention entropy", attention__special="true")
    expected = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert values(figure(at, 4)["data"][0]["z"]) == pytest.approx(np.full((3, 2), expected), abs=1e-4)
    assert values(figure(at, 5)["data"][0]["z"]).shape == (2, 2)
    assert "mean 28.9 % of the most possible" in markdown(at)
    assert not at.exception


def test_words_are_left_out_only_when_somebody_asks(app: App, example: Path, readings: list[str]) -> None:
    at = app("attention")
    assert "left out" not in readings
    at.button_group(key="attention.view").set_value("Leave-one-out").run()
    for trace in figure(at, 4)["data"]:
        assert list(trace["y"]) == pytest.approx([100 * change for change in CHANGES])
        assert trace["x"][0] == "This"
    text = markdown(at)
    assert "Teacher: very negative, 90.0 % · student: negative, 60.0 %" in text
    assert "The two answer differently here." in text
    assert not at.exception
