"""Sentences, one module a subject: they say what analysis has decided, and decide nothing themselves.

In: dataclasses of verdicts. Out: markdown for people.
"""

from distil_core.reporting.narrative import (
    advice,
    claims,
    compression,
    decisions,
    edits,
    runs,
    slices,
    sweeps,
    temperature,
    tradeoffs,
)

__all__ = [
    "advice",
    "claims",
    "compression",
    "decisions",
    "edits",
    "runs",
    "slices",
    "sweeps",
    "temperature",
    "tradeoffs",
]
