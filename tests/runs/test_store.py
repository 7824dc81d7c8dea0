"""The run store: what it promises to many readers and writers at once, and after a crash."""

import gc
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

import distil_core
from distil_core.errors import DistilError, RunNotFoundError, StoreError
from distil_core.runs import ownership
from distil_core.runs.locks import held
from distil_core.runs.rows import Run, RunState
from distil_core.runs.store import RunStore
from distil_core.settings.config import LossConfig, Method, RunConfig
from distil_core.training.cache import replacing
from distil_core.training.events import Stage, Validation
from tests.factories import a_model_record, a_run_record, a_step, figures

ROOT = str(Path(distil_core.__file__).parents[1])


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "store")


def add(store: RunStore, run_id: str = "a", **config: Any) -> Run:
    return store.add(run_id, RunConfig(**config), corpus_name="reviews")


def running(store: RunStore, run_id: str = "a") -> Run:
    add(store, run_id)
    run = store.claim("somebody", run_id)
    assert run is not None
    return run


def done(store: RunStore, run_id: str = "a") -> Run:
    running(store, run_id)
    store.finish(run_id, a_run_record(run_id))
    return store.get(run_id)


def write(store: RunStore, sql: str, *values: Any) -> None:
    """Do to the database what another version of the program might have done."""
    db = sqlite3.connect(store.path / "runs.sqlite3")
    with db:
        db.execute(sql, values)
    db.close()


class TestOpening:
    def test_lies_where_the_environment_says(self, home: Path) -> None:
        assert RunStore().path == ownership.default_folder() == home

    def test_lies_in_the_users_data_folder_by_default(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("DISTIL_LAB_HOME")
        assert ownership.default_folder().name == "distil-lab"

    def test_two_stores_on_one_folder_see_each_other(self, store: RunStore) -> None:
        other = RunStore(store.path)
        add(store, "a")
        assert other.claim("somebody") == store.get("a") == other.list()[0]
        other.finish("a", a_run_record("a"))
        assert store.get("a").record == a_run_record("a")

    def test_what_was_stored_is_there_after_reopening(self, tmp_path: Path) -> None:
        before = done(RunStore(tmp_path))
        gc.collect()
        assert RunStore(tmp_path).list() == (before,)

    def test_many_may_create_it_at_once(self, tmp_path: Path) -> None:
        barrier, stores, errors = threading.Barrier(8), [], []

        def create() -> None:
            barrier.wait()
            try:
                stores.append(RunStore(tmp_path / "store"))
            except StoreError as error:
                errors.append(error)

        threads = [threading.Thread(target=create) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        add(stores[0])
        assert all(len(store.list()) == 1 for store in stores)

    def test_refuses_a_file_that_is_no_database(self, tmp_path: Path) -> None:
        (tmp_path / "runs.sqlite3").write_bytes(b"a letter to nobody\n" * 100)
        with pytest.raises(StoreError, match=r"must be a sound SQLite file, got .*runs\.sqlite3 .*move it away"):
            RunStore(tmp_path)

    @pytest.mark.parametrize("cut_off", [False, True])
    def test_says_so_when_the_database_is_damaged_later(self, store: RunStore, cut_off: bool) -> None:
        for number in range(50):
            add(store, f"run{number}")
        gc.collect()
        (store.path / "runs.sqlite3-wal").unlink(missing_ok=True)
        store._database.close()
        content = (store.path / "runs.sqlite3").read_bytes()
        n_sound = len(content) // 2 if cut_off else 4096
        (store.path / "runs.sqlite3").write_bytes(
            content[:n_sound] + b"\xff" * (0 if cut_off else len(content) - n_sound)
        )
        with pytest.raises(StoreError, match="must be a sound SQLite file"):
            RunStore(store.path).list()

    def test_refuses_the_store_of_a_newer_version(self, store: RunStore) -> None:
        write(store, "PRAGMA user_version = 99")
        with pytest.raises(StoreError, match=r"must be of layout 1 or older, got 99 in .*; update this program"):
            RunStore(store.path)

    def test_refuses_a_folder_that_is_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(StoreError, match=r"must be a writable folder, got .*file"):
            RunStore(tmp_path / "file")

    def test_says_so_when_the_database_is_taken_away(self, store: RunStore) -> None:
        store._database.close()
        (store.path / "runs.sqlite3").unlink()
        with pytest.raises(StoreError, match="must be usable, got no such table"):
            store.list()

    def test_reading_it_needs_no_model(self) -> None:
        script = (
            "import sys, distil_core.runs.workers\n"
            "print({'torch', 'transformers', 'streamlit', 'pandas', 'plotly'} & {m.split('.')[0] for m in sys.modules})"
        )
        environment = {**os.environ, "PYTHONPATH": ROOT}
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "set()"


class TestQueue:
    def test_a_new_run_is_queued(self, store: RunStore) -> None:
        config = RunConfig(method=Method.HARD_LABELS, loss=LossConfig(temperature=3.5), seed=7)
        before = time.time()
        run = store.add("a", config, corpus_name="my texts")
        assert (run.id, run.config, run.corpus_name) == ("a", config, "my texts")
        assert (run.state, run.started, run.finished, run.error, run.record) == (RunState.QUEUED, None, None, "", None)
        assert before <= run.created <= time.time()
        assert store.get("a") == run

    def test_the_oldest_is_claimed_first(self, store: RunStore) -> None:
        for name in ("c", "a", "b"):
            add(store, name)
        claimed = [store.claim("somebody") for _ in range(4)]
        assert [run and run.id for run in claimed] == ["c", "a", "b", None]
        assert all(run.state is RunState.RUNNING and run.started for run in claimed if run)

    def test_who_takes_turns_steps_back_behind_those_that_have_had_none(self, store: RunStore) -> None:
        add(store, "usual")
        for name in ("a", "b", "c"):
            store.add(name, RunConfig(), corpus_name="reviews", in_turns=True)
        add(store, "later")
        assert store.claim("somebody", "usual") is not None
        assert not store.has_had_turn("usual")
        order = []
        while (run := store.claim("somebody")) is not None:
            order.append(run.id)
            if store.has_had_turn(run.id):
                store.step_back(run.id)
                assert store.get(run.id).state is RunState.QUEUED
        assert order == ["a", "b", "c", "a", "b", "later"]
        assert [run.id for run in store.list() if run.state is not RunState.RUNNING] == []

    def test_who_was_asked_to_stop_does_not_come_back(self, store: RunStore) -> None:
        for name in ("a", "b"):
            store.add(name, RunConfig(), corpus_name="reviews", in_turns=True)
        assert store.claim("somebody", "a") is not None
        store.cancel("a")
        store.step_back("a")
        run = store.get("a")
        assert (run.state, run.stopping, run.finished is not None) == (RunState.CANCELLED, False, True)
        # Asked for again by itself, it waits for nobody.
        add(store, "a")
        assert not store.has_had_turn("a")

    def test_visitors_take_turns(self, store: RunStore) -> None:
        for name in ("a1", "a2", "a3", "b1", "c", "b2"):
            add(store, name)
        store.note_visitor(["a1", "a2", "a3"], "ann")
        store.note_visitor(["b1", "b2", "a1"], "ben")
        assert (store.visitor("a1"), store.visitor("b1"), store.visitor("c")) == ("ann", "ben", "")
        assert [store.ahead(name) for name in ("a1", "b1", "c", "a2", "b2", "a3")] == [0, 1, 2, 3, 4, 5]
        first = store.claim("somebody")
        assert first is not None
        assert first.id == "a1"
        order = []
        while (run := store.claim("somebody")) is not None:
            order.append(run.id)
            store.mark_cancelled(run.id)
        # Ann has one running all the time.
        assert order == ["b1", "c", "b2", "a2", "a3"]

    def test_one_can_be_claimed_by_name(self, store: RunStore) -> None:
        add(store, "a")
        add(store, "b")
        assert store.claim("somebody", "b") == store.get("b")
        assert store.claim("somebody", "b") is None
        assert store.claim("somebody", "unknown") is None
        assert store.get("a").state is RunState.QUEUED

    def test_a_claimed_run_has_a_folder(self, store: RunStore) -> None:
        run = running(store)
        assert store.folder(run.id).path.is_dir()

    @pytest.mark.parametrize("state", [RunState.QUEUED, RunState.RUNNING, RunState.DONE])
    def test_what_is_there_is_not_added_again(self, store: RunStore, state: RunState) -> None:
        before = {RunState.QUEUED: add, RunState.RUNNING: running, RunState.DONE: done}[state](store)
        add(store, "other")
        assert add(store, seed=5) == before == store.get("a")
        assert [run.id for run in store.list()] == ["other", "a"]

    @pytest.mark.parametrize(
        ("state", "keeps_events"),
        [(RunState.CANCELLED, False), (RunState.FAILED, False), (RunState.INTERRUPTED, True)],
    )
    def test_what_stopped_early_is_queued_again(self, store: RunStore, state: RunState, keeps_events: bool) -> None:
        running(store)
        (store.folder("a").path / "checkpoint").write_text("half-way")
        store.add_event("a", a_step(1))
        ((number, _),) = store.events("a")
        stop = {
            RunState.CANCELLED: lambda: store.mark_cancelled("a"),
            RunState.FAILED: lambda: store.fail("a", "it rained"),
            RunState.INTERRUPTED: lambda: store.interrupt("a"),
        }[state]
        assert stop()
        stopped = store.get("a")
        assert stopped.state is state
        assert stopped.resumable
        assert stopped.finished is not None
        assert stopped.error == ("it rained" if state is RunState.FAILED else "")
        add(store, "b")

        again = add(store)
        assert (again.state, again.error, again.started, again.finished) == (RunState.QUEUED, "", None, None)
        assert not again.resumable
        assert [run.id for run in store.list()] == ["a", "b"]
        assert (store.folder("a").path / "checkpoint").read_text() == "half-way"
        assert len(store.events("a")) == keeps_events
        store.add_event("a", a_step(2))
        assert all(later > number for later, _ in store.events("a", after=number))
        assert store.events("a", after=number)[-1][1] == a_step(2)

    def test_says_how_many_come_before(self, store: RunStore) -> None:
        for name in ("a", "b", "c", "d"):
            add(store, name)
        store.claim("somebody")
        store.cancel("b")
        assert [store.ahead(name) for name in ("a", "b", "c", "d", "unknown")] == [0, 0, 1, 2, 0]

    def test_counts_by_state(self, store: RunStore) -> None:
        done(store, "a")
        add(store, "b")
        add(store, "c")
        counts = store.counts()
        assert set(counts) == set(RunState)
        assert {state: n for state, n in counts.items() if n} == {RunState.DONE: 1, RunState.QUEUED: 2}

    @pytest.mark.parametrize("run_id", ["../a", "a/b", "", ".hidden", "a\n"])
    def test_refuses_names_that_lead_elsewhere(self, store: RunStore, run_id: str) -> None:
        with pytest.raises(RunNotFoundError, match="must consist of letters"):
            store.folder(run_id)
        with pytest.raises(RunNotFoundError, match="must consist of letters"):
            add(store, run_id)
        assert store.list() == ()


class TestCancelling:
    def test_a_queued_run_stops_at_once(self, store: RunStore) -> None:
        add(store)
        store.cancel("a")
        assert store.get("a").state is RunState.CANCELLED
        assert store.claim("somebody") is None

    def test_a_running_run_is_asked(self, store: RunStore) -> None:
        running(store)
        assert not store.cancel_requested("a")
        assert not store.get("a").stopping
        RunStore(store.path).cancel("a")
        assert store.cancel_requested("a")
        assert store.get("a").stopping
        assert store.get("a").state is RunState.RUNNING
        store.mark_cancelled("a")
        assert not store.cancel_requested("a")
        assert not store.get("a").stopping

    def test_the_wish_does_not_outlive_the_run(self, store: RunStore) -> None:
        running(store)
        store.cancel("a")
        store.fail("a", "it rained")
        running(store)
        assert not store.cancel_requested("a")

    def test_an_interrupted_run_is_given_up(self, store: RunStore) -> None:
        running(store)
        store.interrupt("a")
        store.cancel("a")
        assert store.get("a").state is RunState.CANCELLED

    def test_an_interruption_fulfils_the_wish(self, store: RunStore) -> None:
        running(store)
        store.cancel("a")
        store.interrupt("a")
        assert store.get("a").state is RunState.CANCELLED

    def test_a_finished_run_stays_as_it_is(self, store: RunStore) -> None:
        before = done(store)
        store.cancel("a")
        assert store.get("a") == before

    def test_refuses_an_unknown_run(self, store: RunStore) -> None:
        with pytest.raises(RunNotFoundError, match="no run 'a' in"):
            store.cancel("a")


class TestResults:
    def test_a_finished_run_has_its_record(self, store: RunStore) -> None:
        config = RunConfig(method=Method.BASELINE)
        store.add("a", config, corpus_name="reviews")
        store.claim("somebody")
        record = a_run_record("a", config)
        store.finish("a", record)
        run = store.get("a")
        assert (run.state, run.record, run.error) == (RunState.DONE, record, "")
        assert run.started is not None
        assert run.finished is not None
        assert run.created <= run.started <= run.finished
        assert not run.resumable

    def test_only_a_running_run_can_be_finished(self, store: RunStore) -> None:
        add(store)
        with pytest.raises(StoreError, match="run 'a' must be running to be finished"):
            store.finish("a", a_run_record("a"))
        assert store.get("a").state is RunState.QUEUED

    def test_a_record_that_could_not_be_read_back_is_refused(self, store: RunStore) -> None:
        running(store)
        record = a_run_record("a", model=a_model_record(metrics=figures(nll=float("nan"))))
        with pytest.raises(
            StoreError, match=r"must be readable, got model\.metrics\.nll\.value must be a number, got nan"
        ):
            store.finish("a", record)
        assert store.get("a").state is RunState.RUNNING

    def test_what_does_not_run_cannot_end(self, store: RunStore) -> None:
        before = done(store)
        assert not store.fail("a", "too late")
        assert not store.mark_cancelled("a")
        assert not store.interrupt("a")
        assert not store.fail("unknown", "what?")
        assert store.get("a") == before


class TestEvents:
    def test_come_back_in_order_and_by_part(self, store: RunStore) -> None:
        running(store, "a")
        running(store, "b")
        happened = (
            Stage(name="training", detail="epoch 1", fraction=None),
            a_step(1),
            Validation(epoch=1.0, score=0.5, agreement=None),
        )
        for event in happened:
            store.add_event("a", event)
            store.add_event("b", a_step(99))
        numbers = [number for number, _ in store.events("a")]
        assert numbers == sorted(set(numbers))
        assert tuple(event for _, event in store.events("a")) == happened
        assert store.events("a", after=numbers[0]) == tuple(zip(numbers[1:], happened[1:], strict=True))
        assert store.events("a", after=numbers[-1]) == ()

    def test_refuses_an_unknown_run(self, store: RunStore) -> None:
        with pytest.raises(RunNotFoundError, match="no run 'a' in"):
            store.add_event("a", a_step())
        add(store)
        store.add_event("a", a_step())  # the store goes on after the refusal


class TestDeleting:
    def test_leaves_nothing(self, store: RunStore) -> None:
        done(store)
        store.add_event("a", a_step())
        store.folder("a").student.mkdir()
        (store.folder("a").student / "config.json").write_text("{}")
        store.delete("a")
        assert store.find("a") is None
        assert store.events("a") == ()
        assert list((store.path / "runs").iterdir()) == []
        assert add(store).state is RunState.QUEUED

    def test_takes_along_what_a_crash_left_over(self, store: RunStore) -> None:
        done(store)
        (store.path / "runs" / ".b.01234567" / "student").mkdir(parents=True)
        store.delete("a")
        assert list((store.path / "runs").iterdir()) == []

    def test_refuses_while_its_files_cannot_be_moved(self, store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(path: Path, target: Path) -> None:
            raise PermissionError("used by another process")

        done(store)
        monkeypatch.setattr(Path, "rename", refuse)
        with pytest.raises(StoreError, match="files of run 'a' must be free to be deleted, got used by another"):
            store.delete("a")
        assert store.get("a").state is RunState.DONE

    def test_a_run_without_files(self, store: RunStore) -> None:
        add(store)
        store.delete("a")
        assert store.list() == ()

    def test_refuses_while_it_runs(self, store: RunStore) -> None:
        running(store)
        with pytest.raises(StoreError, match="must not be running to be deleted, got 'a'; cancel it first"):
            store.delete("a")
        assert store.get("a").state is RunState.RUNNING
        assert store.folder("a").path.is_dir()

    @pytest.mark.parametrize("run_id", ["unknown", "../.."])
    def test_refuses_an_unknown_run(self, store: RunStore, run_id: str) -> None:
        with pytest.raises(RunNotFoundError, match="no run"):
            store.delete(run_id)


class TestFiles:
    def test_size_is_that_of_all_files(self, store: RunStore) -> None:
        running(store)
        assert store.folder("a").size_bytes() == 0
        store.folder("a").student.mkdir()
        (store.folder("a").student / "weights").write_bytes(b"x" * 1000)
        store.folder("a").test_texts.write_bytes(b"y" * 24)
        assert store.folder("a").size_bytes() == 1024
        assert store.folder("unknown").size_bytes() == 0

    def test_a_file_gets_its_name_when_it_is_whole(self, tmp_path: Path) -> None:
        target = tmp_path / "new" / "a.json"
        with replacing(target) as path:
            path.write_text("whole")
            assert not target.exists()
        assert target.read_text() == "whole"

        def break_off() -> None:
            with replacing(target) as path:
                path.write_text("half")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            break_off()
        assert target.read_text() == "whole"
        assert list(target.parent.iterdir()) == [target]

    def test_a_folder_gets_its_name_when_it_is_whole(self, tmp_path: Path) -> None:
        target = tmp_path / "student"
        for content in ("first", "second"):
            with replacing(target) as path:
                path.mkdir()
                (path / content).touch()

        def break_off() -> None:
            with replacing(target) as path:
                path.mkdir()
                (path / "third").touch()
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            break_off()
        assert [path.name for path in target.iterdir()] == ["second"]
        assert list(tmp_path.iterdir()) == [target]


class TestVersion:
    def test_grows_with_every_change(self, store: RunStore) -> None:
        reader = RunStore(store.path)
        changes = (
            lambda: add(store),
            lambda: store.claim("somebody"),
            lambda: store.add_event("a", a_step()),
            lambda: store.cancel("a"),
            lambda: store.mark_cancelled("a"),
            lambda: store.delete("a"),
        )
        seen = [reader.version()]
        for change in changes:
            change()
            seen.append(reader.version())
        assert seen == sorted(set(seen))

    def test_stays_while_nothing_changes(self, store: RunStore) -> None:
        done(store)
        before = store.version()
        store.list()
        store.events("a")
        store.claim("somebody")
        store.cancel_requested("a")
        store.counts()
        assert store.version() == before


class TestOtherVersions:
    """What another version of the program wrote must not get in the way of what this one can read."""

    def test_unreadable_settings_are_passed_over(self, store: RunStore) -> None:
        add(store, "old")
        add(store, "good")
        write(store, "UPDATE runs SET config = ? WHERE id = 'old'", json.dumps({"unheard": "of"}))
        assert [run.id for run in store.list()] == ["good"]
        assert store.find("old") is None
        with pytest.raises(RunNotFoundError):
            store.get("old")
        claimed = store.claim("somebody")
        assert claimed is not None
        assert claimed.id == "good"
        assert store.counts()[RunState.FAILED] == 1
        assert add(store, "old").state is RunState.QUEUED

    def test_unreadable_settings_can_be_deleted(self, store: RunStore) -> None:
        done(store)
        write(store, "UPDATE runs SET config = 'not json'")
        store.delete("a")
        assert not store.folder("a").path.exists()

    def test_an_unknown_state_is_passed_over(self, store: RunStore) -> None:
        add(store)
        write(store, "UPDATE runs SET state = 'levitating'")
        assert store.list() == ()

    def test_what_they_compute_is_left_to_them(self, store: RunStore) -> None:
        running(store)
        write(store, "UPDATE runs SET config = '{\"unheard\": 1}'")
        with pytest.raises(StoreError, match="run 'a' is being computed by another version"):
            add(store)

    @pytest.mark.parametrize("record", ["{}", "not json", "[1]", None])
    def test_a_run_with_an_unreadable_record_has_failed(self, store: RunStore, record: str | None) -> None:
        done(store)
        write(store, "UPDATE runs SET record = ?", record)
        run = store.get("a")
        assert (run.state, run.record) == (RunState.FAILED, None)
        assert "its record cannot be read" in run.error
        assert "run it again" in run.error
        assert store.list() == (run,)
        assert add(store).state is RunState.QUEUED

    @pytest.mark.parametrize("event", ['{"event": "Eclipse"}', "not json", '{"event": "Step"}', "[]"])
    def test_unreadable_events_are_passed_over(self, store: RunStore, event: str) -> None:
        running(store)
        write(store, "INSERT INTO events (run, event) VALUES ('a', ?)", event)
        store.add_event("a", a_step(2))
        assert [event for _, event in store.events("a")] == [a_step(2)]


class TestOwners:
    def test_lives_as_long_as_its_block(self, store: RunStore) -> None:
        add(store)
        with store.owner() as owner:
            assert store.owners() == {}
            store.claim(owner)
            assert store.owners() == {owner: True}
        assert store.owners() == {}
        assert store.get("a").state is RunState.INTERRUPTED
        assert list((store.path / "owners").iterdir()) == []

    def test_what_a_worker_leaves_goes_on_and_what_two_die_of_has_failed(self, store: RunStore) -> None:
        add(store, "a")
        for deaths in (1, 2):
            store.go_on()
            assert store.claim("worker-1-dead", "a") is not None
            store.bury("worker-1-dead")
            assert store.get("a").state is (RunState.INTERRUPTED if deaths == 1 else RunState.FAILED)
        assert "2 processes that computed it have died" in store.get("a").error
        add(store, "a")  # whoever asks again begins to count anew
        assert store.claim("worker-2-alive", "a") is not None
        store.disown("worker-2-alive")
        store.go_on()
        assert store.get("a").state is RunState.QUEUED

    def test_what_was_stopped_by_people_does_not_go_on(self, store: RunStore) -> None:
        for name, owner in (("a", "1-shell"), ("b", "worker-1-dead")):
            add(store, name)
            store.claim(owner, name)
        store.cancel("b")
        for owner in ("1-shell", "worker-1-dead"):
            store.bury(owner)
        store.go_on()
        assert (store.get("a").state, store.get("b").state) == (RunState.INTERRUPTED, RunState.CANCELLED)

    def test_an_error_interrupts_its_runs_too(self, store: RunStore) -> None:
        add(store)

        def break_off() -> None:
            with store.owner() as owner:
                store.claim(owner)
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            break_off()
        assert store.get("a").state is RunState.INTERRUPTED

    def test_touches_no_runs_of_others(self, store: RunStore) -> None:
        running(store, "theirs")
        done(store, "ended")
        with store.owner():
            pass
        assert store.get("theirs").state is RunState.RUNNING
        assert store.get("ended").state is RunState.DONE

    def test_without_its_lock_it_is_dead(self, store: RunStore) -> None:
        running(store)
        assert store.owners() == {"somebody": False}
        (store.path / "owners" / "somebody.lock").touch()
        assert store.owners() == {"somebody": False}
        with FileLock(store.path / "owners" / "somebody.lock"):
            assert store.owners() == {"somebody": True}

    def test_asking_does_not_take_the_lock(self, tmp_path: Path) -> None:
        lock = FileLock(tmp_path / "a.lock")
        with lock:
            assert held(tmp_path / "a.lock")
        assert not held(tmp_path / "a.lock")
        assert not held(tmp_path / "a.lock")


class TestManyAtOnce:
    def test_those_who_ask_are_not_taken_for_the_owner(self, tmp_path: Path) -> None:
        answers: list[bool] = []
        barrier = threading.Barrier(8)

        def ask() -> None:
            barrier.wait()
            answers.extend(held(tmp_path / "a.lock") for _ in range(50))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [False] * 400

    def test_threads_never_get_the_same_run(self, store: RunStore) -> None:
        for number in range(60):
            add(store, f"run{number:02}")
        claimed: list[str] = []

        def work(name: str) -> None:
            while (run := store.claim(name)) is not None:
                claimed.append(run.id)
                store.add_event(run.id, a_step())
                store.finish(run.id, a_run_record(run.id))

        threads = [threading.Thread(target=work, args=(f"thread{n}",)) for n in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(claimed) == [f"run{number:02}" for number in range(60)]
        assert store.counts()[RunState.DONE] == 60
        assert len(store._database._idle) <= 8

    def test_processes_never_get_the_same_run(self, store: RunStore) -> None:
        for number in range(50):
            add(store, f"run{number:02}")
        script = (
            "import sys; from pathlib import Path; from distil_core.runs.store import RunStore\n"
            "store = RunStore(Path(sys.argv[1])); print('ready', flush=True); sys.stdin.readline()\n"
            "while run := store.claim(sys.argv[2]): print(run.id)"
        )
        pipe = subprocess.PIPE
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", script, str(store.path), name],
                env={**os.environ, "PYTHONPATH": ROOT},
                stdin=pipe,
                stdout=pipe,
                text=True,
            )
            for name in ("one", "two")
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        claimed = [process.communicate(timeout=60)[0].split() for process in processes]
        assert sorted(claimed[0] + claimed[1]) == [f"run{number:02}" for number in range(50)]
        # Each of them in the order of the queue.
        assert all(names == sorted(names) for names in claimed)


@dataclass
class Expected:
    """What the store should know of a run."""

    state: RunState
    stopping: bool = False
    n_events: int = 0
    owner: str = ""


NAMES = st.sampled_from(["a", "b", "c"])
OWNERS = st.sampled_from(["one", "two"])


def test_an_empty_file_beside_runs_is_no_empty_store(tmp_path: Path) -> None:
    add(store := RunStore(tmp_path / "store"), "a")
    store.folder("a").path.mkdir(parents=True)
    for path in store.path.glob("runs.sqlite3*"):
        path.unlink()
    (store.path / "runs.sqlite3").touch()
    with pytest.raises(StoreError, match="0 bytes beside folders of runs; put a copy of it back"):
        RunStore(store.path)


class StateMachine(RuleBasedStateMachine):
    """Any sequence of operations leaves the store as a dictionary would be."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store, self.reader = RunStore(Path(self.folder.name)), RunStore(Path(self.folder.name))
        self.expected: dict[str, Expected] = {}  # in the order of the queue

    def teardown(self) -> None:
        self.store._database.close()
        self.reader._database.close()
        self.folder.cleanup()

    def state(self, name: str) -> RunState | None:
        return self.expected[name].state if name in self.expected else None

    def leave(self, name: str, state: RunState) -> bool:
        if self.state(name) is not RunState.RUNNING:
            return False
        self.expected[name] = Expected(state, n_events=self.expected[name].n_events)
        return True

    def interrupted(self, name: str) -> bool:
        stopping = name in self.expected and self.expected[name].stopping
        return self.leave(name, RunState.CANCELLED if stopping else RunState.INTERRUPTED)

    @rule(name=NAMES)
    def add(self, name: str) -> None:
        if self.state(name) not in (RunState.QUEUED, RunState.RUNNING, RunState.DONE):
            before = self.expected.pop(name, None)
            kept = before.n_events if before and before.state is RunState.INTERRUPTED else 0
            self.expected[name] = Expected(RunState.QUEUED, n_events=kept)
        assert add(self.store, name).state is self.state(name)

    @rule(owner=OWNERS, wanted=st.none() | NAMES)
    def claim(self, owner: str, wanted: str | None) -> None:
        queued = [n for n, e in self.expected.items() if e.state is RunState.QUEUED and wanted in (None, n)]
        run = self.store.claim(owner, wanted)
        assert (run and run.id) == (queued[0] if queued else None)
        if run is not None:
            self.expected[run.id].state, self.expected[run.id].owner = RunState.RUNNING, owner

    @rule(name=NAMES)
    def cancel(self, name: str) -> None:
        if name not in self.expected:
            with pytest.raises(RunNotFoundError):
                self.store.cancel(name)
            return
        self.store.cancel(name)
        if self.state(name) in (RunState.QUEUED, RunState.INTERRUPTED):
            self.expected[name].state = RunState.CANCELLED
        self.expected[name].stopping = self.state(name) is RunState.RUNNING

    @rule(name=NAMES)
    def finish(self, name: str) -> None:
        if self.leave(name, RunState.DONE):
            self.store.finish(name, a_run_record(name))
        else:
            with pytest.raises(StoreError):
                self.store.finish(name, a_run_record(name))

    @rule(name=NAMES)
    def fail(self, name: str) -> None:
        assert self.store.fail(name, "it rained") == self.leave(name, RunState.FAILED)

    @rule(name=NAMES)
    def mark_cancelled(self, name: str) -> None:
        assert self.store.mark_cancelled(name) == self.leave(name, RunState.CANCELLED)

    @rule(name=NAMES)
    def interrupt(self, name: str) -> None:
        assert self.store.interrupt(name) == self.interrupted(name)

    @rule(owner=OWNERS)
    def disown(self, owner: str) -> None:
        self.store.disown(owner)
        for name in [n for n, e in self.expected.items() if e.state is RunState.RUNNING and e.owner == owner]:
            self.interrupted(name)

    @rule(name=NAMES)
    def add_event(self, name: str) -> None:
        if name in self.expected:
            self.store.add_event(name, a_step())
            self.expected[name].n_events += 1
        else:
            with pytest.raises(RunNotFoundError):
                self.store.add_event(name, a_step())

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        if self.state(name) in (None, RunState.RUNNING):
            with pytest.raises(DistilError):
                self.store.delete(name)
        else:
            self.store.delete(name)
            del self.expected[name]

    @invariant()
    def everybody_sees_what_is_expected(self) -> None:
        for store in (self.store, self.reader):
            seen = store.list()
            assert [(run.id, run.state, run.stopping) for run in seen] == [
                (name, e.state, e.stopping) for name, e in reversed(self.expected.items())
            ]
            assert Counter(run.state for run in seen) == Counter(store.counts())
            for run in seen:
                assert (run.record is not None) == (run.state is RunState.DONE)
                assert bool(run.error) == (run.state is RunState.FAILED)
                assert (run.finished is not None) == run.state.over
                assert store.cancel_requested(run.id) == run.stopping
                assert len(store.events(run.id)) == self.expected[run.id].n_events
            assert set(store.owners()) == {e.owner for e in self.expected.values() if e.state is RunState.RUNNING}


TestStateMachine = StateMachine.TestCase
TestStateMachine.settings = settings(max_examples=30, stateful_step_count=30)
