"""Exports that a page has asked for: each a process of its own, which says on disk how far it is; without torch.

They are computed one at a time, and lie with the files of their run.
"""

import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from distil_core.errors import ConfigError, DistilError
from distil_core.export.formats import Format, Proof
from distil_core.runs.locks import held
from distil_core.runs.processes import spawn
from distil_core.runs.sources import CombinedRuns, ShippedRuns
from distil_core.runs.store import RunStore
from distil_core.settings.serialization import from_json
from distil_core.training.cache import replacing

MOST_RUNNING = 8
"""Exports that may be in the making at once, those included that wait for others."""
_STARTING_SECONDS = 30.0
"""How long a process may take until it holds its lock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """How far an export is.

    Attributes:
        folder: Where it lies, or will.
        running: Whether somebody is at it.
        stage: What is being done.
        share: Which share of that is done, where it is known.
        error: Why it could not be done; empty otherwise.
        proof: What was proven, once it is done.
    """

    folder: Path
    running: bool = False
    stage: str = ""
    share: float | None = None
    error: str = ""
    proof: Proof | None = None

    def names(self) -> tuple[str, ...]:
        """Return what the files are called."""
        return tuple(sorted(path.name for path in self.folder.rglob("*") if path.is_file()))

    def size_bytes(self) -> int:
        """Return how much disk the files take."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())


def export_state(store: RunStore, run_id: str, wanted: Format) -> Export:
    """Tell how far an export is; cheap enough to ask for whenever a page is drawn."""
    return _state(_folder(store, run_id, wanted))


def _state(folder: Path) -> Export:
    with suppress(OSError, ValueError, ConfigError):
        proof = from_json(Proof, json.loads((folder / "proof.json").read_text(encoding="utf-8")))
        return Export(folder=folder, proof=proof)
    try:
        told = json.loads(_progress(folder).read_text(encoding="utf-8"))
        age = time.time() - _progress(folder).stat().st_mtime
    except (OSError, ValueError):
        return Export(folder=folder)
    if told.get("error"):
        return Export(folder=folder, error=str(told["error"]))
    if not held(_lock(folder)) and not (told.get("starting") and -1.0 < age < _STARTING_SECONDS):
        return Export(folder=folder, error="the export has ended before it was done; start it again")
    return Export(folder=folder, running=True, stage=str(told.get("stage", "")), share=told.get("share"))


def start_export(store: RunStore, run_id: str, wanted: Format) -> None:
    """Start a process that exports the student of a run, unless one is at it or it is there already.

    Raises:
        ConfigError: If as many exports as may be are in the making.
    """
    current = export_state(store, run_id, wanted)
    if current.running or current.proof is not None:
        return
    told = (*store.path.glob("exports/*/*.json"), *store.layout.runs.glob("*/exports/*.json"))
    n_running = sum(_state(path.with_suffix("")).running for path in told)
    if n_running >= MOST_RUNNING:
        raise ConfigError(
            f"at most {MOST_RUNNING} exports may be in the making at once, got {n_running} already; wait until one is "
            "done"
        )
    current.folder.parent.mkdir(parents=True, exist_ok=True)
    _tell(current.folder, starting=True, stage="Starting")
    command = (sys.executable, "-m", "distil_core", "export", run_id, "--format", wanted, "--store", str(store.path))
    spawn(command, log=store.path / "exports.log")


def export_into_store(
    store: RunStore, run_id: str, wanted: Format, *, tell: Callable[[str, float | None], None]
) -> Export:
    """Export the student of a run to where its files lie, and return how that ended.

    Args:
        store: Where the run is, unless it ships with the package.
        run_id: Its name.
        wanted: What to write.
        tell: Told what is being done, and which share of it is.

    Raises:
        DistilError: If it cannot be exported; the reason is on disk, too.
    """
    folder = _folder(store, run_id, wanted)
    folder.parent.mkdir(parents=True, exist_ok=True)

    def told(stage: str, share: float | None) -> None:
        _tell(folder, stage=stage, share=share)
        tell(stage, share)

    with FileLock(_lock(folder)):
        if (current := export_state(store, run_id, wanted)).proof is not None:
            return current
        told("Waiting for other exports", None)
        try:
            with FileLock(store.path / "exports.lock"), replacing(folder) as path:
                # Not before it is its turn: those that wait take little memory.
                from distil_core.export.exporter import export_student

                source = CombinedRuns(ShippedRuns(), store)
                export_student(source, run_id, wanted, path, tell=told, pausing=store.layout.cache)
        except DistilError as error:
            _tell(folder, error=str(error))
            raise
        except Exception as error:
            _tell(folder, error=f"internal error: {type(error).__name__}: {error}")
            raise
    return export_state(store, run_id, wanted)


def _folder(store: RunStore, run_id: str, wanted: Format) -> Path:
    """Return where an export lies: with its run, or beside the runs of the store where that cannot be written to."""
    beside = store.path / "exports" / run_id
    return (store.folder(run_id).exports if store.find(run_id) is not None else beside) / wanted


def _progress(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.json")


def _lock(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def _tell(folder: Path, **values: object) -> None:
    with replacing(_progress(folder)) as path:
        path.write_text(json.dumps(values), encoding="utf-8")
