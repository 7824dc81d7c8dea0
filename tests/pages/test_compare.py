"""One sentence, two models: what they answer, how it looks when it is softened, and where they part."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from distil_core.config import RunKind
from distil_core.errors import ModelError
from distil_core.runs import RunStore
from pages import cache
from tests import seeds
from tests.pages.conftest import figure, markdown

App = Callable[..., AppTest]


def test_first_sentence_is_one_on_which_they_part(app: App, example: Path, models: list[tuple[str, str]]) -> None:
    at = app("compare")
    # Of 20 texts the student is wrong on the last two, the teacher on the last.
    assert at.text_input(key="compare.text").value == "This is text number 18."
    assert models[-1] == ("example", "This is text number 18.")
    assert "its label is **positive**" in markdown(at)
    assert not at.exception


def test_bars_are_mirrored_probabilities(app: App, example: Path) -> None:
    at = app("compare")
    teacher, student = figure(at, 0)["data"]
    # e^2 / (e^2 + 4) and 1 / (e^2 + 4)
    assert teacher["x"] == pytest.approx([64.87, 8.78, 8.78, 8.78, 8.78], abs=0.01)
    assert student["x"] == pytest.approx([8.78, 64.87, 8.78, 8.78, 8.78], abs=0.01)
    layout = figure(at, 0)["layout"]
    assert layout["xaxis"]["range"] == layout["xaxis2"]["range"][::-1]
    assert teacher["y"][3] == "<b>◆ positive</b>"
    assert not at.exception


def test_temperature_softens_the_bars_and_not_the_answers(app: App, example: Path) -> None:
    at = app("compare")
    at.slider(key="compare.temperature").set_value(2.0).run()
    # e / (e + 4)
    assert figure(at, 0)["data"][0]["x"][0] == pytest.approx(40.46, abs=0.01)
    assert "64.9 % sure" in markdown(at)
    assert not at.exception


def test_both_answers_and_both_latencies_are_said(app: App, example: Path) -> None:
    at = app("compare")
    text = markdown(at)
    assert "#### very negative" in text
    assert "#### negative" in text
    assert "3.60 ms for this sentence" in text
    assert "1.20 ms for this sentence" in text
    assert not at.exception


def test_agreement_is_of_all_test_texts(app: App, example: Path) -> None:
    at = app("compare")
    assert "All 1,000 test texts: 88.0 % answered alike" in markdown(at)
    assert [trace["x"][0] for trace in figure(at, 1)["data"]] == pytest.approx([78.0, 9.0, 4.0, 9.0])
    assert not at.exception


def test_own_sentence_has_no_label(app: App, example: Path, models: list[tuple[str, str]]) -> None:
    at = app("compare")
    at.text_input(key="compare.text").set_value("Something nobody has written.").run()
    assert models[-1][1] == "Something nobody has written."
    assert "its label is" not in markdown(at)
    assert not any("◆" in name for name in figure(at, 0)["data"][0]["y"])
    assert not at.exception


def test_example_button_fills_the_field(app: App, example: Path) -> None:
    at = app("compare")
    at.button(key="compare.example.2").click().run()
    assert at.text_input(key="compare.text").value == "This is text number 2."
    assert "its label is **neutral**" in markdown(at)
    assert not at.exception


def test_empty_sentence_asks_for_one(app: App, example: Path) -> None:
    at = app("compare")
    at.text_input(key="compare.text").set_value("  ").run()
    assert "Type a sentence" in at.info[0].value
    assert not at.exception


def test_disagreements_are_ranked(app: App, store: RunStore) -> None:
    run = seeds.finished_family(store)
    at = app("compare", run=run.id)
    table = at.dataframe(key="compare.disagreements").value
    # On the last text both are wrong alike.
    assert list(table["Text"]) == ["This is text number 18."]
    assert table["Label"][0] == "positive"
    assert table["Student"][0].startswith("very positive")
    # 3 (p - q), where p = e^3 / (e^3 + 4) and q = 1 / (e^3 + 4)
    assert table["KL (nats)"][0] == pytest.approx(2.377, abs=0.001)
    assert not at.exception


def test_model_that_cannot_be_loaded_is_explained(app: App, example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ModelError("the teacher must be where it was, got nothing; put it back")

    monkeypatch.setattr(cache, "compare", refuse)
    at = app("compare")
    assert at.error[0].value == "the teacher must be where it was, got nothing; put it back"
    assert not at.exception


def test_missing_outputs_are_explained(app: App, store: RunStore) -> None:
    run = seeds.finished_family(store)
    (store.folder(run.id) / "outputs.safetensors").unlink()
    at = app("compare", run=run.id)
    assert "cannot be read" in at.error[0].value
    assert not at.exception


def test_unfinished_run_and_tfidf_have_nobody_to_ask(app: App, store: RunStore) -> None:
    run = store.add("waiting", seeds.a_config(), corpus_name="reviews")
    at = app("compare", run=run.id)
    assert "not done yet" in at.info[0].value
    tfidf = seeds.finished(store, next(c for c in seeds.family_of(seeds.a_config()) if c.kind is RunKind.TFIDF))
    at = app("compare", run=tfidf.id)
    assert "TF-IDF counts words" in at.info[0].value
    assert not at.exception
