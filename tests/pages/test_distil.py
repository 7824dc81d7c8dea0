"""The first page: one button, a run that goes on while one looks, and its result."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from distil_core.errors import CorpusError, ModelError
from distil_core.runs import estimates, requests
from distil_core.runs.rows import RunState
from distil_core.runs.store import RunStore
from distil_core.settings.canonical import twin_of
from distil_core.settings.config import CorpusConfig, Method, RunConfig, StudentConfig
from distil_core.training.events import WAITING, Stage, TeacherMeasured, Validation
from tests import seeds
from tests.factories import a_step
from tests.pages.conftest import figure, markdown, press

App = Callable[..., AppTest]
FEW = seeds.a_config(corpus=CorpusConfig(labeled=0.05))
"""What the page asks for before anything is changed: there is plenty of text, and few labels are told."""


def test_example_fills_the_first_visit(app: App, example: Path) -> None:
    at = app()
    assert ":material/star: Example]" in markdown(at)
    worth, *headline = at.metric
    assert (worth.label, worth.value, worth.delta) == ("All texts labeled", "+10.0", "")
    assert [metric.value for metric in headline] == ["94.7 %", "66.7 %", "2.8 ×"]
    assert [metric.delta for metric in headline] == ["DistilBERT 97 %", "DistilBERT 40 %", "DistilBERT 1.6 ×"]
    loss, validation, accuracies = (figure(at, i) for i in range(3))
    assert [trace["name"] for trace in loss["data"]] == ["teacher's soft labels", "hard labels"]
    assert {trace["name"]: trace["y"][-1] for trace in validation["data"]} == {
        "Teacher": 95.0,
        "Student": 80.0,
        "Hard-label twin": 80.0,
    }
    assert {trace["name"]: trace["x"][0] for trace in accuracies["data"]} == {
        "Teacher": 95.0,
        "Student": 90.0,
        "Hard-label twin": 80.0,
        "Layer-cut twin": 40.0,
        "TF-IDF": 60.0,
    }
    assert {link.proto.page for link in at.get("page_link")} >= {"compare", "temperature", "runs"}
    assert not at.exception


def test_what_a_teacher_is_worth_with_few_labels_stands_beside_all(app: App, example: Path) -> None:
    seeds.example_folder(example / "few-labels", FEW)
    at = app()
    assert [metric.label for metric in at.metric][:2] == ["5 % labeled texts", "All texts labeled"]
    assert "5 % labeled" in at.selectbox(key="app.run").options[0]
    at.button(key="distil.introduction.example").click().run()
    assert at.query_params["run"] == "example"
    assert at.button(key="distil.introduction.example").disabled
    at.selectbox(key="app.run").set_value("few-labels").run()
    assert at.button(key="distil.introduction.few-labels").disabled
    assert not at.exception


def test_a_teacher_that_has_not_converged_learns_for_longer_by_one_press(app: App, store: RunStore) -> None:
    run = seeds.finished_family(store)
    for score in (0.5, 0.8):
        store.add_event(run.id, TeacherMeasured(score=score))
    at = app(run=run.id)
    assert "The teacher has not converged" in markdown(at)
    at.button(key="distil.cure").click().run()
    (queued,) = (
        each for each in store.list() if each.state is RunState.QUEUED and each.config.method is Method.DISTILLED
    )
    assert queued.config.teacher.epochs > 5
    assert at.query_params["run"] == queued.id
    assert at.number_input(key="distil.teacher.epochs").value == queued.config.teacher.epochs
    assert not at.exception


def test_a_teacher_behind_the_baseline_is_named_before_a_student_learns(
    app: App, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seeds, "TEACHER_ACCURACY", 0.3)
    distilled, *_ = seeds.family_of(seeds.a_config())
    baseline = twin_of(distilled, Method.BASELINE)
    run = store.add("run", distilled, corpus_name="reviews")
    seeds.finished(store, baseline)
    with store.owner() as owner:
        store.claim(owner, run.id)
        at = app(run=run.id)
        assert "The teacher is worse than the baseline (TF-IDF" in markdown(at)
    assert not at.exception


def test_empty_store_says_what_to_do(app: App) -> None:
    at = app()
    assert "Press **Distil** to begin" in markdown(at)
    assert not at.exception


def test_button_alone_queues_the_default_with_its_twins(app: App, example: Path, store: RunStore) -> None:
    at = app()
    assert "Takes about 20 s with its twins." in markdown(at)
    at.button(key="distil.start").click().run()
    runs = {run.config.method: run for run in store.list()}
    assert set(runs) == {config.method for config in seeds.family_of(FEW)}
    assert runs[Method.DISTILLED].config == FEW
    assert at.query_params["run"] == runs[Method.DISTILLED].id
    assert not at.exception


def test_compression_is_asked_for_in_an_address_as_any_setting(app: App, store: RunStore) -> None:
    at = app(distil__student__heads="0.5", distil__student__neurons="0.25", distil__student__weights="int8")
    at.button(key="distil.start").click().run()
    runs = {run.config.method: run.config.student for run in store.list()}
    for method in (Method.DISTILLED, Method.HARD_LABELS, Method.LAYER_CUT):
        assert (runs[method].heads, runs[method].neurons, runs[method].weights) == (0.5, 0.25, "int8")
    assert runs[Method.BASELINE] == StudentConfig()
    assert "2 layers · 50 % of the heads · 25 % of the neurons · int8" in markdown(at)
    assert not at.exception


def test_error_of_the_pipeline_is_shown(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise CorpusError("reviews must have two labels, got one; add examples")

    monkeypatch.setattr(requests, "submit", refuse)
    at = app()
    at.button(key="distil.start").click().run()
    assert at.error[0].value == "reviews must have two labels, got one; add examples"
    assert not at.exception


def test_where_the_teacher_cannot_be_used_the_baseline_is_offered(
    app: App, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> float:
        raise ModelError("the weights are damaged")

    monkeypatch.setattr(estimates, "estimate_seconds", refuse)
    at = app()
    assert at.button(key="distil.start").disabled
    press(at, "distil.baseline")
    assert Method.BASELINE in {run.config.method for run in store.list()}
    assert not at.exception


def test_run_that_is_done_is_answered_at_once(app: App, store: RunStore) -> None:
    run = seeds.finished_family(store, FEW)
    at = app()
    assert "Already done" in markdown(at)
    at.button(key="distil.start").click().run()
    assert at.query_params["run"] == run.id
    assert at.metric[0].value == "94.7 %"
    assert len(store.list()) == 4
    assert not at.exception


def test_address_leads_to_its_run(app: App, store: RunStore) -> None:
    seeds.finished_family(store)
    other = seeds.finished_family(store, seeds.a_config(student=StudentConfig(depth=1)))
    at = app(run=other.id)
    assert "1 layer · temperature 2" in markdown(at)
    assert at.selectbox(key="app.run").value == other.id
    assert not at.exception


@pytest.mark.parametrize("asked", [{}, {"run": "example"}])
def test_what_ships_is_shown_first_and_has_an_address_as_any_run(
    app: App, example: Path, asked: dict[str, str]
) -> None:
    at = app(**asked)
    assert ("run" in at.query_params) is bool(asked)
    assert ":material/star: Example] **reviews**" in markdown(at)
    assert len(figure(at, 1)["data"]) == 3  # the student, its hard-label twin, and the teacher's line
    at = app(run="example-baseline")
    assert at.selectbox(key="app.run").value == "example-baseline"
    assert not {"distil.again", "distil.cancel"} & {button.key for button in at.button}
    assert not at.exception


def test_unknown_run_in_the_address_is_said(app: App, example: Path) -> None:
    at = app(run="0000000000000000")
    assert "is not in this store" in at.warning[0].value
    assert ":material/star: Example]" in markdown(at)
    assert not at.exception


def test_running_run_shows_progress_and_curves(app: App, store: RunStore) -> None:
    run, twin = (store.add(f"run{i}", config, corpus_name="reviews") for i, config in enumerate(_distilled_and_twin()))
    with store.owner() as owner:
        store.claim(owner, run.id)
        store.add_event(run.id, Stage(name="Training", detail="", fraction=0.0))
        store.add_event(run.id, a_step(25, 100, seconds_left=12.0))
        store.add_event(run.id, TeacherMeasured(score=0.8))
        store.add_event(run.id, Validation(epoch=1.0, score=0.7, agreement=None, low=0.66, high=0.74))
        at = app(run=run.id)
        assert at.progress[0].value == 25
        assert at.progress[0].text == "**Student** · Training · about 10 s left · 1,500 texts/s"
        assert [metric.value for metric in at.metric] == ["87.5 %", "–", "–"]
        assert at.metric[0].label == "Accuracy kept so far"
        assert "student 70.0 % (66.0 to 74.0) after 1 epoch" in markdown(at)
        assert figure(at, 0)["data"][0]["y"] == [0.4]
        assert [trace["y"][-1] for trace in figure(at, 1)["data"]] == [80.0, 70.0]
        assert "Hard-label twin: waiting" in markdown(at)
        at.button(key="distil.cancel").click().run()
        assert store.cancel_requested(run.id)
        assert store.get(twin.id).state is RunState.CANCELLED
    assert not at.exception


def test_the_bar_is_that_of_the_run_at_work(app: App, store: RunStore) -> None:
    run, twin = (store.add(f"run{i}", config, corpus_name="reviews") for i, config in enumerate(_distilled_and_twin()))
    with store.owner() as owner:
        for each in (run, twin):
            store.claim(owner, each.id)
        store.add_event(run.id, Stage(name=WAITING, detail="another run is asking it", fraction=None))
        store.add_event(twin.id, Stage(name="Fine-tuning the teacher", detail="epoch 1 of 3", fraction=0.25))
        at = app(run=run.id)
        assert (at.progress[0].value, at.progress[0].text[:43]) == (25, "**Hard-label twin** · Fine-tuning the teach")
    assert not at.exception


def _distilled_and_twin() -> tuple[RunConfig, RunConfig]:
    distilled, *_, twin = seeds.family_of(seeds.a_config())
    return distilled, twin


def test_queued_run_says_how_many_come_first(app: App, store: RunStore) -> None:
    store.add("first", seeds.a_config(seed=5), corpus_name="reviews")
    run = store.add("second", seeds.a_config(), corpus_name="reviews")
    at = app(run=run.id)
    assert at.progress[0].text == "Waiting for 1 other run"
    assert not at.exception


def test_failed_run_says_why_and_can_be_run_again(app: App, store: RunStore) -> None:
    run = store.add("bad", seeds.a_config(), corpus_name="reviews")
    with store.owner() as owner:
        store.claim(owner, run.id)
        store.fail(run.id, "the teacher must know the labels, got two; choose another")
    at = app(run=run.id)
    assert at.error[0].value == "This run failed: the teacher must know the labels, got two; choose another"
    at.button(key="distil.again").click().run()
    assert store.get(run.id).state is RunState.QUEUED
    assert not at.exception


def test_interrupted_run_can_be_resumed(app: App, store: RunStore) -> None:
    run = store.add("cut", seeds.a_config(), corpus_name="reviews")
    with store.owner() as owner:
        store.claim(owner, run.id)
    at = app(run=run.id)
    assert "**Resume** goes on from its last checkpoint" in at.warning[0].value
    assert at.button(key="distil.again").label == "Resume"
    at.button(key="distil.again").click().run()
    assert store.get(run.id).state is RunState.QUEUED
    assert not at.exception


def test_cancelled_run_says_so(app: App, store: RunStore) -> None:
    run = store.add("stopped", seeds.a_config(), corpus_name="reviews")
    store.cancel(run.id)
    at = app(run=run.id)
    assert "was cancelled" in at.info[0].value
    assert at.button(key="distil.again").label == "Run again"
    assert not at.exception


def test_failed_twin_does_not_hide_the_result(app: App, store: RunStore) -> None:
    distilled, twin = _distilled_and_twin()
    run = seeds.finished(store, distilled)
    store.add("twin", twin, corpus_name="reviews")
    with store.owner() as owner:
        store.claim(owner, "twin")
        store.fail("twin", "out of memory")
    at = app(run=run.id)
    assert at.metric[0].value == "94.7 %"
    assert at.warning[0].value == "Hard-label twin failed: out of memory"
    assert "shows when its hard-label twin" in markdown(at)
    assert not at.exception


def test_what_a_run_and_its_twins_failed_of_is_said_once(app: App, store: RunStore) -> None:
    runs = [
        store.add(f"run{i}", config, corpus_name="reviews")
        for i, config in enumerate(seeds.family_of(seeds.a_config()))
    ]
    with store.owner() as owner:
        for run in runs:
            store.claim(owner, run.id)
            store.fail(run.id, "the teacher has no words" if run.config.method is not Method.BASELINE else "no room")
    at = app(run=runs[0].id)
    shown = [element.value for element in (*at.error, *at.warning)]
    assert sum("the teacher has no words" in each for each in shown) == 1
    assert sum("failed: no room" in each for each in shown) == 1
    assert not at.exception


def test_table_has_all_models_and_measures(app: App, store: RunStore) -> None:
    run = seeds.finished_family(store)
    at = app(run=run.id)
    table = at.table[0].value
    assert list(table.columns) == ["Teacher", "Student", "Hard-label twin", "Layer-cut twin", "TF-IDF"]
    assert table.loc["Accuracy", "Student"].startswith("90.0\N{NO-BREAK SPACE}%")
    assert table.loc["Latency", "TF-IDF"] == "–"
    assert table.loc["Agreement", "Teacher"] == "–"
    assert not at.exception
