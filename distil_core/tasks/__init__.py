"""What a task plugs in: its examples, sites, head, hard loss, metrics and baseline.

In: the rows of a source. Out: a corpus, and all that follows from what it is for. A model predicts distributions at
sites; where these are, and what is right there, is all that differs between tasks.
"""

__all__ = [
    "catalog",
    "classification",
    "corpora",
    "embeddings",
    "fill_mask",
    "multi_label",
    "pairs",
    "qa",
    "shots",
    "task",
    "tokens",
    "transfer",
    "zero_shot",
]
