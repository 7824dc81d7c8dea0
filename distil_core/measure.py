"""How good a model is, how far it follows its teacher, how fast and how large it is.

Quality and fidelity come from logits and labels alone, so that they can be had again from what a run has stored.
"""

import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from distil_core.calibration import N_BINS, Calibration, binned
from distil_core.config import Precision
from distil_core.distributions import kl, log_soften, loyalty, soften
from distil_core.errors import CorpusError, ModelError
from distil_core.records import N_RESAMPLES, Environment, Fidelity, Interval, Latency, Quality
from distil_core.types import Labels, Logits

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


def quality(logits: Logits, labels: Labels, *, seed: int = 0) -> Quality:
    """Measure how well a model knows the labels.

    Accuracy with its bootstrap interval; the mean F1 of the classes that occur among labels or predictions; the mean
    negative log-likelihood in nats; and the calibration error over 15 bins.

    Args:
        logits: Scores of the model, in the order of the labels.
        labels: Index of the right class of each example.
        seed: Seed of the bootstrap.

    Raises:
        CorpusError: If there are no examples.
        ModelError: If a score is not a finite number.
    """
    from sklearn.metrics import f1_score

    logits, labels = _checked(logits), labels.cpu()
    predictions = logits.argmax(dim=-1)
    return Quality(
        accuracy=_share(predictions == labels, seed),
        macro_f1=float(f1_score(labels.numpy(), predictions.numpy(), average="macro", zero_division=0.0)),
        nll=float(F.cross_entropy(logits, labels)),
        ece=calibration(logits, labels).ece,
    )


def fidelity(teacher_logits: Logits, student_logits: Logits, labels: Labels, *, seed: int = 0) -> Fidelity:
    """Measure how far a student follows its teacher; agreement is not accuracy (Stanton et al., arXiv:2106.05945).

    Agreement is the share of examples on which both predict the same class, with its bootstrap interval. KL (teacher
    to student, in nats) and loyalty are means over the examples, at a temperature of 1.

    Args:
        teacher_logits: Scores of the teacher, in the order of the labels.
        student_logits: Scores of the student.
        labels: Index of the right class of each example.
        seed: Seed of the bootstrap.

    Raises:
        CorpusError: If there are no examples.
        ModelError: If a score is not a finite number.
    """
    teacher, student, labels = _checked(teacher_logits), _checked(student_logits), labels.cpu()
    log_teacher, log_student = log_soften(teacher, 1.0), log_soften(student, 1.0)
    of_teacher, of_student = teacher.argmax(dim=-1), student.argmax(dim=-1)
    teacher_right, student_right = of_teacher == labels, of_student == labels

    def share(flags: Tensor) -> float:
        return float(flags.double().mean())

    return Fidelity(
        agreement=_share(of_teacher == of_student, seed),
        kl_nats=max(0.0, float(kl(log_teacher, log_student).mean())),
        loyalty=float(loyalty(log_teacher, log_student).mean()),
        both_right=share(teacher_right & student_right),
        only_teacher_right=share(teacher_right & ~student_right),
        only_student_right=share(~teacher_right & student_right),
        both_wrong=share(~teacher_right & ~student_right),
    )


def calibration(logits: Logits, labels: Labels, *, n_bins: int = N_BINS) -> Calibration:
    """Sort the examples by how sure the model is of them, and see how often it is right.

    Args:
        logits: Scores of the model, in the order of the labels.
        labels: Index of the right class of each example.
        n_bins: Bins of equal width between 0 and 1.

    Raises:
        CorpusError: If there are no examples.
        ModelError: If a score is not a finite number.
    """
    confidence, predictions = soften(_checked(logits), 1.0).max(dim=-1)
    return binned(confidence.numpy(), (predictions == labels.cpu()).numpy(), n_bins=n_bins)


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
    found = {}
    for name, durations in _readings(models, singles, seconds, at_least, clock, between).items():
        p5, p50, p95 = np.percentile(np.array(durations) * 1000, [5, 50, 95]).tolist()
        found[name] = Latency(p5=p5, p50=p50, p95=p95), len(durations)
    return found


def environment(device: torch.device, precision: Precision) -> Environment:
    """Say where the figures come from."""
    return Environment(
        processor=_processor() if device.type == "cpu" else torch.cuda.get_device_name(device),
        threads=torch.get_num_threads(),
        device=device.type,
        precision=precision.value,
        versions={
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "transformers", "scikit-learn")},
        },
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


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


def _share(flags: Bool[Tensor, "examples"], seed: int) -> Interval:
    n, n_true = len(flags), int(flags.sum())
    # Drawing n of n flags with replacement and counting the true ones is one draw from a binomial distribution.
    drawn = np.random.default_rng(seed).binomial(n, n_true / n, size=N_RESAMPLES) / n
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Interval(value=n_true / n, low=float(low), high=float(high))


def _checked(logits: Float[Tensor, "examples classes"]) -> Float[Tensor, "examples classes"]:
    if len(logits) == 0:
        raise CorpusError("measuring needs at least one labeled text, got none; give a larger test split")
    if not torch.isfinite(logits).all():
        raise ModelError("a model's scores must be finite numbers, got nan or inf; train it with a smaller step size")
    return logits.detach().cpu().double()
