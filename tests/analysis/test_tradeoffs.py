"""What can be held against a run: which models, where they lie, and which are the best trade-offs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from distil_core.analysis import advice, literature, tradeoffs
from distil_core.analysis.caveats import caveats
from distil_core.analysis.contrasts import drawing
from distil_core.analysis.roles import Role
from distil_core.analysis.tradeoffs import Landscape, Price
from distil_core.evaluation import bootstrap
from distil_core.evaluation.metrics import ACCURACY, AGREEMENT, MACRO_F1, Metric
from distil_core.evaluation.predictions import Predictions
from distil_core.evaluation.records import Interval
from distil_core.reporting import narrative, tradeoff_tables
from distil_core.reporting.narrative.advice import paragraph
from distil_core.runs.folder import RunFolder
from distil_core.runs.sources import CombinedRuns, ShippedRuns
from distil_core.runs.store import RunStore
from distil_core.settings.config import Method, TrainingConfig
from distil_core.tasks.classification import TextClassification
from tests import seeds
from tests.factories import (
    a_corpus_summary,
    a_prediction,
    a_teacher_record,
    an_environment,
    figures,
)
from tests.landscapes import DEEP, DISTILLED, POINTS, a_model, a_teacher, landscape_of, measured, put

SCORES = TextClassification().scores


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path)


def notes(landscape: Landscape, score: Metric, price: Price) -> tuple[str, ...]:
    return narrative.tradeoffs.notes(caveats(landscape, score, price))


# Points


def test_all_with_the_same_texts_and_teacher_are_gathered_once(store: RunStore, tmp_path: Path) -> None:
    mine = put(store, DISTILLED, a_model(0.7))
    other = put(store, DEEP, a_model(0.75))
    put(store, seeds.a_config(seed=5), a_model(0.7), corpus=a_corpus_summary(digest="another"))
    put(store, seeds.a_config(seed=6), a_model(0.7), teacher_digest="another")
    store.add("waiting", seeds.a_config(seed=7), corpus_name="reviews")
    shipped = ShippedRuns(seeds.example_folder(tmp_path / "example", DISTILLED))
    _, landscape = landscape_of(CombinedRuns(shipped, store), mine)
    # The shipped run has the settings of the run in use; its three twins are new.
    ids = [point.id for point in landscape.points]
    assert ids == ["teacher", mine, other, "example-hard-labels", "example-layer-cut", "example-baseline"]
    assert [point.in_use for point in landscape.points] == [False, True, *[False] * 4]
    assert tradeoffs.chosen(landscape.points).id == mine


def test_a_run_is_known_by_its_settings_and_not_by_where_its_texts_lie(store: RunStore) -> None:
    mine = put(store, DISTILLED, a_model(0.7))
    moved = replace(DISTILLED, corpus=replace(DISTILLED.corpus, source="elsewhere.csv"))
    put(store, moved, a_model(0.7))
    assert len(landscape_of(store, mine)[1].points) == 2
    # Another share of the labels makes another student.
    few = put(store, replace(DISTILLED, corpus=replace(DISTILLED.corpus, labeled=0.03)), a_model(0.6))
    # One that was kept from a class is nothing to take instead.
    put(store, replace(DISTILLED, corpus=replace(DISTILLED.corpus, left_out="mixed")), a_model(0.6))
    assert len(landscape_of(store, mine)[1].points) == 3
    assert [point.title for point in landscape_of(store, mine)[1].points if point.id == few] == [
        "Student · 2 layers · temperature 2 · 3 % labeled"
    ]


def test_seeds_share_their_title_and_are_averaged(store: RunStore) -> None:
    mine = put(store, seeds.a_config(seed=1), a_model(0.70, ms=1.0))
    other = put(store, seeds.a_config(seed=0), a_model(0.80, ms=3.0))
    put(store, DEEP, a_model(0.9))
    _, landscape = landscape_of(store, mine)
    titles = {point.title for point in landscape.points if len(point.seeds) and point.several}
    assert titles == {"Student · 2 layers · temperature 2"}
    names = {point.name for point in landscape.points}
    assert names == {
        "Teacher",
        "Student · 2 layers · temperature 2 · seed 0",
        "Student · 2 layers · temperature 2 · seed 1",
        "Student · 4 layers · temperature 2",
    }

    def read(folder: RunFolder) -> Predictions:
        n_right = 700 if folder.path.name == mine else 800
        return a_prediction(np.eye(2)[(np.arange(1000) >= n_right).astype(int)], np.zeros(1000))

    together = tradeoffs.averaged(landscape.points, drawing(read), metrics=SCORES)
    point = tradeoffs.chosen(together)
    assert len(together) == 3
    assert point.id == mine
    assert point.name == "Student · 2 layers · temperature 2 · mean of seeds 0, 1"
    score, price = point.score(ACCURACY), point.price(Price.LATENCY)
    assert score is not None
    assert price is not None
    # Over seeds, which are apart by far more than their intervals, and over texts.
    drawn = [bootstrap.sample(read(RunFolder(path=Path(run))).test, ACCURACY) for run in point.runs]
    assert score == bootstrap.estimate(drawn)
    assert (score.value, score.n_seeds) == (0.75, 2)
    lost = tradeoffs.chosen(tradeoffs.averaged(landscape.points, metrics=SCORES)).score(ACCURACY)
    assert lost == Interval(value=0.75, n_seeds=2)
    assert (price.value, price.low, price.high) == pytest.approx((2.0, 0.9, 6.0))
    assert tradeoffs.selected(together, other).id == mine


def test_settings_with_one_title_are_told_apart_by_what_differs(store: RunStore) -> None:
    mine = put(store, DISTILLED, a_model(0.7))
    put(store, seeds.a_config(training=TrainingConfig(epochs=9)), a_model(0.7))
    _, landscape = landscape_of(store, mine)
    usual = TrainingConfig().epochs
    assert [point.title.rpartition(" · ")[2] for point in landscape.points[1:]] == [
        f"training epochs {usual}",
        "training epochs 9",
    ]


def test_what_is_selected_is_the_run_in_use_unless_somebody_asks(store: RunStore) -> None:
    mine = put(store, DISTILLED, a_model(0.7))
    other = put(store, DEEP, a_model(0.75))
    points = landscape_of(store, mine)[1].points
    assert [tradeoffs.selected(points, wanted).id for wanted in (None, "lost", other, "teacher")] == [
        mine,
        mine,
        other,
        "teacher",
    ]


def test_times_of_another_machine_are_not_compared(store: RunStore) -> None:
    mine = put(store, DISTILLED, a_model(0.7))
    put(store, DEEP, a_model(0.75), environment=an_environment(threads=64), teacher=a_teacher(ms=9.0))
    _, landscape = landscape_of(store, mine)
    other = landscape.points[-1]
    assert other.elsewhere
    assert other.price(Price.LATENCY) is other.price(Price.THROUGHPUT) is None
    assert other.price(Price.PARAMETERS) == Interval(value=2_000_000)
    assert landscape.teacher_ms == (4.0,)
    assert landscape.wobble(Price.LATENCY) == 1.0
    assert "1 model timed on another machine is not shown here." in notes(landscape, ACCURACY, Price.LATENCY)
    assert notes(landscape, ACCURACY, Price.BYTES) == ()
    assert tradeoff_tables.card_rows(other, SCORES)["Latency"] == "on another machine"


def test_the_teacher_takes_its_times_from_a_run_that_has_them(store: RunStore) -> None:
    tfidf = next(config for config in seeds.family_of(DISTILLED) if config.method is Method.BASELINE)
    mine = put(store, tfidf, a_model(0.6), teacher=replace(a_teacher(), cost=None))
    assert landscape_of(store, mine)[1].points[0].price(Price.LATENCY) is None
    put(store, DISTILLED, a_model(0.7), teacher=a_teacher(ms=4.0))
    put(store, DEEP, a_model(0.7), teacher=a_teacher(ms=5.0))
    _, landscape = landscape_of(store, mine)
    price = landscape.points[0].price(Price.LATENCY)
    assert price is not None
    assert price.value == landscape.teacher_ms[0]
    assert sorted(landscape.teacher_ms) == [4.0, 5.0]
    said = notes(landscape, ACCURACY, Price.LATENCY)
    assert said[0].startswith("The same teacher took 4.00 to 5.00 ms when it was timed 2 times")
    assert said[1].startswith("TF-IDF's time is as measured, and splitting")


def test_times_are_scaled_to_the_pace_of_the_run_in_use(store: RunStore) -> None:
    mine = put(store, DISTILLED, a_model(0.7, ms=1.0), teacher=a_teacher(ms=4.0))
    # The machine was three times as slow when the twin was timed, and the twin by a half slower on top of it.
    twin = next(config for config in seeds.family_of(DISTILLED) if config.method is Method.HARD_LABELS)
    put(store, twin, a_model(0.7, ms=4.5), teacher=a_teacher(ms=12.0))
    _, landscape = landscape_of(store, mine)
    first, other = landscape.points[1:]
    assert first.price(Price.LATENCY) == Interval(value=1.0, low=0.9, high=2.0)
    price = other.price(Price.LATENCY)
    assert price is not None
    assert (price.value, price.low, price.high) == pytest.approx((1.5, 1.35, 3.0))
    rate = other.price(Price.THROUGHPUT)
    assert rate is not None
    assert rate.value == pytest.approx(1000 / 1.5)
    assert landscape.wobble(Price.LATENCY) == pytest.approx(1.5)
    said = notes(landscape, ACCURACY, Price.LATENCY)
    assert "4.00 to 12.0 ms when it was timed 2 times" in said[0]
    assert "differ by up to 50.0 %" in said[1]


def test_a_run_without_a_teacher_stands_alone(store: RunStore) -> None:
    without = {**figures(0.7), "macro_f1": Interval(value=0.69)}
    mine = put(store, DISTILLED, a_model(0.7, cost=None, metrics=without), teacher=None)
    family, landscape = landscape_of(store, mine)
    assert [point.id for point in landscape.points] == [mine]
    assert landscape.teacher_ms == ()
    assert landscape.wobble(Price.LATENCY) == 1.0
    assert notes(landscape, MACRO_F1, Price.BYTES) == (
        "Macro-F1 was measured without an interval by an earlier version.",
        "Not measured: Student · 2 layers · temperature 2.",
    )
    assert paragraph(advice.advise(family, landscape)).startswith(
        "Answers **70.0 %** of the test texts right; there is no"
    )
    assert tradeoffs.places(landscape.points, ACCURACY, Price.BYTES) == ()


# The line of the best


def test_points_are_best_unless_another_is_as_good_and_as_cheap() -> None:
    placed = tradeoffs.places(POINTS, ACCURACY, Price.PARAMETERS)
    assert [(place.point.id, place.best) for place in placed] == [
        ("cheap", True),
        ("worse", False),
        ("same", True),
        ("mine", True),
        ("dominated", False),
        ("dear", True),
    ]
    assert [place.price.value for place in placed] == [100, 100, 500, 500, 800, 900]


def test_where_more_is_better_the_line_turns_around() -> None:
    quick, slow = a_model(0.6, ms=1.0), a_model(0.7, ms=2.0)
    points = [measured(replace(POINTS[0], id=name), model) for name, model in (("quick", quick), ("slow", slow))]
    worse = measured(replace(POINTS[0], id="worse"), a_model(0.55, ms=2.0))
    placed = tradeoffs.places([*points, worse], ACCURACY, Price.THROUGHPUT)
    assert [(place.point.id, place.best) for place in placed] == [("quick", True), ("slow", True), ("worse", False)]
    assert placed[0].price.value == 1000.0


def test_the_teacher_has_no_agreement_with_itself() -> None:
    teacher = measured(replace(POINTS[0], id="teacher", role=Role.TEACHER, method=None), a_teacher_record())
    placed = tradeoffs.places([teacher, POINTS[1]], AGREEMENT, Price.BYTES)
    assert [place.point.id for place in placed] == ["dominated"]
    assert placed[0].score == Interval(value=0.88, low=0.86, high=0.90)
    landscape = Landscape(points=(teacher, POINTS[1]), teacher_ms=())
    assert "always agrees with itself" in notes(landscape, AGREEMENT, Price.BYTES)[0]


# Tables


def test_tables_hold_all_that_was_measured() -> None:
    assert tradeoff_tables.place_rows(tradeoffs.places(POINTS[1:2], ACCURACY, Price.LATENCY)) == [
        ("dominated", 1.0, 0.9, 2.0, 0.6, pytest.approx(0.58), pytest.approx(0.62), "yes")
    ]
    teacher = measured(replace(POINTS[0], role=Role.TEACHER, method=None), a_teacher(0.795))
    marks = literature.references(teacher, ACCURACY, Price.PARAMETERS)
    rows = tradeoff_tables.place_rows((), marks)
    assert rows[0] == ("DistilBERT (published)", 2_400_000, None, None, pytest.approx(0.77), None, None, "")
    columns = tradeoff_tables.place_columns(MACRO_F1, Price.LATENCY)
    assert columns[1:5] == ["latency_ms", "latency_ms_low", "latency_ms_high", "macro_f1"]
    assert {len(row) for row in rows} == {len(columns)}
    (row,) = tradeoff_tables.point_rows(POINTS[1:2], SCORES)
    figures_of = dict(zip(tradeoff_tables.point_columns(SCORES), row, strict=True))
    assert figures_of["accuracy"] == 0.6
    assert figures_of["latency_p50_ms"] == 1.0
    assert figures_of["texts_per_second"] == 1000.0
    assert (figures_of["parameters"], figures_of["bytes"]) == (800, 303_200)
    assert figures_of["runs"] == "dominated"
    (shown,) = tradeoff_tables.table_rows(POINTS[1:2], SCORES)
    assert (shown["Accuracy"], shown["Accuracy from"]) == pytest.approx((60.0, 58.0))
    assert shown["Size"] == pytest.approx(0.3032)
    bare = measured(POINTS[1], a_model(0.6, cost=None, metrics=figures(0.6, agreement=None)))
    (shown,) = tradeoff_tables.table_rows([bare], SCORES)
    assert (shown["Agreement"], shown["Latency"], shown["Parameters"]) == (None, None, None)
    assert tradeoff_tables.card_rows(bare, SCORES)["Agreement"] == "–"
    assert tradeoff_tables.card_rows(bare, SCORES)["Latency"] == "–"


def test_the_card_says_how_far_each_figure_reaches() -> None:
    card = tradeoff_tables.card_rows(POINTS[1], SCORES)
    assert card["Accuracy"] == "60.0 % :small[:gray[58.0 to 62.0]]"
    assert card["Macro-F1"] == "59.0 % :small[:gray[57.0 to 61.0]]"
    assert card["Latency"] == "1.00 ms :small[:gray[0.900 to 2.00]]"
    assert card["Throughput"] == "1,000 texts/s"
    assert card["Size"] == "303 kB"
