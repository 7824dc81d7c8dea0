"""Whether a student may take its teacher's place."""

from collections.abc import Mapping, Sequence

from distil_core.analysis.decisions import Decision, DecisionAnswer, fewest_layers
from distil_core.evaluation.records import Interval
from distil_core.reporting.formatting import figure_difference, measured, rounded

_ANSWERS = {DecisionAnswer.YES: "Yes", DecisionAnswer.NO: "No", DecisionAnswer.UNKNOWN: "Not enough test texts to tell"}
_MAX_TEXTS = 1_000_000


def decision(judged: Decision) -> str:
    """Say whether a loss is within what is allowed, and where that is not known, how many texts would tell."""
    metric, value = judged.metric, judged.loss.value
    low, high = (measured(metric, end, signed=True) for end in judged.loss.ends)
    lost = figure_difference(metric, Interval(value=abs(value))).lstrip("+")
    what = f"the student {'loses' if value >= 0 else 'gains'} {lost} of {metric.in_text}"
    sentence = f"**{_ANSWERS[judged.answer]}**: {what}; 95 % interval of the loss {low} to {high}."
    if judged.answer is not DecisionAnswer.UNKNOWN:
        return sentence
    if judged.enough is None:
        return f"{sentence} That is so near to what it may lose that more texts would hardly tell."
    enough = "more than a million" if judged.enough > _MAX_TEXTS else f"about {rounded(judged.enough):,}"
    return f"{sentence} There are {judged.n_texts:,} test texts; {enough} would be enough."


def depths(decisions: Mapping[int, Decision], missing: Sequence[int], *, n_active: int) -> str:
    """Say which is the smallest depth that suffices, and what is not known of others.

    Args:
        decisions: What is known of each depth.
        missing: Depths of which nothing is known.
        n_active: How many runs of them are being computed, or wait.
    """
    fewest = fewest_layers(dict(decisions))
    tried = ", ".join(map(str, decisions))
    opening = (
        f"**{_layers(fewest)}**: the fewest that surely lose no more"
        if fewest is not None
        else "**None** of those tried surely loses no more"
    )
    sentence = f"{opening}. Tried: {tried}."
    if n_active:
        return f"{sentence} {n_active} more {'are' if n_active > 1 else 'is'} being computed."
    smaller = [depth for depth in missing if fewest is None or depth < fewest]
    return f"{sentence} Not tried: {', '.join(map(str, smaller))}." if smaller else sentence


def _layers(n: int) -> str:
    return f"{n} layer{'s' * (n != 1)}"
