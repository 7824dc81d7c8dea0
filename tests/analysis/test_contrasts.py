"""Models held against one another: paired over texts, by their score and by how near their teacher they are."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distil_core.analysis.comparison import Outcome
from distil_core.analysis.contrasts import difference, drawing, drawing_teachers, fidelity, teacher_over_baseline
from distil_core.errors import StoreError
from distil_core.evaluation.metrics import ACCURACY
from distil_core.evaluation.predictions import Predictions
from distil_core.evaluation.records import Interval
from distil_core.reporting.narrative.runs import teacher_worth
from distil_core.runs.folder import RunFolder
from distil_core.runs.store import RunStore
from distil_core.settings.canonical import twin_of
from distil_core.settings.config import Method
from tests.factories import a_prediction
from tests.landscapes import a_compared_family, a_store_family


def _answers(right: list[bool]) -> Predictions:
    return a_prediction(np.asarray([[1, 0] if flag else [0, 1] for flag in right]), np.zeros(len(right)))


def differing(first: Predictions, second: Predictions) -> Interval | None:
    folders = {RunFolder(path=Path(name)): answers for name, answers in (("a", first), ("b", second))}
    return difference(*folders, ACCURACY, drawing(folders.__getitem__))


def between(first: Predictions, second: Predictions) -> Any:
    measured = differing(first, second)
    assert measured is not None
    return measured


def test_difference_is_paired() -> None:
    first, second = _answers([True, True, True, False]), _answers([True, True, False, True])
    difference = between(first, second)
    assert difference.value == 0.0
    assert difference.low < 0.0 < difference.high
    assert not difference.seen


@pytest.mark.parametrize(("n_first", "n_second", "seen"), [(60, 20, True), (20, 60, True), (41, 39, False)])
def test_a_difference_is_seen_when_it_is_there(n_first: int, n_second: int, seen: bool) -> None:
    both = [True] * (1000 - n_first - n_second)
    first = _answers([*both, *[True] * n_first, *[False] * n_second])
    second = _answers([*both, *[False] * n_first, *[True] * n_second])
    difference = between(first, second)
    assert difference.value == pytest.approx((n_first - n_second) / 1000)
    assert difference.low < difference.value < difference.high
    assert difference.seen is seen
    # McNemar: only what one of the two gets right moves the difference.
    margin = 1.96 * np.sqrt((n_first + n_second) / 1000 - difference.value**2) / np.sqrt(1000)
    assert difference.high - difference.low == pytest.approx(2 * margin, rel=0.1)
    backwards = between(second, first)
    assert backwards.value == -difference.value
    assert backwards.seen is seen


def test_equal_answers_leave_no_doubt() -> None:
    same = _answers([True, False, True])
    assert between(same, same) == Interval(value=0.0, low=0.0, high=0.0)


def test_difference_of_one_text_is_its_between() -> None:
    assert between(_answers([True]), _answers([False])).value == 1.0


def test_difference_needs_the_same_texts() -> None:
    assert differing(_answers([True, True]), _answers([True])) is None


@pytest.mark.parametrize(("n_right", "words"), [(60, ""), (40, "not seen to be better than"), (10, "worse than")])
def test_a_teacher_is_held_against_the_baseline(n_right: int, words: str) -> None:
    baseline = replace(a_compared_family(0.9, 0.8).twins[-1], folder=RunFolder(path=Path("baseline")))
    baseline = replace(
        baseline, record=replace(baseline.record, config=twin_of(baseline.record.config, Method.BASELINE))
    )
    answers = _answers([i < 40 for i in range(60)])
    logits = _answers([i < n_right for i in range(60)]).test.logits
    answers = replace(answers, test=replace(answers.test, teacher_logits=logits))

    def read(folder: RunFolder) -> Predictions:
        assert folder.path.name == "baseline"
        return answers

    contrast = teacher_over_baseline(baseline, drawing(read), drawing_teachers(read))
    assert contrast is not None
    told = teacher_worth(contrast, "TF-IDF")
    assert words in told
    assert bool(told) is bool(words)


def test_each_way_of_being_near_is_paired_over_texts(tmp_path: Path) -> None:
    members, _, _ = a_store_family(RunStore(tmp_path), distilled=0.8, hard_labels=0.8)
    teacher = np.random.default_rng(0).normal(size=(300, 3))

    def read(folder: RunFolder) -> Predictions:
        taught = folder == members.distilled.folder
        noise = np.random.default_rng(1).normal(size=(300, 3))
        return a_prediction(teacher + (0.1 if taught else 1.0) * noise, np.zeros(300), teacher=teacher)

    contrasts = fidelity(members, drawing(read))
    assert [contrast.metric.name for contrast in contrasts][:2] == ["agreement", "kl"]
    assert {contrast.outcome for contrast in contrasts} == {Outcome.BETTER}
    assert contrasts[0].difference.value > 0 > contrasts[1].difference.value
    assert contrasts[0].n_texts == members.distilled.record.corpus.n_test


def test_nothing_is_said_without_a_twin_or_its_answers(tmp_path: Path) -> None:
    def lost(folder: RunFolder) -> Predictions:
        raise StoreError("gone")

    alone, _, read = a_store_family(RunStore(tmp_path / "a"), distilled=0.8)
    assert fidelity(alone, drawing(read)) == ()
    both, _, _ = a_store_family(RunStore(tmp_path / "b"), distilled=0.8, hard_labels=0.8)
    assert fidelity(both, drawing(lost)) == ()


@pytest.mark.parametrize(("number", "upwards"), [(7, 7), (99, 99), (123, 130), (1_234, 1_300), (98_765, 99_000)])
def test_numbers_of_texts_are_rounded_up(number: int, upwards: int) -> None:
    from distil_core.reporting.formatting import rounded

    assert rounded(number) == upwards
