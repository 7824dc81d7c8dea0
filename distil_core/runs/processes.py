"""Processes beside those of pages and commands, detached from whoever started them: nice and forgotten, or waited for.

``python -m distil_core.runs.processes`` calls the function that it is told to.
"""

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from distil_core import process
from distil_core.errors import DistilError

NICENESS = 10
_LOG_BYTES = 1_000_000
_TOLD_BYTES = 4000
P = ParamSpec("P")
T = TypeVar("T")


def spawn(command: Sequence[str], *, log: Path) -> None:
    """Start a process of this package, and forget about it.

    Args:
        command: Its command line.
        log: Where what it says is written; begun anew where it has become long.
    """
    small = log.exists() and log.stat().st_size < _LOG_BYTES
    with log.open("ab" if small else "wb") as output:
        started = _start(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    if hasattr(os, "setpriority"):  # pragma: no branch
        with suppress(OSError):  # it has ended already, or is nicer than that
            os.setpriority(os.PRIO_PROCESS, started.pid, NICENESS)
    # Somebody has to take note of its end, or it stays in the process table.
    threading.Thread(target=started.wait, name="reaper", daemon=True).start()


def apart(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function in a process of its own, whose memory goes when it ends, and return what it returns.

    Args:
        function: One of a module of this package; it must not be what the caller has put in its place.
        args: What it is called with.
        kwargs: What it is called with by name.

    Raises:
        DistilError: That it raises.
        ChildProcessError: If the process was ended before the function was done, as it is where memory is short.
        RuntimeError: If the function raises anything else, with the end of the traceback.
    """
    pipe = subprocess.PIPE
    child = _start((sys.executable, "-m", __name__), stdin=pipe, stdout=pipe, stderr=pipe)
    answer, told = child.communicate(pickle.dumps((function, args, kwargs)))
    if child.returncode < 0:
        raise ChildProcessError(f"the process was ended by signal {-child.returncode}")
    if child.returncode:
        raise RuntimeError(f"the process failed:\n{told[-_TOLD_BYTES:].decode(errors='replace')}")
    result = pickle.loads(answer)
    if isinstance(result, MemoryError):
        raise ChildProcessError("the process had no more memory")
    if isinstance(result, DistilError):
        raise result
    value: T = result
    return value


def _answer() -> None:
    """Call what the standard input says, and write what comes of it to the standard output."""
    process.tune()
    output, sys.stdout = sys.stdout.buffer, sys.stderr
    function, args, kwargs = pickle.load(sys.stdin.buffer)
    try:
        result = function(*args, **kwargs)
    except (DistilError, MemoryError) as error:
        result = error
    output.write(pickle.dumps(result))
    output.flush()


def _start(command: Sequence[str], **streams: Any) -> "subprocess.Popen[bytes]":
    search = [*filter(None, [os.environ.get("PYTHONPATH")]), str(Path(__file__).parents[2])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(search)}
    if environment.get("GOMP_SPINCOUNT", process.SPINNING) == process.SPINNING:
        environment["GOMP_SPINCOUNT"] = process.SPINNING_BESIDE  # whoever starts it goes on meanwhile
    return subprocess.Popen(command, env=environment, start_new_session=True, **streams)


if __name__ == "__main__":
    _answer()
