"""Lessons in a class: two visitors follow the lecturer's link and predict, and the lecturer sees two."""

from collections.abc import Callable
from math import floor
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Page, expect

from distil_core.runs.sources import ShippedRuns
from tests.browser.conftest import settled


def test_two_predict_on_phones_and_the_lecturer_sees_what(visit: Callable[..., Page]) -> None:
    lecturer: Any = visit("lessons?lessons.lesson=Few+labels")
    lecturer.locator(".st-key-app-share").get_by_role("button").first.click()
    lecturer.get_by_text("Link for a class").click()
    expect(lecturer.get_by_text("This server answers this computer alone")).to_be_visible()
    expect(lecturer.get_by_test_id("stCode")).to_contain_text("class=")
    link = urlsplit(lecturer.get_by_test_id("stCode").inner_text().strip())
    lecturer.keyboard.press("Escape")
    for n in range(2):
        page: Any = visit(f"{link.path[1:]}?{link.query}", width=390, height=844)
        slider = page.get_by_role("slider")
        for _ in range(3 * n):
            slider.press("ArrowLeft")
        settled(page)
        page.get_by_role("button", name="Predict", exact=True).click()
        expect(page.get_by_text("You predicted")).to_be_in_viewport()
        expect(page.locator("#distil-lab-result")).to_contain_text("points")
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert "lessons.answers=labels.scarce" in page.url
    expect(lecturer.get_by_text("2 of 2 visitors")).to_be_visible()
    lecturer.get_by_role("button", name="Show what they predicted").click()
    bars = lecturer.locator(".st-key-lessons-class-labels-scarce .barlayer .point")
    expect(bars).to_have_count(8)
    with_teacher, without = (ShippedRuns().get(name).record for name in ("few-labels", "few-labels-hard-labels"))
    assert with_teacher is not None
    assert without is not None
    low = 5 * floor(100 * (with_teacher.score.value - without.score.value) / 5)
    expect(lecturer.get_by_text(f"✓ {low} to {low + 5} points")).to_be_visible()
