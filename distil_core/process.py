"""What this package sets for its own processes, before anything slow is imported."""

import ctypes
import gc
import os
from functools import cache

WORKERS = "DISTIL_LAB_WORKERS"
"""The variable that says how many runs are computed side by side."""
SPINNING = "20000"
"""Rounds that an idle thread of torch spins before it sleeps: less, and two threads are no faster than one."""
SPINNING_BESIDE = "1000"
"""The same where anything else computes meanwhile, which long spinning would keep from its processor."""
HUGE_PAGES = "THP_MEM_ALLOC_ENABLE"
"""The variable by which torch asks for huge pages for tensors of 2 MB and more."""
_NEW_OBJECTS = 100_000
_MMAP_THRESHOLD = -3
"""How glibc calls the size from which a piece of memory stands by itself (``M_MMAP_THRESHOLD``)."""
_LARGE = 24 * 2**20
"""Bytes of such a piece: the logits over a vocabulary are larger, what layers put out is not."""
UNUSED = 256 * 2**20
"""Bytes of memory that a process may hold without use: less is cheaper kept than had again."""


def tune(*, beside: bool = False) -> None:
    """Make this process start sooner and stay fast; what the user has set himself stays.

    Threads that wait for each other by spinning lose most of their time where something else computes beside them;
    that is read once, when torch is loaded. Importing torch and transformers makes a million objects that all stay:
    looking through them for garbage would take a sixth of the time. Large tensors go back to the system when they are
    freed, and in huge pages they are had again without a fault for every 4 KB.

    Args:
        beside: Whether others compute meanwhile, such as workers beside the process of the pages.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", SPINNING_BESIDE if beside else SPINNING)
    gc.set_threshold(_NEW_OBJECTS)
    os.environ.setdefault(HUGE_PAGES, "1")
    heap = _allocator()
    if heap is not None and "MALLOC_MMAP_THRESHOLD_" not in os.environ:
        heap.mallopt(_MMAP_THRESHOLD, _LARGE)


class _Heap(ctypes.Structure):
    """What glibc says of its heap, in bytes (``mallinfo2``)."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks",
        "fsmblks", "uordblks", "fordblks", "keepcost"))  # fmt: skip


def give_back_memory() -> None:
    """Give memory back to the system if much of it is not in use, where the allocator can do so (glibc).

    Batches of texts have ever other shapes; what is freed of them lies in pieces that the next ones do not fit into,
    so that a long training would hold twice what it needs.
    """
    heap = _allocator()
    if heap is not None and heap.mallinfo2().fordblks > UNUSED:
        heap.malloc_trim(0)


@cache
def _allocator() -> ctypes.CDLL | None:
    try:
        heap = ctypes.CDLL(None)
        heap.mallinfo2.restype = _Heap
        return heap if heap.malloc_trim else None
    except (AttributeError, OSError, TypeError):
        return None
