"""A few sentences about one run, for someone who has to decide whether to use its student."""

from distil_core.analysis.advice import Advice, BaselineVerdict, Retention, Rival
from distil_core.analysis.comparison import NAMES, Contrast, Outcome
from distil_core.analysis.roles import Role
from distil_core.evaluation.metrics import ACCURACY, Metric
from distil_core.reporting.formatting import digits, figure, figure_difference, percent
from distil_core.reporting.narrative.runs import nearness, undecided
from distil_core.settings.config import Method


def paragraph(advice: Advice) -> str:
    """Sum up a run: what it keeps and saves, whether the teacher was needed, and what would do as well or better.

    Returns:
        Markdown; what decides is bold.
    """
    sentences = [
        _alone(advice) if advice.retention is None else _keeps(advice, advice.retention),
        _twin(advice) if advice.role is Role.STUDENT else "",
        "" if advice.baseline is None else _baseline(advice.baseline),
        "" if advice.rival is None else _rival(advice.rival, advice.metric),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _alone(advice: Advice) -> str:
    metric, score = advice.metric, f"**{figure(advice.metric, advice.score)}**"
    sentence = metric.sentence.format(score)
    lead = f"{sentence[:1].upper()}{sentence[1:]}" if sentence else f"{metric.label} {score}"
    if advice.teacher_score is not None:
        return f"{lead}; its teacher {figure(metric, advice.teacher_score)}."
    return f"{lead}; there is no teacher to compare it with."


def _keeps(advice: Advice, retention: Retention) -> str:
    """Say what a model keeps of its teacher, and at what size and speed."""
    metric, share = advice.metric, retention.share
    low, high = share.ends
    reach = "no interval known" if share.low is None else f"95 % interval {100 * low:.1f} to {percent(high)}"
    name, more_accurate = metric.in_text, metric == ACCURACY
    match retention.outcome:
        case Outcome.BETTER:
            lead = "More accurate than its teacher" if more_accurate else f"Higher {name} than its teacher"
            score, before = figure(metric, advice.score), figure(metric, retention.teacher_score)
            text = f"**{lead}**, {score} against {before} ({reach} of it)"
        case Outcome.NO_DIFFERENCE:
            text = f"Keeps **{percent(share.value)}** of its teacher's {name} ({reach}, so no difference seen)"
        case _:
            text = f"Keeps **{percent(share.value)}** of its teacher's {name} ({reach})"
    if retention.parameters is not None:
        text += f" with **{percent(retention.parameters)}** of its parameters"
    if retention.speedup is not None:
        low, high = retention.speedup.ends
        text += f", at **{retention.speedup.value:.1f} times** its speed ({low:.1f} to {high:.1f} from text to text)"
    return f"{text}."


def _twin(advice: Advice) -> str:
    """Say what the teacher added beyond the twin that it did not teach: to the score, and to how near it is."""
    twin = NAMES[advice.against].lower()
    return " ".join(filter(None, (_taught(advice.twin, advice.against), nearness(advice.fidelity, twin))))


def _taught(contrast: Contrast | None, against: Method) -> str:
    twin, cut = NAMES[against].lower(), against is Method.LAYER_CUT
    if contrast is None:
        verb = "measured" if cut else "trained"
        return f"Whether the teacher was needed is not known: the {twin} has not been {verb}."
    detail = figure_difference(contrast.metric, contrast.difference)
    how = "not trained" if cut else "trained without the teacher"
    match contrast.outcome:
        case Outcome.BETTER:
            how = "not trained" if cut else "trained without it"
            return f"**The teacher was worth it**: the {twin}, {how}, is behind ({detail})."
        case Outcome.WORSE:
            return f"**The {twin}, {how}, is better** ({detail}): use that one."
        case _:
            return f"Against the {twin}, {how}: {undecided(contrast, 'whether the teacher was needed')}"


def _baseline(judged: BaselineVerdict) -> str:
    """Say plainly where no transformer is needed."""
    contrast, latencies = judged.contrast, judged.latencies_ms
    detail = figure_difference(contrast.metric, contrast.difference)
    faster = ""
    if latencies is not None:
        faster = f", and takes {digits(latencies[1])} instead of {digits(latencies[0])} ms for a text"
    match contrast.outcome:
        case Outcome.BETTER:
            return f"{judged.name} does not do: the student is ahead ({detail})."
        case Outcome.WORSE:
            behind = f"the student is behind: {detail}"
            return f"But **{judged.name} is better**, without any transformer{faster} ({behind}): use that."
        case _:
            alike = undecided(contrast, "which is better")
            return f"Against {judged.name}, which has no transformer{faster}: {alike}"


def _rival(rival: Rival, metric: Metric) -> str:
    """Name the better bargain."""
    value = figure(metric, rival.score)
    words = [f"{value} right" if metric == ACCURACY else f"{metric.in_text} {value}"]
    if rival.parameters is not None:
        words.append(f"{percent(rival.parameters)} of the parameters")
    if rival.latency is not None:
        words.append(f"{percent(rival.latency)} of the time for a text")
    return f"**Another student here is the better bargain**: {rival.name} ({', '.join(words)})."
