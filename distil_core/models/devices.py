"""Where models are computed, and in which arithmetic."""

import os
from pathlib import Path

import torch

from distil_core.models.private_apis import onednn_has_bf16
from distil_core.settings.config import Precision


def default_device() -> torch.device:
    """Return the GPU when there is one, else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def resolve_precision(precision: Precision, device: torch.device) -> Precision:
    """Turn ``auto`` into what is fast on ``device``."""
    if precision is not Precision.AUTO:
        return precision
    return Precision.BF16 if bf16_pays(device) else Precision.FP32


def bf16_pays(device: torch.device) -> bool:
    """Say whether ``device`` multiplies bf16 matrices faster than fp32 ones."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return onednn_has_bf16() and _has_bf16_instructions()


def _has_bf16_instructions() -> bool:
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return any(flag in flags for flag in ("amx_bf16", "avx512_bf16")) and os.environ.get("ONEDNN_MAX_CPU_ISA") is None
