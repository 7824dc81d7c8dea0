"""Runs in a browser: look, take the student away, delete."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Page, expect

from distil_core.runs.store import RunStore
from distil_core.settings.config import StudentConfig
from tests import seeds
from tests.browser.conftest import settled

Visit = Callable[..., Page]


@pytest.fixture(scope="module", autouse=True)
def store(module_home: Path) -> RunStore:
    store = RunStore(module_home)
    seeds.finished_family(store)
    seeds.finished_family(store, seeds.a_config(student=StudentConfig(depth=1)))
    return store


def test_first_address_may_be_any_page(visit: Visit) -> None:
    page = visit("runs")
    expect(page.get_by_role("heading", name="All that has been distilled here")).to_be_visible()
    expect(page.get_by_role("link", name="Distil")).to_be_visible()


def test_student_is_downloaded_and_run_deleted(visit: Visit, store: RunStore, tmp_path: Path) -> None:
    run = next(run for run in store.list() if run.config.student.depth == 1 and run.config.method == "distilled")
    page = visit(f"runs?run={run.id}")
    with page.expect_download() as download:
        page.get_by_role("button", name="Student", exact=True).click()
    download.value.save_as(tmp_path / "student.zip")
    with zipfile.ZipFile(tmp_path / "student.zip") as archive:
        assert f"student-reviews-{run.id[:8]}/model.safetensors" in archive.namelist()

    page.get_by_role("button", name="Delete", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Keep it").click()
    expect(dialog).to_be_hidden()
    assert store.find(run.id) is not None
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog.get_by_role("button", name="Delete").click()
    expect(dialog).to_be_hidden()
    settled(page)
    assert store.find(run.id) is None
    assert run.id not in page.url
    assert not store.folder(run.id).path.exists()


def test_run_in_use_goes_along_from_page_to_page(visit: Visit, store: RunStore) -> None:
    run = next(run for run in store.list() if run.config.student.depth == 2 and run.config.method == "distilled")
    page = visit(f"?run={run.id}")
    expect(page.get_by_test_id("stMetric").first).to_contain_text("94.7")
    page.get_by_role("link", name="Runs").click()
    expect(page.get_by_role("heading", name="All that has been distilled here")).to_be_visible()
    settled(page)
    assert f"run={run.id}" in page.url
    page.reload()
    settled(page)
    assert f"run={run.id}" in page.url


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_are_drawn_in_light_and_dark(visit: Visit, store: RunStore, scheme: str) -> None:
    run = next(run for run in store.list() if run.config.method == "distilled")
    page = visit(f"?run={run.id}", scheme=scheme)
    expect(page.locator(".js-plotly-plot")).to_have_count(3)


def test_nothing_is_wider_than_a_phone(visit: Visit, store: RunStore) -> None:
    run = next(run for run in store.list() if run.config.method == "distilled")
    page = visit(f"?run={run.id}", width=390, height=844)
    expect(page.get_by_test_id("stMetric").first).to_contain_text("94.7")
    main = page.locator('[data-testid="stMain"]')
    assert main.evaluate("element => element.scrollWidth - element.clientWidth") <= 1
