import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from distil_core.errors import RunNotFoundError
from distil_core.export import archive as export_archive
from distil_core.export.model_card import model_card
from distil_core.reporting import tables
from distil_core.runs import families
from distil_core.runs.record import RunRecord
from distil_core.runs.rows import Run
from distil_core.runs.sources import ShippedRuns
from distil_core.runs.store import RunStore
from distil_core.settings.config import CorpusConfig, Method, TeacherConfig
from distil_core.settings.serialization import from_json
from tests import seeds


@pytest.fixture
def store(home: Path) -> RunStore:
    return RunStore(home)


@pytest.fixture
def run(store: RunStore) -> Run:
    return seeds.finished_family(store)


def _unzip(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_archive_holds_one_folder_with_student_card_and_record(store: RunStore, run: Run) -> None:
    (store.folder(run.id).student / ".lock").touch()
    files = _unzip(export_archive.student_zip(store, run.id))
    name = f"student-reviews-{run.id[:8]}"
    assert set(files) == {f"{name}/{file}" for file in ("config.json", "model.safetensors", "README.md", "record.json")}
    assert files[f"{name}/model.safetensors"] == bytes(1000)
    assert from_json(RunRecord, json.loads(files[f"{name}/record.json"])) == run.record


def test_weights_are_not_compressed(store: RunStore, run: Run) -> None:
    with zipfile.ZipFile(io.BytesIO(export_archive.student_zip(store, run.id))) as archive:
        packed = {Path(info.filename).name: info.compress_type for info in archive.infolist()}
    assert packed["model.safetensors"] == zipfile.ZIP_STORED
    assert packed["README.md"] == zipfile.ZIP_DEFLATED


def test_what_ships_can_be_exported(tmp_path: Path) -> None:
    shipped = ShippedRuns(seeds.example_folder(tmp_path / "example"))
    assert "student-reviews-example/config.json" in _unzip(export_archive.student_zip(shipped, "example"))


def test_names_of_corpora_make_names_of_folders(store: RunStore, run: Run) -> None:
    found = families.family(run, store)
    assert found is not None
    record = found.distilled.record
    elsewhere = replace(record, corpus=replace(record.corpus, name="../my set"))
    named = replace(found, distilled=replace(found.distilled, record=elsewhere))
    assert export_archive.folder_name(named).startswith("student----my-set-")


def test_what_cannot_be_exported_is_said(store: RunStore) -> None:
    with pytest.raises(RunNotFoundError, match="no run 'nothing'"):
        export_archive.student_zip(store, "nothing")
    store.add("waiting", seeds.a_config(seed=2), corpus_name="reviews")
    with pytest.raises(RunNotFoundError, match="must be done"):
        export_archive.student_zip(store, "waiting")
    tfidf = seeds.finished(store, next(c for c in seeds.family_of(seeds.a_config()) if c.method is Method.BASELINE))
    with pytest.raises(RunNotFoundError, match="TF-IDF has none"):
        export_archive.student_zip(store, tfidf.id)


def test_no_folder_of_the_server_leaves_it(store: RunStore) -> None:
    corpus = CorpusConfig(source="/srv/lab/uploads/0123456789abcdef/train.csv", test="/srv/lab/test.csv")
    config = seeds.a_config(corpus=corpus, teacher=TeacherConfig(source="/srv/models/bert"))
    run = seeds.finished(store, config)
    family = families.family(run, store)
    assert family is not None
    shown = [
        str(tables.setting_rows(config)),
        str(tables.run_rows([run])),
        export_archive.record_json(family),
        model_card(family),
    ]
    assert [text for text in shown if "/srv" in text] == []
    assert all("train.csv" in text for text in (shown[0], shown[2], shown[3]))
