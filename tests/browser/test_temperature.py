"""The live temperature in a browser: it moves with the pointer, it is right, and Python hears of it once."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Page, expect

from distil_core.functional.distributions import entropy, kl, log_soften
from distil_core.runs.rows import Run
from distil_core.runs.store import RunStore
from distil_core.settings.serialization import digest
from tests import seeds
from tests.browser.conftest import settled

Visit = Callable[..., Page]
TEXT = "This is text number 3."
LABELS = ("very negative", "negative", "neutral", "positive", "very positive")
# A short run begins and ends before the page is drawn again: what Python is asked says how many there are.
COUNT_RUNS = """() => {
    const { send } = WebSocket.prototype;
    window.runs = 0;
    WebSocket.prototype.send = function (message) {
        window.runs += 1;
        send.call(this, message);
    };
}"""


def answered(store: RunStore, labels: tuple[str, ...], *, seed: int) -> tuple[Run, torch.Tensor, torch.Tensor]:
    """A finished run with its twins, whose models answered something of every kind; with both logits for the text."""
    random, config = np.random.default_rng(seed), seeds.a_config(seed=seed)
    logits = (4 * random.normal(size=(4, seeds.N_TEXTS, len(labels)))).astype(np.float32)
    names = ("test_logits", "teacher_test_logits", "validation_logits", "teacher_validation_logits")
    for item in seeds.family_of(config):
        run = store.add(digest(item), item, corpus_name="reviews")
        with store.owner() as owner:
            store.claim(owner, run.id)
            seeds.write_files(store.folder(run.id), item)
            path = store.folder(run.id).outputs
            save_file({**load_file(path), **dict(zip(names, logits, strict=True))}, path)
            record = seeds.record_of(item, run.id)
            store.finish(run.id, replace(record, corpus=replace(record.corpus, label_names=labels)))
    student, teacher = torch.from_numpy(logits[:2, 3]).double()
    return store.get(digest(config)), teacher, student


@pytest.fixture(scope="module")
def store(module_home: Path) -> RunStore:
    return RunStore(module_home)


@pytest.fixture(scope="module")
def few(store: RunStore) -> tuple[Run, torch.Tensor, torch.Tensor]:
    return answered(store, LABELS, seed=11)


@pytest.fixture
def page(visit: Visit, few: tuple[Run, torch.Tensor, torch.Tensor]) -> Page:
    return drawn(visit(f"temperature?run={few[0].id}&temperature.text={TEXT}"))


def drawn(page: Page) -> Page:
    """Wait until the component has drawn itself, which comes after the script."""
    page.locator(".live[data-temperature]").wait_for()
    return page


def temperature(page: Page) -> float:
    return float(page.locator(".live").get_attribute("data-temperature") or "nan")


def test_drag_redraws_with_every_move_and_tells_python_once(page: Page) -> None:
    live, slider = page.locator(".live"), page.get_by_role("slider", name="Temperature")
    box = slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 3
    expect(live).to_have_attribute("data-temperature", "2")
    page.evaluate(COUNT_RUNS)
    page.mouse.move(box["x"] + 20, middle)
    page.mouse.down()
    before, n_moves = int(live.get_attribute("data-redraws") or 0), 120
    seen = set()
    for i in range(n_moves):
        page.mouse.move(box["x"] + 24 + i * (box["width"] - 60) / n_moves, middle)
        seen.add(page.locator(".tile b").first.text_content())
    # A few moves stick to the same round temperature.
    assert int(live.get_attribute("data-redraws") or 0) - before > 0.8 * n_moves
    assert len(seen) > 0.5 * n_moves
    assert page.evaluate("window.runs") == 0
    assert live.get_attribute("data-sent") == "0"
    assert "temperature.t=" not in page.url

    page.mouse.up()
    chosen = temperature(page)
    assert chosen > 8
    page.wait_for_url(lambda url: f"temperature.t={chosen:g}" in url)
    settled(page)
    assert page.evaluate("window.runs") == 1
    assert live.get_attribute("data-sent") == "1"
    assert temperature(page) == chosen

    # The address leads back to it.
    page.reload()
    settled(page)
    expect(live).to_have_attribute("data-temperature", f"{chosen:g}")


def test_fifty_redraws_fit_into_a_second(page: Page) -> None:
    """Each with its layout, which the browser would otherwise put off."""
    live = page.locator(".live")
    before = int(live.get_attribute("data-redraws") or 0)
    milliseconds = live.evaluate("""live => {
        const start = performance.now();
        for (let i = 0; i < 200; i++) {
            live.show(0.1 * 200 ** (i / 199));
            live.querySelector(".share").getBoundingClientRect();
        }
        return (performance.now() - start) / 200;
    }""")
    assert int(live.get_attribute("data-redraws") or 0) - before == 200
    assert milliseconds < 20


def test_browser_and_torch_agree(page: Page, few: tuple[Run, torch.Tensor, torch.Tensor]) -> None:
    for temperature in [0.01, 0.1, 1.0, 20.0, 1000.0]:
        found = page.locator(".live").evaluate("(live, t) => live.measure(t)", temperature)
        logs = {"teacher": log_soften(few[1][None], temperature), "student": log_soften(few[2][None], temperature)}
        for side, log in logs.items():
            shares = log[0].exp()
            assert found[side]["shares"] == pytest.approx(shares.tolist(), rel=1e-9, abs=1e-300)
            assert found[side]["entropy"] == pytest.approx(float(entropy(log)), rel=1e-9, abs=1e-12)
            outside = shares.sort(descending=True).values[1:].sum()
            assert found[side]["outside"] == pytest.approx(float(outside), rel=1e-9, abs=1e-300)
        expected = float(kl(logs["teacher"], logs["student"]))
        assert found["kl"] == pytest.approx(expected, rel=1e-6)
        assert found["weighted"] == pytest.approx(temperature**2 * expected, rel=1e-6)


def test_keys_reach_the_ends_and_the_round_temperatures(page: Page) -> None:
    slider = page.get_by_role("slider", name="Temperature")
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuenow", "0.1")
    slider.press("End")
    expect(slider).to_have_attribute("aria-valuenow", "20")
    settled(page)
    slider.press("Home")
    for _ in range(27):
        slider.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuenow", "1")
    for _ in range(16):
        slider.press("ArrowUp")
    expect(slider).to_have_attribute("aria-valuenow", "4")
    slider.press("PageDown")
    slider.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuenow", "1.83")
    page.wait_for_url(lambda url: "temperature.t=1.83" in url)


def test_what_is_shown_is_what_was_computed(page: Page, few: tuple[Run, torch.Tensor, torch.Tensor]) -> None:
    teacher, student = (log_soften(logits[None], 2.0) for logits in few[1:])
    shown = page.locator(".tile b").all_text_contents()
    assert shown[:2] == [f"{float(entropy(log)):.3f}" for log in (teacher, student)]
    assert shown[2:4] == [f"{100 * (1 - float(log.exp().max())):.1f} %" for log in (teacher, student)]
    assert [float(text) for text in shown[4:]] == pytest.approx(
        [float(kl(teacher, student)), 4 * float(kl(teacher, student))], abs=0.0006
    )
    # Grades stand in their order, and so they stay.
    names = list(LABELS)
    rows = page.locator(".row .label")
    assert [name.removeprefix("\u25c6 ") for name in rows.all_text_contents()] == names
    page.get_by_role("slider", name="Temperature").press("End")
    assert [name.removeprefix("\u25c6 ") for name in rows.all_text_contents()] == names


def test_formula_is_of_the_label_that_is_pointed_at(page: Page, few: tuple[Run, torch.Tensor, torch.Tensor]) -> None:
    caption = page.locator(".formula caption")
    expect(caption).to_contain_text(LABELS[int(few[1].argmax())])
    page.locator(".row").nth(2).hover()
    expect(caption).to_contain_text(LABELS[2])
    for side, logits in zip(("teacher", "student"), few[1:], strict=True):
        z, top = float(logits[2]), float(logits.max())
        cells = page.locator(f".formula .{side} td").all_text_contents()
        assert cells[0] == f"{z:.2f}".replace("-", "\u2212")
        assert cells[1] == f"{z / 2:.2f}".replace("-", "\u2212")
        assert cells[2].startswith(f"exp({(z - top) / 2:.2f}) = ".replace("-", "\u2212"))
        assert cells[3] == f"÷ {float(((logits - top) / 2).exp().sum()):.3f}"
        assert cells[4] == f"{100 * float((logits / 2).softmax(0)[2]):.1f} %"
    # By keyboard, too; and in the curves.
    page.locator(".row").nth(4).focus()
    expect(caption).to_contain_text(LABELS[4])
    expect(page.locator("polyline.chosen")).to_have_count(2)


def test_picture_has_all_words_and_bars(page: Page, tmp_path: Path) -> None:
    page.locator(".st-key-temperature-answers-data").get_by_role("button").click()
    for kind in ("svg", "png"):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Save the chart as {kind.upper()}").click()
        assert download.value.suggested_filename == f"temperature.t.{kind}"
        download.value.save_as(tmp_path / kind)
    assert (tmp_path / "png").read_bytes().startswith(b"\x89PNG")
    image = ElementTree.parse(tmp_path / "svg").getroot()
    words = [node.text for node in image.findall(".//{*}text")]
    expected = page.locator(".live .row").all_inner_texts()
    assert [word for row in expected for word in row.split() if word not in words] == []
    written = [node for node in image.findall(".//{*}text") if node.text]
    places = [tuple(float(node.get(name, "")) for name in ("x", "y")) for node in written]
    assert all(-1 <= x <= float(image.get("width", "")) for x, _ in places)
    assert all(0 <= y <= float(image.get("height", "")) for _, y in places)
    fills = [node.get("fill") for node in image.findall(".//{*}rect")]
    assert fills.count("rgb(213, 94, 0)") >= len(expected)
    assert fills.count("url(#hatch)") >= len(expected)


def test_many_labels_leave_one_bar_for_the_others(visit: Visit, store: RunStore) -> None:
    run, teacher, student = answered(store, tuple(f"label {i}" for i in range(77)), seed=12)
    page = drawn(visit(f"temperature?run={run.id}&temperature.text={TEXT}"))
    names = page.locator(".row .label").all_text_contents()
    assert len(names) == 13
    assert names[-1] == "65 others"
    assert f"label {int(student.argmax())}" in "".join(names)
    for side, logits in (("teacher", teacher), ("student", student)):
        shares = [text.removesuffix(" %") for text in page.locator(f".row .{side} .share").all_text_contents()]
        alone = [int(name.split()[-1]) for name in names[:-1]]
        rest = 1 - float((logits / 2).softmax(0)[alone].sum())
        assert float(shares[-1]) == pytest.approx(100 * rest, abs=0.06)
    page.locator(".row").last.hover()
    expect(page.locator(".formula caption")).to_contain_text("65 others")
    expect(page.locator("polyline.chosen")).to_have_count(130)


@pytest.mark.parametrize(("scheme", "color"), [("light", "rgb(27, 39, 51)"), ("dark", "rgb(232, 237, 242)")])
def test_component_has_the_colors_of_the_theme(
    visit: Visit, few: tuple[Run, torch.Tensor, torch.Tensor], scheme: str, color: str
) -> None:
    page = visit(f"temperature?run={few[0].id}", scheme=scheme)
    expect(page.locator(".live")).to_have_css("color", color)


def test_everything_fits_on_a_phone(visit: Visit, few: tuple[Run, torch.Tensor, torch.Tensor]) -> None:
    page = visit(f"temperature?run={few[0].id}", width=390, height=844)
    expect(page.locator(".row")).to_have_count(5)
    main = page.locator('[data-testid="stMain"]')
    assert main.evaluate("element => element.scrollWidth - element.clientWidth") <= 1
    assert page.locator(".live").evaluate("element => element.scrollWidth - element.clientWidth") <= 1


def test_tabs_are_in_the_address(visit: Visit, few: tuple[Run, torch.Tensor, torch.Tensor]) -> None:
    page = visit(f"temperature?run={few[0].id}&temperature.t=4")
    for name, n_charts in (("All texts", 3), ("Dark knowledge", 3), ("Calibration", 3)):
        page.get_by_role("tab", name=name).click()
        expect(page.locator(".js-plotly-plot:visible")).to_have_count(n_charts)
    page.reload()
    settled(page)
    expect(page.get_by_role("tab", name="Calibration")).to_have_attribute("aria-selected", "true")
    page.get_by_role("tab", name="One text").click()
    expect(page.locator(".live")).to_have_attribute("data-temperature", "4")
