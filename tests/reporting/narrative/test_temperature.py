"""The sentences about what a temperature does."""

from collections.abc import Mapping

import numpy as np

from distil_core.analysis import temperature
from distil_core.analysis.temperature import DarkKnowledge, GradientNorms
from distil_core.reporting.narrative import temperature as sentences


def a_leftover(overlap: float, n_same: int, n: int = 1000) -> DarkKnowledge:
    return DarkKnowledge(shares=np.zeros((2, 2)), overlap=overlap, same_runner_up=np.arange(n) < n_same)


def said(models: Mapping[str, DarkKnowledge]) -> str:
    return sentences.dark_knowledge_verdict(temperature.dark_knowledge_verdict(models))


def test_verdict_on_dark_knowledge_names_a_difference_or_says_that_none_is_seen() -> None:
    student = {"Teacher": a_leftover(1, 1000), "Student": a_leftover(0.9, 800)}
    assert said(student) == (
        "Of what is left beside the right label, the student puts **90.0 %** where the teacher puts it. "
        "Its likeliest wrong label is the teacher's on **80.0 %** of the texts."
    )
    ahead = said({**student, "Hard-label twin": a_leftover(0.8, 600)})
    assert "its hard-label twin 80.0 %" in ahead
    assert "the twin's on 60.0 %: **+20.0 points**, 95 % interval +17" in ahead
    alike = said({**student, "Hard-label twin": a_leftover(0.8, 799)})
    assert "**no difference seen**, +0.1 points" in alike


def test_verdict_on_gradients_says_how_far_they_fall() -> None:
    norms = GradientNorms(
        temperatures=(1.0, 4.0, 16.0), soft=(3.0, 1.6, 0.1), scaled=(3.0, 25.6, 25.6), hard=2.0, n_texts=4
    )
    assert sentences.gradient_verdict(temperature.gradient_verdict(norms)) == (
        "From T = 4 to T = 16 the pull of the soft labels falls **16.0 ×** without T²; 1/T² would be 16.0 ×. "
        "With T² it changes **1.0 ×** only."
    )
