"""The table of a student's depths; never a time."""

from pathlib import Path

import pytest

from distil_core.bench import depths
from distil_core.runs.store import RunStore
from tests import tiny


def row(value: float) -> dict[str, object]:
    score = {"value": value, "low": value - 0.1, "high": value + 0.1}
    return {"score": score, "cost": {"parameters": 12_345_678, "texts_per_second": 1234.5}}


def test_the_table_has_the_teacher_first_and_a_line_a_depth() -> None:
    students = {"2": row(0.72), "1": row(0.4)}
    figures = {"task": "embeddings", "primary": "spearman", "teacher": row(0.8), "students": students}
    lines = depths.depth_table(figures).splitlines()
    assert [line.split(" | ")[0] for line in lines] == ["| Model", "|---|---:|---|---:|---:|---:|", "| teacher",
                                                        "| 2 layers", "| 1 layer"]  # fmt: skip
    assert "0.720 | 0.620 to 0.820 | 90.0 %" in lines[3]
    assert lines[4].endswith("| 12.3 M | 1,234 |")


@pytest.mark.usefixtures("quick")
def test_every_depth_is_distilled_and_timed_beside_the_teacher(lab: tiny.Lab, tmp_path: Path) -> None:
    store = RunStore(tmp_path / "store")
    figures = depths.compare_depths(lab.config(), store, depths=(2, 1))
    assert list(figures["students"]) == ["2", "1"]
    for depth, student in figures["students"].items():
        record = store.get(student["run"]).record
        assert record is not None
        assert len(record.layers) == int(depth)
        assert student["score"]["value"] == record.score.value
    rows = [figures["teacher"], *figures["students"].values()]
    assert all(row["cost"]["texts_per_second"] > 0 for row in rows)
    assert len({row["cost"]["parameters"] for row in rows}) == 3


def test_a_task_begins_with_its_own_settings() -> None:
    config = depths.usual("embeddings", teacher=None, corpus=None, test="", seed=3)
    assert (config.teacher.source, config.corpus.n_train, config.seed) == ("minilm", 1300, 3)
    named = depths.usual("embeddings", teacher="folder", corpus="a.csv", test="b.csv", seed=0)
    assert (named.teacher.source, named.corpus.source, named.corpus.test) == ("folder", "a.csv", "b.csv")
