"""What the figures over the temperature draw."""

import math

import numpy as np
import pytest

from distil_core.analysis.temperature import DarkKnowledge, GradientNorms, Softened
from distil_core.evaluation.calibration import Calibration, Scaling
from distil_core.reporting.figures import temperature as figures
from distil_core.reporting.figures.theme import MARKS, STUDENT, TEACHER, TEXT
from distil_core.settings.config import Method

SOFTENED = Softened(
    temperatures=(1.0, 4.0),
    teacher_entropy_nats=(0.1, 0.9),
    student_entropy_nats=(0.2, 0.8),
    kl_nats=(0.5, 0.05),
    scaled_kl_nats=(0.5, 0.8),
    agreement=(0.75, 0.75),
)
NORMS = GradientNorms(temperatures=(0.5, 1.0, 4.0), soft=(4.0, 2.0, 0.125), scaled=(1.0, 2.0, 2.0), hard=3.0, n_texts=2)


def a_leftover(n: int) -> DarkKnowledge:
    shares = np.full((n, n), 1 / (n - 1))
    np.fill_diagonal(shares, np.nan)
    return DarkKnowledge(shares=shares, overlap=1.0, same_runner_up=np.ones(4, dtype=bool))


def test_entropies_stay_below_that_of_equal_labels() -> None:
    figure = figures.entropies(SOFTENED, n_labels=5)
    assert [(trace.name, trace.line.color, list(trace.y)) for trace in figure.data] == [
        ("Student", STUDENT, [0.2, 0.8]),
        ("Teacher", TEACHER, [0.1, 0.9]),
    ]
    assert figure.data[0].line.dash != figure.data[1].line.dash
    assert figure.layout.shapes[0].y0 == pytest.approx(math.log(5))
    assert figure.layout.annotations[0].text == "all 5 labels alike"
    assert figure.layout.xaxis.type == "log"
    assert figure.layout.yaxis.title.text == "Mean entropy (nats)"


def test_divergences_mark_where_the_student_was_trained() -> None:
    figure = figures.divergences(SOFTENED, trained=4.0)
    assert [list(trace.y) for trace in figure.data] == [[0.5, 0.05], [0.5, 0.8]]
    assert figure.layout.shapes[0].x0 == 4.0
    assert figure.layout.annotations[0].x == pytest.approx(math.log10(4.0))
    assert figures.divergences(SOFTENED, trained=None).layout.shapes == ()


def test_agreement_is_a_flat_line() -> None:
    (trace,) = figures.agreement(SOFTENED).data
    assert list(trace.y) == [75.0, 75.0]


def test_the_axis_reaches_a_little_beyond_the_first_and_the_last_temperature() -> None:
    low, high = figures.agreement(SOFTENED).layout.xaxis.range
    assert low < math.log10(SOFTENED.temperatures[0])
    assert high > math.log10(SOFTENED.temperatures[-1])


def test_small_matrix_shows_its_names_and_numbers() -> None:
    figure = figures.leftover(a_leftover(5), ["a_b", "b", "c", "d", "e"], high=0.5)
    (heatmap,) = figure.data
    assert heatmap.z[0][1] == pytest.approx(25.0)
    assert np.isnan(heatmap.z[2][2])
    assert heatmap.zmax == 50.0
    assert heatmap.texttemplate == "%{z:.0f}"
    assert list(figure.layout.xaxis.ticktext) == ["a b", "b", "c", "d", "e"]


def test_large_matrix_names_only_some_labels_and_all_when_pointed_at() -> None:
    labels = [f"a label with a very long name {i}" for i in range(77)]
    figure = figures.leftover(a_leftover(77), labels, high=0.5)
    (heatmap,) = figure.data
    assert heatmap.texttemplate is None
    assert len(figure.layout.yaxis.ticktext) <= figures.MOST_NAMES
    assert max(map(len, figure.layout.yaxis.ticktext)) <= 25
    # Twice the same names would leave the matrix no room.
    assert figure.layout.xaxis.showticklabels is False
    assert "same order" in figure.layout.xaxis.title.text
    assert list(heatmap.customdata[3][76]) == [labels[3], labels[76]]
    # The lower half of the scale is drawn apart, and its ends stay.
    scale = dict(heatmap.colorscale)
    assert (min(scale), max(scale), len(scale)) == (0, 1, 17)
    assert heatmap.colorscale[8][0] == 0.25


def test_gradients_have_a_guide_that_ends_where_they_end() -> None:
    figure = figures.gradients(NORMS, trained=1.0)
    drawn = {trace.name: list(trace.y) for trace in figure.data}
    assert drawn == {
        "soft labels, without T²": [4.0, 2.0, 0.125],
        "soft labels, with T²": [1.0, 2.0, 2.0],
        "hard labels": [3.0, 3.0, 3.0],
        "falling as 1/T²": [2.0, 0.125],
    }
    assert len({trace.line.dash for trace in figure.data}) == 4
    assert figure.layout.yaxis.type == "log"


def test_reliability_leaves_out_empty_bins() -> None:
    before = Calibration(n_examples=(0, 90, 10), confidence=(0, 0.5, 0.9), accuracy=(0, 0.4, 0.8))
    after = Calibration(n_examples=(0, 0, 100), confidence=(0, 0, 0.7), accuracy=(0, 0, 0.44))
    scaling = Scaling(temperature=2.0, at_limit=False, before=before, after=after, nll_before=1.0, nll_after=0.9)
    figure = figures.reliability(scaling, mark=MARKS[Method.DISTILLED])
    ideal, first, second, counts = figure.data
    assert list(ideal.x) == list(ideal.y)
    assert (list(first.x), list(first.y)) == ([50.0, 90.0], pytest.approx([40.0, 80.0]))
    assert list(first.customdata) == [90, 10]
    assert first.marker.size[0] > first.marker.size[1]
    assert (list(second.x), list(second.y)) == ([70.0], [44.0])
    assert list(counts.y) == [0, 90, 10]
    assert list(counts.x) == pytest.approx([100 / 6, 50, 500 / 6])


def test_figures_leave_fonts_and_paper_to_the_theme() -> None:
    for figure in (figures.agreement(SOFTENED), figures.gradients(NORMS, trained=None)):
        assert figure.layout.paper_bgcolor is None
        assert figure.layout.font.color == TEXT
