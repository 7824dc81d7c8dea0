"""The sentences about one run: its headline, and what distillation did."""

from dataclasses import replace
from pathlib import Path

import pytest

from distil_core.analysis import comparison, learning_curves
from distil_core.analysis.comparison import Contrast, Outcome
from distil_core.evaluation.metrics import ACCURACY, AGREEMENT, KL, NLL, RUNNER_UP, Metric
from distil_core.evaluation.records import Interval
from distil_core.reporting.narrative import runs
from distil_core.runs.families import Family, FinishedRun
from distil_core.runs.folder import RunFolder
from distil_core.settings.config import Method
from distil_core.training.events import TeacherMeasured, Validation
from tests.landscapes import a_compared_family, a_compared_record


def said(family: Family, difference: Interval | None) -> str:
    return runs.verdict(comparison.run_verdict(family, difference))


def test_cards_say_where_their_figure_comes_from() -> None:
    share, smaller, faster = runs.cards(a_compared_record(), ACCURACY)
    assert (share.value, share.details, share.paper) == (
        "94.7 %",
        ("student 90.0 %", "teacher 95.0 %"),
        "DistilBERT 97 %",
    )
    assert (smaller.value, smaller.details[0]) == ("66.7 %", "6.00 M → 2.00 M parameters")
    assert smaller.details[1] == "24.3 MB → 8.30 MB on disk"
    assert (faster.value, faster.details[0]) == ("2.8 ×", "3.60 → 1.30 ms, median")


def test_cards_wait_with_dashes() -> None:
    cards = runs.cards(None, ACCURACY)
    assert [card.value for card in cards] == ["–", "–", "–"]
    assert {len(card.details) for card in cards} == {
        len(card.details) for card in runs.cards(a_compared_record(), ACCURACY)
    }


def test_cards_say_what_is_known_so_far() -> None:
    events = (TeacherMeasured(score=0.9), Validation(epoch=0.25, score=0.81, agreement=None, low=0.78, high=0.84))
    curves = learning_curves.curves(events)
    first, smaller, _ = runs.cards(None, ACCURACY, so_far=curves)
    assert (first.label, first.value) == ("Accuracy kept so far", "90.0 %")
    assert first.details == (
        "student 81.0 % (78.0 to 84.0) after 0.25 epochs",
        "teacher 90.0 %, validation texts",
    )
    assert smaller.value == "–"
    assert runs.cards(None, NLL, so_far=curves)[0].value == "–"
    assert runs.cards(a_compared_record(), ACCURACY, so_far=curves) == runs.cards(a_compared_record(), ACCURACY)
    assert runs.cards(None, ACCURACY, so_far=learning_curves.curves(events[:1])) == runs.cards(None, ACCURACY)


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (
            Interval(value=0.02, low=0.01, high=0.03),
            "**The teacher helped**: +2.0 points, 95 % interval +1.0 to +3.0.",
        ),
        (Interval(value=-0.02, low=-0.03, high=-0.01), "**The teacher hurt**: −2.0 points"),
        (
            Interval(value=-0.046, low=-0.099, high=0.0),
            "**Too few test texts to tell** whether the teacher helped: −4.6 points, 95 % interval −9.9 to +0.0, from "
            "1,000. For a difference of 4.6 points, about 1,200 would be enough.",
        ),
        (
            Interval(value=0.001, low=-0.03, high=0.032),
            "For a difference of 1.0 points, about 9,700 would be enough.",
        ),
        (
            Interval(value=0.001, low=-0.004, high=0.006),
            "**No difference as large as 1.0 points**: +0.1 points, 95 % interval −0.4 to +0.6.",
        ),
    ],
)
def test_verdict_follows_the_paired_difference(gap: Interval, words: str) -> None:
    assert words in said(a_compared_family(0.9, 0.88), gap)


@pytest.mark.parametrize(("twin", "words"), [(0.8, "helped"), (0.99, "hurt"), (0.91, "No difference seen")])
def test_verdict_without_pairs_asks_whether_intervals_overlap(twin: float, words: str) -> None:
    assert words in said(a_compared_family(0.9, twin), None)


def test_verdict_explains_why_more_than_everything_is_kept() -> None:
    words = said(a_compared_family(0.97, 0.88), Interval(value=0.09, low=0.08, high=0.1))
    assert "its teacher 95.0 % (the student is above its teacher, so more than the whole is kept), its hard" in words


def test_verdict_says_how_near_the_teacher_it_is() -> None:
    def by(metric: Metric, value: float, low: float, high: float, outcome: Outcome) -> Contrast:
        return Contrast(metric=metric, difference=Interval(value=value, low=low, high=high), outcome=outcome)

    near = (
        by(AGREEMENT, 0.01, -0.01, 0.03, Outcome.NO_DIFFERENCE),
        by(KL, -0.1, -0.2, -0.05, Outcome.BETTER),
        by(RUNNER_UP, 0.42, 0.37, 0.47, Outcome.BETTER),
    )
    gap = Interval(value=0.02, low=0.01, high=0.03)
    words = runs.verdict(comparison.run_verdict(a_compared_family(0.9, 0.88), gap, near))
    assert words.endswith(
        "**Nearer to the teacher** than the hard-label twin: KL divergence −0.100 nats, 95 % interval −0.200 to "
        "−0.050, less is nearer; runner-up agreement +42.0 points, 95 % interval +37.0 to +47.0. No difference "
        "seen: agreement +1.0 points, 95 % interval −1.0 to +3.0."
    )


def test_verdict_waits_for_the_twin() -> None:
    words = said(a_compared_family(0.9, None), None)
    assert words.startswith("The student answers 90.0 % of the test texts right, its teacher 95.0 %.")
    assert "when its hard-label twin" in words


def test_verdict_of_a_twin_claims_nothing() -> None:
    twin = FinishedRun(
        run="twin", folder=RunFolder(path=Path("folder")), record=a_compared_record(method=Method.HARD_LABELS)
    )
    assert said(Family(distilled=twin, twins=()), None).endswith("its teacher 95.0 %.")


def test_a_verdict_speaks_of_the_primary_metric() -> None:
    def judged(family: Family) -> Family:
        def by_kl(run: FinishedRun) -> FinishedRun:
            return replace(run, record=replace(run.record, primary="nll"))

        return Family(distilled=by_kl(family.distilled), twins=tuple(map(by_kl, family.twins)))

    words = said(judged(a_compared_family(0.9, 0.88)), Interval(value=-0.1, low=-0.2, high=-0.05))
    assert words.startswith("The student's log-loss is 0.550 nats, its teacher 0.550 nats, its hard-label twin")
    assert words.endswith("**The teacher helped**: −0.100 nats, 95 % interval −0.200 to −0.050.")
    record = judged(a_compared_family(0.9, None)).distilled.record
    card, *_ = runs.cards(record, record.metric)
    assert (card.label, card.value) == ("Log-loss kept", "–")
