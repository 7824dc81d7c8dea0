from pathlib import Path

import pytest

from distil_core.data.files import read_table
from distil_core.errors import CorpusError
from distil_core.tasks.corpora import guess_task

TEXT = "-DOCSTART- -X- O\n\nAnn NNP B-PER\nsat VBD O\n\nYork NNP B-LOC\n"


@pytest.mark.parametrize(("name", "text"), [("a.conll", TEXT), ("a.txt", TEXT), ("a.tsv", TEXT.replace(" ", "\t"))])
def test_columns_become_sentences(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    table = read_table(tmp_path / name)
    assert table.columns == ("tokens", "column_2", "ner_tags")
    assert table.values("tokens") == [("Ann", "sat"), ("York",)]
    assert table.values("ner_tags") == [("B-PER", "O"), ("B-LOC",)]


@pytest.mark.parametrize("name", ["a.conll", "a.txt"])
def test_a_line_without_its_tag_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("Ann B-PER\nsat\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=rf"line 2 of {name} must have 2 columns, a word first and its tag last"):
        read_table(tmp_path / name)


def test_texts_in_a_file_of_lines_are_no_columns(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a text\none more\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"a\.txt must have a word and its tag on each line"):
        read_table(tmp_path / "a.txt")
    assert read_table(tmp_path / "a.txt", plain=True).values("text") == ["a text", "one more"]
    (tmp_path / "b.txt").write_text(TEXT, encoding="utf-8")
    assert guess_task(str(tmp_path / "b.txt")) == "tokens"
    assert guess_task(str(tmp_path / "a.txt")) == "classification"
