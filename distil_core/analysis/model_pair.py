"""Teacher and student of a run, loaded: what both make of a text, as plain data."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from distil_core.data.tokenization import encode
from distil_core.errors import ModelError
from distil_core.evaluation import cost
from distil_core.evaluation.records import Latency
from distil_core.models.checkpoints import head_order, locate
from distil_core.models.devices import default_device, resolve_precision
from distil_core.models.forward import predict
from distil_core.models.heads import reorder_head
from distil_core.models.loading import independent_copy, load_model, load_tokenizer
from distil_core.runs.folder import RunFolder
from distil_core.runs.record import RunRecord
from distil_core.settings.config import Precision
from distil_core.tasks.catalog import task_named
from distil_core.training.cache import Cache
from distil_core.types import Model, Tokenizer


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPair:
    """Teacher and student of a run, loaded, in eval mode; read-only, so that many sessions can share it."""

    teacher: Model
    student: Model
    tokenizer: Tokenizer
    max_length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TextComparison:
    """Answers of both models to one text, a logit for each label; ``mask`` hides a word, empty where nothing does."""

    tokens: tuple[str, ...]
    teacher_logits: tuple[float, ...]
    student_logits: tuple[float, ...]
    truncated: bool
    mask: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PairTiming:
    """How long both models take for one text: each the median and spread of ``n`` passes with ``n_threads``."""

    teacher: Latency
    student: Latency
    n: int
    n_threads: int
    n_tokens: int


def load_pair(folder: RunFolder, *, record: RunRecord, cache: Cache) -> ModelPair:
    """Load the student of a run and the teacher that it learned from.

    Args:
        folder: The run's folder.
        record: The run's record, which names the teacher.
        cache: Where fine-tuned teachers are kept.

    Raises:
        ModelError: If the run has no student, or the teacher is not there any more.
    """
    if not folder.has_student:
        raise ModelError(
            f"run {record.run} must have a student to compare, but is a {record.config.method} run; pick another"
        )
    device = default_device()
    checkpoint = locate(record.config.teacher.source)
    head = task_named(record.config.task).head
    order = head_order(checkpoint, record.corpus.label_names, head=head)
    if order is not None:
        teacher = load_model(checkpoint.folder)
        reorder_head(teacher, order, record.corpus.label_names)
    else:
        teacher_folder = cache.find("teachers", record.teacher_digest)
        if teacher_folder is None:
            raise ModelError(
                f"the fine-tuned teacher of run {record.run} is no longer kept; distil the run again to have it back "
                "(delete it first, or change its seed)"
            )
        teacher = load_model(teacher_folder)
    tokenizer = load_tokenizer(folder.student)
    return ModelPair(
        teacher=teacher.to(device),
        student=load_model(folder.student).to(device),
        tokenizer=tokenizer,
        max_length=min(record.config.teacher.max_length, tokenizer.model_max_length),
    )


def compare(pair: ModelPair, text: str) -> TextComparison:
    """Let both models answer one text."""
    encoded, inputs = _inputs(pair, text)
    with torch.inference_mode():
        teacher, student = (model(**inputs).logits[0].float().cpu().tolist() for model in (pair.teacher, pair.student))
    return TextComparison(
        tokens=tuple(pair.tokenizer.convert_ids_to_tokens(encoded["input_ids"][0].tolist())),
        teacher_logits=tuple(teacher),
        student_logits=tuple(student),
        truncated=bool(encoded.encodings[0].overflowing),
        mask=pair.tokenizer.mask_token or "",
    )


def timing(
    pair: ModelPair, text: str, *, seconds: float = 0.15, between: Callable[[], object] = lambda: None
) -> PairTiming:
    """Time both models on one text, after a warm-up and in turn, so that what disturbs one disturbs both.

    Args:
        pair: The models.
        text: The text.
        seconds: What the readings may take, both models together; each is read nine times at least.
        between: Called, unmeasured, when both have had a turn; may raise, to stop.
    """
    encoded, inputs = _inputs(pair, text)
    models: dict[str, Callable[[cost.Batch], object]] = {
        name: partial(_answer, model) for name, model in (("teacher", pair.teacher), ("student", pair.student))
    }
    latencies = cost.latencies(models, [inputs], seconds=seconds, at_least=9, between=between)
    (teacher, n), (student, _) = latencies["teacher"], latencies["student"]
    return PairTiming(
        teacher=teacher,
        student=student,
        n=n,
        n_threads=torch.get_num_threads(),
        n_tokens=len(encoded["input_ids"][0]),
    )


def answer_texts(
    pair: ModelPair, texts: Sequence[str], *, precision: Precision = Precision.FP32, chunk: int = 64
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Let both models answer many texts; yields the logits of teacher and student, some texts at a time and in order.

    Args:
        pair: The models.
        texts: Any number of texts.
        precision: Of the products; bf16 moves probabilities in the third digit.
        chunk: Texts to answer between two yields, so that somebody can look on or stop.
    """
    precision = resolve_precision(precision, pair.teacher.device)
    models = [
        independent_copy(model, precision) for model in (pair.teacher, pair.student)
    ]  # others share those of the pair
    for start in range(0, len(texts), chunk):
        tokens = encode(pair.tokenizer, texts[start : start + chunk], max_length=pair.max_length)
        tokens = tokens.to(pair.teacher.device)
        teacher, student = (predict(model, tokens, padding=pair.tokenizer.pad_token_id).numpy() for model in models)
        yield teacher, student


def _inputs(pair: ModelPair, text: str) -> tuple[Any, dict[str, torch.Tensor]]:
    encoded = pair.tokenizer(text, truncation=True, max_length=pair.max_length, return_tensors="pt")
    return encoded, {name: encoded[name].to(pair.teacher.device) for name in ("input_ids", "attention_mask")}


def _answer(model: Model, batch: cost.Batch) -> object:
    return model(**batch).logits
