"""Pages on a run whose models predict masked words."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from distil_core.runs import foreground
from distil_core.runs.foreground import Distillation
from distil_core.runs.store import RunStore
from distil_core.settings.config import Method
from tests import words
from tests.pages.conftest import markdown


@pytest.fixture(scope="module")
def home_of_words(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Distillation]:
    home = tmp_path_factory.mktemp("words")
    return home, foreground.run_all(words.a_config(tmp_path_factory.mktemp("encoder")), RunStore(home))


@pytest.fixture
def opened(
    app: Callable[..., AppTest],
    home_of_words: tuple[Path, Distillation],
    models: object,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., AppTest]:
    home, distillation = home_of_words
    monkeypatch.setenv("DISTIL_LAB_HOME", str(home))
    return lambda page, **query: app(page, run=distillation.run, **query)


@pytest.mark.parametrize("page", ["distil", "runs", "tradeoffs", "whatif", "attention", "temperature"])
def test_a_page_opens(page: str, opened: Callable[..., AppTest]) -> None:
    at = opened(page)
    assert not at.exception
    assert not at.error


def test_compare_shows_the_words_of_both_models_and_how_surprised_they_are(opened: Callable[..., AppTest]) -> None:
    at = opened("compare", compare__text="we saw [MASK] near my house", compare__scored="we saw ice")
    assert not at.exception
    assert not at.error
    assert "Only the teacher expects" in markdown(at)
    frame = next(table.value for table in at.dataframe if "Teacher (nats)" in table.value)
    assert frame["Word"].tolist() == ["we", "saw", "ice"]
    means = [float(metric.value.removesuffix(" nats")) for metric in at.metric]
    assert means == pytest.approx(frame[["Teacher (nats)", "Student (nats)"]].mean().tolist(), abs=0.01)


def test_compare_begins_with_two_masked_words_of_a_test_text(opened: Callable[..., AppTest]) -> None:
    at = opened("compare")
    assert not at.exception
    masked, scored = (at.text_input(key=f"compare.{name}").value.split() for name in ("text", "scored"))
    assert masked.count("[MASK]") == 2
    assert {word for word, whole in zip(masked, scored, strict=False) if word != whole} == {"[MASK]"}


def test_compare_asks_for_a_mask(opened: Callable[..., AppTest]) -> None:
    at = opened("compare", compare__text="no mask")
    assert not at.exception
    assert r"must have a \[MASK\] where" in at.error[0].value  # as written, and no link


def test_a_folder_of_plain_texts_and_another_student_to_start_from_reach_the_run(
    opened: Callable[..., AppTest], home_of_words: tuple[Path, Distillation], tmp_path: Path
) -> None:
    home, distillation = home_of_words
    for name in ("a", "b"):
        (tmp_path / f"{name}.txt").write_text("\n".join(["the ice is cold and we saw snow near the house"] * 30))
    at = opened("distil")
    at.selectbox(key="distil.task").set_value("fill-mask").run()
    at.selectbox(key="distil.corpus").set_value("file").run()
    at.text_input(key="distil.corpus.train.path").set_value(str(tmp_path)).run()
    assert any("are joined with the text before them" in warning.value for warning in at.warning)
    at.selectbox(key="distil.student.parent").set_value(distillation.run).run()
    at.button(key="distil.start").click().run()
    assert not at.exception
    config = next(run.config for run in RunStore(home).list() if run.config.method is Method.DISTILLED)
    assert (config.corpus.source, config.student.parent) == (str(tmp_path), distillation.run)
