"""Stores and example folders with finished runs in them, made of factory records and outputs with obvious answers."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from distil_core.evaluation.records import Cost
from distil_core.runs import families
from distil_core.runs.families import Family
from distil_core.runs.folder import RunFolder
from distil_core.runs.record import RunRecord
from distil_core.runs.rows import Run
from distil_core.runs.sources import EXAMPLE, FEW_LABELS, MISSING_CLASS, ShippedRuns
from distil_core.runs.store import RunStore
from distil_core.settings.canonical import CanonicalConfig, canonical, portable
from distil_core.settings.config import Method, RunConfig
from distil_core.settings.serialization import digest, to_json
from distil_core.tasks.catalog import configured_task
from distil_core.training.events import Event, TeacherMeasured, Validation, event_to_json
from tests.factories import a_model_record, a_run_record, a_step, a_teacher_record, figures

METHODS = (Method.DISTILLED, Method.LAYER_CUT, Method.BASELINE, Method.HARD_LABELS, Method.RANDOM_START)
ACCURACIES = {
    Method.DISTILLED: 0.9,
    Method.HARD_LABELS: 0.8,
    Method.RANDOM_START: 0.7,
    Method.LAYER_CUT: 0.4,
    Method.BASELINE: 0.6,
}
TEACHER_ACCURACY = 0.95
N_TEXTS = 20


def a_config(**overrides: object) -> CanonicalConfig:
    """A config as the store keeps it."""
    return canonical(replace(RunConfig(), **overrides))  # type: ignore[arg-type]


def family_of(config: RunConfig) -> tuple[CanonicalConfig, ...]:
    """The run and its twins, in the order in which they are computed."""
    possible = configured_task(config).methods
    return tuple(canonical(replace(config, method=method)) for method in METHODS if method in possible)


def record_of(config: RunConfig, run_id: str, primary: str = "accuracy") -> RunRecord:
    """A record with the accuracies above; the teacher is right on 95 %. Another primary metric comes to as much."""
    accuracy, overrides = ACCURACIES[config.method], {}
    if config.method is Method.BASELINE:
        overrides = {"cost": Cost(parameters=50_000, bytes=900_000, latency_ms=None, texts_per_second=None)}
    model = a_model_record(metrics={primary: figures(accuracy)["accuracy"], **figures(accuracy)}, **overrides)
    measured = figures(TEACHER_ACCURACY, agreement=None)
    teacher = a_teacher_record(metrics={primary: measured["accuracy"], **measured})
    return a_run_record(run_id, config, teacher=teacher, model=model, primary=primary)


def events_of(config: RunConfig) -> tuple[Event, ...]:
    """Two epochs' worth of events; the teacher's validation accuracy is 95 %."""
    loss = {"soft_labels": 0.4, "hard_labels": 0.1}
    steps = tuple(a_step(step, 40, loss=loss) for step in (10, 20, 30, 40))
    validations = tuple(Validation(epoch=epoch, score=0.4 + 0.1 * epoch, agreement=0.5) for epoch in (0.0, 2.0, 4.0))
    teacher = TeacherMeasured(score=TEACHER_ACCURACY)
    return (teacher, *validations[:1], *steps[:2], *validations[1:2], *steps[2:], *validations[2:])


def write_files(folder: RunFolder, config: RunConfig) -> None:
    """Write what a run leaves: text ``i`` has label ``i % 5``; a model is wrong on its last texts, by one label."""
    folder.path.mkdir(parents=True, exist_ok=True)
    labels = np.arange(N_TEXTS) % 5
    student, teacher = (_logits(labels, accuracy) for accuracy in (ACCURACIES[config.method], TEACHER_ACCURACY))
    arrays = {
        "test_logits": student,
        "teacher_test_logits": teacher,
        "test_labels": labels.astype(np.int64),
        "validation_logits": student,
        "teacher_validation_logits": teacher,
        "validation_labels": labels.astype(np.int64),
    }
    save_file(arrays, folder.outputs)
    lines = [json.dumps({"text": f"This is text number {i}.", "label": int(label)}) for i, label in enumerate(labels)]
    folder.test_texts.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if config.method is not Method.BASELINE:
        folder.student.mkdir(exist_ok=True)
        (folder.student / "config.json").write_text('{"model_type": "bert"}', encoding="utf-8")
        (folder.student / "model.safetensors").write_bytes(bytes(1000))


def _logits(labels: np.ndarray, accuracy: float) -> np.ndarray:
    answers = labels.copy()
    n_wrong = round((1 - accuracy) * len(labels))
    answers[len(labels) - n_wrong :] = (answers[len(labels) - n_wrong :] + 1) % 5
    return np.asarray(3.0 * np.eye(5)[answers], dtype=np.float32)


def finished(store: RunStore, config: RunConfig, primary: str = "accuracy") -> Run:
    """Add a run that is done, unless it is there."""
    run = store.add(digest(config), config, corpus_name="reviews")
    if run.record is not None:  # a twin of several
        return run
    with store.owner() as owner:
        store.claim(owner, run.id)
        for event in events_of(config):
            store.add_event(run.id, event)
        write_files(store.folder(run.id), config)
        store.finish(run.id, record_of(config, run.id, primary))
    return store.get(run.id)


def finished_family(store: RunStore, config: RunConfig | None = None) -> Run:
    """Add a distilled run that is done, with all its twins."""
    runs = [finished(store, item) for item in family_of(config or a_config())]
    return runs[0]


def example_folder(folder: Path, config: RunConfig | None = None) -> Path:
    """Write an example as it ships with the package."""
    for item in family_of(config or a_config(seed=1)):
        there = RunFolder(path=folder / item.method)
        write_files(there, item)
        there.record.write_text(json.dumps(to_json(record_of(portable(item), "example"))), encoding="utf-8")
        lines = [json.dumps(event_to_json(event)) for event in events_of(item)]
        there.events.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def lesson_runs(folder: Path) -> Path:
    """Write the examples that lessons are about: all labels told, few of them, and those of all classes but one."""
    example_folder(folder / FEW_LABELS, a_config(corpus=replace(RunConfig().corpus, labeled=0.05)))
    example_folder(folder / MISSING_CLASS, a_config(corpus=replace(RunConfig().corpus, left_out="neutral")))
    return example_folder(folder)


def shipped_family(folder: Path) -> Family:
    """Write an example, and read it as one family."""
    shipped = ShippedRuns(example_folder(folder))
    family = families.family(shipped.get(EXAMPLE), shipped)
    assert family is not None
    return family
