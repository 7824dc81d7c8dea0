"""A run with its twins, from wherever runs come."""

from collections.abc import Iterable
from dataclasses import dataclass

from distil_core.runs.folder import RunFolder
from distil_core.runs.record import RunRecord
from distil_core.runs.rows import Run
from distil_core.runs.sources import RunSource
from distil_core.settings.canonical import twin_of
from distil_core.settings.config import Method

TWINS = (Method.HARD_LABELS, Method.RANDOM_START, Method.LAYER_CUT, Method.BASELINE)
"""What a distilled student is held against, the most telling first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedRun:
    """One finished run: its name, the folder of its files, and its record."""

    run: str
    folder: RunFolder
    record: RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A distilled run and those of its twins that are finished, the most telling first."""

    distilled: FinishedRun
    twins: tuple[FinishedRun, ...]

    def twin(self, method: Method) -> FinishedRun | None:
        """Return the twin of a method, or None while it is not finished."""
        return next((twin for twin in self.twins if twin.record.config.method is method), None)


def twins(run: Run, runs: Iterable[Run]) -> tuple[Run, ...]:
    """Find the twins of a distilled run among all runs, in any state, the most telling first.

    They come from where the run comes from: what ships with the package was measured on another machine.
    """
    among = (other for other in runs if other.read_only is run.read_only and _comparable(run.record, other.record))
    by_config = {other.config: other for other in reversed(tuple(among))}
    wanted = (twin_of(run.config, method) for method in TWINS)
    return tuple(by_config[config] for config in wanted if config in by_config)


def _comparable(first: RunRecord | None, second: RunRecord | None) -> bool:
    """Tell whether two runs had the same texts and teacher; a file may have changed between them, under its name."""
    if first is None or second is None:
        return True
    return (first.corpus.digest, first.teacher_digest) == (second.corpus.digest, second.teacher_digest)


def family(run: Run, source: RunSource, *, runs: Iterable[Run] | None = None) -> Family | None:
    """Gather a run and those of its twins that are done, or None while the run itself is not.

    Args:
        run: A distilled run, or a twin on its own.
        source: Where it comes from.
        runs: All runs, if somebody has just listed them.
    """
    distilled = finished(run, source)
    if distilled is None:
        return None
    others = () if run.config.method is not Method.DISTILLED else twins(run, source.list() if runs is None else runs)
    return Family(distilled=distilled, twins=tuple(filter(None, (finished(twin, source) for twin in others))))


def finished(run: Run, source: RunSource) -> FinishedRun | None:
    """Return a run with its files, or None while it is not done."""
    return None if run.record is None else FinishedRun(run=run.id, folder=source.folder(run.id), record=run.record)


def busy(source: RunSource, run_id: str) -> bool:
    """Tell whether a run or one of its twins is waiting or being computed."""
    run = source.find(run_id)
    if run is None:
        return False
    members = (run, *twins(run, source.list())) if run.config.method is Method.DISTILLED else (run,)
    return any(not member.state.over for member in members)
