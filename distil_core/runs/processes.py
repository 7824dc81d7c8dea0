"""Processes that work in the background for pages and commands: nice, and detached from whoever started them."""

import os
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

NICENESS = 10
_LOG_BYTES = 1_000_000


def spawn(command: Sequence[str], *, log: Path) -> None:
    """Start a process of this package, and forget about it.

    Args:
        command: Its command line.
        log: Where what it says is written; begun anew where it has become long.
    """
    small = log.exists() and log.stat().st_size < _LOG_BYTES
    search = [*filter(None, [os.environ.get("PYTHONPATH")]), str(Path(__file__).parents[2])]
    with log.open("ab" if small else "wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(search)},
            start_new_session=True,
        )
    if hasattr(os, "setpriority"):  # pragma: no branch
        with suppress(OSError):  # it has ended already, or is nicer than that
            os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
    # Somebody has to take note of its end, or it stays in the process table.
    threading.Thread(target=process.wait, name="reaper", daemon=True).start()
