"""Compare in a browser on a run of each task: what both models make of a text, and test texts of one kind of error."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Locator, Page, expect

from distil_core.analysis import kinds
from distil_core.data.corpus import split_segments
from distil_core.runs import foreground
from distil_core.runs.foreground import Distillation
from distil_core.runs.store import RunStore
from distil_core.settings.config import RunConfig
from tests import named_entities, pairs, questions
from tests.browser.conftest import settled
from tests.tasks.embeddings import test_run as vectors
from tests.tasks.multi_label import weather

Visit = Callable[..., Page]
CONFIGS: Mapping[str, Callable[[Path], RunConfig]] = {
    "embeddings": vectors.a_config,
    "multi-label": weather.a_run,
    "numbers": lambda folder: pairs.a_config(folder, scored=True),
    "pairs": pairs.a_config,
    "qa": questions.a_config,
    "tokens": named_entities.a_config,
}


@pytest.fixture
def run_of(module_home: Path, tmp_path: Path) -> Callable[[str], Distillation]:
    """Distil a tiny student of a task into the store of the served app."""
    return lambda task: foreground.run_all(CONFIGS[task](tmp_path), RunStore(module_home), twins=False)


def keyed(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-{key.replace('.', '-')}")


def press_bar(page: Page, key: str, number: int) -> None:
    """Press a bar of the student in a figure of kinds, counted from the top."""
    chart = keyed(page, key)
    chart.scroll_into_view_if_needed()
    settled(page)
    box = chart.locator(".trace.bars").nth(1).locator(".point path").nth(number).bounding_box()
    assert box is not None
    place = (box["x"] + min(4, box["width"] / 2), box["y"] + box["height"] / 2)
    page.mouse.move(*place)
    page.mouse.click(*place)


def expect_passing(page: Page, n: int, of: int) -> None:
    expect(page.get_by_text(re.compile(f"^{n:,} of {of:,} test (texts|places)"))).to_be_visible()


def test_entities_of_both_models_are_marked_with_their_differences(
    visit: Visit, run_of: Callable[..., Distillation]
) -> None:
    distillation = run_of("tokens")
    test = distillation.folder.read_test_texts()
    text = next(example for example in test if sum(tag % 2 for tag in example.label) > 1)
    page = visit(f"compare?run={distillation.run}&compare.text={text.text}")
    lines = page.get_by_test_id("stHtml").filter(has=page.locator("div[style*='line-height']"))
    expect(lines).to_have_count(3)
    expect(lines.first.locator("u")).to_have_count(sum(tag % 2 for tag in text.label))
    expect(page.get_by_text("double underline: teacher only")).to_be_visible()
    # A kind of error filters the words below; the same again lets all pass.
    n = sum(len(example.places) for example in test)
    expect_passing(page, n, n)
    matrix = keyed(page, "compare.kind.student").locator(".js-plotly-plot")
    matrix.scroll_into_view_if_needed()
    settled(page)
    box = matrix.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    cell = (box["x"] + box["width"] * 0.1, box["y"] + box["height"] * 0.12)
    page.mouse.move(*cell)
    page.mouse.click(*cell)
    expect(page.get_by_text(re.compile("^[0-9]+ of .* test places"))).not_to_have_text(re.compile(f"^{n:,} of"))
    assert "compare.kind=Student" in page.url
    # Where a temperature is looked at is clicked, too.
    page = visit(f"temperature?run={distillation.run}&temperature.text={text.text}")
    word = text.places[-1].text
    keyed(page, "temperature.place").get_by_role("radio", name=word, exact=True).last.click()
    settled(page)
    assert "temperature.place=" in page.url


def test_answers_are_marked_in_the_context_with_the_curves_of_start_and_end(
    visit: Visit, run_of: Callable[..., Distillation]
) -> None:
    distillation = run_of("qa")
    test = distillation.folder.read_test_texts()
    question, context = split_segments(next(example.text for example in test if example.label))
    page = visit(f"compare?run={distillation.run}&compare.text={question}&compare.text.2={context}")
    for name in ("Teacher", "Student"):
        expect(page.get_by_text(re.compile(rf"^{name} · "))).to_be_visible()
    expect(page.get_by_text("sure that there is no answer")).to_have_count(2)
    expect(keyed(page, "compare.spans").locator(".js-plotly-plot").first).to_be_visible()
    end = keyed(page, "compare.place").get_by_role("radio", name="end", exact=True)
    end.click()
    expect(page.get_by_text("right for end is")).to_be_visible()
    n = sum(len(example.places) for example in test)
    press_bar(page, "compare.kind.length", 0)
    expect_passing(page, sum(len(example.places) for example in test if not example.label), n)


def test_two_texts_stand_side_by_side_with_both_verdicts(visit: Visit, run_of: Callable[..., Distillation]) -> None:
    distillation = run_of("pairs")
    test = distillation.folder.read_test_texts()
    page = visit(f"compare?run={distillation.run}")
    first, second = (page.get_by_role("textbox", name=name) for name in ("First text", "Second text"))
    tops = [field.bounding_box() for field in (first, second)]
    assert tops[0]
    assert tops[1]
    assert tops[0]["y"] == tops[1]["y"]
    expect(page.get_by_text(re.compile("^Confidence .*%"))).to_have_count(2)
    word = keyed(page, "compare.word.0").get_by_role("button")
    dropped, before = word.inner_text(), first.input_value()
    word.click()
    page.get_by_role("button", name="Drop").first.click()
    expect(first).to_have_value(before.removeprefix(dropped).strip())
    expect(page.get_by_text("What the edit changed")).to_be_visible()
    names = [kinds.words_in_common(example.text) for example in test]
    shown = next(name for _, name in kinds._OVERLAPS if name in names)
    press_bar(page, "compare.kind.words", 0)
    expect_passing(page, names.count(shown), len(test))


def test_two_texts_have_a_number_of_both_models_beside_the_label(
    visit: Visit, run_of: Callable[..., Distillation]
) -> None:
    distillation = run_of("numbers")
    test = distillation.folder.read_test_texts()
    page = visit(f"compare?run={distillation.run}")
    numbers = page.get_by_test_id("stMetricValue")
    expect(numbers).to_have_count(3)
    before = numbers.all_inner_texts()
    assert float(before[2]) == pytest.approx(float(test[0].label), abs=1e-3)
    first = page.get_by_role("textbox", name="First text")
    word = keyed(page, "compare.word.0").get_by_role("button")
    dropped, text = word.inner_text(), first.input_value()
    word.click()
    page.get_by_role("button", name="Drop").first.click()
    expect(first).to_have_value(text.removeprefix(dropped).strip())
    expect(page.get_by_test_id("stMetricDelta")).to_have_count(2)
    settled(page)
    assert numbers.all_inner_texts()[:2] != before[:2]
    names = [kinds.words_in_common(example.text) for example in test]
    shown = next(name for _, name in kinds._OVERLAPS if name in names)
    press_bar(page, "compare.errors", 0)
    expect(page.get_by_role("combobox", name="Words in common")).to_have_value(shown)
    settled(page)
    assert "compare.overlap=" in page.url


def test_all_labels_of_a_text_have_their_probabilities(visit: Visit, run_of: Callable[..., Distillation]) -> None:
    distillation = run_of("multi-label")
    test = distillation.folder.read_test_texts()
    page = visit(f"compare?run={distillation.run}")
    expect(keyed(page, "compare.labels").locator(".trace.bars .point")).to_have_count(2 * 3)
    # Which label the page begins with follows from what the models answer.
    others = keyed(page, "compare.place").get_by_role("radio", checked=False)
    expect(others).to_have_count(2)
    name = others.last.inner_text()
    others.last.click()
    expect(page.get_by_text(f"right for {name} is")).to_be_visible()
    settled(page)
    assert f"compare.place={name}" in page.url
    press_bar(page, "compare.kind.label", 1)
    expect_passing(page, len(test), 3 * len(test))


def test_a_search_shows_both_rankings_and_what_moved(visit: Visit, run_of: Callable[..., Distillation]) -> None:
    distillation = run_of("embeddings")
    page = visit(f"compare?run={distillation.run}")
    expect(page.get_by_text("Teacher: cosine")).to_be_visible()
    field = page.get_by_role("textbox", name="Query")
    before = field.input_value()
    tables = page.get_by_test_id("stDataFrame")
    headers = tables.nth(-2).locator("[role=columnheader]")
    for name in ("Teacher's rank", "Student's rank", "Moved", "Answers"):
        expect(headers.filter(has_text=name)).to_have_count(1)
    # A test query that is picked is searched for.
    tables.last.scroll_into_view_if_needed()
    settled(page)
    cells = tables.last.locator("canvas").first.bounding_box()
    assert cells is not None
    page.mouse.click(cells["x"] + 15, cells["y"] + 87)
    expect(field).not_to_have_value(before)
    field.fill("a quiet hotel")
    field.press("Enter")
    settled(page)
    assert "compare.query=a+quiet+hotel" in page.url
