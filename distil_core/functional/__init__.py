"""Tensors in, tensors out: distributions, losses, attention and similarity measures.

In: logits, hidden states, attention maps. Out: numbers about them. No models, no files, no state.
"""

__all__ = [
    "attention",
    "distributions",
    "loss_inputs",
    "losses",
    "number_losses",
    "similarity",
    "vector_losses",
]
