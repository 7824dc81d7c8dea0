"""The durable record of every run: one SQLite file, and beside it one folder per run.

Any number of threads and processes may use the same store at once: pages read it, a worker or a command claims runs
from it. Whoever computes a run is its owner, and an owner is alive exactly while it holds its lock file, which the
operating system lets go of even when the owner is killed.
"""

from distil_core.runs.locks import held
from distil_core.runs.rows import Run, RunState
from distil_core.runs.store import RunStore, default_folder

__all__ = ["Run", "RunState", "RunStore", "default_folder", "held"]
