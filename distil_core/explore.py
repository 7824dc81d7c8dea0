"""What teacher and student make of a text: plain data, ready to be drawn."""

import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from distil_core.cache import Cache
from distil_core.checkpoints import head_order, locate
from distil_core.errors import ModelError
from distil_core.models import Model, Tokenizer, default_device, load_model, load_tokenizer, reorder_head
from distil_core.records import RunRecord

_REPEATS = 5
"""Passes of each model over a text, in turn; the median is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Teacher and student of a run, loaded, in eval mode; read-only, so that many sessions can share it."""

    teacher: Model
    student: Model
    tokenizer: Tokenizer
    max_length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Both models' answers to one text: a logit for each label, and the time for this very text in milliseconds."""

    tokens: tuple[str, ...]
    teacher_logits: tuple[float, ...]
    student_logits: tuple[float, ...]
    teacher_ms: float
    student_ms: float
    truncated: bool


def load_pair(folder: Path, *, record: RunRecord, cache: Cache) -> Pair:
    """Load the student of a run and the teacher that it learned from.

    Args:
        folder: The run's folder.
        record: The run's record, which names the teacher.
        cache: Where fine-tuned teachers are kept.

    Raises:
        ModelError: If the run has no student, or the teacher is not there any more.
    """
    if not (folder / "student").is_dir():
        raise ModelError(
            f"run {record.run} must have a student to compare, but is a {record.config.kind} run; pick another"
        )
    device = default_device()
    checkpoint = locate(record.config.teacher.source)
    order = head_order(checkpoint, record.corpus.label_names)
    if order is not None:
        teacher = load_model(checkpoint.folder)
        reorder_head(teacher, order, record.corpus.label_names)
    else:
        kept = cache.find("teachers", record.teacher_digest)
        if kept is None:
            raise ModelError(
                f"the fine-tuned teacher of run {record.run} is no longer kept; distil the run again to have it back "
                "(delete it first, or change its seed)"
            )
        teacher = load_model(kept)
    tokenizer = load_tokenizer(folder / "student")
    return Pair(
        teacher=teacher.to(device),
        student=load_model(folder / "student").to(device),
        tokenizer=tokenizer,
        max_length=min(record.config.teacher.max_length, tokenizer.model_max_length),
    )


def compare(pair: Pair, text: str) -> Comparison:
    """Let both models answer one text, in turn and several times."""
    encoded = pair.tokenizer(text, truncation=True, max_length=pair.max_length, return_tensors="pt")
    inputs = {name: encoded[name].to(pair.teacher.device) for name in ("input_ids", "attention_mask")}
    found: dict[str, Tensor] = {}
    spent: dict[str, list[float]] = {"teacher": [], "student": []}
    with torch.inference_mode():
        for _ in range(_REPEATS):
            for name, model in (("teacher", pair.teacher), ("student", pair.student)):
                started = time.perf_counter()
                found[name] = model(**inputs).logits[0].float().cpu()
                spent[name].append((time.perf_counter() - started) * 1000)
    return Comparison(
        tokens=tuple(pair.tokenizer.convert_ids_to_tokens(encoded["input_ids"][0].tolist())),
        teacher_logits=tuple(found["teacher"].tolist()),
        student_logits=tuple(found["student"].tolist()),
        teacher_ms=statistics.median(spent["teacher"]),
        student_ms=statistics.median(spent["student"]),
        truncated=bool(encoded.encodings[0].overflowing),
    )
