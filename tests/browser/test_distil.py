"""The first journey, with the real pipeline: one click, a live run, its headline, and both models on a sentence."""

import re
from collections.abc import Callable

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Page, expect

from distil_core.models.checkpoints import assets_folder
from tests.browser.conftest import settled

Visit = Callable[..., Page]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (assets_folder() / "teacher").is_dir(), reason="the shipped teacher has not been built"),
]
MINUTES = 60_000
FEW = "distil.corpus.n_train=400&distil.corpus.n_test=100&distil.training.epochs=1"


@pytest.fixture(scope="module")
def n_workers() -> str:
    """As many as usual: a run and its twins side by side."""
    return ""


def test_one_click_distils_all(visit: Visit) -> None:
    page = visit(f"?{FEW}")
    page.get_by_role("button", name="Distil", exact=True).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.wait_for_url(re.compile(r"run=[0-9a-f]{16}"))
    address = page.url

    # A second visitor with the same address sees the same run.
    other = visit(address.partition("/")[2].partition("/")[2].partition("/")[2])
    expect(other.get_by_text("Running").or_(other.get_by_text("Done")).first).to_be_visible()

    kept = page.locator('[data-testid="stMetric"]', has_text="Accuracy kept")
    expect(kept).to_contain_text(re.compile(r"\d+\.\d %"), timeout=5 * MINUTES)
    expect(
        page.locator(
            "strong", has_text=re.compile("No difference|Too few test texts|The teacher helped|The teacher hurt")
        )
    ).to_be_visible(timeout=5 * MINUTES)
    expect(page.locator(".js-plotly-plot")).to_have_count(3)
    # Whoever does not see the page hears the verdict.
    expect(page.locator("#distil-lab-result")).to_have_text(re.compile("^The student answers .+ hard-label twin"))

    # Reloaded, it is still there; asked for again, it is answered at once.
    page.reload()
    settled(page)
    expect(kept).to_contain_text(re.compile(r"\d+\.\d %"))
    page.get_by_role("button", name="Distil", exact=True).click()
    settled(page)
    assert page.url == address
    expect(kept).to_contain_text(re.compile(r"\d+\.\d %"))

    page.goto(address.replace("?", "compare?", 1))
    field = page.get_by_label("Sentence")
    field.fill("The soup was not bad, but the service was dreadfully slow.")
    field.press("Enter")
    expect(page.get_by_text("Time for this very sentence")).to_be_visible(timeout=2 * MINUTES)
    expect(page.get_by_text(" sure", exact=False).first).to_be_visible()


def test_run_on_a_phone_is_seen_can_be_cancelled_and_run_again(visit: Visit) -> None:
    page = visit("?seed=7")
    page.set_viewport_size({"width": 390, "height": 844})
    press = page.get_by_role("button", name="Distil", exact=True)
    results, form = (box.bounding_box() for box in (page.locator('[data-testid="stMetric"]').first, press))
    assert results is not None
    assert form is not None
    assert results["y"] < form["y"]
    press.click()
    # What has begun stands above the button that was pressed: the page goes there.
    expect(page.get_by_role("progressbar").first).to_be_in_viewport()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("was cancelled")).to_be_visible(timeout=2 * MINUTES)
    expect(page.get_by_role("button", name="Run again")).to_be_visible()


def test_link_leads_on_when_followed_in_the_moment_of_the_button(visit: Visit) -> None:
    page = visit()
    link = page.get_by_role("link", name="Compare", exact=True).element_handle()
    both = "(button, link) => { button.click(); link.click(); }"
    page.get_by_role("button", name="Distil", exact=True).evaluate(both, link)
    expect(page.get_by_role("heading", name="Put one sentence")).to_be_visible()
    settled(page)
    expect(page.get_by_role("button", name="Distil", exact=True)).to_be_hidden()
    assert "/compare" in page.url
