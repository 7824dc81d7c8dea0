import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil_core.data import reviews
from distil_core.data import splits as data_splits
from distil_core.data.corpus import Split
from distil_core.errors import CorpusError, MissingExtraError
from distil_core.settings.config import CorpusConfig
from distil_core.tasks.corpora import guess_task, load_corpus
from tests.data.test_files import ROWS, write_csv, write_jsonl

datasets = pytest.importorskip("datasets", reason="the extra hub is not installed")


def rows_of(counts: dict[object, int], prefix: str = "text") -> list[tuple[str, object]]:
    return [(f"{prefix} {label} {i}", label) for label, n in counts.items() for i in range(n)]


def loaded(path: Path, **settings):
    return load_corpus(CorpusConfig(source=str(path), **settings))


# Sources


def test_reviews_are_generated_as_asked() -> None:
    corpus = load_corpus(CorpusConfig(n_train=60, n_test=25, seed=3))
    assert corpus.name == "reviews"
    assert corpus.label_names == reviews.LABEL_NAMES
    expected = reviews.generate(n_train=60, n_validation=25, n_test=25, seed=3)
    assert (corpus.train, corpus.validation, corpus.test) == expected


@pytest.mark.parametrize("setting", [{"test": "a.csv"}, {"label_names": ("a", "b")}])
@pytest.mark.parametrize("source", ["reviews", "python-docs"])
def test_a_built_in_corpus_refuses_what_it_would_ignore(source: str, setting: dict) -> None:
    with pytest.raises(CorpusError, match=f"{next(iter(setting))} must be empty for the built-in corpus '{source}'"):
        load_corpus(CorpusConfig(source=source, **setting))


@pytest.mark.parametrize("source", ["revews", "", "no/such.csv", "a\0b", "~nobody-of-that-name/a.csv", "a" * 5000])
def test_an_unknown_source_is_told_what_there_is(source: str) -> None:
    with pytest.raises(
        CorpusError, match="must be reviews, python-docs, review-likeness, hub:NAME or an existing file or folder"
    ):
        load_corpus(CorpusConfig(source=source))


def test_a_file_is_split_and_named(tmp_path: Path) -> None:
    corpus = loaded(write_csv(tmp_path / "films.csv"))
    assert corpus.name == "films"
    assert corpus.label_names == ("no", "yes")
    assert [len(split) for split in (corpus.train, corpus.validation, corpus.test)] == [16, 2, 2]
    for split in (corpus.train, corpus.validation, corpus.test):
        assert all(text.endswith(corpus.label_names[i]) for text, i in zip(split.texts, split.labels, strict=True))
    assert corpus.notes == ()


def test_a_training_file_is_known_by_its_folder(tmp_path: Path) -> None:
    for folder in ("films", "143c6c6ca8004ae9"):
        (tmp_path / folder).mkdir()
    assert loaded(write_csv(tmp_path / "films" / "train.csv")).name == "films"
    assert loaded(write_csv(tmp_path / "143c6c6ca8004ae9" / "train.csv")).name == "train"  # as uploads are kept


def test_the_digest_names_the_contents_and_nothing_else(tmp_path: Path) -> None:
    first = loaded(write_csv(tmp_path / "a.csv"))
    assert first.digest == loaded(write_csv(tmp_path / "b.csv")).digest
    assert len(first.digest) == 16
    assert int(first.digest, 16)
    others = [
        loaded(write_csv(tmp_path / "a.csv"), seed=1),
        loaded(write_csv(tmp_path / "a.csv"), label_names=("yes", "no")),
        loaded(write_csv(tmp_path / "c.csv", [("another text", "no"), *ROWS[1:]])),
        loaded(write_csv(tmp_path / "d.csv", [(ROWS[0][0], "yes"), *ROWS[1:]])),
    ]
    assert len({first.digest, *(other.digest for other in others)}) == 5


def test_a_test_file_is_the_test_split(tmp_path: Path) -> None:
    test = write_csv(tmp_path / "test.csv", [("one", "yes"), ("two", "no")])
    corpus = loaded(write_csv(tmp_path / "a.csv"), test=str(test))
    assert corpus.test == Split(texts=("one", "two"), labels=(1, 0))
    assert len(corpus.train) + len(corpus.validation) == len(ROWS)


def test_a_test_file_may_spell_numbers_in_its_own_way(tmp_path: Path) -> None:
    test = write_jsonl(tmp_path / "test.jsonl", [{"text": "one", "label": 1.0}, {"text": "two", "label": 0}])
    corpus = loaded(write_csv(tmp_path / "a.csv", rows_of({0: 5, 1: 5})), test=str(test))
    assert corpus.test.labels == (1, 0)


def test_loading_needs_neither_torch_nor_pandas(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv")
    program = (
        "import sys; from distil_core.tasks.corpora import guess_task, load_corpus; "
        "from distil_core.settings.config import CorpusConfig;"
        f"load_corpus(CorpusConfig(source={str(path)!r}));"
        "print([name for name in ('torch', 'transformers', 'pandas', 'sklearn', 'datasets') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Columns


@pytest.mark.parametrize("text", ["text", "Sentence", "REVIEW", " question "])
@pytest.mark.parametrize("label", ["label", "Labels", "class", "target"])
def test_columns_are_found_by_their_usual_names(tmp_path: Path, text: str, label: str) -> None:
    rows = [(i, *row) for i, row in enumerate(ROWS)]
    corpus = loaded(write_csv(tmp_path / "a.csv", rows, header=("id", text, label)))
    assert corpus.label_names == ("no", "yes")


def test_columns_can_be_named(tmp_path: Path) -> None:
    rows = [(label, f"{text}!", text) for text, label in ROWS]
    path = write_csv(tmp_path / "a.csv", rows, header=("mood", "text", "words"))
    corpus = loaded(path, text_column="words", label_column="mood")
    assert set(corpus.test.texts) <= {text for text, _ in ROWS}


@pytest.mark.parametrize(
    ("header", "settings", "expected"),
    [
        (("words", "label"), {}, r"no text column with a usual name .*; set text_column to .*: 'words', 'label'"),
        (("text", "mood"), {}, r"no label column with a usual name .*; set label_column to .*: 'text', 'mood'"),
        (("text", "label"), {"text_column": "x"}, r"text_column must be a column of a.csv, got 'x'; .*'text', 'label'"),
        (("text", "label"), {"label_column": "x"}, r"label_column must be a column of a.csv, got 'x'"),
        (("text", "label"), {"label_column": "text"}, r"must be two columns of a.csv, got 'text' for both"),
    ],
)
def test_a_column_that_is_not_there_lists_those_that_are(tmp_path: Path, header, settings, expected: str) -> None:
    with pytest.raises(CorpusError, match=expected):
        loaded(write_csv(tmp_path / "a.csv", header=header), **settings)


# Rows


def test_a_long_name_of_a_column_is_shortened(tmp_path: Path) -> None:
    rows = [{"words" * 1000: f"soup {i}", "kind": i % 2} for i in range(20)]
    with pytest.raises(CorpusError, match=r"set text_column to one of its columns: '(words){11}wo\.\.\.', 'kind'$"):
        loaded(write_jsonl(tmp_path / "a.jsonl", rows))


def test_rows_without_text_or_label_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = [*ROWS, ("", "no"), (" \t", "yes"), ("no label", ""), ("", "")]
    corpus = loaded(write_csv(tmp_path / "a.csv", rows))
    assert corpus.notes == (
        "3 rows of a.csv without a text are left out",
        "1 row of a.csv without a label is left out",
    )
    assert len(corpus.train) + len(corpus.validation) + len(corpus.test) == len(ROWS)


def test_a_separator_of_segments_is_read_as_a_space(tmp_path: Path) -> None:
    corpus = loaded(write_csv(tmp_path / "a.csv", [*ROWS, ("one\x1ftwo", "no"), ("one\x1ftwo", "yes")]))
    texts = {*corpus.train.texts, *corpus.validation.texts, *corpus.test.texts}
    assert "one two" in texts
    assert corpus.notes[0] == "2 rows of a.csv hold the control character U+001F, which is read as a space"


def test_texts_in_two_splits_are_counted_whatever_their_case(tmp_path: Path) -> None:
    test = write_csv(tmp_path / "test.csv", [("TEXT 1  no", "no"), ("text 2 no", "no"), ("new", "yes")])
    rows = [*ROWS, *(("twin", "no") for _ in range(40))]
    corpus = loaded(write_csv(tmp_path / "a.csv", rows), test=str(test))
    assert corpus.notes == ("2 test texts also stand in the training or validation texts",)
    single = write_csv(tmp_path / "single.csv", [("text 1 no", "no"), ("new", "yes")])
    corpus = loaded(write_csv(tmp_path / "a.csv"), test=str(single))
    assert corpus.notes == ("1 test text also stands in the training or validation texts",)


def test_numbers_can_be_texts(tmp_path: Path) -> None:
    rows = [{"text": i, "label": i % 2} for i in range(20)]
    corpus = loaded(write_jsonl(tmp_path / "a.jsonl", [*rows, {"text": float("nan"), "label": 1}, {"label": 1}]))
    assert set(corpus.test.texts) < {str(i) for i in range(20)}
    assert corpus.notes == ("2 rows of a.jsonl without a text are left out",)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"text": ["a", "b"], "label": "no"}, r"column 'text' of a.jsonl must hold texts, got list .*choose another"),
        ({"text": True, "label": "no"}, r"column 'text' of a.jsonl must hold texts, got bool True"),
        ({"text": "a", "label": ["x" * 99]}, r"'label' of a.jsonl must hold one label a row .* got list .*\.\.\.;"),
        ({"text": "half \ud83d", "label": "no"}, r"must be whole characters, got half a character .* UTF-8"),
    ],
)
def test_a_cell_that_is_neither_text_nor_label_is_refused(tmp_path: Path, row: dict, expected: str) -> None:
    rows = [*({"text": text, "label": label} for text, label in ROWS), row]
    with pytest.raises(CorpusError, match=expected):
        loaded(write_jsonl(tmp_path / "a.jsonl", rows))


# Labels


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ((10, 9, -1), ("-1", "9", "10")),
        (("10", "9", "x"), ("10", "9", "x")),
        (("01", "1", "2"), ("01", "1", "2")),
        (("true", "False", "TRUE"), ("False", "True")),
        ((" no", "no ", "yes"), ("no", "yes")),
        (("1.0", "0", "1"), ("0", "1")),
    ],
)
def test_labels_are_sorted_and_spelled_in_one_way(tmp_path: Path, labels, expected) -> None:
    rows = [(f"{i} {label}", label) for label in labels for i in range(5)]
    assert loaded(write_csv(tmp_path / "a.csv", rows)).label_names == expected


@pytest.mark.parametrize(
    ("labels", "given", "first"),
    [
        (("no", "yes"), ("yes", "no"), "yes"),
        ((0, 1), ("bad", "good"), 0),
        ((0, 4), ("bad", "good"), 0),
        ((1, 0), ("1", "0"), 1),
        ((True, False), ("no", "yes"), False),
    ],
)
def test_label_names_order_words_and_name_numbers(tmp_path: Path, labels, given, first) -> None:
    rows = rows_of(dict.fromkeys(labels, 5))
    corpus = loaded(write_csv(tmp_path / "a.csv", rows), label_names=given)
    assert corpus.label_names == given
    assert corpus.test.labels == tuple(int(f" {first} " not in text) for text in corpus.test.texts)


@pytest.mark.parametrize("given", [("no", "maybe"), ("no",), ("no", "no"), ("no", "yes", "maybe")])
def test_label_names_that_do_not_fit_are_refused(tmp_path: Path, given) -> None:
    with pytest.raises(CorpusError, match=r"must name the 2 labels found \('no', 'yes'\), each once, got .*leave it"):
        loaded(write_csv(tmp_path / "a.csv"), label_names=given)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (rows_of({"no": 9}), r"at least two labels in column 'label', got only 'no'; add texts of another class"),
        (rows_of({"no": 9, "yes": 2}), r"at least 3 times, one for each split .* fewer for 'yes'; add texts for them"),
        (rows_of({f"x{i}": 1 for i in range(19)}), r"fewer for 'x0', .* and 11 more"),
        (rows_of({f"x{i}": 1 for i in range(20)}), r"class for each text, got 20 different values in 20 rows .* texts"),
        (rows_of(dict.fromkeys(range(1001), 3)), r"got 1,001 different values in 3,003 rows \(at most 1,000"),
        (rows_of({3.8: 5, 2: 5}), r"must be classes, got the fraction 3.8; regression is not supported"),
        ([("", "no"), (" ", "yes")], r"every text in column 'text' of a.csv is empty; choose another .*text, label"),
        ([("a", ""), ("b", " ")], r"at least one row with a text and a label, got none"),
    ],
)
def test_labels_from_which_nothing_can_be_learnt_are_refused(tmp_path: Path, rows, expected: str) -> None:
    with pytest.raises(CorpusError, match=expected):
        loaded(write_csv(tmp_path / "a.csv", rows))


def test_with_a_test_file_two_texts_of_a_class_are_enough(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", rows_of({"no": 2, "yes": 2}))
    test = write_csv(tmp_path / "test.csv", rows_of({"no": 1}))
    corpus = loaded(path, test=str(test))
    assert sorted(corpus.train.labels) == sorted(corpus.validation.labels) == [0, 1]


def test_a_test_label_that_training_does_not_know_is_refused(tmp_path: Path) -> None:
    test = write_csv(tmp_path / "test.csv", rows_of({"no": 1, "maybe": 2}))
    with pytest.raises(
        CorpusError, match=r"label of test.csv must stand in the training texts too, got 'maybe'; .*'no'"
    ):
        loaded(write_csv(tmp_path / "a.csv"), test=str(test))


# Splits

COUNTS = st.lists(st.integers(3, 60), min_size=2, max_size=12)


def split_of(counts: list[int]) -> Split:
    labels = [label for label, n in enumerate(counts) for _ in range(n)]
    random.Random(0).shuffle(labels)
    return Split(texts=tuple(str(i) for i in range(len(labels))), labels=tuple(labels))


@given(counts=COUNTS, seed=st.integers(0, 99))
def test_every_split_keeps_every_class_and_every_text_goes_to_one(counts, seed: int, tmp_path_factory) -> None:
    path = write_csv(tmp_path_factory.mktemp("split") / "a.csv", rows_of(dict(enumerate(counts))))
    corpus = loaded(path, seed=seed)
    splits = (corpus.train, corpus.validation, corpus.test)
    assert all(set(split.labels) == set(range(len(counts))) for split in splits)
    assert Counter(text for split in splits for text in split.texts) == Counter(
        text for text, _ in rows_of(dict(enumerate(counts)))
    )
    for label, n in enumerate(counts):
        assert corpus.test.labels.count(label) == max(1, round(n / 10))
    assert corpus == loaded(path, seed=seed)


@given(counts=COUNTS, share=st.floats(0, 1), seed=st.integers(0, 99))
def test_a_sample_keeps_every_class_in_its_share(counts, share: float, seed: int) -> None:
    split = split_of(counts)
    n_examples = len(counts) + int(share * (len(split) - len(counts)))
    drawn = data_splits.stratified_sample(split, n_examples, stratum=int, seed=seed)
    assert len(drawn) == n_examples
    assert list(drawn.texts) == sorted(drawn.texts, key=int)
    assert all(split.labels[int(text)] == label for text, label in zip(drawn.texts, drawn.labels, strict=True))
    for label, n in enumerate(counts):
        fair = 1 + (n_examples - len(counts)) * (n - 1) / max(1, len(split) - len(counts))
        assert abs(drawn.labels.count(label) - fair) < 1 + 1e-9


def test_max_examples_takes_from_the_training_texts_only(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", rows_of({"no": 300, "yes": 100}))
    whole, part = loaded(path), loaded(path, max_examples=80)
    assert (part.validation, part.test) == (whole.validation, whole.test)
    assert Counter(part.train.labels) == {0: 60, 1: 20}
    assert set(part.train.texts) < set(whole.train.texts)
    assert part.digest != whole.digest
    assert loaded(path, max_examples=10_000) == whole


def test_max_examples_must_be_enough_for_every_label(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", rows_of(dict.fromkeys("abcde", 5)))
    with pytest.raises(CorpusError, match="max_examples must be at least 5, one for each label, got 4"):
        loaded(path, max_examples=4)


def test_max_examples_counts_for_reviews_too() -> None:
    assert len(load_corpus(CorpusConfig(n_train=200, n_test=20, max_examples=50)).train) == 50


# Data sets

NAMES = ["negative", "positive", "unused"]


def dataset(rows, *, names: list[str] | None = NAMES):
    label = datasets.ClassLabel(names=names) if names else datasets.Value("string")
    features = datasets.Features({"sentence": datasets.Value("string"), "label": label})
    return datasets.Dataset.from_dict(
        {"sentence": [text for text, _ in rows], "label": [label for _, label in rows]}, features=features
    )


def saved(folder: Path, **splits) -> Path:
    datasets.DatasetDict(splits).save_to_disk(str(folder))
    return folder


def test_a_saved_data_set_with_its_own_splits(tmp_path: Path) -> None:
    folder = saved(
        tmp_path / "films",
        train=dataset(rows_of({0: 5, 1: 5})),
        validation=dataset([("v", 1)]),
        test=dataset([("t", 0), ("", 0)]),
        unsupervised=dataset([("u", -1)]),
    )
    corpus = loaded(folder)
    assert corpus.name == "films"
    assert corpus.label_names == ("negative", "positive")
    assert corpus.train.labels == (0,) * 5 + (1,) * 5
    assert corpus.validation == Split(texts=("v",), labels=(1,))
    assert corpus.test == Split(texts=("t",), labels=(0,))
    assert corpus.notes == (
        "1 row of test split of films without a text is left out",
        "no training text has the label 'unused'; such labels are left out",
    )


def test_a_saved_single_data_set_is_split(tmp_path: Path) -> None:
    dataset(rows_of({"b": 10, "a": 10}), names=None).with_format("numpy").save_to_disk(str(tmp_path / "one"))
    corpus = loaded(tmp_path / "one")
    assert corpus.label_names == ("a", "b")
    assert [len(split) for split in (corpus.train, corpus.validation, corpus.test)] == [16, 2, 2]


def test_a_data_set_and_a_file_of_the_same_texts_have_one_digest(tmp_path: Path) -> None:
    dataset(rows_of({"a": 10, "b": 10}), names=None).save_to_disk(str(tmp_path / "one"))
    file = write_csv(tmp_path / "a.csv", rows_of({"a": 10, "b": 10}))
    assert loaded(tmp_path / "one").digest == loaded(file).digest


def test_a_test_split_without_labels_gives_its_place_to_the_validation_split(tmp_path: Path) -> None:
    folder = saved(
        tmp_path / "glue",
        train=dataset(rows_of({0: 10, 1: 10})),
        validation_matched=dataset([("v", 1)]),
        test=dataset([("t", -1)]),
    )
    corpus = loaded(folder)
    assert corpus.test.texts == ("v",)
    assert [len(corpus.train), len(corpus.validation)] == [18, 2]
    assert corpus.notes[:2] == (
        "the test split of glue has no labels and is left out",
        "glue has no test split with labels: its validation split takes that place",
    )


def test_a_split_without_a_label_column_is_left_out(tmp_path: Path) -> None:
    splits = {"train": dataset(rows_of({0: 10, 1: 10})), "test": dataset([("t", 0)]).remove_columns("label")}
    splits["train"].save_to_disk(str(tmp_path / "odd" / "train"))
    splits["test"].save_to_disk(str(tmp_path / "odd" / "test"))
    (tmp_path / "odd" / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    corpus = loaded(tmp_path / "odd")
    assert corpus.notes[0] == "the test split of odd has no labels and is left out"
    assert len(corpus.test) == 2


def test_a_test_file_takes_the_place_of_the_test_split(tmp_path: Path) -> None:
    folder = saved(tmp_path / "films", train=dataset(rows_of({0: 5, 1: 5})), test=dataset([("t", 0)]))
    corpus = loaded(folder, test=str(write_csv(tmp_path / "test.csv", [("mine", "positive")])))
    assert corpus.test == Split(texts=("mine",), labels=(1,))


def test_splits_of_other_names_are_refused(tmp_path: Path) -> None:
    folder = saved(tmp_path / "odd", left=dataset(ROWS, names=None), right=dataset(ROWS, names=None))
    with pytest.raises(CorpusError, match="odd must have a split called train, got left, right; choose another"):
        loaded(folder)


def test_the_only_split_is_the_training_split(tmp_path: Path) -> None:
    assert len(loaded(saved(tmp_path / "odd", left=dataset(ROWS, names=None))).train) == 16


def test_another_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="save_to_disk of datasets wrote, got another one; name a file instead"):
        loaded(tmp_path)
    write_csv(tmp_path / "train.csv")
    with pytest.raises(CorpusError, match=r"got another one; name one of its files: train\.csv"):
        loaded(tmp_path)


def test_a_damaged_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{")
    with pytest.raises(CorpusError, match=r"is a damaged data set .*; save it again"):
        loaded(tmp_path)


def test_a_folder_that_must_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(CorpusError, match=r"cannot be read .*Permission denied.*; check its permissions"):
        loaded(tmp_path)


# The hub


class Hub:
    """Stands in for ``datasets.load_dataset``; knows data sets by what they are asked for with."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **known: object) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.known = known
        monkeypatch.setattr(datasets, "load_dataset", self)

    def __call__(self, *name: str, revision: str = "", data_dir: str | None = None) -> object:
        name = (*name, *filter(None, [revision, data_dir]))
        self.asked.append(name)
        if " ".join(name) not in self.known:
            raise FileNotFoundError(f"no data set\ncalled {name}")
        if isinstance(answer := self.known[" ".join(name)], Exception):
            raise answer
        return answer


@pytest.mark.parametrize(
    ("source", "asked"),
    [
        ("hub:imdb", [("imdb",)]),
        ("hub:owner/films", [("owner/films",)]),
        ("hub:glue/sst2", [("glue/sst2",), ("glue", "sst2")]),
        ("hub:owner/glue/sst2", [("owner/glue", "sst2")]),
    ],
)
def test_a_hub_data_set_by_name(monkeypatch: pytest.MonkeyPatch, source: str, asked) -> None:
    data = datasets.DatasetDict(train=dataset(rows_of({0: 10, 1: 10})))
    hub = Hub(monkeypatch, **dict.fromkeys(["imdb", "owner/films", "glue sst2", "owner/glue sst2"], data))
    corpus = load_corpus(CorpusConfig(source=source))
    assert corpus.name == source.removeprefix("hub:")
    assert corpus.label_names == ("negative", "positive")
    assert hub.asked == asked


def test_a_hub_data_set_out_of_reach_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    Hub(monkeypatch)
    expected = r"'no/such' cannot be loaded \(no data set called \('no/such',\)\); check its name, its conf.* network"
    with pytest.raises(CorpusError, match=expected):
        load_corpus(CorpusConfig(source="hub:no/such"))


@pytest.mark.parametrize(
    ("source", "copy"),
    [
        ("hub:conll2003", "conll2003 refs/convert/parquet"),
        ("hub:tner/wnut17/wnut17", "tner/wnut17 refs/convert/parquet wnut17"),
    ],
)
def test_a_hub_data_set_that_is_a_script_is_read_from_the_hubs_copy(monkeypatch, source: str, copy: str) -> None:
    script = RuntimeError("Dataset scripts are no longer supported, but found conll2003.py")
    known = {" ".join(copy.replace("refs/convert/parquet", "").split()): script}
    hub = Hub(monkeypatch, **known, **{copy: datasets.DatasetDict(train=dataset(rows_of({0: 10, 1: 10})))})
    corpus = load_corpus(CorpusConfig(source=source))
    assert hub.asked[-1] == tuple(copy.split())
    assert any("is a script on the hub, which is not run" in note for note in corpus.notes)


def test_another_failure_of_the_hub_is_not_taken_for_a_script(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub(monkeypatch, films=RuntimeError("the disk is full"))
    with pytest.raises(CorpusError, match="the disk is full"):
        load_corpus(CorpusConfig(source="hub:films"))
    assert hub.asked == [("films",)]


def words_and_tags(n: int) -> Any:
    """Return a split as conll2003 and wnut_17 are on the hub."""
    tags = datasets.List(datasets.ClassLabel(names=["O", "B-PER", "I-PER"]))
    features = datasets.Features(id=datasets.Value("string"), tokens=datasets.List(datasets.Value("string")),
                                 pos_tags=datasets.List(datasets.Value("int64")), ner_tags=tags)  # fmt: skip
    rows = {"id": [str(i) for i in range(n)], "tokens": [["Ann", "Lee", f"saw{i}"] for i in range(n)],
            "pos_tags": [[1, 1, 2]] * n, "ner_tags": [[1, 2, 0]] * n}  # fmt: skip
    return datasets.Dataset.from_dict(rows, features=features)


def questions_and_contexts(n: int, *, unanswered: int = 0) -> Any:
    """Return a split as squad and squad_v2 are on the hub."""
    answer = {"text": datasets.List(datasets.Value("string")), "answer_start": datasets.List(datasets.Value("int32"))}
    names = ("id", "title", "context", "question")
    features = datasets.Features(**{name: datasets.Value("string") for name in names}, answers=answer)
    rows = [
        {"id": str(i), "title": "Ann", "context": f"Ann saw {i} cats.", "question": "How many?",
         "answers": {"text": [], "answer_start": []} if i < unanswered else {"text": [str(i)], "answer_start": [8]}}
        for i in range(n)
    ]  # fmt: skip
    return datasets.Dataset.from_list(rows, features=features)


@pytest.mark.parametrize("saved", [False, True])
def test_words_and_tags_come_as_they_are_on_the_hub(monkeypatch, saved: bool, tmp_path: Path) -> None:
    data = datasets.DatasetDict(train=words_and_tags(30), validation=words_and_tags(4), test=words_and_tags(6))
    Hub(monkeypatch, **{"conll2003": data})
    data.save_to_disk(tmp_path / "conll2003")
    source = str(tmp_path / "conll2003") if saved else "hub:conll2003"
    assert guess_task(source) == "tokens"
    corpus = load_corpus(CorpusConfig(source=source), task="tokens")
    assert corpus.label_names == ("O", "B-PER", "I-PER")
    assert (len(corpus.train), len(corpus.validation), len(corpus.test)) == (30, 4, 6)
    assert (corpus.test.texts[5], corpus.test.labels[5]) == ("Ann Lee saw5", (1, 2, 0))


@pytest.mark.parametrize("unanswered", [0, 10])
def test_questions_come_as_they_are_on_the_hub(monkeypatch, unanswered: int) -> None:
    data = datasets.DatasetDict(
        train=questions_and_contexts(40, unanswered=unanswered), validation=questions_and_contexts(12)
    )
    Hub(monkeypatch, squad=data)
    assert guess_task("hub:squad") == "qa"
    corpus = load_corpus(CorpusConfig(source="hub:squad"), task="qa")
    parts = (corpus.train, corpus.validation, corpus.test)
    answers = {tuple(label) for part in parts for label in part.labels}
    assert len(answers) > 12
    assert (() in answers) is bool(unanswered)


def test_a_folder_of_a_search_is_for_embeddings(tmp_path: Path) -> None:
    for name in ("corpus.jsonl", "queries.jsonl"):
        (tmp_path / name).write_text("{}\n", encoding="utf-8")
    assert guess_task(str(tmp_path)) == "embeddings"


@pytest.mark.parametrize("name", ["", "/", "a/", "../a", "a/b/c/d", "a b"])
def test_a_hub_name_must_be_one(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    hub = Hub(monkeypatch)
    with pytest.raises(CorpusError, match=r"must be hub:NAME, hub:OWNER/NAME or .*; copy the name"):
        load_corpus(CorpusConfig(source=f"hub:{name}"))
    assert hub.asked == []


def test_data_sets_need_their_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = saved(tmp_path / "films", train=dataset(rows_of({0: 5, 1: 5})))
    monkeypatch.setitem(sys.modules, "datasets", None)
    for source in (str(folder), "hub:imdb"):
        with pytest.raises(MissingExtraError, match=r"needs the 'hub' extra: pip install 'distil-lab\[hub\]'"):
            load_corpus(CorpusConfig(source=source))
