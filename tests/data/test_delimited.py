"""CSV and TSV files as people have them: each becomes what its writer meant, and what was done is told."""

import csv
import json
from pathlib import Path

import pytest

from distil_core.data import files
from distil_core.data.tables import Table
from distil_core.errors import CorpusError

DISHES = [(f"the soup of table {i} was cold", "bad") for i in range(8)] + [
    (f"the bread of table {i} was fresh", "good") for i in range(8)
]


def table_of(folder: Path, text: str, name: str = "dishes.csv") -> Table:
    path = folder / name
    path.write_bytes(text.encode())
    return files.read_table(path)


def rows_of(table: Table) -> list[tuple[object, ...]]:
    return list(zip(*(table.values(column) for column in table.columns), strict=True))


def joined(rows, *, header="text,label", delimiter=",", end="\n") -> str:
    return end.join([header, *(delimiter.join(row) for row in rows)]) + end


# Quotation marks


@pytest.mark.parametrize(("delimiter", "name"), [("\t", "dishes.tsv"), (",", "dishes.csv"), (";", "dishes.csv")])
def test_a_quotation_over_several_lines_of_a_file_without_quoting_swallows_none(
    tmp_path: Path, delimiter: str, name: str
) -> None:
    rows = [list(row) for row in DISHES]
    rows[2][0] = f'"{rows[2][0]}'
    rows[5][0] += ' !"'
    rows[11][0] = f'"{rows[11][0]}"'
    table = table_of(tmp_path, joined(rows, header=f"text{delimiter}label", delimiter=delimiter), name)
    assert rows_of(table) == [tuple(row) for row in rows]
    (note,) = table.notes
    assert "1 line of" in note
    assert "(line 4)" in note
    assert "read as one without quoting" in note


def test_good_quotes_stay_good_beside_a_loose_one(tmp_path: Path) -> None:
    rows = [(f'"Soup, ""hot"", of table {i}"', "bad") for i in range(6)] + [
        ('"bread without an end', "good"),
        ('"two\nlines, really"', "good"),
        ("plain", "good"),
    ]
    table = table_of(tmp_path, joined(rows))
    texts = table.values("text")
    assert texts[:6] == [f'Soup, "hot", of table {i}' for i in range(6)]
    assert texts[6:] == ['"bread without an end', "two\nlines, really", "plain"]
    assert set(table.values("label")) == {"bad", "good"}
    loose, spanning = table.notes
    assert "1 row of dishes.csv has a loose quotation mark (line 8)" in loose
    assert "1 row of dishes.csv holds line breaks within a cell (line 9)" in spanning


def test_all_fields_in_quotes_but_for_one(tmp_path: Path) -> None:
    rows = [(f'"{text}"', f'"{label}"') for text, label in DISHES]
    rows[3] = (rows[3][0].removesuffix('"'), "bad")
    table = table_of(tmp_path, joined(rows, header='"text"\t"label"', delimiter="\t"), "dishes.tsv")
    assert set(table.values("label")) == {"bad", "good"}
    assert table.values("text")[4] == DISHES[4][0]


def test_line_breaks_with_commas_within_quoted_texts_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "dishes.csv"
    rows = [*DISHES, ("I came,\nwell, late", "bad"), ("soup\n\nbread", "good")]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("label", "text"), *((label, text) for text, label in rows)])
    table = files.read_table(path)
    assert table.values("text") == [text for text, _ in rows]
    assert "2 rows of dishes.csv hold line breaks within a cell (the first in line 18)" in table.notes[0]


def test_backslashes_before_quotation_marks(tmp_path: Path) -> None:
    table = table_of(tmp_path, joined([(r'"the \"soup\", they say"', "bad"), *DISHES]))
    assert table.values("text")[0] == 'the "soup", they say'
    assert "1 row of dishes.csv has quotation marks with a backslash" in " ".join(table.notes).replace(" (line 2),", "")


# Names of columns, and what is no row


def test_names_that_stand_there_again_are_left_out(tmp_path: Path) -> None:
    rows = [*DISHES[:8], ("Text", "label"), *DISHES[8:], ("text", "label")]
    table = table_of(tmp_path, joined(rows))
    assert rows_of(table) == DISHES
    assert table.notes == ("2 rows repeat the column names of dishes.csv and are left out (the first: row 9)",)


@pytest.mark.parametrize("last", ["Total,16", "total:,", "TOTAL 16,", "(16 rows)", "16 rows affected", "Sum,1.600"])
def test_a_total_at_the_end_is_left_out(tmp_path: Path, last: str) -> None:
    table = table_of(tmp_path, joined(DISHES) + last + "\n")
    assert rows_of(table) == DISHES
    assert "left out" in table.notes[0]


def test_a_text_that_says_total_stays(tmp_path: Path) -> None:
    rows = [(text, "1" if label == "bad" else "0") for text, label in DISHES]
    table = table_of(tmp_path, joined([*rows, ("total", "1")]))
    assert len(rows_of(table)) == len(rows) + 1
    assert table.notes == ()


@pytest.mark.parametrize(
    "text",
    [
        joined(
            [("I liked the soup", "1"), ("never again", "0"), *((t, str(int(kind == "good"))) for t, kind in DISHES)],
            header="it was fine,1",
        ),
        joined([(str(i), "no", text) for i, (text, _) in enumerate(DISHES, start=8)], header="7,no,first of all"),
    ],
)
def test_a_first_line_of_data_is_told_and_kept(tmp_path: Path, text: str) -> None:
    table = table_of(tmp_path, text)
    assert table.columns == tuple(f"column {i + 1}" for i in range(len(table.columns)))
    assert rows_of(table)[0] == tuple(text.splitlines()[0].split(","))
    assert "the first line of dishes.csv looks like data" in table.notes[0]
    assert "write column names above it" in table.notes[0]


@pytest.mark.parametrize("header", ["soup,is it good?", "0,1", "Meinung,Urteil", "text,1", "bread,soup"])
def test_odd_names_are_names(tmp_path: Path, header: str) -> None:
    table = table_of(tmp_path, joined(DISHES, header=header))
    assert table.columns == tuple(header.split(","))
    assert table.notes == ()


# Dialects


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sep=;\r\n" + joined(DISHES, header="text;label", delimiter=";", end="\r\n"), "names the delimiter ';'"),
        ("# from the till, in May\n# no. 2\n" + joined(DISHES), "2 lines at the beginning of dishes.csv begin with #"),
        (joined(DISHES[:9]) + "# June\n" + joined(DISHES[9:]).partition("\n")[2], "left out as a comment"),
        (joined(DISHES, header="text|label", delimiter="|"), ""),
        ("| text | label |\n|---|---|\n" + "".join(f"| {t} | {kind} |\n" for t, kind in DISHES), "is a rule"),
        (joined(DISHES, header="text, label", delimiter=", "), "spaces behind each ','"),
        (
            joined([(f'"{t}"', f'"{kind}"') for t, kind in DISHES], header='"text", "label"', delimiter=", "),
            "spaces behind",
        ),
        (joined(DISHES, header="text,label,,").replace("\n", ",,\n").replace(",,,,", ",,"), "2 columns of dishes.csv"),
        (joined(DISHES).replace("\n", ",\n").replace("label,", "label", 1), "with empty fields that no column has"),
        (joined(DISHES, end="\r"), ""),
        (joined([(DISHES[0][0].replace(" of", "\rof"), "bad"), *DISHES[1:]]), "1 row of dishes.csv holds a carriage"),
    ],
)
def test_dialects(tmp_path: Path, text: str, told: str) -> None:
    table = table_of(tmp_path, text)
    assert table.columns == ("text", "label")
    assert [(str(text).replace("\r", " "), label) for text, label in rows_of(table)] == DISHES
    assert told in " ".join(table.notes)
    assert bool(told) == bool(table.notes)


def test_a_hash_can_begin_a_name_or_a_row(tmp_path: Path) -> None:
    table = table_of(tmp_path, joined([("#soup", "bad"), *DISHES], header="#text,label"))
    assert table.columns == ("#text", "label")
    assert table.values("#text")[0] == "#soup"


def test_a_name_that_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"line 2 of dishes\.csv must have 2 fields .* name all columns"):
        table_of(tmp_path, joined([("1", *row) for row in DISHES]))


# Large files


def test_a_preview_reads_the_beginning_of_a_large_file(tmp_path: Path) -> None:
    path = tmp_path / "dishes.csv"
    with path.open("w") as file:
        file.write("text,label\n" + f"{'cold ' * 300},bad\n" * 1000 + "and,this,line,is,wrong\n")
    assert path.stat().st_size > 1_200_000
    shown = files.preview(path)
    assert (len(shown.rows), shown.n_rows) == (5, None)
    with pytest.raises(CorpusError, match="line 1,002"):
        files.read_table(path)


def test_a_preview_of_json_closes_what_it_cuts(tmp_path: Path) -> None:
    path = tmp_path / "squad.json"
    answer = {"question": "what [was] cold?", "answers": [{"text": "soup", "answer_start": 4}]}
    paragraph = {"context": 'the soup {was} cold "', "qas": [answer] * 3}
    path.write_text(json.dumps({"data": [{"title": "soup", "paragraphs": [paragraph] * 8000}]}))
    assert path.stat().st_size > 2_000_000
    shown = files.preview(path)
    assert shown.columns == ("title", "context", "question", "answers")
    assert shown.rows[0][1:3] == ('the soup {was} cold "', "what [was] cold?")
    assert shown.n_rows is None
    assert files.read_table(path).n_rows == 24_000
