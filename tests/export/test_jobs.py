"""Exports in the background: how far one is, from what its process has left on disk."""

import json
import os

import pytest
from filelock import FileLock

from distil_core.errors import RunNotFoundError
from distil_core.export import jobs
from distil_core.export.formats import Format
from distil_core.runs.store import RunStore
from distil_core.settings.config import Method
from distil_core.settings.serialization import to_json
from tests import seeds
from tests.factories import a_proof

ONNX = Format.ONNX


@pytest.fixture
def store(home: os.PathLike[str]) -> RunStore:
    return RunStore(home)  # type: ignore[arg-type]


def test_it_runs_while_somebody_holds_its_lock_and_is_done_once_there_is_a_proof(store: RunStore) -> None:
    run = seeds.finished(store, seeds.a_config()).id
    nothing = jobs.export_state(store, run, ONNX)
    assert (nothing.running, nothing.error, nothing.proof) == (False, "", None)
    folder = store.folder(run).exports / "onnx"
    assert nothing.folder == folder  # goes when its run is deleted
    folder.mkdir(parents=True)
    progress = folder.with_name("onnx.json")
    progress.write_text(json.dumps({"stage": "Starting", "starting": True}))
    assert jobs.export_state(store, run, ONNX).running
    os.utime(progress, (0, 0))
    assert "has ended before it was done" in jobs.export_state(store, run, ONNX).error
    progress.write_text(json.dumps({"stage": "Timing", "share": 0.5}))
    with FileLock(folder.with_name("onnx.lock")):
        busy = jobs.export_state(store, run, ONNX)
    assert (busy.running, busy.stage, busy.share) == (True, "Timing", 0.5)
    assert jobs.export_state(store, run, ONNX).error
    (folder / "proof.json").write_text(json.dumps(to_json(a_proof())))
    done = jobs.export_state(store, run, ONNX)
    assert done.proof == a_proof()
    assert done.names() == ("proof.json",)
    jobs.start_export(store, run, ONNX)  # has nothing to do
    assert not (store.path / "exports.log").exists()


def test_why_it_could_not_be_done_is_on_disk_too(store: RunStore) -> None:
    baseline = next(config for config in seeds.family_of(seeds.a_config()) if config.method is Method.BASELINE)
    run = seeds.finished(store, baseline).id
    with pytest.raises(RunNotFoundError):
        jobs.export_into_store(store, run, ONNX, tell=lambda *_: None)
    assert "must have a student to be exported" in jobs.export_state(store, run, ONNX).error


def test_what_ships_is_exported_beside_the_runs_of_the_store(store: RunStore) -> None:
    assert jobs.export_state(store, "example", ONNX).folder == store.path / "exports" / "example" / "onnx"
