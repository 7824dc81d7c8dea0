"""What-if in a browser: start a sweep, watch its cells fill in, click one and open its run elsewhere."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Page, expect

from distil_core.runs import sources
from distil_core.runs.store import RunStore
from distil_core.settings.config import CorpusConfig
from tests import seeds
from tests.browser.conftest import open_menu, settled

Visit = Callable[..., Page]
CHOICES = "whatif.temperatures=2&whatif.depths=1&whatif.seeds=0"


@pytest.fixture(scope="module", autouse=True)
def base(module_home: Path) -> str:
    """A run on a corpus so small that others on it take a second."""
    config = seeds.a_config(corpus=CorpusConfig(n_train=60, n_test=40))
    return seeds.finished_family(RunStore(module_home), config).id


def test_a_sweep_fills_in_and_a_cell_leads_to_its_run(visit: Visit, base: str, module_home: Path) -> None:
    page = visit(f"whatif?run={base}&{CHOICES}")
    page.get_by_role("button", name="Start 2 runs").click()
    expect(page.get_by_text("2 of 2 runs done")).to_be_visible(timeout=120_000)
    settled(page)
    expect(page.get_by_role("button", name="All done")).to_be_disabled()
    expect(page.locator(".st-key-whatif-curves .js-plotly-plot")).to_be_visible()

    # The first line is the student, the second its twin.
    plot = page.locator(".st-key-whatif-map .nsewdrag").bounding_box()
    assert plot is not None
    page.mouse.click(plot["x"] + plot["width"] / 2, plot["y"] + plot["height"] / 4)
    opened = page.locator(".st-key-whatif-opened")
    expect(opened.get_by_text("T 2 · 1 layer")).to_be_visible()
    settled(page)
    sweep = page.url
    run = re.search(r"whatif\.cell=(\w+)", sweep)
    assert run is not None
    record = RunStore(module_home).get(run[1]).record
    assert record is not None
    expect(opened.get_by_text(f"{100 * record.score.value:.1f} %")).to_be_visible()
    opened.get_by_role("button", name="Open in Distil").click()
    page.wait_for_url(f"**run={run[1]}**")
    settled(page)
    expect(page.get_by_text("Accuracy on the same test texts")).to_be_visible()

    # The address of the sweep is all there is to it.
    again = visit(sweep.rpartition("/")[2])
    expect(again.get_by_text("2 of 2 runs done")).to_be_visible()
    expect(again.locator(".st-key-whatif-opened").get_by_text("T 2 · 1 layer")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_preset_explains_itself_on_a_phone(visit: Visit, scheme: str) -> None:
    if not sources.ShippedRuns().list():
        pytest.skip("the example has been left out")
    page = visit("whatif", width=390, height=844, scheme=scheme)
    expect(page.get_by_text("expect a student within a few points")).to_be_visible()
    open_menu(page, "Preset")
    page.get_by_role("option", name="Hinton's missing class").click()
    expect(page.get_by_text("No training text is labeled")).to_be_visible()
    settled(page)
    assert "whatif.left_out=mixed" in page.url
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
