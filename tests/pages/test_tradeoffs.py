"""What a student is worth and what it costs: one chart, one card, claims, and words for who has to decide."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from distil_core.evaluation.records import Latency
from distil_core.runs.store import RunStore
from distil_core.settings.config import Method, StudentConfig, WeightFormat
from tests import seeds
from tests.factories import a_cost
from tests.landscapes import DEEP, DISTILLED, a_model, put
from tests.pages.conftest import figure, markdown

App = Callable[..., AppTest]
TWINS = ("Student", "Hard-label twin", "Layer-cut twin", "TF-IDF")


def traces(at: AppTest) -> dict[str, list[dict[str, Any]]]:
    """Return the traces of the chart that have points, by their name."""
    by_name: dict[str, list[dict[str, Any]]] = {}
    for trace in figure(at, 0)["data"]:
        if trace["x"] != [None]:
            by_name.setdefault(trace["name"], []).append(trace)
    return by_name


def click(at: AppTest, point: str) -> AppTest:
    """Click a point, as the browser reports it."""
    at.session_state["tradeoffs.chart"] = {"selection": {"points": [{"customdata": [point]}]}}
    return at.run()


def test_one_run_is_worth_looking_at(app: App, example: Path) -> None:
    at = app("tradeoffs")
    by_name = traces(at)
    assert {name: trace[0]["y"] for name, trace in by_name.items() if name in ("Teacher", *TWINS)} == {
        "Teacher": [95.0],
        "Student": [90.0],
        "Hard-label twin": [80.0],
        "Layer-cut twin": [40.0],
    }
    assert by_name["Teacher"][0]["x"] == [3.6]
    assert by_name["Student"][0]["x"] == [1.3]
    assert by_name["Student"][0]["error_x"]["array"] == [pytest.approx(0.7)]
    assert by_name["Student"][0]["error_y"]["array"] == [pytest.approx(2.0)]
    assert by_name["Student"][0]["text"] == ["2"]
    assert "Published, other data" not in by_name
    assert "Not measured: TF-IDF." in markdown(at)
    assert not at.exception


def test_other_axes_are_asked_for(app: App, example: Path) -> None:
    at = app("tradeoffs")
    at.segmented_control(key="tradeoffs.price").set_value("parameters").run()
    by_name = traces(at)
    assert by_name["TF-IDF"][0]["x"] == [50_000]
    assert by_name["Teacher"][0]["x"] == [6_000_000]
    assert "Parameters" in figure(at, 0)["layout"]["xaxis"]["title"]["text"]
    at.segmented_control(key="tradeoffs.score").set_value("agreement").run()
    by_name = traces(at)
    assert by_name["Student"][0]["y"] == [88.0]
    assert "Teacher" not in by_name
    assert "Published, other data" not in by_name
    assert "always agrees with itself" in markdown(at)
    at.segmented_control(key="tradeoffs.score").set_value("macro_f1").run()
    assert traces(at)["Teacher"][0]["y"] == pytest.approx([94.0])
    assert not at.exception


def test_the_address_chooses_the_axes_and_the_model(app: App, example: Path) -> None:
    at = app("tradeoffs", tradeoffs__score="Macro-F1", tradeoffs__price="Bytes", tradeoffs__point="example-hard-labels")
    assert traces(at)["Student"][0]["y"] == pytest.approx([89.0])
    assert traces(at)["Student"][0]["x"] == [8_300_000]
    assert at.selectbox(key="tradeoffs.point").value == "example-hard-labels"
    assert not at.exception


def test_kinds_are_switched_off(app: App, example: Path) -> None:
    at = app("tradeoffs")
    at.button_group(key="tradeoffs.shown").set_value(["Student", "TF-IDF"]).run()
    assert set(traces(at)) == {"Best trade-offs", "Student", "Selected"}
    at.button_group(key="tradeoffs.shown").set_value([]).run()
    assert set(traces(at)) == {"Best trade-offs"}
    assert not at.exception


def test_a_click_shows_the_model_and_leads_to_its_run(app: App, store: RunStore) -> None:
    mine = seeds.finished_family(store)
    other = seeds.finished_family(store, seeds.a_config(student=StudentConfig(depth=1)))
    at = app("tradeoffs", run=mine.id)
    assert at.selectbox(key="tradeoffs.point").value == mine.id
    assert at.button(key="tradeoffs.use").disabled
    click(at, other.id)
    assert at.selectbox(key="tradeoffs.point").value == other.id
    # Whoever chooses in the list is not overruled by the click before.
    at.selectbox(key="tradeoffs.point").set_value("teacher").run()
    assert at.selectbox(key="tradeoffs.point").value == "teacher"
    click(click(at, "teacher"), other.id)
    assert at.query_params["tradeoffs.point"] == other.id
    (ring,) = traces(at)["Selected"]
    assert (ring["x"], ring["y"]) == ([1.3], [90.0])
    assert ring["customdata"] == [[other.id]]
    at.button(key="tradeoffs.use").click().run()
    assert at.query_params["run"] == other.id
    assert "tradeoffs.point" not in at.query_params
    assert at.selectbox(key="tradeoffs.point").value == other.id
    assert at.button(key="tradeoffs.use").disabled
    assert not at.exception


def test_published_marks_lead_nowhere(app: App, store: RunStore) -> None:
    mine = seeds.finished_family(store)
    at = app("tradeoffs", run=mine.id)
    at.session_state["tradeoffs.chart"] = {"selection": {"points": [{"x": 1.0}]}}
    at.run()
    assert at.selectbox(key="tradeoffs.point").value == mine.id
    assert not at.exception


@pytest.mark.parametrize("page", ["compare", "runs"])
def test_a_model_is_opened_elsewhere(app: App, store: RunStore, page: str) -> None:
    mine = seeds.finished_family(store)
    other = seeds.finished_family(store, seeds.a_config(student=StudentConfig(depth=1)))
    at = app("tradeoffs", run=mine.id, tradeoffs__point=other.id)
    at.button(key=f"tradeoffs.{page}").click().run()
    assert at.query_params["run"] == other.id
    assert {"compare": "Put one sentence", "runs": "All that has been"}[page] in at.title[0].value
    assert not at.exception


def test_a_shipped_twin_is_a_run_like_any_other(app: App, example: Path) -> None:
    at = app("tradeoffs", tradeoffs__point="example-baseline")
    assert at.button(key="tradeoffs.compare").disabled  # it has no student to ask
    at.button(key="tradeoffs.use").click().run()
    assert at.query_params["run"] == "example-baseline"
    assert not at.exception


def test_what_has_no_run_has_no_way_to_one(app: App, example: Path) -> None:
    at = app("tradeoffs", tradeoffs__point="teacher")
    assert not [
        button for button in at.button if str(button.key) in ("tradeoffs.use", "tradeoffs.compare", "tradeoffs.runs")
    ]
    assert "The teacher of the run in use." in markdown(at)
    assert not at.exception


def test_another_run_in_use_is_the_one_shown(app: App, store: RunStore) -> None:
    mine = seeds.finished_family(store)
    other = seeds.finished_family(store, seeds.a_config(student=StudentConfig(depth=1)))
    at = app("tradeoffs", run=mine.id, tradeoffs__point="teacher")
    at.selectbox(key="app.run").set_value(other.id).run()
    assert at.selectbox(key="tradeoffs.point").value == other.id
    assert not at.exception


def test_seeds_are_averaged(app: App, store: RunStore) -> None:
    mine, _ = (seeds.finished(store, seeds.a_config(seed=seed)).id for seed in (1, 2))
    at = app("tradeoffs", run=mine)
    (student,) = traces(at)["Student"]
    assert student["y"] == [90.0]
    # Of 20 texts 18 are right: their bootstrap, as both seeds have the same answers.
    assert student["error_y"]["array"] == pytest.approx([10.0])
    assert "mean of seeds 1, 2" in at.selectbox(key="tradeoffs.point").options[1]
    shown = at.button_group(key="tradeoffs.shown").options
    assert shown == ["Teacher", "Student", "Hard-label twin", "Layer-cut twin", "TF-IDF", "Published"]
    at.toggle(key="tradeoffs.seeds").set_value(False).run()
    assert sorted(y for trace in traces(at)["Student"] for y in trace["y"]) == [90.0, 90.0]
    assert not at.exception


def test_one_seed_has_nothing_to_average(app: App, example: Path) -> None:
    assert app("tradeoffs").toggle(key="tradeoffs.seeds").disabled


def test_claims_stand_beside_what_was_measured(app: App, example: Path) -> None:
    at = app("tradeoffs")
    claims = next(table.value for table in at.table if "It is said" in table.value)
    assert len(claims) == 5
    assert claims["This run"][0].startswith("94.7 %")
    assert claims["This run"][1].startswith("66.7 % fewer")
    assert claims["This run"][2].startswith("2.8 × the speed; the time falls by 63.9 %")
    assert ["misquoted" in said for said in claims["It is said"]] == [False, False, False, True, True]
    assert claims["So"][4] == "Not in the paper; this student reaches it"
    assert "arXiv:1910.01108" in markdown(at)
    assert not at.exception


def test_the_run_is_summed_up_in_words(app: App, store: RunStore) -> None:
    mine = put(store, DEEP, a_model(0.7, ms=2.0))
    put(store, DISTILLED, a_model(0.75, ms=1.0))
    at = app("tradeoffs", run=mine)
    assert "Keeps **87.5 %** of its teacher's accuracy" in markdown(at)
    assert "better bargain**: Student · 2 layers · temperature 2 (75.0 % right, 100.0 % of the" in markdown(at)
    assert not at.exception


def test_all_models_are_a_table_to_take_away(app: App, store: RunStore) -> None:
    mine = put(store, DISTILLED, a_model(0.7))
    put(store, DEEP, a_model(0.75, cost=a_cost(latency_ms=Latency(p5=1, p50=2, p95=3))))
    at = app("tradeoffs", run=mine)
    table = at.dataframe[-1].value
    assert list(table["Accuracy"]) == pytest.approx([80.0, 70.0, 75.0])
    assert list(table["Latency"]) == [4.0, 1.0, 2.0]
    assert not at.exception


def test_a_twin_may_be_the_run_in_use(app: App, store: RunStore) -> None:
    seeds.finished_family(store)
    tfidf = next(config for config in seeds.family_of(seeds.a_config()) if config.method is Method.BASELINE)
    at = app("tradeoffs", run=seeds.finished(store, tfidf).id, tradeoffs__price="Parameters")
    assert at.selectbox(key="tradeoffs.point").value == seeds.finished(store, tfidf).id
    assert at.button(key="tradeoffs.compare").disabled
    assert not at.exception


def test_missing_outputs_leave_the_single_intervals(app: App, store: RunStore) -> None:
    run = seeds.finished_family(store)
    store.folder(run.id).outputs.unlink()
    at = app("tradeoffs", run=run.id)
    assert "The teacher was worth it" in markdown(at)
    assert not at.exception


def test_an_unfinished_run_has_no_place_yet(app: App, store: RunStore) -> None:
    run = store.add("waiting", replace(seeds.a_config(), seed=3), corpus_name="reviews")
    at = app("tradeoffs", run=run.id)
    assert "not done yet" in at.info[0].value
    assert not at.exception


def test_other_depths_are_tried_of_the_same_student(app: App, store: RunStore) -> None:
    student = StudentConfig(heads=0.5, weights=WeightFormat.FP16, sparsity=0.25)
    run = seeds.finished_family(store, seeds.a_config(student=student))
    at = app("tradeoffs", run=run.id)
    assert "Tried: 2." in markdown(at)
    at.button(key="tradeoffs.depths").click().run()
    queued = [other.config for other in store.list() if other.record is None]
    assert sorted(config.student.depth for config in queued) == [1, 3, 4, 5]
    assert {replace(config.student, depth=2, layers=()) for config in queued} == {run.config.student}
    assert {config.method for config in queued} == {Method.DISTILLED}
    assert not at.exception
