"""Students that are the start of others: which run one comes from, and which runs come from one.

Distil general text first and fine-tune afterwards, with a teacher or without: two runs, of which the second names the
first. Loads no model, so that a page can ask.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from distil_core.errors import ConfigError, StoreError
from distil_core.models.checkpoints import locate, width_of
from distil_core.models.configuration import read_model_config
from distil_core.runs.rows import Run, RunState
from distil_core.runs.sources import RunSource
from distil_core.settings.config import RunConfig, StudentConfig

_ENDS = {
    RunState.FAILED: "has failed",
    RunState.CANCELLED: "was cancelled",
    RunState.INTERRUPTED: "was interrupted",
    RunState.QUEUED: "is still waiting",
    RunState.RUNNING: "is still being computed",
}


def inherited(config: RunConfig, source: RunSource) -> RunConfig:
    """Return the settings of a run with those that its parent decides: whole name, depth, width, architecture.

    Args:
        config: What is asked for; returned as it is where it names no parent.
        source: Where the parent is looked for.

    Raises:
        ConfigError: If the parent is not there, is not done, has no student, or one that reads other tokens than the
            teacher.
        ModelError: If there is no such teacher.
    """
    if not config.student.parent:
        return config
    parent = _parent(config.student.parent, source)
    _refuse_other_words(parent.id, source.folder(parent.id).student, config.teacher.source)
    shape, usual = parent.config.student, StudentConfig()
    return replace(
        config,
        student=replace(
            config.student,
            parent=parent.id,
            depth=shape.n_layers,
            layers=usual.layers,
            layer_map=usual.layer_map,
            width=width_of(source.folder(parent.id).student) or shape.width,
            architecture=shape.architecture,
        ),
    )


def _refuse_other_words(name: str, student: Path, teacher: str) -> None:
    """Refuse a vocabulary of another size before anything is computed; its words are compared once they are loaded."""
    n_words, wanted = (read_model_config(folder).get("vocab_size") for folder in (student, locate(teacher).folder))
    if n_words != wanted:
        raise ConfigError(
            f"student.parent must be a run whose student reads the same tokens as the teacher {teacher}, which knows "
            f"{wanted:,} words, but that of {name} knows {n_words:,}; choose another run, or the teacher that it had"
        )


def _parent(name: str, source: RunSource) -> Run:
    runs = source.list()
    alike = [run for run in runs if run.id == name] or [run for run in runs if run.id.startswith(name)]
    if len(alike) != 1:
        raise ConfigError(
            f"student.parent must name a run whose student this one starts from, got {name!r}, which fits "
            f"{len(alike)}; see the list of runs"
        )
    (run,) = alike
    if run.state is not RunState.DONE:
        reason = f" ({run.error})" if run.error else ""
        raise ConfigError(
            f"student.parent must be a run that is done, but {run.id} {_ENDS[run.state]}{reason}; let it end first, or "
            "choose another"
        )
    if not source.folder(run.id).has_student:
        raise ConfigError(f"student.parent must be a run with a student, but {run.id} is a baseline; choose another")
    return run


def student_folder(config: RunConfig, source: RunSource) -> Path | None:
    """Return where the student lies that a run starts from; None where it starts from its teacher.

    Raises:
        StoreError: If it is there no more.
    """
    if not config.student.parent:
        return None
    folder = source.folder(config.student.parent)
    if not folder.has_student:
        raise StoreError(
            f"run {config.student.parent} must be there, as this run starts from its student, but it was deleted; "
            "distil it again, or choose another start"
        )
    return folder.student


def ancestors(config: RunConfig, source: RunSource) -> tuple[str, ...]:
    """Return the names of the runs that a run comes from, its parent first; the last may have been deleted."""
    names: list[str] = []
    while (name := config.student.parent) and name not in names:
        names.append(name)
        run = source.find(name)
        if run is None:
            break
        config = run.config
    return tuple(names)


def children(run_id: str, runs: Iterable[Run]) -> tuple[Run, ...]:
    """Return the runs that start from the student of a run."""
    return tuple(run for run in runs if run.config.student.parent == run_id)
