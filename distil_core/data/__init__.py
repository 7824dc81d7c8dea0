"""A source becomes labeled examples, splits and ragged tokens.

In: a file, a data set of the hub, or one of the built-in corpora. Out: a corpus of three splits with notes of all that
is odd about it, its texts as tokens without padding, and batches of them.
"""

__all__ = [
    "batches",
    "corpus",
    "files",
    "hub",
    "labels",
    "loading",
    "python_docs",
    "reviews",
    "splits",
    "tables",
    "tokenization",
    "transfer",
]
