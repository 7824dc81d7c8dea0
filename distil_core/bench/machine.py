"""The machine that a figure comes from, and how fast it can be at all: matrix products and copies, nothing else."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from distil_core.bench.readings import as_text
from distil_core.settings import hardware

LARGE = (2048, 2048, 2048)
"""The product that tells the peak: large enough that nothing but multiplying takes time."""
_COPIED = 256 * 2**20
_INSTRUCTIONS = ("amx_bf16", "amx_int8", "avx512_bf16", "avx512f", "avx2", "bf16", "asimd")

Shape = tuple[int, int, int]


def describe() -> dict[str, Any]:
    """Return what a reader must know of the machine: processor, threads, memory, versions, and how busy it was."""
    from distil_core.evaluation import environment
    from distil_core.models.devices import default_device, resolve_precision
    from distil_core.settings.config import Precision

    device = default_device()
    here = environment.environment(device, resolve_precision(Precision.AUTO, device))
    return {
        "processor": here.processor,
        "device": here.device,
        "threads": here.threads,
        "precision": here.precision,
        "instructions": _instructions(),
        "memory_bytes": _memory_bytes(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "versions": here.versions,
    }


def _instructions() -> list[str]:
    return [name for name in _INSTRUCTIONS if name in hardware.instructions()]


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def limits(shapes: Sequence[Sequence[int]] = (), *, seconds: float = 0.3) -> dict[str, Any]:
    """Measure how fast this machine multiplies and copies.

    Args:
        shapes: Rows, inner size and columns of the products that the workload does, beside the large one.
        seconds: What each reading takes at least.

    Returns:
        Operations a second of each product in ``bf16`` and ``fp32``, by its shape, where a multiplication and an
        addition are two; and the bytes read and written a second by a copy.
    """
    import torch

    from distil_core.models.devices import default_device

    device = default_device()
    wanted = dict.fromkeys([LARGE, *((m, k, n) for m, k, n in shapes)])
    rates = {
        name: {shape_name(shape): _product_rate(shape, dtype, device, seconds) for shape in wanted}
        for name, dtype in (("bf16", torch.bfloat16), ("fp32", torch.float32))
    }
    source = torch.ones(_COPIED, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    copied = rate(lambda: target.copy_(source), 2.0 * _COPIED, seconds=seconds, wait=_wait(device))
    return {**rates, "copy_bytes_per_second": copied}


def shape_name(shape: Shape) -> str:
    """Return a product's name, such as ``2048x2048x2048``."""
    return "x".join(map(str, shape))


def _product_rate(shape: Shape, dtype: Any, device: Any, seconds: float) -> float:
    import torch

    rows, inner, columns = shape
    a = torch.randn(rows, inner, device=device).to(dtype)
    b = torch.randn(columns, inner, device=device).to(dtype).T  # as a layer keeps its weights
    product = torch.empty(rows, columns, dtype=dtype, device=device)
    operations = 2.0 * rows * inner * columns
    return rate(lambda: torch.mm(a, b, out=product), operations, seconds=seconds, wait=_wait(device))


def _wait(device: Any) -> Callable[[], object]:
    import torch

    return torch.cuda.synchronize if device.type == "cuda" else lambda: None


def rate(
    work: Callable[[], object],
    amount: float,
    *,
    seconds: float,
    wait: Callable[[], object] = lambda: None,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Return how much of ``amount`` is done a second, as the best of five readings: a limit is what can be reached."""
    for _ in range(3):
        work()
    wait()
    best = 0.0
    for _ in range(5):
        started, n_done, spent = clock(), 0, 0.0
        while spent < seconds / 5:
            work()
            wait()
            n_done += 1
            spent = clock() - started
        best = max(best, n_done * amount / spent)
    return best


def table(described: Mapping[str, Any], limits: Mapping[str, Any]) -> str:
    """Return machine and limits for a terminal."""
    memory, load = described["memory_bytes"], described["load"]
    rows = [
        ["machine", f"{described['processor']}, {described['threads']} threads, {' '.join(described['instructions'])}"],
        ["memory", f"{memory / 1e9:.0f} GB" if memory else "unknown"],
        ["busy before", "unknown" if load is None else f"{load:.2f} processes on average"],
        ["versions", ", ".join(f"{name} {version}" for name, version in described["versions"].items())],
    ]
    for shape in limits["bf16"]:
        both = ", ".join(f"{name} {limits[name][shape] / 1e9:.0f} GFLOP/s" for name in ("bf16", "fp32"))
        rows.append([f"limit, {shape}", both])
    return as_text([*rows, ["limit, copy", f"{limits['copy_bytes_per_second'] / 1e9:.1f} GB/s"]])
