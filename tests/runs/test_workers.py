"""Who computes the runs: what happens to them, and to the queue, whatever becomes of the worker."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from distil_core.errors import Cancelled, CorpusError, RunNotFoundError
from distil_core.runs import processes, workers
from distil_core.runs.rows import Run, RunState
from distil_core.runs.store import RunStore
from distil_core.settings.config import RunConfig
from distil_core.training.events import Event, Step
from tests.factories import a_run_record, a_step

# What a run does is told by the name of its corpus.
WORKER = f"""
import sys, time
from pathlib import Path

sys.path.append({str(Path(__file__).parents[2])!r})
from tests.factories import a_run_record, a_step
from distil_core.errors import Cancelled, CorpusError
from distil_core.runs import workers
from distil_core.runs.store import RunStore

def execute(run, store):
    if run.corpus_name == "fails":
        raise CorpusError("the corpus must have two labels, got one")
    checkpoint = store.folder(run.id).path / "checkpoint"
    if run.corpus_name == "deaf":
        store.add_event(run.id, a_step(1))
        time.sleep(600)
    if run.corpus_name == "endless" and not checkpoint.exists():
        checkpoint.touch()
        step = 0
        while not store.cancel_requested(run.id):
            store.add_event(run.id, a_step(step := step + 1))
            time.sleep(0.01)
        raise Cancelled
    store.finish(run.id, a_run_record(run.id, run.config))

workers.serve(RunStore(Path(sys.argv[1])), execute, poll_seconds=0.02)
"""


def until(condition: Callable[[], Any], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "store")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Every process that a test starts; none outlives it."""
    processes: list[subprocess.Popen[bytes]] = []

    class Recorded(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            processes.append(self)

    monkeypatch.setattr(subprocess, "Popen", Recorded)
    yield processes
    for process in processes:
        process.kill()
        process.wait(timeout=60)


@pytest.fixture
def command(store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """A worker of its own process; the package is not to be found from where it starts."""
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    return (sys.executable, "-W", "error", str(script), str(store.path))


def add(store: RunStore, run_id: str, corpus_name: str = "quick") -> Run:
    return store.add(run_id, RunConfig(), corpus_name=corpus_name)


def over(store: RunStore, *names: str) -> tuple[Run, ...]:
    until(lambda: all(store.get(name).state.over for name in names))
    return tuple(store.get(name) for name in names)


def finish(run: Run, store: RunStore) -> None:
    store.finish(run.id, a_run_record(run.id, run.config))


def serve(store: RunStore, execute: Callable[[Run, RunStore], None], **options: Any) -> bool:
    """Serve in this process until the queue is empty."""
    return workers.serve(store, execute, **{"idle_seconds": 0.0, "poll_seconds": 0.01, **options})


@pytest.fixture
def elsewhere(store: RunStore) -> Iterator[None]:
    """Another worker that has nothing to do."""
    stop = threading.Event()
    worker = threading.Thread(target=workers.serve, args=(store, finish), kwargs={"stop": stop, "poll_seconds": 0.01})
    worker.start()
    until(lambda: workers.worker_alive(store))
    yield
    stop.set()
    worker.join()


class TestServe:
    def test_computes_the_queue_in_order_and_leaves_when_idle(self, store: RunStore) -> None:
        order: list[str] = []

        def execute(run: Run, store: RunStore) -> None:
            order.append(run.id)
            finish(run, store)

        for name in ("c", "a", "b"):
            add(store, name)
        assert serve(store, execute)
        assert order == ["c", "a", "b"]
        assert store.counts()[RunState.DONE] == 3
        assert not workers.worker_alive(store)

    @pytest.mark.parametrize(("first", "expected"), [("b", "bca"), ("gone", "cab")])
    def test_begins_with_what_it_is_told_to(self, store: RunStore, first: str, expected: str) -> None:
        order: list[str] = []

        def execute(run: Run, store: RunStore) -> None:
            order.append(run.id)
            finish(run, store)

        for name in "cab":
            add(store, name)
        serve(store, execute, first=first)
        assert "".join(order) == expected

    def test_a_user_error_is_the_reason_and_the_next_run_begins(self, store: RunStore) -> None:
        def execute(run: Run, store: RunStore) -> None:
            if run.id == "bad":
                raise CorpusError("the corpus must have two labels, got one")
            finish(run, store)

        add(store, "bad")
        add(store, "good")
        serve(store, execute)
        assert store.get("bad").state is RunState.FAILED
        assert store.get("bad").error == "the corpus must have two labels, got one"
        assert store.get("good").state is RunState.DONE

    def test_an_internal_error_leaves_a_sentence_and_a_traceback(
        self, store: RunStore, caplog: pytest.LogCaptureFixture
    ) -> None:
        def execute(run: Run, store: RunStore) -> None:
            raise ZeroDivisionError("nothing to divide by\nsecond line")

        add(store, "a")
        serve(store, execute)
        assert store.get("a").state is RunState.FAILED
        assert store.get("a").error.startswith("internal error: ZeroDivisionError: nothing to divide by (")
        assert "second line" not in store.get("a").error
        assert "raise ZeroDivisionError" in store.folder("a").traceback.read_text()
        assert "run a failed" in caplog.text
        assert "raise ZeroDivisionError" in caplog.text

        add(store, "a")
        serve(store, finish)
        assert not store.folder("a").traceback.exists()

    def test_a_run_that_ends_without_a_result_has_failed(self, store: RunStore) -> None:
        add(store, "a")
        serve(store, lambda run, store: None)
        assert store.get("a").state is RunState.FAILED
        assert "without a result" in store.get("a").error

    def test_an_error_after_the_result_does_not_undo_it(self, store: RunStore) -> None:
        def execute(run: Run, store: RunStore) -> None:
            finish(run, store)
            raise CorpusError("too late")

        add(store, "a")
        serve(store, execute)
        assert store.get("a").state is RunState.DONE

    def test_a_run_that_stops_when_asked_is_cancelled(self, store: RunStore) -> None:
        def execute(run: Run, store: RunStore) -> None:
            assert not store.cancel_requested(run.id)
            store.cancel(run.id)
            assert store.cancel_requested(run.id)
            raise Cancelled

        add(store, "a")
        serve(store, execute)
        assert store.get("a").state is RunState.CANCELLED
        assert store.get("a").error == ""

    def test_termination_interrupts_the_run_and_ends_the_worker(self, store: RunStore) -> None:
        def execute(run: Run, store: RunStore) -> None:
            try:
                signal.raise_signal(signal.SIGTERM)
            except Exception:  # what a run may do with errors of its own
                pytest.fail("taken for an error of the run")

        before = signal.getsignal(signal.SIGTERM)
        add(store, "a")
        add(store, "b")
        assert serve(store, execute)
        assert store.get("a").state is RunState.INTERRUPTED
        assert store.get("b").state is RunState.QUEUED
        assert signal.getsignal(signal.SIGTERM) is before

    def test_a_panic_of_a_library_fails_its_run_alone(self, store: RunStore) -> None:
        panic = type("PanicException", (BaseException,), {})

        def execute(run: Run, store: RunStore) -> None:
            if run.id == "a":
                raise panic("called `Option::unwrap()` on a `None` value")
            finish(run, store)

        add(store, "a")
        add(store, "b")
        serve(store, execute)
        assert store.get("a").error.startswith("internal error: PanicException: called `Option::unwrap()`")
        assert store.get("b").state is RunState.DONE

    def test_ctrl_c_interrupts_the_run_and_ends_the_worker(self, store: RunStore) -> None:
        def execute(run: Run, store: RunStore) -> None:
            raise KeyboardInterrupt

        add(store, "a")
        assert serve(store, execute)
        assert store.get("a").state is RunState.INTERRUPTED

    def test_a_second_termination_does_not_disturb_the_tidying_up(
        self, store: RunStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def execute(run: Run, store: RunStore) -> None:
            signal.raise_signal(signal.SIGTERM)

        disown = RunStore.disown

        def disturbed(store: RunStore, owner: str) -> None:
            signal.raise_signal(signal.SIGTERM)
            disown(store, owner)

        monkeypatch.setattr(RunStore, "disown", disturbed)
        add(store, "a")
        assert serve(store, execute)
        assert store.get("a").state is RunState.INTERRUPTED

    def test_termination_while_preparing_ends_the_worker(self, store: RunStore) -> None:
        add(store, "a")
        serve(store, finish, prepare=lambda: signal.raise_signal(signal.SIGTERM))
        assert store.get("a").state is RunState.QUEUED
        assert not workers.worker_alive(store)

    @pytest.mark.usefixtures("elsewhere")
    def test_a_second_worker_leaves_at_once(self, store: RunStore) -> None:
        assert not serve(store, lambda run, store: pytest.fail("computed"), prepare=lambda: pytest.fail("prepared"))

    def test_stop_ends_the_worker_between_two_runs(self, store: RunStore) -> None:
        stop = threading.Event()

        def execute(run: Run, store: RunStore) -> None:
            stop.set()
            finish(run, store)

        add(store, "a")
        add(store, "b")
        assert serve(store, execute, stop=stop)
        assert store.get("a").state is RunState.DONE
        assert store.get("b").state is RunState.QUEUED

    def test_a_run_added_while_the_worker_leaves_is_computed(
        self, store: RunStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        prepared: list[None] = []
        leave = workers._serve_until_idle

        def added_to(store: RunStore, *args: Any, **options: Any) -> None:
            leave(store, *args, **options)
            add(store, "late")

        monkeypatch.setattr(workers, "_serve_until_idle", added_to)
        assert serve(store, finish, prepare=lambda: prepared.append(None))
        assert store.get("late").state is RunState.DONE
        assert len(prepared) == 1

    def test_recovers_what_a_dead_owner_left_while_serving(self, store: RunStore) -> None:
        def execute(run: Run, store: RunStore) -> None:
            if run.id == "mine":
                add(store, "lost")
                assert store.claim("nobody", "lost") is not None
            finish(run, store)

        add(store, "mine")
        serve(store, execute)
        assert store.get("lost").state is RunState.INTERRUPTED


class TestRecover:
    def test_leaves_the_living_alone(self, store: RunStore) -> None:
        add(store, "a")
        with store.owner() as owner:
            store.claim(owner)
            workers.recover(store)
            assert store.get("a").state is RunState.RUNNING

    def test_interrupts_the_runs_of_the_dead_and_keeps_their_events(self, store: RunStore) -> None:
        add(store, "a")
        store.claim("dead")
        store.add_event("a", a_step(7))
        workers.recover(store)
        assert store.get("a").state is RunState.INTERRUPTED
        add(store, "a")
        assert [event.step for _, event in store.events("a") if isinstance(event, Step)] == [7]

    def test_what_was_asked_to_stop_counts_as_cancelled(self, store: RunStore) -> None:
        add(store, "a")
        store.claim("dead")
        store.cancel("a")
        workers.recover(store)
        assert store.get("a").state is RunState.CANCELLED

    def test_a_killed_command_in_the_foreground(self, store: RunStore, started: list[subprocess.Popen[bytes]]) -> None:
        script = (
            "import sys, time; from pathlib import Path; from distil_core.runs.store import RunStore\n"
            "store = RunStore(Path(sys.argv[1]))\n"
            "with store.owner() as owner:\n    store.claim(owner)\n    time.sleep(600)"
        )
        add(store, "a")
        root = str(Path(workers.__file__).parents[2])
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(store.path)], env={**os.environ, "PYTHONPATH": root}
        )
        until(lambda: store.get("a").state is RunState.RUNNING)
        workers.recover(store)
        assert store.get("a").state is RunState.RUNNING
        process.kill()
        process.wait(timeout=60)
        workers.recover(store)
        assert store.get("a").state is RunState.INTERRUPTED
        assert list((store.path / "owners").iterdir()) == []


class TestWorkerProcess:
    def test_computes_and_survives_failures(
        self, store: RunStore, command: tuple[str, ...], started: list[subprocess.Popen[bytes]]
    ) -> None:
        add(store, "bad", "fails")
        add(store, "good")
        workers.ensure_worker(store, command=command)
        bad, good = over(store, "bad", "good")
        assert (bad.state, good.state) == (RunState.FAILED, RunState.DONE)
        assert good.record == a_run_record("good")
        assert workers.worker_alive(store)
        workers.ensure_worker(store, command=command)
        assert len(started) == 1

    def test_the_run_of_a_killed_worker_goes_on_with_the_next_one(
        self, store: RunStore, command: tuple[str, ...], started: list[subprocess.Popen[bytes]]
    ) -> None:
        add(store, "a", "endless")
        add(store, "b")
        workers.ensure_worker(store, command=command)
        until(lambda: store.events("a"))
        started[0].kill()
        until(lambda: not workers.worker_alive(store))
        assert store.get("a").state is RunState.RUNNING

        workers.ensure_worker(store, command=command)
        assert store.get("a").state is RunState.INTERRUPTED
        n_events = len(store.events("a"))
        a, b = over(store, "a", "b")
        assert b.state is RunState.DONE
        # From its checkpoint: without one it would never end
        assert a.state is RunState.DONE
        assert len(store.events("a")) == n_events

    def test_a_terminated_worker_interrupts_its_run_itself(
        self, store: RunStore, command: tuple[str, ...], started: list[subprocess.Popen[bytes]]
    ) -> None:
        add(store, "a", "endless")
        workers.ensure_worker(store, command=command)
        until(lambda: store.events("a"))
        started[0].terminate()
        assert started[0].wait(timeout=60) == 0
        assert store.get("a").state is RunState.INTERRUPTED
        assert (store.path / "worker.log").read_text() == ""

    def test_a_worker_that_does_not_listen_is_ended_and_another_one_goes_on(
        self, store: RunStore, command: tuple[str, ...], started: list[subprocess.Popen[bytes]], tmp_path: Path
    ) -> None:
        add(store, "a", "deaf")
        add(store, "b")
        workers.ensure_worker(store, command=command)
        until(lambda: store.events("a"))
        store.cancel("a")
        workers.recover(store)
        assert started[0].poll() is None
        with sqlite3.connect(store.layout.database) as db:
            db.execute("UPDATE runs SET stopping = stopping - 60 WHERE id = 'a'")
        workers.recover(store)
        assert started[0].wait(timeout=60) == -signal.SIGKILL
        workers.ensure_worker(store, command=command)
        a, b = over(store, "a", "b")
        assert (a.state, b.state) == (RunState.CANCELLED, RunState.DONE)

    def test_a_running_run_stops_when_cancelled(
        self, store: RunStore, command: tuple[str, ...], started: list[subprocess.Popen[bytes]]
    ) -> None:
        add(store, "a", "endless")
        add(store, "b")
        workers.ensure_worker(store, command=command)
        until(lambda: store.events("a"))
        store.cancel("a")
        a, b = over(store, "a", "b")
        assert (a.state, b.state) == (RunState.CANCELLED, RunState.DONE)

    def test_many_callers_start_one_worker(
        self, store: RunStore, command: tuple[str, ...], started: list[subprocess.Popen[bytes]]
    ) -> None:
        barrier = threading.Barrier(12)

        def call() -> None:
            barrier.wait()
            for _ in range(5):
                workers.ensure_worker(store, command=command)

        callers = [threading.Thread(target=call) for _ in range(12)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        assert len(started) == 1
        until(lambda: workers.worker_alive(store))
        until(lambda: not (store.path / "worker-0.starting").exists())

    def test_one_that_cannot_start_is_not_tried_again_at_once(
        self, store: RunStore, started: list[subprocess.Popen[bytes]]
    ) -> None:
        broken = (sys.executable, "-c", "import sys; sys.exit('no such module')")
        workers.ensure_worker(store, command=broken)
        started[0].wait(timeout=60)
        workers.ensure_worker(store, command=broken)
        assert len(started) == 1
        assert "no such module" in (store.path / "worker.log").read_text()

        long_ago = time.time() - 2 * workers.STARTING_SECONDS
        os.utime(store.path / "worker-0.starting", (long_ago, long_ago))
        workers.ensure_worker(store, command=broken)
        assert len(started) == 2

    def test_one_that_cannot_prepare_is_not_tried_again_at_once(self, store: RunStore) -> None:
        (store.path / "worker-0.starting").touch()
        with pytest.raises(ZeroDivisionError):
            serve(store, finish, prepare=lambda: 1 // 0)
        assert (store.path / "worker-0.starting").exists()

    def test_the_log_stays_small(self, store: RunStore, started: list[subprocess.Popen[bytes]]) -> None:
        log = store.path / "worker.log"
        log.write_text("old\n" * 300_000)
        workers.ensure_worker(store, command=(sys.executable, "-c", "print('new')"))
        started[0].wait(timeout=60)
        assert log.read_text() == "new\n"

    def test_is_our_command_in_the_background(
        self, store: RunStore, monkeypatch: pytest.MonkeyPatch, started: list[subprocess.Popen[bytes]]
    ) -> None:
        commands: list[tuple[str, ...]] = []
        spawn = workers._spawn

        def asleep(store: RunStore, command: tuple[str, ...]) -> None:
            commands.append(command)
            spawn(store, (sys.executable, "-c", "import time; time.sleep(600)"))

        monkeypatch.setattr(workers, "_spawn", asleep)
        workers.ensure_worker(store)
        assert commands == [workers.worker_command(store, 0)]
        assert commands[0][:6] == (sys.executable, "-m", "distil_core", "worker", "--store", str(store.path))
        own = os.getpriority(os.PRIO_PROCESS, 0)
        assert os.getpriority(os.PRIO_PROCESS, started[0].pid) == max(own, processes.NICENESS)
        assert os.getsid(started[0].pid) == started[0].pid != os.getsid(0)


class TestWait:
    def test_gives_every_event_in_order_and_then_the_runs(self, store: RunStore) -> None:
        seen: list[tuple[str, Event]] = []

        def execute(run: Run, store: RunStore) -> None:
            for step in (1, 2, 3):
                store.add_event(run.id, a_step(step))
            finish(run, store)

        add(store, "a")
        add(store, "b")
        worker = threading.Thread(target=serve, args=(store, execute))
        worker.start()
        runs = workers.wait(store, ["b", "a"], on_event=lambda *event: seen.append(event), poll_seconds=0.01)
        worker.join()
        assert [run.id for run in runs] == ["b", "a"]
        for name in ("a", "b"):
            assert [event for run_id, event in seen if run_id == name] == [a_step(1), a_step(2), a_step(3)]

    def test_does_not_wait_for_the_dead(self, store: RunStore) -> None:
        add(store, "a")
        store.claim("dead")
        (run,) = workers.wait(store, ["a"])
        assert run.state is RunState.INTERRUPTED

    def test_tends_the_store_while_it_waits(self, store: RunStore) -> None:
        add(store, "a")
        (run,) = workers.wait(store, ["a"], tend=lambda store: serve(store, finish) and None)
        assert run.state is RunState.DONE

    def test_refuses_an_unknown_run(self, store: RunStore) -> None:
        with pytest.raises(RunNotFoundError, match="no run 'nope'"):
            workers.wait(store, ["nope"])
