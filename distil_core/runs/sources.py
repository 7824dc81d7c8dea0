"""Where runs come from: a store on disk, the runs that ship with the package, or several of these as one."""

from pathlib import Path
from typing import Protocol, runtime_checkable

from distil_core.errors import RunNotFoundError
from distil_core.models.checkpoints import assets_folder
from distil_core.runs.folder import RunFolder
from distil_core.runs.rows import Run, RunState, read_record
from distil_core.settings.canonical import FORMER_BASELINE, canonical
from distil_core.settings.config import Method
from distil_core.training.events import Event

EXAMPLE = "example"
"""The name of a distilled run that ships with the package; its twins are called ``example-`` and their method."""
FEW_LABELS = "few-labels"
"""The name of another one, which was told few labels; its files are in a folder of that name."""
MISSING_CLASS = "missing-class"
"""The name of one that was told nothing of a class; so are its files, of which the student is not among."""
_FORMER = {f"{EXAMPLE}-{FORMER_BASELINE}": f"{EXAMPLE}-{Method.BASELINE}"}
"""Names that addresses of earlier versions may hold."""


@runtime_checkable
class RunSource(Protocol):
    """Runs that can be read, wherever they are; only a store can change them."""

    def list(self) -> tuple[Run, ...]:
        """Return all runs that this version can read."""

    def find(self, run_id: str) -> Run | None:
        """Return a run, or None if there is none of that name that this version can read."""

    def get(self, run_id: str) -> Run:
        """Return a run.

        Raises:
            RunNotFoundError: If there is none of that name.
        """

    def folder(self, run_id: str) -> RunFolder:
        """Return where the files of a run are, or will be.

        Raises:
            RunNotFoundError: If ``run_id`` cannot be the name of a run.
        """

    def events(self, run_id: str, after: int = 0) -> tuple[tuple[int, Event], ...]:
        """Return what happened in a run since the event numbered ``after``, each with its number; numbers rise."""

    def version(self) -> int:
        """Return a number that grows whenever any of the runs changes; cheap enough to poll."""


def shipped_folder() -> Path:
    """Return where the runs that ship with the package are, unless they have been left out."""
    return assets_folder() / "example"


class ShippedRuns:
    """The runs that ship with the package: one folder for each, called after its method; they can only be read.

    What was told few labels comes first, as it is the usual reason to distil.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Read the records of the runs in ``folder`` (by default :func:`shipped_folder`); none where it is not there.

        Raises:
            ConfigError: If a record cannot be read.
        """
        path = folder or shipped_folder()
        families = {FEW_LABELS: path / FEW_LABELS, EXAMPLE: path, MISSING_CLASS: path / MISSING_CLASS}
        folders = {
            _name(name, method): RunFolder(path=where / method) for name, where in families.items() for method in Method
        }
        self._folders = {run_id: there for run_id, there in folders.items() if there.record.is_file()}
        self._runs = {run_id: _read(run_id, there) for run_id, there in self._folders.items()}
        self._events: dict[str, tuple[tuple[int, Event], ...]] = {}

    def list(self) -> tuple[Run, ...]:
        """Return all of them."""
        return tuple(self._runs.values())

    def find(self, run_id: str) -> Run | None:
        """Return one of them, or None if none has that name."""
        return self._runs.get(_FORMER.get(run_id, run_id))

    def get(self, run_id: str) -> Run:
        """Return one of them.

        Raises:
            RunNotFoundError: If none has that name.
        """
        self.folder(run_id)
        return self._runs[_FORMER.get(run_id, run_id)]

    def folder(self, run_id: str) -> RunFolder:
        """Return where the files of one of them are.

        Raises:
            RunNotFoundError: If none has that name.
        """
        name = _FORMER.get(run_id, run_id)
        if name not in self._folders:
            raise RunNotFoundError(f"no run {run_id!r} ships with this version; known: {', '.join(self._runs)}")
        return self._folders[name]

    def events(self, run_id: str, after: int = 0) -> tuple[tuple[int, Event], ...]:
        """Return what happened in one of them after the event numbered ``after``, each with its number."""
        name = _FORMER.get(run_id, run_id)
        if name in self._folders and name not in self._events:
            self._events[name] = tuple(enumerate(self._folders[name].read_events(), start=1))
        return self._events.get(name, ())[after:]

    def version(self) -> int:
        """Return 0: they never change."""
        return 0


class CombinedRuns:
    """The runs of several sources, as if they were of one; those of the first come first."""

    def __init__(self, first: RunSource, *others: RunSource) -> None:
        """Put sources together; where two have a run of the same name, the earlier source counts."""
        *self._earlier, self._last = first, *others

    def list(self) -> tuple[Run, ...]:
        """Return all runs of all sources."""
        return tuple(run for source in (*self._earlier, self._last) for run in source.list())

    def find(self, run_id: str) -> Run | None:
        """Return a run, or None if no source has one of that name that this version can read."""
        return self._source(run_id).find(run_id)

    def get(self, run_id: str) -> Run:
        """Return a run.

        Raises:
            RunNotFoundError: If there is none of that name.
        """
        return self._source(run_id).get(run_id)

    def folder(self, run_id: str) -> RunFolder:
        """Return where the files of a run are, or will be.

        Raises:
            RunNotFoundError: If ``run_id`` cannot be the name of a run.
        """
        return self._source(run_id).folder(run_id)

    def events(self, run_id: str, after: int = 0) -> tuple[tuple[int, Event], ...]:
        """Return what happened in a run since the event numbered ``after``, each with its number."""
        return self._source(run_id).events(run_id, after)

    def version(self) -> int:
        """Return a number that grows whenever any of the runs changes."""
        return sum(source.version() for source in (*self._earlier, self._last))

    def _source(self, run_id: str) -> RunSource:
        return next((source for source in self._earlier if source.find(run_id) is not None), self._last)


def _name(distilled: str, method: Method) -> str:
    return distilled if method is Method.DISTILLED else f"{distilled}-{method}"


def _read(run_id: str, folder: RunFolder) -> Run:
    record = read_record(folder.record.read_text(encoding="utf-8"))
    return Run(
        id=run_id,
        config=canonical(record.config),  # another machine has computed it, and it stands for the usual run of this one
        state=RunState.DONE,
        corpus_name=record.corpus.name,
        created=0.0,
        started=None,
        finished=0.0,
        error="",
        record=record,
        stopping=False,
        read_only=True,
    )
