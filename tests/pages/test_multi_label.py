"""A run with several labels a text, on every page: a label is chosen where others choose a place."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from transformers import pipeline

from distil_core.models.loading import load_tokenizer
from distil_core.runs import foreground
from distil_core.runs.store import RunStore
from pages.state import model_answers
from pages.state.model_answers import bf16_pays, compare, stream, timing
from tests.pages.conftest import chart
from tests.tasks.multi_label.weather import a_run

TEXT = "we saw frozen snow near the old house by winter ice"


@pytest.fixture(scope="module")
def weather(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A finished run, in a store of its own."""
    folder = tmp_path_factory.mktemp("weather")
    return folder / "store", foreground.run_all(a_run(folder), RunStore(folder / "store")).run


@pytest.fixture
def opened(
    app: Callable[..., AppTest], weather: tuple[Path, str], models: object, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., AppTest]:
    """Open a page on that run, with the models that it has."""
    monkeypatch.setenv("DISTIL_LAB_HOME", str(weather[0]))
    for usual in (compare, stream, timing, bf16_pays):
        monkeypatch.setattr(model_answers, usual.__name__, usual)
    return lambda page, **query: app(page, run=weather[1], **query)


def test_compare_shows_all_labels_of_a_text(opened: Callable[..., AppTest], weather: tuple[Path, str]) -> None:
    at = opened("compare", compare__text=TEXT)
    assert not at.exception
    assert at.pills(key="compare.place").options == ["cold", "hot", "mild"]
    figure = chart(at, "compare.labels")
    teacher, student = figure["data"]
    folder = RunStore(weather[0]).folder(weather[1]).student
    classify = pipeline("text-classification", model=str(folder), tokenizer=load_tokenizer(folder), top_k=None)
    expected = {entry["label"]: 100 * entry["score"] for entry in classify([TEXT])[0]}
    assert list(student["x"]) == pytest.approx([expected[name] for name in ("cold", "hot", "mild")], abs=1e-3)
    assert len(teacher["x"]) == 3
    assert figure["layout"]["shapes"][0]["x0"] == 50


@pytest.mark.parametrize("page", ["temperature", "attention", "tradeoffs", "runs", "distil", "whatif"])
def test_every_page_opens(opened: Callable[..., AppTest], page: str) -> None:
    at = opened(page)
    assert not at.exception
