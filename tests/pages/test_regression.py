"""Pages on a run whose models predict a number."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from distil_core.runs import foreground
from distil_core.runs.foreground import Distillation
from distil_core.runs.store import RunStore
from pages.state import model_answers
from pages.state.model_answers import compare, timing
from tests.pages.conftest import markdown, press
from tests.pairs import a_config

COMPARE, TIMING = compare, timing


@pytest.fixture(scope="module")
def home_of_numbers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Distillation]:
    home = tmp_path_factory.mktemp("numbers")
    config = a_config(tmp_path_factory.mktemp("encoder"), scored=True)
    return home, foreground.run_all(config, RunStore(home))


@pytest.fixture
def opened(
    app: Callable[..., AppTest],
    home_of_numbers: tuple[Path, Distillation],
    models: object,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., AppTest]:
    home, distillation = home_of_numbers
    monkeypatch.setenv("DISTIL_LAB_HOME", str(home))
    monkeypatch.setattr(model_answers, "compare", COMPARE)
    monkeypatch.setattr(model_answers, "timing", TIMING)
    return lambda page, **query: app(page, run=distillation.run, **query)


@pytest.mark.parametrize("page", ["distil", "runs", "tradeoffs", "whatif", "attention"])
def test_a_page_opens(page: str, opened: Callable[..., AppTest]) -> None:
    at = opened(page)
    assert not at.exception
    assert not at.error


def test_compare_shows_both_numbers_beside_the_label(
    opened: Callable[..., AppTest], home_of_numbers: tuple[Path, Distillation]
) -> None:
    at = opened("compare")
    assert not at.exception
    assert not at.error
    test = home_of_numbers[1].folder.read_predictions().test
    teacher, student, label = [float(metric.value) for metric in at.metric]
    assert teacher == pytest.approx(float(test.teacher.logits[0, 0]), abs=1e-3)
    assert student == pytest.approx(float(test.logits[0, 0]), abs=1e-3)
    assert label == pytest.approx(float(test.targets[0]))
    assert "have no probabilities" in markdown(at)


def test_an_edit_moves_both_numbers(opened: Callable[..., AppTest]) -> None:
    at = opened("compare")
    before = [float(metric.value) for metric in at.metric[:2]]
    press(press(at, "compare.word.0"), "compare.drop")
    assert not at.exception
    for metric, number in zip(at.metric[:2], before, strict=True):
        assert float(metric.delta.split()[0]) == pytest.approx(float(metric.value) - number, abs=2e-3)
    assert "median" in markdown(at)


def test_test_pairs_go_by_the_words_in_common(opened: Callable[..., AppTest]) -> None:
    at = opened("compare")
    groups = next(frame.value for frame in at.dataframe if "words in common" in frame.value)
    table = next(frame.value for frame in at.dataframe if "Label" in frame.value)
    errors = (table["Student"] - table["Label"]).abs()
    assert list(errors) == sorted(errors, reverse=True)
    mean = (groups["student"] * groups["test texts"]).sum() / groups["test texts"].sum()
    assert mean == pytest.approx(errors.mean(), abs=2e-3)
    name = groups["words in common"].iloc[0]
    at.selectbox(key="compare.overlap").set_value(name).run()
    assert len(next(frame.value for frame in at.dataframe if "Label" in frame.value)) == groups["test texts"].iloc[0]
    assert not at.exception


def test_a_number_has_no_temperature(opened: Callable[..., AppTest]) -> None:
    at = opened("temperature")
    assert not at.exception
    assert "A number has no temperature" in markdown(at)


def test_words_left_out_say_why_there_are_none(opened: Callable[..., AppTest]) -> None:
    at = opened("attention", attention__view="Leave-one-out")
    assert not at.exception
    assert "A number has no probability" in markdown(at)
