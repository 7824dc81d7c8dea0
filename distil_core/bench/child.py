"""One side of a benchmark in a process of its own: its time is that of the whole process, its memory nobody else's.

``python -m distil_core.bench.child TASK JSON`` does a task with these arguments; the last line that it prints is JSON.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from distil_core import process

TASKS = {
    "machine": "machine:describe",
    "limits": "machine:limits",
    "ours": "ours:distil",
    "teacher": "ours:teacher_accuracy",
    "answer": "answer:measure",
    "scale": "scale:measure",
    "quality": "quality_ours:distil",
    "usual loop": "usual_loop:distil_from_csv",
    "best rates": "usual_loop:best_rates",
    "fine-tune": "quality_ours:fine_tune",
    "best teacher": "usual_loop:best_teacher",
    "masked ours": "masked_ours:distil",
    "masked judge": "masked_ours:judge",
    "masked loop": "masked_loop:distil",
    "importable": "peers:importable",
    "trainer": "peers:trainer",
    "textbrewer": "peers:textbrewer",
    "torchdistill": "peers:torchdistill",
}
"""What a child can do, and where it is: what a side does not need, its process does not import."""

_PEERS = ("trainer", "textbrewer", "torchdistill", "usual loop", "best rates", "best teacher", "masked loop")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What came of a task, the time of its whole process, and the most memory that it held; 0 if nobody can tell."""

    result: dict[str, Any]
    seconds: float
    peak_bytes: int


def run(task: str, **arguments: Any) -> Finished:
    """Do a task in a new process, without a network, wait for it, and tell on stderr that it is done.

    Raises:
        RuntimeError: If it fails; with the end of what it said.
    """
    command = [sys.executable, "-m", "distil_core.bench.child", task, json.dumps(arguments)]
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment(task))
    seconds = time.perf_counter() - started
    if done.returncode != 0:
        raise RuntimeError(f"the {task} side of the benchmark failed:\n{done.stderr[-4000:]}")
    print(f"{task}: {seconds:.1f} s", file=sys.stderr, flush=True)
    printed = json.loads(done.stdout.splitlines()[-1])
    return Finished(result=printed["result"], seconds=seconds, peak_bytes=printed["peak_bytes"])


def environment(task: str) -> dict[str, str]:
    """Return the variables of a child, which runs alone; a peer does not get what this package sets for itself."""
    search = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    ours = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "PYTHONPATH": os.pathsep.join(search)}
    dropped = {"GOMP_SPINCOUNT"} if os.environ.get("GOMP_SPINCOUNT") == process.SPINNING else set[str]()
    if task in _PEERS:
        dropped.add(process.HUGE_PAGES)
    else:
        ours[process.WORKERS] = "1"
    return {**{name: value for name, value in os.environ.items() if name not in dropped}, **ours}


def peak_bytes() -> int:
    """Return the most memory that this process has held so far; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # pragma: no cover - Windows
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main(task: str, arguments: str) -> None:
    """Do a task in this process."""
    if task not in _PEERS:
        process.tune()
    module, _, name = TASKS[task].partition(":")
    work: Callable[..., dict[str, Any]] = getattr(import_module(f"distil_core.bench.{module}"), name)
    result = work(**json.loads(arguments))
    print(json.dumps({"result": result, "peak_bytes": peak_bytes()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
