"""Whether a student may take its teacher's place: how much it loses, and the fewest layers that lose no more."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil

from distil_core.analysis.contrasts import Draw
from distil_core.analysis.tradeoffs import Landscape, content
from distil_core.errors import StoreError
from distil_core.evaluation.bootstrap import estimate
from distil_core.evaluation.metrics import Metric
from distil_core.evaluation.records import Interval
from distil_core.runs.families import Family
from distil_core.runs.folder import RunFolder
from distil_core.settings.config import Init, LayerMap, Method, RunConfig

_NEAREST = 0.001
"""A loss nearer to what is allowed is told from it by no number of texts that anybody has."""


class DecisionAnswer(StrEnum):
    """Whether a loss stays within what is allowed."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "not enough test texts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is lost by taking a student for its teacher, against what may be lost.

    Attributes:
        metric: What both are measured by.
        allowed: How much may be lost, in the metric's own values: 0.02 are two points of accuracy.
        loss: How much worse the student is, paired over the test texts; below 0 where it is better.
        n_texts: How many test texts that rests on.
    """

    metric: Metric
    allowed: float
    loss: Interval
    n_texts: int

    @property
    def answer(self) -> DecisionAnswer:
        """Whether all of the interval of the loss is within what is allowed, or none of it."""
        low, high = self.loss.ends
        if high <= self.allowed:
            return DecisionAnswer.YES
        return DecisionAnswer.NO if low > self.allowed else DecisionAnswer.UNKNOWN

    @property
    def enough(self) -> int | None:
        """How many test texts would tell, if the loss stays as it is; None where no number would.

        Intervals shrink with the square root of the texts.
        """
        low, high = self.loss.ends
        to_go = abs(self.loss.value - self.allowed)
        if self.answer is not DecisionAnswer.UNKNOWN or to_go < _NEAREST:
            return None
        return ceil(self.n_texts * ((high - low) / 2 / to_go) ** 2)


def decide(
    folders: Sequence[RunFolder], metric: Metric, allowed: float, draw: Draw, draw_teacher: Draw
) -> Decision | None:
    """Hold what students lose against what they may lose; None where one of their answers cannot be read.

    Args:
        folders: Files of runs that differ in their seed alone.
        metric: What both are measured by.
        allowed: How much may be lost, in the metric's own values.
        draw: Reads a figure of a run with its draws.
        draw_teacher: Reads one of the teacher of a run.
    """
    try:
        pairs = [(draw_teacher(folder, metric), draw(folder, metric)) for folder in folders]
    except StoreError:
        return None
    sign = 1 if metric.greater_is_better else -1
    loss = estimate([teacher - student if sign > 0 else student - teacher for teacher, student in pairs])
    if loss is None or len({sample.n_drawn_from for pair in pairs for sample in pair}) > 1:
        return None
    return Decision(metric=metric, allowed=allowed, loss=loss, n_texts=pairs[0][0].n_drawn_from)


def decide_run(family: Family, allowed: float, draw: Draw, draw_teacher: Draw) -> Decision | None:
    """Decide about the student of a run by its primary metric; None where it has no teacher to lose anything of."""
    record = family.distilled.record
    if record.teacher_score is None or record.metric.needs_teacher or record.config.method is Method.BASELINE:
        return None
    return decide([family.distilled.folder], record.metric, allowed, draw, draw_teacher)


def by_depth(
    family: Family, landscape: Landscape, allowed: float, draw: Draw, draw_teacher: Draw
) -> dict[int, Decision]:
    """Decide about the students of all depths that are finished and are like that of a run otherwise.

    Args:
        family: The run, with its twins.
        landscape: All that can be held against it.
        allowed: How much may be lost.
        draw: Reads a figure of a run with its draws.
        draw_teacher: Reads one of the teacher of a run.
    """
    students = [
        (point, _but_for_depth(point.setting), point.setting.student.n_layers)
        for point in landscape.points
        if point.method is Method.DISTILLED and point.setting is not None
    ]
    in_use = [setting for point, setting, _ in students if point.in_use]
    folders: dict[int, list[RunFolder]] = defaultdict(list)
    for point, setting, depth in students:
        if setting in in_use:
            folders[depth].extend(point.folders)
    metric = family.distilled.record.metric
    decisions = {depth: decide(folders[depth], metric, allowed, draw, draw_teacher) for depth in sorted(folders)}
    return {depth: decision for depth, decision in decisions.items() if decision is not None}


def fewest_layers(decisions: dict[int, Decision]) -> int | None:
    """Return the smallest depth that surely loses no more than is allowed; None where there is none."""
    return min((depth for depth, decision in decisions.items() if decision.answer is DecisionAnswer.YES), default=None)


def n_active(config: RunConfig, active: Iterable[RunConfig]) -> int:
    """Count the runs that differ from one in their depth and seed alone.

    Args:
        config: Settings of the run.
        active: Those of runs that are waited for.
    """
    mine = _but_for_depth(content(config))
    return sum(
        _but_for_depth(content(other)) == mine
        for other in active
        if (other.corpus.source, other.teacher.source) == (config.corpus.source, config.teacher.source)
    )


def _but_for_depth(config: RunConfig) -> RunConfig:
    """Return settings without depth and seed, and what follows from a depth: which layers, and how many are frozen."""
    named = config.student.layer_map is LayerMap.EXPLICIT
    layer_map = LayerMap.EVEN if named else config.student.layer_map
    student = replace(config.student, depth=1, layers=(), layer_map=layer_map)
    frozen = min(config.training.frozen, 1 if student.init is Init.TEACHER else 0)
    return replace(config, student=student, training=replace(config.training, frozen=frozen), seed=0)
