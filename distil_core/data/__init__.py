"""A source becomes tables, labeled texts in splits, ragged tokens, and sites.

In: a file, a data set of the hub, or one of the built-in corpora. Out: its rows, whatever they are for; splits that are
cut by strata, with notes of all that is odd; texts as tokens without padding, and batches of them.
"""

__all__ = [
    "batches",
    "beir",
    "conll",
    "corpus",
    "delimited",
    "dialects",
    "everyday",
    "files",
    "headers",
    "hub",
    "json_rows",
    "labels",
    "lines",
    "masks",
    "parquet",
    "python_docs",
    "reviews",
    "scales",
    "sites",
    "sources",
    "splits",
    "tables",
    "tokenization",
    "words",
]
