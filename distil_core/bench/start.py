"""How long until the first page can be used, beside Streamlit's own example."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from typing import Any

from distil_core.bench.readings import alternating, as_text, ratios, times
from distil_core.errors import ConfigError
from distil_core.settings.serialization import to_json

_SECONDS = 120.0
"""How long to wait for a page."""
_FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
_DRAWN = '[data-testid="stApp"][data-test-script-state="notRunning"]'

Usable = Callable[[str], None]
"""Returns once the page at an address can be used."""


def compare(app: Path, *, repeats: int) -> dict[str, Any]:
    """Start both in turn, and return all figures; the ratio is how much longer ours takes.

    Raises:
        ConfigError: If there is no app at ``app``.
    """
    if not app.is_file():
        raise ConfigError(f"--app must be the path of app.py in a checkout of the lab, got {app}")
    sides = {"app": ("run", str(app.resolve())), "hello": ("hello",)}
    spent: dict[str, list[float]] = {name: [] for name in sides}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home, _eyes() as (usable, until):
        for number, name in alternating(list(sides), repeats + 1):
            with _served(sides[name], Path(home), app.resolve().parent) as (address, started):
                usable(address)
                if number:  # the first round is for warming up
                    spent[name].append(time.perf_counter() - started)
    return figures(spent["app"], spent["hello"], until=until)


def figures(app: list[float], hello: list[float], *, until: str) -> dict[str, Any]:
    """Return what the readings come down to."""
    return {
        "ratio": to_json(ratios(hello, app)),
        "seconds": median(app),
        "peer_seconds": median(hello),
        "until": until,
    }


@contextmanager
def _served(command: tuple[str, ...], home: Path, folder: Path) -> Iterator[tuple[str, float]]:
    """Start a server on a free port; gives its address, and when it was started."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    settings = {"DISTIL_LAB_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    options = ("--server.port", str(port), "--server.headless", "true", "--browser.gatherUsageStats", "false")
    started = time.perf_counter()
    server = subprocess.Popen(
        (sys.executable, "-m", "streamlit", *command, *options),
        cwd=folder,
        env={**os.environ, **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        address = f"http://localhost:{port}"
        while not answers(f"{address}/_stcore/health"):
            if server.poll() is not None or time.perf_counter() - started > _SECONDS:
                raise RuntimeError(f"streamlit {' '.join(command)} does not answer at {address}")
            time.sleep(0.02)
        yield address, started
    finally:
        server.terminate()
        server.wait()
        _end_workers(home)


def answers(url: str) -> bool:
    """Tell whether somebody answers at an address."""
    try:
        with urllib.request.urlopen(url, timeout=1):
            return True
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


@contextmanager
def _eyes() -> Iterator[tuple[Usable, str]]:
    """Give what waits for a page, and until when: drawn in a browser, or sent by the server where there is none."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if chromium is None:
        yield _fetch, "the server answers (Playwright or Chromium is not installed)"
        return
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=list(_FLAGS))

        def look(address: str) -> None:
            page = browser.new_page()
            page.set_default_timeout(_SECONDS * 1000)
            page.goto(address)
            page.locator(_DRAWN).wait_for()
            page.close()

        yield look, "the first page is drawn in Chromium and its script has ended"
        browser.close()


def _fetch(address: str) -> None:
    with urllib.request.urlopen(address, timeout=_SECONDS) as answer:
        answer.read()


def _end_workers(home: Path) -> None:
    """End the workers that the app has started: they have the store's folder in their command line."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if b"worker" in words and os.fsencode(home) in words:
                os.kill(int(process.name), signal.SIGTERM)


def table(figures: dict[str, Any]) -> str:
    """Return the figures for a terminal."""
    rows = [["", f"until {figures['until']}", "ratio"]]
    rows.append(["streamlit run app.py", f"{figures['seconds']:.2f} s", f"{times(figures['ratio'])} as long"])
    rows.append(["streamlit hello", f"{figures['peer_seconds']:.2f} s", ""])
    return as_text(rows)
