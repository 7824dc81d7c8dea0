"""The machine and the library versions that figures come from."""

import platform
from importlib.metadata import version

import torch

from distil_core.evaluation.records import Environment
from distil_core.settings import hardware
from distil_core.settings.config import Precision


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
    return hardware.processor_name() or platform.processor() or platform.machine()
