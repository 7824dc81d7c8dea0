"""What a finished run leaves behind: its record."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from distil_core.errors import ConfigError
from distil_core.evaluation.metrics import ACCURACY, Metric, metric_named
from distil_core.evaluation.records import Environment, Interval, ModelRecord
from distil_core.settings.canonical import renewed
from distil_core.settings.config import RunConfig
from distil_core.settings.serialization import from_json

SCHEMA = 2
"""Raised when the shape of records changes; records of an earlier one are read."""


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
class RunRecord:
    """The result of one run: what was asked, what came out, how long each part took (in seconds).

    ``primary`` is the name of the metric that the run is judged by first.
    """

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
    primary: str = ACCURACY.name
    schema: int = SCHEMA

    @property
    def metric(self) -> Metric:
        """The metric that the run is judged by first.

        Raises:
            StoreError: If this version does not know it.
        """
        return metric_named(self.primary)

    @property
    def score(self) -> Interval:
        """What the model comes to by that metric."""
        return self.model.metrics[self.primary]

    @property
    def teacher_score(self) -> Interval | None:
        """What the teacher comes to by that metric; None where it was not measured."""
        return None if self.teacher is None else self.teacher.metric(self.primary)


def record_from_json(data: Any) -> RunRecord:
    """Read a record from plain data, as this version writes it or an earlier one did.

    Raises:
        ConfigError: Naming every unknown key, missing key and wrong value at once.
    """
    if not isinstance(data, Mapping):
        raise ConfigError(f"a record must be a mapping, got {data!r}")
    if isinstance(data.get("config"), Mapping):
        data = {**data, "config": renewed(data["config"])}
    if "schema" not in data:
        models = {name: _from_first_schema(data[name]) for name in ("teacher", "model") if data.get(name)}
        data = {**data, **models}
    record = from_json(RunRecord, data)
    if record.primary not in record.model.metrics:
        raise ConfigError(f"missing key model.metrics.{record.primary}, by which the run is judged")
    return record


def _from_first_schema(model: Mapping[str, Any]) -> dict[str, Any]:
    """Turn figures in two groups, most of them without an interval, into metrics by name."""
    quality, fidelity = (dict(model.get(group) or {}) for group in ("quality", "fidelity"))
    names = {"accuracy": "accuracy", "macro_f1": "macro_f1", "nll": "nll", "ece": "ece"}
    names |= {"agreement": "agreement", "kl_nats": "kl", "loyalty": "loyalty"}
    figures = {names[name]: value for name, value in {**quality, **fidelity}.items() if name in names}
    return {
        "metrics": {name: value if isinstance(value, Mapping) else {"value": value} for name, value in figures.items()},
        **{name: value for name, value in model.items() if name not in ("quality", "fidelity")},
    }
