"""Distillation of masked words beside the plain loop: the same student, texts, teacher and passes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from distil_core.bench import child
from distil_core.bench.readings import alternating, as_text, ratios, times
from distil_core.models import loading, surgery
from distil_core.runs.execute import drain
from distil_core.runs.materials import Stopwatch, gather_materials
from distil_core.runs.store import RunStore
from distil_core.settings.canonical import canonical
from distil_core.settings.config import RunConfig
from distil_core.settings.serialization import to_json
from distil_core.tasks.catalog import usual_config
from distil_core.training.cache import Cache

OURS, LOOP = "ours", "plain loop"
_TASKS = {OURS: "masked ours", LOOP: "masked loop"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedWork:
    """What both sides do; ``folder`` holds the texts, a passage on each line, and the student that they start from."""

    folder: str
    teacher: str
    epochs: int
    batch_size: int
    learning_rate: float
    temperature: float
    weights: tuple[float, float, float]
    max_length: int
    seed: int


def usual(*, corpus: str, test: str, teacher: str | None, examples: int, depth: int, epochs: int) -> RunConfig:
    """Return what is distilled: what the task begins with, on some passages of a corpus."""
    config = usual_config("fill-mask")
    return replace(
        config,
        corpus=replace(config.corpus, source=corpus, test=test, max_examples=examples),
        teacher=replace(config.teacher, source=config.teacher.source if teacher is None else teacher),
        student=replace(config.student, depth=depth),
        training=replace(config.training, epochs=epochs),
    )


def prepare(config: RunConfig, folder: Path, store: RunStore) -> MaskedWork:
    """Write what both sides start from; a teacher without a head for words is fine-tuned first, and kept in the store.

    Raises:
        DistilError: If corpus and teacher cannot be used.
    """
    work = gather_materials(
        canonical(config), cache=Cache(store.layout.cache), watch=Stopwatch(), queried=("validation",)
    )
    materials = drain(work, lambda event: None)
    student, _ = surgery.cut_student(materials.teacher.model, config.student, seed=config.seed)
    loading.save(student, materials.tokenizer, folder / "student")
    for name in ("train", "test"):
        texts = getattr(materials.corpus, name).texts
        (folder / f"{name}.txt").write_text("\n".join(texts), encoding="utf-8")
    loss, training = config.loss, config.training
    return MaskedWork(
        folder=str(folder),
        teacher=str(materials.teacher.folder),
        epochs=training.epochs,
        batch_size=training.batch_size,
        learning_rate=training.learning_rate,
        temperature=loss.temperature,
        weights=(loss.soft, loss.hard, loss.hidden_cosine),
        max_length=config.teacher.max_length,
        seed=config.seed,
    )


def compare_sides(work: MaskedWork, *, repeats: int) -> dict[str, Any]:
    """Let both sides do the work in turn, each in a process of its own, and judge the students of the first round."""
    seconds: dict[str, list[float]] = {OURS: [], LOOP: []}
    peaks: dict[str, list[int]] = {OURS: [], LOOP: []}
    steps: dict[str, int] = {}
    with TemporaryDirectory() as place:
        outs = {OURS: str(Path(place) / "ours"), LOOP: str(Path(place) / "loop")}
        for number, name in alternating(list(seconds), repeats):
            task = replace(work, seed=work.seed + number)
            done = child.run(_TASKS[name], **asdict(task), out=outs[name])
            seconds[name].append(done.seconds)
            peaks[name].append(done.peak_bytes)
            steps[name] = done.result["steps"]
        start = str(Path(work.folder) / "student")
        students = {"start": start, **outs}
        judged = child.run(
            "masked judge",
            folder=work.folder,
            teacher=work.teacher,
            students=list(students.values()),
            max_length=work.max_length,
        ).result
    return {
        "process_seconds": {name: median(each) for name, each in seconds.items()},
        "ratio": to_json(ratios(seconds[OURS], seconds[LOOP])),
        "peak_bytes": {name: max(each) for name, each in peaks.items()},
        "steps": steps,
        "students": {name: judged[path] for name, path in students.items()},
        "workload": {name: value for name, value in to_json(work).items() if name not in ("folder", "teacher")},
    }


def table(figures: Mapping[str, Any]) -> str:
    """Return the figures for a terminal."""
    rows = [["", "whole process", "ratio", "peak memory", "steps", "KL", "cross-entropy"]]
    for name, measured in figures["students"].items():
        timed = name in figures["process_seconds"]
        rows.append(
            [
                name if timed else "before training",
                f"{figures['process_seconds'][name]:.1f} s" if timed else "",
                times(figures["ratio"]) if name == LOOP else "",
                f"{figures['peak_bytes'][name] / 1e9:.2f} GB" if timed else "",
                f"{figures['steps'][name]:,}" if timed else "",
                f"{measured['kl']:.3f} nats",
                f"{measured['cross_entropy']:.3f} nats",
            ]
        )
    return as_text(rows)
