"""One sentence, two models: what they answer, how quickly, and where there is nobody to ask."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from distil_core.errors import ModelError
from distil_core.runs.store import RunStore
from distil_core.settings.config import Method
from distil_core.settings.serialization import to_json
from pages.state import model_answers
from tests import seeds
from tests.factories import a_proof
from tests.pages.conftest import component, markdown, press, typed

App = Callable[..., AppTest]
FIRST = "This is text number 18."


def test_first_sentence_is_one_on_which_they_part(app: App, example: Path, models: list[tuple[str, str]]) -> None:
    at = app("compare")
    # Of 20 texts the student is wrong on the last two, the teacher on the last.
    assert at.text_input(key="compare.text").value == FIRST
    assert models[-1] == ("example", FIRST)
    assert "its label is **positive**" in markdown(at)
    assert not at.info
    assert not at.exception


def test_bars_get_both_models_logits_and_the_right_label(app: App, example: Path) -> None:
    data = component(app("compare"), "temperature")
    assert data["teacher"] == [2.0, 0.0, 0.0, 0.0, 0.0]
    assert data["student"] == [0.0, 2.0, 0.0, 0.0, 0.0]
    assert data["labels"][data["gold"]] == "positive"
    assert data["value"] == 1.0


def test_probabilities_can_be_taken_away(app: App, example: Path) -> None:
    at = app("compare")
    rows = at.dataframe[0].value
    # e^2 / (e^2 + 4) and 1 / (e^2 + 4)
    assert list(rows["teacher"]) == pytest.approx([0.6487, *[0.0878] * 4], abs=1e-4)
    assert list(rows["student"])[1] == pytest.approx(0.6487, abs=1e-4)


def test_both_answers_are_said_with_their_times(app: App, example: Path) -> None:
    at = app("compare")
    text = markdown(at)
    assert "## very negative" in text
    assert "## negative" in text
    assert "Confidence 64.9 %" in text
    assert "**3.60 ms** :small[:gray[3.00 to 4.80]]" in text
    assert "**1.20 ms** :small[:gray[1.10 to 1.50]]" in text
    assert "with 2 threads: median and 5th to 95th percentile of 21 passes each, in turn" in text
    assert "A run is being computed" not in text
    assert "A run is being computed beside it" in markdown(typed(at, "We are in training."))
    assert not at.exception


def test_own_sentence_has_no_label(app: App, example: Path, models: list[tuple[str, str]]) -> None:
    at = typed(app("compare"), "Something nobody has written.")
    assert models[-1][1] == "Something nobody has written."
    assert "its label is" not in markdown(at)
    assert component(at, "temperature")["gold"] is None
    assert "**Unlike the texts of this run**" in at.info[0].value
    assert "4 of its 4 words (*something*, *nobody*, *has*, *written*) occur in none of the 20" in at.info[0].value
    assert not at.exception


def test_the_address_names_sentence_and_original(app: App, example: Path, models: list[tuple[str, str]]) -> None:
    at = app("compare", compare__text="It was really good.", compare__original="It was good.")
    assert ("example", "It was really good.") in models
    assert ("example", "It was good.") in models
    assert "The student changes its mind from **negative** to **very negative**" in markdown(at)


def test_example_button_fills_the_field(app: App, example: Path) -> None:
    at = press(app("compare"), "compare.example.2")
    assert at.text_input(key="compare.text").value == "This is text number 2."
    assert "its label is **neutral**" in markdown(at)
    assert not at.exception


def test_empty_sentence_asks_for_one(app: App, example: Path) -> None:
    at = typed(app("compare"), "  ")
    assert "Type a sentence" in at.info[0].value
    assert at.button(key="compare.example.0")
    assert not at.exception


def test_long_sentence_is_said_to_be_cut(app: App, example: Path) -> None:
    assert "its end was cut off" in typed(app("compare"), "Is it?").warning[0].value


def test_model_that_cannot_be_loaded_is_explained(app: App, example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ModelError("the teacher must be where it was, got nothing; put it back")

    monkeypatch.setattr(model_answers, "compare", refuse)
    at = app("compare")
    assert at.error[0].value == "the teacher must be where it was, got nothing; put it back"
    assert not at.exception


def test_missing_outputs_are_explained(app: App, store: RunStore) -> None:
    run = seeds.finished_family(store)
    store.folder(run.id).outputs.unlink()
    at = app("compare", run=run.id)
    assert "cannot be read" in at.error[0].value
    assert not at.exception


def test_another_run_begins_with_its_own_text(app: App, example: Path, store: RunStore) -> None:
    run = seeds.finished_family(store)
    path = store.folder(run.id).test_texts
    path.write_text(path.read_text(encoding="utf-8").replace("This is", "That was"), encoding="utf-8")
    at = app("compare")
    at.selectbox(key="app.run").set_value(run.id).run()
    assert at.text_input(key="compare.text").value == "That was text number 18."
    typed(at, "My own.")
    at.selectbox(key="app.run").set_value("example").run()
    assert at.text_input(key="compare.text").value == "My own."
    assert not at.exception


def test_unfinished_run_and_tfidf_have_nobody_to_ask(app: App, store: RunStore) -> None:
    run = store.add("waiting", seeds.a_config(), corpus_name="reviews")
    at = app("compare", run=run.id)
    assert "not done yet" in at.info[0].value
    tfidf = seeds.finished(store, next(c for c in seeds.family_of(seeds.a_config()) if c.method is Method.BASELINE))
    at = app("compare", run=tfidf.id)
    assert "TF-IDF: word counts and logistic regression" in at.info[0].value
    assert not at.exception


def test_the_student_runs_in_the_browser_once_its_page_is_written(app: App, example: Path, store: RunStore) -> None:
    at = app("compare", **{"compare.browser": "true"})
    assert "compare.export" in {button.key for button in at.button}
    folder = store.path / "exports" / "example" / "browser"
    folder.mkdir(parents=True)
    (folder / "proof.json").write_text(json.dumps(to_json(a_proof())), encoding="utf-8")
    at.run()
    (frame,) = at.get("iframe")
    assert frame.proto.src == "/student/example/index.html"
    assert not at.exception
