"""All roads from one teacher to a smaller model, on the same axes: quality, time for one text, bytes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from distil_core.analysis.comparison import model_name, shape_title
from distil_core.analysis.contrasts import drawing
from distil_core.compression.int8 import QuantizedModel, quantized
from distil_core.compression.onnx_model import OnnxModel
from distil_core.evaluation import bootstrap
from distil_core.evaluation.records import Cost, Interval
from distil_core.models.devices import n_threads
from distil_core.models.loading import load_model
from distil_core.reporting.formatting import NONE, digits, factor, figure, size
from distil_core.runs import foreground, timing
from distil_core.runs.execute import drain
from distil_core.runs.folder import RunFolder
from distil_core.runs.foreground import Distillation
from distil_core.runs.materials import Stopwatch, gather_materials
from distil_core.runs.store import RunStore
from distil_core.runs.sweep import possible_depths
from distil_core.settings.canonical import canonical
from distil_core.settings.config import Method, RunConfig, StudentConfig, WeightFormat
from distil_core.settings.serialization import to_json
from distil_core.tasks.catalog import task_named
from distil_core.training.cache import Cache
from distil_core.types import Model

_IN_ONNX = "teacher in ONNX Runtime, fp32"
"""The teacher as it is in the runtime of those in int8, so that what the bits bring can be told from what it brings."""
_SECONDS = 2.0
"""What timing one model takes at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What is made of a teacher, and whether it is distilled afterwards or left as it is."""

    student: StudentConfig
    trained: bool

    @property
    def title(self) -> str:
        """What it is called."""
        return f"{shape_title(self.student)}, {'distilled' if self.trained else 'not trained'}"


def ways(depths: Sequence[int], *, shares: Sequence[float]) -> Iterator[Way]:
    """Give what is tried of a teacher: each road by itself, and some one after another.

    Args:
        depths: Numbers of layers that a student of the teacher can have, its own last.
        shares: Of its heads, and of its neurons.
    """
    n_layers = depths[-1]
    whole = StudentConfig(depth=n_layers)
    yield Way(student=replace(whole, weights=WeightFormat.INT8), trained=False)
    for depth in sorted({n_layers // 2, n_layers // 3, 1, 0} & {*depths}, reverse=True):
        yield Way(student=replace(whole, depth=depth), trained=True)
    yield Way(student=replace(whole, depth=n_layers // 2, weights=WeightFormat.INT8), trained=True)
    for trained in (False, True):
        for share in shares:
            yield Way(student=replace(whole, heads=share), trained=trained)
            yield Way(student=replace(whole, neurons=share), trained=trained)
    both = replace(whole, heads=0.5, neurons=0.5)
    yield Way(student=both, trained=True)
    yield Way(student=replace(both, weights=WeightFormat.INT8), trained=True)


def compare_roads(
    config: RunConfig, store: RunStore, *, shares: Sequence[float], seeds: Sequence[int]
) -> dict[str, Any]:
    """Go every road from a teacher, where that has not been done, and return what came of each.

    Times are those of all of them in turn, so that what else the machine does slows none of them alone; the baseline,
    which reads texts and not tokens, has none.

    Args:
        config: Corpus, teacher and training.
        store: Where the runs are kept.
        shares: Of heads and neurons that stay.
        seeds: The figures are means over them.
    """
    every = tuple(ways(possible_depths(config), shares=shares))
    done = {way.title: [_done(config, store, way, seed) for seed in seeds] for way in every}
    baselines = [
        foreground.run_all(replace(config, method=Method.BASELINE, seed=seed), store, twins=False) for seed in seeds
    ]
    first = next(iter(done.values()))[0].record
    assert first.teacher is not None
    assert first.teacher_score is not None
    models = {title: results[0].folder for title, results in done.items()}
    times = _times(config, store, models)
    rows = {name: _row(first.teacher_score, first.teacher.cost, times[name]) for name in ("teacher", _IN_ONNX)}
    for title, results in done.items():
        rows[title] = _row(_mean(results), results[0].record.model.cost, times[title])
    baseline = baselines[0].record
    rows[model_name(baseline.config)] = _row(_mean(baselines), baseline.model.cost, None)
    return {
        "task": config.task,
        "primary": first.primary,
        "seeds": list(seeds),
        "environment": to_json(first.environment),
        "models": rows,
    }


def _done(config: RunConfig, store: RunStore, way: Way, seed: int) -> Distillation:
    training = config.training if way.trained else replace(config.training, epochs=0)
    settings = replace(config, student=way.student, training=training, seed=seed)
    return foreground.run_all(settings, store, twins=False)


def _mean(results: Sequence[Distillation]) -> Interval:
    """Return the score over all seeds."""
    draw = drawing()
    mean = bootstrap.estimate([draw(result.folder, result.record.metric) for result in results])
    assert mean is not None
    return mean


def _times(config: RunConfig, store: RunStore, folders: Mapping[str, RunFolder]) -> dict[str, float]:
    """Return the median milliseconds for one text, by model."""
    settled = canonical(config)
    materials = drain(gather_materials(settled, cache=Cache(store.layout.cache), watch=Stopwatch()), lambda _: None)
    with n_threads(settled.training.threads):
        models: dict[str, Model] = {"teacher": materials.teacher.model}
        models[_IN_ONNX] = quantized(materials.teacher.model).whole
        for title, folder in folders.items():
            models[title] = load_model(folder.student)
            if folder.quantized.is_file():
                models[title] = QuantizedModel(
                    content=b"",
                    runtime=OnnxModel(folder.quantized, n_threads=torch.get_num_threads()),
                    original=models[title],
                )
        with timing.alone(store.layout.cache):
            speeds = timing.speeds(materials, models, seconds=_SECONDS * len(models))
    return {name: speed.latency_ms.p50 for name, speed in speeds.items()}


def _row(score: Interval, cost: Cost | None, milliseconds: float | None) -> dict[str, Any]:
    assert cost is not None
    return {
        "score": to_json(score),
        "milliseconds": milliseconds,
        "bytes": cost.bytes,
        "parameters": cost.parameters,
    }


def road_table(figures: dict[str, Any]) -> str:
    """Return the figures as a table in Markdown, the teacher first; speeds are times the teacher's, for one text."""
    metric = task_named(figures["task"]).metric(figures["primary"])
    lines = [f"| Model | {metric.label} | 95 % interval | Latency | Speed | Size |", "|---|---:|---|---:|---:|---:|"]
    whole = figures["models"]["teacher"]["milliseconds"]
    for name, row in figures["models"].items():
        score, ms = row["score"], row["milliseconds"]
        ends = " to ".join(figure(metric, score[end]) for end in ("low", "high"))
        latency, speed = (NONE, NONE) if ms is None else (f"{digits(ms)} ms", factor(whole / ms))
        lines.append(
            f"| {name} | {figure(metric, score['value'])} | {ends} | {latency} | {speed} | {size(row['bytes'])} |"
        )
    return "\n".join(lines)
