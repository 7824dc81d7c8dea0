"""A student leaves for elsewhere.

In: a finished run. Out: its Hugging Face folder as an archive, with a model card and its record.
"""

__all__ = [
    "archive",
    "model_card",
]
