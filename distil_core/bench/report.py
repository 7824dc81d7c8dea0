"""The README's table of performance: one line a figure, from what the benchmarks have printed."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from distil_core.bench.readings import as_markdown, times
from distil_core.bench.train import lower_bound
from distil_core.errors import ConfigError

Rows = list[list[str]]


def read(path: Path) -> dict[str, Any]:
    """Return the last line of what a benchmark printed.

    Raises:
        ConfigError: If it is not the JSON of a benchmark.
    """
    try:
        output = json.loads(path.read_text(encoding="utf-8").strip().splitlines()[-1])
    except (OSError, ValueError, IndexError) as exc:
        raise ConfigError(f"{path} must be a file with what a benchmark printed, got {exc}") from exc
    if not isinstance(output, dict) or output.get("benchmark") not in _ROWS:
        raise ConfigError(f"the last line of {path} must be the JSON of one of {', '.join(_ROWS)}; run it again")
    return output


def table(outputs: Sequence[Mapping[str, Any]]) -> str:
    """Return the figures of some benchmarks as markdown, with their commands, and the machines that they come from."""
    rows = [["figure", "ours", "beside it", "ratio", "command"]]
    for output in outputs:
        command = f"`bench {output['benchmark']}`"
        rows += [[*row, command] for row in _ROWS[output["benchmark"]](output)]
    machines = dict.fromkeys(_machine(output) for output in outputs)
    return "\n".join([as_markdown(rows), "", *machines])


def _machine(output: Mapping[str, Any]) -> str:
    machine, limits = output["machine"], output["limits"]
    peaks = (f"{max(limits[name].values()) / 1e9:.0f} GFLOP/s in {name}" for name in ("bf16", "fp32"))
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return f"{machine['processor']}, {machine['threads']} threads, at most {' and '.join(peaks)}; {versions}."


def _train(output: Mapping[str, Any]) -> Rows:
    work = output["workload"]
    title = f"{work['corpus']}, {work['n_train']:,} texts, {work['epochs']} epochs"
    ours = f"{output['seconds']:.1f} s, {output['accuracy']:.1%}"
    rows = [
        [f"training, {title}", ours, f"{name}: {side['seconds']:.1f} s, {side['accuracy']:.1%}", times(side["ratio"])]
        for name, side in output["peers"].items()
    ] or [[f"training, {title}", ours, "", ""]]
    if output["peer_seconds"] is not None:
        name, side = next(iter(output["peers"].items()))
        whole = (f"{output['process_seconds']:.1f} s", f"{name}: {side['process_seconds']:.1f} s")
        rows.append(["the same as whole processes", *whole, times(side["process_ratio"])])
    if output["gemm_share"] is not None:
        rows.append([f"share of the {output['precision']} peak while training", f"{output['gemm_share']:.0%}", "", ""])
    if output.get("target_seconds") is not None:
        goal = f"time to {output['target_accuracy']:.1%}, 97 % of the teacher's accuracy"
        both = [_reached(output, ""), f"usual loop: {_reached(output, 'peer_')}"]
        rows.append([goal, *both, lower_bound(output) + times(output["target_ratio"])])
    names = ("peak_bytes", "peak_bytes_of_twice_the_epochs", "peer_peak_bytes")
    peak, twice, peer = ("" if output[name] is None else f"{output[name] / 1e9:.2f} GB" for name in names)
    return [*rows, ["peak memory", f"{peak}, {twice} with twice the epochs", peer, ""]]


def _reached(output: Mapping[str, Any], who: str) -> str:
    seconds, n_missed = output[f"{who}target_seconds"], output[f"{who}target_missed"]
    if seconds is None:
        return "not run"
    return f"{seconds:.1f} s" + (f" (missed in {n_missed} of {output['repeats']})" if n_missed else "")


def _grid(output: Mapping[str, Any]) -> Rows:
    work, n_timed = output["workload"], output["n_peer_loops_timed"]
    title = f"grid of {len(work['temperatures'])} temperatures x {len(work['depths'])} depths"
    how = "loops" if n_timed == output["n_cells"] else f"loops ({n_timed} timed, one a depth, times the temperatures)"
    theirs = "" if output["ratio"] is None else f"{output['n_cells']} {how}: {output['peer_seconds']:.0f} s"
    return [[title, f"{output['seconds']:.0f} s", theirs, times(output["ratio"])]]


def _answer(output: Mapping[str, Any]) -> Rows:
    peer = f"pipeline: {output['peer_seconds']:.1f} s"
    bulk = [f"{output['n_texts']:,} texts answered", f"{output['seconds']:.1f} s", peer, times(output["ratio"])]
    quick = [
        f"the same in {output['quick_precision']}",
        f"{output['quick_seconds']:.1f} s",
        peer,
        times(output["quick_ratio"]),
    ]
    return [bulk, quick, ["one text, teacher and student", times(output["compare_ms"], unit=" ms"), "", ""]]


def _start(output: Mapping[str, Any]) -> Rows:
    peer = f"`streamlit hello`: {output['peer_seconds']:.1f} s"
    return [
        [f"start, until {output['until']}", f"{output['seconds']:.1f} s", peer, f"{times(output['ratio'])} as long"]
    ]


def _scale(output: Mapping[str, Any]) -> Rows:
    rows = [
        [f"{line['n_texts']:,} reviews, time a text", times(line["ms_per_text"], unit=" ms", digits=2), "", ""]
        for line in output["sizes"]
    ]
    return [*rows, ["memory a text", f"{output['bytes_per_text']:.0f} bytes", "", ""]]


_ROWS: dict[str, Callable[[Mapping[str, Any]], Rows]] = {
    "train": _train,
    "grid": _grid,
    "answer": _answer,
    "start": _start,
    "scale": _scale,
}
