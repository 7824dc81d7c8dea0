"""Curves and progress of a run, from its events."""

from dataclasses import replace

import pytest

from distil_core.analysis import learning_curves
from distil_core.settings.config import Method
from distil_core.training.events import Stage, TeacherMeasured, Validation
from tests import seeds
from tests.factories import a_step


def test_curves_sort_events_by_kind() -> None:
    curves = learning_curves.curves(seeds.events_of(seeds.a_config()))
    assert curves.epochs == (1.0, 2.0, 3.0, 4.0)
    assert curves.loss == {"soft_labels": (0.4,) * 4, "hard_labels": (0.1,) * 4}
    assert (curves.validation_epochs, curves.scores) == ((0.0, 2.0, 4.0), pytest.approx((0.4, 0.6, 0.8)))
    assert curves.teacher_score == 0.95


def test_what_is_done_again_after_an_interruption_is_drawn_once() -> None:
    before, after = ([a_step(step, 40, loss={"hard": loss}) for step in (10, 20, 30)] for loss in (0.9, 0.8))
    told = [Validation(epoch=1.0, score=accuracy, agreement=None) for accuracy in (0.6, 0.7)]
    curves = learning_curves.curves([*before, told[0], *after[1:], told[1]])
    assert curves.epochs == (1.0, 2.0, 3.0)
    assert curves.loss == {"hard": (0.9, 0.8, 0.8)}
    assert (curves.validation_epochs, curves.scores) == ((1.0,), (0.7,))


def test_curves_of_nothing_are_empty() -> None:
    curves = learning_curves.curves(())
    assert (curves.epochs, curves.loss, curves.scores, curves.teacher_score) == ((), {}, (), None)


def test_long_curves_are_thinned_and_keep_the_newest() -> None:
    curves = learning_curves.curves([a_step(step, 1000) for step in range(1, 1001)], points=100)
    assert len(curves.epochs) == 100
    assert curves.epochs[-1] == 4.0


def test_part_of_the_loss_that_appears_later_counts_as_zero_before() -> None:
    curves = learning_curves.curves([a_step(1, loss={"hard": 1.0}), a_step(2, loss={"hard": 0.9, "soft": 0.5})])
    assert curves.loss == {"hard": (1.0, 0.9), "soft": (0.0, 0.5)}


def test_validation_rows_are_named() -> None:
    curves = {Method.DISTILLED: learning_curves.curves([Validation(epoch=1.0, score=0.7, agreement=None)])}
    assert learning_curves.validation_rows(curves, {Method.DISTILLED: "Student"}) == [("Student", 1.0, 0.7)]


def test_progress_begins_before_any_event() -> None:
    assert learning_curves.progress(()).stage == "Starting"


def test_progress_is_of_the_newest_stage() -> None:
    events = [Stage(name="Training", detail="", fraction=0.0), a_step(30, 40, seconds_left=1.0)]
    going = learning_curves.progress(events)
    assert (going.stage, going.fraction, going.seconds_left, going.detail) == ("Training", 0.75, 1.0, "1,500 texts/s")
    after = learning_curves.progress([*events, Stage(name="Measuring", detail="speed", fraction=None)])
    assert (after.stage, after.fraction, after.seconds_left, after.detail) == ("Measuring", None, None, "speed")


def test_the_teacher_is_told_in_the_stage_that_measured_it() -> None:
    tuning = Stage(name="Fine-tuning", detail="steps", fraction=0.5, n_done=5, n_total=10, seconds_left=3.0)
    events = [tuning, TeacherMeasured(score=0.7), replace(tuning, n_done=6)]
    going = learning_curves.progress(events)
    assert (going.teacher_score, going.n_done, going.n_total, going.seconds_left) == (0.7, 6, 10, 3.0)
    after = learning_curves.progress([*events, Stage(name="Training", detail="", fraction=0.0)])
    assert (after.teacher_score, after.n_done) == (None, None)
    assert learning_curves.curves([*events, TeacherMeasured(score=0.8)]).teacher_score == 0.8
