"""Figures of teacher and student side by side."""

import numpy as np
import pytest

from distil_core.analysis.edits import Change
from distil_core.analysis.error_analysis import Confusion
from distil_core.reporting.figures import error_analysis


def test_changes_are_in_points_around_zero() -> None:
    moved = [
        Change(label=2, teacher=(0.5, 0.2), student=(0.1, 0.1)),
        Change(label=0, teacher=(0.0, 0.25), student=(0.4, 0.5)),
    ]
    figure = error_analysis.changes(moved, ["a", "b", "c"])
    teacher, student = figure.data
    assert list(teacher.x) == pytest.approx([-30.0, 25.0])
    assert list(teacher.text) == ["−30.0", "+25.0"]
    assert list(student.x) == pytest.approx([0.0, 10.0])
    assert list(figure.layout.yaxis.ticktext) == ["c", "a"]
    assert teacher.customdata[0] == ["c", 50.0, 20.0]
    low, high = figure.layout.xaxis.range
    assert low == -high == pytest.approx(-39.0)
    assert teacher.marker.pattern.shape != student.marker.pattern.shape


def test_nothing_moved_is_still_a_figure() -> None:
    assert error_analysis.changes([], ["a"]).layout.xaxis.range == (-1.0, 1.0)


def test_counts_are_of_both_models() -> None:
    figure = error_analysis.counts([("a", 3, 1), ("b", 0, 2)])
    assert [list(trace.x) for trace in figure.data] == [[3, 0], [1, 2]]
    # Nobody answers half a sentence.
    assert figure.layout.xaxis.dtick == 1
    assert error_analysis.counts([("a", 300, 100)]).layout.xaxis.dtick is None
    assert error_analysis.counts([("a", 0, 0)]).layout.xaxis.range[1] > 0


def confusion(names: tuple[str, ...], counts: list[list[int]]) -> Confusion:
    return Confusion(labels=tuple(range(len(names))), names=names, counts=np.array(counts))


def test_confusion_leaves_empty_cells_empty_and_says_the_count() -> None:
    figure = error_analysis.confusion(confusion(("a", "b"), [[1600, 4], [0, 9]]))
    heatmap, points = figure.data
    assert heatmap.z[0].tolist() == [40.0, 2.0]
    assert np.isnan(heatmap.z[1][0])
    assert [list(row) for row in heatmap.text] == [["1,600", "4"], ["", "9"]]
    assert points.text[1] == "teacher: a<br>student: b<br>4 texts"
    assert figure.layout.shapes == ()
    assert heatmap.zmax == 40.0


def test_all_others_do_not_drown_what_is_named() -> None:
    matrix = Confusion(labels=(4, None), names=("e", "76 others"), counts=np.array([[9, 1], [0, 2500]]))
    assert error_analysis.confusion(matrix).data[0].zmax == 3.0


def test_a_chosen_cell_is_framed() -> None:
    (frame,) = error_analysis.confusion(confusion(("a", "b"), [[1, 0], [0, 1]]), chosen=(1, 0)).layout.shapes
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (-0.5, 0.5, 0.5, 1.5)


def test_long_names_that_begin_alike_stay_two() -> None:
    names = ("card_payment_fee_charged_abroad", "card_payment_fee_charged_at_home")
    figure = error_analysis.confusion(confusion(names, [[1, 0], [0, 1]]))
    assert figure.layout.xaxis.ticktext[0] == figure.layout.xaxis.ticktext[1]
    assert list(figure.layout.xaxis.tickvals) == [0, 1]
    assert names[1] in figure.data[1].text[3]
