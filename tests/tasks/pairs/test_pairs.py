"""Text pairs: from columns of any usual name to a student that others can load."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef
from transformers import pipeline

from distil_core.data.corpus import SEGMENT, split_segments
from distil_core.errors import CorpusError
from distil_core.evaluation.bootstrap import measure
from distil_core.evaluation.predictions import softmax, split_predictions
from distil_core.runs import foreground
from distil_core.runs.store import RunStore
from distil_core.settings.config import CorpusConfig
from distil_core.tasks import catalog
from distil_core.tasks.corpora import guess_task, load_corpus
from distil_core.tasks.pairs import TextPairs
from distil_core.tasks.pairs.overlap import OverlapBaseline
from distil_core.tasks.pairs.quality import F1, MATTHEWS
from tests import pairs
from tests.cards import printed
from tests.data.test_files import write_jsonl

TASK = TextPairs()


def loaded(path: Path, **settings: str):  # type: ignore[no-untyped-def]
    return load_corpus(CorpusConfig(source=str(path), **settings), task="pairs")  # type: ignore[arg-type]


def some_rows(first: str = "text_a", second: str = "text_b", n: int = 20) -> list[dict[str, object]]:
    return [{first: f"one {i}", second: f"two {i}", "label": ("no", "yes")[i % 2]} for i in range(n)]


# In


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("text_a", "text_b"),
        ("sentence1", "sentence2"),
        ("question1", "question2"),
        ("premise", "hypothesis"),
        ("question", "sentence"),
    ],
)
def test_columns_are_known_by_their_usual_names(tmp_path: Path, first: str, second: str) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", [{"idx": i, **row} for i, row in enumerate(some_rows(first, second))])
    assert guess_task(str(path)) == "pairs"
    corpus = loaded(path)
    assert corpus.label_names == ("no", "yes")
    for part in (corpus.train, corpus.validation, corpus.test):
        for text in part.texts:
            a, b = split_segments(text)
            assert (a[:4], b[:4], a[4:]) == ("one ", "two ", b[4:])
    assert corpus.notes == ("F1 is that of the label 'yes'",)


def test_columns_can_be_named(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", some_rows("left", "right"))
    corpus = loaded(path, text_column="right, left")
    assert corpus.train.texts[0].startswith("two ")
    with pytest.raises(CorpusError, match=r"no two text columns with usual names .* set text_column to two of its"):
        loaded(path)
    with pytest.raises(
        CorpusError, match=r"text_column must be two columns of a.jsonl, separated by a comma, got 'left'"
    ):
        loaded(path, text_column="left")


def test_an_empty_segment_names_its_row(tmp_path: Path) -> None:
    rows = some_rows()
    rows[4]["text_b"] = " "
    path = write_jsonl(tmp_path / "a.jsonl", rows)
    with pytest.raises(CorpusError, match=r"every row of a.jsonl must have two texts, got an empty 'text_b' in row 5"):
        loaded(path)


def test_one_label_alone_is_refused(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", [{**row, "label": "no"} for row in some_rows()])
    with pytest.raises(CorpusError, match=r"must have at least two labels in column 'label', got only 'no'"):
        loaded(path)


def test_a_separator_in_a_segment_becomes_a_space(tmp_path: Path) -> None:
    rows = some_rows()
    rows[0]["text_a"] = f"one{SEGMENT}half"
    corpus = loaded(write_jsonl(tmp_path / "a.jsonl", rows))
    texts = (*corpus.train.texts, *corpus.validation.texts, *corpus.test.texts)
    assert f"one half{SEGMENT}two 0" in texts
    assert "1 row of a.jsonl holds the control character U+001F, which is read as a space" in corpus.notes


def test_glue_comes_as_it_is_on_the_hub(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="the extra hub is not installed")
    features = datasets.Features(
        sentence1=datasets.Value("string"),
        sentence2=datasets.Value("string"),
        label=datasets.ClassLabel(names=["not_equivalent", "equivalent"]),
    )

    def part(labels: list[int]) -> object:
        texts = [f"text {i}" for i in range(len(labels))]
        return datasets.Dataset.from_dict({"sentence1": texts, "sentence2": texts, "label": labels}, features=features)

    splits = {"train": part([0, 1] * 20), "validation": part([0, 1] * 3), "test": part([-1] * 4)}
    datasets.DatasetDict(splits).save_to_disk(tmp_path / "mrpc")
    corpus = loaded(tmp_path / "mrpc")
    assert corpus.label_names == ("not_equivalent", "equivalent")
    assert len(corpus.test) == 6  # of which nobody tells the labels
    assert "F1 is that of the label 'equivalent'" in corpus.notes


# Built in


def test_reviews_are_paired_by_what_they_mean() -> None:
    corpus = load_corpus(CorpusConfig(n_train=60, n_test=20, seed=3), task="pairs")
    assert corpus.label_names == ("different", "same")
    assert corpus.notes == ("F1 is that of the label 'same'",)
    assert sorted(corpus.train.labels) == [0] * 30 + [1] * 30
    parts = [
        {segment for text in part.texts for segment in split_segments(text)} for part in (corpus.train, corpus.test)
    ]
    assert [len(part) for part in parts] == [120, 40]
    assert not parts[0] & parts[1]
    again = load_corpus(CorpusConfig(n_train=60, n_test=20, seed=3), task="pairs")
    assert again == corpus
    assert load_corpus(CorpusConfig(n_train=60, n_test=20, seed=4), task="pairs").test != corpus.test


# Measured


@pytest.mark.parametrize("n_classes", [2, 3])
def test_metrics_are_those_of_scikit_learn(n_classes: int) -> None:
    draw = np.random.default_rng(0)
    logits, targets = draw.normal(size=(200, n_classes)), draw.integers(0, n_classes, 200)
    split, answers = split_predictions(logits, targets), logits.argmax(axis=1)
    average = {"average": "binary" if n_classes == 2 else "macro"}
    assert TASK.primary.of(split) == pytest.approx(accuracy_score(targets, answers), abs=1e-6)
    assert F1.of(split) == pytest.approx(f1_score(targets, answers, **average), abs=1e-6)
    assert MATTHEWS.of(split) == pytest.approx(matthews_corrcoef(targets, answers), abs=1e-6)
    for interval in measure(split, TASK.quality).values():
        assert interval.low is not None
        assert interval.high is not None
        assert interval.low < interval.value < interval.high


def test_nothing_is_divided_by_nothing() -> None:
    split = split_predictions(np.array([[1.0, 0.0]] * 3), np.array([0, 0, 1]))
    assert (F1.of(split), MATTHEWS.of(split)) == (0.0, 0.0)


# Compared with


def test_the_baseline_sees_what_both_texts_share() -> None:
    words = ["ice", "sun", "fire", "wind", "rain", "snow", "fog", "hail"]
    texts = [f"{a} {SEGMENT}{b}" for a in words for b in (a, words[(words.index(a) + 3) % 8])]
    labels = [1, 0] * 8
    baseline = OverlapBaseline.fit(texts, labels, n_classes=2)
    answers = baseline.predict(["frost\x1ffrost", "frost\x1fdrizzle"])
    assert answers.argmax(dim=1).tolist() == [1, 0]
    torch.testing.assert_close(answers.exp().sum(dim=1), torch.ones(2))
    assert baseline.n_parameters > 0
    assert baseline.bytes > 0


# Out


def test_a_student_answers_pairs_for_others_too(tmp_path: Path, quick: None) -> None:
    result = foreground.run_all(pairs.a_config(tmp_path), RunStore(tmp_path / "store"))
    told = result.to_json()
    assert (told["task"], told["primary"]) == ("pairs", "accuracy")
    assert set(told["student"]["scores"]) >= {"accuracy", "f1", "matthews", "agreement"}
    asked = pipeline("text-classification", model=str(result.folder.student), top_k=None)
    rows = [json.loads(line) for line in result.folder.test_texts.read_text(encoding="utf-8").splitlines()]
    expected = [softmax(logits.tolist(), 1.0) for logits in result.folder.read_predictions().test.logits]
    for row, shares in zip(rows, expected, strict=True):
        first, second = split_segments(row["text"])
        (answer,) = asked([{"text": first, "text_pair": second}])
        named = {item["label"]: item["score"] for item in answer}
        assert [named[label] for label in ("hot", "not hot")] == pytest.approx(list(shares), abs=1e-4)
    assert "hot" in printed(result)


def test_the_task_is_offered() -> None:
    assert catalog.TASKS["pairs"].segments == ("First text", "Second text")
