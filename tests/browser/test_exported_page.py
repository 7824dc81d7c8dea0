"""A student in a page of its own: reads and answers as in Python, whatever somebody types, and asks nobody else."""

import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.client import HTTPConnection
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

import onnxruntime
from playwright.sync_api import Browser, Page, expect
from tokenizers import Tokenizer

from distil_core.errors import FetchError
from distil_core.export.browser_page import add_page
from distil_core.export.exporter import export_student, exportable
from distil_core.export.folders import write_onnx_folder
from distil_core.export.formats import Format
from distil_core.export.lab_student import load_student
from distil_core.export.web_runtime import web_runtime
from distil_core.runs.sources import RunSource, ShippedRuns
from distil_core.runs.store import RunStore
from distil_core.settings.serialization import to_json
from tests.export.test_exporter import CASES, Case
from tests.factories import a_proof

NASTY = (
    "",
    "Café naïve Ångström ﬁancée e\u0301 \u0323\u0307",
    "日本語のテキスト 中文，标点。 नमस्ते สวัสดี שלום مرحبا",
    "😀👩‍👩‍👧‍👦 ok 🇩🇪",
    "https://example.org/a?b=c&d=%20#x user@mail.org",
    "a" * 10_000,
    "word " * 400,
    "tabs\tand\nnew lines\r\n  spaces \u200b zero\u200dwidth \u00ad soft \x00\x01 \ufffd",
    "İstanbul ŞŞ ß ǅ ＦＵＬＬ ｗｉｄｔｈ ① ½",
    "don't can't 3,000.50 $5 (x) [MASK] [CLS]",
)


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and tells nobody."""

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture(scope="module", autouse=True)
def runtime() -> None:
    """Fetch what runs a student in a browser, where it is not in the user's cache yet."""
    try:
        web_runtime()
    except FetchError as problem:
        pytest.skip(str(problem))


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Serve a folder as ``python -m http.server`` does, and open its page; it may ask nobody else."""
    servers: list[ThreadingHTTPServer] = []
    contexts, complaints = [], []

    def open_page(folder: Path, *, width: int = 1000) -> Page:
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        contexts.append(browser.new_context(viewport={"width": width, "height": 800}))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("request", lambda r: None if r.url.startswith((address, "data:")) else complaints.append(r.url))
        page.goto(address)
        page.locator("body[data-state]").wait_for(timeout=60_000)
        assert page.locator("body").get_attribute("data-state") == "answered", page.inner_text("body")
        return page

    yield open_page
    for context in contexts:
        context.close()
    for server in servers:
        server.shutdown()
        server.server_close()
    assert complaints == []


def written(source: RunSource, run: str, folder: Path) -> Path:
    """Write the page of a student, without its proof."""
    exported = exportable(source, run)
    student = load_student(exported.distilled.folder, record=exported.distilled.record)
    folder.mkdir(parents=True)
    write_onnx_folder(exported, student, folder, Format.BROWSER, fp32=folder.parent / "fp32.onnx")
    add_page(exported, student, folder)
    return folder


@pytest.mark.parametrize("run", ["few-labels", "example"])
def test_it_reads_and_answers_as_in_python(opened: Callable[..., Page], tmp_path: Path, run: str) -> None:
    shipped = ShippedRuns()
    folder = written(shipped, run, tmp_path / "page")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    texts = [*NASTY, *(text.text for text in shipped.folder(run).read_test_texts()[:200])]
    page = opened(folder)
    answers = page.evaluate(
        """async (texts) => {
            const answers = [];
            for (const text of texts) {
                const encoded = student.encode(text);
                const { outputs } = await student.run(encoded);
                answers.push([encoded.ids, Array.from(outputs.logits.data)]);
            }
            return answers;
        }""",
        texts,
    )
    for text, (ids, logits) in zip(texts, answers, strict=True):
        encoding = tokenizer.encode(text)
        assert ids == encoding.ids, text[:60]
        inputs = {"input_ids": [ids], "attention_mask": [[1] * len(ids)], "token_type_ids": [[0] * len(ids)]}
        (expected,) = session.run(None, {item.name: np.array(inputs[item.name]) for item in session.get_inputs()})[0]
        assert np.abs(np.array(logits) - expected).max() < 1e-3, text[:60]
        assert np.argmax(logits) == expected.argmax(), text[:60]


def test_it_answers_while_somebody_types_and_softens(opened: Callable[..., Page], tmp_path: Path) -> None:
    shipped = ShippedRuns()
    page = opened(written(shipped, "example", tmp_path / "page"), width=390)
    texts, answers = shipped.folder("example").read_test_texts(), shipped.folder("example").read_predictions()
    surest = int(np.argmax(answers.test.logits[:, 0]))
    page.context.set_offline(True)  # all that it needs is there
    page.get_by_label("Text").fill(texts[surest].text)
    first = page.locator(".bar.first")
    expect(first).to_contain_text("very negative")
    share = first.locator(".share").inner_text()
    page.get_by_role("slider").fill("5")
    expect(page.get_by_text("Temperature 5.0")).to_be_visible()
    expect(first.locator(".share")).not_to_have_text(share)
    expect(page.locator("#speed")).to_contain_text("ms on this device")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.architecture not in ("bert", "roberta", "albert")],
    ids=lambda case: case.task,
)
def test_students_of_other_tasks_answer_too(
    case: Case, opened: Callable[..., Page], home: Path, tmp_path: Path
) -> None:
    store = RunStore(home)
    folder = tmp_path / "page"
    proof = export_student(store, case.add(store), Format.BROWSER, folder, seconds=0.01)
    assert proof.comparison.largest_difference < 0.1
    assert proof.comparison.fidelity_value > 0.9
    page = opened(folder)
    texts = json.loads((folder / "student.json").read_text(encoding="utf-8"))["example"]
    answer = page.evaluate("texts => student.answer(...texts)", texts)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    match case.task:
        case "tokens":
            assert [word["word"] for word in answer["words"]] == texts[0].split()
            assert page.evaluate("text => student.words(text).ids", texts[0]) == tokenizer.encode(texts[0]).ids
        case "qa":
            assert answer["text"].replace(" ", "") in texts[1].replace(" ", "")
            long = [texts[0], " ".join([texts[1]] * 3)]
            parts = page.evaluate("texts => student.parts(...texts).map((part) => part.ids)", long)
            whole = tokenizer.encode(*long)
            windows = [whole, *whole.overflowing]
            assert len(windows) > 2
            assert parts == [window.ids[: sum(window.attention_mask)] for window in windows]
            longer = page.evaluate("texts => student.answer(...texts)", long)
            assert not longer["cut"]
            assert longer["text"].replace(" ", "") in long[1].replace(" ", "")
        case "embeddings":
            assert -1.0 <= answer["cosine"] <= 1.0
        case "fill-mask":
            assert [len(words) for words in answer["masks"]] == [5]
        case _:
            long = [" ".join(part.split() * 4) for part in texts]
            ids, types = page.evaluate("texts => { const e = student.encode(...texts); return [e.ids, e.types] }", long)
            assert (ids, types) == ((encoding := tokenizer.encode(*long)).ids, encoding.type_ids)
    assert page.locator("#answer").inner_text().strip()


def test_compare_runs_the_student_in_the_visitors_browser(
    visit: Callable[..., Page], address: str, module_home: Path
) -> None:
    folder = written(ShippedRuns(), "example", module_home / "exports" / "example" / "browser")
    (folder / "proof.json").write_text(json.dumps(to_json(a_proof())), encoding="utf-8")
    page = visit("compare?run=example&compare.browser=true")
    frame = page.frame_locator("iframe[src='/student/example/index.html']")
    frame.locator("body[data-state=answered]").wait_for(timeout=60_000)
    expect(frame.locator("#speed")).to_contain_text("ms on this device")
    for elsewhere in ("example/%2e%2e/browser.json", "example/%2e%2e/%2e%2e/%2e%2e/runs.sqlite3", "nothing/index.html"):
        connection = HTTPConnection(address.removeprefix("http://"))  # sends a path as it is
        connection.request("GET", f"/student/{elsewhere}")
        assert connection.getresponse().status in (400, 404)
        connection.close()
