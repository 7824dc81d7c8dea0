"""The store itself: what may become of a run, and who may change it."""

import json
import re
import shutil
import sqlite3
import time
from collections.abc import Iterable
from contextlib import suppress
from uuid import uuid4

from distil_core.errors import ConfigError, RunNotFoundError, StoreError
from distil_core.runs.folder import RunFolder
from distil_core.runs.ownership import OwnedRuns
from distil_core.runs.record import RunRecord
from distil_core.runs.rows import COLUMNS, Run, RunState, read_event, read_record, read_run
from distil_core.settings.canonical import CanonicalConfig
from distil_core.settings.serialization import to_json
from distil_core.training.events import Event, event_to_json

_WAITING = """SELECT id, place, started, (
        SELECT count(*) FROM visitors AS mine JOIN visitors AS others USING (name)
        JOIN runs AS other ON other.id = others.run
        WHERE mine.run = runs.id AND (other.state = 'running' OR (other.state = 'queued' AND other.place < runs.place))
    ) AS turn FROM runs WHERE state = 'queued'"""
"""Queued runs, each with how many of the same visitor's come before it, which is its turn among several visitors."""
MAX_NAME, MAX_NOTE = 80, 2000
"""Characters that the name of a run, and what is noted about it, have at most."""
_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class RunStore(OwnedRuns):
    """The runs in one folder."""

    def folder(self, run_id: str) -> RunFolder:
        """Return where the files of a run are, or will be.

        Raises:
            RunNotFoundError: If ``run_id`` cannot be the name of a run.
        """
        if not _SAFE_ID.fullmatch(run_id):
            raise RunNotFoundError(
                f"the name of a run must consist of letters, digits, '.', '_' and '-', got {run_id!r}"
            )
        return self.layout.run(run_id)

    # Reading

    def find(self, run_id: str) -> Run | None:
        """Return a run, or None if there is none of that name that this version can read."""
        with self._database.connection() as db:
            row = db.execute(f"SELECT {COLUMNS} FROM runs WHERE id = ?", (run_id,)).fetchone()
        return None if row is None else read_run(row)

    def get(self, run_id: str) -> Run:
        """Return a run.

        Raises:
            RunNotFoundError: If there is none of that name.
        """
        if (run := self.find(run_id)) is None:
            raise RunNotFoundError(f"no run {run_id!r} in {self.path}; it may have been deleted")
        return run

    def list(self) -> tuple[Run, ...]:
        """Return all runs that this version can read, the newest first."""
        with self._database.connection() as db:
            rows = db.execute(f"SELECT {COLUMNS} FROM runs ORDER BY place DESC").fetchall()
        return tuple(run for run in map(read_run, rows) if run is not None)

    def counts(self) -> dict[RunState, int]:
        """Return how many runs are in each state."""
        with self._database.connection() as db:
            counts = dict(db.execute("SELECT state, count(*) FROM runs GROUP BY state").fetchall())
        return {state: counts.get(state.value, 0) for state in RunState}

    def ahead(self, run_id: str) -> int:
        """Return how many runs come before a queued one: those whose turn is earlier, and those running."""
        with self._database.connection() as db:
            (n_ahead,) = db.execute(
                f"""WITH waiting AS ({_WAITING}), mine AS (SELECT turn, place FROM waiting WHERE id = ?)
                SELECT (SELECT count(*) FROM waiting AS w, mine WHERE (w.turn, w.place) < (mine.turn, mine.place))
                + (SELECT count(*) FROM runs, mine WHERE state = 'running')""",
                (run_id,),
            ).fetchone()
        return int(n_ahead)

    def version(self) -> int:
        """Return a number that grows whenever anything in the store changes; cheap enough to poll."""
        with self._database.connection() as db:
            return int(db.execute("SELECT count FROM changes").fetchone()[0])

    # The queue

    def add(self, run_id: str, config: CanonicalConfig, *, corpus_name: str, in_turns: bool = False) -> Run:
        """Put a run at the end of the queue, unless it is there already, running or done.

        A run that was cancelled, interrupted or has failed is queued again. It keeps its folder, and with it any
        checkpoint; after an interruption it keeps its events too. One that is computed ``in_turns`` lets the others
        of its kind go first as soon as there is a first figure of it; see :meth:`step_back`.

        Raises:
            StoreError: If another version of the program is computing a run of the same name.
        """
        self.folder(run_id)
        text = json.dumps(to_json(config))
        with self._database.transaction() as db:
            row = db.execute(f"SELECT {COLUMNS} FROM runs WHERE id = ?", (run_id,)).fetchone()
            stored = None if row is None else read_run(row)
            if stored is not None and not stored.resumable:
                return stored
            if row is not None and row[3] == RunState.RUNNING:
                raise StoreError(f"run {run_id!r} is being computed by another version of this program; wait for it")
            if row is not None and row[3] != RunState.INTERRUPTED:
                db.execute("DELETE FROM events WHERE run = ?", (run_id,))
            db.execute(
                """INSERT INTO runs (id, place, config, corpus_name, state, created)
                VALUES (?, (SELECT coalesce(max(place), 0) + 1 FROM runs), ?, ?, 'queued', ?)
                ON CONFLICT (id) DO UPDATE SET place = excluded.place, config = excluded.config,
                corpus_name = excluded.corpus_name, state = 'queued', created = excluded.created, started = NULL,
                finished = NULL, error = '', record = NULL, owner = NULL, stopping = 0""",
                (run_id, text, corpus_name, time.time()),
            )
            db.execute("DELETE FROM turns WHERE run = ?", (run_id,))
            db.execute("DELETE FROM interruptions WHERE run = ?", (run_id,))
            if in_turns:
                db.execute("INSERT INTO turns VALUES (?)", (run_id,))
        return self.get(run_id)

    def claim(self, owner: str, run_id: str | None = None) -> Run | None:
        """Take the next queued run, or the one named, for ``owner``; None if it is not queued.

        The oldest is next; visitors who share the queue take turns, so that nobody waits for all runs of another.
        No two owners ever get the same run. Its folder exists afterwards.
        """
        # Those that have stepped back share the place of the last one that has its turn before them.
        queued = f"SELECT id FROM ({_WAITING}) WHERE id = coalesce(?, id) ORDER BY turn, place, started LIMIT 1"
        while True:
            with self._database.connection() as db:  # an idle worker asks often, and must not write each time
                if db.execute(queued, (run_id,)).fetchone() is None:
                    return None
            with self._database.transaction() as db:
                if (row := db.execute(queued, (run_id,)).fetchone()) is None:
                    return None
                db.execute(
                    "UPDATE runs SET state = 'running', owner = ?, started = ?, stopping = 0 WHERE id = ?",
                    (owner, time.time(), *row),
                )
            run = self.find(row[0])
            if run is not None:
                self.folder(run.id).path.mkdir(parents=True, exist_ok=True)
                return run
            self.fail(row[0], "its settings were written by another version of this program and cannot be read")

    def note_visitor(self, run_ids: Iterable[str], name: str) -> None:
        """Note who has asked for runs, unless somebody has asked for them before."""
        with self._database.transaction() as db:
            db.executemany("INSERT OR IGNORE INTO visitors VALUES (?, ?)", [(run_id, name) for run_id in run_ids])

    def describe(self, run_id: str, *, name: str, note: str) -> None:
        """Call a run something, and note something about it; nothing takes away what was there.

        Raises:
            ConfigError: If one of them is too long.
        """
        for text, what, most in ((name, "name", MAX_NAME), (note, "note", MAX_NOTE)):
            if len(text) > most:
                raise ConfigError(f"the {what} of a run must have at most {most:,} characters, got {len(text):,}")
        with self._database.transaction() as db:
            known = "SELECT 1 FROM runs WHERE id = ?"
            if db.execute(known, (run_id,)).fetchone() is not None:
                words = (run_id, " ".join(name.split()), note.strip())
                db.execute("INSERT OR REPLACE INTO names VALUES (?, ?, ?)", words)

    def visitor(self, run_id: str) -> str:
        """Return who was first to ask for a run; empty where nobody was noted."""
        with self._database.connection() as db:
            row = db.execute("SELECT name FROM visitors WHERE run = ?", (run_id,)).fetchone()
        return "" if row is None else str(row[0])

    def has_had_turn(self, run_id: str) -> bool:
        """Tell whether a running run, now that there is a figure of it, should let others have their first turn."""
        with self._database.connection() as db:
            waiting = "SELECT 1 FROM turns JOIN runs ON id = run WHERE state = 'queued' LIMIT 1"
            mine = db.execute("SELECT 1 FROM turns WHERE run = ?", (run_id,)).fetchone()
            return mine is not None and db.execute(waiting).fetchone() is not None

    def step_back(self, run_id: str) -> None:
        """Put a running run back into the queue, behind those that have not had their first turn; it goes on later."""
        with self._database.transaction() as db:
            db.execute("DELETE FROM turns WHERE run = ?", (run_id,))
            (last,) = db.execute(
                "SELECT coalesce(max(place), 0) FROM runs JOIN turns ON id = run WHERE state = 'queued'"
            ).fetchone()
            db.execute(
                """UPDATE runs SET state = CASE stopping WHEN 0 THEN 'queued' ELSE 'cancelled' END,
                finished = CASE stopping WHEN 0 THEN NULL ELSE ? END, place = max(place, ?), owner = NULL, stopping = 0
                WHERE id = ? AND state = 'running'""",
                (time.time(), last, run_id),
            )

    def cancel(self, run_id: str) -> None:
        """Stop a run that is queued or interrupted at once, and ask one that is running to stop.

        Raises:
            RunNotFoundError: If there is none of that name.
        """
        with self._database.transaction() as db:
            db.execute(
                "UPDATE runs SET state = 'cancelled', finished = ? WHERE id = ? AND state IN ('queued', 'interrupted')",
                (time.time(), run_id),
            )
            db.execute(
                "UPDATE runs SET stopping = ? WHERE id = ? AND state = 'running' AND stopping = 0",
                (int(time.time()), run_id),
            )
            if db.execute("SELECT 1 FROM runs WHERE id = ?", (run_id,)).fetchone() is None:
                raise RunNotFoundError(f"no run {run_id!r} in {self.path}; it may have been deleted")

    def cancel_requested(self, run_id: str) -> bool:
        """Tell whether a running run was asked to stop; cheap enough to ask at every step."""
        with self._database.connection() as db:
            return db.execute("SELECT 1 FROM runs WHERE id = ? AND stopping", (run_id,)).fetchone() is not None

    def reopen(self, run_id: str) -> None:
        """Note of a run that is done that its files were deleted by hand, so that it can be queued again."""
        with self._database.transaction() as db:
            db.execute(
                "UPDATE runs SET state = 'failed', error = ?, record = NULL WHERE id = ? AND state = 'done'",
                ("its files were deleted; run it again", run_id),
            )

    def delete(self, run_id: str) -> None:
        """Remove a run with its events and files.

        Raises:
            RunNotFoundError: If there is none of that name.
            StoreError: If it is running, or its files cannot be moved.
        """
        with self._database.transaction() as db:
            row = db.execute("SELECT state FROM runs WHERE id = ?", (run_id,)).fetchone()
            if row is None:
                raise RunNotFoundError(f"no run {run_id!r} in {self.path}; it may have been deleted")
            if row[0] == RunState.RUNNING:
                raise StoreError(f"a run must not be running to be deleted, got {run_id!r}; cancel it first")
            db.execute("DELETE FROM runs WHERE id = ?", (run_id,))
            # Out of the way at once; removing many files must neither be seen half done nor keep others waiting.
            with suppress(FileNotFoundError):
                try:
                    self.folder(run_id).path.rename(self.layout.condemned(run_id, uuid4().hex[:8]))
                except PermissionError as exc:
                    raise StoreError(f"the files of run {run_id!r} must be free to be deleted, got {exc}") from exc
        for condemned in self.layout.runs.glob(".*"):  # with what a crash left over
            shutil.rmtree(condemned, ignore_errors=True)

    # What the owner of a running run reports

    def add_event(self, run_id: str, event: Event) -> None:
        """Note what happened in a run.

        Raises:
            RunNotFoundError: If there is none of that name.
        """
        text = json.dumps(event_to_json(event))
        with self._database.transaction() as db:
            try:
                db.execute("INSERT INTO events (run, event) VALUES (?, ?)", (run_id, text))
            except sqlite3.IntegrityError as exc:
                raise RunNotFoundError(f"no run {run_id!r} in {self.path}; it may have been deleted") from exc

    def events(self, run_id: str, after: int = 0) -> tuple[tuple[int, Event], ...]:
        """Return what happened in a run since the event numbered ``after``, each with its number.

        Numbers rise and are never used twice, not even when a run is queued again.
        """
        with self._database.connection() as db:
            rows = db.execute(
                "SELECT number, event FROM events WHERE run = ? AND number > ? ORDER BY number", (run_id, after)
            ).fetchall()
        return tuple((number, event) for number, text in rows if (event := read_event(text)) is not None)

    def finish(self, run_id: str, record: RunRecord) -> None:
        """Note that a running run is done; to be called when all its files have their names.

        Raises:
            StoreError: If the run is not running, or its record could not be read back.
        """
        text = json.dumps(to_json(record))
        try:
            read_record(text)
        except ConfigError as exc:
            raise StoreError(f"the record of run {run_id!r} must be readable, got {exc}") from exc
        if not self._end(run_id, RunState.DONE, record=text):
            raise StoreError(f"run {run_id!r} must be running to be finished; its result was not kept")

    def fail(self, run_id: str, error: str) -> bool:
        """Note why a running run failed; False if it was not running."""
        return self._end(run_id, RunState.FAILED, error=error)

    def mark_cancelled(self, run_id: str) -> bool:
        """Note that a running run has stopped because it was asked to; False if it was not running."""
        return self._end(run_id, RunState.CANCELLED)

    def _end(self, run_id: str, state: RunState, *, error: str = "", record: str | None = None) -> bool:
        with self._database.transaction() as db:
            cursor = db.execute(
                """UPDATE runs SET state = ?, finished = ?, error = ?, record = ?, owner = NULL, stopping = 0
                WHERE id = ? AND state = 'running'""",
                (state.value, time.time(), error, record, run_id),
            )
            return cursor.rowcount == 1
