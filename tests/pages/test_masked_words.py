"""Pages on a run whose models predict masked words."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from distil_core.runs import foreground
from distil_core.runs.foreground import Distillation
from distil_core.runs.store import RunStore
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


def test_compare_asks_for_a_mask(opened: Callable[..., AppTest]) -> None:
    at = opened("compare", compare__text="no mask")
    assert not at.exception
    assert "[MASK]" in at.error[0].value
