"""The sentences for someone who has to decide, in all cases."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from distil_core.analysis import advice
from distil_core.analysis.tradeoffs import Landscape
from distil_core.evaluation.predictions import Predictions
from distil_core.reporting.narrative.advice import paragraph
from distil_core.runs.families import Family
from distil_core.runs.folder import RunFolder
from distil_core.runs.store import RunStore
from distil_core.settings.config import Method
from distil_core.settings.serialization import digest
from tests import seeds
from tests.factories import (
    a_cost,
)
from tests.landscapes import DEEP, DISTILLED, a_model, a_store_family, answers, landscape_of, put


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path)


def said(family: Family, landscape: Landscape, read: Callable[[RunFolder], Predictions]) -> str:
    return paragraph(advice.advise(family, landscape, read))


@pytest.fixture
def family(store: RunStore) -> Callable[..., tuple[Family, Landscape, Callable[[RunFolder], Predictions]]]:
    return partial(a_store_family, store)


def test_advice_sums_up_the_usual_case(family: Any) -> None:
    text = said(*family(distilled=0.76, hard_labels=0.76, baseline=0.5))
    assert text == (
        "Keeps **95.0 %** of its teacher's accuracy (95 % interval 93.5 to 96.5 %) with **50.0 %** of its parameters, "
        "at **2.0 times** its speed (0.9 to 4.4 from text to text). Against the hard-label twin, trained without the "
        "teacher: **No difference seen**: "
        "+0.0 points, 95 % interval +0.0 to +0.0. No difference seen: agreement +0.0 points, 95 % interval +0.0 to "
        "+0.0; KL divergence +0.000 nats, 95 % interval +0.000 to +0.000; runner-up agreement +0.0 points, 95 % "
        "interval +0.0 to +0.0. TF-IDF does not do: the student is ahead (+26.0 points, 95 % interval +23.4 to +28.7)."
    )


@pytest.mark.parametrize(
    ("accuracies", "words"),
    [
        ({"distilled": 0.85}, "**More accurate than its teacher**, 85.0 % against 80.0 % (95 % interval 104.6 to"),
        ({"distilled": 0.8}, "Keeps **100.0 %** of its teacher's accuracy (95 % interval 100.0 to 100.0 %, so no diff"),
        ({"distilled": 0.76}, "not known: the hard-label twin has not been trained."),
        (
            {"distilled": 0.76, "hard_labels": 0.7},
            "**The teacher was worth it**: the hard-label twin, trained without it",
        ),
        (
            {"distilled": 0.7, "hard_labels": 0.76},
            "**The hard-label twin, trained without the teacher, is better** (−6.0",
        ),
        (
            {"distilled": 0.7, "baseline": 0.76},
            "But **TF-IDF is better**, without any transformer, and takes 0.500 instead of 2.00 ms for",
        ),
        (
            {"distilled": 0.7, "baseline": 0.7},
            "Against TF-IDF, which has no transformer, and takes 0.500 instead of 2.00 ms for a text: **No difference",
        ),
    ],
)
def test_advice_covers_what_can_happen(family: Any, accuracies: dict[str, float], words: str) -> None:
    assert words in said(*family(**accuracies))


@pytest.mark.parametrize(
    ("hard_labels", "words"),
    [
        (0.7, "**The teacher was worth it**: the layer-cut twin, not trained, is behind ("),
        (0.8, "**The layer-cut twin, not trained, is better** ("),
        (0.76, "Against the layer-cut twin, not trained: **No difference seen**"),
        (None, "not known: the layer-cut twin has not been measured."),
    ],
)
def test_without_labels_the_layer_cut_is_the_twin(family: Any, hard_labels: float | None, words: str) -> None:
    twins = {} if hard_labels is None else {"hard_labels": hard_labels}
    judged = advice.advise(*family(distilled=0.76, **twins))
    assert words in paragraph(replace(judged, against=Method.LAYER_CUT))


def test_without_outputs_the_single_intervals_decide(family: Any) -> None:
    members, landscape, _ = family(distilled=0.76, hard_labels=0.70, baseline=0.75)
    text = said(members, landscape, answers())
    assert "**The teacher was worth it**: the hard-label twin, trained without it, is behind (+6.0 points)." in text
    assert "Against TF-IDF, which has no transformer" in text


def test_advice_about_a_twin_leaves_out_its_own_twins(store: RunStore) -> None:
    tfidf = next(config for config in seeds.family_of(DISTILLED) if config.method is Method.BASELINE)
    mine = put(store, tfidf, a_model(0.6, cost=None))
    text = said(*landscape_of(store, mine), answers())
    assert text.startswith("Keeps **75.0 %** of its teacher's accuracy")
    assert text.endswith(").")
    assert "times" not in text


def test_unmeasured_times_are_left_out_of_the_advice(store: RunStore) -> None:
    untimed = a_cost(2_000_000, latency_ms=None, texts_per_second=None)
    mine = put(store, DISTILLED, a_model(0.7, cost=untimed))
    tfidf = next(config for config in seeds.family_of(DISTILLED) if config.method is Method.BASELINE)
    put(store, tfidf, a_model(0.9))
    text = said(*landscape_of(store, mine), answers())
    assert "with **50.0 %** of its parameters. " in text
    assert "**TF-IDF is better**, without any transformer (the student is behind" in text


@pytest.mark.parametrize(
    ("rival", "named"),
    [
        ({"accuracy": 0.70, "parameters": 1_000_000, "ms": 2.0}, True),  # as good, smaller
        ({"accuracy": 0.70, "parameters": 2_000_000, "ms": 1.0}, True),  # as good, faster
        ({"accuracy": 0.90, "parameters": 2_000_000, "ms": 2.0}, True),  # clearly better
        ({"accuracy": 0.71, "parameters": 2_000_000, "ms": 1.9}, False),  # a little of both means nothing
        ({"accuracy": 0.69, "parameters": 1_000_000, "ms": 1.0}, False),
        ({"accuracy": 0.90, "parameters": 3_000_000, "ms": 1.0}, False),
        ({"accuracy": 0.90, "parameters": 1_000_000, "ms": 4.0}, False),
    ],
)
def test_a_better_bargain_is_named(store: RunStore, rival: dict[str, Any], named: bool) -> None:
    mine = put(store, DISTILLED, a_model(0.7, ms=2.0))
    # The twin, which is built alike, was timed by a quarter slower, so that such differences are no reason.
    twin = next(config for config in seeds.family_of(DISTILLED) if config.method is Method.HARD_LABELS)
    put(store, twin, a_model(0.5, ms=2.5))
    put(store, DEEP, a_model(**rival))
    text = said(*landscape_of(store, mine), answers())
    assert ("**Another student here is the better bargain**: Student · 4 layers · temperature 2 (" in text) is named


def test_a_lucky_seed_is_no_better_bargain(store: RunStore) -> None:
    mine = put(store, DISTILLED, a_model(0.7))
    put(store, seeds.a_config(seed=1), a_model(0.9, 1_000_000))
    assert "bargain" not in said(*landscape_of(store, mine), answers())


def test_what_was_not_measured_is_no_rival(store: RunStore) -> None:
    mine = put(store, DISTILLED, a_model(0.7))
    put(store, DEEP, a_model(0.9, cost=None))
    assert "bargain" not in said(*landscape_of(store, mine), answers())
    assert "bargain" not in said(*landscape_of(store, digest(DEEP)), answers())


def test_a_bargain_without_times_is_told_by_its_size(store: RunStore) -> None:
    untimed = a_cost(1_000_000, latency_ms=None, texts_per_second=None)
    mine = put(store, DISTILLED, a_model(0.7))
    put(store, DEEP, a_model(0.7, cost=untimed))
    text = said(*landscape_of(store, mine), answers())
    assert text.endswith("Student · 4 layers · temperature 2 (70.0 % right, 50.0 % of the parameters).")
