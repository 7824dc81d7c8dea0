"""A served app and a browser to look at it with."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="no Chromium was found on this system"))


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """One browser for all journeys."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    playwright.expect.set_options(timeout=30_000)
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What teachers answered, once for all served apps."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def module_home(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Path:
    """Where the runs of the served app are."""
    home = tmp_path_factory.mktemp("home")
    (home / "cache").symlink_to(shared_cache, target_is_directory=True)
    return home


@pytest.fixture(scope="module")
def n_workers() -> str:
    """How many runs the served app computes side by side; empty: as many as usual."""
    return "1"


@pytest.fixture(scope="module")
def host() -> str:
    """By which the app is served; another one than localhost makes it a class's."""
    return "localhost"


@pytest.fixture(scope="module")
def address(module_home: Path, n_workers: str, host: str) -> Iterator[str]:
    """Serve the app as a user does, on a free port."""
    with socket.socket() as free:
        free.bind((host, 0))
        port = free.getsockname()[1]
    address = f"http://{host}:{port}"
    log = module_home / "server.log"
    command = (sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), "--server.address", host)
    with log.open("wb") as output:
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            env={
                **os.environ,
                "DISTIL_LAB_HOME": str(module_home),
                "HF_HUB_OFFLINE": "1",
                "DISTIL_LAB_WORKERS": n_workers,
            },
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_healthy(address, server, log)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=20)
        _end_worker(module_home)
    printed = log.read_text(encoding="utf-8")
    assert "Traceback" not in printed, printed


def _wait_until_healthy(address: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text(encoding="utf-8")
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise TimeoutError(log.read_text(encoding="utf-8"))


def _end_worker(home: Path) -> None:
    """End the worker that the app started: it has the store's folder in its command line."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"worker" in words and os.fsencode(home) in words:
            os.kill(int(process.name), 15)


@pytest.fixture
def visit(browser: "Browser", address: str) -> Iterator[Callable[..., "Page"]]:
    """Open a page in a fresh profile; the browser must have nothing to complain about."""
    contexts, complaints = [], []

    def opened(path: str = "", *, width: int = 1366, height: int = 768, scheme: str = "light") -> "Page":
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.append(request.url) if not _local(request.url) else None)
        page.goto(f"{address}/{path}")
        settled(page)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def _local(url: str) -> bool:
    return url.startswith(("http://localhost", "ws://localhost", "http://127.", "ws://127.", "data:", "blob:"))


def settled(page: "Page") -> None:
    """Wait until the page has been drawn and its script has ended."""
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


def open_menu(page: "Page", name: str) -> None:
    """Open the menu of a control once the page stands still: it would close if it heard of a scroll.

    Figures that are still drawn above it move the page, and a scroll is told at the next frame.
    """
    menu = page.get_by_role("combobox", name=name, exact=True)
    menu.scroll_into_view_if_needed()
    menu.evaluate(
        """async menu => {
            let before;
            do {
                before = menu.getBoundingClientRect().top;
                for (let frame = 0; frame < 10; frame++) await new Promise(requestAnimationFrame);
            } while (menu.getBoundingClientRect().top !== before);
        }"""
    )
    menu.click()
