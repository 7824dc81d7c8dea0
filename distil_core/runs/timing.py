"""What teacher and student cost: size, and speed while nobody else on this machine computes a run."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock
from torch import Tensor

from distil_core.compression.int8 import QuantizedModel
from distil_core.compression.onnx_model import OnnxModel
from distil_core.evaluation import cost
from distil_core.evaluation.records import Cost
from distil_core.models.forward import padded_inputs, readable
from distil_core.models.packing import scores_of
from distil_core.process import give_back_memory
from distil_core.runs.locks import held
from distil_core.runs.materials import Materials
from distil_core.types import Model

_POLL_SECONDS = 0.02


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Time something while the other workers that share ``root`` pause; one of them at a time."""
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(_lock(root)):
        time.sleep(_POLL_SECONDS)  # the others finish the step that they are at
        yield


def pause_for_others(root: Path) -> None:
    """Wait while another worker is timing something; costs a fraction of a millisecond when nobody is."""
    while held(_lock(root)):
        time.sleep(_POLL_SECONDS)


def _lock(root: Path) -> Path:
    return root / "timing.lock"


def speeds(materials: Materials, models: Mapping[str, Model], *, seconds: float) -> dict[str, cost.Speed]:
    """Time models in turn on the same test texts, all in fp32 but those in 8 bits.

    Args:
        materials: The texts.
        models: By name; in eval mode, on the device of the texts; or in 8 bits.
        seconds: What the readings may take.
    """
    give_back_memory()
    tokens = materials.splits["test"].tokens
    middle = torch.argsort(tokens.lengths, stable=True)[len(tokens) // 4 : max(3 * len(tokens) // 4, 1)].cpu()
    chosen = middle[torch.linspace(0, len(middle) - 1, 32).long()]

    def inputs(examples: Tensor) -> dict[str, Tensor]:
        examples = examples.to(materials.device)
        return padded_inputs(materials.teacher.model, tokens, examples, padding=materials.padding)

    def answering(model: Model) -> Callable[[Mapping[str, Any]], object]:
        def answer(batch: Mapping[str, Any]) -> object:
            if isinstance(model, QuantizedModel):
                return model.runtime(batch)
            if isinstance(model, OnnxModel):
                return model(batch)
            with torch.inference_mode():
                return scores_of(model(**readable(model, batch)))

        return answer

    return cost.speed(
        {name: answering(model) for name, model in models.items()},
        [inputs(example[None]) for example in chosen],
        [inputs(chosen)],
        seconds=seconds,
    )


def costs(materials: Materials, student: Model, folder: Path, *, seconds: float) -> dict[str, Cost]:
    """Return what teacher and student cost, timed in turn; see :func:`speeds`.

    Args:
        materials: The teacher, and the texts.
        student: In eval mode, on the device of the texts; or in 8 bits.
        folder: Where the student is saved.
        seconds: What the readings may take.

    Returns:
        The cost of the ``teacher`` and of the ``student``.
    """
    models: dict[str, Model] = {"teacher": materials.teacher.model, "student": student}
    small = student if isinstance(student, QuantizedModel) else None
    timed = speeds(materials, {**models, "whole": small.whole} if small and small.whole else models, seconds=seconds)

    def cost_of(name: str, model: Model, n_bytes: int) -> Cost:
        return Cost(
            parameters=cost.n_parameters(model),
            bytes=n_bytes,
            latency_ms=timed[name].latency_ms,
            texts_per_second=timed[name].texts_per_second,
        )

    # Where the teacher lies in half precision, it counts as what it is computed in, as the student does.
    n_bytes = max(cost.bytes_on_disk(materials.teacher.folder), 4 * cost.n_parameters(models["teacher"]))
    teacher = cost_of("teacher", models["teacher"], n_bytes)
    if small is None:
        return {"teacher": teacher, "student": cost_of("student", student, cost.bytes_on_disk(folder))}
    of_student = cost_of("student", small.original, len(small.content))
    whole_ms = timed["whole"].latency_ms.p50 if "whole" in timed else None
    return {"teacher": teacher, "student": replace(of_student, runtime_fp32_ms=whole_ms)}
