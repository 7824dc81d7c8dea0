import csv
import gzip
import json
import math
import os
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from distil_core.data import files, lines
from distil_core.data.corpus import SEGMENT
from distil_core.data.files import FilePreview, preview
from distil_core.data.sources import read_sentences
from distil_core.errors import CorpusError
from distil_core.settings.config import CorpusConfig
from distil_core.tasks.corpora import load_corpus

ROWS = [(f"text {i} {label}", label) for label in ("no", "yes") for i in range(10)]


def write_csv(path: Path, rows=ROWS, *, header=("text", "label"), delimiter=",") -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter).writerows([header, *rows])
    return path


def write_jsonl(path: Path, rows) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


HEAD = b"text,label\n"
PLENTY = b"".join(b"text %d,%s\n" % (i, b"no" if i % 2 else b"yes") for i in range(20))


def broken_parquet(path: Path) -> Path:
    write_parquet(path)
    content = bytearray(path.read_bytes())
    content[10:60] = bytes(50)
    return write(path, bytes(content))


def write_parquet(path: Path, rows=ROWS) -> Path:
    pd.DataFrame(rows, columns=["text", "label"]).to_parquet(path)
    return path


def huge(path: Path) -> Path:
    path.touch()
    os.truncate(path, lines.MAX_BYTES + 1)
    return path


def folder(path: Path) -> Path:
    path.mkdir()
    return path


BAD: dict[str, tuple[str, Callable[[Path], Path], list[str]]] = {
    "missing": ("a.csv", lambda p: p, ["a.csv", "must be a file that exists", "check the path"]),
    "folder": ("a.csv", folder, ["must be a file"]),
    "zero byte in the path": ("a\0.csv", lambda p: p, ["must be a file that exists"]),
    "long path": ("a" * 5000 + ".csv", lambda p: p, ["cannot be read", "check the path"]),
    "extension": (
        "a.xlsx",
        lambda p: write(p, b"x"),
        [".csv, .tsv, .conll, .jsonl, .ndjson, .json, .parquet", "'a.xlsx'"],
    ),
    "too large": ("a.csv", huge, ["at most 200 MB, got 200.0 MB", "take a part"]),
    "empty": ("a.csv", lambda p: write(p, b""), ["must not be empty", "write column names"]),
    "blank": ("a.jsonl", lambda p: write(p, b" \n\n"), ["must not be empty"]),
    "only a mark": ("a.csv", lambda p: write(p, b"\xef\xbb\xbf\n"), ["must not be empty"]),
    "header only": ("a.csv", lambda p: write(p, HEAD), ["rows below its column names", "add examples"]),
    "zip": ("a.csv", lambda p: write(p, b"PK\x03\x04rest"), ["plain text", "Excel workbook", "save it as .csv"]),
    "png": ("a.csv", lambda p: write(p, b"\x89PNG\r\n"), ["plain text", "PNG image"]),
    "pdf": ("a.tsv", lambda p: write(p, b"%PDF-1.7"), ["PDF document", "save it as .tsv"]),
    "gzip": ("a.jsonl", lambda p: write(p, gzip.compress(b"{}")), ["gzip archive", "save it as .jsonl"]),
    "parquet as csv": ("a.csv", lambda p: write(p, b"PAR1...."), ["Parquet file"]),
    "binary": ("a.csv", lambda p: write(p, HEAD + b"a\0b,1\n"), ["zero byte at offset 12", "save it as .csv"]),
    "latin-1": (
        "a.csv",
        lambda p: write(p, HEAD + b"fine,1\ncaf\xe9,0\n"),
        ["UTF-8", "byte 0xe9 at offset 21 (line 3)", "save it as UTF-8"],
    ),
    "latin-1 behind a mark": (
        "a.csv",
        lambda p: write(p, b"\xef\xbb\xbf" + HEAD + b"caf\xe9,0\n"),
        ["byte 0xe9 at offset 17 (line 2)"],
    ),
    "utf-16 without a mark": (
        "a.csv",
        lambda p: write(p, "text,label\ncaf\u00e9,1\n".encode("utf-16-le")),
        ["got UTF-16 without a byte order mark", "save it as UTF-8"],
    ),
    "columns": (
        "a.csv",
        lambda p: write(p, b",".join(b"c%d" % i for i in range(100_000)) + b"\n1\n"),
        ["2,000 columns"],
    ),
    "keys": (
        "a.jsonl",
        lambda p: write(p, b"".join(b'{"k%d": 1, "text": "a"}\n' % i for i in range(3_000))),
        ["at most 2,000 columns or different keys"],
    ),
    "lists": ("a.jsonl", lambda p: write(p, b'{"a": [' + b"[]," * 3_400_000 + b"1]}\n"), ["line 1", "at most 10 MB"]),
    "utf-16": ("a.csv", lambda p: write(p, "text,label\n".encode("utf-16")), ["got UTF-16", "save it as UTF-8"]),
    "too many fields": (
        "a.csv",
        lambda p: write(p, HEAD + b'"two\nlines",1\nwell, well,1\n'),
        ["line 4", "2 fields", "got 3", "in double quotes"],
    ),
    "too few fields": ("a.csv", lambda p: write(p, HEAD + b"a,1\n\nb\n"), ["line 4", "2 fields", "got 1"]),
    "open quote": ("a.csv", lambda p: write(p, HEAD + b'a,1\n"b, c,1\nc,1\n'), ["line 3", "quotation marks", "close"]),
    "ragged tsv": ("a.tsv", lambda p: write(p, b"text\tlabel\na\t1\tx\n"), ["line 2", "2 fields", "got 3"]),
    "repeated column": ("a.csv", lambda p: write(p, b"text,text,label\na,b,1\n"), ["'text' twice", "rename"]),
    "bad json": ("a.jsonl", lambda p: write(p, b'{"text": "a"}\n\n{"text": \n'), ["line 3", "one object on each line"]),
    "deep json": ("a.jsonl", lambda p: write(p, b"[" * 100_000), ["line 1", "one object on each line"]),
    "json list": ("a.jsonl", lambda p: write(p, b'["a", 1]\n'), ["line 1", "JSON object, got list", "one object"]),
    "not parquet": ("a.parquet", lambda p: write(p, HEAD + PLENTY), ["must be a Parquet file", "rename"]),
    "cut parquet": ("a.parquet", lambda p: write(p, b"PAR1 and no more"), ["damaged Parquet file", "write it again"]),
    "no rows": ("a.parquet", lambda p: write_parquet(p, []), ["rows below its column names"]),
    "parquet repeated": (
        "a.parquet",
        lambda p: parquet.write_table(pa.table([["a"], ["b"]], names=["x", "x"]), p) or p,
        ["'x' twice"],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_in_one_sentence(tmp_path: Path, case: str) -> None:
    name, build, expected = BAD[case]
    path = build(tmp_path / name)
    with pytest.raises(CorpusError) as error:
        files.read_table(path)
    message = str(error.value)
    assert "\n" not in message
    for part in expected:
        assert part in message
    with pytest.raises(CorpusError, match=re.escape(message)):
        preview(path)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "a.csv",
            b",".join([b"c"] * 2000).replace(b"c", b"%d") % tuple(range(2000)) + (b"\n" + b"," * 1999) * 2501,
            "2,500 rows",
        ),
        ("a.jsonl", (b'{"a": [' + b"1," * 2_000_000 + b"1]}\n") * 6, "at most 5,000,000 cells or values"),
        ("a.json", b"[" + b"[]," * 5_000_000 + b"1]", "at most 10,000,000 values"),
        ("a.csv", HEAD + b"\n" * 10_000_001, "at most 10,000,000 lines, blank ones included"),
    ],
)
def test_more_than_memory_should_hold_is_refused(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    with pytest.raises(CorpusError, match=expected):
        files.read_table(write(tmp_path / name, content))


def test_a_json_file_may_be_one_long_line(tmp_path: Path) -> None:
    rows = [{"text": f"{'long ' * 1000}{i}", "label": "a"} for i in range(2200)]
    assert files.read_table(write(tmp_path / "a.json", json.dumps(rows).encode())).n_rows == 2200


def test_words_of_a_parquet_file_are_those_that_were_written(tmp_path: Path) -> None:
    words = [None if i % 11 == 0 else f"word {i}" for i in range(9000)]
    parquet.write_table(pa.table({"text": words}), tmp_path / "a.parquet", use_dictionary=False)
    assert files.read_table(tmp_path / "a.parquet").values("text") == words


def test_damaged_pages_of_a_parquet_file_are_refused(tmp_path: Path) -> None:
    table = files.read_table(broken_parquet(tmp_path / "a.parquet"))
    with pytest.raises(CorpusError, match=r"a\.parquet is a damaged Parquet file .* write it again"):
        table.values("text")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("comma.csv", b"text,label\na;b,1\n"),
        ("semicolon.csv", b"text;label\na,b;1\n"),
        ("quoted header.csv", b'"text";"label, with commas, more"\na,b;1\n'),
        ("tab.csv", b"text\tlabel\na,b\t1\n"),
        ("tab.tsv", b"text\tlabel\na,b\t1\n"),
        ("comma.tsv", b'text,label\n"a,b",1\n'),
        ("mark.csv", b"\xef\xbb\xbftext,label\r\na,1\r\n"),
        ("old mac.csv", b"text,label\ra,1\r"),
    ],
)
def test_delimiters_and_line_ends_are_recognised(tmp_path: Path, name: str, content: bytes) -> None:
    table = files.read_table(write(tmp_path / name, content))
    assert len(table.columns) == 2
    assert table.columns[0] == "text"
    assert table.n_rows == 1
    assert table.values(table.columns[1]) == ["1"]


def test_unquoted_tsv_keeps_its_quotation_marks(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", b'text\tlabel\n"so it begins\t1\n"whole" film\t0\n')
    assert files.read_table(path).values("text") == ['"so it begins', '"whole" film']


def test_a_text_may_be_longer_than_the_csv_module_likes(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    text = "word " * 100_000
    assert files.read_table(write_csv(tmp_path / "a.csv", [(text, "1")])).values("text") == [text]
    assert csv.field_size_limit() == before


def test_jsonl_lines_end_at_line_feeds_only(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"text": "a\u2028b", "x": 1}\n\n{"text": "c", "label": true}\n'.encode())
    table = files.read_table(path)
    assert table.columns == ("text", "x", "label")
    assert table.values("text") == ["a\u2028b", "c"]
    assert table.values("label") == [None, True]


def test_parquet_columns_with_dots_and_categories(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    frame = pa.table({"a.b": ["x", "y"], "a": [{"b": 1}, {"b": 2}], "c": pa.array(["k", "l"]).dictionary_encode()})
    parquet.write_table(frame, path)
    table = files.read_table(path)
    assert [table.values(column) for column in table.columns] == [["x", "y"], [{"b": 1}, {"b": 2}], ["k", "l"]]


def test_parquet_written_by_datasets_brings_its_label_names(tmp_path: Path) -> None:
    import datasets

    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["no", "yes"])})
    data = datasets.Dataset.from_dict({"text": ["a", "b", "c"], "label": [1, 0, -1]}, features=features)
    data.to_parquet(tmp_path / "a.parquet")
    table = files.read_table(tmp_path / "a.parquet")
    assert table.declared == {"label": ("no", "yes")}
    assert table.values("label") == ["yes", "no", None]


def test_preview(tmp_path: Path) -> None:
    path = write_jsonl(
        tmp_path / "a.jsonl",
        [{"Id": i, "Sentence": "long " * 100 if i else "short", "SENTIMENT": None} for i in range(9)],
    )
    assert preview(path, rows=2) == FilePreview(
        columns=("Id", "Sentence", "SENTIMENT"),
        rows=(("0", "short", ""), ("1", ("long " * 100)[:300] + "...", "")),
        n_rows=9,
        text_column="Sentence",
        label_column="SENTIMENT",
    )


def test_preview_leaves_what_it_cannot_guess_empty(tmp_path: Path) -> None:
    shown = preview(write_csv(tmp_path / "a.csv", header=("words", "sense")))
    assert (shown.text_column, shown.label_column, len(shown.rows), shown.n_rows) == ("", "", 5, len(ROWS))


def test_half_a_character_is_shown_as_it_was_written_and_names_no_column(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(r'{"text": "half \ud83d", "label": "no"}', encoding="utf-8")
    assert preview(path).rows == ((r"half \ud83d", "no"),)
    path.write_text(r'{"text": "half", "label \ud83d": "no"}', encoding="utf-8")
    with pytest.raises(CorpusError, match=r"the keys of a.jsonl must be whole characters"):
        preview(path)


def test_a_home_folder_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somewhere")
    assert files.path_of("~/a.csv") == Path("/somewhere/a.csv")
    assert files.path_of("~nobody-of-that-name/a.csv") == Path("~nobody-of-that-name/a.csv")


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).filter(str.strip)
LABELS = st.sampled_from([("no", "yes"), (0, 1, 2), (-1, 10, 9), (True, False), ("a b", "ä", '"', "x,\ty")])


@st.composite
def corpora(draw: st.DrawFn) -> list[tuple[str, object]]:
    labels = draw(LABELS)
    return [(draw(TEXTS), label) for label in labels for _ in range(draw(st.integers(3, 6)))]


@given(rows=corpora())
def test_a_corpus_does_not_depend_on_the_format_of_its_file(rows, tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("formats")
    write_csv(home / "a.csv", rows)
    write_csv(home / "b.tsv", rows, delimiter="\t")
    write_jsonl(home / "c.jsonl", [{"text": text, "label": label} for text, label in rows])
    write_parquet(home / "d.parquet", rows)
    loaded = [load_corpus(CorpusConfig(source=str(path))) for path in sorted(home.iterdir())]
    assert [corpus.name for corpus in loaded] == ["a", "b", "c", "d"]
    assert len({corpus.digest for corpus in loaded}) == 1
    splits = (loaded[0].train, loaded[0].validation, loaded[0].test)
    texts = [text.replace(SEGMENT, " ") for text, _ in rows]
    assert sorted(text for split in splits for text in split.texts) == sorted(texts)


def test_whole_floats_are_whole_numbers(tmp_path: Path) -> None:
    numbers = [{"text": f"{i}", "label": float(i % 2) if i else math.nan} for i in range(9)]
    config = CorpusConfig(source=str(write_jsonl(tmp_path / "a.jsonl", numbers)))
    corpus = load_corpus(config)
    assert corpus.label_names == ("0", "1")
    assert corpus.notes == ("1 row of a.jsonl without a label is left out",)


# Sentences without labels


def test_a_text_file_has_a_sentence_on_each_line(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.txt", "\ufeffOne, two.\r\n\r\n  \nThree\u2028four\n".encode())
    found = read_sentences(path)
    assert found.texts == ("One, two.", "Three\u2028four")
    assert found.rows == (1, 2)
    assert found.labels == ("", "")
    assert preview(path, plain=True).columns == ("text",)


def test_a_text_file_is_no_corpus(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.txt", b"One.\nTwo.\n")
    with pytest.raises(CorpusError, match=r"line 1 of mine\.txt must have 2 columns, a word first and its tag last"):
        preview(path)
    with pytest.raises(CorpusError, match=r"a file of sentences must end in .*\.txt, got 'mine\.doc'"):
        read_sentences(write(tmp_path / "mine.doc", b"One."))


def test_sentences_need_no_labels_and_keep_their_rows(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "mine.csv", [("a", "x"), (" ", "y"), ("b", "")])
    assert read_sentences(path).labels == ("", "")
    assert read_sentences(path, text_column="text\x1flabel").texts == ("a\x1fx",)
    found = read_sentences(path, label_column="label")
    assert (found.texts, found.rows, found.labels) == (("a", "b"), (1, 3), ("x", ""))
    assert found.notes == ("1 row of mine.csv without a text is left out",)


def test_the_only_column_has_the_sentences(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.csv", b"whatever\nOne.\nTwo.\n")
    assert read_sentences(path).texts == ("One.", "Two.")


def test_bad_sentences_are_explained(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "mine.csv", [("", "x"), ("  ", "y")])
    with pytest.raises(CorpusError, match=r"every text in column .text. of mine\.csv is empty"):
        read_sentences(path)
    with pytest.raises(CorpusError, match=r"label_column must be a column of mine\.csv, got 'stars'"):
        read_sentences(path, label_column="stars")
    with pytest.raises(CorpusError, match="no text column with a usual name"):
        read_sentences(write(tmp_path / "two.csv", b"a,b\n1,2\n"))
