"""The header: one run in use, the same on every page, and one way to change it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from distil_core.runs.store import RunStore
from distil_core.settings.config import StudentConfig
from tests import seeds

App = Callable[..., AppTest]


def test_picker_changes_the_run_in_the_address(app: App, store: RunStore, example: Path) -> None:
    first = seeds.finished_family(store)
    second = seeds.finished_family(store, seeds.a_config(student=StudentConfig(depth=1)))
    at = app()
    picker = at.selectbox(key="app.run")
    assert picker.value == "example"
    assert len(picker.options) == 3
    picker.set_value(first.id).run()
    assert at.query_params["run"] == first.id
    at.selectbox(key="app.run").set_value(second.id).run()
    assert at.query_params["run"] == second.id
    # As a browser says it where the run was called otherwise a moment ago, being still on its way.
    picker = at.selectbox(key="app.run")
    picker.options.append("reviews · 1 layer · running")
    picker.set_value(picker.options[-1]).run()
    assert at.query_params["run"] == at.selectbox(key="app.run").value == second.id
    assert not at.exception


@pytest.mark.parametrize("page", ["compare", "runs"])
def test_run_stays_in_use_on_other_pages(app: App, store: RunStore, example: Path, page: str) -> None:
    run = seeds.finished_family(store)
    at = app()
    at.selectbox(key="app.run").set_value(run.id).run()
    at.switch_page(f"pages/{page}.py").run()
    assert at.selectbox(key="app.run").value == run.id
    assert not at.exception


def test_twin_can_be_in_use_too(app: App, store: RunStore) -> None:
    seeds.finished_family(store)
    twin = store.list()[0]
    at = app(run=twin.id)
    assert at.selectbox(key="app.run").value == twin.id
    assert "Hard-label twin" in at.selectbox(key="app.run").options[0]
    assert not at.exception


def test_an_address_of_an_earlier_version_leads_to_the_baseline(app: App, example: Path) -> None:
    at = app(run="example-tfidf")
    assert at.selectbox(key="app.run").value == at.query_params["run"] == "example-baseline"
    assert all(warning.value.startswith("Of the corpus:") for warning in at.warning)
    assert not at.exception


def test_no_run_at_all(app: App) -> None:
    at = app("compare")
    assert at.selectbox(key="app.run").disabled
    assert not at.exception
