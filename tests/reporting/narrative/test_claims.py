"""The sentences about what is said of DistilBERT."""

import pytest

from distil_core.analysis import literature
from distil_core.evaluation.records import Interval
from distil_core.reporting.narrative import claims as sentences
from distil_core.reporting.narrative.claims import ClaimRow
from distil_core.runs.record import RunRecord
from tests.factories import a_run_record
from tests.landscapes import a_model, a_teacher


def a_claim_record(accuracy: float, parameters: int, ms: float) -> RunRecord:
    return a_run_record(model=a_model(accuracy, parameters, ms), teacher=a_teacher(0.8))


def a_share(value: float) -> Interval:
    return Interval(value=value, low=value - 0.01, high=value + 0.01)


def said(record: RunRecord, share: Interval | None) -> tuple[ClaimRow, ...]:
    return sentences.rows(literature.claims(record, share))


def test_claims_stand_beside_what_was_measured() -> None:
    claims = said(a_claim_record(0.776, 2_400_000, 2.5), a_share(0.97))
    assert [(claim.quote, claim.sound) for claim in claims] == [
        ("97 % of the accuracy is kept", True),
        ("40 % fewer parameters", True),
        ("60 % faster", True),
        ("60 % smaller", False),
        ("2.5 times faster", False),
    ]
    assert [claim.measured for claim in claims] == [
        "97.0 %",
        "40.0 % fewer",
        "1.6 × the speed; the time falls by 37.5 %",
        "40.0 % fewer",
        "1.6 × the speed; the time falls by 37.5 %",
    ]
    assert claims[0].spread == "96.0 to 98.0 %"
    assert claims[1].spread == "exact"
    assert claims[2].spread == "teacher 3.60 to 8.00 ms, student 2.25 to 5.00 ms (5th to 95th percentile)"
    assert [claim.verdict for claim in claims] == [
        "In line with it: the interval includes 97 %",
        "In line with it",
        "In line with it",
        "Not in the paper, and not here",
        "Not in the paper, and not here",
    ]
    # The table of the paper: 668 s fall to 410 s.
    assert "1.63 times the speed, so the time falls by 38.6 %" in claims[2].source
    assert "66 million is 60.0 % *of* 110 million, so 40.0 % smaller" in claims[3].source
    assert "For 2.5 times, the time would have to fall by 60 %; it falls by 38.6 %" in claims[4].source


@pytest.mark.parametrize(
    ("record", "share", "verdicts"),
    [
        (
            a_claim_record(0.7, 3_900_000, 5.0),
            a_share(0.875),
            [
                "Less was kept here",
                "This student saves less",
                "This student gains less",
                "Not in the paper, and not here",
                "Not in the paper, and not here",
            ],
        ),
        (
            a_claim_record(0.8, 400_000, 0.5),
            a_share(1.0),
            [
                "More was kept here",
                "This student is smaller still",
                "This student is faster still",
                "Not in the paper; this student reaches it",
                "Not in the paper; this student reaches it",
            ],
        ),
        (a_run_record(teacher=None), None, [*["Not measured"] * 3, *["Not in the paper"] * 2]),
    ],
)
def test_verdicts_say_how_a_run_compares(record: RunRecord, share: Interval | None, verdicts: list[str]) -> None:
    assert [claim.verdict for claim in said(record, share)] == verdicts


def test_a_slower_student_is_said_to_be_slower() -> None:
    assert said(a_claim_record(0.7, 3_900_000, 5.0), None)[2].measured == ("0.8 × the speed; the time grows by 25.0 %")
