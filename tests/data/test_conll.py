from pathlib import Path

import pytest

from distil_core.data.files import read_table
from distil_core.errors import CorpusError

TEXT = "-DOCSTART- -X- O\n\nAnn NNP B-PER\nsat VBD O\n\nYork NNP B-LOC\n"


@pytest.mark.parametrize(("name", "text"), [("a.conll", TEXT), ("a.tsv", TEXT.replace(" ", "\t"))])
def test_columns_become_sentences(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    table = read_table(tmp_path / name)
    assert table.columns == ("tokens", "column_2", "ner_tags")
    assert table.values("tokens") == [("Ann", "sat"), ("York",)]
    assert table.values("ner_tags") == [("B-PER", "O"), ("B-LOC",)]


def test_a_line_without_its_tag_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_text("Ann B-PER\nsat\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"line 2 of a\.conll must have 2 columns, a word first and its tag last"):
        read_table(tmp_path / "a.conll")
