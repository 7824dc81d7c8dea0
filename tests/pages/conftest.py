"""The app in this process, on a store of its own, with a pipeline that queues and computes nothing."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from distil_core import jobs, outcomes, pipeline
from distil_core.config import RunConfig, digest
from distil_core.errors import ConfigError
from distil_core.runs import Run, RunStore
from pages import cache
from tests import seeds

APP = Path(__file__).parents[2] / "app.py"


@dataclass(frozen=True)
class FakeComparison:
    """What two models might make of a sentence: the teacher is sure of label 0, the student of label 1."""

    teacher_logits: tuple[float, ...] = (2.0, 0.0, 0.0, 0.0, 0.0)
    student_logits: tuple[float, ...] = (0.0, 2.0, 0.0, 0.0, 0.0)
    teacher_ms: float = 3.6
    student_ms: float = 1.2
    truncated: bool = False


@pytest.fixture
def store(home: Path) -> RunStore:
    """The store of the app under test."""
    return RunStore(home)


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An example run that ships with the app."""
    folder = seeds.example_folder(tmp_path / "example")
    monkeypatch.setattr(outcomes, "example_folder", lambda: folder)
    return folder


@pytest.fixture(autouse=True)
def queueing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs be queued at once, and nobody compute them."""

    def submit(config: RunConfig, store: RunStore, *, twins: bool = True) -> tuple[Run, ...]:
        return tuple(store.add(digest(item), item, corpus_name="reviews") for item in seeds.family_of(config))

    def estimate_seconds(config: RunConfig, store: RunStore) -> float | None:
        if config.student.depth > 6:
            raise ConfigError(f"student.depth must be at most the teacher's 6 layers, got {config.student.depth}")
        done = all((run := store.find(digest(item))) and run.record for item in seeds.family_of(config))
        return 0.0 if done else 21.0

    monkeypatch.setattr(pipeline, "submit", submit)
    monkeypatch.setattr(pipeline, "estimate_seconds", estimate_seconds)
    monkeypatch.setattr(jobs, "ensure_worker", lambda store, **_: None)
    monkeypatch.setattr(outcomes, "example_folder", lambda: None)


@pytest.fixture(autouse=True)
def navigation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pages run by way of `app.py`, as the server does; AppTest forgets that they do before each run."""
    usual = PagesManager.__init__

    def init(self: PagesManager, *args: Any, **kwargs: Any) -> None:
        usual(self, *args, **kwargs)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", init)


@pytest.fixture(autouse=True)
def models(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Answer every sentence with the fake comparison; returns what was asked of which run."""
    asked: list[tuple[str, str]] = []

    def compare(outcome: outcomes.Outcome, text: str) -> FakeComparison:
        asked.append((outcome.run, text))
        return FakeComparison()

    monkeypatch.setattr(cache, "compare", compare)
    return asked


@pytest.fixture
def app(queueing: None) -> Callable[..., AppTest]:
    """Open a page, as a browser does that is given an address."""

    def opened(page: str = "", **query: str) -> AppTest:
        at = AppTest.from_file(str(APP), default_timeout=30)
        for name, value in query.items():
            at.query_params[name.replace("__", ".")] = value
        at.run()
        if page:
            at.switch_page(f"pages/{page}.py")
            for name, value in query.items():
                at.query_params[name.replace("__", ".")] = value
            at.run()
        return at

    return opened


def figure(at: AppTest, index: int) -> dict[str, Any]:
    """Return a chart of the page as plotly gets it."""
    return json.loads(at.get("plotly_chart")[index].proto.spec)  # type: ignore[no-any-return]


def markdown(at: AppTest) -> str:
    """Return all text of a page."""
    return "\n".join(element.value for element in (*at.markdown, *at.caption, *at.subheader, *at.info, *at.warning))
