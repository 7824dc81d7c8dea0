"""Lessons: right answers come from the runs, questions give nothing away, and predictions of a class are counted."""

from pathlib import Path

import pytest

from distil_core.errors import ConfigError
from distil_core.reporting import lessons
from distil_core.reporting.figures import lessons as figures
from distil_core.reporting.lessons import BarChart, Material, Question, class_chart
from distil_core.reporting.lessons.lesson import BarSide
from distil_core.runs.sources import ShippedRuns
from tests import seeds


@pytest.fixture
def material(tmp_path: Path) -> Material:
    return lessons.material_of(ShippedRuns(seeds.lesson_runs(tmp_path)), cache=tmp_path / "cache")


def test_right_answers_are_what_the_runs_come_to(material: Material) -> None:
    steps = {step.name: step for name in lessons.TITLES for step in lessons.lesson_named(name, material).steps}
    assert len(steps) == 19
    right = {
        "layers.untrained": 40.0,
        "layers.trained": 90.0,
        "labels.scarce": 10.0,
        "labels.spared": 0.0,
        "temperature.answers": 0.0,
        "missing.student": 100.0,
        "missing.twin": 75.0,
    }
    for name, value in right.items():
        finding = steps[name].find()
        assert finding.right == pytest.approx(value), name
        assert steps[name].question.takes(finding.right)
        assert finding.chart.title
        assert finding.meaning
    for name, step in steps.items():
        assert step.lead, name
        assert name.partition(".")[0] in lessons.TITLES
        assert not step.question.takes(float("nan"))


def test_a_lesson_needs_its_runs(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="build-assets"):
        lessons.material_of(ShippedRuns(tmp_path), cache=tmp_path)


def test_options_and_numbers_are_taken_within_their_range() -> None:
    options, numbers = Question(text="Which?", options=("a", "b")), Question(text="How many?", low=-10.0, high=30.0)
    assert [options.takes(each) for each in (0.0, 1.0, 2.0, 0.5, -1.0)] == [True, True, False, False, False]
    assert [numbers.takes(each) for each in (-10.0, 30.0, 31.0)] == [True, True, False]
    assert numbers.words(-0.5) == "\N{MINUS SIGN}0.5 %"
    assert options.words(1.0) == "b"


def test_predictions_of_a_class_stand_beside_the_right_answer() -> None:
    chart = class_chart(Question(text="Which?", options=("a", "b", "c")), (0.0, 2.0, 2.0), 1.0)
    assert chart.groups == ("a", "✓ b", "c")
    assert chart.series[0].values == (1.0, 0.0, 2.0)
    numbers = class_chart(Question(text="How many?", high=100.0, step=5.0), (0.0, 15.0, 100.0, 99.0), 54.1)
    assert sum(numbers.series[0].values) == 4
    (right,) = (group for group in numbers.groups if group.startswith("✓"))
    assert right == "✓ 45 to 60 %"
    assert numbers.series[0].values[-1] == 2


def test_figures_have_a_bar_for_each_value_and_its_interval() -> None:
    chart = BarChart(
        title="Two",
        axis="Points",
        groups=("first", "second"),
        series=(
            lessons.Bars(name="gain", sides=(BarSide.STUDENT,), values=(6.2, -0.6), ends=((4.4, 8.1), (-1.7, 0.5))),
        ),
        mark=(5.0, "enough"),
    )
    figure = figures.bars(chart)
    assert list(figure.data[0].x) == [6.2, -0.6]
    assert list(figure.data[0].error_x.array) == pytest.approx([1.9, 1.1])
    low, high = figure.layout.xaxis.range
    assert low < -1.7
    assert high > 8.1
    assert chart.header == ("", "gain", "gain, low", "gain, high")
    assert chart.rows[1] == ("second", -0.6, -1.7, 0.5)
