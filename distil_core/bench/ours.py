"""Our side of a training: what the peers do and no more, no twins, no intervals and no timing of the student."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from distil_core.bench.workload import Workload, training_operations
from distil_core.data.corpus import Split
from distil_core.data.sites import Sites
from distil_core.data.tokenization import Ragged, encode
from distil_core.models import devices, embeddings, forward, loading, surgery
from distil_core.models.packing import PACKABLE
from distil_core.runs.execute import drain
from distil_core.settings.config import LayerMap, RunConfig, StudentConfig
from distil_core.settings.serialization import from_json
from distil_core.tasks.catalog import task_named
from distil_core.training import teacher_outputs, teachers
from distil_core.training.events import Step
from distil_core.training.lessons import TrainingData
from distil_core.training.trainer import train
from distil_core.types import Model


def distil(workload: Mapping[str, Any], *, target: float = 0.0, every: int = 10) -> dict[str, Any]:
    """Distil a student, and let it answer the test texts.

    Args:
        workload: A :class:`Workload` as plain data.
        target: Stop at this test accuracy, and tell how long it took; 0: train to the end.
        every: Steps between two looks at the test texts on the way to a target, whose time does not count.

    Returns:
        ``accuracy``; ``seconds`` from texts as tokens to a trained student, the teacher's answers included;
        ``student_seconds`` of the training alone; ``operations`` of its matrix products where they can be counted, with
        the ``shapes`` of the largest; ``reached``, the seconds to the target.
    """
    task = from_json(Workload, workload)
    folder, device = Path(task.teacher), devices.default_device()
    tokenizer, model = loading.load_tokenizer(folder), loading.load_model(folder).to(device)
    names = list(model.config.id2label.values())
    classification, splits = task_named(RunConfig().task), {}
    for split in ("train", "test"):
        texts, labels = task.read(split)
        examples = Split(texts=tuple(texts), labels=tuple(names.index(label) for label in labels))
        splits[split] = classification.encode(tokenizer, examples, max_length=task.max_length).to(device)
    training = task.training
    precision = devices.resolve_precision(training.precision, device)
    student, layers = surgery.cut_student(
        model, StudentConfig(layer_map=LayerMap.EXPLICIT, layers=task.layers), seed=task.seed
    )
    student.to(device)

    started = time.perf_counter()
    answers = drain(
        teacher_outputs.teacher_outputs(
            teachers.Teacher(name="teacher", digest="", model=model, folder=folder),
            {"train": splits["train"]},
            corpus_digest="",
            padding=tokenizer.pad_token_id,
            precision=precision,
            loss=task.loss,
            layers=layers,
            cache=None,
        ),
        lambda event: None,
    )
    trimmed = embeddings.trim_embedding(
        student, [part.tokens.ids for part in splits.values()], padding=tokenizer.pad_token_id
    )
    padding = int(trimmed.lookup[tokenizer.pad_token_id])
    tokens = {split: part.tokens.with_ids(trimmed.lookup.to(device)) for split, part in splits.items()}
    labels_of_test = splits["test"].sites.targets
    data = TrainingData(tokens=tokens["train"], sites=splits["train"].sites, teacher=answers["train"])
    few = TrainingData(
        tokens=Ragged(ids=tokens["test"].ids[:1], offsets=torch.tensor([0, 1])),
        sites=Sites.of_texts(labels_of_test[:1]),
    )
    begun = time.perf_counter()
    looks = _Looks(lambda: _accuracy(student, tokens["test"], labels_of_test, padding), target, every)
    work = train(
        student,
        data,
        few,
        task=classification,
        loss=task.loss,
        training=training,
        seed=task.seed,
        padding=padding,
        layers=layers,
    )
    for event in work:
        if target and isinstance(event, Step) and looks.reached(event.step):
            work.close()
    ended = time.perf_counter()
    lengths = tokens["train"].lengths.tolist()
    return {
        "accuracy": _accuracy(student, tokens["test"], labels_of_test, padding),
        "seconds": ended - started - looks.seconds,
        "student_seconds": ended - begun - looks.seconds,
        "reached": ended - started - looks.seconds if looks.succeeded else None,
        "precision": precision.value,
        **_work(student.config, lengths, task),
    }


def teacher_accuracy(workload: Mapping[str, Any]) -> dict[str, Any]:
    """Let the teacher answer the test texts."""
    task = from_json(Workload, workload)
    folder, device = Path(task.teacher), devices.default_device()
    tokenizer, model = loading.load_tokenizer(folder), loading.load_model(folder).to(device)
    names = list(model.config.id2label.values())
    texts, labels_of_test = task.read("test")
    tokens = encode(tokenizer, texts, max_length=task.max_length).to(device)
    labels = torch.tensor([names.index(label) for label in labels_of_test])
    return {"accuracy": _accuracy(model, tokens, labels, tokenizer.pad_token_id)}


def _accuracy(model: Model, tokens: Ragged, labels: torch.Tensor, padding: int) -> float:
    guess = forward.predict(model, tokens, padding=padding).argmax(dim=1)
    return float((guess == labels.cpu()).float().mean())


class _Looks:
    """Look at the test texts now and then while a student learns, on a clock that is stopped meanwhile."""

    def __init__(self, look: Callable[[], float], target: float, every: int) -> None:
        self._look = look
        self._target = target
        self._every = every
        self.seconds = 0.0
        self.succeeded = False

    def reached(self, step: int) -> bool:
        if step % self._every:
            return False
        started = time.perf_counter()
        self.succeeded = self._look() >= self._target
        self.seconds += time.perf_counter() - started
        return self.succeeded


def _work(config: Any, lengths: list[int], task: Workload) -> dict[str, Any]:
    width = config.hidden_size
    inner = getattr(config, "intermediate_size", None) or config.hidden_dim
    n_tokens = round(task.batch_size * sum(lengths) / len(lengths))
    operations = training_operations(
        lengths,
        depth=config.num_hidden_layers,
        width=width,
        inner=inner,
        n_labels=config.num_labels,
        epochs=task.epochs,
        frozen=task.frozen,
    )
    return {
        "operations": operations if config.model_type in PACKABLE else None,
        "shapes": [[n_tokens, width, width], [n_tokens, width, inner], [n_tokens, inner, width]],
    }
