"""Runs that were told few labels, or none, on every page."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from distil_core.runs import foreground
from distil_core.runs.foreground import Distillation
from distil_core.runs.store import RunStore
from distil_core.settings.config import CorpusConfig, Precision, RunConfig, StudentConfig, TeacherConfig, TrainingConfig
from pages.state import attention_maps, model_answers
from tests import tiny
from tests.pages.conftest import component, markdown
from tests.tasks.test_zero_shot import WORDS, unlabeled

REAL = {
    module: {name: value for name, value in vars(module).items() if callable(value) and not name.startswith("_")}
    for module in (model_answers, attention_maps)
}
PAGES = ("distil", "compare", "temperature", "attention", "tradeoffs", "whatif", "runs")


@pytest.fixture(scope="module", params=["shots", "zero-shot"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Distillation]:
    folder, home = tmp_path_factory.mktemp("texts"), tmp_path_factory.mktemp("told")
    encoder = folder / "encoder"
    tiny.model(depth=2).base_model.save_pretrained(encoder)
    tiny.tokenizer().save_pretrained(encoder)
    if request.param == "shots":
        train, test = tiny.write_csv(folder, n_train=240)
        corpus = CorpusConfig(source=str(train), test=str(test), shots=20)
    else:
        corpus = replace(unlabeled(folder, n=120), label_descriptions=WORDS, hypothesis_template="{}")
    config = RunConfig(
        corpus=corpus,
        teacher=TeacherConfig(source=str(encoder), max_length=40),
        student=StudentConfig(depth=1),
        training=TrainingConfig(epochs=2, batch_size=8, learning_rate=3e-3, precision=Precision.FP32),
    )
    return home, foreground.run_all(config, RunStore(home))


@pytest.fixture
def opened(
    app: Callable[..., AppTest], told: tuple[Path, Distillation], models: object, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., AppTest]:
    """Open a page on that run, with the models that it has."""
    home, distillation = told
    monkeypatch.setenv("DISTIL_LAB_HOME", str(home))
    for module, names in REAL.items():
        for name, usual in names.items():
            monkeypatch.setattr(module, name, usual)
    return lambda page, **query: app(page, run=distillation.run, **query)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens(page: str, opened: Callable[..., AppTest]) -> None:
    at = opened(page)
    assert not at.exception
    assert not at.error


def test_compare_shows_what_the_run_measured(opened: Callable[..., AppTest], told: tuple[Path, Distillation]) -> None:
    folder = told[1].folder
    row = folder.read_test_texts()[3]
    at = opened("compare", compare__text=row.text)
    shown = component(at, "temperature")
    test = folder.read_predictions().test
    assert shown["student"] == pytest.approx(test.logits[3].tolist(), abs=1e-4)
    assert shown["teacher"] == pytest.approx(test.teacher.logits[3].tolist(), abs=1e-4)


def test_twins_are_those_that_such_a_run_has(opened: Callable[..., AppTest], told: tuple[Path, Distillation]) -> None:
    shown = markdown(opened("distil"))
    assert ("hard-label twin" in shown.lower()) is (told[1].hard_label_twin is not None)


@pytest.mark.parametrize("view", ["Attention rollout", "Attention entropy", "Leave-one-out", "All heads"])
def test_every_view_of_attention_says_something(view: str, opened: Callable[..., AppTest]) -> None:
    at = opened("attention", attention__view=view)
    assert not at.exception
    assert not at.error
    if view == "Attention rollout":  # the teacher reads the mean, its student the first token
        assert "all tokens (teacher) and the first token (student)" in markdown(at)
