"""Cells that can be clicked."""

from typing import Any

import pytest

from distil_core.reporting.figures import cells
from distil_core.reporting.figures.theme import empty


def selection(*customdata: Any) -> dict[str, Any]:
    return {"selection": {"points": [{"customdata": data} for data in customdata], "point_indices": [0]}}


def test_every_cell_has_a_point_that_nobody_sees() -> None:
    figure = empty(height=100, x="Head", y="Layer")
    figure.add_heatmap(z=[[1, 2, 3], [4, 5, 6]], hovertemplate="%{z}")
    cells.overlay(figure, ["a", "b"], [10, 20, 30], hover=[["a1", "a2", "a3"], ["b1", "b2", "b3"]])
    heatmap, points = figure.data
    assert (heatmap.hoverinfo, heatmap.hovertemplate) == ("skip", None)
    assert list(zip(points.y, points.x, points.customdata, points.text, strict=True))[3] == ("b", 10, [1, 0], "b1")
    assert len(points.x) == 6
    assert points.marker.opacity == points.selected.marker.opacity == points.unselected.marker.opacity == 0
    assert figure.layout.hoverdistance == -1


def test_without_words_a_point_can_still_be_clicked() -> None:
    figure = empty(height=100, x="Head", y="Layer")
    figure.add_bar(y=[1], hoverinfo="all")
    cells.overlay(figure, [0], [0], xaxis="x2", yaxis="y2")
    bar, points = figure.data
    assert bar.hoverinfo == "all"
    # With "skip" it could not be clicked either.
    assert points.hoverinfo == "none"
    assert (points.xaxis, points.yaxis) == ("x2", "y2")


@pytest.mark.parametrize(
    ("event", "cell"),
    [
        (selection([1, 2]), (1, 2)),
        (selection("other", [0, 0]), (0, 0)),
        (selection([2, 0]), None),
        (selection([0, 3]), None),
        (selection([-1, 0]), None),
        (selection([1]), None),
        (selection([1.5, 0]), None),
        (selection(), None),
        ({"selection": None}, None),
        ({}, None),
        (None, None),
    ],
)
def test_a_click_is_read_back_as_a_cell(event: Any, cell: tuple[int, int] | None) -> None:
    assert cells.picked(event, rows=2, columns=3) == cell
