"""Whether a student may take its teacher's place: yes, no, or too few texts, and with how many one would know."""

from pathlib import Path

import pytest

from distil_core.analysis.contrasts import drawing, drawing_teachers
from distil_core.analysis.decisions import Decision, DecisionAnswer, by_depth, decide, decide_run, fewest_layers
from distil_core.evaluation.metrics import ACCURACY, NLL
from distil_core.evaluation.records import Interval
from distil_core.reporting import narrative
from distil_core.runs.store import RunStore
from tests.landscapes import a_store_family


def decision(value: float, low: float, high: float, allowed: float = 0.02) -> Decision:
    loss = Interval(value=value, low=low, high=high)
    return Decision(metric=ACCURACY, allowed=allowed, loss=loss, n_texts=1000)


@pytest.mark.parametrize(
    ("judged", "answer", "enough"),
    [
        (decision(0.01, 0.0, 0.02), DecisionAnswer.YES, None),
        (decision(-0.05, -0.08, -0.02), DecisionAnswer.YES, None),
        (decision(0.05, 0.03, 0.07), DecisionAnswer.NO, None),
        (decision(0.01, -0.01, 0.03), DecisionAnswer.UNKNOWN, 4000),
        (decision(0.0202, 0.0, 0.04), DecisionAnswer.UNKNOWN, None),
    ],
)
def test_three_answers(judged: Decision, answer: DecisionAnswer, enough: int | None) -> None:
    assert judged.answer is answer
    assert judged.enough == (None if enough is None else pytest.approx(enough, abs=1))
    assert (answer is DecisionAnswer.UNKNOWN) == ("Not enough test texts" in narrative.decisions.decision(judged))


def test_a_student_is_held_against_its_teacher(tmp_path: Path) -> None:
    family, landscape, read = a_store_family(RunStore(tmp_path), distilled=0.75)
    draws = drawing(read), drawing_teachers(read)
    lenient, strict = (decide_run(family, allowed, *draws) for allowed in (0.10, 0.01))
    assert lenient is not None
    assert strict is not None
    assert lenient.loss.value == pytest.approx(0.05)
    assert (lenient.answer, strict.answer) == (DecisionAnswer.YES, DecisionAnswer.NO)
    words = narrative.decisions.decision(strict)
    assert words.startswith("**No**: the student loses 5.0 points of accuracy; 95 % interval of the loss +3.")
    depths = by_depth(family, landscape, 0.10, *draws)
    assert fewest_layers(depths) == next(iter(depths))
    assert narrative.decisions.depths(depths, [1], n_active=0).endswith("Not tried: 1.")
    # Of what is better when it is smaller, more is lost.
    worse = decide([family.distilled.folder], NLL, 0.0, *draws)
    assert worse is not None
    assert worse.loss.value > 0
    assert decide([family.distilled.folder], ACCURACY, 0.0, drawing(), draws[1]) is None
