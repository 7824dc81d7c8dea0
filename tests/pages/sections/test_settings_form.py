"""The settings of a run as widgets: what they ask for, and what they refuse."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from distil_core.runs.store import RunStore
from distil_core.settings import recipes
from distil_core.settings.config import CorpusConfig, LossConfig, Method, Recipe, Supervision, TrainingConfig
from tests.pages.conftest import markdown

App = Callable[..., AppTest]


def test_settings_reach_the_run(app: App, store: RunStore) -> None:
    at = app()
    at.slider(key="distil.loss.temperature").set_value(4.0)
    at.slider(key="distil.loss.alpha").set_value(0.5)
    at.number_input(key="distil.student.depth").set_value(3)
    at.number_input(key="distil.training.learning_rate").set_value(1e-4)
    at.number_input(key="distil.seed").set_value(7)
    at.selectbox(key="distil.student.init").set_value("random")
    at.run()
    at.button(key="distil.start").click().run()
    config = next(run.config for run in store.list() if run.config.method is Method.DISTILLED)
    assert (config.loss.temperature, config.loss.alpha, config.seed) == (4.0, 0.5, 7)
    assert (config.student.depth, config.student.init, config.training.learning_rate) == (3, "random", 1e-4)
    assert not at.exception


def test_a_quick_recipe_leaves_out_what_it_chooses(app: App, store: RunStore) -> None:
    at = app()
    chosen = [f"distil.training.{name}" for name in recipes.DECIDED]
    shown = {widget.key for widget in at.number_input}
    assert set(chosen) <= shown
    at.number_input(key="distil.training.learning_rate").set_value(1e-4).run()
    at.selectbox(key="distil.training.recipe").set_value("quick").run()
    assert shown - {widget.key for widget in at.number_input} == set(chosen)
    assert not at.error
    at.button(key="distil.start").click().run()
    config = next(run.config for run in store.list() if run.config.method is Method.DISTILLED)
    assert config.training.recipe is Recipe.QUICK
    assert config.training.learning_rate == TrainingConfig().learning_rate
    assert not at.exception


def test_explicit_layers_are_read_from_text(app: App, store: RunStore) -> None:
    at = app()
    at.text_input(key="distil.student.layers").set_value("0, 2,5").run()
    at.button(key="distil.start").click().run()
    config = next(run.config for run in store.list() if run.config.method is Method.DISTILLED)
    assert config.student.layers == (0, 2, 5)
    assert not at.exception


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("distil.student.layers", "0, two", "student.layers[1] must be int, got 'two'"),
        ("distil.student.layers", "3, 1", "student.layers must rise and not repeat, got [3, 1]"),
    ],
)
def test_bad_setting_is_explained_and_cannot_be_started(app: App, key: str, value: str, sentence: str) -> None:
    at = app()
    at.text_input(key=key).set_value(value).run()
    assert at.error[0].value.replace("\\", "") == sentence
    assert at.button(key="distil.start").disabled
    assert not at.exception


def test_too_deep_a_student_is_explained_before_the_click(app: App) -> None:
    at = app()
    at.number_input(key="distil.student.depth").set_value(9).run()
    assert at.error[0].value == "student.depth must be at most the teacher's 6 layers, got 9"
    assert at.button(key="distil.start").disabled
    assert not at.exception


def test_own_file_is_previewed_mapped_and_used(app: App, store: RunStore) -> None:
    at = app()
    assert (at.selectbox(key="distil.teacher").value, at.selectbox(key="distil.corpus.told").value) == (
        "shipped",
        "share",
    )
    at.selectbox(key="distil.corpus").set_value("file").run()
    assert [at.selectbox(key=f"distil.{name}").value for name in ("teacher", "corpus.told")] == ["minilm", "all"]
    assert at.button(key="distil.start").disabled
    content = "review,stars\n" + "".join(f"text {i},{i % 2}\n" for i in range(8))
    at.file_uploader(key="distil.upload.train").upload("mine.csv", content.encode()).run()
    at.selectbox(key="distil.corpus.text").set_value("review")
    at.selectbox(key="distil.corpus.label").set_value("stars").run()
    assert "The first 5 of 8 rows of mine.csv." in markdown(at)
    at.button(key="distil.start").click().run()
    config = next(run.config for run in store.list() if run.config.method is Method.DISTILLED)
    assert Path(config.corpus.source).read_text(encoding="utf-8") == content
    assert Path(config.corpus.source).is_relative_to(store.path)
    assert (config.corpus.text_column, config.corpus.label_column) == ("review", "stars")
    assert not at.exception


@pytest.mark.parametrize(
    ("told", "key", "value", "expected"),
    [
        ("share", "labeled", 0.1, CorpusConfig(labeled=0.1)),
        ("shots", "shots", 6, CorpusConfig(shots=6)),
        ("none", "label_descriptions", "mixed: so so", None),
    ],
)
def test_labels_are_told_of_as_many_texts_as_somebody_says(
    told: str, key: str, value: Any, expected: CorpusConfig | None, app: App, store: RunStore
) -> None:
    at = app()
    at.selectbox(key="distil.corpus.told").set_value(told).run()
    fields = at.text_input if isinstance(value, str) else at.number_input
    fields(key=f"distil.corpus.{key}").set_value(value).run()
    at.button(key="distil.start").click().run()
    queued = [run.config for run in store.list()]
    config = next(config for config in queued if config.method is Method.DISTILLED)
    expected = expected or CorpusConfig(supervision=Supervision.ZERO_SHOT, label_descriptions=value)
    assert config.corpus == expected
    methods = {config.method for config in queued if config.corpus == expected}
    assert (Method.HARD_LABELS in methods) is (told != "none")
    assert ("distil.loss.alpha" in {widget.key for widget in at.slider}) is (told != "none")
    assert not at.exception


def test_an_address_that_names_few_labels_shows_them(app: App) -> None:
    at = app(**{"distil.corpus.shots": "4"})
    assert at.selectbox(key="distil.corpus.told").value == "shots"
    assert at.number_input(key="distil.corpus.shots").value == 4


def test_texts_without_labels_need_no_column_of_them(app: App, store: RunStore) -> None:
    at = app()
    at.selectbox(key="distil.corpus").set_value("file").run()
    at.selectbox(key="distil.corpus.told").set_value("none").run()
    texts = "review\n" + "".join(f"text {i}\n" for i in range(40))
    labeled = "review,stars\n" + "".join(f"text {i},{'good' if i % 2 else 'bad'}\n" for i in range(8))
    at.file_uploader(key="distil.upload.train").upload("mine.csv", texts.encode()).run()
    at.file_uploader(key="distil.upload.test").upload("test.csv", labeled.encode()).run()
    at.selectbox(key="distil.corpus.text").set_value("review").run()
    at.button(key="distil.start").click().run()
    assert not at.error
    config = next(run.config for run in store.list() if run.config.method is Method.DISTILLED)
    assert Path(config.corpus.test).read_text(encoding="utf-8") == labeled
    assert not at.exception


def test_pairs_may_be_reviews_with_how_much_alike_they_are(app: App, store: RunStore) -> None:
    at = app()
    assert "Reviews, how much alike two are" not in at.selectbox(key="distil.corpus").options
    at.selectbox(key="distil.task").set_value("pairs").run()
    at.selectbox(key="distil.corpus").set_value("review-likeness").run()
    at.number_input(key="distil.corpus.n_train").set_value(200)
    at.number_input(key="distil.corpus.n_test").set_value(50).run()
    at.button(key="distil.start").click().run()
    assert not at.exception
    assert not at.error
    config = next(run.config for run in store.list() if run.config.method is Method.DISTILLED)
    assert (config.task, config.corpus.source, config.corpus.n_train) == ("pairs", "review-likeness", 200)


def test_a_task_that_takes_any_texts_is_offered_no_other(app: App) -> None:
    rows = "text_a,text_b,label\n" + "".join(f"one {i},two {i},{i % 6}\n" for i in range(60))
    at = app()
    at.selectbox(key="distil.corpus").set_value("file").run()
    at.file_uploader(key="distil.upload.train").upload("mine.csv", rows.encode()).run()
    assert [button.label for button in at.button if button.key == "distil.task.offered"] == ["Use Text pairs"]
    at.selectbox(key="distil.task").set_value("embeddings").run()
    assert not [button for button in at.button if button.key == "distil.task.offered"]
    assert not at.exception


def test_a_file_of_another_task_offers_that_task(app: App) -> None:
    rows = [json.dumps({"tokens": ["Ann", f"saw{i}"], "ner_tags": ["B-PER", "O"]}) for i in range(30)]
    at = app()
    at.selectbox(key="distil.corpus").set_value("file").run()
    assert not [button for button in at.button if button.key == "distil.task.offered"]
    at.file_uploader(key="distil.upload.train").upload("mine.jsonl", "\n".join(rows).encode()).run()
    assert any("Named entities" in info.value for info in at.info)
    at.button(key="distil.task.offered").click().run()
    assert at.selectbox(key="distil.task").value == "tokens"
    assert at.selectbox(key="distil.corpus").value == "file"
    assert not [button for button in at.button if button.key == "distil.task.offered"]
    assert "mine.jsonl" in " ".join(each.value for each in at.caption)


def test_file_that_is_no_table_is_explained(app: App) -> None:
    at = app()
    at.selectbox(key="distil.corpus").set_value("file").run()
    at.file_uploader(key="distil.upload.train").upload("mine.parquet", b"no parquet").run()
    assert "mine.parquet" in at.error[0].value
    assert at.button(key="distil.start").disabled
    assert not at.exception


@pytest.mark.parametrize(
    ("choice", "field", "value", "source"),
    [
        ("folder", "distil.teacher.folder", "/somewhere/teacher", "/somewhere/teacher"),
        ("folder", "distil.teacher.folder", "~nobody-there/teacher", "~nobody-there/teacher"),
        ("hub", "distil.teacher.hub", " somebody/model ", "somebody/model"),
    ],
)
def test_teacher_from_elsewhere(app: App, store: RunStore, choice: str, field: str, value: str, source: str) -> None:
    at = app()
    at.selectbox(key="distil.teacher").set_value(choice).run()
    assert at.button(key="distil.start").disabled
    at.text_input(key=field).set_value(value).run()
    at.button(key="distil.start").click().run()
    assert {run.config.teacher.source for run in store.list()} == {source}
    assert not at.exception


def test_corpus_from_the_hub(app: App, store: RunStore) -> None:
    at = app()
    at.selectbox(key="distil.corpus").set_value("hub").run()
    assert at.button(key="distil.start").disabled
    at.text_input(key="distil.corpus.hub").set_value("somebody/set").run()
    at.text_input(key="distil.corpus.text_column").set_value("body")
    at.text_input(key="distil.corpus.label_column").set_value("mood")
    at.text_input(key="distil.corpus.label_names").set_value("bad, good").run()
    at.button(key="distil.start").click().run()
    asked = CorpusConfig(
        source="hub:somebody/set", text_column="body", label_column="mood", label_names=("bad", "good")
    )
    assert {run.config.corpus for run in store.list()} == {asked}
    assert not at.exception


def test_every_setting_has_its_sentence_of_help(app: App) -> None:
    at = app()
    widgets = [*at.slider, *at.number_input, *at.text_input, *at.selectbox]
    assert [widget.key for widget in widgets if widget.key.startswith("distil.") and not widget.help] == []
    losses = {
        f"distil.loss.{name}" for name in LossConfig.__dataclass_fields__ if name != "soft_sites"
    }  # of words alone
    assert losses - {"distil.loss.soft_sites"} <= {widget.key for widget in widgets}  # which is of words alone
    assert not at.exception
