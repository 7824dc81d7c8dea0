"""Parquet as it comes: packed many times over, damaged where nobody looks, with what no calendar has."""

import resource
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from distil_core.data import files
from distil_core.errors import CorpusError
from distil_core.settings.config import CorpusConfig
from distil_core.tasks.corpora import load_corpus

TEXTS = [f"soup number {i}" for i in range(40)]
MAX_GROWTH = 500_000_000


def write(path: Path, *, metadata: dict[bytes, bytes] | None = None, **columns: object) -> Path:
    table = pa.table({"text": TEXTS, "label": [i % 2 for i in range(40)], **columns})
    parquet.write_table(table.replace_schema_metadata(metadata), path)
    return path


def test_what_unfolds_to_gigabytes_is_refused_and_shown_in_little_memory(tmp_path: Path) -> None:
    path, n = tmp_path / "a.parquet", 1_900_000
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * n, pa.int32()), ["soup " * 200])
    parquet.write_table(pa.table({"text": texts, "label": pa.nulls(n, pa.string())}), path)
    assert path.stat().st_size < 300_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    shown = files.preview(path)
    assert shown.n_rows == n
    assert shown.rows[0][0].startswith("soup soup")
    with pytest.raises(CorpusError, match=r"'text' of a\.parquet must have at most 300 million characters in all"):
        load_corpus(CorpusConfig(source=str(path)))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before < MAX_GROWTH


def test_days_that_no_calendar_has_spoil_their_column_alone(tmp_path: Path) -> None:
    days, moments = pa.array([2**31 - 1] * 40, pa.date32()), pa.array([2**62] * 40, pa.timestamp("us"))
    path = write(tmp_path / "a.parquet", day=days, moment=moments)
    assert files.preview(path).rows[0] == ("soup number 0", "0", "(cannot be shown)", "(cannot be shown)")
    assert load_corpus(CorpusConfig(source=str(path))).label_names == ("0", "1")
    with pytest.raises(CorpusError, match=r"^a\.parquet is a damaged Parquet file \(.*\); write it again$"):
        load_corpus(CorpusConfig(source=str(path), text_column="day"))


@pytest.mark.parametrize(
    "told", [b"{", b"[]", b'{"info": {"features": {"label": {"_type": "ClassLabel", "names": 3}}}}', b"\xff"]
)
def test_names_of_labels_that_cannot_be_read_are_left_and_told(tmp_path: Path, told: bytes) -> None:
    corpus = load_corpus(CorpusConfig(source=str(write(tmp_path / "a.parquet", metadata={b"huggingface": told}))))
    assert corpus.label_names == ("0", "1")
    assert any("names of labels that datasets left in a.parquet cannot be read" in note for note in corpus.notes)
