"""What leaves the lab where it is open to others: a few exports and downloads of each visitor, and of all together.

Reads and writes: the session's count of what was downloaded; in this process, what all visitors ask for.
"""

import threading
import time
from collections import deque
from collections.abc import Callable

import streamlit as st

from distil_core.errors import ConfigError
from distil_core.export import jobs
from distil_core.export.formats import Format
from distil_core.runs.store import RunStore
from pages.state import class_mode

MOST_EXPORTS = 2
"""Exports that one visitor may have in the making."""
MOST_DOWNLOADED, MOST_BY_ALL = 400_000_000, 2_000_000_000
"""Bytes that one visitor may download in one visit, and all together within :data:`WITHIN_SECONDS`."""
WITHIN_SECONDS = 600.0
REPORT_BYTES = 5_000_000
"""What a download counts whose size nobody knows before it is made."""

_DOWNLOADED = "class.downloaded"
_making = threading.Semaphore(2)


@st.cache_resource(max_entries=1, show_spinner=False)
def _asked_for() -> dict[str, set[tuple[str, Format]]]:
    return {}


@st.cache_resource(max_entries=1, show_spinner=False)
def _by_all() -> deque[tuple[float, int]]:
    return deque()


def start_export(store: RunStore, run_id: str, wanted: Format) -> None:
    """Start an export for this visit; see :func:`jobs.start_export`.

    Raises:
        ConfigError: If this visitor has enough in the making, or all together have.
    """
    if class_mode.free():
        jobs.start_export(store, run_id, wanted)
        return
    mine = _asked_for().setdefault(class_mode.visitor(), set())
    mine.intersection_update([each for each in mine if jobs.export_state(store, *each).running])
    if len(mine - {(run_id, wanted)}) >= MOST_EXPORTS:
        raise ConfigError(
            f"a visitor may have at most {MOST_EXPORTS} exports in the making, got one more; wait until one is done"
        )
    jobs.start_export(store, run_id, wanted)
    mine.add((run_id, wanted))


def download_refusal(n_bytes: int) -> str:
    """Return why a visitor may not download so much now; empty where they may."""
    if class_mode.free():
        return ""
    return _refusal(n_bytes, _counter())


def bounded(make: Callable[[], bytes | str], n_bytes: int) -> Callable[[], bytes | str]:
    """Return what makes a download, few at a time, and counts it for this visit and for all."""
    if class_mode.free():
        return make
    counter = _counter()  # not when it is made, which is outside of the visit

    def made() -> bytes | str:
        with _making:
            if refusal := _refusal(n_bytes, counter):
                raise ConfigError(refusal)
            counter.append(n_bytes)
            _by_all().append((time.monotonic(), n_bytes))
            return make()

    return made


def _counter() -> list[int]:
    counter: list[int] = st.session_state.setdefault(_DOWNLOADED, [])
    return counter


def _refusal(n_bytes: int, counter: list[int]) -> str:
    everyone = _by_all()
    while everyone and time.monotonic() - everyone[0][0] > WITHIN_SECONDS:
        everyone.popleft()
    if sum(counter) + n_bytes > MOST_DOWNLOADED:
        return f"A visit may download {MOST_DOWNLOADED // 10**6} MB in all; reload the page to begin anew."
    if sum(size for _, size in everyone) + n_bytes > MOST_BY_ALL:
        return "Many are downloading now; try again in a few minutes."
    return ""
