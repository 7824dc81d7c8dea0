"""What this package sets for its own processes, before anything slow is imported."""

import gc
import os

SPINNING = "1000"
"""Rounds that an idle thread of torch spins before it sleeps."""
_NEW_OBJECTS = 100_000


def tune() -> None:
    """Make this process start sooner and stay fast beside others; what the user has set himself stays.

    Threads that wait for each other by spinning lose most of their time whenever something else runs beside them, and
    beside a worker runs at least the app; that is read once, when torch is loaded. Importing torch and transformers
    makes a million objects that all stay: looking through them for garbage would take a sixth of the time.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", SPINNING)
    gc.set_threshold(_NEW_OBJECTS)
