"""Every depth of a student of one teacher: what it is worth, and how many texts a second it reads."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from distil_core.evaluation.records import Interval, ModelRecord
from distil_core.models.loading import load_model
from distil_core.reporting.formatting import figure, percent
from distil_core.runs import foreground, timing
from distil_core.runs.execute import drain
from distil_core.runs.materials import Stopwatch, gather_materials
from distil_core.runs.record import RunRecord
from distil_core.runs.store import RunStore
from distil_core.settings.canonical import canonical
from distil_core.settings.config import RunConfig
from distil_core.settings.serialization import to_json
from distil_core.tasks.catalog import task_named, usual_config
from distil_core.training.cache import Cache

_SECONDS = 2.0
"""What timing one model takes at least."""


def compare_depths(config: RunConfig, store: RunStore, *, depths: Sequence[int]) -> dict[str, Any]:
    """Distil a student of each depth, where that has not been done, and return their figures and the teacher's.

    Speed is that of all of them in turn, so that what else the machine does slows none of them alone.

    Args:
        config: What is asked for, depth apart.
        store: Where the runs are kept.
        depths: Numbers of layers.
    """
    records = {}
    for depth in depths:
        student = replace(config.student, depth=depth)
        records[depth] = foreground.run_all(replace(config, student=student), store, twins=False).record
    first = next(iter(records.values()))
    assert first.teacher is not None
    assert first.teacher_score is not None
    rates = _texts_per_second(config, store, records)
    teacher = _row(first.teacher_score, first.teacher, rates["teacher"])
    students = {
        str(depth): {"run": record.run, **_row(record.score, record.model, rates[str(depth)])}
        for depth, record in records.items()
    }
    return {
        "task": config.task,
        "primary": first.primary,
        "environment": to_json(first.environment),
        "teacher": teacher,
        "students": students,
    }


def _texts_per_second(config: RunConfig, store: RunStore, records: Mapping[int, RunRecord]) -> dict[str, float]:
    work = gather_materials(canonical(config), cache=Cache(store.layout.cache), watch=Stopwatch())
    materials = drain(work, lambda _: None)
    models = {"teacher": materials.teacher.model}
    for depth, record in records.items():
        models[str(depth)] = load_model(store.folder(record.run).student, head=materials.task.head)
    with timing.alone(store.layout.cache):
        speeds = timing.speeds(materials, models, seconds=_SECONDS * len(models))
    return {name: speed.texts_per_second for name, speed in speeds.items()}


def _row(score: Interval, model: ModelRecord, texts_per_second: float) -> dict[str, Any]:
    assert model.cost is not None
    return {"score": to_json(score), "cost": to_json(replace(model.cost, texts_per_second=texts_per_second))}


def depth_table(figures: dict[str, Any]) -> str:
    """Return the figures as a table in Markdown, the teacher first."""
    metric = task_named(figures["task"]).metric(figures["primary"])
    header = f"| Model | {metric.label} | 95 % interval | of the teacher's | Parameters | Texts a second |"
    lines = [header, "|---|---:|---|---:|---:|---:|"]
    whole = figures["teacher"]["score"]["value"]
    rows = {"teacher": figures["teacher"]}
    for depth, student in figures["students"].items():
        rows[f"{depth} layer{'s' * (depth != '1')}"] = student
    for name, row in rows.items():
        score, cost = row["score"], row["cost"]
        ends = " to ".join(figure(metric, score[end]) for end in ("low", "high"))
        speed, size = f"{cost['texts_per_second']:,.0f}", f"{cost['parameters'] / 1e6:.1f} M"
        value = figure(metric, score["value"])
        lines.append(f"| {name} | {value} | {ends} | {percent(score['value'] / whole)} | {size} | {speed} |")
    return "\n".join(lines)


def usual(task: str, *, teacher: str | None, corpus: str | None, test: str, seed: int) -> RunConfig:
    """Return what is distilled at every depth: what the task begins with, unless another corpus or teacher is named."""
    config = replace(usual_config(task), seed=seed)
    if teacher is not None:
        config = replace(config, teacher=replace(config.teacher, source=teacher))
    if corpus is not None:
        config = replace(config, corpus=replace(config.corpus, source=corpus, test=test))
    return config
