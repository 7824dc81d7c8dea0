"""Where models are computed, and in which arithmetic."""

import torch

from distil_core.settings import hardware
from distil_core.settings.config import Precision


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
