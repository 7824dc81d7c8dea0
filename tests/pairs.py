"""Pairs of tiny texts: whether the second tells of hot weather, and how hot it is."""

import csv
from pathlib import Path

from distil_core.settings.config import (
    CorpusConfig,
    Precision,
    RunConfig,
    StudentConfig,
    TeacherConfig,
    TrainingConfig,
)
from tests import tiny


def rows(n: int, *, seed: int) -> list[tuple[str, str, int]]:
    """Two texts, and how hot the second says that it is, from 0 to 2."""
    first, second = tiny.split(n, seed=seed), tiny.split(n, seed=seed + 1)
    return list(zip(first.texts, second.texts, second.labels, strict=True))


def write(path: Path, *, n: int = 180, seed: int = 3, scored: bool = False) -> Path:
    """Write pairs with a label, or with a score from 0 to 5."""
    with path.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(("text_a", "text_b", "label"))
        for a, b, heat in rows(n, seed=seed):
            lines.writerow((a, b, 1.25 * heat if scored else ("not hot", "hot")[heat == 2]))
    return path


def a_config(folder: Path, *, task: str = "pairs", scored: bool = False) -> RunConfig:
    """Write pairs and an encoder that has no head for them, and return a run on them that takes seconds."""
    encoder = folder / "encoder"
    tiny.save("bert", encoder)
    return RunConfig(
        task=task,
        corpus=CorpusConfig(source=str(write(folder / "pairs.csv", scored=scored))),
        teacher=TeacherConfig(source=str(encoder), max_length=tiny.LENGTH, epochs=8, learning_rate=3e-3),
        student=StudentConfig(depth=2),
        training=TrainingConfig(epochs=2, batch_size=8, learning_rate=2e-3, precision=Precision.FP32),
    )
