"""Plausible values for tests, complete and with overrides by keyword."""

from typing import Any

import numpy as np

from distil_core.analysis.comparison import Compared
from distil_core.data.corpus import LabeledText, Place
from distil_core.evaluation.metrics import ACCURACY
from distil_core.evaluation.predictions import Predictions, split_predictions
from distil_core.evaluation.records import Cost, Environment, Interval, Latency, ModelRecord
from distil_core.export.formats import Comparison, Format, OnnxDetails, Proof
from distil_core.runs.record import CorpusSummary, RunRecord
from distil_core.settings.config import Method, RunConfig
from distil_core.training.events import Step


def figures(accuracy: float = 0.82, *, agreement: float | None = 0.88, **overrides: float) -> dict[str, Interval]:
    """Figures by the names of their metrics; without an agreement none that compares with a teacher."""
    values = {"accuracy": accuracy, "macro_f1": accuracy - 0.01, "nll": 0.55, "ece": 0.04}
    if agreement is not None:
        values |= {"agreement": agreement, "kl": 0.11, "loyalty": 0.83}
    return {
        name: Interval(value=value, low=max(0.0, value - 0.02), high=min(max(1.0, value), value + 0.02))
        for name, value in {**values, **overrides}.items()
    }


def a_comparison(teacher: tuple[float, ...], student: tuple[float, ...], text: str = "A text.") -> Compared:
    """What two models made of a text as a whole."""
    return Compared(place=Place.whole(text), teacher_logits=teacher, student_logits=student)


def a_text(text: str, label: int) -> LabeledText:
    """A text that is labeled as a whole."""
    return LabeledText(text=text, label=label, places=(Place.whole(text),))


def a_prediction(logits: Any, targets: Any, *, teacher: Any = None) -> Predictions:
    """The same answers on both splits; the teacher's are the model's own unless they are told."""
    logits = np.asarray(logits, dtype=np.float32)
    teacher = logits if teacher is None else np.asarray(teacher, dtype=np.float32)
    split = split_predictions(logits, np.asarray(targets, dtype=np.int64), teacher_logits=teacher)
    return Predictions(test=split, validation=split)


def a_cost(parameters: int = 2_000_000, **overrides: Any) -> Cost:
    values: dict[str, Any] = {
        "parameters": parameters,
        "bytes": 4 * parameters + 300_000,
        "latency_ms": Latency(p5=1.1, p50=1.3, p95=2.0),
        "texts_per_second": 2400.0,
    }
    return Cost(**{**values, **overrides})


def a_model_record(**overrides: Any) -> ModelRecord:
    """A student, measured in full."""
    values: dict[str, Any] = {
        "metrics": figures(),
        "cost": a_cost(),
        "probe_score": 0.71,
    }
    return ModelRecord(**{**values, **overrides})


def a_teacher_record(**overrides: Any) -> ModelRecord:
    """A teacher, which has nobody to be faithful to."""
    return a_model_record(
        **{
            "metrics": figures(0.87, agreement=None, nll=0.41),
            "cost": a_cost(6_000_000, latency_ms=Latency(p5=3.2, p50=3.6, p95=4.9), texts_per_second=800.0),
            **overrides,
        }
    )


def a_corpus_summary(**overrides: Any) -> CorpusSummary:
    values: dict[str, Any] = {
        "name": "reviews",
        "digest": "0123456789abcdef",
        "label_names": ("very negative", "negative", "neutral", "positive", "very positive"),
        "n_train": 4000,
        "n_validation": 1000,
        "n_test": 1000,
        "constant_score": 0.21,
        "mean_tokens": 17.4,
        "n_truncated": 3,
        "notes": ("Two duplicates of training texts were left out of the test texts.",),
    }
    return CorpusSummary(**{**values, **overrides})


def an_environment(**overrides: Any) -> Environment:
    values: dict[str, Any] = {
        "processor": "An honest processor, 2 cores",
        "threads": 2,
        "device": "cpu",
        "precision": "bf16",
        "versions": {"python": "3.11.9", "torch": "2.13.0", "transformers": "5.23.0"},
    }
    return Environment(**{**values, **overrides})


def a_run_record(run_id: str = "0011223344556677", config: RunConfig | None = None, **overrides: Any) -> RunRecord:
    """The record of a finished run, plausible for its method; every field can be overridden."""
    config = config or RunConfig()
    sparse = config.method is Method.BASELINE
    values: dict[str, Any] = {
        "run": run_id,
        "config": config,
        "corpus": a_corpus_summary(),
        "teacher_name": "shipped",
        "teacher_digest": "fedcba9876543210",
        "teacher": a_teacher_record(),
        "model": a_model_record(cost=a_cost(40_000)) if sparse else a_model_record(),
        "layers": () if sparse else config.student.layers or tuple(range(config.student.depth)),
        "seconds": {"teacher": 0.4, "teacher_outputs": 3.1, "training": 11.8, "measurement": 2.2, "total": 18.1},
        "environment": an_environment(),
        "examples_seen": 4000 * config.training.epochs,
        "primary": ACCURACY.name,
    }
    return RunRecord(**{**values, **overrides})


def a_step(step: int = 10, n_steps: int = 100, **overrides: Any) -> Step:
    values: dict[str, Any] = {
        "step": step,
        "n_steps": n_steps,
        "epoch": 4 * step / n_steps,
        "loss": {"soft": 0.4, "hard": 0.1},
        "examples_per_second": 1500.0,
        "seconds_left": 0.1 * (n_steps - step),
    }
    return Step(**{**values, **overrides})


def a_proof(**overrides: Any) -> Proof:
    """What might be proven of a student as an ONNX file in int8."""
    same = Interval(value=0.9, low=0.88, high=0.92)
    values: dict[str, Any] = {
        "run": "0011223344556677",
        "format": Format.ONNX_INT8,
        "bytes": 17_600_000,
        "lab_bytes": 69_000_000,
        "comparison": Comparison(
            n_texts=20,
            n_sites=20,
            largest_difference=0.12,
            fidelity="agreement",
            fidelity_value=0.95,
            metric="accuracy",
            score=same,
            lab_score=same,
            difference=Interval(value=0.0, low=-0.01, high=0.01),
            n_rows=20,
            n_rows_alike=20,
        ),
        "latency_ms": Latency(p5=1.9, p50=2.0, p95=2.2),
        "lab_latency_ms": Latency(p5=3.8, p50=4.0, p95=4.4),
        "fp32_latency_ms": Latency(p5=1.5, p50=1.6, p95=1.8),
        "threads": 1,
        "processor": "An honest processor, 2 cores",
        "onnx": OnnxDetails(opset=17, weights="uint8"),
    }
    return Proof(**{**values, **overrides})
