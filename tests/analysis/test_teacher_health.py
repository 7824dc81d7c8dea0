"""A teacher in bad health is named, by what is known of it so far."""

from dataclasses import replace

import pytest

from distil_core.analysis.comparison import Contrast, Outcome
from distil_core.analysis.teacher_health import teacher_health
from distil_core.evaluation.metrics import ACCURACY
from distil_core.evaluation.records import Interval
from distil_core.reporting.narrative.runs import teacher_doubts
from distil_core.training.events import TEACHER_OUTPUTS, Event, Stage, TeacherMeasured
from tests.factories import a_teacher_record
from tests.landscapes import a_compared_record


@pytest.mark.parametrize(
    ("epochs", "measured", "words"),
    [
        ((), 0.9, ""),  # not fine-tuned here
        ((0.3, 0.5, 0.7), 0.7, "still brought +20.0 points"),
        ((0.3, 0.5, 0.7), None, "still brought +20.0 points"),
        ((0.3, 0.7, 0.705), 0.705, ""),
        ((0.7, 0.6), 0.7, ""),  # the best epoch stays, and is no further one
        ((0.7, 0.8, 0.8), 0.8, ""),
    ],
)
def test_one_that_has_not_converged_is_named_before_a_student_learns(
    epochs: tuple[float, ...], measured: float | None, words: str
) -> None:
    events: list[Event] = [TeacherMeasured(score=score) for score in epochs]
    if measured is not None:  # once more when all is there
        events += [Stage(name=TEACHER_OUTPUTS, detail="", fraction=1.0), TeacherMeasured(score=measured)]
    health = teacher_health(events, ACCURACY)
    told = "".join(teacher_doubts(health, "TF-IDF"))
    assert words in told
    assert bool(told) is bool(words)


def test_one_that_is_behind_and_does_not_know_how_sure_it_is_is_named_for_both() -> None:
    teacher = a_teacher_record()
    teacher = replace(teacher, metrics={**teacher.metrics, "ece": Interval(value=0.31)})
    record = replace(a_compared_record(), teacher=teacher)
    behind = Contrast(metric=ACCURACY, difference=Interval(value=-0.3, low=-0.4, high=-0.2), outcome=Outcome.WORSE)
    behind_only, uncalibrated = teacher_doubts(
        teacher_health([], ACCURACY, record=record, against_baseline=behind), "TF-IDF"
    )
    assert "worse than the baseline (TF-IDF)" in behind_only
    assert "31.0 % apart" in uncalibrated
