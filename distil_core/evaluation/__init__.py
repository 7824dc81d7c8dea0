"""Outputs become figures with intervals; a model gets its cost.

In: logits and right labels, or a model to be timed. Out: plain records of quality, fidelity, cost and the environment,
which need neither torch nor a model to be read.
"""

__all__ = [
    "bootstrap",
    "calibration",
    "correlation",
    "cost",
    "environment",
    "metrics",
    "predictions",
    "records",
]
