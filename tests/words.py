"""A run of masked words that takes a few seconds: tiny texts as a file, and an encoder without a head for them."""

from pathlib import Path

from distil_core.settings.config import (
    Architecture,
    CorpusConfig,
    LossConfig,
    Precision,
    RunConfig,
    StudentConfig,
    TeacherConfig,
    TrainingConfig,
)
from tests import tiny


def a_config(folder: Path) -> RunConfig:
    """Write texts and an encoder, and return a run of a DistilBERT on them."""
    for name, n, seed in (("train", 150, 0), ("test", 40, 2)):
        (folder / f"{name}.txt").write_text("\n".join(tiny.split(n, seed=seed).texts), encoding="utf-8")
    return RunConfig(
        task="fill-mask",
        corpus=CorpusConfig(source=str(folder / "train.txt"), test=str(folder / "test.txt")),
        teacher=TeacherConfig(
            source=str(tiny.save("bert", folder / "encoder")), max_length=tiny.LENGTH, epochs=3, learning_rate=3e-3
        ),
        student=StudentConfig(depth=2, architecture=Architecture.DISTILBERT),
        loss=LossConfig(soft_weight=5.0, hard_weight=2.0, hidden_cosine=1.0),
        training=TrainingConfig(epochs=2, batch_size=8, learning_rate=3e-3, precision=Precision.FP32, threads=1),
    )
