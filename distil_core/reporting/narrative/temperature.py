"""What a temperature does: to what is left beside the right label, and to the gradients."""

from distil_core.analysis.comparison import Outcome
from distil_core.analysis.temperature import DarkKnowledgeVerdict, GradientVerdict
from distil_core.reporting.formatting import factor, percent, points


def dark_knowledge_verdict(judged: DarkKnowledgeVerdict, *, unit: str = "texts") -> str:
    """Say how much of the teacher's dark knowledge the student has, beside its hard-label twin.

    Args:
        judged: The two.
        unit: What it is measured over.
    """
    student, twin, difference = judged.student, judged.twin, judged.difference
    where = f"Of what is left beside the right label, the student puts **{percent(student.overlap)}** where the teacher"
    alike = percent(student.runner_up_agreement)
    runner_up = f"Its likeliest wrong label is the teacher's on **{alike}** of the {unit}"
    if twin is None or difference is None:
        return f"{where} puts it. {runner_up}."
    low, high = difference.ends
    interval = f"95 % interval {points(low, unit=False)} to {points(high, unit=False)}"
    ahead = points(difference.value)
    seen = f"**no difference seen**, {ahead}" if judged.outcome is Outcome.NO_DIFFERENCE else f"**{ahead}**"
    return (
        f"{where} puts it, its hard-label twin {percent(twin.overlap)}. "
        f"{runner_up}, the twin's on {percent(twin.runner_up_agreement)}: {seen}, {interval}."
    )


def gradient_verdict(judged: GradientVerdict) -> str:
    """Say what the factor ``T²`` does to the gradient of the soft labels, where the temperature is high."""
    return (
        f"From T = {judged.low:g} to T = {judged.high:g} the pull of the soft labels falls "
        f"**{factor(judged.plain_fall)}** without T²; 1/T² would be {factor(judged.expected_fall)}. "
        f"With T² it changes **{factor(judged.scaled_change)}** only."
    )
