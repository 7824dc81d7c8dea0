"""Who computes the queued runs: a few background worker processes per store, started when they are missing.

The worker is warm (it has imported what training needs), niced, and detached from whoever started it. It may be killed
at any moment: what it was computing counts as interrupted, and can be queued again.
"""

import errno
import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from distil_core.errors import Cancelled, Deferred, DistilError, is_failure
from distil_core.runs.locks import held
from distil_core.runs.processes import spawn
from distil_core.runs.rows import Run, RunState
from distil_core.runs.store import RunStore
from distil_core.settings.hardware import n_workers
from distil_core.training.events import Event

STARTING_SECONDS = 30.0
"""How long a worker may take to start before another one is started; also the pause after one that could not."""

LISTENING_SECONDS = 20.0
"""How long a worker may take to stop a run before it is ended; what never ends in a library of others cannot listen."""

IDLE_SECONDS = 1800.0
"""How long a worker stays without work."""

_log = logging.getLogger(__name__)


class _Terminated(BaseException):
    """The process was asked to end; not an Exception, so that no run takes it for its own failure."""


def recover(store: RunStore) -> None:
    """Interrupt the runs whose owners are dead, whether these were workers or commands in the foreground.

    A worker that was asked to stop a run and does not listen is ended, which cancels the run.
    """
    owners, deaf = store.owners(), store.deaf(LISTENING_SECONDS)
    for owner, alive in owners.items():
        if not alive:
            store.bury(owner)
        elif owner in deaf and deaf[owner] != os.getpid():
            with suppress(OSError):
                os.kill(deaf[owner], signal.SIGKILL)


def worker_alive(store: RunStore) -> bool:
    """Tell whether all workers serve the store."""
    return all(held(_worker_lock(store, slot)) for slot in range(n_workers()))


def ensure_worker(store: RunStore, *, command: Sequence[str] | None = None) -> None:
    """Start the workers of the store that are not there; cheap enough to call whenever a page is drawn.

    Args:
        store: The store to serve.
        command: A worker's command line; by default this package's ``worker`` command.
    """
    if worker_alive(store):
        return
    recover(store)
    with suppress(Timeout), FileLock(store.path / "spawn.lock", blocking=False):
        for slot in range(n_workers()):
            if not _starting(store, slot) and not held(_worker_lock(store, slot)):
                _starting_mark(store, slot).touch()
                _spawn(store, command or worker_command(store, slot))


def worker_command(store: RunStore, slot: int, *, idle_seconds: float = IDLE_SECONDS) -> tuple[str, ...]:
    """Return the command line of a worker of the store."""
    command = (sys.executable, "-m", "distil_core", "worker", "--store", str(store.path))
    return (*command, "--slot", str(slot), "--idle-seconds", str(idle_seconds))


def assist(store: RunStore, *, first: str) -> None:
    """Start one more worker beside this process, which leaves as soon as there is nothing left to do.

    Args:
        store: The store to serve.
        first: Which run it begins with.
    """
    if n_workers() > 1 and not held(_worker_lock(store, 1)):
        _spawn(store, (*worker_command(store, 1, idle_seconds=0.0), "--first", first))


def serve(
    store: RunStore,
    execute: Callable[[Run, RunStore], None],
    *,
    slot: int = 0,
    first: str | None = None,
    prepare: Callable[[], None] | None = None,
    idle_seconds: float = IDLE_SECONDS,
    poll_seconds: float = 0.1,
    stop: threading.Event | None = None,
) -> bool:
    """Compute queued runs, one after the other, until there has been nothing to do for a while.

    A run that raises fails with the reason, and the next one begins. SIGTERM and Ctrl-C interrupt the run.

    Args:
        store: Where the runs are.
        execute: Computes a claimed run and finishes it in the store; raises ``Cancelled`` when it was asked to stop,
            ``Deferred`` when it has put it back into the queue.
        slot: Which of the workers this is, from 0.
        first: Which run it begins with, if that is queued.
        prepare: Called once, before the first run, by a worker that is to stay: the place for slow imports.
        idle_seconds: How long to stay without work.
        poll_seconds: How often to look for work.
        stop: Ends the worker between two runs, once set.

    Returns:
        False if another worker serves the store already.
    """
    stop = stop or threading.Event()
    served = False
    with _terminable(stop):
        while not stop.is_set():
            try:
                # Not at once: somebody who only asks for the worker holds its lock for a moment.
                lock = FileLock(
                    _worker_lock(store, slot), thread_local=False, timeout=1.0, poll_interval=0.01
                ).acquire()
            except Timeout:
                break
            with lock:
                if prepare is not None and not served:
                    prepare()
                served = True
                _starting_mark(store, slot).unlink(missing_ok=True)
                _serve_until_idle(
                    store, execute, first=first, idle_seconds=idle_seconds, poll_seconds=poll_seconds, stop=stop
                )
            # Whoever added a run before the lock was open believes that it will be computed.
            if store.counts()[RunState.QUEUED] == 0:
                break
    return served


def wait(
    store: RunStore,
    run_ids: Sequence[str],
    *,
    on_event: Callable[[str, Event], None] | None = None,
    tend: Callable[[RunStore], None] = recover,
    poll_seconds: float = 0.1,
) -> tuple[Run, ...]:
    """Return the named runs once all of them are over.

    Args:
        store: Where the runs are.
        run_ids: Their names.
        on_event: Called with a run's name for each of its events, in order.
        tend: Called at each poll; ``ensure_worker`` brings back a worker that was killed.
        poll_seconds: How often to look.

    Raises:
        RunNotFoundError: If one of them does not exist, or is deleted meanwhile.
    """
    seen, version = dict.fromkeys(run_ids, 0), -1
    while True:
        tend(store)
        if (current := store.version()) != version:
            version = current
            runs = tuple(store.get(run_id) for run_id in run_ids)
            for run_id in seen:
                for number, event in store.events(run_id, after=seen[run_id]):
                    seen[run_id] = number
                    if on_event is not None:
                        on_event(run_id, event)
            if all(run.state.over for run in runs):
                return runs
        time.sleep(poll_seconds)


def _serve_until_idle(
    store: RunStore,
    execute: Callable[[Run, RunStore], None],
    *,
    first: str | None,
    idle_seconds: float,
    poll_seconds: float,
    stop: threading.Event,
) -> None:
    with store.owner(worker=True) as owner:
        # Caught in here: leaving the block interrupts the run, for which nothing of it may be on the stack any more.
        try:
            idle_since = time.monotonic()
            while not stop.is_set():
                recover(store)
                store.go_on()
                run = None if first is None else store.claim(owner, first)
                first, run = None, run or store.claim(owner)
                if run is not None:
                    _compute(run, store, execute)
                    idle_since = time.monotonic()
                elif time.monotonic() - idle_since >= idle_seconds:
                    break
                else:
                    stop.wait(poll_seconds)
        except (_Terminated, KeyboardInterrupt):
            stop.set()


def _compute(run: Run, store: RunStore, execute: Callable[[Run, RunStore], None]) -> None:
    report = store.folder(run.id).traceback
    report.unlink(missing_ok=True)
    try:
        execute(run, store)
        reason = "internal error: it ended without a result"
    except Cancelled:
        store.mark_cancelled(run.id)
        return
    except Deferred:
        return
    except BaseException as error:
        if not is_failure(error):
            raise
        reason = why_failed(error, report)
        if not isinstance(error, DistilError):
            _log.exception("run %s failed", run.id)
    store.fail(run.id, reason)


def why_failed(error: BaseException, report: Path) -> str:
    """Return in one sentence why a run failed; the traceback of what nobody has foreseen is written to ``report``."""
    if isinstance(error, DistilError):
        return str(error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        return f"the disk of the run store cannot be written to ({error.strerror}); make room on it, then run it again"
    with suppress(OSError):
        report.write_text("".join(traceback.format_exception(error)))
    summary = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    return f"internal error: {summary} (traceback in {report})"


@contextmanager
def _terminable(stop: threading.Event) -> Iterator[None]:
    """Turn the first SIGTERM into an exception, where that is possible: in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def terminate(signum: int, frame: object) -> None:
        if not stop.is_set():  # a second one must not disturb the tidying up
            stop.set()
            raise _Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        with suppress(_Terminated, KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _spawn(store: RunStore, command: Sequence[str]) -> None:
    spawn(command, log=store.path / "worker.log")


def _starting(store: RunStore, slot: int) -> bool:
    try:
        age = time.time() - _starting_mark(store, slot).stat().st_mtime
    except FileNotFoundError:
        return False
    return -1.0 < age < STARTING_SECONDS


def _starting_mark(store: RunStore, slot: int) -> Path:
    return store.path / f"worker-{slot}.starting"


def _worker_lock(store: RunStore, slot: int) -> Path:
    return store.path / f"worker-{slot}.lock"
