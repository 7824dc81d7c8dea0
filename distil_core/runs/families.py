"""A run with its twins: found among all runs, and the one that ships with the package."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from distil_core.models.checkpoints import assets_folder
from distil_core.runs.record import RunRecord
from distil_core.runs.rows import Run
from distil_core.runs.store import RunStore
from distil_core.settings.canonical import canonical
from distil_core.settings.config import RunConfig, RunKind
from distil_core.settings.serialization import from_json

EXAMPLE = "example"
"""The name by which the pages know the run that ships with the package."""


TWINS = (RunKind.HARD_LABELS, RunKind.LAYER_CUT, RunKind.TFIDF)
"""What a distilled student is held against, the most telling first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedRun:
    """One finished run: its name, the folder of its files, and its record."""

    run: str
    folder: Path
    record: RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A distilled run and those of its twins that are finished, the most telling first."""

    distilled: FinishedRun
    twins: tuple[FinishedRun, ...]

    def twin(self, kind: RunKind) -> FinishedRun | None:
        """Return the twin of a kind, or None while it is not finished."""
        return next((twin for twin in self.twins if twin.record.config.kind is kind), None)


def twin_config(config: RunConfig, kind: RunKind) -> RunConfig:
    """Return the config of a twin of the run that ``config`` asks for."""
    return canonical(replace(config, kind=kind))


def twins(run: Run, runs: Iterable[Run]) -> tuple[Run, ...]:
    """Find the twins of a distilled run among all runs, in any state, the most telling first."""
    by_config = {other.config: other for other in reversed(tuple(runs)) if _comparable(run.record, other.record)}
    wanted = (twin_config(run.config, kind) for kind in TWINS)
    return tuple(by_config[config] for config in wanted if config in by_config)


def _comparable(first: RunRecord | None, second: RunRecord | None) -> bool:
    """Tell whether two runs had the same texts and teacher; a file may have changed between them, under its name."""
    if first is None or second is None:
        return True
    return (first.corpus.digest, first.teacher_digest) == (second.corpus.digest, second.teacher_digest)


def family(run: Run, store: RunStore, *, runs: Iterable[Run] | None = None) -> Family | None:
    """Gather a run and those of its twins that are done, or None while the run itself is not.

    Args:
        run: A distilled run, or a twin on its own.
        store: Where its files are.
        runs: All runs, if somebody has just listed them.
    """
    if run.record is None:
        return None
    others = () if run.config.kind is not RunKind.DISTILLED else twins(run, store.list() if runs is None else runs)
    return Family(
        distilled=FinishedRun(run=run.id, folder=store.folder(run.id), record=run.record),
        twins=tuple(
            FinishedRun(run=twin.id, folder=store.folder(twin.id), record=twin.record)
            for twin in others
            if twin.record is not None
        ),
    )


def busy(store: RunStore, run_id: str) -> bool:
    """Tell whether a run or one of its twins is waiting or being computed."""
    run = store.find(run_id)
    if run is None:
        return False
    members = (run, *twins(run, store.list())) if run.config.kind is RunKind.DISTILLED else (run,)
    return any(not member.state.over for member in members)


def example_folder() -> Path | None:
    """Return the folder of the run that ships with the package, or None where it has been left out."""
    folder = assets_folder() / "example"
    return folder if (folder / RunKind.DISTILLED / "record.json").is_file() else None


def example(folder: Path | None = None) -> Family | None:
    """Read the run that ships with the package, or None where it has been left out."""
    folder = folder or example_folder()
    if folder is None:
        return None
    twins = (
        _read(folder / kind, run=f"{EXAMPLE}-{kind}") for kind in TWINS if (folder / kind / "record.json").is_file()
    )
    return Family(distilled=_read(folder / RunKind.DISTILLED, run=EXAMPLE), twins=tuple(twins))


def _read(folder: Path, *, run: str) -> FinishedRun:
    record = from_json(RunRecord, json.loads((folder / "record.json").read_text(encoding="utf-8")))
    return FinishedRun(run=run, folder=folder, record=record)
