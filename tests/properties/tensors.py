"""Tensors for laws to be tried on."""

import torch
from hypothesis import strategies as st
from torch import Tensor


@st.composite
def logits(draw: st.DrawFn, *, n: int = 1, classes: int | None = None, largest: float = 30.0) -> tuple[Tensor, ...]:
    """Draw ``n`` batches of logits of one shape, in float64."""
    n_examples = draw(st.integers(1, 4))
    n_classes = classes or draw(st.integers(2, 6))
    number = st.floats(-largest, largest, allow_subnormal=False)
    size = n_examples * n_classes
    return tuple(
        torch.tensor(draw(st.lists(number, min_size=size, max_size=size)), dtype=torch.float64).view(n_examples, -1)
        for _ in range(n)
    )


temperatures = st.floats(0.05, 100.0)
seeds = st.integers(0, 2**32 - 1)


@st.composite
def masks(draw: st.DrawFn) -> Tensor:
    """Draw which tokens of a batch are real: at least one in each text, padding at the end."""
    length = draw(st.integers(1, 5))
    n_tokens = draw(st.lists(st.integers(1, length), min_size=1, max_size=4))
    return torch.arange(length) < torch.tensor(n_tokens)[:, None]
