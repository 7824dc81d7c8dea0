"""What a task plugs in: here, the baseline of text classification.

In: labeled texts. Out: what answers them without a transformer.
"""

__all__ = [
    "tfidf",
]
