"""What a setting does, drawn: numbers, marks and words inside the figures."""

from dataclasses import replace

import pytest

from distil_core.analysis.sweep_grids import GridRow, SweepCell, SweepGrid
from distil_core.evaluation.metrics import ACCURACY, KL
from distil_core.evaluation.records import Interval
from distil_core.reporting.figures import cells as cell_points
from distil_core.reporting.figures import sweep as figures
from distil_core.reporting.figures import theme
from distil_core.runs.rows import RunState
from distil_core.runs.sweep import Axis, SweepPoint
from distil_core.settings.config import Init, RunConfig
from tests.analysis.test_sweep_grids import a_run

DONE, RUNNING, QUEUED, FAILED = RunState.DONE, RunState.RUNNING, RunState.QUEUED, RunState.FAILED
SEEN = Interval(value=0.03, low=0.01, high=0.05, n_seeds=2)
UNSEEN = Interval(value=-0.01, low=-0.02, high=0.01, n_seeds=2)


def a_cell(
    temperature: float | None, depth: int, value: float | None, *states: RunState, difference: Interval | None = None
) -> SweepCell:
    point = SweepPoint(
        temperature=temperature, depth=depth, alpha=None if temperature is None else 0.9, init=Init.TEACHER
    )
    estimate = None if value is None else Interval(value=value, low=value - 0.02, high=value + 0.01, n_seeds=1)
    runs = tuple(a_run(RunConfig(seed=i), state) for i, state in enumerate(states)) or (None, None)
    return SweepCell(point=point, runs=runs, estimate=estimate, difference=difference)


def a_row(value: float | int | None, *cells: SweepCell) -> GridRow:
    return GridRow(value=value, twin=cells[0].point.temperature is None, cells=cells)


GRID = SweepGrid(
    down=Axis.TEMPERATURE,
    across=Axis.DEPTH,
    columns=(1, 2),
    rows=(
        a_row(
            1.0,
            a_cell(1.0, 1, 0.85, DONE, DONE, difference=SEEN),
            a_cell(1.0, 2, 0.9, DONE, RUNNING, difference=UNSEEN),
        ),
        a_row(4.0, a_cell(4.0, 1, None), a_cell(4.0, 2, None, FAILED, QUEUED)),
        a_row(None, a_cell(None, 1, 0.82, DONE, DONE), a_cell(None, 2, None, RUNNING, QUEUED)),
    ),
)


class TestHeatmap:
    def test_cells_hold_means_and_the_twins_are_the_last_line(self) -> None:
        figure = figures.heatmap(GRID, ACCURACY)
        heat = figure.data[0]
        assert [list(line) for line in heat.z] == [[85.0, 90.0], [None, None], [82.0, None]]
        assert list(heat.text[0]) == ["<b>85.0</b><br>2 seeds", "<b>90.0</b><br>1/2 seeds<br>▶ running"]
        assert figure.layout.yaxis.ticktext == ("T 1", "T 4", "No teacher")
        assert figure.layout.xaxis.ticktext == ("1", "2")
        assert figure.layout.yaxis.range == (2.5, -0.5)

    def test_a_preview_is_named_and_has_a_dotted_edge(self) -> None:
        preview = Interval(value=0.7, low=0.6, high=0.8)
        row = a_row(1.0, a_cell(1.0, 1, 0.85, DONE), replace(a_cell(1.0, 2, None, QUEUED), preview=preview))
        figure = figures.heatmap(replace(GRID, rows=(row,)), ACCURACY)
        assert list(figure.data[0].z[0]) == [85.0, 70.0]
        assert figure.data[0].text[0][1] == "<i>70.0</i><br>preview<br>waiting"
        edges = [shape.line.dash for shape in figure.layout.shapes if shape.type == "rect"]
        assert edges == ["dot"]
        hover = figure.data[-1].text
        assert "preview 70.0 % (60.0 to 80.0), one seed on the validation texts, still learning" in str(hover)

    def test_cells_without_a_figure_say_what_becomes_of_them(self) -> None:
        blank = figures.heatmap(GRID, ACCURACY).data[1]
        words = dict(zip(zip(blank.y, blank.x, strict=True), blank.text, strict=True))
        heat = figures.heatmap(GRID, ACCURACY).data[0]
        assert [list(line) for line in heat.text[1:]] == [["", ""], ["<b>82.0</b><br>2 seeds", ""]]  # not twice
        assert words == {(1, 0): "not run", (1, 1): "waiting", (2, 1): "▶ running"}

    def test_running_cells_have_an_edge_of_their_own(self) -> None:
        shapes = [shape for shape in figures.heatmap(GRID, ACCURACY).layout.shapes if shape.type == "rect"]
        busy = {(round(s.y0 + 0.44), round(s.x0 + 0.46)) for s in shapes if s.line.color == theme.STUDENT}
        assert busy == {(0, 1), (2, 1)}
        assert len(shapes) == 4  # and those without a figure a dotted one

    def test_brighter_is_better(self) -> None:
        assert not figures.heatmap(GRID, ACCURACY).data[0].reversescale
        assert figures.heatmap(GRID, KL).data[0].reversescale

    def test_colors_do_not_make_much_of_next_to_nothing(self) -> None:
        near = replace(GRID, rows=(a_row(1.0, a_cell(1.0, 1, 0.85, DONE), a_cell(1.0, 2, 0.852, DONE)),))
        heat = figures.heatmap(near, ACCURACY).data[0]
        assert heat.zmax - heat.zmin == pytest.approx(4.0)
        far = figures.heatmap(GRID, ACCURACY).data[0]
        assert (far.zmin, far.zmax) == pytest.approx((82.0, 90.0))

    def test_every_cell_can_be_clicked(self) -> None:
        points = figures.heatmap(GRID, ACCURACY).data[-1]
        assert [list(cell) for cell in points.customdata] == [[i, j] for i in range(3) for j in range(2)]
        assert points.text[1].startswith("T 1 · 2 layers<br><b>90.0</b>")
        event = {"selection": {"points": [{"customdata": list(points.customdata[5])}]}}
        assert cell_points.picked(event, rows=3, columns=2) == (2, 1)

    def test_nothing_has_no_colors(self) -> None:
        nothing = replace(GRID, rows=(a_row(4.0, a_cell(4.0, 1, None), a_cell(4.0, 2, None)),))
        assert [trace.type for trace in figures.heatmap(nothing, ACCURACY).data] == ["scatter", "scatter"]


class TestCurves:
    def test_a_line_for_each_column_and_its_twin_beside_it(self) -> None:
        figure = figures.curves(GRID, ACCURACY, teacher=0.95)
        one, alone, two, _ = figure.data
        assert (list(one.y), list(two.y), list(alone.y)) == ([85.0], [90.0], [pytest.approx(82.0)])
        assert round(alone.x[0]) == -1
        assert figure.layout.xaxis.ticktext == ("no teacher", "1", "4")
        assert (one.error_y.array[0], one.error_y.arrayminus[0]) == pytest.approx((1.0, 2.0))
        assert [trace.name for trace in figure.data if trace.showlegend] == ["1 layer", "2 layers"]
        assert figure.layout.shapes[0].y0 == pytest.approx(95.0)
        assert not figures.curves(GRID, KL, teacher=None).layout.shapes

    def test_twins_of_depths_are_curves(self) -> None:
        rows = tuple(
            a_row(depth, *(a_cell(None if twin else 1.0, depth, 0.8 + 0.01 * depth, DONE),) * 2)
            for twin in (False, True)
            for depth in (1, 2)
        )
        grid = SweepGrid(down=Axis.DEPTH, across=Axis.TEMPERATURE, columns=(1.0, 4.0), rows=rows)
        figure = figures.curves(grid, ACCURACY, teacher=None)
        assert [trace.name for trace in figure.data] == ["T 1", "no teacher", "T 4"]  # which is the same for both
        assert list(figure.data[1].y) == pytest.approx([81.0, 82.0])
        assert figure.layout.xaxis.ticktext == ("1", "2")


def test_full_marks_are_differences_that_are_seen() -> None:
    figure = figures.differences(GRID, ACCURACY, twin="layer-cut twin")
    first, second = figure.data
    assert (list(first.y), list(second.y)) == ([pytest.approx(3.0)], [pytest.approx(-1.0)])
    assert (list(first.marker.symbol), list(second.marker.symbol)) == (["hexagon"], ["star-open"])
    assert figure.layout.yaxis.title.text == "Student − layer-cut twin (points)"
    assert figure.layout.shapes[0].y0 == 0
    assert figures.differences(GRID, KL, twin="layer-cut twin").layout.yaxis.title.text.endswith("(nats)")
