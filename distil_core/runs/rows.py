"""A run as the store knows it, read from a row that some version of the program has written."""

import json
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from distil_core.runs.record import RunRecord, record_from_json
from distil_core.settings.canonical import CanonicalConfig, restore_config
from distil_core.tasks.catalog import task_named
from distil_core.training.events import Event, TeacherMeasured, event_from_json

COLUMNS = """id, config, corpus_name, state, created, started, finished, error, record, stopping,
    (SELECT name FROM names WHERE run = id), (SELECT note FROM names WHERE run = id)"""
"""What :func:`read_run` reads, in this order."""


class RunState(StrEnum):
    """How far a run has come."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def over(self) -> bool:
        """Whether nothing more happens to the run unless somebody adds it again."""
        return self not in (RunState.QUEUED, RunState.RUNNING)

    @property
    def resumable(self) -> bool:
        """Whether adding the run again puts it back into the queue."""
        return self.over and self is not RunState.DONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run as its source knows it; times are seconds since the epoch.

    ``created`` is when it was last put into the queue, ``error`` is empty unless it failed, ``record`` is there once
    it is done, and ``stopping`` says that it runs but was asked to stop. A run that is ``read_only`` ships with the
    package, and can be neither deleted nor computed again. ``name`` and ``note`` are what somebody called it, and noted
    about it; empty where nobody did.
    """

    id: str
    config: CanonicalConfig
    state: RunState
    corpus_name: str
    created: float
    started: float | None
    finished: float | None
    error: str
    record: RunRecord | None
    stopping: bool
    read_only: bool = False
    name: str = ""
    note: str = ""

    @property
    def resumable(self) -> bool:
        """Whether adding the run again puts it back into the queue."""
        return self.state.resumable


# Reading a record takes a millisecond, and pages list all runs again and again.
@lru_cache(maxsize=4096)
def read_config(text: str) -> CanonicalConfig:
    """Read the settings of a run back from their JSON."""
    return restore_config(json.loads(text))


@lru_cache(maxsize=4096)
def read_record(text: str) -> RunRecord:
    """Read the record of a run back from its JSON."""
    return record_from_json(json.loads(text))


_TEACHER_SENTENCE = "validation accuracy "
"""What came before the teacher's accuracy in the detail of a stage, before there was an event for it."""


def read_event(text: str) -> Event | None:
    """Read an event back from its JSON; None if it means nothing to this version."""
    try:
        data = json.loads(text)
        if str(data.get("detail")).startswith(_TEACHER_SENTENCE):
            return TeacherMeasured(score=float(data["detail"].removeprefix(_TEACHER_SENTENCE)))
        return event_from_json(data)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def read_run(row: tuple[Any, ...]) -> Run | None:
    """Read a row; None if its settings or task mean nothing to this version, failed if its record does not."""
    run_id, config, corpus_name, state, created, started, finished, error, record_text, stopping, name, note = row
    try:
        settings, reached, record = read_config(config), RunState(state), None
        task_named(settings.task)
    except (ValueError, TypeError):
        return None
    if reached is RunState.DONE:
        try:
            record = read_record(record_text or "null")
        except (ValueError, TypeError) as exc:
            reached, error = RunState.FAILED, f"its record cannot be read ({exc}); run it again"
    return Run(
        id=run_id,
        config=settings,
        state=reached,
        corpus_name=corpus_name,
        created=created,
        started=started,
        finished=finished,
        error=error,
        record=record,
        stopping=bool(stopping),
        name=name or "",
        note=note or "",
    )
