from pathlib import Path

import pytest

from distil_core.analysis import learning_curves
from distil_core.analysis.comparison import NAMES, models
from distil_core.analysis.learning_curves import Curves
from distil_core.evaluation.metrics import ACCURACY, AGREEMENT
from distil_core.reporting.figures import curves as figure_curves
from distil_core.reporting.figures import theme
from distil_core.settings.config import Method
from distil_core.tasks.catalog import task_named
from distil_core.training.events import Validation
from tests import seeds
from tests.factories import a_step


def _curves() -> Curves:
    return learning_curves.curves(seeds.events_of(seeds.a_config()))


def test_extra_losses_have_no_unit() -> None:
    figure = figure_curves.loss(
        learning_curves.curves([a_step(loss={"soft_labels": 1.0, "hidden_mse": 0.2})]), n_epochs=1
    )
    assert figure.layout.yaxis.title.text == "Weighted loss"
    assert [trace.name for trace in figure.data] == ["teacher's soft labels", "mapped layers"]


def test_loss_draws_a_line_for_each_part() -> None:
    figure = figure_curves.loss(_curves(), n_epochs=4)
    assert [trace.name for trace in figure.data] == ["teacher's soft labels", "hard labels"]
    assert list(figure.data[0].y) == [0.4] * 4
    assert len({trace.line.dash for trace in figure.data}) == 2
    assert figure.layout.yaxis.title.text == "Weighted loss (nats)"


def test_a_task_names_its_parts() -> None:
    figure = figure_curves.loss(_curves(), n_epochs=4, names=task_named("embeddings").loss_parts)
    assert [trace.name for trace in figure.data] == ["similarities in a batch", "teacher's vectors"]
    assert figure.layout.yaxis.title.text == "Weighted loss"


def test_unknown_parts_of_the_loss_are_named_as_they_are() -> None:
    figure = figure_curves.loss(learning_curves.curves([a_step(loss={"my_part": 1.0})]), n_epochs=1)
    assert figure.data[0].name == "my part"


def test_validation_draws_what_is_trained_and_the_teacher() -> None:
    curves = {method: _curves() for method in Method}
    figure = figure_curves.validation(curves, metric=ACCURACY, names=NAMES, n_epochs=4)
    assert [trace.name for trace in figure.data] == ["Teacher", "Student", "Hard-label twin", "Random-start twin"]
    assert list(figure.data[0].y) == [95.0, 95.0]
    assert list(figure.data[1].y) == pytest.approx([40.0, 60.0, 80.0])
    assert figure.data[0].line.color == theme.TEACHER
    assert figure.data[1].line.color == theme.STUDENT


def test_validation_without_a_teacher_or_a_curve() -> None:
    curves = {
        Method.DISTILLED: learning_curves.curves([Validation(epoch=0.0, score=0.5, agreement=None)]),
        Method.HARD_LABELS: learning_curves.curves(()),
    }
    assert [
        trace.name for trace in figure_curves.validation(curves, metric=ACCURACY, names=NAMES, n_epochs=1).data
    ] == ["Student"]


def test_accuracies_have_intervals_and_the_level_of_guessing(tmp_path: Path) -> None:
    family = seeds.shipped_family(tmp_path)
    figure = figure_curves.scores(models(family), ACCURACY, constant=0.21)
    student = figure.data[1]
    assert (student.x[0], student.y[0]) == (90.0, "Student")
    assert (student.error_x.array[0], student.error_x.arrayminus[0]) == pytest.approx((2.0, 2.0))
    assert len({trace.marker.symbol for trace in figure.data}) == 5
    assert figure.layout.shapes[0].x0 == 21.0
    assert figure_curves.scores(models(family), AGREEMENT).data[0].name == "Student"


def test_figures_leave_fonts_and_paper_to_the_theme() -> None:
    figure = figure_curves.loss(_curves(), n_epochs=4)
    assert figure.layout.paper_bgcolor is None
    assert figure.layout.font.color == theme.TEXT
