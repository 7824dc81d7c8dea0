"""The whole loop that people write: fine-tune a teacher with ``Trainer``, then distil from it with ``Trainer``."""

import time
from collections.abc import Mapping, Sequence
from tempfile import TemporaryDirectory
from typing import Any

from distil_core.bench.peers import Room, accuracy_of, assemble, distiller, right_of, usual_arguments


def distil_from_csv(
    workload: Mapping[str, Any],
    *,
    label_names: Sequence[str],
    teacher_rate: float,
    student_rate: float,
    precision: str,
    folder: str,
) -> dict[str, Any]:
    """Fine-tune a teacher, keep it, and distil from it.

    Args:
        workload: A :class:`Workload` as plain data; its teacher is a checkpoint without a head.
        label_names: Of the corpus.
        teacher_rate: Learning rate of the fine-tuning.
        student_rate: Learning rate of the distillation.
        precision: ``fp32`` or ``bf16``.
        folder: Where the teacher goes.

    Returns:
        ``fine_tuning_seconds``; ``excluded_seconds`` of all measuring; accuracies of teacher and student on the test
        texts; ``right``, whether the student gets each of them right.
    """
    started = time.perf_counter()
    room = _fine_tuned(workload, label_names, teacher_rate, precision)
    room.teacher.save_pretrained(folder)
    room.tokenizer.save_pretrained(folder)
    tuned = time.perf_counter()
    room = _distilled({**workload, "teacher": folder}, student_rate, precision)
    ended = time.perf_counter()
    test = room.examples("test")
    right = right_of(room, room.student, test)
    return {
        "fine_tuning_seconds": tuned - started,
        "accuracy": sum(right) / len(right),
        "teacher_accuracy": accuracy_of(room, room.teacher, test),
        "right": right,
        "excluded_seconds": time.perf_counter() - ended,
    }


def best_rates(
    workload: Mapping[str, Any], *, label_names: Sequence[str], rates: Sequence[float], precision: str
) -> dict[str, Any]:
    """Return the learning rates of teacher and student that do best on the validation texts."""
    by_rate = {}
    for rate in rates:
        room = _fine_tuned(workload, label_names, rate, precision)
        by_rate[rate] = accuracy_of(room, room.teacher, room.examples("validation")), room
    teacher_rate = max(by_rate, key=lambda rate: by_rate[rate][0])
    best = by_rate[teacher_rate][1]
    students = {}
    with TemporaryDirectory() as folder:
        best.teacher.save_pretrained(folder)
        best.tokenizer.save_pretrained(folder)
        for rate in rates:
            room = _distilled({**workload, "teacher": folder}, rate, precision)
            students[rate] = accuracy_of(room, room.student, room.examples("validation"))
    return {
        "teacher_rate": teacher_rate,
        "student_rate": max(students, key=lambda rate: students[rate]),
        "teachers": [by_rate[rate][0] for rate in rates],
        "students": [students[rate] for rate in rates],
    }


def best_teacher(
    workload: Mapping[str, Any],
    *,
    label_names: Sequence[str],
    rates: Sequence[float],
    epochs: Sequence[int],
    precision: str,
) -> dict[str, Any]:
    """Fine-tune a teacher in every way, and tell of the one that does best on the validation texts.

    Returns:
        Its ``rate``, ``epochs`` and ``seconds`` of training, those of all others left out; ``right``, whether it gets
        each of the test texts right.
    """
    from transformers import Trainer

    best: dict[str, Any] = {"validation": -1.0}
    for number in epochs:
        for rate in rates:
            room = assemble({**workload, "epochs": number}, label_names=label_names)
            started = time.perf_counter()
            _train(Trainer, room, room.teacher, rate, precision)
            seconds = time.perf_counter() - started
            score = accuracy_of(room, room.teacher, room.examples("validation"))
            if score > best["validation"]:
                right = right_of(room, room.teacher, room.examples("test"))
                best = {"validation": score, "rate": rate, "epochs": number, "seconds": seconds, "right": right}
    return best


def _fine_tuned(workload: Mapping[str, Any], label_names: Sequence[str], rate: float, precision: str) -> Room:
    from transformers import Trainer

    room = assemble(workload, label_names=label_names)
    _train(Trainer, room, room.teacher, rate, precision)
    return room


def _distilled(workload: Mapping[str, Any], rate: float, precision: str) -> Room:
    room = assemble(workload)
    _train(distiller(room), room, room.student, rate, precision)
    return room


def _train(trainer: Any, room: Room, model: Any, rate: float, precision: str) -> None:
    with TemporaryDirectory() as folder:
        trainer(
            model=model,
            args=usual_arguments(room, folder, learning_rate=rate, precision=precision),
            train_dataset=room.examples("train"),
            data_collator=room.collate,
        ).train()
