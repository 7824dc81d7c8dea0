"""A few sentences about one run, for someone who has to decide whether to use its student."""

from collections.abc import Callable

from distil_core.analysis.comparison import Difference, accuracy_difference, twin_difference
from distil_core.analysis.tradeoffs import TEACHER, Landscape, ModelPoint, Price, Score, averaged, chosen, kept
from distil_core.errors import StoreError
from distil_core.evaluation.predictions import Predictions
from distil_core.evaluation.records import Cost, ModelRecord
from distil_core.reporting.formatting import digits, percent, points
from distil_core.runs.families import Family, FinishedRun
from distil_core.runs.folder import RunFolder
from distil_core.runs.record import RunRecord
from distil_core.settings.config import RunKind

Read = Callable[[RunFolder], Predictions]


def advise(found: Family, landscape: Landscape, read: Read = RunFolder.read_predictions) -> str:
    """Sum up a run: what it keeps and saves, whether the teacher was needed, and what would do as well or better.

    Args:
        found: The run with its twins.
        landscape: All that can be held against it.
        read: Reads what a run answered from its folder.

    Returns:
        Markdown; what decides is bold.
    """
    sentences = [_keeps(found.distilled.record, landscape), _twin(found, read), _tfidf(found, read)]
    return " ".join(sentence for sentence in (*sentences, _rival(landscape)) if sentence)


def _keeps(record: RunRecord, landscape: Landscape) -> str:
    """Say what a model keeps of its teacher, and at what size and speed."""
    accuracy, share = record.model.quality.accuracy, kept(record)
    teacher = next((point for point in landscape.points if point.id == TEACHER), None)
    if share is None or teacher is None or record.teacher is None:
        return f"Answers **{percent(accuracy.value)}** of the test texts right; there is no teacher to compare it with."
    reach = f"95 % interval {100 * share.low:.1f} to {percent(share.high)}"
    before = percent(record.teacher.quality.accuracy.value)
    cost = _at_what_cost(teacher.records[0].cost, record.model.cost)
    if share.low > 1:
        text = f"**More accurate than its teacher**, {percent(accuracy.value)} against {before} ({reach} of it)"
    elif share.high >= 1:
        text = f"Keeps **{percent(share.value)}** of its teacher's accuracy ({reach}, so no difference seen)"
    else:
        text = f"Keeps **{percent(share.value)}** of its teacher's accuracy ({reach})"
    return f"{text}{cost}."


def _at_what_cost(before: Cost | None, after: Cost | None) -> str:
    if before is None or after is None:
        return ""
    text = f" with **{percent(after.parameters / before.parameters)}** of its parameters"
    if before.latency_ms is None or after.latency_ms is None:
        return text
    return f"{text}, at **{before.latency_ms.p50 / after.latency_ms.p50:.1f} times** its speed"


def _twin(found: Family, read: Read) -> str:
    """Say what the teacher added beyond the same student trained without it."""
    twin = found.twin(RunKind.HARD_LABELS)
    if found.distilled.record.config.kind is not RunKind.DISTILLED:
        return ""
    if twin is None:
        return "Whether the teacher was needed is not known: the same student has not been trained without it."
    seen, change, detail = _against(found.distilled, twin, read, lambda: twin_difference(found, read))
    if not seen:
        return (
            f"The same student trained **without the teacher does as well** (no difference seen: {detail}), so what is "
            "saved comes from the smaller model, not from learning from the teacher."
        )
    if change > 0:
        return f"**The teacher was worth it**: trained without it, the same student is behind ({detail})."
    return f"**Trained without the teacher, the same student is better** ({detail}): use that one."


def _tfidf(found: Family, read: Read) -> str:
    """Say plainly where counting words would do."""
    tfidf = found.twin(RunKind.TFIDF)
    if tfidf is None:
        return ""
    seen, change, detail = _against(found.distilled, tfidf, read)
    if seen and change > 0:
        return f"Counting words (TF-IDF) does not do: the student is ahead ({detail})."
    faster = _speedup(found.distilled.record.model, tfidf.record.model)
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
    mine: FinishedRun, other: FinishedRun, read: Read, paired: Callable[[], Difference | None] | None = None
) -> tuple[bool, float, str]:
    """Return whether a difference in accuracy is seen, the difference, and both in words; paired where possible."""
    try:
        found = paired() if paired is not None else accuracy_difference(read(mine.folder), read(other.folder))
    except (StoreError, ValueError):
        found = None
    if found is not None:
        reach = f"{points(found.low, unit=False)} to {points(found.high, unit=False)}"
        return found.seen, found.value, f"{points(found.value)}, 95 % interval {reach}"
    first, second = mine.record.model.quality.accuracy, other.record.model.quality.accuracy
    seen, change = first.low > second.high or first.high < second.low, first.value - second.value
    return seen, change, points(change)


def _rival(landscape: Landscape) -> str:
    """Name the most accurate other student that is as good and clearly cheaper, or clearly better and as cheap."""
    candidates = averaged(landscape.points)  # one lucky seed is no better bargain
    mine = chosen(candidates)
    if mine.kind in (None, RunKind.TFIDF):
        return ""
    rivals = [point for point in candidates if _outdoes(point, mine, landscape.wobble(Price.LATENCY))]
    if not rivals:
        return ""
    best = max(rivals, key=lambda point: (_accuracy(point), -_parameters(point)))
    words = [f"{percent(_accuracy(best))} right"]
    for price, unit in ((Price.PARAMETERS, "of the parameters"), (Price.LATENCY, "of the time for a text")):
        if (theirs := best.price(price)) is not None and (own := mine.price(price)) is not None:
            words.append(f"{percent(theirs.value / own.value)} {unit}")
    return f"**Another student here is the better bargain**: {best.name} ({', '.join(words)})."


def _outdoes(rival: ModelPoint, mine: ModelPoint, wobble: float) -> bool:
    """Tell whether a rival is to be preferred; times that differ no more than among twins are the same."""
    if rival.kind in (None, RunKind.TFIDF) or rival.setting == mine.setting:
        return False
    first, second = rival.score(Score.ACCURACY), mine.score(Score.ACCURACY)
    if first is None or second is None or rival.price(Price.PARAMETERS) is None:
        return False
    if mine.price(Price.PARAMETERS) is None or _parameters(rival) > _parameters(mine):
        return False
    times = rival.price(Price.LATENCY), mine.price(Price.LATENCY)
    ratio = 1.0 if times[0] is None or times[1] is None else times[0].value / times[1].value
    if ratio > wobble:
        return False
    cheaper = _parameters(rival) < _parameters(mine) or ratio < 1 / wobble
    clearly = first.low is not None and second.high is not None and first.low > second.high
    return clearly or (cheaper and first.value >= second.value)


def _accuracy(point: ModelPoint) -> float:
    spread = point.score(Score.ACCURACY)
    return 0.0 if spread is None else spread.value


def _parameters(point: ModelPoint) -> float:
    spread = point.price(Price.PARAMETERS)
    return 0.0 if spread is None else spread.value
