"""What was published, relative to this teacher, and the claims put to the test."""

from dataclasses import replace

import pytest

from distil_core.analysis import literature
from distil_core.analysis.literature import ClaimOutcome
from distil_core.analysis.roles import Role
from distil_core.analysis.tradeoffs import Price
from distil_core.evaluation.metrics import ACCURACY, AGREEMENT
from distil_core.evaluation.records import Interval
from distil_core.reporting import tradeoff_tables
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
    teacher = measured(replace(POINTS[0], id="teacher", role=Role.TEACHER, method=None), a_teacher(0.795))
    marks = literature.references(teacher, ACCURACY, Price.PARAMETERS)
    assert [mark.name for mark in marks] == [paper.name for paper in literature.PUBLISHED]
    assert (marks[0].score, marks[0].price) == pytest.approx((0.77, 2_400_000))
    assert "Table 3" in marks[0].sources[1]
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


def a_share(value: float) -> Interval:
    return Interval(value=value, low=value - 0.01, high=value + 0.01)


@pytest.mark.parametrize(
    ("record", "share", "outcomes"),
    [
        (
            a_claim_record(0.776, 2_400_000, 2.5),
            a_share(0.97),
            [*[ClaimOutcome.IN_LINE] * 3, *[ClaimOutcome.NOT_REACHED] * 2],
        ),
        (
            a_claim_record(0.7, 3_900_000, 5.0),
            a_share(0.875),
            [*[ClaimOutcome.LESS] * 3, *[ClaimOutcome.NOT_REACHED] * 2],
        ),
        (
            a_claim_record(0.8, 400_000, 0.5),
            a_share(1.0),
            [*[ClaimOutcome.MORE] * 3, *[ClaimOutcome.REACHED] * 2],
        ),
        (a_run_record(teacher=None), None, [ClaimOutcome.NOT_MEASURED] * 5),
    ],
)
def test_claims_are_put_to_the_test(record: RunRecord, share: Interval | None, outcomes: list[ClaimOutcome]) -> None:
    claims = literature.claims(record, share)
    assert [claim.outcome for claim in claims] == outcomes
    assert [claim.quote for claim in claims] == list(literature.Quote)
    assert claims[0].measured == share
