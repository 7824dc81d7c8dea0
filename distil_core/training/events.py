"""What happens in a run, as it happens: stages of the work, what the teacher is worth, steps of training, validations.

Every number is a field. A detail is words alone: nobody reads a number out of it.
"""

from dataclasses import dataclass
from typing import Any

from distil_core.settings.serialization import from_json, to_json

WAITING = "Waiting for the teacher"
"""The stage of a run while another one computes the teacher that both need."""
TEACHER_OUTPUTS = "Teacher outputs"
"""The stage in which the teacher, fine-tuned if it had to be, answers all texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A part of the work has begun or moved; ``fraction`` is what is done of it, from 0 to 1.

    Where things are counted, ``n_done`` of ``n_total`` of what ``detail`` names are done.
    """

    name: str
    detail: str
    fraction: float | None
    n_done: int | None = None
    n_total: int | None = None
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherMeasured:
    """The teacher has answered the validation texts, once it is there or after an epoch of its fine-tuning.

    ``score`` is what it comes to by the primary metric of the task.
    """

    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The state of training after some steps: loss by part (already weighted), speed and time left."""

    step: int
    n_steps: int
    epoch: float
    loss: dict[str, float]
    examples_per_second: float
    seconds_left: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """The primary metric of the task and the agreement with the teacher on the validation texts, after some passes.

    ``low`` and ``high`` are the ends of the score's 95 % interval, where somebody has asked for it.
    """

    epoch: float
    score: float
    agreement: float | None
    low: float | None = None
    high: float | None = None


Event = Stage | TeacherMeasured | Step | Validation

_EVENTS: dict[str, type[Event]] = {event.__name__: event for event in (Stage, TeacherMeasured, Step, Validation)}


def event_to_json(event: Event) -> dict[str, Any]:
    """Turn an event into plain data that :func:`event_from_json` reads back."""
    return {"event": type(event).__name__, **to_json(event)}


def event_from_json(data: dict[str, Any]) -> Event:
    """Read an event back from plain data."""
    # Earlier versions knew text classification only.
    values = {("score" if name == "accuracy" else name): value for name, value in data.items()}
    return from_json(_EVENTS[values.pop("event")], values)
