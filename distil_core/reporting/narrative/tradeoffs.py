"""What a reader of a chart of trade-offs must know."""

from collections.abc import Sequence

from distil_core.analysis.caveats import Caveats
from distil_core.analysis.comparison import shape_title
from distil_core.analysis.roads import Furthest, Road
from distil_core.analysis.tradeoffs import PlacedPoint
from distil_core.evaluation.metrics import Metric
from distil_core.reporting.formatting import digits, factor, figure, percent
from distil_core.settings.config import Method

ROADS = {
    Road.LAYERS: "fewer layers",
    Road.HEADS: "fewer heads",
    Road.NEURONS: "fewer neurons",
    Road.BITS: "fewer bits",
    Road.ZEROS: "more zeros",
}
"""What the roads to a smaller model are called."""


def notes(caveats: Caveats) -> tuple[str, ...]:
    """Say what is missing on the axes of a chart, and how far they can be trusted."""
    sentences = []
    if caveats.teacher_left_out:
        sentences.append("The teacher has no point here: it always agrees with itself.")
    if caveats.without_interval:
        sentences.append(f"{caveats.score.label} was measured without an interval by an earlier version.")
    if n := caveats.n_elsewhere:
        sentences.append(
            f"{n} model{'s' * (n > 1)} timed on another machine {'are' if n > 1 else 'is'} not shown here."
        )
    if caveats.teacher_ms is not None:
        low, high = caveats.teacher_ms
        sentences.append(
            f"The same teacher took {digits(low)} to {digits(high)} ms when it was timed "
            f"{caveats.n_teacher_times} times, each time in turn with a student: all times are scaled to the run "
            "in use."
        )
    if caveats.wobble is not None:
        sentences.append(
            f"The times of twins, which are built alike, differ by up to {percent(caveats.wobble - 1)}: smaller "
            "differences in speed mean nothing."
        )
    if caveats.timed_baseline is not None:
        sentences.append(
            f"{caveats.timed_baseline}'s time is as measured, and splitting the text is part of it, unlike the others'."
        )
    if caveats.not_measured:
        sentences.append(f"Not measured: {', '.join(caveats.not_measured)}.")
    return tuple(sentences)


def furthest(judged: Furthest, score: Metric) -> str:
    """Say which road to a smaller model is best at a size or a speed."""
    if judged.price.timed:
        limit = f"At {factor(1 / judged.share)} the teacher's speed or more"
    else:
        limit = f"At {100 * judged.share:g} % of the teacher's {judged.price} or less"
    if judged.best is None:
        return f"{limit} there is no student yet."
    text = f"{limit}: **{_ways(judged.road)}**, {_worth(judged.best, score)}"
    if judged.other is None:
        return f"{text}; no other road has led there."
    difference = "" if judged.differs else "; no difference is seen"
    return f"{text}, before {_ways(judged.other_road)}, {_worth(judged.other, score)}{difference}."


def _worth(place: PlacedPoint, score: Metric) -> str:
    setting = place.point.setting
    assert setting is not None
    trained = setting.method is not Method.LAYER_CUT and setting.training.epochs > 0
    shape = f"{shape_title(setting.student)}{'' if trained else ', not trained'}"
    return f"{figure(score, place.score.value)} ({shape})"


def _ways(roads: Sequence[Road]) -> str:
    """Name the roads that a model has gone, one after another: "fewer layers and bits"."""
    fewer = [ROADS[road].removeprefix("fewer ") for road in roads if road is not Road.ZEROS]
    others = [ROADS[Road.ZEROS]] if Road.ZEROS in roads else []
    parts = [f"fewer {' and '.join(filter(None, (', '.join(fewer[:-1]), *fewer[-1:])))}"] if fewer else []
    return " and ".join((*parts, *others)) or "all of the teacher"
