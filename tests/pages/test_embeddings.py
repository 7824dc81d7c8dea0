"""A run whose models put out vectors, on every page."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from distil_core.runs import foreground
from distil_core.runs.foreground import Distillation
from distil_core.runs.store import RunStore
from pages.state import model_answers
from pages.state.model_answers import compare, timing
from tests.pages.conftest import component, markdown
from tests.tasks.embeddings.test_run import a_config

COMPARE, TIMING = compare, timing


@pytest.fixture(scope="module")
def home_of_vectors(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Distillation]:
    home = tmp_path_factory.mktemp("vectors")
    return home, foreground.run_all(a_config(tmp_path_factory.mktemp("encoder")), RunStore(home))


@pytest.fixture
def opened(
    app: Callable[..., AppTest],
    home_of_vectors: tuple[Path, Distillation],
    models: object,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., AppTest]:
    home, distillation = home_of_vectors
    monkeypatch.setenv("DISTIL_LAB_HOME", str(home))
    monkeypatch.setattr(model_answers, "compare", COMPARE)
    monkeypatch.setattr(model_answers, "timing", TIMING)
    return lambda page, **query: app(page, run=distillation.run, **query)


@pytest.mark.parametrize("page", ["distil", "runs", "tradeoffs", "whatif"])
def test_a_page_opens(page: str, opened: Callable[..., AppTest]) -> None:
    at = opened(page)
    assert not at.exception
    assert not at.error


def test_compare_shows_two_texts_and_a_search(
    opened: Callable[..., AppTest], home_of_vectors: tuple[Path, Distillation]
) -> None:
    at = opened("compare")
    assert not at.exception
    assert not at.error
    names = [metric.label for metric in at.metric]
    assert names == ["Teacher: cosine", "Student: cosine", "Score in the test pairs"]
    moves = at.pills(key="compare.move")
    shown = next(frame.value for frame in at.dataframe if "First answer: student" in frame.value)
    assert sum(int(option.rpartition("(")[2].strip(")")) for option in moves.options) == len(shown)
    for option in moves.options:
        at.pills(key="compare.move").set_value(option).run()
        assert not at.exception
        passing = next(frame.value for frame in at.dataframe if "First answer: student" in frame.value)
        assert f"({len(passing)})" in option
    at.pills(key="compare.move").set_value(None).run()
    assert len(next(frame.value for frame in at.dataframe if "First answer: student" in frame.value)) == len(shown)
    test = home_of_vectors[1].folder.read_test_texts()
    first, second = at.text_input(key="compare.text").value, at.text_input(key="compare.text.2").value
    pair = next(text for text in test if [place.text for place in text.places] == [first, second])
    assert at.metric[2].value == f"{pair.label:g}"
    ranking = next(frame.value for frame in at.dataframe if "Moved" in frame.value)
    assert "Answers" in ranking
    assert list(ranking["Teacher's rank"]) == sorted(ranking["Teacher's rank"])
    at.text_input(key="compare.query").set_value("a quiet hotel").run()
    ranking = next(frame.value for frame in at.dataframe if "Moved" in frame.value)
    assert "Answers" not in ranking
    assert not at.exception


def test_two_equal_texts_are_as_alike_as_can_be(opened: Callable[..., AppTest]) -> None:
    at = opened("compare", **{"compare__text": "the soup was cold", "compare__text__2": "the soup was cold"})
    assert [metric.value for metric in at.metric] == ["1.000", "1.000", "–"]


def test_temperature_softens_the_similarities_of_a_batch(opened: Callable[..., AppTest]) -> None:
    at = opened("temperature")
    assert not at.exception
    data = component(at, "temperature")
    assert len(data["labels"]) == len(data["teacher"]) == len(data["student"])
    assert max(data["teacher"]) <= 20.0001
    at.number_input(key="temperature.row").set_value(2).run()
    assert component(at, "temperature")["labels"] != data["labels"]
    assert "shares below are of texts, not of labels" in markdown(at)


def test_attention_works_and_says_what_it_cannot_tell(opened: Callable[..., AppTest]) -> None:
    at = opened("attention")
    assert not at.exception
    assert not at.error
    assert "Each text is read by itself" in markdown(at)
    at = opened("attention", attention__view="Attention rollout")
    places = at.pills(key="attention.place")
    places.set_value(places.options[1]).run()
    assert not at.exception
    assert "Shown is part" not in markdown(at)
    assert "from whose mean the answer is read" in markdown(at)
    at = opened("attention", attention__view="Leave-one-out")
    assert "A vector has no probability" in markdown(at)
    assert not at.exception


def test_the_task_begins_with_a_teacher_that_knows_words(app: Callable[..., AppTest]) -> None:
    at = app("distil", distil__task="Sentence embeddings")
    assert at.selectbox(key="distil.task").value == "embeddings"
    assert at.selectbox(key="distil.teacher").value == "minilm"
    assert at.number_input(key="distil.corpus.n_train").value == 1300
    at.selectbox(key="distil.task").set_value("pairs").run()
    assert at.selectbox(key="distil.student.layer_map").value == "first"
    at.selectbox(key="distil.task").set_value("classification").run()
    assert at.selectbox(key="distil.student.layer_map").value == "even"
    assert at.selectbox(key="distil.teacher").value == "shipped"
    assert at.number_input(key="distil.corpus.n_train").value == 4000
    assert not at.exception


@pytest.mark.parametrize("page", ["distil", "whatif"])
def test_nobody_speaks_of_hard_labels_where_there_are_none(page: str, opened: Callable[..., AppTest]) -> None:
    at = opened(page)
    shown = [element.proto.spec for element in at.get("plotly_chart")]
    assert shown
    tables = [" ".join(map(str, frame.value.columns)) for frame in at.dataframe]
    words = "\n".join((*shown, *tables, markdown(at))).lower()
    assert re.findall(".{30}hard.{30}", words) == []
