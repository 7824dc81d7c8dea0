"""Pairs whose labels are numbers: from a file to a student that predicts in the units of the file."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import pearsonr, spearmanr
from transformers import pipeline

from distil_core.data.corpus import SEGMENT, split_segments
from distil_core.errors import CorpusError, TeacherError
from distil_core.evaluation.bootstrap import measure
from distil_core.evaluation.predictions import split_predictions
from distil_core.functional.number_losses import squared_error
from distil_core.models.head import REGRESSION
from distil_core.runs import foreground
from distil_core.runs.store import RunStore
from distil_core.settings.config import CorpusConfig
from distil_core.tasks.corpora import guess_task, load_corpus
from distil_core.tasks.pairs import PairRegression, TextPairs
from distil_core.tasks.pairs.overlap import RidgeBaseline
from distil_core.training.teacher_checks import refuse_unfit
from tests import pairs, tiny
from tests.cards import printed
from tests.data.test_files import write_jsonl

TASK = PairRegression()


def loaded(path: Path, **settings: object):  # type: ignore[no-untyped-def]
    return load_corpus(CorpusConfig(source=str(path), **settings), task="pairs")  # type: ignore[arg-type]


def scored(numbers: list[object]) -> list[dict[str, object]]:
    return [{"text_a": f"one {i}", "text_b": f"two {i}", "label": number} for i, number in enumerate(numbers)]


# In


def test_fractions_are_numbers(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", scored([0.5 * (i % 9) for i in range(40)]))
    assert guess_task(str(path)) == "pairs"
    corpus = loaded(path)
    assert corpus.label_names == ("score",)
    assert {type(label) for label in corpus.train.labels} == {float}
    assert (len(corpus.train), len(corpus.validation), len(corpus.test)) == (32, 4, 4)
    assert any(note.startswith("the labels are read as numbers, from 0 to 4; write words") for note in corpus.notes)
    task = TextPairs().for_corpus(corpus)
    assert task.head == REGRESSION
    assert task.unit == pytest.approx(np.std(corpus.train.labels))
    assert TextPairs().for_labels(("score",)).primary.name == "spearman"


def test_whole_numbers_are_classes_where_they_are_few(tmp_path: Path) -> None:
    few = write_jsonl(tmp_path / "few.jsonl", scored([i % 4 for i in range(60)]))
    assert loaded(few).label_names == ("0", "1", "2", "3")
    assert loaded(few, label_names=("score",)).label_names == ("score",)
    many = write_jsonl(tmp_path / "many.jsonl", scored([i % 12 for i in range(60)]))
    assert loaded(many).label_names == ("score",)
    names = tuple("abcdefghijkl")
    assert loaded(many, label_names=names).label_names == names


def test_what_is_no_number_names_its_row(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", scored([*(0.5 * (i % 9) for i in range(40)), "very"]))
    with pytest.raises(CorpusError, match=r"row 41 of a.jsonl must have a number in 'label'.* got 'very'; write one"):
        loaded(path)


@pytest.mark.parametrize("score", [-1.0, 50.0])
def test_a_score_off_the_scale_of_the_others_names_its_row(score: float, tmp_path: Path) -> None:
    on_the_scale = [0.5 * (i % 11) for i in range(66)]
    path = write_jsonl(tmp_path / "a.jsonl", scored([*on_the_scale, score]))
    with pytest.raises(CorpusError, match=rf"row 67 of a.jsonl must have a score from 0 to 5 in 'label'.* {score:g};"):
        loaded(path)


@pytest.mark.parametrize("score", [7.5, 5.5])
def test_a_score_that_a_longer_scale_holds_is_left(score: float, tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", scored([*(0.5 * (i % 11) for i in range(66)), score]))
    assert loaded(path).label_names == ("score",)


def test_one_number_alone_is_refused(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", scored([2.5] * 40))
    with pytest.raises(CorpusError, match=r"must have at least two different numbers in column 'label', got 1"):
        loaded(path)


def test_few_labels_are_refused(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", scored([0.5 * (i % 9) for i in range(40)]))
    with pytest.raises(Exception, match=r"corpus.shots must be 0 for the task pairs"):
        loaded(path, shots=4)


# Asked for


def test_errors_are_counted_in_units() -> None:
    predicted, wanted = torch.tensor([[1.0], [4.0], [9.0]]), torch.tensor([3.0, 4.0, float("nan")])
    assert float(squared_error(predicted, wanted, unit=2.0)) == pytest.approx(1 / 3)
    weights = torch.tensor([3.0, 0.0, 0.0])
    assert float(squared_error(predicted, wanted, weights=weights, normalizer=2)) == pytest.approx(6.0)


def test_a_number_has_no_temperature() -> None:
    student, teacher = torch.tensor([[1.0], [2.0]]), torch.tensor([[2.0], [2.0]])
    losses = [TASK.soft_loss(student, teacher, temperature=t, normalizer=None) for t in (1.0, 5.0)]
    assert [float(loss) for loss in losses] == [0.5, 0.5]


# Measured


def test_correlations_are_those_of_scipy() -> None:
    draw = np.random.default_rng(0)
    targets = draw.integers(0, 11, 200) / 2 - 3
    answers = targets + draw.normal(size=200)
    split = split_predictions(answers[:, None], targets, teacher_logits=(answers**3)[:, None])
    spearman, pearson = TASK.quality
    assert spearman.of(split) == pytest.approx(spearmanr(answers, targets).statistic, abs=1e-6)
    assert pearson.of(split) == pytest.approx(pearsonr(answers, targets).statistic, abs=1e-6)
    assert TASK.fidelity[0].of(split) == pytest.approx(pearsonr(answers, answers**3).statistic, abs=1e-6)
    for interval in measure(split, TASK.metrics).values():
        assert interval.low is not None
        assert interval.high is not None
        assert interval.low < interval.value < interval.high


def test_pairs_without_a_number_do_not_count() -> None:
    split = split_predictions(np.array([[1.0], [2.0], [9.0], [3.0]]), np.array([-2.0, -1.0, np.nan, 5.0]))
    assert TASK.primary.of(split) == pytest.approx(1.0)


def test_a_teacher_that_always_says_the_same_is_refused(tmp_path: Path) -> None:
    corpus = loaded(write_jsonl(tmp_path / "a.jsonl", scored([0.5 * (i % 9) for i in range(40)])))
    sites = TASK.encode(tiny.tokenizer(), corpus.train, max_length=8).sites
    with pytest.raises(TeacherError, match=r"always saying the same number would give 0.000"):
        refuse_unfit(torch.ones(len(sites), 1), sites, metric=TASK.primary, name="flat")


# Compared with


def test_the_baseline_sees_what_both_texts_share() -> None:
    words = ["ice", "sun", "fire", "wind", "rain", "snow", "fog", "hail"]
    texts = [f"{a} {SEGMENT}{b}" for a in words for b in (a, words[(words.index(a) + 3) % 8])]
    baseline = RidgeBaseline.fit(texts, [5.0, 0.0] * 8)
    same, other = baseline.predict(["frost\x1ffrost", "frost\x1fdrizzle"])[:, 0].tolist()
    assert same > other
    assert baseline.n_parameters > 0
    assert baseline.bytes > 0


# Out


def test_a_student_predicts_in_the_units_of_the_file(tmp_path: Path, quick: None) -> None:
    result = foreground.run_all(pairs.a_config(tmp_path, scored=True), RunStore(tmp_path / "store"))
    told = result.to_json()
    assert (told["task"], told["primary"]) == ("pairs", "spearman")
    assert set(told["student"]["scores"]) == {"spearman", "pearson", "teacher_pearson"}
    assert set(told["baseline"]["scores"]) >= {"spearman", "pearson"}
    assert told["teacher"]["spearman"] > 0.3
    config = json.loads((result.folder.student / "config.json").read_text(encoding="utf-8"))
    assert (config["problem_type"], config["id2label"]) == ("regression", {"0": "score"})
    asked = pipeline("text-classification", model=str(result.folder.student), function_to_apply="none")
    rows = [json.loads(line) for line in result.folder.test_texts.read_text(encoding="utf-8").splitlines()]
    test = result.folder.read_predictions().test
    assert test.targets.tolist() == [row["label"] for row in rows]
    for row, numbers in zip(rows, test.logits, strict=True):
        first, second = split_segments(row["text"])
        (answer,) = asked([{"text": first, "text_pair": second}])
        assert answer["score"] == pytest.approx(numbers[0], abs=1e-4)
    assert "'score': " in printed(result)


def test_reviews_are_paired_with_how_much_they_are_alike() -> None:
    config = CorpusConfig(source="review-likeness", n_train=80, n_test=20, seed=3)
    corpus = load_corpus(config, task="pairs")
    labels = corpus.train.labels
    assert corpus.label_names == ("score",)
    assert all(isinstance(label, float) and 0 <= label <= 1 for label in labels)
    assert len(set(labels)) > 20
    assert sum(0.6 < label < 0.875 for label in labels) > 5  # which nobody could call the same or different
    assert load_corpus(config, task="pairs").train == corpus.train
    with pytest.raises(CorpusError, match="must be reviews or python-docs, got 'review-likeness'"):
        load_corpus(config)
