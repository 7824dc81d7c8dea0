"""What is measured of a model: plain values that go to JSON and back, and need neither torch nor a model to be read."""

from dataclasses import dataclass

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
class Environment:
    """Where the figures come from."""

    processor: str
    threads: int
    device: str
    precision: str
    versions: dict[str, str]
