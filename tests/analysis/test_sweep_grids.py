"""Choices, cells and grids: which runs a sweep has, what they come to, and the words for it."""

from dataclasses import replace

import pytest

from distil_core.analysis import sweep_grids
from distil_core.analysis.comparison import Outcome
from distil_core.analysis.sweep_grids import SweepCell, cells
from distil_core.errors import ConfigError
from distil_core.evaluation.metrics import ACCURACY, KL
from distil_core.evaluation.records import Interval
from distil_core.reporting.narrative.sweeps import row_word, word
from distil_core.runs import sweep as run_sweep
from distil_core.runs.rows import RunState
from distil_core.runs.sweep import Axis, SweepPoint, config_at, configs
from distil_core.settings.canonical import validate
from distil_core.settings.config import (
    CorpusConfig,
    Init,
    LayerMap,
    LossConfig,
    Method,
    RunConfig,
    StudentConfig,
    TrainingConfig,
    WeightFormat,
)
from tests.sweeps import a_run, a_sweep, everything, laid, value_of


class TestRuns:
    def test_twins_are_shared_by_what_they_do_not_depend_on(self) -> None:
        result = configs(a_sweep(alphas=(0.5, 0.9)))
        methods = [config.method for config in result]
        # 2 temperatures x 3 depths x 2 alphas x 2 seeds, and a twin for each depth and seed.
        assert (methods.count(Method.DISTILLED), methods.count(Method.HARD_LABELS), len(result)) == (24, 6, 30)
        assert len(set(result)) == len(result)

    def test_one_seed_comes_after_the_other(self) -> None:
        result = [config.seed for config in configs(a_sweep())]
        assert result == sorted(result)

    def test_without_a_teacher_s_share_temperatures_are_one_run(self) -> None:
        result = configs(a_sweep(alphas=(0.0,), depths=(1,), seeds=(0,)))
        assert [config.method for config in result] == [Method.HARD_LABELS, Method.DISTILLED]

    def test_all_else_is_as_in_the_base(self) -> None:
        base = RunConfig(
            corpus=CorpusConfig(n_train=500), loss=LossConfig(hidden_mse=1.0), student=StudentConfig(width=32)
        )
        point = SweepPoint(temperature=4.0, depth=3, alpha=0.5, init=Init.RANDOM)
        result = config_at(a_sweep(base=base), point, 7)
        assert (result.corpus, result.loss.hidden_mse, result.student.width) == (base.corpus, 1.0, 32)
        assert (result.loss.temperature, result.loss.alpha) == (4.0, 0.5)
        assert (result.student.depth, result.student.init, result.seed) == (3, Init.RANDOM, 7)

    def test_layers_by_name_hold_at_their_own_depth(self) -> None:
        base = RunConfig(student=StudentConfig(layers=(0, 2, 5), layer_map=LayerMap.EXPLICIT, depth=3))
        of = {
            depth: config_at(
                a_sweep(base=base), SweepPoint(temperature=1.0, depth=depth, alpha=0.9, init=Init.TEACHER), 0
            ).student
            for depth in (2, 3)
        }
        assert of[3].layers == (0, 2, 5)
        assert (of[2].layers, of[2].depth, of[2].layer_map) == ((), 2, LayerMap.EVEN)

    def test_no_more_is_frozen_than_there_is(self) -> None:
        sweep = a_sweep(base=RunConfig(student=StudentConfig(depth=3), training=TrainingConfig(frozen=2)))
        for depth, init, frozen in ((1, Init.TEACHER, 1), (4, Init.TEACHER, 2), (4, Init.RANDOM, 0)):
            point = SweepPoint(temperature=1.0, depth=depth, alpha=0.9, init=init)
            for each in (point, point.twin()):
                result = validate(config_at(sweep, each, 0))
                assert result.training.frozen == frozen

    def test_the_base_may_be_a_twin(self) -> None:
        base = run_sweep.based(RunConfig(method=Method.HARD_LABELS), labeled=0.03, left_out="mixed", max_examples=9)
        assert base.method is Method.DISTILLED
        assert base.corpus == CorpusConfig(labeled=0.03, left_out="mixed", max_examples=9)
        base = RunConfig(corpus=CorpusConfig(max_examples=5))
        assert run_sweep.based(base, labeled=1.0, left_out="").corpus.max_examples == 5

    def test_too_many_and_none_are_refused(self) -> None:
        with pytest.raises(ConfigError, match="at most 200 runs, got 206; choose fewer values"):
            configs(a_sweep(temperatures=tuple(1.0 + i / 10 for i in range(102)), depths=(1, 2), seeds=(0,)))
        with pytest.raises(ConfigError, match="choose one at least"):
            configs(a_sweep(seeds=()))


class TestCells:
    def test_they_hold_means_over_seeds_and_differences_to_their_twins(self) -> None:
        sweep = a_sweep()
        done = cells(sweep, everything(sweep), value_of)
        cell = done[SweepPoint(temperature=4.0, depth=2, alpha=0.9, init=Init.TEACHER)]
        assert cell.estimate is not None
        assert cell.difference is not None
        assert cell.estimate.value == pytest.approx(0.7405)
        assert cell.difference.value == pytest.approx(0.04)
        assert (cell.n_done, cell.estimate.n_seeds, cell.difference.n_seeds) == (2, 2, 2)
        twin = done[cell.point.twin()]
        assert twin.estimate is not None
        assert twin.estimate.value == pytest.approx(0.7005)
        assert twin.difference is None

    def test_a_difference_needs_both_of_a_seed(self) -> None:
        sweep = a_sweep()
        point = SweepPoint(temperature=1.0, depth=1, alpha=0.9, init=Init.TEACHER)
        wanted = [config_at(sweep, point, 0), config_at(sweep, point, 1), config_at(sweep, point.twin(), 1)]
        result = {config: a_run(config, name=str(config.seed)) for config in wanted}
        cell = cells(sweep, result, value_of)[point]
        assert cell.estimate is not None
        assert cell.difference is not None
        assert (cell.estimate.n_seeds, cell.difference.n_seeds) == (2, 1)

    def test_what_is_not_done_has_a_state_and_no_figure(self) -> None:
        sweep = a_sweep()
        point = SweepPoint(temperature=1.0, depth=1, alpha=0.9, init=Init.TEACHER)
        config = config_at(sweep, point, 1)
        done = cells(sweep, {config: a_run(config, RunState.RUNNING)}, value_of)
        cell = done[point]
        assert (cell.estimate, cell.difference, cell.n_done) == (None, None, 0)
        assert (cell.count(RunState.RUNNING), cell.best_run is None) == (1, False)
        assert done[point.twin()].best_run is None

    def test_a_preview_stands_in_until_a_seed_is_done(self) -> None:
        sweep, preview = a_sweep(), Interval(value=0.5, low=0.4, high=0.6)
        point = SweepPoint(temperature=1.0, depth=1, alpha=0.9, init=Init.TEACHER)
        first, second = (config_at(sweep, point, seed) for seed in (0, 1))
        learning = {first: a_run(first, RunState.QUEUED, name="a"), second: a_run(second, RunState.QUEUED, name="b")}
        cell = cells(sweep, learning, value_of, previews={"b": preview})[point]
        assert (cell.estimate, cell.preview) == (None, preview)
        cell = cells(sweep, {**learning, first: a_run(first)}, value_of, previews={"b": preview})[point]
        assert cell.estimate is not None
        assert cell.preview is None

    def test_a_finished_run_is_opened_first(self) -> None:
        waiting, finished = a_run(RunConfig(), RunState.QUEUED), a_run(RunConfig(seed=1))
        point = SweepPoint(temperature=1.0, depth=1, alpha=0.9, init=Init.TEACHER)
        cell = SweepCell(point=point, runs=(None, waiting, finished), estimate=None, difference=None)
        assert cell.best_run is finished


class TestGrid:
    def test_twins_are_one_line_below_the_temperatures(self) -> None:
        result = laid(a_sweep(), Axis.TEMPERATURE, Axis.DEPTH)
        assert [row_word(result, row) for row in result.rows] == ["T 1", "T 4", "No teacher"]
        values = [[round(cell.estimate.value, 4) for cell in row.cells if cell.estimate] for row in result.rows]
        assert values == [[0.6105, 0.7105, 0.8105], [0.6405, 0.7405, 0.8405], [0.6005, 0.7005, 0.8005]]

    def test_lines_of_depth_have_a_twin_each(self) -> None:
        result = laid(a_sweep(), Axis.DEPTH, Axis.TEMPERATURE)
        assert [row_word(result, row) for row in result.rows][2:4] == ["3 layers", "No teacher, 1 layer"]
        first = result.rows[3].cells
        assert first[0] == first[1]  # the same run, whatever the temperature

    def test_the_others_are_held_still(self) -> None:
        sweep = a_sweep(alphas=(0.5, 0.9), inits=(Init.TEACHER, Init.RANDOM))
        result = laid(sweep, Axis.TEMPERATURE, Axis.DEPTH, alpha=0.9)
        points = {cell.point for row in result.rows if not row.twin for cell in row.cells}
        assert {(point.alpha, point.init) for point in points} == {(0.9, Init.TEACHER)}
        across = laid(sweep, Axis.ALPHA, Axis.INIT, depth=3)
        assert [word(Axis.INIT, value) for value in across.columns] == ["copied", "random"]
        assert {cell.point.depth for row in across.rows for cell in row.cells} == {3}

    def test_outcomes_are_counted_by_the_metric(self) -> None:
        full = laid(a_sweep(), Axis.TEMPERATURE, Axis.DEPTH)
        assert sweep_grids.outcomes(full, ACCURACY) == {Outcome.BETTER: 6}
        assert sweep_grids.outcomes(full, KL) == {Outcome.WORSE: 6}
        assert sweep_grids.outcomes(replace(full, rows=()), KL) == {}


def test_heads_neurons_and_formats_are_tried_like_any_setting() -> None:
    sweep = a_sweep(
        depths=(2,), temperatures=(2.0,), seeds=(0,), heads=(1.0, 0.5), weights=(WeightFormat.FP32, WeightFormat.INT8)
    )
    students = [config.student for config in configs(sweep) if config.method is Method.DISTILLED]
    tried = {(student.heads, student.neurons, student.weights) for student in students}
    assert tried == {(share, 1.0, kind) for share in (1.0, 0.5) for kind in (WeightFormat.FP32, WeightFormat.INT8)}
    result = laid(sweep, Axis.HEADS, Axis.WEIGHTS)
    assert [word(Axis.WEIGHTS, value) for value in result.columns] == ["fp32", "int8"]
    # Twins are built alike, so that each amount has one of its own.
    assert [row_word(result, row) for row in result.rows] == [
        "100 % of the heads",
        "50 % of the heads",
        "No teacher, 100 % of the heads",
        "No teacher, 50 % of the heads",
    ]
