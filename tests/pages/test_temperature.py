"""Temperature: what the live component gets, what it gives back, and the figures of the whole corpus."""

import base64
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from streamlit.testing.v1 import AppTest

from distil_core.analysis import gradients
from distil_core.analysis.temperature import GradientNorms
from distil_core.errors import ModelError
from distil_core.runs.folder import RunFolder
from distil_core.runs.record import RunRecord
from distil_core.runs.store import RunStore
from distil_core.settings.config import Method
from distil_core.settings.serialization import from_json, to_json
from pages.state import model_answers, softened_outputs
from tests import seeds
from tests.pages.conftest import component, figure, markdown

App = Callable[..., AppTest]
NORMS = GradientNorms(
    temperatures=(1.0, 4.0, 16.0), soft=(2.0, 1.6, 0.1), scaled=(2.0, 25.6, 25.6), hard=3.0, n_texts=7
)


def table(at: AppTest, column: str) -> Any:
    """The figures behind what is drawn, by one of their columns."""
    (figures,) = [frame.value for frame in at.dataframe if column in frame.value]
    return figures


def matrix(at: AppTest, index: int) -> np.ndarray:
    """The numbers of a heatmap, which plotly gets as bytes."""
    z = figure(at, index)["data"][0]["z"]
    return np.frombuffer(base64.b64decode(z["bdata"]), dtype=z["dtype"]).reshape(
        [int(n) for n in z["shape"].split(",")]
    )


def with_two_labels(folder: Path) -> None:
    """Make an example run one of two labels."""
    for path in folder.glob("*/record.json"):
        files = RunFolder(path=path.parent)
        record = from_json(RunRecord, json.loads(files.record.read_text(encoding="utf-8")))
        record = replace(record, corpus=replace(record.corpus, label_names=("bad", "good")))
        files.record.write_text(json.dumps(to_json(record)), encoding="utf-8")
        arrays = load_file(files.outputs)
        halved = {
            name: np.ascontiguousarray(values[:, :2]) if values.ndim == 2 else values % 2
            for name, values in arrays.items()
        }
        save_file(halved, files.outputs)
        lines = [json.dumps({"text": f"This is text number {i}.", "label": i % 2}) for i in range(seeds.N_TEXTS)]
        files.test_texts.write_text("\n".join(lines), encoding="utf-8")


def test_stored_answers_go_to_the_browser_and_no_model_is_loaded(
    app: App, example: Path, models: list[tuple[str, str]]
) -> None:
    at = app("temperature", temperature__text="This is text number 18.")
    data = component(at, "temperature")
    # Of 20 texts the student is wrong on the last two, the teacher on the last.
    assert data["teacher"] == [0, 0, 0, 3, 0]
    assert data["student"] == [0, 0, 0, 0, 3]
    assert data["labels"] == ["very negative", "negative", "neutral", "positive", "very positive"]
    assert (data["gold"], data["value"], data["curves"]) == (3, 2.0, True)
    assert models == []
    assert not at.exception


def test_answers_are_a_table_at_the_temperature_chosen(app: App, example: Path) -> None:
    at = app("temperature", temperature__text="This is text number 18.", temperature__t=f"{3 / math.log(4):.12g}")
    answers = table(at, "teacher's logit")
    assert answers["teacher's logit"].tolist() == [0, 0, 0, 3, 0]
    # The logits are 3 and four times 0; e^(3 / T) is 4.
    assert answers["teacher's share"].tolist() == pytest.approx([1 / 8, 1 / 8, 1 / 8, 1 / 2, 1 / 8])
    assert answers["student's share"].tolist() == pytest.approx([1 / 8, 1 / 8, 1 / 8, 1 / 8, 1 / 2])
    assert not at.exception


def test_own_text_is_put_to_both_models_once(app: App, example: Path, models: list[tuple[str, str]]) -> None:
    at = app("temperature")
    at.text_input(key="temperature.text").set_value("Something nobody has written.").run()
    assert component(at, "temperature")["teacher"] == [2.0, 0.0, 0.0, 0.0, 0.0]
    assert component(at, "temperature")["student"] == [0.0, 2.0, 0.0, 0.0, 0.0]
    assert component(at, "temperature")["gold"] is None
    at.run()
    assert models == [("example", "Something nobody has written.")]
    assert not at.exception


def test_first_text_is_one_over_which_the_teacher_hesitates(app: App, example: Path) -> None:
    outcome = seeds.shipped_family(example).distilled
    texts, telling = model_answers.of_test_texts(outcome).texts, softened_outputs.telling(outcome)
    at = app("temperature")
    assert at.text_input(key="temperature.text").value == texts[telling["hesitant"]]
    at.button(key="temperature.example.sure").click().run()
    assert at.text_input(key="temperature.text").value == texts[telling["sure"]]
    assert not at.exception


def test_empty_text_asks_for_one(app: App, example: Path) -> None:
    at = app("temperature")
    at.text_input(key="temperature.text").set_value("  ").run()
    assert "Type a text" in at.info[0].value
    assert not at.exception


def test_closed_tabs_cost_nothing(app: App, example: Path) -> None:
    at = app("temperature")
    assert not at.get("plotly_chart")
    assert not at.exception


def test_all_texts_over_the_temperature(app: App, example: Path) -> None:
    at = app("temperature", temperature__tab="All texts")
    student, teacher = figure(at, 0)["data"]
    at_one = teacher["x"].index(1.0)
    # All logits are 3 for one label and 0 for four: e^3 / (e^3 + 4).
    p, q = math.exp(3) / (math.exp(3) + 4), 1 / (math.exp(3) + 4)
    assert teacher["y"][at_one] == pytest.approx(-p * math.log(p) - 4 * q * math.log(q))
    assert student["y"] == pytest.approx(teacher["y"])
    kl, scaled = figure(at, 1)["data"]
    # Teacher and student part on one text of 20.
    assert kl["y"][at_one] == pytest.approx(3 * (p - q) / 20)
    assert scaled["y"][kl["x"].index(4.0)] == pytest.approx(16 * kl["y"][kl["x"].index(4.0)])
    assert set(figure(at, 2)["data"][0]["y"]) == {95.0}
    assert "they agree on **95.0 %** of the texts at every temperature" in markdown(at)
    assert table(at, "teacher (nats)")["teacher (nats)"][at_one] == teacher["y"][at_one]
    assert not at.exception


def test_dark_knowledge_of_three_models(app: App, example: Path) -> None:
    at = app("temperature", temperature__tab="Dark knowledge")
    teacher, student = matrix(at, 0), matrix(at, 1)
    # Where the teacher is right, all wrong labels are alike; it takes text 19, of label 4, for label 0.
    assert teacher[1] == pytest.approx([25.0, math.nan, 25.0, 25.0, 25.0], nan_ok=True)
    wrong = math.exp(1.5) / (math.exp(1.5) + 3)
    assert teacher[4, 0] == pytest.approx(100 * (3 * 0.25 + wrong) / 4)
    assert student[3, 4] == pytest.approx(100 * (3 * 0.25 + wrong) / 4)
    assert len({figure(at, i)["data"][0]["zmax"] for i in range(3)}) == 1
    # One row of five differs: the student takes text 18, one of four of label 3, for label 4.
    text = markdown(at)
    assert f"the student puts **{100 * (1 - (wrong - 0.25) / 4 / 5):.1f} %** where the teacher puts it" in text
    assert "the twin's on" in text
    assert "What the teacher confuses most" not in text
    assert not at.exception


def test_dark_knowledge_follows_the_temperature(app: App, example: Path) -> None:
    at = app("temperature", temperature__tab="Dark knowledge", temperature__dark="8")
    wrong = math.exp(3 / 8) / (math.exp(3 / 8) + 3)
    assert matrix(at, 0)[4, 0] == pytest.approx(100 * (3 * 0.25 + wrong) / 4)
    assert not at.exception


def test_two_labels_have_no_dark_knowledge(app: App, example: Path) -> None:
    with_two_labels(example)
    at = app("temperature", temperature__tab="Dark knowledge")
    assert "Two labels have no dark knowledge to show" in at.info[0].value
    assert "temperature only slides one number" in markdown(at)
    assert not at.get("plotly_chart")
    assert len(component(at, "temperature")["teacher"]) == 2
    for tab in ("All texts", "Calibration"):
        at = app("temperature", temperature__tab=tab)
        assert at.get("plotly_chart")
        assert not at.exception


def test_gradients_are_measured_once(app: App, example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def of_run(folder: RunFolder, **_: object) -> GradientNorms:
        asked.append(folder)
        return NORMS

    monkeypatch.setattr(gradients, "of_run", of_run)
    at = app("temperature", temperature__tab="Why T²")
    at.run()
    assert asked == [RunFolder(path=example / "distilled")]
    assert [trace["y"] for trace in figure(at, 0)["data"][:2]] == [list(NORMS.soft), list(NORMS.scaled)]
    assert "falls **16.0 ×** without T²" in markdown(at)
    assert "on 7 short test texts" in markdown(at)
    assert not at.exception


def test_student_that_cannot_be_loaded_is_explained(app: App, example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> GradientNorms:
        raise ModelError("the student must be where it was, got nothing; put it back")

    monkeypatch.setattr(gradients, "of_run", refuse)
    at = app("temperature", temperature__tab="Why T²")
    assert at.error[0].value == "the student must be where it was, got nothing; put it back"
    # The live view above goes on.
    assert component(at, "temperature")["value"] == 2.0
    assert not at.exception


def test_calibration_of_three_models(app: App, example: Path) -> None:
    at = app("temperature", temperature__tab="Calibration")
    table = at.table[0].value
    assert list(table.columns) == ["Teacher", "Student", "Hard-label twin"]
    # Right on 95, 90 and 80 %: e^(3/T) / (e^(3/T) + 4) is that much.
    for name, right in (("Teacher", 0.95), ("Student", 0.9), ("Hard-label twin", 0.8)):
        temperature = 3 / math.log(4 * right / (1 - right))
        sure = math.exp(3) / (math.exp(3) + 4)
        assert table[name].iloc[0] == f"{temperature:.2f}"
        before, after = table[name].iloc[1].split(" → ")
        assert before == f"{100 * abs(sure - right):.1f} %"
        assert after == "0.0 %"
    first = figure(at, 0)["data"][1]
    assert first["y"] == pytest.approx([95.0])
    assert sum(figure(at, 0)["data"][3]["y"]) == 20
    assert not at.exception


def test_run_without_twins_shows_two_models(app: App, store: RunStore) -> None:
    run = seeds.finished(store, seeds.a_config())
    at = app("temperature", run=run.id, temperature__tab="Dark knowledge")
    assert len(at.get("plotly_chart")) == 2
    assert "twin" not in markdown(at)
    at = app("temperature", run=run.id, temperature__tab="Calibration")
    assert list(at.table[0].value.columns) == ["Teacher", "Student"]
    assert not at.exception


def test_missing_outputs_are_explained(app: App, store: RunStore) -> None:
    run = seeds.finished_family(store)
    store.folder(run.id).outputs.unlink()
    at = app("temperature", run=run.id)
    assert "cannot be read" in at.error[0].value
    assert not at.exception


def test_unfinished_run_and_tfidf_have_nothing_to_soften(app: App, store: RunStore) -> None:
    run = store.add("waiting", seeds.a_config(), corpus_name="reviews")
    at = app("temperature", run=run.id)
    assert "not done yet" in at.info[0].value
    tfidf = seeds.finished(store, next(c for c in seeds.family_of(seeds.a_config()) if c.method is Method.BASELINE))
    at = app("temperature", run=tfidf.id)
    assert "TF-IDF: word counts and logistic regression" in at.info[0].value
    assert not at.exception
