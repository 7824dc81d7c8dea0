"""Texts with one or two kinds of weather, and a run that tells them apart within seconds."""

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
from tests.data.test_files import write_jsonl


def a_run(folder: Path) -> RunConfig:
    """Write texts and an encoder without a head: what the words of a text say, and what those joined to it say."""
    first, second = tiny.split(200, seed=5), tiny.split(200, seed=6)
    rows = [
        {
            "text": f"{first.texts[i]} {second.texts[-i]}" if i % 4 else first.texts[i],
            "labels": sorted({tiny.LABELS[first.labels[i]], *([tiny.LABELS[second.labels[-i]]] if i % 4 else [])}),
        }
        for i in range(200)
    ]
    encoder = folder / "encoder"
    tiny.model(depth=2).base_model.save_pretrained(encoder)
    tiny.tokenizer().save_pretrained(encoder)
    return RunConfig(
        task="multi-label",
        corpus=CorpusConfig(source=str(write_jsonl(folder / "sky.jsonl", rows))),
        teacher=TeacherConfig(source=str(encoder), max_length=40, epochs=12, learning_rate=3e-3),
        student=StudentConfig(depth=1),
        training=TrainingConfig(epochs=4, batch_size=8, learning_rate=3e-3, precision=Precision.FP32),
    )
