"""Models held against one another on the same test texts, paired: by their score, and by how near a teacher they are.

All is drawn from figures with their draws, so that whoever keeps those pays for each but once.
"""

from collections.abc import Callable

from distil_core.analysis.comparison import Contrast, RunVerdict, outcome_of, run_verdict
from distil_core.errors import StoreError
from distil_core.evaluation.bootstrap import Sample, estimate, sample
from distil_core.evaluation.metrics import LOYALTY, RUNNER_UP, Metric
from distil_core.evaluation.predictions import Predictions
from distil_core.evaluation.records import Interval
from distil_core.models.head import SEQUENCE_CLASSIFICATION
from distil_core.runs.families import Family, FinishedRun
from distil_core.runs.folder import RunFolder

Draw = Callable[[RunFolder, Metric], Sample]
"""Reads a figure of a run with its draws, from the folder of its files."""


def drawing(read: Callable[[RunFolder], Predictions] = RunFolder.read_predictions) -> Draw:
    """Return what draws the figures of runs again, from what reads their answers."""
    return lambda folder, metric: sample(read(folder).test, metric)


def drawing_teachers(read: Callable[[RunFolder], Predictions] = RunFolder.read_predictions) -> Draw:
    """Return what draws the figures of the teachers of runs again."""
    return lambda folder, metric: sample(read(folder).test.teacher, metric)


def difference(
    first: RunFolder, second: RunFolder, metric: Metric, draw: Draw, *, draw_second: Draw | None = None
) -> Interval | None:
    """Return how far the model of one run is above that of another on the test texts, paired over them.

    Texts are drawn again, each with both its answers, so that what is hard for both cancels. None where the answers of
    one cannot be read, or are not to as many texts.

    Args:
        first: Files of the run.
        second: Files of the other one.
        metric: What both are measured by.
        draw: Reads a figure of a run with its draws.
        draw_second: The same for the other one, where another model of it is meant.
    """
    try:
        above, below = draw(first, metric), (draw_second or draw)(second, metric)
    except StoreError:
        return None
    return estimate([above - below]) if above.n_drawn_from == below.n_drawn_from else None


def verdict_of(family: Family, draw: Draw) -> RunVerdict:
    """Judge what distillation did beyond the twin that had no teacher: to the score, and to how near the teacher it is.

    Args:
        family: The run, with its twin if that is finished.
        draw: Reads a figure of a run with its draws.
    """
    record = family.distilled.record
    twin = family.twin(record.task.untaught)
    gap = None if twin is None else difference(family.distilled.folder, twin.folder, record.metric, draw)
    return run_verdict(family, gap, fidelity(family, draw))


def fidelity(family: Family, draw: Draw) -> tuple[Contrast, ...]:
    """Hold a student against the twin that nobody taught by how near both are to the teacher.

    By whether they answer alike, by the distance of their probabilities, and where there are three labels or more, by
    the ranking of the wrong ones; or by what the task has in their place. Empty where there is nothing to compare.

    Args:
        family: The run with its twins.
        draw: Reads a figure of a run with its draws.
    """
    record, twin = family.distilled.record, family.twin(family.distilled.record.task.untaught)
    if twin is None or record.teacher is None:
        return ()
    metrics = [metric for metric in record.task.metrics if metric.needs_teacher and metric != LOYALTY]
    if record.task.head.problem_type == SEQUENCE_CLASSIFICATION.problem_type and len(record.corpus.label_names) > 2:
        metrics.append(RUNNER_UP)
    differences = {
        metric: gap
        for metric in metrics
        if (gap := difference(family.distilled.folder, twin.folder, metric, draw)) is not None
    }
    return tuple(
        Contrast(metric=metric, difference=gap, outcome=outcome_of(gap, metric), n_texts=record.corpus.n_test)
        for metric, gap in differences.items()
    )


def teacher_over_baseline(baseline: FinishedRun | None, draw: Draw, draw_teacher: Draw) -> Contrast | None:
    """Hold the teacher of a run against the baseline, which had none; None where one is not known.

    Args:
        baseline: Its run, in whose files the teacher's answers are, too.
        draw: Reads a figure of a run with its draws.
        draw_teacher: Reads one of the teacher of a run.
    """
    if baseline is None:
        return None
    record = baseline.record
    if record.teacher_score is None or record.task.monitored.needs_teacher:
        return None
    gap = difference(baseline.folder, baseline.folder, record.metric, draw_teacher, draw_second=draw)
    if gap is None:
        return None
    return Contrast(metric=record.metric, difference=gap, outcome=outcome_of(gap, record.metric))
