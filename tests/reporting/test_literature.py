"""What was published, relative to this teacher, and the claims put to the test."""

from dataclasses import replace

import pytest

from distil_core.analysis.tradeoffs import Price
from distil_core.evaluation.metrics import ACCURACY, AGREEMENT
from distil_core.evaluation.records import Interval
from distil_core.reporting import literature, tradeoff_tables
from distil_core.runs.record import RunRecord
from tests.factories import a_run_record
from tests.landscapes import POINTS, a_model, a_teacher, measured


def test_published_ratios_are_those_of_the_papers() -> None:
    shares = {
        paper.name: (round(paper.score.value, 3), round(paper.prices[Price.PARAMETERS].value, 3))
        for paper in literature.PUBLISHED
    }
    assert shares == {
        "DistilBERT": (0.969, 0.6),
        "TinyBERT-4": (0.969, 0.133),
        "TinyBERT-6": (0.999, 0.615),
        "MiniLM-6×384": (0.976, 0.202),
    }
    ratios = [ratio for paper in literature.PUBLISHED for ratio in (paper.score, *paper.prices.values())]
    assert all(ratio.source for ratio in ratios)
    assert all("arXiv:" in paper.paper for paper in literature.PUBLISHED)
    assert not any(Price.BYTES in paper.prices for paper in literature.PUBLISHED)
    assert len(tradeoff_tables.published_rows()) == len(ratios)
    assert tradeoff_tables.published_rows()[0][:3] == ("DistilBERT", "score", "96.9 % (77 against 79.5)")


def test_published_students_are_placed_relative_to_this_teacher() -> None:
    teacher = measured(replace(POINTS[0], id="teacher", method=None), a_teacher(0.795))
    found = literature.references(teacher, ACCURACY, Price.PARAMETERS)
    assert [mark.name for mark in found] == [paper.name for paper in literature.PUBLISHED]
    assert (found[0].score, found[0].price) == pytest.approx((0.77, 2_400_000))
    assert "Table 3" in found[0].sources[1]
    latency = literature.references(teacher, ACCURACY, Price.LATENCY)
    assert latency[0].price == pytest.approx(4.0 * 410 / 668)
    # DistilBERT was timed on single texts only.
    throughput = literature.references(teacher, ACCURACY, Price.THROUGHPUT)
    assert [(mark.name, mark.price) for mark in throughput[:1]] == [("TinyBERT-4", pytest.approx(250 * 9.4))]
    assert literature.references(teacher, ACCURACY, Price.BYTES) == ()
    assert literature.references(teacher, AGREEMENT, Price.PARAMETERS) == ()
    assert literature.references(None, ACCURACY, Price.PARAMETERS) == ()


def a_claim_record(accuracy: float, parameters: int, ms: float) -> RunRecord:
    return a_run_record(model=a_model(accuracy, parameters, ms), teacher=a_teacher(0.8))


def kept(value: float) -> Interval:
    return Interval(value=value, low=value - 0.01, high=value + 0.01)


def test_claims_are_put_to_the_test() -> None:
    claims = literature.claims(a_claim_record(0.776, 2_400_000, 2.5), kept(0.97))
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
            kept(0.875),
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
            kept(1.0),
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
    assert [claim.verdict for claim in literature.claims(record, share)] == verdicts


def test_a_slower_student_is_said_to_be_slower() -> None:
    assert literature.claims(a_claim_record(0.7, 3_900_000, 5.0), None)[2].measured == (
        "0.8 × the speed; the time grows by 25.0 %"
    )
