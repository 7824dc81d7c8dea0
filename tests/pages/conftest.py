"""The app in this process, on a store of its own, with a pipeline that queues and computes nothing."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from distil_core.analysis.attention import AttentionReading, LayerSimilarity, Occlusion, OcclusionPair
from distil_core.analysis.comparison import Compared
from distil_core.analysis.error_analysis import Answers
from distil_core.analysis.model_pair import TextComparison
from distil_core.errors import ConfigError
from distil_core.evaluation.records import Latency
from distil_core.runs import estimates, families, requests, sources, workers
from distil_core.runs.rows import Run
from distil_core.runs.sources import RunSource
from distil_core.runs.store import RunStore
from distil_core.settings.config import Precision, RunConfig
from distil_core.settings.serialization import digest
from distil_core.tasks.catalog import configured_task
from pages.components import private_apis
from pages.state import attention_maps, class_mode, model_answers
from tests import seeds
from tests.factories import a_comparison
from tests.pages.readings import CHANGES, a_reading

APP = Path(__file__).parents[2] / "app.py"


def compared(text: str) -> Compared:
    """What two models might make of a sentence: the teacher is sure of label 0, the student of label 1."""
    teacher, student = (2.0, 0.0, 0.0, 0.0, 0.0), (0.0, 2.0, 0.0, 0.0, 0.0)
    return a_comparison(teacher, teacher if "really" in text else student, text)


@dataclass(frozen=True)
class FakeTiming:
    """How long two models might take for a sentence."""

    teacher: Latency = Latency(p5=3.0, p50=3.6, p95=4.8)
    student: Latency = Latency(p5=1.1, p50=1.2, p95=1.5)
    n: int = 21
    n_threads: int = 2
    n_tokens: int = 9


@pytest.fixture
def store(home: Path) -> RunStore:
    """The store of the app under test."""
    return RunStore(home)


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An example run that ships with the app."""
    folder = seeds.example_folder(tmp_path / "example")
    monkeypatch.setattr(sources, "shipped_folder", lambda: folder)
    return folder


@pytest.fixture(autouse=True)
def queueing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let runs be queued at once, and nobody compute them."""

    def submit(config: RunConfig, store: RunStore, *, twins: bool = True, in_turns: bool = False) -> tuple[Run, ...]:
        possible = configured_task(config).methods
        family = [item for item in seeds.family_of(config) if item.method in possible]
        return tuple(store.add(digest(item), item, corpus_name="reviews") for item in family)

    def estimate_seconds(config: RunConfig, source: RunSource) -> float | None:
        if config.student.depth > 6:
            raise ConfigError(f"student.depth must be at most the teacher's 6 layers, got {config.student.depth}")
        done = all((run := source.find(digest(item))) and run.record for item in seeds.family_of(config))
        return 0.0 if done else 21.0

    monkeypatch.setattr(requests, "submit", submit)
    monkeypatch.setattr(estimates, "estimate_seconds", estimate_seconds)
    monkeypatch.setattr(workers, "ensure_worker", lambda store, **_: None)
    monkeypatch.setattr(class_mode, "active", lambda: False)
    monkeypatch.setattr(sources, "shipped_folder", lambda: tmp_path / "left out")


@pytest.fixture(autouse=True, scope="session")
def component_scan() -> None:
    """Look through the installed packages as little as the server does."""
    private_apis.skip_component_scan()
    private_apis.refuse_endless_numbers()


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
    """Answer every sentence with the fake comparison; returns what was asked of which run.

    A sentence with "really" in it makes the student sure of label 0, too; one with "?" is too long to be read whole.
    """
    asked: list[tuple[str, str]] = []

    def compare(outcome: families.FinishedRun, text: str) -> TextComparison:
        asked.append((outcome.run, text))
        return TextComparison(tokens=(), sites=(compared(text),), truncated="?" in text, mask="[MASK]")

    def timing(outcome: families.FinishedRun, text: str, *, between: Callable[[], object]) -> tuple[FakeTiming, bool]:
        between()
        return FakeTiming(), "training" in text

    def stream(outcome: families.FinishedRun, texts: Sequence[str], *, precision: Precision) -> Iterator[Answers]:
        asked.append(("in", precision))
        for text in texts:
            (whole,) = compare(outcome, text).sites
            yield Answers(
                places=((whole.place,),),
                teacher=np.array([whole.teacher_logits]),
                student=np.array([whole.student_logits]),
            )

    monkeypatch.setattr(model_answers, "compare", compare)
    monkeypatch.setattr(model_answers, "timing", timing)
    monkeypatch.setattr(model_answers, "stream", stream)
    monkeypatch.setattr(model_answers, "bf16_pays", lambda: True)
    return asked


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let models without weights read; returns what they were asked for."""
    seen: list[str] = []

    def reading(_: Any, text: str, *, part: int = 0) -> AttentionReading:
        seen.append(f"reading {text}")
        return a_reading(text)

    def hidden_similarity(_: Any) -> LayerSimilarity:
        seen.append("states")
        return LayerSimilarity(matrix=np.arange(6.0).reshape(3, 2) / 10, n_tokens=1414, n_texts=51)

    def left_out(_: Any, text: str, *, site: int) -> OcclusionPair:
        seen.append("left out")
        teacher = Occlusion(label=0, probability=0.9, changes=CHANGES)
        return OcclusionPair(
            words=tuple(text.split()), teacher=teacher, student=replace(teacher, label=1, probability=0.6)
        )

    monkeypatch.setattr(attention_maps, "reading", reading)
    monkeypatch.setattr(attention_maps, "hidden_similarity", hidden_similarity)
    monkeypatch.setattr(attention_maps, "left_out", left_out)
    return seen


@pytest.fixture
def app(queueing: None) -> Callable[..., AppTest]:
    """Open a page, as a browser does that is given an address."""

    def opened(page: str = "distil", **query: str | list[str]) -> AppTest:
        at = AppTest.from_file(str(APP), default_timeout=30)
        for name, value in query.items():
            at.query_params[name.replace("__", ".")] = value
        if page != "distil":  # the page that stands first
            at.switch_page(f"pages/{page}.py")
        return at.run()

    return opened


def figure(at: AppTest, index: int) -> dict[str, Any]:
    """Return a chart of the page as plotly gets it."""
    return json.loads(at.get("plotly_chart")[index].proto.spec)  # type: ignore[no-any-return]


def markdown(at: AppTest) -> str:
    """Return all text of a page."""
    return "\n".join(
        element.value for element in (*at.markdown, *at.caption, *at.title, *at.header, *at.info, *at.warning)
    )


def chart(at: AppTest, key: str) -> dict[str, Any]:
    """Return a chart of the page by its key, as plotly gets it."""
    (index,) = (i for i, element in enumerate(at.get("plotly_chart")) if element.proto.id.endswith(f"-{key}"))
    return figure(at, index)


def component(at: AppTest, name: str) -> dict[str, Any]:
    """Return what a component in the browser gets, by its registered name."""
    (proto,) = (e.proto for e in at.get("bidi_component") if e.proto.component_name == f"distil_lab.{name}")
    return json.loads(proto.json)  # type: ignore[no-any-return]


def press(at: AppTest, key: str) -> AppTest:
    """Press a button."""
    return at.button(key=key).click().run()


def typed(at: AppTest, text: str) -> AppTest:
    """Type a sentence on the Compare page."""
    return at.text_input(key="compare.text").set_value(text).run()


def examples(at: AppTest) -> Any:
    """Return the table of test texts on the Compare page; its key changes with the filters."""
    (table,) = (frame for frame in at.dataframe if frame.key and frame.key.startswith("compare.examples."))
    return table
