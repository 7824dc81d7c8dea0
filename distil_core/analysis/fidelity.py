"""How much nearer a student is to its teacher than the twin that nobody taught."""

from collections.abc import Callable

from distil_core.analysis.comparison import Contrast, outcome_of
from distil_core.errors import StoreError
from distil_core.evaluation.bootstrap import Sample, estimate, sample
from distil_core.evaluation.metrics import LOYALTY, RUNNER_UP, Metric
from distil_core.evaluation.predictions import Predictions
from distil_core.models.head import SEQUENCE_CLASSIFICATION
from distil_core.runs.families import Family
from distil_core.runs.folder import RunFolder

Draw = Callable[[RunFolder, Metric], Sample]
"""Reads a figure of a run with its draws, from the folder of its files."""


def drawing(read: Callable[[RunFolder], Predictions] = RunFolder.read_predictions) -> Draw:
    """Return what draws the figures of runs again, from what reads their answers."""
    return lambda folder, metric: sample(read(folder).test, metric)


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
    contrasts = []
    for metric in metrics:
        try:
            first, second = (draw(run.folder, metric) for run in (family.distilled, twin))
        except StoreError:
            continue
        if first.draws.shape != second.draws.shape:
            continue
        difference = estimate([first - second])
        assert difference is not None
        outcome = outcome_of(difference, metric)
        contrasts.append(Contrast(metric=metric, difference=difference, outcome=outcome, n_texts=record.corpus.n_test))
    return tuple(contrasts)
