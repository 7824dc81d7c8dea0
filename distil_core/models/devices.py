"""Where models are computed, and in which arithmetic."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from distil_core.settings import hardware
from distil_core.settings.config import Precision


@contextmanager
def n_threads(count: int) -> Iterator[None]:
    """Compute with so many threads for a while, which leave room for other workers and decide the last bits."""
    whole = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(whole)


def default_device() -> torch.device:
    """Return the GPU when there is one, else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def resolve_precision(precision: Precision, device: torch.device) -> Precision:
    """Turn ``auto`` into what is fast on ``device``; a run's settings are resolved when it is asked for."""
    if precision is not Precision.AUTO:
        return precision
    return Precision.BF16 if bf16_pays(device) else Precision.FP32


def bf16_pays(device: torch.device) -> bool:
    """Say whether ``device`` multiplies bf16 matrices faster than fp32 ones."""
    return device.type == "cuda" or hardware.has_bf16_instructions()
