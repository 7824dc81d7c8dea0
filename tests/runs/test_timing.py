"""Timing: one at a time, while the others pause."""

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from distil_core.data.tokenization import encode
from distil_core.runs import locks, timing
from distil_core.runs.materials import Materials
from distil_core.runs.timing import alone, pause_for_others
from tests import tiny


def test_nobody_goes_on_while_somebody_is_timing(tmp_path: Path) -> None:
    went_on = threading.Event()

    def work() -> None:
        pause_for_others(tmp_path)
        went_on.set()

    with alone(tmp_path):
        other = threading.Thread(target=work)
        other.start()
        assert not went_on.wait(0.1)
    other.join(timeout=30)
    assert went_on.is_set()


def test_nobody_waits_without_reason(tmp_path: Path) -> None:
    pause_for_others(tmp_path)
    pause_for_others(tmp_path / "not there")


def test_a_run_is_timed_alone(tmp_path: Path) -> None:
    with alone(tmp_path / "new"):
        assert locks.held(timing._lock(tmp_path / "new"))


def test_memory_of_the_training_is_given_back_before_models_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(timing, "give_back_memory", lambda: done.append("given back"))
    monkeypatch.setattr(timing.cost, "speed", lambda *_, **__: done.append("timed") or {})
    tokens = encode(tiny.tokenizer(), ["sun and rain"] * 4, max_length=tiny.LENGTH)
    parts: dict[str, Any] = {
        "splits": {"test": SimpleNamespace(tokens=tokens)},
        "teacher": SimpleNamespace(model=tiny.model(depth=1)),
        "tokenizer": tiny.tokenizer(),
        "device": torch.device("cpu"),
    }
    materials = object.__new__(Materials)
    for name, part in parts.items():
        object.__setattr__(materials, name, part)
    timing.speeds(materials, {}, seconds=0.0)
    assert done == ["given back", "timed"]
