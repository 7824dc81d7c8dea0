"""A distillation beside the loops that people write today: time, accuracy, memory, and time to a good student."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import mean, median
from typing import Any

from distil_core.bench import child
from distil_core.bench.machine import LARGE, shape_name
from distil_core.bench.peers import PEERS
from distil_core.bench.readings import alternating, as_text, ratios, times
from distil_core.bench.workload import Workload
from distil_core.settings.serialization import to_json

FIRST = next(iter(PEERS))
"""The peer that the headline is taken against."""
TARGET = 0.97
"""Share of the teacher's accuracy that makes a good student."""
USUAL_RATE, USUAL_EPOCHS = 5e-5, 3
"""Learning rate and epochs that such a loop is usually started with."""


@dataclass
class Side:
    """What the runs of one side said, one entry a round; ``reached`` is None where a target was missed."""

    seconds: list[float] = field(default_factory=list)
    process_seconds: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    peak_bytes: list[float] = field(default_factory=list)
    results: list[dict[str, Any]] = field(default_factory=list)

    def add(self, done: child.Finished) -> None:
        """Take down one run."""
        self.seconds.append(done.result["seconds"])
        self.process_seconds.append(done.seconds)
        self.accuracy.append(done.result["accuracy"])
        self.peak_bytes.append(float(done.peak_bytes))
        self.results.append(done.result)

    def to_json(self, ours: "Side") -> dict[str, Any]:
        """Return the figures of a peer beside ours."""
        return {
            "ratio": to_json(ratios(ours.seconds, self.seconds)),
            "process_ratio": to_json(ratios(ours.process_seconds, self.process_seconds)),
            "seconds": median(self.seconds),
            "process_seconds": median(self.process_seconds),
            "accuracy": mean(self.accuracy),
            "accuracies": self.accuracy,
            "peak_bytes": median(self.peak_bytes),
        }


def start(name: str, workload: Workload, **more: Any) -> child.Finished:
    """Let one side do the work: ``ours`` or a peer."""
    if name == "ours":
        return child.run("ours", workload=to_json(workload), **more)
    peer = PEERS[name]
    return child.run(peer.task, workload=to_json(workload), **peer.settings, **more)


def warming(workload: Workload) -> Workload:
    """Return a small piece of the work."""
    return replace(workload, epochs=1, limit=4 * workload.batch_size)


def missing(names: Sequence[str]) -> dict[str, str]:
    """Return which peers cannot run here, and why."""
    reasons = {name: child.run("importable", modules=list(PEERS[name].needs)).result["reason"] for name in names}
    return {name: reason for name, reason in reasons.items() if reason}


def compare(workload: Workload, *, peers: Sequence[str], repeats: int, target: bool = True) -> dict[str, Any]:
    """Run all sides in turn, each round with another seed; return all figures.

    Every side has done a small piece of the work before it is timed, so that files and compiled kernels are warm.

    Args:
        workload: What to distil.
        peers: Whom to run beside us.
        repeats: Rounds.
        target: Whether to time how soon each side has a good student.
    """
    skipped = missing(peers)
    if not workload.frozen:
        skipped |= {name: "nothing is frozen, see --frozen" for name in peers if PEERS[name].settings.get("freezes")}
    names = ["ours", *(name for name in peers if name not in skipped)]
    for name in names:
        start(name, warming(workload))
    sides, limits = {name: Side() for name in names}, list[dict[str, Any]]()
    for number, name in alternating(names, repeats):
        if name == names[number % len(names)]:
            shapes = sides["ours"].results[0]["shapes"] if sides["ours"].results else []
            limits.append(child.run("limits", shapes=shapes).result)
        sides[name].add(start(name, replace(workload, seed=workload.seed + number)))
    limits.append(child.run("limits", shapes=sides["ours"].results[0]["shapes"]).result)
    longer = start("ours", replace(workload, epochs=2 * workload.epochs))
    teacher = child.run("teacher", workload=to_json(workload)).result["accuracy"]
    measured = figures(sides, limits, teacher_accuracy=teacher, longer=longer, skipped=skipped)
    if target:
        with_loop = FIRST if FIRST in names else None
        measured |= sooner(workload, peer=with_loop, repeats=repeats, goal=TARGET * teacher)
    return measured


def figures(
    sides: dict[str, Side],
    limits: Sequence[dict[str, Any]],
    *,
    teacher_accuracy: float,
    longer: child.Finished,
    skipped: dict[str, str],
) -> dict[str, Any]:
    """Return what the readings come down to; None where there is no first peer.

    ``ratio`` and ``seconds`` are those of the training, teacher included; ``process_ratio`` and ``process_seconds``
    those of the whole processes.
    """
    ours, peers = sides["ours"], {name: side for name, side in sides.items() if name != "ours"}
    first = peers.get(FIRST)
    beside = {name: side.to_json(ours) for name, side in peers.items()}
    precision = ours.results[0]["precision"]
    peak = median(limit[precision][shape_name(LARGE)] for limit in limits)
    shares = [gemm_share(result, peak) for result in ours.results]
    known = [share for share in shares if share is not None]
    return {
        "ratio": beside[FIRST]["ratio"]["median"] if first else None,
        "ratio_range": [beside[FIRST]["ratio"][end] for end in ("low", "high")] if first else None,
        "seconds": median(ours.seconds),
        "peer_seconds": median(first.seconds) if first else None,
        "process_ratio": beside[FIRST]["process_ratio"]["median"] if first else None,
        "process_seconds": median(ours.process_seconds),
        "peer_process_seconds": median(first.process_seconds) if first else None,
        "student_seconds": median(result["student_seconds"] for result in ours.results),
        "accuracy": mean(ours.accuracy),
        "accuracies": ours.accuracy,
        "peer_accuracy": mean(first.accuracy) if first else None,
        "teacher_accuracy": teacher_accuracy,
        "precision": precision,
        "gemm_share": median(known) if known else None,
        "peak_bytes": median(ours.peak_bytes),
        "peer_peak_bytes": median(first.peak_bytes) if first else None,
        "peak_bytes_of_twice_the_epochs": longer.peak_bytes,
        "limits": limits[-1],
        "peers": beside,
        "skipped": skipped,
    }


def gemm_share(result: dict[str, Any], peak: float) -> float | None:
    """Return which share of the measured peak of products a training has reached; None if nobody can count."""
    if result["operations"] is None:
        return None
    share: float = result["operations"] / result["student_seconds"] / peak
    return share


def sooner(workload: Workload, *, peer: str | None, repeats: int, goal: float) -> dict[str, Any]:
    """Time how soon a student reaches some accuracy: ours as the workload has it, the loop as one usually starts it.

    A loop that misses it counts with the time of its whole training, so that the ratio is a lower bound; there is none
    if our side misses it. ``target_missed`` and ``peer_target_missed`` say how often.
    """
    usual = replace(workload, epochs=USUAL_EPOCHS, peer_learning_rate=USUAL_RATE)
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in ("ours", peer) if name}
    for number, name in alternating(list(results), repeats):
        task = replace(workload if name == "ours" else usual, seed=workload.seed + number)
        results[name].append(start(name, task, target=goal).result)
    ours, theirs = ([result["seconds"] for result in results.get(name, [])] for name in ("ours", str(peer)))
    return {
        "target_accuracy": goal,
        "target_seconds": median(ours),
        "target_missed": missed(results["ours"]),
        "target_ratio": to_json(ratios(ours, theirs)) if peer and not missed(results["ours"]) else None,
        "peer_target_seconds": median(theirs) if peer else None,
        "peer_target_missed": missed(results[peer]) if peer else None,
    }


def missed(results: Sequence[dict[str, Any]]) -> int:
    """Count the runs that ended before they reached their target."""
    return sum(result["reached"] is None for result in results)


def table(figures: dict[str, Any]) -> str:
    """Return the figures for a terminal."""
    head = ["", "training", "ratio", "whole process", "ratio", "accuracy", "peak memory"]
    rows = [head, ["ours", *_side(figures, None)]]
    rows += [[name, *_side(side, side)] for name, side in figures["peers"].items()]
    lines = [as_text(rows), ""]
    lines += [f"skipped {name}: {reason}" for name, reason in figures["skipped"].items()]
    lines.append(f"teacher's accuracy: {figures['teacher_accuracy']:.2%}")
    if figures["gemm_share"] is not None:
        peak = f"share of the measured {figures['precision']} peak while the student trains"
        lines.append(f"{peak}: {figures['gemm_share']:.1%}")
    lines.append(f"peak memory with twice the epochs: {figures['peak_bytes_of_twice_the_epochs'] / 1e9:.2f} GB")
    if "target_seconds" in figures:
        lines.append(_target(figures))
    return "\n".join(lines)


def _side(figures: dict[str, Any], beside: dict[str, Any] | None) -> list[str]:
    def ratio(name: str) -> str:
        return times(beside[name]) if beside else ""

    return [
        f"{figures['seconds']:.1f} s",
        ratio("ratio"),
        f"{figures['process_seconds']:.1f} s",
        ratio("process_ratio"),
        f"{figures['accuracy']:.2%}",
        f"{figures['peak_bytes'] / 1e9:.2f} GB",
    ]


def _target(figures: dict[str, Any]) -> str:
    def of(seconds: float, n_missed: int) -> str:
        return f"{seconds:.1f} s" + (f" (missed {n_missed} times)" if n_missed else "")

    text = f"to {figures['target_accuracy']:.2%}, {TARGET:.0%} of the teacher's: "
    text += of(figures["target_seconds"], figures["target_missed"])
    if figures["peer_target_seconds"] is None:
        return text
    theirs = of(figures["peer_target_seconds"], figures["peer_target_missed"])
    return f"{text}, usual loop {theirs}, {lower_bound(figures)}{times(figures['target_ratio'])}"


def lower_bound(figures: Mapping[str, Any]) -> str:
    """Return the words before the ratio of a target that the peer missed."""
    return "at least " if figures["peer_target_missed"] and figures["target_ratio"] else ""
