"""Labels as people write them: what looks alike, stands for none or is several is told, nothing merged unasked."""

import unicodedata
from pathlib import Path

import pytest

from distil_core.data import labels
from distil_core.errors import CorpusError
from distil_core.settings.config import CorpusConfig, LookAlikes
from distil_core.tasks.corpora import load_corpus
from tests.data.test_files import write_csv, write_jsonl


def corpus_of(folder: Path, labels: list[str], *, task: str = "classification", **settings):
    path = write_csv(folder / "plants.csv", [(f"plant {i}", label) for i, label in enumerate(labels)])
    return load_corpus(CorpusConfig(source=str(path), **settings), task=task)


ALIKE = [
    ("Fern", "fern"),
    ("fern", "fern\u200b"),
    ("wood fern", "wood\u00a0fern"),
    ("wood fern", "wood  fern"),
    ("\u00e9pine", unicodedata.normalize("NFD", "\u00e9pine")),
    ("oak", "\u043eak"),
    ("1", "01"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_look_alikes_are_told_and_merged_when_asked(tmp_path: Path, one: str, other: str) -> None:
    words = [one] * 12 + [other] * 6 + ["moss"] * 12
    apart = corpus_of(tmp_path, words)
    assert len(apart.label_names) == 3
    (note,) = apart.notes
    assert f"{one!a} (12), {other!a} (6)" in note
    assert "set look_alikes to merge" in note
    merged = corpus_of(tmp_path, words, look_alikes=LookAlikes.MERGE)
    assert merged.label_names == tuple(sorted((one, "moss")))
    assert "are merged" in merged.notes[0]


@pytest.mark.parametrize("words", [("C", "C#"), ("C++", "C"), ("1", "2"), ("\u4e00", "\u4e8c"), ("no", "not")])
def test_other_labels_do_not_look_alike(words: tuple[str, str]) -> None:
    assert labels.look_alikes(dict.fromkeys(words, 1)) == []


def test_truth_values_are_one_in_every_spelling_and_that_is_told(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, ["True", "TRUE", "false", "False"] * 6)
    assert corpus.label_names == ("False", "True")
    assert "'True' (6), 'TRUE' (6)" in corpus.notes[0]
    mixed = corpus_of(tmp_path, ["True", "1", "False", "0"] * 6)
    assert len(mixed.label_names) == 4
    assert "look alike" in mixed.notes[0]


@pytest.mark.parametrize("word", ["nan", "None", "NULL", "N/A", "?", "unlabeled"])
def test_words_for_nothing_are_classes_that_are_told(tmp_path: Path, word: str) -> None:
    words = ["moss"] * 10 + ["fern"] * 10 + [word] * 7
    corpus = corpus_of(tmp_path, words)
    assert set(corpus.label_names) == {"moss", "fern", word}
    assert corpus.notes[0].startswith(f"7 rows of plants.csv have the label {word!r}, as programs write a missing one")
    without = corpus_of(tmp_path, words, missing_labels=(word,))
    assert without.label_names == ("fern", "moss")
    assert f"the label {word!r} of plants.csv stands for none, in 7 rows" in without.notes
    assert "7 rows of plants.csv without a label are left out" in without.notes


def test_texts_that_say_nan_are_kept_and_told(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "plants.csv", [("nan", "moss"), ("NA", "moss")] + [(f"p {i}", "fm"[i % 2]) for i in range(20)]
    )
    path.write_text(path.read_text().replace(",f", ",moss").replace(",m\n", ",fern\n").replace(",m\r", ",fern\r"))
    corpus = load_corpus(CorpusConfig(source=str(path)))
    assert sum(map(len, (corpus.train, corpus.validation, corpus.test))) == 22
    assert corpus.notes[0].startswith("2 rows of plants.csv have the text 'NA' or 'nan'")


@pytest.mark.parametrize("join", [", ".join, "|".join, ";".join, "\n".join, repr])
def test_several_labels_in_a_cell_are_told_and_read_by_their_task(tmp_path: Path, join) -> None:
    words = [join(["moss", "fern"]), join(["moss"]), join(["fern"])] * 8
    corpus = corpus_of(tmp_path, words)
    assert len(corpus.label_names) == 3
    (note,) = [note for note in corpus.notes if "several labels" in note]
    assert note.startswith("8 rows of plants.csv seem to hold several labels, such as ")
    assert "choose the task multi-label" in note
    assert corpus_of(tmp_path, words, task="multi-label").label_names == ("fern", "moss")


def test_several_labels_are_named_where_combinations_are_too_rare(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"got fewer for .* choose the task multi-label"):
        corpus_of(tmp_path, ["moss"] * 9 + ["fern"] * 9 + ["moss, fern"])


def test_names_with_commas_are_one_label(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, ["Riga, Latvia", "Oslo, Norway"] * 10)
    assert corpus.notes == ()


def test_names_beside_numbers_are_used(tmp_path: Path) -> None:
    names = ("moss", "fern", "clover")
    rows = [{"text": f"plant {i}", "label": i % 3, "label_text": names[i % 3]} for i in range(30)]
    corpus = load_corpus(CorpusConfig(source=str(write_jsonl(tmp_path / "plants.jsonl", rows))))
    assert corpus.label_names == names
    assert "0 is 'moss', 1 is 'fern', 2 is 'clover'" in corpus.notes[0]
    rows[0]["label_text"] = "grass"
    corpus = load_corpus(CorpusConfig(source=str(write_jsonl(tmp_path / "plants.jsonl", rows))))
    assert corpus.label_names == ("0", "1", "2")
    assert "does not name the numbers" in corpus.notes[0]


def test_columns_of_0_and_1_are_classes_where_each_text_has_one(tmp_path: Path) -> None:
    rows = [(f"plant {i}", int(i % 2 == 0), int(i % 2 == 1)) for i in range(20)]
    path = write_csv(tmp_path / "plants.csv", rows, header=("text", "moss", "fern"))
    corpus = load_corpus(CorpusConfig(source=str(path)))
    assert corpus.label_names == ("fern", "moss")
    assert "'moss', 'fern' of plants.csv are taken for the labels" in corpus.notes[0]
    path = write_csv(tmp_path / "plants.csv", [*rows, ("both", 1, 1)], header=("text", "moss", "fern"))
    with pytest.raises(CorpusError, match="1 of 21 texts have several of these labels or none; choose the task multi-"):
        load_corpus(CorpusConfig(source=str(path)))


def test_a_second_label_column_is_named(tmp_path: Path) -> None:
    rows = [(f"plant {i}", "ab"[i % 2], "cd"[i % 2]) for i in range(20)]
    path = write_csv(tmp_path / "plants.csv", rows, header=("text", "label", "label_2"))
    assert "'label_2' could be meant too" in load_corpus(CorpusConfig(source=str(path))).notes[0]


def test_contradictions_set_a_ceiling_and_repeated_texts_stay_together(tmp_path: Path) -> None:
    rows = [(f"plant {i}", "moss") for i in range(40)] + [(f"tree {i}", "oak") for i in range(40)]
    rows += [(f"plant {i}", "oak") for i in range(20)] + [(f"Tree  {i}", "oak") for i in range(20)]
    corpus = load_corpus(CorpusConfig(source=str(write_csv(tmp_path / "plants.csv", rows))))
    (note,) = corpus.notes
    assert note.startswith("20 texts stand there with different labels, such as 'plant ")
    assert "no model can be right on more than 83 % of the rows (100 of 120)" in note
    parts = [
        {" ".join(text.lower().split()) for text in split.texts}
        for split in (corpus.train, corpus.validation, corpus.test)
    ]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 80
