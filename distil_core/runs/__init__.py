"""A run is asked for, queued, computed, kept.

In: settings. Out: a named run in the store: one SQLite file, and beside it one folder a run. Readers need not know
whether a run is in a store or ships with the package: both are a ``RunSource``. Any number of threads and
processes may use the same store at once: pages read it, a worker or a command claims runs from it. Whoever computes a
run is its owner, and an owner is alive exactly while it holds its lock file, which the operating system lets go of
even when the owner is killed.
"""

__all__ = [
    "answers",
    "class_predictions",
    "database",
    "encoding",
    "estimates",
    "execute",
    "families",
    "folder",
    "foreground",
    "lineage",
    "locks",
    "materials",
    "measuring",
    "ownership",
    "processes",
    "reading",
    "record",
    "requests",
    "rows",
    "sources",
    "store",
    "sweep",
    "timing",
    "workers",
]
