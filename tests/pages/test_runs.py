"""The list of all runs: what it says, and what one can do with a run."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from distil_core.errors import ConfigError
from distil_core.export.formats import Format
from distil_core.runs.store import RunStore
from distil_core.settings.config import Method
from distil_core.settings.serialization import to_json
from distil_core.training.cache import Cache
from pages.state import resources
from tests import seeds
from tests.factories import a_proof
from tests.pages.conftest import markdown

App = Callable[..., AppTest]


def test_empty_list_says_where_to_begin(app: App) -> None:
    at = app("runs")
    assert "Nothing has been distilled here yet" in at.info[0].value
    assert at.page_link[0].value == "Distil the first student"
    assert not at.exception


def test_rows_hold_settings_and_results(app: App, store: RunStore, example: Path) -> None:
    seeds.finished_family(store)
    store.cancel(store.add("stopped", seeds.a_config(seed=9), corpus_name="reviews").id)
    at = app("runs")
    table = at.dataframe[0].value
    assert [state[0] for state in table["State"]] == ["Example", "Cancelled", "Done"]
    done = table.iloc[2]
    assert (done["Corpus"], done["Teacher"], done["Layers"]) == ("reviews", "shipped", 2)
    assert (done["Temperature"], done["Alpha"]) == (2.0, 0.9)
    assert table["Other settings"].tolist() == ["seed 1", "seed 9", ""]
    assert (done["Accuracy"], done["±"]) == pytest.approx((90.0, 2.0))
    assert (done["Agreement"], done["Size"], done["Latency"]) == pytest.approx((88.0, 8.3, 1.3))
    assert table["Accuracy"].isna().tolist() == [False, True, False]
    assert not at.exception


def test_twins_are_shown_when_asked_for(app: App, store: RunStore) -> None:
    seeds.finished_family(store)
    at = app("runs")
    assert len(at.dataframe[0].value) == 1
    at.toggle(key="runs.twins").set_value(True).run()
    assert set(at.dataframe[0].value["Model"]) == {"Student", "Hard-label twin", "Layer-cut twin", "TF-IDF"}
    assert not at.exception


def test_run_in_use_is_shown_in_full(app: App, store: RunStore) -> None:
    run = seeds.finished_family(store, seeds.a_config(seed=4))
    at = app("runs", run=run.id)
    settings = at.table[0].value.iloc[:, 0].to_dict()
    assert settings["seed"] == "**4**"
    assert settings["student.depth"] == "2"
    assert at.table[1].value.loc["Accuracy", "Teacher"].startswith("95.0\N{NO-BREAK SPACE}%")
    assert at.table[2].value.iloc[:, 0]["Texts"] == "4,000 to train, 1,000 to validate, 1,000 to test"
    assert not at.exception


def test_several_runs_stand_side_by_side(app: App, store: RunStore) -> None:
    first, other = (seeds.finished_family(store, seeds.a_config(seed=seed)) for seed in (4, 5))
    waiting = store.add("waiting", seeds.a_config(seed=6), corpus_name="reviews")
    at = app("runs", run=first.id, runs__beside=[other.id, waiting.id, "gone"])
    assert at.multiselect(key="runs.beside").value == [other.id]
    differing, figures, classes = (table.value for table in list(at.table)[-3:])
    assert differing.loc["seed"].tolist() == ["4", "5"]
    assert "+0.0 points" in figures.loc["Accuracy", "B"]
    assert "against" not in figures.loc["Accuracy", "A"]
    assert len(classes) == 5
    assert other.id in at.query_params["runs.beside"]
    assert not at.exception


def test_a_run_has_a_name_and_a_note_as_written(app: App, store: RunStore) -> None:
    run = seeds.finished_family(store)
    assert "Name" not in app("runs", run=run.id).dataframe[0].value.columns
    store.describe(run.id, name="  my *first*  one ", note="T was **too** high\n")
    at = app("runs", run=run.id)
    assert at.dataframe[0].value["Name"].tolist()[-1] == "my *first* one"
    assert r"## my \*first\* one · 90.0 %" in markdown(at)
    assert any(r"\*\*too\*\* high" in caption.value for caption in at.caption)
    at.text_input(key=f"runs.name.{run.id}").set_value("another")
    at.button(key="runs.named").click().run()
    assert (store.get(run.id).name, store.get(run.id).note) == ("another", "T was **too** high")
    with pytest.raises(ConfigError, match="the name of a run must have at most 80 characters, got 81"):
        store.describe(run.id, name="n" * 81, note="")
    assert not at.exception


def test_failed_run_says_why(app: App, store: RunStore) -> None:
    run = store.add("bad", seeds.a_config(), corpus_name="reviews")
    with store.owner() as owner:
        store.claim(owner, run.id)
        store.fail(run.id, "the corpus must have labels, got none")
    at = app("runs", run=run.id)
    assert at.error[0].value == "This run failed: the corpus must have labels, got none"
    assert "There are none: the run is not done." in markdown(at)
    assert not at.exception


def test_delete_asks_first(app: App, store: RunStore) -> None:
    run = seeds.finished_family(store)
    at = app("runs", run=run.id)
    at.button(key="runs.delete").click().run()
    assert "are removed for good" in markdown(at)
    assert store.find(run.id) is not None
    assert not at.exception


def test_running_run_cannot_be_deleted(app: App, store: RunStore) -> None:
    run = store.add("going", seeds.a_config(), corpus_name="reviews")
    with store.owner() as owner:
        store.claim(owner, run.id)
        at = app("runs", run=run.id)
        assert at.button(key="runs.delete").disabled
    assert not at.exception


@pytest.mark.parametrize("run", ["example", "example-hard-labels"])
def test_what_ships_cannot_be_deleted(app: App, example: Path, run: str) -> None:
    at = app("runs", run=run, runs__twins="true")
    assert [state[0] for state in at.dataframe[0].value["State"]] == ["Example"] * 4
    assert "runs.delete" not in {button.key for button in at.button}
    assert {button.key for button in at.get("download_button")} >= {"runs.student", "runs.record"}
    assert not at.exception


def test_twin_without_student_offers_only_its_record(app: App, store: RunStore) -> None:
    config = next(item for item in seeds.family_of(seeds.a_config()) if item.method is Method.BASELINE)
    run = seeds.finished(store, config)
    at = app("runs", run=run.id, runs__twins="true")
    keys = {button.key for button in at.get("download_button")}
    assert "runs.record" in keys
    assert "runs.student" not in keys
    assert not at.exception


def test_open_leads_to_the_other_pages(app: App, store: RunStore) -> None:
    run = seeds.finished_family(store)
    at = app("runs", run=run.id)
    at.button(key="runs.open").click().run()
    assert at.query_params["run"] == run.id
    assert at.button(key="distil.start")
    at = app("runs", run=run.id)
    at.button(key="runs.compare").click().run()
    assert at.text_input(key="compare.text").value
    assert not at.exception


def test_cache_is_listed(app: App, store: RunStore) -> None:
    with Cache(store.path / "cache").writing("outputs", "abc", name="answers of shipped on reviews") as folder:
        (folder / "logits.bin").write_bytes(bytes(2_000_000))
    at = app("runs")
    assert at.expander[-1].label == "Cache: 2.00 MB"
    assert at.dataframe[-1].value["What"].tolist() == ["answers of shipped on reviews"]
    at.button(key="runs.cache").click().run()
    assert "Finished runs are not touched" in markdown(at)
    assert resources.computed().entries()
    assert not at.exception


def test_address_leads_to_the_run_that_was_picked(app: App, store: RunStore, example: Path) -> None:
    run = seeds.finished_family(store, seeds.a_config(seed=4))
    at = app("runs", runs__picked=run.id)
    assert at.query_params["runs.picked"] == run.id
    assert at.table[0].value.iloc[:, 0].to_dict()["seed"] == "**4**"
    assert app("runs", runs__picked="gone").query_params["runs.picked"] == "example"
    assert not at.exception


def test_an_export_shows_its_proof_and_can_be_downloaded(app: App, store: RunStore) -> None:
    run = seeds.finished_family(store)
    at = app("runs", run=run.id)
    assert {button.key for button in at.button} >= {"runs.export"}
    folder = store.folder(run.id).exports / "onnx-int8"
    folder.mkdir(parents=True)
    (folder / "proof.json").write_text(json.dumps(to_json(a_proof())), encoding="utf-8")
    at.segmented_control(key="runs.format").set_value(Format.ONNX_INT8).run()
    told = markdown(at)
    assert "On 20 test texts no number differs by more than" in told
    assert "int8 is slower than fp32 on this processor" in told
    assert "runs.export.download" in {button.key for button in at.get("download_button")}
    assert not at.exception


def test_an_export_that_failed_says_why_and_can_be_tried_again(app: App, store: RunStore) -> None:
    run = seeds.finished_family(store)
    folder = store.folder(run.id).exports
    folder.mkdir()
    (folder / "hf.json").write_text(json.dumps({"error": "the disk is full"}), encoding="utf-8")
    at = app("runs", run=run.id)
    assert [error.value for error in at.error] == ["the disk is full"]
    assert "runs.export" in {button.key for button in at.button}
    assert not at.exception
