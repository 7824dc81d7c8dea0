"""What a run leaves behind: plain values that go to JSON and back, and need neither torch nor a model to be read."""

from dataclasses import dataclass
from typing import Any

from distil_core.config import RunConfig, from_json, to_json

N_RESAMPLES = 2000
"""How often the test texts are drawn again for an interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A measured share with its 95 % bootstrap interval; all between 0 and 1."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Time of one forward pass of one text, in milliseconds: 5th, 50th and 95th percentile."""

    p5: float
    p50: float
    p95: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How well a model knows the labels of the test texts."""

    accuracy: Interval
    macro_f1: float
    nll: float
    ece: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fidelity:
    """How far a model follows its teacher on the test texts; the last four are shares and sum to 1."""

    agreement: Interval
    kl_nats: float
    loyalty: float
    both_right: float
    only_teacher_right: float
    only_student_right: float
    both_wrong: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Size on disk and speed in fp32 on this machine; throughput at batches of 32."""

    parameters: int
    bytes: int
    latency_ms: Latency | None
    texts_per_second: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord:
    """All that was measured of one model."""

    quality: Quality
    fidelity: Fidelity | None
    cost: Cost | None
    probe_accuracy: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusSummary:
    """What a corpus consisted of; ``majority`` is the test share of the commonest training label."""

    name: str
    digest: str
    label_names: tuple[str, ...]
    n_train: int
    n_validation: int
    n_test: int
    majority: float
    mean_tokens: float
    n_truncated: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where the figures come from."""

    processor: str
    threads: int
    device: str
    precision: str
    versions: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A part of the work has begun or moved; ``fraction`` is what is done of it, from 0 to 1."""

    name: str
    detail: str
    fraction: float | None


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
    """Accuracy and agreement with the teacher on the validation texts, after ``epoch`` passes."""

    epoch: float
    accuracy: float
    agreement: float | None


Event = Stage | Step | Validation
_EVENTS: dict[str, type[Stage] | type[Step] | type[Validation]] = {c.__name__: c for c in (Stage, Step, Validation)}


def event_to_json(event: Event) -> dict[str, Any]:
    """Turn an event into plain data that :func:`event_from_json` reads back."""
    return {"event": type(event).__name__, **to_json(event)}


def event_from_json(data: dict[str, Any]) -> Event:
    """Read an event back from plain data."""
    values = dict(data)
    return from_json(_EVENTS[values.pop("event")], values)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """The result of one run: what was asked, what came out, how long each part took (in seconds)."""

    run: str
    config: RunConfig
    corpus: CorpusSummary
    teacher_name: str
    teacher_digest: str
    teacher: ModelRecord | None
    model: ModelRecord
    layers: tuple[int, ...]
    seconds: dict[str, float]
    environment: Environment
    examples_seen: int
