"""What a model costs: its size, and its speed beside other models on the same texts."""

import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from distil_core.errors import CorpusError, ModelError
from distil_core.evaluation.records import Latency

N_WARMUP = 2


MIN_SINGLES, MIN_BATCHES = 5, 3


Batch = Mapping[str, Any]


def _go_on() -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How fast a model answers: one text at a time, and many at once.

    ``n_threads`` is the number of processor threads in use meanwhile; ``n_singles`` and ``n_batches`` count the
    timed forward passes.
    """

    latency_ms: Latency
    texts_per_second: float
    n_threads: int
    n_singles: int
    n_batches: int


def speed(
    models: Mapping[str, Callable[[Batch], object]],
    singles: Sequence[Batch],
    batches: Sequence[Batch],
    *,
    seconds: float = 1.2,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Speed]:
    """Time models against each other, in turn on the same texts, so that what disturbs one disturbs all.

    Every model first answers unmeasured. Then all of them answer text after text, taking turns at being first, until
    half of the time is used up; then batch after batch for the other half. However slow they are, each is timed on
    five texts and three batches at least.

    Args:
        models: What to call for an answer, by name; in evaluation mode.
        singles: Inputs of one text each, of typical length.
        batches: Inputs of many texts each.
        seconds: What the readings may take, all models together.
        clock: Tells the time in seconds.

    Returns:
        By name: 5th, 50th and 95th percentile of the time for one text, and the median of the texts per second in
        batches.

    Raises:
        CorpusError: If there are no inputs.
    """
    if not singles or not batches:
        raise CorpusError("timing needs at least one text and one batch of texts, got none; give a larger corpus")
    alone = latencies(models, singles, seconds=seconds / 2, clock=clock)
    together = _readings(models, batches, seconds / 2, MIN_BATCHES, clock)
    sizes = [len(next(iter(batch.values()))) for batch in batches]
    measured = {}
    for name in models:
        latency, n_singles = alone[name]
        rates = [sizes[i % len(sizes)] / duration for i, duration in enumerate(together[name])]
        measured[name] = Speed(
            latency_ms=latency,
            texts_per_second=float(np.median(rates)),
            n_threads=torch.get_num_threads(),
            n_singles=n_singles,
            n_batches=len(together[name]),
        )
    return measured


def latencies(
    models: Mapping[str, Callable[[Batch], object]],
    singles: Sequence[Batch],
    *,
    seconds: float,
    at_least: int = MIN_SINGLES,
    clock: Callable[[], float] = time.perf_counter,
    between: Callable[[], object] = _go_on,
) -> dict[str, tuple[Latency, int]]:
    """Time models on one text after another, in turn, after answers that do not count.

    Args:
        models: What to call for an answer, by name; in evaluation mode.
        singles: Inputs of one text each, at least one.
        seconds: What the readings may take, all models together.
        at_least: Readings of each model, however slow it is.
        clock: Tells the time in seconds.
        between: Called, unmeasured, when each model has had a turn; may raise, to stop.

    Returns:
        By name: 5th, 50th and 95th percentile in milliseconds, and of how many readings.
    """
    measured = {}
    for name, durations in _readings(models, singles, seconds, at_least, clock, between).items():
        p5, p50, p95 = np.percentile(np.array(durations) * 1000, [5, 50, 95]).tolist()
        measured[name] = Latency(p5=p5, p50=p50, p95=p95), len(durations)
    return measured


def n_parameters(model: nn.Module) -> int:
    """Count the numbers a model has learned; a matrix that is used in two places counts once."""
    return sum(parameter.numel() for parameter in model.parameters())


def bytes_on_disk(folder: Path) -> int:
    """Add up what the weights in a model's folder take on disk.

    Raises:
        ModelError: If there are no weights in it.
    """
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise ModelError(f"a model's folder must have a *.safetensors file, got none in {folder}; save the model first")
    return sum(file.stat().st_size for file in files)


def packed_bytes(folder: Path) -> int:
    """Add up what the weights in a model's folder take once they are deflated, as in a ZIP archive.

    Raises:
        ModelError: If there are no weights in it.
    """
    bytes_on_disk(folder)
    total = 0
    for path in folder.glob("*.safetensors"):
        packer = zlib.compressobj()
        with path.open("rb") as file:
            while block := file.read(1 << 22):
                total += len(packer.compress(block))
        total += len(packer.flush())
    return total


def _readings(
    models: Mapping[str, Callable[[Batch], object]],
    inputs: Sequence[Batch],
    seconds: float,
    at_least: int,
    clock: Callable[[], float],
    between: Callable[[], object] = _go_on,
) -> dict[str, list[float]]:
    wait = (
        torch.cuda.synchronize
        if any(getattr(t, "is_cuda", False) for batch in inputs for t in batch.values())
        else _go_on
    )
    durations: dict[str, list[float]] = {name: [] for name in models}
    with torch.inference_mode():
        for model in models.values():
            for batch in inputs[:N_WARMUP]:
                model(batch)
        wait()
        names, spent, n_rounds = list(models), 0.0, 0
        while spent < seconds or n_rounds < at_least:
            batch = inputs[n_rounds % len(inputs)]
            first = n_rounds % len(names)
            for name in names[first:] + names[:first]:
                start = clock()
                models[name](batch)
                wait()
                duration = clock() - start
                durations[name].append(duration)
                spent += duration
            n_rounds += 1
            between()
    return durations
