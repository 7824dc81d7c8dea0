"""What a finished run leaves behind: its record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from distil_core.errors import ConfigError
from distil_core.evaluation.metrics import Metric
from distil_core.evaluation.records import Environment, Interval, ModelRecord
from distil_core.settings.canonical import renewed
from distil_core.settings.config import RunConfig
from distil_core.settings.serialization import from_json
from distil_core.tasks.catalog import configured_task
from distil_core.tasks.task import Task

SCHEMA = 4
"""Raised when the shape of records changes; records of an earlier one are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusSummary:
    """What a corpus consisted of.

    ``constant_score`` is what always saying the commonest training label comes to on the test texts by the primary
    metric; None where it comes to nothing.
    """

    name: str
    digest: str
    label_names: tuple[str, ...]
    n_train: int
    n_validation: int
    n_test: int
    constant_score: float | None
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
    primary: str
    schema: int = SCHEMA

    @property
    def task(self) -> Task:
        """What the models of the run are for.

        Raises:
            ConfigError: If this version does not know it.
        """
        return configured_task(self.config).for_labels(self.corpus.label_names)

    @property
    def class_names(self) -> tuple[str, ...]:
        """What the classes are called of which a model gives each a logit."""
        return self.task.class_names(self.corpus.label_names, max_length=self.config.teacher.max_length)

    @property
    def metric(self) -> Metric:
        """The metric that the run is judged by first.

        Raises:
            ConfigError: If this version does not know it.
        """
        return self.task.metric(self.primary)

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
    schema = data.get("schema", 1)
    if schema == 1:
        data = _renewed_models({"primary": "accuracy", **data}, _from_first_schema)
    if schema in (1, 2):
        data = _renewed_models(data, _from_second_schema)
    if schema in (1, 2, 3):
        data = {**_from_third_schema(data), "schema": SCHEMA}
    record = from_json(RunRecord, data)
    if record.metric.name not in record.model.metrics:
        raise ConfigError(f"missing key model.metrics.{record.primary}, by which the run is judged")
    return record


def _renewed_models(
    record: Mapping[str, Any], renew: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> Mapping[str, Any]:
    models = {name: record.get(name) for name in ("teacher", "model")}
    return {**record, **{name: renew(model) for name, model in models.items() if isinstance(model, Mapping)}}


def _from_third_schema(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Turn the test share of the commonest training label into a score, which it is where that is an accuracy."""
    corpus = record.get("corpus")
    if not isinstance(corpus, Mapping) or "majority" not in corpus:
        return record
    score = corpus["majority"] if record.get("primary") == "accuracy" else None
    others = {name: value for name, value in corpus.items() if name != "majority"}
    return {**record, "corpus": {**others, "constant_score": score}}


def _from_second_schema(model: Mapping[str, Any]) -> Mapping[str, Any]:
    """Turn what was called an accuracy, whatever the metric, into a score."""
    return {("probe_score" if name == "probe_accuracy" else name): value for name, value in model.items()}


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
