import json
from pathlib import Path
from typing import Any

import pytest

from distil_core.data.reviews import multi_label
from distil_core.errors import CorpusError
from distil_core.settings.config import CorpusConfig
from distil_core.tasks.corpora import guess_task, load_corpus
from tests.data.test_files import write_csv, write_jsonl

SETS = (("hot", "wet"), ("hot",), (), ("cold", "wet"))
LABELS = ("cold", "hot", "wet")
N = 60


def loaded(path: Path, **settings: Any):
    return load_corpus(CorpusConfig(source=str(path), **settings), task="multi-label")


def sets() -> list[tuple[str, ...]]:
    return [SETS[i % 4] for i in range(N)]


def one_hot(folder: Path, *, cell: object = None, header: tuple[str, ...] = ("text", *LABELS)) -> Path:
    rows: list[tuple[object, ...]] = [
        (f"text {i}", *(int(name in entry) for name in LABELS)) for i, entry in enumerate(sets())
    ]
    if cell is not None:
        rows[2] = ("text 2", cell, 0, 0)
    return write_csv(folder / "sky.csv", rows, header=header)


def separated(folder: Path, separator: str) -> Path:
    return write_csv(folder / "sky.csv", [(f"text {i}", separator.join(entry)) for i, entry in enumerate(sets())],
                     header=("text", "labels"))  # fmt: skip


def listed(folder: Path) -> Path:
    return write_jsonl(
        folder / "sky.jsonl", [{"text": f"text {i}", "labels": list(entry)} for i, entry in enumerate(sets())]
    )


def in_json(folder: Path) -> Path:
    return write_csv(folder / "sky.csv", [(f"text {i}", json.dumps(entry)) for i, entry in enumerate(sets())],
                     header=("text", "labels"))  # fmt: skip


WRITERS = {
    "one-hot": one_hot,
    "list": listed,
    "json": in_json,
    **{f"at {separator}": (lambda folder, s=separator: separated(folder, s)) for separator in "|;,"},
}


@pytest.mark.parametrize("kind", WRITERS)
def test_all_ways_of_writing_labels_are_one_corpus(tmp_path: Path, kind: str) -> None:
    corpus = loaded(WRITERS[kind](tmp_path))
    assert corpus.label_names == LABELS
    for split in (corpus.train, corpus.validation, corpus.test):
        for text, label in zip(split.texts, split.labels, strict=True):
            entry = SETS[int(text.split()[1]) % 4]
            assert label == tuple(int(name in entry) for name in LABELS)
    notes = " ".join(corpus.notes)
    assert "15 rows of sky" in notes
    assert "without a label are kept: none of the labels is right there" in notes
    assert ("are separated at" in notes) == kind.startswith("at ")
    assert ("are taken for the labels" in notes) == (kind == "one-hot")


def test_columns_of_labels_can_be_named(tmp_path: Path) -> None:
    corpus = loaded(one_hot(tmp_path), label_column="wet, hot")
    assert corpus.label_names == ("wet", "hot")
    assert loaded(one_hot(tmp_path), label_names=("wet", "hot", "cold")).label_names == ("wet", "hot", "cold")


def test_a_test_file_is_read_like_the_training_texts(tmp_path: Path) -> None:
    test = write_csv(tmp_path / "test.csv", [("one", 1, 0, 1), ("two", 0, 0, 0)], header=("text", *LABELS))
    corpus = loaded(one_hot(tmp_path), test=str(test))
    assert corpus.test.labels == ((1, 0, 1), (0, 0, 0))


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("", r"row 3 of sky.csv must have 0 or 1 in column 'cold', got nothing; write 1 where the text has this label"),
        ("maybe", r"row 3 of sky.csv must have 0 or 1 in column 'cold', got 'maybe'"),
    ],
)
def test_a_cell_that_says_neither_yes_nor_no_is_refused(tmp_path: Path, cell: str, expected: str) -> None:
    with pytest.raises(CorpusError, match=expected):
        loaded(one_hot(tmp_path, cell=cell), label_column="cold,hot,wet")


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([["a"]] * 9, r"at least two labels, got only 'a'; for one label, yes or no, choose the task classification"),
        ([["a", "b"]] * 9 + [["c"]], r"must be that of at least 3 texts, .* got fewer for 'c'; add texts"),
        (
            [["a", "b"], None],
            r"row 2 of a.jsonl must have a list of labels in column 'labels', got nothing; write \[\]",
        ),
        ([["a", ""]], r"row 1 of a.jsonl .* got an empty label; leave it out"),
        (["[a"], r"row 1 of a.jsonl must have a list .* got '\[a', which is no list of words; write it as"),
        (["a|b", "a;b"], r"must separate labels in one way, got both '\|' and ';'; write lists such as"),
        (["a, b", "c, d"], r"labels that come back in other texts, got 4 pieces between commas that do not"),
        ([{"a": 1}], r"column 'labels' of a.jsonl must hold labels, got dict"),
    ],
)
def test_labels_that_cannot_be_meant_are_refused(tmp_path: Path, labels: list[Any], expected: str) -> None:
    rows = [{"text": f"text {i}", "labels": entry} for i, entry in enumerate(labels)]
    with pytest.raises(CorpusError, match=expected):
        loaded(write_jsonl(tmp_path / "a.jsonl", rows))


def test_a_label_that_nobody_has_is_refused(tmp_path: Path) -> None:
    rows = [(f"text {i}", i % 2, 1 - i % 2, 0) for i in range(20)]
    path = write_csv(tmp_path / "a.csv", rows, header=("text", "a", "b", "c"))
    with pytest.raises(
        CorpusError, match=r"every label of a.csv must be that of a text, got none for 'c'; leave it out"
    ):
        loaded(path)


def test_a_test_label_that_is_not_in_training_is_refused(tmp_path: Path) -> None:
    test = write_jsonl(tmp_path / "test.jsonl", [{"text": "one", "labels": ["dry"]}])
    with pytest.raises(CorpusError, match="must stand in the training texts too, got 'dry'"):
        loaded(listed(tmp_path), test=str(test))


def test_a_file_without_labels_is_told_what_is_needed(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [("one", "x"), ("two", "y")], header=("text", "id"))
    with pytest.raises(CorpusError, match="two or more columns of 0 and 1, got 'text', 'id'; set label_column"):
        loaded(path)


def test_the_task_is_guessed_only_from_a_column_that_means_several_labels(tmp_path: Path) -> None:
    assert guess_task(str(write_csv(tmp_path / "a.csv", [("x", "a|b")], header=("text", "genres")))) == "multi-label"
    assert guess_task(str(separated(tmp_path, "|"))) == "classification"


def test_reviews_say_what_they_praise_and_blame() -> None:
    corpus = load_corpus(CorpusConfig(n_train=200, n_test=50), task="multi-label")
    assert corpus.label_names == multi_label.LABEL_NAMES
    assert corpus == load_corpus(CorpusConfig(n_train=200, n_test=50), task="multi-label")
    texts = [*corpus.train.texts, *corpus.validation.texts, *corpus.test.texts]
    assert len(set(texts)) == len(texts) == 300
    assert all(any(label[i] for label in corpus.train.labels) for i in range(len(corpus.label_names)))
    assert max(map(sum, corpus.train.labels)) > 1
    larger = load_corpus(CorpusConfig(n_train=300, n_test=50), task="multi-label")
    assert larger.test == corpus.test
    assert larger.train.texts[:200] == corpus.train.texts


def test_reviews_refuse_what_they_would_ignore() -> None:
    with pytest.raises(CorpusError, match="test must be empty for the built-in corpus 'reviews'"):
        load_corpus(CorpusConfig(test="a.csv"), task="multi-label")


def test_labels_that_a_data_set_declares_keep_their_order(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="the extra hub is not installed")
    names = ("wet", "never", "hot", "cold")
    label = datasets.ClassLabel(names=list(names))
    features = datasets.Features(text=datasets.Value("string"), labels=datasets.Sequence(label))
    rows = {
        "text": [f"text {i}" for i in range(N)],
        "labels": [[names.index(name) for name in each] for each in sets()],
    }
    datasets.DatasetDict({"train": datasets.Dataset.from_dict(rows, features=features)}).save_to_disk(tmp_path / "sky")
    corpus = loaded(tmp_path / "sky")
    assert corpus.label_names == ("wet", "hot", "cold")
    assert "1 labels that no training text has are left out: 'never'" in corpus.notes
