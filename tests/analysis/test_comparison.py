"""What a run comes down to, and how it stands beside its twin."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from distil_core.analysis import comparison
from distil_core.analysis.comparison import Outcome
from distil_core.analysis.roles import Role
from distil_core.evaluation.metrics import ACCURACY, KL
from distil_core.evaluation.predictions import Predictions
from distil_core.evaluation.records import Interval, Latency
from distil_core.reporting.narrative import runs
from distil_core.settings.config import Init, Method, Recipe, RunConfig, StudentConfig, TrainingConfig
from distil_core.tasks.task import Task
from tests import seeds
from tests.factories import a_comparison, a_cost, a_model_record, a_prediction, a_teacher_record, figures
from tests.landscapes import a_compared_family, a_compared_record


def _answers(right: list[bool]) -> Predictions:
    logits = np.asarray([[1, 0] if flag else [0, 1] for flag in right], dtype=np.float32)
    return a_prediction(logits, np.zeros(len(right)))


def test_headline_compares_with_the_teacher() -> None:
    line = comparison.headline(a_compared_record())
    assert line.score_kept == pytest.approx(0.9 / 0.95)
    assert line.fewer_parameters == pytest.approx(2 / 3)
    assert line.fewer_bytes == pytest.approx(1 - 8.3 / 24.3)
    assert line.speedup is not None
    assert line.speedup.value == pytest.approx(3.6 / 1.3)
    assert line.speedup.low is not None
    assert line.speedup.low < line.speedup.value < line.speedup.ends[1]
    assert not line.busy


def test_a_machine_that_did_something_else_is_told() -> None:
    record = a_compared_record()
    slow = replace(record, model=a_model_record(cost=a_cost(latency_ms=Latency(p5=1.0, p50=1.3, p95=4.0))))
    assert comparison.headline(slow).busy
    assert "machine was busy" in runs.cards(slow, ACCURACY)[2].details[-1]


def test_headline_leaves_out_what_was_not_measured() -> None:
    assert comparison.headline(replace(a_compared_record(), teacher=None)) == comparison.NOTHING
    without_cost = replace(a_compared_record(), model=a_model_record(cost=None))
    line = comparison.headline(without_cost)
    assert (line.fewer_parameters, line.fewer_bytes, line.speedup) == (None, None, None)
    untimed = replace(a_compared_record(), model=a_model_record(cost=a_cost(latency_ms=None)))
    line = comparison.headline(untimed)
    assert line.fewer_parameters is not None
    assert line.speedup is None
    hopeless = replace(a_compared_record(), teacher=a_teacher_record(metrics=figures(0.0), cost=a_cost(0)))
    line = comparison.headline(hopeless)
    assert (line.score_kept, line.fewer_parameters) == (None, None)


def test_paper_claims_are_those_of_the_abstract() -> None:
    assert (comparison.PAPER.score_kept, comparison.PAPER.fewer_parameters, comparison.PAPER.speedup) == (
        *(0.97, 0.40),
        Interval(value=1.60),
    )


def test_models_are_shown_teacher_first(tmp_path: Path) -> None:
    family = seeds.shipped_family(tmp_path)
    shown = comparison.models(family)
    assert [model.name for model in shown] == ["Teacher", "Student", "Hard-label twin", "Layer-cut twin", "TF-IDF"]
    assert [model.method for model in shown] == [None, *Task.methods]
    assert [model.role for model in shown] == [Role.TEACHER, Role.STUDENT, Role.TWIN, Role.TWIN, Role.BASELINE]
    orphan = replace(family, distilled=replace(family.distilled, record=replace(a_compared_record(), teacher=None)))
    assert comparison.models(orphan)[0].name == "Student"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (seeds.a_config(), "2 layers · temperature 2"),
        (seeds.a_config(student=StudentConfig(depth=1), seed=3), "1 layer · temperature 2 · seed 3"),
        (seeds.a_config(student=StudentConfig(layers=(0, 2, 4))), "3 layers · temperature 2"),
        (
            seeds.a_config(student=StudentConfig(width=64, init=Init.RANDOM)),
            "2 layers · width 64 · random initialization · temperature 2",
        ),
        (
            seeds.a_config(training=TrainingConfig(recipe=Recipe.QUICK)),
            "2 layers · temperature 2 · quick recipe",
        ),
        (seeds.a_config(method=Method.HARD_LABELS), "Hard-label twin · 2 layers"),
        (seeds.a_config(method=Method.BASELINE), "TF-IDF"),
    ],
)
def test_settings_name_what_tells_runs_apart(config: RunConfig, words: str) -> None:
    assert comparison.settings_title(config) == words


def test_what_was_kept_is_a_paired_ratio() -> None:
    # Of 1000 texts both get 700 right, the teacher alone 100, the student alone 60.
    flags = np.repeat([[0, 0], [1, 0], [0, 1], [1, 1]], [700, 100, 60, 140], axis=0)
    student, teacher = np.eye(2)[flags[:, 0]], np.eye(2)[flags[:, 1]]
    share = comparison.score_kept(a_prediction(student, np.zeros(1000), teacher=teacher), ACCURACY)
    assert share is not None
    assert share.value == pytest.approx(0.95)
    # The same texts decide both, so that the standard error is about sqrt(0.1 + 0.06 * ...) / sqrt(1000) / 0.8.
    assert share.ends == pytest.approx((0.921, 0.980), abs=0.004)


def test_an_equal_student_keeps_exactly_everything() -> None:
    assert comparison.score_kept(_answers([True, True, False]), ACCURACY) == Interval(value=1.0, low=1.0, high=1.0)


def test_nothing_is_kept_of_nothing() -> None:
    assert comparison.score_kept(_answers([False]), ACCURACY) is None
    alone = _answers([True])
    assert comparison.score_kept(replace(alone, test=alone.test.teacher), ACCURACY) is None


@pytest.mark.parametrize(
    ("gap", "outcome"),
    [
        (Interval(value=0.02, low=0.01, high=0.03), Outcome.BETTER),
        (Interval(value=-0.02, low=-0.03, high=-0.01), Outcome.WORSE),
        (Interval(value=0.01, low=-0.01, high=0.03), Outcome.NO_DIFFERENCE),
    ],
)
def test_the_paired_difference_decides(gap: Interval, outcome: Outcome) -> None:
    judged = comparison.run_verdict(a_compared_family(0.9, 0.88), gap)
    assert judged.outcome is outcome
    assert judged.contrast is not None
    assert judged.contrast.difference is gap
    assert judged.teacher is not None
    assert judged.twin is not None
    assert (judged.role, judged.student.value, judged.teacher.value, judged.twin.value) == (
        Role.STUDENT,
        0.9,
        0.95,
        0.88,
    )


@pytest.mark.parametrize(
    ("twin", "outcome"), [(0.8, Outcome.BETTER), (0.99, Outcome.WORSE), (0.91, Outcome.NO_DIFFERENCE)]
)
def test_without_pairs_it_decides_whether_intervals_overlap(twin: float, outcome: Outcome) -> None:
    judged = comparison.run_verdict(a_compared_family(0.9, twin), None)
    assert judged.outcome is outcome
    assert judged.contrast is not None
    assert judged.contrast.difference.value == pytest.approx(0.9 - twin)
    assert judged.contrast.difference.low is None


def test_without_a_twin_the_outcome_is_pending() -> None:
    judged = comparison.run_verdict(a_compared_family(0.9, None), None)
    assert (judged.outcome, judged.twin, judged.contrast) == (Outcome.PENDING, None, None)


def test_less_may_be_better() -> None:
    up, none = Interval(value=0.02, low=0.01, high=0.03), Interval(value=0.02, low=-0.01, high=0.03)
    assert comparison.outcome_of(up, ACCURACY) is Outcome.BETTER
    assert comparison.outcome_of(up, KL) is Outcome.WORSE
    assert comparison.outcome_of(none, KL) is Outcome.NO_DIFFERENCE
    assert comparison.outcome_of(None, KL) is Outcome.PENDING


def test_answers_are_at_temperature_one() -> None:
    teacher, student = comparison.sentence_answers(a_comparison((2.0, 0.0), (0.0, 0.0)))
    assert (teacher.role, teacher.label, student.role) == (Role.TEACHER, 0, Role.STUDENT)
    assert (teacher.probability, student.probability) == pytest.approx((0.8808, 0.5), abs=1e-4)
