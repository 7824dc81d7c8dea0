"""Our side of the distillation of masked words, and the judge of both sides."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from distil_core.data.corpus import Split
from distil_core.data.sites import EncodedSplit
from distil_core.data.words import WordColumn
from distil_core.models import devices, forward, loading
from distil_core.runs.execute import drain
from distil_core.settings.config import LossConfig, Precision, StudentConfig, TrainingConfig
from distil_core.settings.layer_maps import layer_indices
from distil_core.tasks.catalog import task_named
from distil_core.training.events import Step
from distil_core.training.lessons import TrainingData
from distil_core.training.masked import LiveTeacher, masked_lesson
from distil_core.training.teacher_words import teacher_words
from distil_core.training.teachers import Teacher
from distil_core.training.trainer import train

TASK = "fill-mask"


def distil(
    *,
    folder: str,
    teacher: str,
    out: str,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    temperature: float,
    weights: Sequence[float],
    max_length: int,
    seed: int,
) -> dict[str, Any]:
    """Distil the same student from the same texts; see :func:`distil_core.bench.masked_loop.distil`."""
    soft, hard, cosine = weights
    loss = LossConfig(temperature=temperature, soft_weight=soft, hard_weight=hard, hidden_cosine=cosine)
    training = TrainingConfig(epochs=epochs, batch_size=batch_size, learning_rate=learning_rate)
    device = devices.default_device()
    precision = devices.resolve_precision(training.precision, device)
    tokenizer = loading.load_tokenizer(Path(teacher))
    guide = loading.independent_copy(loading.load_model(Path(teacher)).to(device), precision)
    student = loading.load_model(Path(folder) / "student").to(device)
    part = _encoded(Path(folder) / "train.txt", tokenizer, max_length)
    few = _encoded(Path(folder) / "train.txt", tokenizer, max_length, limit=1)
    layers = layer_indices(StudentConfig(depth=student.config.num_hidden_layers), guide.config.num_hidden_layers)
    padding = tokenizer.pad_token_id
    live = LiveTeacher(model=guide, tokens=part.tokens, sites=part.sites, padding=padding, loss=loss, layers=layers)
    lesson = TrainingData(tokens=part.tokens, sites=part.sites, teacher=live)
    events = train(
        student,
        masked_lesson(lesson, loss=loss, training=training, seed=seed),
        TrainingData(tokens=few.tokens, sites=few.sites),
        task=task_named(TASK),
        loss=loss,
        training=training,
        seed=seed,
        padding=padding,
        layers=layers,
    )
    steps = sum(isinstance(event, Step) for event in events)
    loading.save(student, tokenizer, Path(out))
    return {"steps": steps}


def judge(*, folder: str, teacher: str, students: Sequence[str], max_length: int) -> dict[str, Any]:
    """Return how surprised each student is at the masked words of the test texts, and how far from the teacher."""
    device = devices.default_device()
    tokenizer = loading.load_tokenizer(Path(teacher))
    model = loading.load_model(Path(teacher)).to(device)
    part = _encoded(Path(folder) / "test.txt", tokenizer, max_length)
    about, _ = drain(
        teacher_words(
            Teacher(name="teacher", digest="", model=model, folder=Path(teacher)),
            {"test": part},
            corpus_digest="",
            padding=tokenizer.pad_token_id,
            precision=Precision.FP32,
            loss=LossConfig(),
            layers=(),
            cache=None,
            queried=("test",),
        ),
        lambda event: None,
    )
    measured = {}
    for place in students:
        student = loading.load_model(Path(place)).to(device)
        figures = forward.predict(
            student, part.tokens, padding=tokenizer.pad_token_id, sites=about["test"].sites
        ).double()
        measured[place] = {
            "kl": float(figures[:, WordColumn.DIVERGENCE].mean()),
            "cross_entropy": float(figures[:, WordColumn.SURPRISE].mean()),
            "masked_accuracy": float((figures[:, WordColumn.RANK] == 0).double().mean()),
        }
    return measured


def _encoded(path: Path, tokenizer: Any, max_length: int, *, limit: int | None = None) -> EncodedSplit:
    texts = path.read_text(encoding="utf-8").splitlines()[:limit]
    encoded: EncodedSplit = task_named(TASK).encode(tokenizer, Split.unlabeled(texts), max_length=max_length)
    return encoded.to(devices.default_device())
