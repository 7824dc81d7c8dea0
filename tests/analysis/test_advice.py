"""What decides whether to use a student, as data."""

from pathlib import Path
from typing import Any

import pytest

from distil_core.analysis import advice
from distil_core.analysis.comparison import Outcome
from distil_core.analysis.roles import Role
from distil_core.evaluation.metrics import ACCURACY
from distil_core.evaluation.records import Interval
from distil_core.runs.store import RunStore
from distil_core.settings.config import Method
from tests import seeds
from tests.landscapes import DEEP, DISTILLED, a_model, a_store_family, answers, landscape_of, put


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path)


def test_the_usual_case(store: RunStore) -> None:
    judged = advice.advise(*a_store_family(store, distilled=0.76, hard_labels=0.76, baseline=0.5))
    assert (judged.role, judged.metric, judged.score) == (Role.STUDENT, ACCURACY, 0.76)
    assert judged.retention is not None
    assert judged.retention.share.value == pytest.approx(0.95)
    assert judged.retention.teacher_score == 0.8
    assert (judged.retention.outcome, judged.retention.parameters) == (Outcome.WORSE, 0.5)
    assert judged.retention.speedup is not None
    assert judged.retention.speedup.value == 2.0
    assert judged.twin is not None
    assert judged.twin.outcome is Outcome.NO_DIFFERENCE
    assert judged.twin.difference == Interval(value=0.0, low=0.0, high=0.0)
    assert judged.baseline is not None
    assert judged.baseline.contrast.outcome is Outcome.BETTER
    assert judged.baseline.latencies_ms == (2.0, 0.5)
    assert judged.rival is None


@pytest.mark.parametrize(
    ("accuracy", "outcome"), [(0.85, Outcome.BETTER), (0.8, Outcome.NO_DIFFERENCE), (0.76, Outcome.WORSE)]
)
def test_the_interval_of_what_is_kept_decides(store: RunStore, accuracy: float, outcome: Outcome) -> None:
    judged = advice.advise(*a_store_family(store, distilled=accuracy))
    assert judged.retention is not None
    assert judged.retention.outcome is outcome
    assert (judged.twin, judged.baseline) == (None, None)


@pytest.mark.parametrize(
    ("twin", "outcome"), [(0.7, Outcome.BETTER), (0.82, Outcome.WORSE), (0.76, Outcome.NO_DIFFERENCE)]
)
def test_the_twin_and_the_baseline_are_judged_alike(store: RunStore, twin: float, outcome: Outcome) -> None:
    judged = advice.advise(*a_store_family(store, distilled=0.76, hard_labels=twin, baseline=twin))
    assert judged.twin is not None
    assert judged.baseline is not None
    assert (judged.twin.outcome, judged.baseline.contrast.outcome) == (outcome, outcome)


def test_without_answers_the_single_intervals_decide(store: RunStore) -> None:
    members, landscape, _ = a_store_family(store, distilled=0.76, hard_labels=0.70, baseline=0.75)
    judged = advice.advise(members, landscape, answers())
    assert judged.retention is not None
    assert judged.retention.share == Interval(value=0.76 / 0.8)
    assert judged.twin is not None
    assert (judged.twin.outcome, judged.twin.difference.low) == (Outcome.BETTER, None)
    assert judged.baseline is not None
    assert judged.baseline.contrast.outcome is Outcome.NO_DIFFERENCE


@pytest.mark.parametrize(
    ("rival", "parameters", "latency"),
    [
        ({"accuracy": 0.70, "parameters": 1_000_000, "ms": 2.0}, 0.5, 1.0),
        ({"accuracy": 0.90, "parameters": 2_000_000, "ms": 1.0}, 1.0, 0.5),
    ],
)
def test_a_rival_has_its_price_beside_the_run_in_use(
    store: RunStore, rival: dict[str, Any], parameters: float, latency: float
) -> None:
    mine = put(store, DISTILLED, a_model(0.7, ms=2.0))
    put(store, DEEP, a_model(**rival))
    judged = advice.advise(*landscape_of(store, mine), answers())
    assert judged.rival is not None
    assert judged.rival.name == "Student · 4 layers · temperature 2"
    assert judged.rival.score == rival["accuracy"]
    assert (judged.rival.parameters, judged.rival.latency) == pytest.approx((parameters, latency))


def test_a_baseline_is_no_rival_and_has_none(store: RunStore) -> None:
    tfidf = next(config for config in seeds.family_of(DISTILLED) if config.method is Method.BASELINE)
    baseline = put(store, tfidf, a_model(0.9, 50_000, ms=0.5))
    mine = put(store, DISTILLED, a_model(0.7))
    assert advice.advise(*landscape_of(store, mine), answers()).rival is None
    judged = advice.advise(*landscape_of(store, baseline), answers())
    assert (judged.role, judged.rival, judged.twin) == (Role.BASELINE, None, None)
