"""The roads that are compared, and their table; never a time."""

from pathlib import Path

import pytest

from distil_core.bench import roads
from distil_core.runs.store import RunStore
from distil_core.settings.config import WeightFormat
from tests import tiny


def test_every_road_is_gone_by_itself_and_some_one_after_another() -> None:
    titles = [way.title for way in roads.ways(range(1, 7), shares=(0.5,))]
    assert titles == [
        "6 layers · int8, not trained",
        "3 layers, distilled",
        "2 layers, distilled",
        "1 layer, distilled",
        "3 layers · int8, distilled",
        "6 layers · 50 % of the heads, not trained",
        "6 layers · 50 % of the neurons, not trained",
        "6 layers · 50 % of the heads, distilled",
        "6 layers · 50 % of the neurons, distilled",
        "6 layers · 50 % of the heads · 50 % of the neurons, distilled",
        "6 layers · 50 % of the heads · 50 % of the neurons · int8, distilled",
    ]
    assert [way.student.depth for way in roads.ways(range(7), shares=())][1:5] == [3, 2, 1, 0]


@pytest.mark.usefixtures("quick")
def test_what_was_measured_stands_in_the_table(lab: tiny.Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = [way for way in roads.ways(range(1, 5), shares=(0.5,)) if way.student.depth != 1 and not way.trained]
    monkeypatch.setattr(roads, "ways", lambda *_, **__: chosen[:2])
    store = RunStore(tmp_path / "store")
    figures = roads.compare_roads(lab.config(), store, shares=(0.5,), seeds=(0,))
    assert [way.student.weights for way in chosen[:2]] == [WeightFormat.INT8, WeightFormat.FP32]
    assert list(figures["models"]) == [
        "teacher",
        "teacher in ONNX Runtime, fp32",
        *(way.title for way in chosen[:2]),
        "TF-IDF",
    ]
    small, pruned = (figures["models"][way.title] for way in chosen[:2])
    assert pruned["bytes"] < figures["models"]["teacher"]["bytes"]
    (stored,) = (store.folder(run.id).quantized for run in store.list() if store.folder(run.id).quantized.is_file())
    assert small["bytes"] == stored.stat().st_size
    assert small["milliseconds"] > 0
    lines = roads.road_table(figures).splitlines()
    assert len(lines) == 7
    assert lines[4].startswith("| 4 layers · int8, not trained | ")
