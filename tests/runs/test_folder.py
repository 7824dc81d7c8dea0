"""What lies in the folder of a run, and how it is read."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from distil_core.errors import StoreError
from distil_core.runs.folder import RunFolder
from distil_core.runs.store import RunStore
from distil_core.settings.config import Method
from distil_core.training.events import Validation, event_to_json
from tests import seeds


@pytest.fixture
def store(home: Path) -> RunStore:
    return RunStore(home)


def test_outputs_are_read_back(store: RunStore) -> None:
    run = seeds.finished(store, seeds.a_config())
    found = store.folder(run.id).read_predictions()
    assert found.test.right.mean() == 0.9
    assert found.validation.teacher.right.mean() == 0.95


@pytest.mark.parametrize("read", [RunFolder.read_predictions, RunFolder.read_test_texts])
@pytest.mark.parametrize("content", [None, b"nonsense"])
def test_unreadable_files_say_what_to_do(
    store: RunStore, read: Callable[[RunFolder], object], content: bytes | None
) -> None:
    folder = store.folder(seeds.finished(store, seeds.a_config()).id)
    for path in (folder.outputs, folder.test_texts):
        path.unlink()
        if content is not None:
            path.write_bytes(content)
    with pytest.raises(StoreError, match="delete the run and repeat it"):
        read(folder)


def test_events_of_another_version_are_left_out(tmp_path: Path) -> None:
    folder = RunFolder(path=tmp_path)
    assert folder.read_events() == ()
    told = Validation(epoch=1.0, score=0.5, agreement=None)
    folder.events.write_text(f'{{"event": "Party"}}\n{json.dumps(event_to_json(told))}\n', encoding="utf-8")
    assert folder.read_events() == (told,)


def test_only_some_runs_have_a_student(store: RunStore) -> None:
    with_student, *_ = (seeds.finished(store, config) for config in seeds.family_of(seeds.a_config()))
    assert store.folder(with_student.id).has_student
    tfidf = next(run for run in store.list() if run.config.method is Method.BASELINE)
    assert not store.folder(tfidf.id).has_student
