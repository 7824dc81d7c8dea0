"""General distillation against the direct route: what starts from what, and the table; never a time."""

from dataclasses import replace
from pathlib import Path

import pytest

from distil_core.bench import general
from distil_core.bench.general import Route
from distil_core.errors import ConfigError
from distil_core.runs.store import RunStore
from distil_core.settings.config import Method
from tests import tiny, words


@pytest.mark.usefixtures("quick")
def test_students_of_general_text_are_fine_tuned_and_held_against_direct_ones(lab: tiny.Lab, tmp_path: Path) -> None:
    config, store = words.a_config(tmp_path), RunStore(tmp_path / "store")
    config = replace(config, training=replace(config.training, epochs=1))
    task = lab.config(student=config.student)
    curve = general.compare_general(config, [task], store, sizes=(0, 300, 10**6), n_seeds=1)
    texts = {row.text for row in curve.routes if row.text is not None}
    cut, some, every = sorted(texts, key=lambda text: (text.n_epochs, text.n_tokens))
    assert (cut.n_epochs, some.n_epochs, every.n_epochs) == (0, 1, 1)
    assert cut.n_passages == some.n_passages < every.n_passages
    assert abs(some.n_tokens - 300) < 60
    general_runs = {run.id: run.config for run in store.list() if run.config.task == "fill-mask"}
    assert {text.run for text in texts} == set(general_runs)
    assert general_runs[cut.run].method is Method.LAYER_CUT
    assert [row.route for row in curve.routes] == [
        *(Route.DIRECT_ALONE, Route.DIRECT),
        *(Route.GENERAL_ALONE, Route.GENERAL) * 3,
    ]
    for row in curve.routes:
        (score,) = row.scores
        (run,) = score.runs
        settings = store.get(run).config
        assert settings.student.parent == ("" if row.text is None else row.text.run)
        assert settings.method is row.route.method
        assert (score.difference is None) is (row.route is Route.DIRECT)
    lines = general.general_table(curve).splitlines()
    assert len(lines) == 3 + len(curve.routes)
    assert lines[2].startswith("| teacher | – | ")
    assert f"{every.n_tokens:,} tokens" in lines[-1]
    figure = general.general_figure(curve, 0)
    drawn = {line.name: line for line in figure.data}
    assert list(drawn) == [str(route) for route in Route]
    (row,) = [row for row in curve.routes if row.route is Route.GENERAL and row.text == every]
    assert drawn[str(Route.GENERAL)].y[-1] == pytest.approx(100 * row.scores[0].score.value)
    high = drawn[str(Route.GENERAL)].error_y.array[-1]
    assert high == pytest.approx(100 * (row.scores[0].score.high - row.scores[0].score.value))
    assert high > 0
    assert len(drawn[str(Route.GENERAL)].y) == 2  # the one that has read nothing has no place among sizes
    n_runs = len(store.list())
    general.compare_general(config, [task], store, sizes=(300,), n_seeds=1)
    assert len(store.list()) == n_runs


def test_a_size_above_0_is_asked_for(lab: tiny.Lab, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="sizes must hold one above 0, got 0; give numbers of tokens"):
        general.compare_general(lab.config(), [], RunStore(tmp_path), sizes=(0,), n_seeds=1)
