"""Whether a teacher is worth learning from: has it converged, is it above a baseline, does it know how sure it is."""

from collections.abc import Iterable
from dataclasses import dataclass

from distil_core.analysis.comparison import Contrast, Outcome
from distil_core.analysis.contrasts import Draw, teacher_over_baseline
from distil_core.evaluation.metrics import Metric
from distil_core.runs.families import FinishedRun
from distil_core.runs.reading import task_of
from distil_core.runs.record import RunRecord
from distil_core.runs.rows import Run
from distil_core.training.events import TEACHER_OUTPUTS, Event, Stage, TeacherMeasured

STILL_LEARNING = 0.01
"""A gain of the last epoch of fine-tuning above this says that there was more to learn."""
FAR_FROM_CALIBRATED = 0.1
"""An expected calibration error above this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherHealth:
    """What is known of a teacher, as far as it is.

    Attributes:
        metric: What it is measured by.
        scores: Of the validation texts after each epoch of its fine-tuning; one where it was not fine-tuned.
        against_baseline: It against the baseline on the test texts.
        calibration_error: Its expected calibration error on the test texts.
    """

    metric: Metric
    scores: tuple[float, ...]
    against_baseline: Contrast | None = None
    calibration_error: float | None = None

    @property
    def last_gain(self) -> float | None:
        """What the last epoch of its fine-tuning brought; None where it was not fine-tuned for several."""
        if len(self.scores) < 2 or not self.metric.is_share:
            return None
        return self.scores[-1] - self.scores[-2]

    @property
    def still_learning(self) -> bool:
        """Whether its fine-tuning ended too soon."""
        return self.last_gain is not None and self.last_gain > STILL_LEARNING

    @property
    def behind(self) -> bool:
        """Whether the baseline is as good or better."""
        contrast = self.against_baseline
        return contrast is not None and contrast.outcome not in (Outcome.BETTER, Outcome.PENDING)

    @property
    def miscalibrated(self) -> bool:
        """Whether how sure it is says little of how often it is right."""
        return self.calibration_error is not None and self.calibration_error > FAR_FROM_CALIBRATED


def health_so_far(
    run: Run, events: Iterable[Event], baseline: FinishedRun | None, draw: Draw, draw_teacher: Draw
) -> TeacherHealth:
    """Return what is known of the teacher of a run by now: of its fine-tuning, then of the baseline, then of the run.

    Args:
        run: One that learns from it, or its baseline.
        events: Its own.
        baseline: Of the run, once that is done; it measures the teacher, too.
        draw: Reads a figure of a run with its draws.
        draw_teacher: Reads one of the teacher of a run.
    """
    return teacher_health(
        events,
        task_of(run.config).monitored,
        record=first_record(run, baseline),
        against_baseline=teacher_over_baseline(baseline, draw, draw_teacher),
    )


def first_record(run: Run, baseline: FinishedRun | None) -> RunRecord | None:
    """Return the record of a run, or while it has none that of its baseline, which has the same corpus and teacher."""
    return baseline.record if run.record is None and baseline is not None else run.record


def teacher_health(
    events: Iterable[Event],
    metric: Metric,
    *,
    record: RunRecord | None = None,
    against_baseline: Contrast | None = None,
) -> TeacherHealth:
    """Return what is known of the teacher of a run, also before anything has been distilled.

    Args:
        events: Of the run.
        metric: What it is measured by.
        record: Of a run of the family, once one is done.
        against_baseline: The teacher against the baseline, once that is done.
    """
    scores: list[float] = []
    answers = False
    for event in events:
        match event:
            case Stage():
                answers = event.name == TEACHER_OUTPUTS
            case TeacherMeasured() if not (answers and scores):  # the best epoch is measured again at the end
                scores.append(event.score)
            case _:
                pass
    teacher = None if record is None else record.teacher
    return TeacherHealth(
        metric=metric,
        scores=tuple(scores),
        against_baseline=against_baseline,
        calibration_error=None if teacher is None else teacher.value("ece"),
    )
