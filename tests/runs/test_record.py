"""What a run leaves behind goes to JSON and back, exactly; what an earlier version left is read."""

import json
from dataclasses import replace
from typing import Any

import pytest

from distil_core.errors import ConfigError
from distil_core.evaluation.metrics import ACCURACY
from distil_core.evaluation.records import Interval, Latency
from distil_core.runs.record import SCHEMA, RunRecord, record_from_json
from distil_core.runs.rows import read_record
from distil_core.settings.canonical import restore_config
from distil_core.settings.config import Method, RunConfig
from distil_core.settings.serialization import to_json
from tests.factories import a_model_record, a_run_record, figures

OF_THE_FIRST_SCHEMA = """{
 "run": "770f9fa7d4069fc7",
 "config": {"kind": "tfidf", "corpus": {"source": "reviews", "n_train": 4000, "n_test": 1000, "seed": 0}, "seed": 0},
 "corpus": {
  "name": "reviews", "digest": "208ade78e16de9d9", "label_names": ["negative", "mixed", "positive"], "n_train": 4000,
  "n_validation": 1000, "n_test": 1000, "majority": 0.2, "mean_tokens": 30.16, "n_truncated": 0, "notes": []
 },
 "teacher_name": "shipped",
 "teacher_digest": "77467cb3a1c86db7",
 "teacher": {
  "quality": {
   "accuracy": {"value": 0.883, "low": 0.863, "high": 0.902},
   "macro_f1": 0.8823, "nll": 0.4072, "ece": 0.0287
  },
  "fidelity": null, "cost": null, "probe_accuracy": null
 },
 "model": {
  "quality": {
   "accuracy": {"value": 0.667, "low": 0.638, "high": 0.695},
   "macro_f1": 0.6667, "nll": 0.9256, "ece": 0.0445
  },
  "fidelity": {
   "agreement": {"value": 0.718, "low": 0.69, "high": 0.744}, "kl_nats": 0.5687, "loyalty": 0.602,
   "both_right": 0.649, "only_teacher_right": 0.234, "only_student_right": 0.018, "both_wrong": 0.099
  },
  "cost": {
   "parameters": 56567, "bytes": 551522, "latency_ms": {"p5": 0.57, "p50": 0.6, "p95": 0.69},
   "texts_per_second": 23890.5
  },
  "probe_accuracy": 0.32
 },
 "layers": [],
 "seconds": {"training": 1.0, "total": 2.0},
 "environment": {
  "processor": "An honest processor", "threads": 2, "device": "cpu", "precision": "fp32",
  "versions": {"torch": "2.13.0"}
 },
 "examples_seen": 4000
}"""
"""As versions with ``quality`` and ``fidelity`` wrote it."""


def there_and_back(record: RunRecord) -> RunRecord:
    return record_from_json(json.loads(json.dumps(to_json(record))))


@pytest.mark.parametrize("method", Method)
def test_a_record_goes_to_json_and_back(method: Method) -> None:
    record = a_run_record(config=RunConfig(method=method))
    assert there_and_back(record) == record


def test_what_was_not_measured_stays_unmeasured() -> None:
    bare = a_model_record(metrics=figures(agreement=None), cost=None, probe_score=None)
    record = a_run_record(teacher=None, model=bare, seconds={})
    assert there_and_back(record) == record
    assert (bare.metric("agreement"), bare.value("agreement"), bare.value("nll")) == (None, None, 0.55)
    assert record.teacher_score is None


def test_a_run_is_judged_by_its_primary_metric() -> None:
    record = a_run_record()
    assert (record.metric, record.score.value) == (ACCURACY, 0.82)
    assert record.teacher_score is not None
    assert record.teacher_score.value == 0.87
    by_f1 = replace(record, primary="macro_f1")
    assert (by_f1.metric.label, by_f1.score.value) == ("Macro-F1", pytest.approx(0.81))
    with pytest.raises(ConfigError, match="a metric of classification must be one of"):
        assert replace(record, primary="charm").metric


def _without(data: dict[str, Any], *path: str) -> dict[str, Any]:
    inner = data
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    return data


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (("corpus", "digest"), r"missing key corpus\.digest"),
        (("model", "metrics", "ece", "value"), r"missing key model\.metrics\.ece\.value"),
        (("model", "metrics", "accuracy"), r"missing key model\.metrics\.accuracy, by which the run is judged"),
    ],
)
def test_a_record_with_a_missing_figure_is_refused(path: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        record_from_json(_without(to_json(a_run_record()), *path))


@pytest.mark.parametrize("data", [None, [], "record"])
def test_what_is_no_record_is_refused(data: object) -> None:
    with pytest.raises(ConfigError, match="must be a mapping"):
        record_from_json(data)


def test_a_record_of_the_first_schema_is_read() -> None:
    record = read_record(OF_THE_FIRST_SCHEMA)
    assert (record.primary, record.schema, record.config.method) == ("accuracy", SCHEMA, Method.BASELINE)
    assert record.model.metrics == {
        "accuracy": Interval(value=0.667, low=0.638, high=0.695),
        "macro_f1": Interval(value=0.6667),
        "nll": Interval(value=0.9256),
        "ece": Interval(value=0.0445),
        "agreement": Interval(value=0.718, low=0.69, high=0.744),
        "kl": Interval(value=0.5687),
        "loyalty": Interval(value=0.602),
    }
    assert record.model.cost is not None
    assert record.model.cost.latency_ms == Latency(p5=0.57, p50=0.6, p95=0.69)
    assert record.model.probe_score == 0.32
    assert record.teacher is not None
    assert sorted(record.teacher.metrics) == ["accuracy", "ece", "macro_f1", "nll"]
    assert there_and_back(record) == record


def test_a_record_of_the_second_schema_is_read() -> None:
    """The baseline was called tfidf, and what models came to on further texts an accuracy."""
    record = a_run_record(config=RunConfig(method=Method.BASELINE))
    data = to_json(record)
    before = {**data, "schema": 2, "config": {**data["config"], "method": "tfidf"}}
    for name in ("teacher", "model"):
        before[name] = {("probe_accuracy" if key == "probe_score" else key): v for key, v in data[name].items()}
    assert record_from_json(before) == record
    assert restore_config(before["config"]) == record.config


def test_a_record_of_the_third_schema_is_read() -> None:
    """What always saying the commonest label comes to was an accuracy, whatever the primary metric."""
    record = a_run_record()
    data = {**to_json(record), "schema": 3}
    data["corpus"]["majority"] = data["corpus"].pop("constant_score")
    assert record_from_json(data) == record
    by_f1 = record_from_json({**data, "primary": "macro_f1"})
    assert (by_f1.metric.label, by_f1.corpus.constant_score) == ("Macro-F1", None)


def test_a_record_of_the_first_schema_without_a_teacher_is_read() -> None:
    data = {**json.loads(OF_THE_FIRST_SCHEMA), "teacher": None}
    assert record_from_json(data).teacher is None
