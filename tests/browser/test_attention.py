"""Attention in a browser: from the layers to one head, from word to word, and all that with 144 heads."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Locator, Page, expect

from distil_core.models.surgery import cut_student
from distil_core.runs.store import RunStore
from distil_core.settings.config import LayerMap, StudentConfig, TeacherConfig
from tests import seeds, tiny
from tests.browser.conftest import settled
from tests.factories import a_corpus_summary

Visit = Callable[..., Page]
LAYERS = (1, 3, 5, 7, 9, 11)
TEXT = " ".join(["snow"] * 61 + ["sun"])
"""64 tokens with those that frame the text."""


@pytest.fixture(scope="module")
def run(module_home: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A finished run whose models have random weights: a teacher of 12 layers of 12 heads, a student of 6 of them."""
    labels, folder = a_corpus_summary().label_names, tmp_path_factory.mktemp("teacher")
    teacher = tiny.model("bert", labels=labels, depth=12, width=12 * tiny.HEAD, max_position_embeddings=128)
    words = tiny.tokenizer()
    config = seeds.a_config(
        teacher=TeacherConfig(source=str(folder)),
        student=StudentConfig(depth=6, layer_map=LayerMap.EXPLICIT, layers=LAYERS),
    )
    store = RunStore(module_home)
    found = seeds.finished_family(store, config)
    student, layers = cut_student(teacher, config.student)
    assert layers == LAYERS
    words.model_max_length = 128
    for model, place in ((teacher, folder), (student, store.folder(found.id).student)):
        model.save_pretrained(place)
        words.save_pretrained(place)
    words.model_max_length = tiny.LENGTH
    return found.id


def chart(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-{key.replace('.', '-')} .js-plotly-plot")


def click_cell(found: Locator, row: int, column: int, *, rows: int, columns: int) -> None:
    """Click a cell of a matrix, a little off its center."""
    settled(found.page)
    plot = found.locator(".nsewdrag").first
    # Its size all at once: a chart may be drawn anew between two questions.
    width, height = plot.evaluate("(plot) => [plot.getBoundingClientRect().width, plot.getBoundingClientRect().height]")
    plot.click(position={"x": width * (column + 0.4) / columns, "y": height * (row + 0.6) / rows})


def test_a_click_leads_from_all_layers_to_one_pair(visit: Visit, run: str) -> None:
    page = visit(f"attention?run={run}&attention.text=we+saw+snow")
    expect(page.get_by_text("Teacher, layer 11", exact=True)).to_be_visible()
    click_cell(chart(page, "attention.overview"), 2, 4, rows=12, columns=6)
    expect(page.get_by_text("Teacher, layer 2", exact=True)).to_be_visible()
    expect(page.get_by_text("Student, layer 4", exact=True)).to_be_visible()
    settled(page)
    assert "attention.pair=teacher+2" in page.url
    page.reload()
    expect(page.get_by_text("Teacher, layer 2", exact=True)).to_be_visible()


def test_144_heads_are_one_light_image_and_each_can_be_clicked(visit: Visit, run: str) -> None:
    page = visit(f"attention?run={run}&attention.special=true&attention.view=All+heads&attention.text={TEXT}")
    expect(page.get_by_text("Over the 64 tokens of this text.")).to_be_visible()
    mosaic = chart(page, "attention.mosaic.teacher")
    expect(mosaic.locator(".scatterlayer .point")).to_have_count(144)
    expect(mosaic.locator(".imagelayer image, .layer-below image")).to_have_count(1)
    assert mosaic.locator("*").count() < 600
    click_cell(mosaic, 9, 7, rows=12, columns=12)
    expect(page.get_by_text("Teacher layer 9 head 7", exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile(r"Assigned to it: student layer 4 head \d+"))).to_be_visible()
    click_cell(chart(page, "attention.mosaic.student"), 3, 2, rows=6, columns=12)
    expect(page.get_by_text("Student layer 3 head 2", exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile(r"Assigned to it: teacher layer 7 head \d+"))).to_be_visible()


def test_a_word_shows_where_it_looks_in_both_models(visit: Visit, run: str) -> None:
    page = visit(f"attention?run={run}&attention.text=we+saw+snow")
    lines = page.locator(".strip")
    expect(lines).to_have_count(2)
    lines.first.get_by_role("button").nth(0).hover()
    expect(page.get_by_text("we looks most at: Teacher:")).to_be_visible()
    lines.last.get_by_role("button").nth(2).click()
    expect(page.get_by_text("snow looks most at: Teacher:")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("saw looks most at: Teacher:")).to_be_visible()
    for line in (lines.first, lines.last):
        expect(line.locator('[aria-pressed="true"]')).to_have_text(re.compile("^saw"))
        shares = [float(word.get_attribute("data-share") or 0) for word in line.get_by_role("button").all()]
        assert sum(shares) == pytest.approx(100, abs=2)


def test_a_test_text_is_picked_and_its_words_are_left_out(visit: Visit, run: str) -> None:
    page = visit(f"attention?run={run}&attention.view=Leave-one-out")
    page.get_by_role("button", name="Test texts").click()
    table = page.get_by_test_id("stDataFrame")
    expect(table).to_be_visible()
    # The box before the sixth row; the table is a canvas.
    table.click(position={"x": 15, "y": 35 * 6 + 17})
    expect(page.get_by_label("Text", exact=True)).to_have_value("This is text number 5.")
    bars = chart(page, "attention.left_out")
    expect(bars.locator(".bars .point")).to_have_count(10)


def test_nothing_is_wider_than_a_phone(visit: Visit, run: str) -> None:
    page = visit(f"attention?run={run}&attention.text=we+saw+snow", width=390, height=844)
    expect(page.get_by_text("Teacher, layer 11", exact=True)).to_be_visible()
    main = page.locator('[data-testid="stMain"]')
    for view, key in (
        ("All heads", "large"),
        ("Attention rollout", "rollout"),
        ("Attention entropy", "entropy.student"),
    ):
        page.get_by_role("radio", name=view).click()
        expect(chart(page, f"attention.{key}")).to_be_visible()
        settled(page)
        assert main.evaluate("element => element.scrollWidth - element.clientWidth") <= 1
