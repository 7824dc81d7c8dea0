"""Finished runs and loaded models become plain data that answers a question.

In: records, stored predictions, a pair of loaded models. Out: dataclasses of numbers, without a sentence or a figure.
"""

__all__ = [
    "attention",
    "attention_reading",
    "comparison",
    "edits",
    "error_analysis",
    "gradients",
    "learning_curves",
    "model_pair",
    "slices",
    "sweep_grids",
    "temperature",
    "tradeoffs",
]
