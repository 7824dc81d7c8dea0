"""What a reader of a chart of trade-offs must know, as data."""

from dataclasses import replace

import pytest

from distil_core.analysis.caveats import Caveats, caveats
from distil_core.analysis.tradeoffs import Landscape, Price
from distil_core.evaluation.metrics import ACCURACY, AGREEMENT
from distil_core.evaluation.records import Interval
from distil_core.settings.config import Method
from tests.landscapes import POINTS, a_model, measured


def test_what_does_not_depend_on_the_machine_has_no_caveats_about_times() -> None:
    landscape = Landscape(points=tuple(replace(point, elsewhere=True) for point in POINTS), teacher_ms=(3.0, 5.0))
    assert caveats(landscape, ACCURACY, Price.BYTES) == Caveats(
        score=ACCURACY, teacher_left_out=False, without_interval=False, not_measured=()
    )
    timed = caveats(landscape, ACCURACY, Price.LATENCY)
    assert (timed.n_elsewhere, timed.teacher_ms, timed.n_teacher_times) == (len(POINTS), (3.0, 5.0), 2)
    # Those that were timed elsewhere are not lost.
    assert timed.not_measured == ()
    assert (timed.wobble, timed.timed_baseline) == (None, None)


def test_times_of_models_that_are_built_alike_differ() -> None:
    slow = measured(replace(POINTS[0], id="slow"), a_model(0.9, 900, ms=1.5))
    tfidf = next(point for point in POINTS if point.method is Method.BASELINE)
    timed = caveats(Landscape(points=(POINTS[0], slow, tfidf), teacher_ms=(4.0,)), ACCURACY, Price.LATENCY)
    assert timed.wobble == pytest.approx(1.5)
    assert timed.timed_baseline == "TF-IDF"
    assert timed.teacher_ms is None


def test_what_is_missing_is_told_once() -> None:
    lost = measured(POINTS[0], a_model(0.9, cost=None, metrics={AGREEMENT.name: Interval(value=0.9)}))
    missing = caveats(Landscape(points=(lost, lost), teacher_ms=()), AGREEMENT, Price.PARAMETERS)
    assert missing == Caveats(score=AGREEMENT, teacher_left_out=True, without_interval=True, not_measured=("dear",))
