"""Trade-offs in a browser: other axes, a click on a point, its run, and the same view from its address."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Page, expect

from distil_core.runs.rows import Run
from distil_core.runs.store import RunStore
from distil_core.settings.config import StudentConfig
from tests import seeds
from tests.browser.conftest import settled

Visit = Callable[..., Page]
PIXELS = """([name, index]) => {
  const chart = document.querySelector(".st-key-tradeoffs-chart .js-plotly-plot");
  const { xaxis, yaxis } = chart._fullLayout, { left, top } = chart.getBoundingClientRect();
  const trace = chart._fullData.find((trace) => trace.name === name && trace.x[0] !== null);
  return [left + xaxis._offset + xaxis.d2p(trace.x[index]), top + yaxis._offset + yaxis.d2p(trace.y[index])];
}"""


@pytest.fixture(scope="module", autouse=True)
def runs(module_home: Path) -> list[Run]:
    store = RunStore(module_home)
    return [seeds.finished_family(store, seeds.a_config(student=StudentConfig(depth=depth))) for depth in (2, 1)]


def pixels(page: Page, name: str, index: int = 0) -> tuple[float, float]:
    """Where a point of the chart is on the screen."""
    found: Any = page.evaluate(PIXELS, [name, index])
    return found[0], found[1]


def test_a_click_leads_to_the_run_and_the_address_back(visit: Visit, runs: list[Run]) -> None:
    page = visit(f"tradeoffs?run={runs[0].id}")
    expect(page.get_by_text("of its teacher's accuracy")).to_be_visible()
    expect(page.locator(".js-plotly-plot .point").first).to_be_visible()

    page.get_by_role("radio", name="Parameters").or_(page.get_by_role("button", name="Parameters")).first.click()
    expect(page.get_by_text("Accuracy against parameters")).to_be_visible()
    settled(page)
    page.locator(".js-plotly-plot").first.scroll_into_view_if_needed()
    page.mouse.click(*pixels(page, "TF-IDF"))
    page.wait_for_url(re.compile(r"tradeoffs\.point=[0-9a-f]{16}"))
    settled(page)
    expect(page.get_by_role("button", name="Open in Compare")).to_be_disabled()

    # The same view for somebody else.
    other = visit(page.url.partition("/")[2].partition("/")[2].partition("/")[2])
    expect(other.get_by_text("Accuracy against parameters")).to_be_visible()
    expect(other.get_by_role("button", name="Open in Compare")).to_be_disabled()
    other.get_by_role("button", name="Open in Runs").click()
    expect(other.get_by_role("heading", name="All that has been distilled here")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone_in_light_and_dark(visit: Visit, runs: list[Run], scheme: str) -> None:
    page = visit(f"tradeoffs?run={runs[0].id}", width=390, height=844, scheme=scheme)
    expect(page.locator(".js-plotly-plot .point").first).to_be_visible()
    main = page.locator('[data-testid="stMain"]')
    assert main.evaluate("element => element.scrollWidth - element.clientWidth") <= 1
