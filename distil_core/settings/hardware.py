"""What this machine adds to the settings of a run: how many threads it gets, and in which arithmetic it is computed.

Loads no torch, so that a run can be named before anybody computes it. Figures follow from both: the number of threads
decides the last bits of every sum.
"""

import ctypes
import os
import re
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from distil_core import process
from distil_core.settings.config import Precision

_BF16_INSTRUCTIONS = ("amx_bf16", "avx512_bf16")


def n_workers() -> int:
    """Return how many runs are computed side by side: ``DISTIL_LAB_WORKERS``, or two where there are two processors.

    Small students keep one processor busy but not two, and a student and its twin are two runs.
    """
    wanted = os.environ.get(process.WORKERS, "")
    return max(1, int(wanted)) if wanted.isdecimal() else min(2, os.cpu_count() or 1)


def threads_per_run() -> int:
    """Return how many threads a run gets, so that as many as are computed side by side have room."""
    return max(1, n_processors() // n_workers())


def n_processors() -> int:
    """Return how many processor cores this process may use: ``OMP_NUM_THREADS``, or those it is not kept from.

    Two hardware threads of a core count once, as they do for torch.
    """
    wanted = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    if wanted.isdecimal() and int(wanted):
        return int(wanted)
    if not hasattr(os, "sched_getaffinity"):
        return os.cpu_count() or 1
    usable = os.sched_getaffinity(0)
    cores = {
        (each.get("physical id"), each.get("core id", each["processor"]))
        for each in _processors()
        if int(each["processor"]) in usable
    }
    return len(cores) or len(usable)


def resolve_precision(precision: Precision) -> Precision:
    """Turn ``auto`` into what is fast where runs are computed: on the GPU if there is one, else on the processor."""
    if precision is not Precision.AUTO:
        return precision
    return Precision.BF16 if has_gpu() or has_bf16_instructions() else Precision.FP32


def has_bf16_instructions() -> bool:
    """Say whether the processor multiplies bf16 matrices faster than fp32 ones."""
    return os.environ.get("ONEDNN_MAX_CPU_ISA") is None and not instructions().isdisjoint(_BF16_INSTRUCTIONS)


def instructions() -> frozenset[str]:
    """Return the names of the processor's instruction sets, as Linux has them; empty where nobody knows."""
    flags = (each.get("flags") or each.get("Features", "") for each in _processors())
    return frozenset(next(flags, "").split())


def processor_name() -> str | None:
    """Return what the processor calls itself, or None where nobody knows."""
    return next((each["model name"] for each in _processors() if "model name" in each), None)


@cache
def has_gpu() -> bool:
    """Say whether torch will find a GPU: it is built for one, the driver is new enough, and a GPU can be seen."""
    built_for = _cuda_of_torch()
    if built_for is None:
        return False
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    count, newest = ctypes.c_int(), ctypes.c_int()
    calls = (("cuInit", 0), ("cuDeviceGetCount", ctypes.byref(count)), ("cuDriverGetVersion", ctypes.byref(newest)))
    if any(getattr(driver, name)(argument) != 0 for name, argument in calls):
        return False
    return count.value > 0 and newest.value // 1000 >= built_for


def _cuda_of_torch() -> int | None:
    """Return the CUDA release that torch is built for, None if for none; read from its file, without loading it."""
    spec = find_spec("torch")
    if spec is None or spec.origin is None:
        return None
    try:
        text = Path(spec.origin).with_name("version.py").read_text(encoding="utf-8")
    except OSError:
        return None
    release = re.search(r"^cuda\b.*= ['\"](\d+)", text, re.MULTILINE)
    return int(release.group(1)) if release else None


@cache
def _processors() -> tuple[dict[str, str], ...]:
    """Return what Linux says of each processor.

    Read here: py-cpuinfo's one public function takes a second, since it starts a process of its own to measure.
    """
    try:
        blocks = Path("/proc/cpuinfo").read_text(encoding="utf-8").strip().split("\n\n")
    except OSError:
        return ()
    parts = (dict(_entry(line) for line in block.splitlines() if ":" in line) for block in blocks)
    return tuple(part for part in parts if "processor" in part)


def _entry(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), value.strip()
