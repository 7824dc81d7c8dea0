"""Several temperatures and depths through the queue and its workers, beside a loop of one's own for each."""

import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from distil_core.bench import child, train
from distil_core.bench.readings import alternating, as_text, ratios, times
from distil_core.bench.workload import Workload
from distil_core.errors import ConfigError
from distil_core.models.checkpoints import locate
from distil_core.settings.config import RunConfig, StudentConfig, TeacherConfig
from distil_core.settings.hardware import n_workers
from distil_core.settings.layer_maps import layer_indices
from distil_core.settings.serialization import to_json


def cells(workload: Workload, temperatures: Sequence[float], depths: Sequence[int]) -> list[Workload]:
    """Return the work of each cell, depth by depth."""
    n_layers = locate(workload.teacher).n_layers
    return [
        replace(workload, layers=layer_indices(StudentConfig(depth=depth), n_layers), temperature=temperature)
        for depth in depths
        for temperature in temperatures
    ]


def config_of(cell: Workload) -> RunConfig:
    """Return a cell as the run that a user would ask for."""
    return RunConfig(
        corpus=cell.corpus,
        teacher=TeacherConfig(source=cell.teacher, max_length=cell.max_length),
        student=StudentConfig(layers=cell.layers),
        loss=cell.loss,
        training=cell.training,
        seed=cell.seed,
    )


def ours(grid: Sequence[Workload]) -> dict[str, Any]:
    """Queue all cells in a new store, start its workers, and wait for the last of them.

    What a run does besides training counts: validating after each epoch, measuring, keeping all of it.

    Raises:
        ConfigError: If a run fails.
    """
    from distil_core.runs import requests
    from distil_core.runs import workers as run_workers
    from distil_core.runs.rows import RunState
    from distil_core.runs.store import RunStore

    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(Path(folder))
        started = time.perf_counter()
        runs = [requests.submit(config_of(cell), store, twins=False)[0] for cell in grid]
        workers = [
            subprocess.Popen(
                run_workers.worker_command(store, slot, idle_seconds=0.0),
                env=child.environment("ours"),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for slot in range(n_workers())
        ]
        try:
            done = run_workers.wait(store, [run.id for run in runs])
            seconds = time.perf_counter() - started
        finally:
            for worker in workers:
                worker.terminate()
                worker.wait()
    for run in done:
        if run.state is not RunState.DONE or run.record is None:
            raise ConfigError(f"run {run.id} must end well to be timed, but was {run.state}: {run.error}")
    accuracies = [run.record.score.value for run in done if run.record is not None]
    return {"seconds": seconds, "accuracies": accuracies, "workers": len(workers)}


def theirs(grid: Sequence[Workload], *, whole: bool) -> dict[str, Any]:
    """Run a loop for each cell, or for one cell of each depth, whose time then stands for all cells of that depth."""
    depths = [len(cell.layers) for cell in grid]
    chosen = list(range(len(grid))) if whole else [depths.index(depth) for depth in dict.fromkeys(depths)]
    timed = {i: train.start(train.FIRST, grid[i]) for i in chosen}
    counts = {i: 1 if whole else depths.count(depths[i]) for i in chosen}
    return {
        "seconds": sum(counts[i] * done.seconds for i, done in timed.items()),
        "accuracies": [done.result["accuracy"] for done in timed.values()],
        "n_timed": len(timed),
    }


def compare(grid: Sequence[Workload], *, repeats: int, whole: bool) -> dict[str, Any]:
    """Run both sides in turn, and return all figures; the ratio is None where the loop cannot run."""
    skipped = train.missing([train.FIRST])
    names = ["ours"] + ([] if skipped else [train.FIRST])
    for name in names:
        train.start(name, train.warming(grid[0]))
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for number, name in alternating(names, repeats):
        round_ = [replace(cell, seed=cell.seed + number) for cell in grid]
        results[name].append(ours(round_) if name == "ours" else theirs(round_, whole=whole))
    our, peer = ([result["seconds"] for result in results.get(name, [])] for name in ("ours", train.FIRST))
    return {
        "ratio": to_json(ratios(our, peer)) if peer else None,
        "seconds": median(our),
        "peer_seconds": median(peer) if peer else None,
        "n_cells": len(grid),
        "n_peer_loops_timed": results[train.FIRST][0]["n_timed"] if peer else 0,
        "workers": results["ours"][0]["workers"],
        "accuracies": results["ours"][0]["accuracies"],
        "peer_accuracies": results[train.FIRST][0]["accuracies"] if peer else [],
        "skipped": skipped,
    }


def table(figures: dict[str, Any]) -> str:
    """Return the figures for a terminal."""
    rows = [["", f"{figures['n_cells']} students", "ratio"]]
    rows.append([f"ours, {figures['workers']} workers", f"{figures['seconds']:.1f} s", ""])
    if figures["ratio"]:
        n_timed = figures["n_peer_loops_timed"]
        how = "each timed" if n_timed == figures["n_cells"] else f"{n_timed} timed, one a depth, times the temperatures"
        rows.append([f"{train.FIRST}, {how}", f"{figures['peer_seconds']:.1f} s", times(figures["ratio"])])
    return "\n".join([as_text(rows), *(f"skipped {name}: {reason}" for name, reason in figures["skipped"].items())])
