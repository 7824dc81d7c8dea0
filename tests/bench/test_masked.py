"""Both sides of the distillation of masked words learn the same from one student; never a time."""

from dataclasses import asdict
from pathlib import Path

from distil_core.bench import masked, masked_loop, masked_ours
from distil_core.bench.readings import Spread
from distil_core.runs.store import RunStore
from distil_core.settings.serialization import to_json
from tests import words


def test_both_sides_come_near_the_teacher_from_the_same_start(tmp_path: Path) -> None:
    work = masked.prepare(words.a_config(tmp_path), tmp_path, RunStore(tmp_path / "store"))
    outs = [tmp_path / name for name in ("ours", "loop")]
    steps = [
        side.distil(**asdict(work), out=str(out))["steps"]
        for side, out in zip((masked_ours, masked_loop), outs, strict=True)
    ]
    assert abs(steps[0] - steps[1]) <= 2 * work.epochs
    students = [str(tmp_path / "student"), *map(str, outs)]
    judged = masked_ours.judge(folder=work.folder, teacher=work.teacher, students=students, max_length=work.max_length)
    start, ours, loop = (judged[student] for student in students)
    assert max(ours["kl"], loop["kl"]) < 0.7 * start["kl"]
    assert abs(ours["kl"] / loop["kl"] - 1) < 0.5


def test_the_table_has_the_start_and_both_sides() -> None:
    measured = {"kl": 0.25, "cross_entropy": 3.0, "masked_accuracy": 0.4}
    figures = {
        "process_seconds": {"ours": 10.0, "plain loop": 40.0},
        "ratio": to_json(Spread(median=4.0, low=3.9, high=4.2)),
        "peak_bytes": {"ours": 10**9, "plain loop": 2 * 10**9},
        "steps": {"ours": 30, "plain loop": 32},
        "students": {"start": {**measured, "kl": 1.0}, "ours": measured, "plain loop": measured},
    }
    lines = masked.table(figures).splitlines()
    assert lines[1].startswith("before training")
    assert "4.0x (3.9 to 4.2)" in lines[3]
    assert "0.250 nats" in lines[2]
