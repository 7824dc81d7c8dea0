"""Who computes the runs of a store: claims under a name, and what becomes of runs whose owner has ended or died."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from filelock import FileLock
from platformdirs import user_data_dir

from distil_core.errors import StoreError
from distil_core.runs.database import Database
from distil_core.runs.folder import StoreFolder
from distil_core.runs.locks import held
from distil_core.training.cache import sweep

_WORKER, _MOST_DEATHS = "worker-", 2
_DEADLY = (
    f"{_MOST_DEATHS} processes that computed it have died, as for lack of memory; choose fewer or shorter texts, "
    "a smaller teacher, or another one if its files are damaged"
)


def default_folder() -> Path:
    """Return where runs are kept unless somebody says otherwise: ``$DISTIL_LAB_HOME``, or the user's data folder."""
    return Path(os.environ.get("DISTIL_LAB_HOME") or user_data_dir("distil-lab", appauthor=False))


class OwnedRuns:
    """The running runs in one folder, and their owners."""

    def __init__(self, folder: Path | None = None) -> None:
        """Open the store in ``folder`` (by default :func:`default_folder`), and create it where there is none.

        Raises:
            StoreError: If the folder cannot be used, or belongs to a newer version.
        """
        self.path = (folder or default_folder()).expanduser().absolute()
        self.layout = StoreFolder(path=self.path)
        try:
            self.layout.owners.mkdir(parents=True, exist_ok=True)
            self._database = Database(self.layout.database)
        except StoreError:
            raise
        except OSError as exc:
            raise StoreError(f"the run store must be a writable folder, got {self.path} ({exc})") from exc

    def interrupt(self, run_id: str) -> bool:
        """Note that nobody computes a running run any more; False if it was not running.

        One that was asked to stop counts as cancelled.
        """
        return self._interrupt("id", run_id)

    @contextmanager
    def owner(self, *, worker: bool = False) -> Iterator[str]:
        """Give a name to claim runs under; what is still running under it at the end counts as interrupted.

        Args:
            worker: Whether a worker claims, whose interrupted runs the next one goes on with.
        """
        name = f"{_WORKER if worker else ''}{os.getpid()}-{uuid4().hex[:12]}"
        with FileLock(self.layout.owner_lock(name), thread_local=False):
            try:
                yield name
            finally:
                self.disown(name)

    def owners(self) -> dict[str, bool]:
        """Return the owners of running runs, and whether each of them is alive."""
        with self._database.connection() as db:
            names = [name for (name,) in db.execute("SELECT DISTINCT owner FROM runs WHERE state = 'running'")]
        return {name: self.layout.owner_lock(name).exists() and held(self.layout.owner_lock(name)) for name in names}

    def bury(self, owner: str) -> None:
        """Interrupt every run of an owner that has died; one that two workers have died of has failed."""
        with self._database.transaction() as db:
            db.execute(
                """INSERT INTO interruptions SELECT id, 0 FROM runs
                WHERE owner = ? AND owner LIKE ? AND state = 'running' AND stopping = 0 ON CONFLICT DO NOTHING""",
                (owner, f"{_WORKER}%"),
            )
            running = "(SELECT id FROM runs WHERE owner = ? AND state = 'running' AND stopping = 0)"
            db.execute(f"UPDATE interruptions SET deaths = deaths + 1 WHERE run IN {running}", (owner,))
            db.execute(
                """UPDATE runs SET state = 'failed', finished = ?, error = ?, owner = NULL
                WHERE owner = ? AND state = 'running' AND id IN (SELECT run FROM interruptions WHERE deaths >= ?)""",
                (time.time(), _DEADLY, owner, _MOST_DEATHS),
            )
        self.disown(owner)

    def go_on(self) -> None:
        """Put what workers have left interrupted back into the queue, at its place."""
        left = "state = 'interrupted' AND id IN (SELECT run FROM interruptions)"
        with self._database.connection() as db:  # an idle worker asks often, and must not write each time
            if db.execute(f"SELECT 1 FROM runs WHERE {left} LIMIT 1").fetchone() is None:
                return
        with self._database.transaction() as db:
            db.execute(f"UPDATE runs SET state = 'queued', finished = NULL WHERE {left}")

    def deaf(self, seconds: float) -> dict[str, int]:
        """Return workers that somebody asked to stop a run so long ago, each with the number of its process."""
        with self._database.connection() as db:
            rows = db.execute(
                """SELECT DISTINCT owner FROM runs
                WHERE state = 'running' AND owner LIKE ? AND stopping BETWEEN 2 AND ?""",
                (f"{_WORKER}%", time.time() - seconds),
            ).fetchall()
        return {owner: int(owner.removeprefix(_WORKER).partition("-")[0]) for (owner,) in rows}

    def computing_since(self) -> float | None:
        """Return when the first of the running runs began; None while none is running."""
        with self._database.connection() as db:
            (began,) = db.execute("SELECT min(started) FROM runs WHERE state = 'running'").fetchone()
        return None if began is None else float(began)

    def sweep(self) -> None:
        """Remove what killed processes have left half written among the files of runs."""
        sweep(self.layout.runs, "*/.*")
        sweep(self.layout.runs, ".*")

    def disown(self, owner: str) -> None:
        """Interrupt every run of an owner that ends or has ended."""
        self._interrupt("owner", owner)
        with suppress(OSError):  # some systems keep a file that is open
            self.layout.owner_lock(owner).unlink()

    def _interrupt(self, column: str, value: str) -> bool:
        with self._database.transaction() as db:
            db.execute(
                f"""INSERT INTO interruptions SELECT id, 0 FROM runs
                WHERE {column} = ? AND owner LIKE ? AND state = 'running' AND stopping = 0 ON CONFLICT DO NOTHING""",
                (value, f"{_WORKER}%"),
            )
            cursor = db.execute(
                f"""UPDATE runs SET state = CASE stopping WHEN 0 THEN 'interrupted' ELSE 'cancelled' END,
                finished = ?, owner = NULL, stopping = 0 WHERE {column} = ? AND state = 'running'""",
                (time.time(), value),
            )
            return cursor.rowcount > 0
