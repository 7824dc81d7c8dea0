"""What is measured of a model: plain values that go to JSON and back, and need neither torch nor a model to be read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A figure with its 95 % interval; None for both ends where only the value is known, or where it is exact.

    ``n_seeds`` says of how many seeds the value is the mean.
    """

    value: float
    low: float | None = None
    high: float | None = None
    n_seeds: int = 1

    @property
    def seen(self) -> bool:
        """Whether the interval leaves out zero: of a difference, whether one is seen."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)

    @property
    def ends(self) -> tuple[float, float]:
        """Both ends of the interval, the value itself where there is none."""
        return (
            self.value if self.low is None else self.low,
            self.value if self.high is None else self.high,
        )

    def above(self, other: "Interval") -> bool:
        """Tell whether all of this interval lies above all of another; False where one of them is not known."""
        return self.low is not None and other.high is not None and self.low > other.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Time of one forward pass of one text, in milliseconds: 5th, 50th and 95th percentile."""

    p5: float
    p50: float
    p95: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Size on disk and speed on this machine, in fp32 but for weights in int8; throughput at batches of 32.

    ``packed_bytes`` is what the weights take as a ZIP archive has them, where that was measured; ``runtime_fp32_ms``
    the median time for one text of the same model in fp32 in the same runtime, where that is not torch.
    """

    parameters: int
    bytes: int
    latency_ms: Latency | None
    texts_per_second: float | None
    packed_bytes: int | None = None
    runtime_fp32_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord:
    """All that was measured of one model; ``metrics`` by their names, what was not measured is not there.

    ``probe_score`` is what it comes to, by the primary metric, on the further texts that its task has for its corpus.
    """

    metrics: dict[str, Interval]
    cost: Cost | None
    probe_score: float | None = None

    def metric(self, name: str) -> Interval | None:
        """Return a figure by the name of its metric, None where it was not measured."""
        return self.metrics.get(name)

    def value(self, name: str) -> float | None:
        """Return a figure without its interval, None where it was not measured."""
        return self.metrics[name].value if name in self.metrics else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where the figures come from."""

    processor: str
    threads: int
    device: str
    precision: str
    versions: dict[str, str]
