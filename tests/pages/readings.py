"""What two models without weights look at in a text."""

import base64
from typing import Any

import numpy as np

from distil_core.analysis.attention import AttentionReading

CHANGES = (0.1, -0.5, 0.0, 0.25, 0.0)


def ahead(n: int, by: int) -> np.ndarray:
    """Every token gives three quarters to the one so far ahead, and a quarter to itself."""
    return np.asarray(0.75 * np.roll(np.eye(n), by, axis=1) + 0.25 * np.eye(n), dtype=np.float32)


def a_reading(text: str) -> AttentionReading:
    """Head ``h`` of the teacher's layer ``l`` looks ``2 l + h + 1`` tokens ahead; the student has swapped its heads."""
    tokens = ("[CLS]", *text.split(), "[SEP]")
    n_heads = 3 if "three" in tokens else 2
    teacher = np.stack(
        [np.stack([ahead(len(tokens), 2 * layer + head + 1) for head in range(n_heads)]) for layer in range(3)]
    )
    return AttentionReading(
        tokens=tokens,
        special=tuple(token.startswith("[") for token in tokens),
        teacher=teacher,
        student=teacher[:2, ::-1],
    )


def values(array: Any) -> np.ndarray:
    """Read the numbers of a figure as plotly gets them."""
    if not isinstance(array, dict):
        return np.asarray(array)
    numbers = np.frombuffer(base64.b64decode(array["bdata"]), dtype=array["dtype"])
    return numbers.reshape([int(size) for size in str(array.get("shape", -1)).split(",")])
