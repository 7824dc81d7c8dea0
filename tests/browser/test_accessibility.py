"""Every page in light and dark: nothing that axe calls serious, text of charts that can be read, headings in order."""

import ast
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Page, expect

from distil_core.errors import FetchError
from distil_core.export.web_runtime import WebPackage, web_runtime
from tests.browser.conftest import ROOT, settled

AXE = WebPackage(
    name="axe-core",
    version="4.14.1",
    sha512="FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
    license="MPL-2.0",
    files=("axe.min.js",),
)
FAULTS = """async (rules) => {
  const options = rules ? { runOnly: rules } : {};
  const { violations } = await axe.run(document, { resultTypes: ["violations"], preload: false, ...options });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary}`));
}"""
# What axe does not look at: the text of charts, which is SVG.
FAINT = """() => {
  const light = (color) => {
    const parts = color.match(/[0-9.]+/g).slice(0, 3).map((part) => part / 255);
    const [red, green, blue] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05;
  };
  const paper = light(getComputedStyle(document.querySelector('[data-testid="stApp"]')).backgroundColor);
  const kinds = ["xtick", "ytick", "xtitle", "ytitle", "cb", "legend"].map((name) => `[class*="${name}"]`).join(",");
  const texts = [...document.querySelectorAll(".js-plotly-plot text")].filter((text) => text.closest(kinds));
  return texts.filter((text) => {
    const ink = light(getComputedStyle(text).fill);
    return Math.max(ink, paper) / Math.min(ink, paper) < 4.5;
  }).map((text) => text.textContent);
}"""
SIZES = """() => [...document.querySelectorAll(".js-plotly-plot text")]
  .map((text) => parseFloat(getComputedStyle(text).fontSize))"""
PAGES = next(
    ast.literal_eval(node.value)
    for node in ast.parse((ROOT / "app.py").read_text(encoding="utf-8")).body
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PAGES"
)
HEADINGS = "() => [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(({ tagName }) => Number(tagName[1]))"


@pytest.fixture(scope="module")
def axe() -> str:
    """What looks for faults, fetched where it is not in the user's cache yet."""
    try:
        return (web_runtime((AXE,)) / "axe.min.js").read_text(encoding="utf-8")
    except FetchError as problem:
        pytest.skip(str(problem))


@pytest.mark.parametrize("name", PAGES)
def test_everybody_can_use_a_page(visit: Callable[..., Page], axe: str, name: str) -> None:
    page: Any = visit("" if name == "distil" else name, height=2000)
    expect(page).to_have_title(f"{PAGES[name][0]} · Distillation lab")
    levels = page.evaluate(HEADINGS)
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels
    for scheme, rules in (("light", None), ("dark", ["color-contrast"])):
        if scheme == "dark":
            page.emulate_media(color_scheme=scheme)
            page.reload()
            settled(page)
        page.evaluate(axe)
        page.wait_for_function(f"() => ({FAINT})().length === 0")
        faults = page.evaluate(FAULTS, rules)
        for _ in range(10):  # what has been drawn may not have its colors yet
            if faults:
                page.wait_for_timeout(1_000)
                faults = page.evaluate(FAULTS, rules)
        assert not faults


def test_the_last_row_can_read_it(visit: Callable[..., Page]) -> None:
    page: Any = visit("tradeoffs?app.large=true", width=1920, height=1080)
    expect(page.locator(".js-plotly-plot .xtick").first).to_be_visible()
    assert min(page.evaluate(SIZES)) >= 16
    page = visit("temperature", width=1280, height=720)
    page.locator(".live[data-temperature]").wait_for()
    table = page.locator(".formula").bounding_box()
    assert table["y"] + table["height"] <= 720
