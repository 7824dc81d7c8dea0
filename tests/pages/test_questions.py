"""A run that answers questions: the answers marked in the context, their curves, and questions by their kind."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from distil_core.analysis.kinds import question_word
from distil_core.data.corpus import split_segments
from distil_core.reporting.formatting import readable
from distil_core.runs import foreground
from distil_core.runs.foreground import Distillation
from distil_core.runs.store import RunStore
from distil_core.tasks.catalog import task_named
from pages.state import attention_maps, model_answers
from tests import questions
from tests.pages.conftest import component, examples, markdown


@dataclass(frozen=True)
class Asked:
    """A finished run that answers questions, in a store of its own."""

    home: Path
    distillation: Distillation


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    folder = tmp_path_factory.mktemp("asked")
    return Asked(
        home=folder / "store", distillation=foreground.run_all(questions.a_config(folder), RunStore(folder / "store"))
    )


@pytest.fixture
def opened(
    app: Callable[..., AppTest], asked: Asked, models: object, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., AppTest]:
    """Open a page on that run, with the models that it has."""
    monkeypatch.setenv("DISTIL_LAB_HOME", str(asked.home))
    for module, names in REAL.items():
        for name, usual in names.items():
            monkeypatch.setattr(module, name, usual)
    return lambda page, **query: app(page, run=asked.distillation.run, **query)


REAL = {
    module: {name: value for name, value in vars(module).items() if callable(value) and not name.startswith("_")}
    for module in (model_answers, attention_maps)
}


def test_compare_marks_both_answers_in_the_context(opened: Callable[..., AppTest], asked: Asked) -> None:
    at = opened("compare")
    assert not at.exception
    assert [item.label for item in at.text_input if item.label in ("Question", "Context")] or [
        item.label for item in at.text_area
    ]
    shown = markdown(at)
    assert "**Teacher** ·" in shown
    assert "**Student** ·" in shown
    assert "background[**" in shown or "no answer in the context" in shown
    rows = next(frame.value for frame in at.dataframe if "teacher: start" in frame.value)
    assert {"word", "teacher: start", "student: start", "teacher: end", "student: end"} == set(rows.columns)
    assert ((rows["teacher: start"] >= 0) & (rows["teacher: start"] <= 1)).all()
    labels = component(at, "temperature")["labels"]
    assert labels[0] == "no answer"
    assert len(component(at, "temperature")["teacher"]) == len(labels)
    assert {re.sub(r" \(\d+\)$", "", label) for label in labels} >= set(rows["word"])


def test_questions_are_counted_by_length_and_question_word(opened: Callable[..., AppTest], asked: Asked) -> None:
    at = opened("compare")
    metric, test = task_named("qa").primary, asked.distillation.folder.read_predictions().test
    texts = asked.distillation.folder.read_test_texts()
    rows = next(frame.value for frame in at.dataframe if "length of the answer" in frame.value)
    assert rows["test texts"].sum() == len(texts)
    mean = float((rows["teacher"] * rows["test texts"]).sum() / len(texts))
    assert mean == pytest.approx(metric.of(test.teacher))
    at.selectbox(key="compare.kind").set_value("length of the answer: no answer").run()
    assert not at.exception
    empty = [example for example in texts if not example.label]
    n_places = sum(len(example.places) for example in empty)
    assert f"**{n_places} of {len(test.targets)} test places**" in markdown(at)
    assert set(examples(at).value["Label"]) == {"no answer"}


def test_a_question_word_filters_the_places(opened: Callable[..., AppTest], asked: Asked) -> None:
    at = opened("compare")
    kinds = at.selectbox(key="compare.kind")
    chosen = next(option for option in kinds.options if option.startswith("question word: "))
    word = chosen.removeprefix("question word: ")
    rows = next(frame.value for frame in at.dataframe if "question word" in frame.value)
    n_texts = int(rows["test texts"][rows["question word"] == word].iloc[0])
    kinds.set_value(chosen).run()
    assert not at.exception
    texts = asked.distillation.folder.read_test_texts()
    of_word = [example for example in texts if question_word(example.text) == word]
    assert len(of_word) == n_texts
    n_places = sum(len(example.places) for example in of_word)
    assert f"**{n_places} of {sum(len(example.places) for example in texts)} test places**" in markdown(at)
    assert set(examples(at).value["Text"]) <= {readable(example.text) for example in of_word}


def test_answers_are_the_words_of_the_context(opened: Callable[..., AppTest], asked: Asked) -> None:
    table = examples(opened("compare")).value
    assert not any("token " in answer for answer in (*table["Teacher"], *table["Student"], *table["Label"]))
    places = zip(table["Text"], table["Place"], table["Label"], strict=True)
    text, _, label = next(row for row in places if row[1].startswith("start") and row[2] != "no answer")
    right = next(example for example in asked.distillation.folder.read_test_texts() if readable(example.text) == text)
    assert right.label[0][1].casefold().startswith(label.casefold())


@pytest.mark.parametrize("page", ["temperature", "attention", "tradeoffs", "whatif", "runs", "distil"])
def test_every_page_opens_on_such_a_run(opened: Callable[..., AppTest], page: str) -> None:
    at = opened(page)
    assert not at.exception


def test_attention_of_a_long_context_is_that_of_the_part_whose_place_is_chosen(opened: Callable[..., AppTest]) -> None:
    context = " ".join(["then we saw snow near the old house"] * 12)
    at = opened(
        "attention", attention__text="cold then", attention__text__2=context, attention__view="Attention rollout"
    )
    assert not at.exception
    places = at.pills(key="attention.place")
    assert places.options[-1].startswith("end in part ")
    assert any("Shown is part 1;" in caption.value for caption in at.caption)
    places.set_value(places.options[-1]).run()
    assert not at.exception
    n_parts = len(places.options) // 2
    assert any(f"Shown is part {n_parts};" in caption.value for caption in at.caption)
    assert any(f"takes for the end in part {n_parts} of {n_parts}" in text for text in markdown(at).splitlines())


@pytest.mark.parametrize("tab", ["All texts", "Dark knowledge", "Why T²", "Calibration"])
def test_every_view_of_temperature_says_something(opened: Callable[..., AppTest], tab: str) -> None:
    at = opened("temperature", temperature__tab=tab)
    assert not at.exception
    if tab == "Dark knowledge":
        assert "cannot be summed up where they are tokens" in at.info[0].value


def test_what_is_read_is_what_the_run_measured(asked: Asked) -> None:
    texts = asked.distillation.folder.read_test_texts()
    contexts = [split_segments(example.text)[1] for example in texts]
    for example, context in zip(texts, contexts, strict=True):
        assert all(context.startswith(text, start) for start, text in example.label)
    assert np.isfinite(asked.distillation.folder.read_predictions().test.logits).all()
