"""A few sentences about one run, for someone who has to decide whether to use its student."""

from collections.abc import Callable

from distil_core.analysis.comparison import score_difference, score_kept, twin_difference
from distil_core.analysis.tradeoffs import TEACHER, Draw, Landscape, ModelPoint, Price, averaged, chosen, drawing
from distil_core.errors import StoreError
from distil_core.evaluation.metrics import ACCURACY, Metric
from distil_core.evaluation.predictions import Predictions
from distil_core.evaluation.records import Cost, Interval, ModelRecord
from distil_core.reporting.formatting import digits, figure, figure_difference, percent
from distil_core.runs.families import Family, FinishedRun
from distil_core.runs.folder import RunFolder
from distil_core.settings.config import Method

Read = Callable[[RunFolder], Predictions]


def advise(
    family: Family, landscape: Landscape, read: Read = RunFolder.read_predictions, draw: Draw | None = None
) -> str:
    """Sum up a run: what it keeps and saves, whether the teacher was needed, and what would do as well or better.

    Args:
        family: The run with its twins.
        landscape: All that can be held against it.
        read: Reads what a run answered from its folder.
        draw: Reads a figure of a run with its draws; from what it answered when not given.

    Returns:
        Markdown; what decides is bold.
    """
    rival = _rival(landscape, family.distilled.record.metric, draw or drawing(read))
    sentences = [_keeps(family.distilled, landscape, read), _twin(family, read), _tfidf(family, read), rival]
    return " ".join(sentence for sentence in sentences if sentence)


def kept(run: FinishedRun, read: Read = RunFolder.read_predictions) -> Interval | None:
    """Return the share of its teacher's score that a model kept, without an interval where its answers are lost."""
    record = run.record
    if record.teacher_score is None or record.teacher_score.value <= 0 or not record.metric.greater_is_better:
        return None
    try:
        return score_kept(read(run.folder), record.metric)
    except StoreError:
        return Interval(value=record.score.value / record.teacher_score.value)


def _keeps(run: FinishedRun, landscape: Landscape, read: Read) -> str:
    """Say what a model keeps of its teacher, and at what size and speed."""
    record, share = run.record, kept(run, read)
    score, metric = figure(record.metric, record.score.value), record.metric
    teacher = next((point for point in landscape.points if point.id == TEACHER), None)
    if share is None or teacher is None or record.teacher_score is None:
        lead = f"Answers **{score}** of the test texts right" if metric == ACCURACY else f"{metric.label} **{score}**"
        return f"{lead}; there is no teacher to compare it with."
    low, high = share.ends
    reach = "no interval known" if share.low is None else f"95 % interval {100 * low:.1f} to {percent(high)}"
    before, name = figure(metric, record.teacher_score.value), metric.label.lower()
    cost = _at_what_cost(teacher.records[0].cost, record.model.cost)
    if low > 1:
        lead = "More accurate than its teacher" if metric == ACCURACY else f"More {name} than its teacher"
        text = f"**{lead}**, {score} against {before} ({reach} of it)"
    elif high >= 1:
        text = f"Keeps **{percent(share.value)}** of its teacher's {name} ({reach}, so no difference seen)"
    else:
        text = f"Keeps **{percent(share.value)}** of its teacher's {name} ({reach})"
    return f"{text}{cost}."


def _at_what_cost(before: Cost | None, after: Cost | None) -> str:
    if before is None or after is None:
        return ""
    text = f" with **{percent(after.parameters / before.parameters)}** of its parameters"
    if before.latency_ms is None or after.latency_ms is None:
        return text
    return f"{text}, at **{before.latency_ms.p50 / after.latency_ms.p50:.1f} times** its speed"


def _twin(family: Family, read: Read) -> str:
    """Say what the teacher added beyond the hard-label twin."""
    twin = family.twin(Method.HARD_LABELS)
    if family.distilled.record.config.method is not Method.DISTILLED:
        return ""
    if twin is None:
        return "Whether the teacher was needed is not known: the hard-label twin has not been trained."
    seen, change, detail = _against(family.distilled, twin, read, lambda: twin_difference(family, read))
    if not seen:
        return (
            f"The hard-label twin, trained **without the teacher, does as well** (no difference seen: {detail}), so "
            "what is saved comes from the smaller model, not from learning from the teacher."
        )
    if change > 0:
        return f"**The teacher was worth it**: the hard-label twin, trained without it, is behind ({detail})."
    return f"**The hard-label twin, trained without the teacher, is better** ({detail}): use that one."


def _tfidf(family: Family, read: Read) -> str:
    """Say plainly where counting words would do."""
    tfidf = family.twin(Method.TFIDF)
    if tfidf is None:
        return ""
    seen, change, detail = _against(family.distilled, tfidf, read)
    if seen and change > 0:
        return f"Counting words (TF-IDF) does not do: the student is ahead ({detail})."
    faster = _speedup(family.distilled.record.model, tfidf.record.model)
    if seen:
        return f"But **TF-IDF is better**, without any transformer{faster} (the student is behind: {detail}): use that."
    return f"But **TF-IDF does as well**, without any transformer{faster} (no difference seen: {detail}): use that."


def _speedup(model: ModelRecord, other: ModelRecord) -> str:
    costs = [record.cost for record in (model, other) if record.cost is not None]
    latencies = [cost.latency_ms for cost in costs if cost.latency_ms is not None]
    if len(latencies) < 2:
        return ""
    return f", and takes {digits(latencies[1].p50)} instead of {digits(latencies[0].p50)} ms for a text"


def _against(
    mine: FinishedRun, other: FinishedRun, read: Read, paired: Callable[[], Interval | None] | None = None
) -> tuple[bool, float, str]:
    """Return whether a difference is seen, how much better the first is, and both in words; paired where possible."""
    metric = mine.record.metric
    sign = 1 if metric.greater_is_better else -1
    try:
        gap = paired() if paired is not None else score_difference(read(mine.folder), read(other.folder), metric)
    except (StoreError, ValueError):
        gap = None
    if gap is not None:
        return gap.seen, sign * gap.value, figure_difference(metric, gap)
    first, second = mine.record.score, other.record.score
    gap = Interval(value=first.value - second.value)
    return first.above(second) or second.above(first), sign * gap.value, figure_difference(metric, gap)


def _rival(landscape: Landscape, metric: Metric, draw: Draw) -> str:
    """Name the best other student that is as good and clearly cheaper, or clearly better and as cheap."""
    candidates = averaged(landscape.points, draw, metrics=(metric,))  # one lucky seed is no better bargain
    mine = chosen(candidates)
    if mine.method in (None, Method.TFIDF):
        return ""
    rivals = [point for point in candidates if _outdoes(point, mine, metric, landscape.wobble(Price.LATENCY))]
    if not rivals:
        return ""
    best = max(rivals, key=lambda point: (_worth(point, metric), -_parameters(point)))
    score = best.score(metric)
    assert score is not None
    value = figure(metric, score.value)
    words = [f"{value} right" if metric == ACCURACY else f"{metric.label.lower()} {value}"]
    for price, unit in ((Price.PARAMETERS, "of the parameters"), (Price.LATENCY, "of the time for a text")):
        if (theirs := best.price(price)) is not None and (ours := mine.price(price)) is not None:
            words.append(f"{percent(theirs.value / ours.value)} {unit}")
    return f"**Another student here is the better bargain**: {best.name} ({', '.join(words)})."


def _outdoes(rival: ModelPoint, mine: ModelPoint, metric: Metric, wobble: float) -> bool:
    """Tell whether a rival is to be preferred; times that differ no more than among twins are the same."""
    if rival.method in (None, Method.TFIDF) or rival.setting == mine.setting:
        return False
    first, second = rival.score(metric), mine.score(metric)
    if first is None or second is None or rival.price(Price.PARAMETERS) is None:
        return False
    if mine.price(Price.PARAMETERS) is None or _parameters(rival) > _parameters(mine):
        return False
    times = rival.price(Price.LATENCY), mine.price(Price.LATENCY)
    ratio = 1.0 if times[0] is None or times[1] is None else times[0].value / times[1].value
    if ratio > wobble:
        return False
    cheaper = _parameters(rival) < _parameters(mine) or ratio < 1 / wobble
    clearly = first.above(second) if metric.greater_is_better else second.above(first)
    return clearly or (cheaper and _worth(rival, metric) >= _worth(mine, metric))


def _worth(point: ModelPoint, metric: Metric) -> float:
    """Return a score so that more is better."""
    score = point.score(metric)
    return 0.0 if score is None else score.value if metric.greater_is_better else -score.value


def _parameters(point: ModelPoint) -> float:
    spread = point.price(Price.PARAMETERS)
    return 0.0 if spread is None else spread.value
