"""The other roads to a smaller model, beside fewer layers.

In: a student, before it learns or after, and texts. Out: the same student without its least important attention heads
and neurons, and how important each was.
"""

__all__ = ["importance", "structured"]
