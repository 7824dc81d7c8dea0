"""The SQLite file of a run store: its tables, and connections for any number of threads and processes."""

import sqlite3
import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock

from distil_core.errors import StoreError

LAYOUT_VERSION = 1
"""Raised when the tables change; kept in the file as SQLite's ``user_version``."""

_TABLES = (
    """CREATE TABLE runs (
        id TEXT PRIMARY KEY, place INTEGER NOT NULL, config TEXT NOT NULL, corpus_name TEXT NOT NULL,
        state TEXT NOT NULL, created REAL NOT NULL, started REAL, finished REAL, error TEXT NOT NULL DEFAULT '',
        record TEXT, owner TEXT, stopping INTEGER NOT NULL DEFAULT 0)""",
    "CREATE INDEX runs_by_state ON runs (state, place)",
    """CREATE TABLE events (
        number INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        event TEXT NOT NULL)""",
    "CREATE INDEX events_by_run ON events (run, number)",
    "CREATE TABLE changes (count INTEGER NOT NULL)",
    "INSERT INTO changes VALUES (0)",
    f"PRAGMA user_version = {LAYOUT_VERSION}",
)
_TURNS = "CREATE TABLE IF NOT EXISTS turns (run TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE)"
"""Runs that have not had their first turn; a table that an older version of the program need not know."""
_INTERRUPTIONS = """CREATE TABLE IF NOT EXISTS interruptions (
    run TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE, deaths INTEGER NOT NULL)"""
"""Runs whose worker has ended, and how many have died of it since the run was last asked for."""
_VISITORS = (
    """CREATE TABLE IF NOT EXISTS visitors (
        run TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE, name TEXT NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS visitors_by_name ON visitors (name)",
)
"""Who was first to ask for a run, where several people share a server."""
_NAMES = """CREATE TABLE IF NOT EXISTS names (
    run TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE, name TEXT NOT NULL, note TEXT NOT NULL)"""
"""What people call runs, and noted about them."""
_CLASSES = (
    "CREATE TABLE IF NOT EXISTS classes (code TEXT PRIMARY KEY, created REAL NOT NULL)",
    """CREATE TABLE IF NOT EXISTS predictions (
        class TEXT NOT NULL REFERENCES classes (code) ON DELETE CASCADE, question TEXT NOT NULL,
        visitor TEXT NOT NULL, answer REAL NOT NULL, PRIMARY KEY (class, question, visitor)) WITHOUT ROWID""",
)
"""Classes that follow a lecturer's link, and what their visitors predicted in lessons."""
_IDLE_CONNECTIONS = 8


class Database:
    """One SQLite file that many may read while one writes."""

    def __init__(self, path: Path) -> None:
        """Open the file at ``path``, and create it with its tables where there is none.

        Raises:
            StoreError: If it cannot be used, or belongs to a newer version.
        """
        self.path = path
        self._idle: deque[sqlite3.Connection] = deque()
        self.close = weakref.finalize(self, _close_all, self._idle)
        # Only one process may turn a new file into a store; SQLite does not wait while the journal changes.
        with FileLock(path.with_name("open.lock")):
            if path.is_file() and not path.stat().st_size and any(path.with_name("runs").glob("*")):
                raise StoreError(
                    f"the run store must be a sound SQLite file, got {path} of 0 bytes beside folders of runs; put a "
                    "copy of it back, or move both away to begin with an empty store"
                )
            self._create_tables()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that alone may write; all is undone if the block raises."""
        with self.connection() as db:
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("UPDATE changes SET count = count + 1")
            db.execute("COMMIT")

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection; pages come with a new thread each time, so connections outlive threads."""
        db = None
        try:
            db = self._open()
            yield db
        except BaseException as exc:
            if db is not None:
                db.close()  # rolls back
            if isinstance(exc, sqlite3.OperationalError):
                raise StoreError(
                    f"the run store {self.path.parent} must be usable, got {exc}; check the disk, try again"
                ) from exc
            if isinstance(exc, sqlite3.DatabaseError):
                raise StoreError(
                    f"the run store must be a sound SQLite file, got {self.path} ({exc}); "
                    "move it away to begin with an empty store"
                ) from exc
            raise
        if len(self._idle) < _IDLE_CONNECTIONS:
            self._idle.append(db)
        else:
            db.close()

    def _open(self) -> sqlite3.Connection:
        with suppress(IndexError):
            return self._idle.pop()
        db = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA foreign_keys = ON")
        return db

    def _create_tables(self) -> None:
        with self.connection() as db:
            (layout,) = db.execute("PRAGMA user_version").fetchone()
            if layout > LAYOUT_VERSION:
                raise StoreError(
                    f"the run store must be of layout {LAYOUT_VERSION} or older, got {layout} in {self.path.parent}; "
                    "update this program, or set DISTIL_LAB_HOME to another folder"
                )
            if layout != LAYOUT_VERSION:
                db.execute("PRAGMA journal_mode = WAL")
                db.execute("BEGIN IMMEDIATE")
                for statement in _TABLES:
                    db.execute(statement)
                db.execute("COMMIT")
            db.execute(_TURNS)
            db.execute(_INTERRUPTIONS)
            for statement in (*_VISITORS, _NAMES, *_CLASSES):
                db.execute(statement)


def _close_all(connections: deque[sqlite3.Connection]) -> None:
    while connections:
        connections.pop().close()
