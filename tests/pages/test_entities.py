"""A run that finds named entities: they are marked in the text for both models, and test texts go by their errors."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from distil_core.runs import foreground
from distil_core.runs.foreground import Distillation
from distil_core.runs.store import RunStore
from pages.state import model_answers
from pages.state.model_answers import bf16_pays, compare, stream, timing
from tests import named_entities
from tests.pages.conftest import examples, markdown


@dataclass(frozen=True)
class Found:
    """A finished run that finds entities, in a store of its own."""

    home: Path
    distillation: Distillation


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Found:
    folder = tmp_path_factory.mktemp("entities")
    store = folder / "store"
    return Found(home=store, distillation=foreground.run_all(named_entities.a_config(folder), RunStore(store)))


@pytest.fixture
def opened(
    app: Callable[..., AppTest], run: Found, models: object, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., AppTest]:
    """Open a page on that run, with the models that it has."""
    monkeypatch.setenv("DISTIL_LAB_HOME", str(run.home))
    for usual in (compare, stream, timing, bf16_pays):
        monkeypatch.setattr(model_answers, usual.__name__, usual)
    return lambda page, **query: app(page, run=run.distillation.run, **query)


def lines(at: AppTest) -> list[str]:
    return [element.proto.body for element in at.get("html") if "line-height" in element.proto.body]


def test_compare_marks_entities_of_both_models_and_the_right_ones(opened: Callable[..., AppTest], run: Found) -> None:
    text = next(text for text in run.distillation.folder.read_test_texts() if any(text.label))
    at = opened("compare", compare__text=text.text)
    assert not at.exception
    right, teacher, student = lines(at)
    n = sum(label % 2 for label in text.label)
    assert f"**Right** · {n} entit" in markdown(at)
    assert right.count("<u ") == n
    for line in (teacher, student):
        assert line.count("<u ") == line.count("<small>")
    assert "double underline: teacher only" in markdown(at)


def test_a_typed_text_has_no_right_line_and_is_escaped(opened: Callable[..., AppTest]) -> None:
    at = opened("compare", compare__text="we saw snow <b>fire</b> near & by")
    assert not at.exception
    assert "**Right**" not in markdown(at)
    assert len(lines(at)) == 2
    assert all("<b>" not in line and "&amp; by" in line for line in lines(at))


def test_errors_are_counted_and_one_of_them_filters_the_texts(opened: Callable[..., AppTest], run: Found) -> None:
    at = opened("compare")
    test = run.distillation.folder.read_predictions().test
    right = int((test.targets % 2 == 1).sum())
    tables = [frame.value for frame in at.dataframe if "predicted" in frame.value]
    for side, rows in zip(("teacher", "student"), tables, strict=True):
        assert rows[rows["right"] != "no entity"]["entities"].sum() == right
        same = rows[rows["right"] == rows["predicted"]]["entities"].sum()
        model = run.distillation.record.model if side == "student" else run.distillation.record.teacher
        assert model is not None
        assert same / right == pytest.approx(model.metrics["entity_recall"].value)
    box = at.selectbox(key="compare.kind")
    assert box.value is None
    assert box.options[0].startswith("Student: ")
    box.set_value(next(name for name in box.options if name.endswith(": right"))).run()
    assert not at.exception
    table = examples(at).value
    assert len(table)
    assert (table["Label"] != "O").all()
    assert [answer.split(" (")[0] for answer in table["Student"]] == list(table["Label"])


@pytest.mark.parametrize("page", ["temperature", "attention", "tradeoffs", "whatif", "runs", "distil"])
def test_every_page_opens_on_such_a_run(opened: Callable[..., AppTest], page: str) -> None:
    assert not opened(page).exception
