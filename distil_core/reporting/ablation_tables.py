"""DistilBERT's ablation as a table, beside what was published."""

from collections.abc import Iterator, Sequence

from distil_core.analysis.ablation import Ablated
from distil_core.evaluation.metrics import KL, Metric
from distil_core.evaluation.records import Interval
from distil_core.reporting.formatting import NONE, figure_interval
from distil_core.tasks.task import Task

_HEADER = (
    "Student",
    "Seeds",
    "{score}",
    "95 % interval",
    "Change",
    "Interval of the change",
    "KL divergence",
    "Interval of the KL",
    "Published change (GLUE)",
)


def ablation_rows(rows: Sequence[Ablated], task: Task) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return a table for people: a header, and a line a variant."""
    header = tuple(name.format(score=task.primary.label) for name in _HEADER)
    divergence = task.metric(KL.name)
    return header, [tuple(_cells(row, task.primary, divergence)) for row in rows]


def _cells(row: Ablated, score: Metric, divergence: Metric) -> Iterator[str]:
    yield row.variant
    yield str(row.n_seeds)
    yield from _figure(score, row.score)
    change = row.score_difference
    if change is None:
        yield from (NONE, "")
    else:
        yield f"{100 * change.value:+.2f} points"
        ends = (change.low, change.high)
        yield " to ".join(f"{100 * end:+.2f}" for end in ends if end is not None)
    yield from _figure(divergence, row.divergence)
    yield NONE if row.published is None else f"{row.published:+.2f}"


def _figure(metric: Metric, measured: Interval | None) -> tuple[str, str]:
    return (NONE, "") if measured is None else figure_interval(metric, measured)
