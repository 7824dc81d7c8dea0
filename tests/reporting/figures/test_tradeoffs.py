"""The chart: every mark, bar and name in its place."""

import math
from dataclasses import replace
from typing import Any

import pytest

from distil_core.analysis import literature, tradeoffs
from distil_core.analysis.roles import Role
from distil_core.analysis.tradeoffs import ModelPoint, Price
from distil_core.evaluation.metrics import ACCURACY, AGREEMENT
from distil_core.evaluation.records import Interval
from distil_core.reporting.figures import tradeoffs as figures
from distil_core.reporting.figures.theme import MARKS
from distil_core.settings.config import Method
from tests.landscapes import POINTS, a_point, a_teacher, measured


def drawn(**how: Any) -> Any:
    places = tradeoffs.places(POINTS, how["score"], how["price"])
    return figures.scatter(places, **how)


def test_the_chart_draws_kinds_in_their_colors_and_shapes() -> None:
    figure = drawn(score=ACCURACY, price=Price.PARAMETERS)
    line, *traces = figure.data
    assert list(line.x) == [100, 500, 500, 900]
    assert list(line.y) == pytest.approx([50.0, 70.0, 70.0, 90.0])
    assert line.line.shape == "hv"
    assert [trace.name for trace in traces if trace.showlegend is None] == ["Student", "TF-IDF"]
    students = {trace.opacity: trace for trace in traces if trace.name == "Student" and trace.x[0] is not None}
    assert sorted(students) == [0.6, 1.0]
    assert list(students[0.6].x) == [100, 800]
    assert list(students[1.0].x) == [500, 500, 900]
    assert [point[0] for point in students[1.0].customdata] == ["same", "mine", "dear"]
    assert list(students[1.0].error_y.array) == pytest.approx([2.0] * 3)
    assert students[1.0].error_x.visible is False
    assert students[1.0].marker.color == MARKS[Method.DISTILLED].color
    assert students[1.0].marker.symbol == MARKS[Method.DISTILLED].symbol
    # The run in use is larger, and named.
    assert list(students[1.0].marker.size) == [12, 16, 12]
    assert [note.text for note in figure.layout.annotations] == ["<b>run in use</b>"]
    assert figure.layout.annotations[0].x == pytest.approx(math.log10(500))
    assert figure.layout.xaxis.type == "log"
    assert "Parameters" in figure.layout.xaxis.title.text
    assert "(%)" in figure.layout.yaxis.title.text


def test_latencies_have_their_percentiles_and_the_selected_point_a_ring() -> None:
    figure = drawn(score=ACCURACY, price=Price.LATENCY, selected=POINTS[1])
    student = next(trace for trace in figure.data if trace.name == "Student" and trace.x[0] is not None)
    assert list(student.error_x.array) == pytest.approx([1.0] * len(student.x))
    assert list(student.error_x.arrayminus) == pytest.approx([0.1] * len(student.x))
    ring = figure.data[-1]
    assert (ring.marker.symbol, ring.x[0], ring.y[0]) == ("circle-open", 1.0, pytest.approx(60.0))
    assert "1.00 ms (0.900 ms to 2.00 ms)" in student.hovertext[0]


def test_published_marks_are_hollow_and_named() -> None:
    teacher = measured(replace(POINTS[0], role=Role.TEACHER, method=None), a_teacher(0.795))
    for price, words in (
        (Price.PARAMETERS, "60.0 % of its teacher's parameters"),
        (Price.LATENCY, "61.4 % of its teacher's time"),
        (Price.THROUGHPUT, "9.4 times its teacher's speed"),
    ):
        marks = literature.references(teacher, ACCURACY, price)
        figure = drawn(score=ACCURACY, price=price, references=marks)
        (trace,) = (trace for trace in figure.data if trace.name == "Published, other data")
        assert trace.marker.symbol == "hexagon-open"
        assert list(trace.x) == [mark.price for mark in marks]
        assert words in trace.hovertext[0]
        assert "arXiv:" in trace.hovertext[0]
        assert trace.customdata is None


def test_names_keep_away_from_models() -> None:
    teacher = measured(replace(POINTS[0], role=Role.TEACHER, method=None), a_teacher(0.795))
    mark, *_ = literature.references(teacher, ACCURACY, Price.PARAMETERS)
    far = (a_point("low", 0.5, 400_000), a_point("high", 0.9, 40_000_000))

    def named(*near: ModelPoint) -> tuple[str, Any]:
        figure = figures.scatter(
            tradeoffs.places([*far, *near], ACCURACY, Price.PARAMETERS),
            score=ACCURACY,
            price=Price.PARAMETERS,
            references=(mark,),
        )
        (trace,) = (trace for trace in figure.data if trace.name == "Published, other data")
        return trace.textposition[0], figure

    # DistilBERT is at 2.4 million and 77 %.
    assert named()[0] == "middle right"
    right, left = a_point("right", 0.77, 3_000_000), a_point("left", 0.77, 2_000_000)
    assert named(right)[0] == "middle left"
    assert named(right, left)[0] in ("top center", "bottom center")
    # Where nothing is cheaper, the name would run over the scale.
    far = far[1:]
    assert named(right)[0] != "middle left"
    far = (a_point("low", 0.5, 400_000), *far)
    # The name of the run in use stands below to the right, unless something else does.
    assert [(note.ax, note.ay) for note in named(a_point("mine", 0.7, 1_000_000))[1].layout.annotations] == [(58, 64)]
    blocks = a_point("blocks", 0.59, 1_200_000)
    (note,) = named(a_point("mine", 0.7, 1_000_000), blocks)[1].layout.annotations
    assert (note.ax, note.ay) != (58, 64)


def test_untrained_models_far_below_are_named_at_the_edge() -> None:
    cut = a_point("cut", 0.1, 500, Method.LAYER_CUT)
    places = tradeoffs.places([*POINTS[:4], cut, replace(cut, id="seed", seeds=(1,))], ACCURACY, Price.PARAMETERS)
    figure = figures.scatter(places, score=ACCURACY, price=Price.PARAMETERS)
    assert [note.text for note in figure.layout.annotations] == ["▲ 10.0 % ↓", "<b>run in use</b>"]
    low, high = figure.layout.yaxis.range
    assert 50 < low < 58
    assert 92 < high < 100
    near = tradeoffs.places([*POINTS[:4], a_point("cut", 0.4, 500, Method.LAYER_CUT)], ACCURACY, Price.PARAMETERS)
    assert figures.scatter(near, score=ACCURACY, price=Price.PARAMETERS).layout.yaxis.range[0] < 40


@pytest.mark.parametrize(
    ("price", "values", "ticks"),
    [
        (Price.LATENCY, (0.3, 4.0), ["0.1", "0.2", "0.5", "1", "2", "5", "10", "20", "50"]),
        (Price.PARAMETERS, (2_000.0, 9_000_000.0), ["1 k", "10 k", "100 k", "1 M", "10 M"]),
        (Price.BYTES, (200.0, 9e9), ["100 B", "1 kB", "10 kB", "100 kB", "1 MB", "10 MB", "100 MB", "1 GB", "10 GB"]),
        (Price.THROUGHPUT, (40.0, 90.0), ["10", "20", "50", "100", "200", "500"]),
    ],
)
def test_ticks_are_written_as_people_read_them(price: Price, values: tuple[float, float], ticks: list[str]) -> None:
    places = [
        tradeoffs.PlacedPoint(point=POINTS[0], price=Interval(value=value), score=Interval(value=0.5), best=True)
        for value in values
    ]
    assert list(figures.scatter(places, score=ACCURACY, price=price).layout.xaxis.ticktext) == ticks


def test_an_empty_chart_is_drawn() -> None:
    assert figures.scatter((), score=AGREEMENT, price=Price.BYTES).layout.yaxis.range is None
