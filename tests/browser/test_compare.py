"""Compare in a browser: edit a sentence by clicks, filter by cells, and take a file through both models."""

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Page, expect

from distil_core.runs.sources import ShippedRuns
from tests.browser.conftest import settled

Visit = Callable[..., Page]


def keyed(page: Page, key: str) -> object:
    return page.locator(f".st-key-{key.replace('.', '-')}")


def test_a_word_is_dropped_and_the_change_is_told(visit: Visit) -> None:
    page = visit("compare")
    field = page.get_by_role("textbox", name="Sentence")
    first = field.input_value()
    # Three models' worth of drawing fits on the first screen: the sentence, both answers, the bars.
    expect(page.get_by_role("slider", name="Temperature")).to_be_in_viewport()
    expect(page.get_by_text(re.compile("^Confidence")).last).to_be_in_viewport()
    expect(page.locator(".live .row").last).to_be_in_viewport()
    word = keyed(page, "compare.word.0").get_by_role("button")  # type: ignore[attr-defined]
    dropped = word.inner_text()
    word.click()
    # By the keyboard: what was pressed is gone, and the keyboard is on the word that stands there now.
    page.get_by_role("button", name="Drop").first.press("Enter")
    expect(field).to_have_value(first.removeprefix(dropped).strip())
    expect(page.get_by_text("What the edit changed")).to_be_visible()
    expect(word).to_be_focused()
    expect(word).to_have_text(first.split()[1])
    expect(page.locator(".st-key-compare-changes .js-plotly-plot")).to_be_visible()
    settled(page)
    address = page.url
    assert "compare.original=" in address
    page.goto(address)
    settled(page)
    expect(field).to_have_value(first.removeprefix(dropped).strip())
    expect(page.get_by_text("What the edit changed")).to_be_visible()
    page.get_by_role("button", name="Back to the original").first.click()
    expect(field).to_have_value(first)
    expect(page.get_by_text("What the edit changed")).to_be_hidden()


def test_typing_is_answered_without_leaving_the_field(visit: Visit) -> None:
    page = visit("compare")
    field = page.get_by_role("textbox", name="Sentence")
    heard = page.get_by_role("status").and_(page.locator("#distil-lab-result"))
    expect(heard).to_have_text(re.compile(r"^teacher: .+, \d.* % sure; student: .+ sure\.$"))
    before = heard.inner_text()
    field.fill("This was a wonderful hotel")
    expect(keyed(page, "compare.sentence")).to_contain_text("wonderful")  # type: ignore[arg-type]
    expect(heard).not_to_have_text(before)
    expect(heard).to_contain_text("positive")
    field.press_sequentially("!")
    expect(keyed(page, "compare.sentence")).to_contain_text("!")  # type: ignore[arg-type]
    expect(field).to_be_focused()


def test_a_cell_filters_and_a_row_is_asked(visit: Visit) -> None:
    page = visit("compare?run=example")
    chart = page.locator(".st-key-compare-confusion .js-plotly-plot")
    chart.scroll_into_view_if_needed()
    box = chart.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    # Row 1, column 3 of five: the teacher says negative, the student positive.
    place = (box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.3)
    page.mouse.move(*place)
    page.mouse.click(*place)
    answers = ShippedRuns().folder("example").read_predictions().test
    n_texts = int(((answers.teacher.logits.argmax(axis=1) == 1) & (answers.logits.argmax(axis=1) == 3)).sum())
    expect(page.get_by_text(f"{n_texts} of 1,000 test texts")).to_be_visible()
    settled(page)
    assert "compare.teacher=negative" in page.url
    assert "compare.student=positive" in page.url
    table = page.get_by_test_id("stDataFrame").last
    table.scroll_into_view_if_needed()
    cells = table.locator("canvas").first.bounding_box()
    assert cells is not None
    field = page.get_by_role("textbox", name="Sentence")
    before = field.input_value()
    page.mouse.click(cells["x"] + 15, cells["y"] + 52)
    expect(field).not_to_have_value(before)
    settled(page)
    expect(page.get_by_text("This is a test text; its label is")).to_be_visible()
    # The same cell again lets all texts pass.
    chart.scroll_into_view_if_needed()
    box = chart.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.3)
    expect(page.get_by_text("1,000 of 1,000 test texts")).to_be_visible()


def test_a_file_of_sentences_comes_back_as_csv(visit: Visit, tmp_path: Path) -> None:
    page = visit("compare?compare.tab=A+file+of+sentences")
    sentences = tmp_path / "mine.txt"
    sentences.write_text("The food was wonderful.\nThe waiter was rude.\n" * 20, encoding="utf-8")
    page.locator('input[type="file"]').set_input_files(sentences)
    page.get_by_role("button", name="Ask both models").click()
    expect(page.get_by_text("40 sentences", exact=False).first).to_be_visible()
    with page.expect_download() as download:
        keyed(page, "compare.file.csv").get_by_role("button").click()  # type: ignore[attr-defined]
    download.value.save_as(tmp_path / "answers.csv")
    with (tmp_path / "answers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 40
    assert rows[0]["text"] == "The food was wonderful."
    assert float(rows[0]["teacher: very positive"]) + float(rows[0]["teacher: positive"]) > 0.5


@pytest.mark.parametrize("tab", ["", "A file of sentences"])
def test_nothing_is_wider_than_a_phone(visit: Visit, tab: str) -> None:
    page = visit(f"compare?compare.tab={tab}", width=390, height=844)
    expect(page.get_by_role("slider", name="Temperature")).to_be_visible()
    main = page.locator('[data-testid="stMain"]')
    assert main.evaluate("element => element.scrollWidth - element.clientWidth") <= 1
