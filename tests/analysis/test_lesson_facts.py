"""What lessons ask about runs, on runs with obvious answers: of 20 texts the teacher is wrong on the last."""

from pathlib import Path

import numpy as np
import pytest

from distil_core.analysis import lesson_facts
from distil_core.evaluation.metrics import ACCURACY, recall
from distil_core.evaluation.records import Interval
from distil_core.runs.families import Family
from distil_core.settings.config import Method
from tests import seeds


@pytest.fixture
def family(tmp_path: Path) -> Family:
    return seeds.shipped_family(tmp_path)


@pytest.mark.parametrize("shade", ["sure", "hesitant", "torn"])
def test_a_telling_text_is_one_that_the_teacher_answers_right(family: Family, shade: str) -> None:
    answer = lesson_facts.telling_text(family.distilled, shade=shade)
    assert answer.ranked[0] == answer.label
    assert answer.text == f"This is text number {int(answer.text.split()[-1][:-1])}."
    share = np.exp(3) / (np.exp(3) + 4)
    assert answer.shares()[answer.label] == pytest.approx(share)
    assert answer.shares(1e6) == pytest.approx([0.2] * 5, abs=1e-5)
    others = (1 - share) / 4
    assert answer.entropy_nats == pytest.approx(-share * np.log(share) - 4 * others * np.log(others))


def test_pairs_are_held_against_each_other_on_the_same_texts(family: Family) -> None:
    twin = family.twin(Method.HARD_LABELS)
    assert twin is not None
    pair = lesson_facts.paired_scores(family.distilled, twin, ACCURACY)
    assert (pair.first.value, pair.second.value) == (0.9, 0.8)
    assert pair.difference.value == pytest.approx(0.1)
    assert lesson_facts.paired_with_teacher(family.distilled, ACCURACY).difference.value == pytest.approx(-0.05)
    # Four texts of each class; the student is wrong on those of the last two classes once.
    assert lesson_facts.paired_scores(family.distilled, twin, recall(3)).first.value == 0.75


def test_temperature_changes_no_answer_and_softens_what_is_given_to_a_class(family: Family) -> None:
    assert lesson_facts.changed_answers(family.distilled, (0.25, 1.0, 16.0)) == (0.0, 0.0, 0.0)
    low, high = (lesson_facts.share_of_class(family.distilled, 2, temperature=each) for each in (1.0, 1e6))
    assert low[2] > 0.8 > 0.1 > low[0]
    assert high == pytest.approx([0.2] * 5, abs=1e-5)
    elsewhere = lesson_facts.share_elsewhere(family.distilled, 2, temperature=1.0)
    assert elsewhere == pytest.approx(np.mean([low[i] for i in (0, 1, 3, 4)]))
    leftover = lesson_facts.teacher_leftover(family.distilled, temperature=2.0)
    assert np.nansum(leftover, axis=1) == pytest.approx([1.0] * 5)


def test_what_is_not_in_the_layers_is_as_large_in_both_models() -> None:
    teacher, student = lesson_facts.size_parts((700, 300), (6, 2))
    assert (teacher.layers, teacher.rest, student.layers, student.rest) == (600, 100, 200, 100)
    assert student.total == 300


def test_the_smallest_depth_is_that_from_which_on_all_suffice() -> None:
    scores = [Interval(value=value) for value in (0.5, 0.9, 0.7, 0.88, 0.9)]
    assert lesson_facts.smallest_depth(scores, least=0.88) == 4
    assert lesson_facts.smallest_depth(scores, least=0.4) == 1
    assert lesson_facts.smallest_depth(scores, least=0.99) == 5
