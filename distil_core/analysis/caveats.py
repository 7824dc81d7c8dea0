"""What a reader of a chart of trade-offs must know: what is missing on its axes, and how far they can be trusted."""

from dataclasses import dataclass

from distil_core.analysis.roles import Role
from distil_core.analysis.tradeoffs import Landscape, Price
from distil_core.evaluation.metrics import Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Caveats:
    """What is missing on two axes, and how far they can be trusted; all that is about times only where these matter.

    Attributes:
        score: What models are worth.
        teacher_left_out: Whether the teacher has no point, as it always agrees with itself.
        without_interval: Whether any score has no interval.
        n_elsewhere: Models that were timed on another machine.
        teacher_ms: The shortest and the longest time that the same teacher took; None if it was timed only once.
        n_teacher_times: How often it was timed.
        wobble: By what factor the times of models differ that are built alike; None where they do not.
        timed_baseline: What the baseline is called, if it was timed: its time counts the reading of the text, too.
        not_measured: Titles of the models whose cost was not measured.
    """

    score: Metric
    teacher_left_out: bool
    without_interval: bool
    n_elsewhere: int = 0
    teacher_ms: tuple[float, float] | None = None
    n_teacher_times: int = 0
    wobble: float | None = None
    timed_baseline: str | None = None
    not_measured: tuple[str, ...]


def caveats(landscape: Landscape, score: Metric, price: Price) -> Caveats:
    """Return what a reader of the chart of two axes must know."""
    points, times = landscape.points, landscape.teacher_ms
    lost = [point.title for point in points if point.price(price) is None and not (price.timed and point.elsewhere)]
    scores = [point.score(score) for point in points]
    without_interval = any(measured is not None and measured.low is None for measured in scores)
    not_measured = tuple(dict.fromkeys(lost))
    if not price.timed:
        return Caveats(
            score=score,
            teacher_left_out=score.needs_teacher,
            without_interval=without_interval,
            not_measured=not_measured,
        )
    wobble = landscape.wobble(price)
    timed = (point.group for point in points if point.role is Role.BASELINE and point.price(price) is not None)
    return Caveats(
        score=score,
        teacher_left_out=score.needs_teacher,
        without_interval=without_interval,
        n_elsewhere=sum(point.elsewhere for point in points),
        teacher_ms=(min(times), max(times)) if len(times) > 1 else None,
        n_teacher_times=len(times),
        wobble=wobble if wobble > 1 else None,
        timed_baseline=next(iter(timed), None),
        not_measured=not_measured,
    )
