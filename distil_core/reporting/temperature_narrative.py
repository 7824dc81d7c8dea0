"""What a temperature does, in words."""

from collections.abc import Mapping

from distil_core.analysis.comparison import NAMES
from distil_core.analysis.temperature import DarkKnowledge, GradientNorms, runner_up_difference
from distil_core.reporting.formatting import factor, percent, points
from distil_core.settings.config import Method


def dark_knowledge_verdict(models: Mapping[str, DarkKnowledge]) -> str:
    """Say in words how much of the teacher's dark knowledge the student has, beside its hard-label twin."""
    student, twin = models[NAMES[Method.DISTILLED]], models.get(NAMES[Method.HARD_LABELS])
    where = f"Of what is left beside the right label, the student puts **{percent(student.overlap)}** where the teacher"
    runner_up = f"Its likeliest wrong label is the teacher's on **{percent(student.runner_up_agreement)}** of the texts"
    if twin is None:
        return f"{where} puts it. {runner_up}."
    ahead = runner_up_difference(student, twin)
    low, high = ahead.ends
    interval = f"95 % interval {points(low, unit=False)} to {points(high, unit=False)}"
    seen = f"**{points(ahead.value)}**" if ahead.seen else f"**no difference seen**, {points(ahead.value)}"
    return (
        f"{where} puts it, its hard-label twin {percent(twin.overlap)}. "
        f"{runner_up}, the twin's on {percent(twin.runner_up_agreement)}: {seen}, {interval}."
    )


def gradient_verdict(norms: GradientNorms) -> str:
    """Say in words what the factor ``T²`` does to the gradient of the soft labels, where the temperature is high."""
    low, high = 4.0, 16.0
    plain, scaled = norms.falls(low, high)
    return (
        f"From T = {low:g} to T = {high:g} the pull of the soft labels falls **{factor(plain)}** without T²; "
        f"1/T² would be {factor((high / low) ** 2)}. With T² it changes **{factor(max(scaled, 1 / scaled))}** only."
    )
