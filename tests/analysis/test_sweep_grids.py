"""Choices, cells and grids: which runs a sweep has, what they come to, and the words for it."""

from dataclasses import replace

import numpy as np
import pytest

from distil_core.analysis.sweep_grids import SweepCell, SweepGrid, cells, grid
from distil_core.errors import ConfigError
from distil_core.evaluation.bootstrap import Sample
from distil_core.evaluation.metrics import ACCURACY, KL
from distil_core.evaluation.records import Interval
from distil_core.reporting import sweep_narrative
from distil_core.runs import sweep as run_sweep
from distil_core.runs.rows import Run, RunState
from distil_core.runs.sweep import Axis, Sweep, SweepPoint, config_at, configs
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
)
from tests.factories import a_run_record


def a_sweep(**changes: object) -> Sweep:
    values: dict[str, object] = {
        "base": RunConfig(),
        "temperatures": (1.0, 4.0),
        "depths": (1, 2, 3),
        "alphas": (0.9,),
        "inits": (Init.TEACHER,),
        "seeds": (0, 1),
        **changes,
    }
    return Sweep(**values)  # type: ignore[arg-type]


def a_run(config: RunConfig, state: RunState = RunState.DONE, name: str = "run") -> Run:
    return Run(
        id=name,
        config=config,
        state=state,
        corpus_name="reviews",
        created=0.0,
        started=None,
        finished=None,
        error="",
        record=a_run_record(name, config) if state is RunState.DONE else None,
        stopping=False,
    )


def value_of(run: Run) -> Sample:
    """The better, the deeper and the hotter; twins are worse, and seeds apart by a little."""
    config = run.config
    hot = config.loss.temperature if config.method is Method.DISTILLED else 0.0
    value = 0.5 + 0.1 * config.student.depth + 0.01 * hot + 0.001 * config.seed
    return Sample(value=value, draws=np.full(2000, value, dtype=np.float32))


def everything(sweep: Sweep) -> dict[RunConfig, Run]:
    return {config: a_run(config, name=f"run-{i}") for i, config in enumerate(configs(sweep))}


class TestRuns:
    def test_twins_are_shared_by_what_they_do_not_depend_on(self) -> None:
        found = configs(a_sweep(alphas=(0.5, 0.9)))
        methods = [config.method for config in found]
        # 2 temperatures x 3 depths x 2 alphas x 2 seeds, and a twin for each depth and seed.
        assert (methods.count(Method.DISTILLED), methods.count(Method.HARD_LABELS), len(found)) == (24, 6, 30)
        assert len(set(found)) == len(found)

    def test_one_seed_comes_after_the_other(self) -> None:
        found = [config.seed for config in configs(a_sweep())]
        assert found == sorted(found)

    def test_without_a_teacher_s_share_temperatures_are_one_run(self) -> None:
        found = configs(a_sweep(alphas=(0.0,), depths=(1,), seeds=(0,)))
        assert [config.method for config in found] == [Method.HARD_LABELS, Method.DISTILLED]

    def test_all_else_is_as_in_the_base(self) -> None:
        base = RunConfig(
            corpus=CorpusConfig(n_train=500), loss=LossConfig(hidden_mse=1.0), student=StudentConfig(width=32)
        )
        point = SweepPoint(temperature=4.0, depth=3, alpha=0.5, init=Init.RANDOM)
        found = config_at(a_sweep(base=base), point, 7)
        assert (found.corpus, found.loss.hidden_mse, found.student.width) == (base.corpus, 1.0, 32)
        assert (found.loss.temperature, found.loss.alpha) == (4.0, 0.5)
        assert (found.student.depth, found.student.init, found.seed) == (3, Init.RANDOM, 7)

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
                found = validate(config_at(sweep, each, 0))
                assert found.training.frozen == frozen

    def test_the_base_may_be_a_twin(self) -> None:
        base = run_sweep.based(RunConfig(method=Method.HARD_LABELS), labeled=0.03, left_out="mixed", max_examples=9)
        assert base.method is Method.DISTILLED
        assert base.corpus == CorpusConfig(labeled=0.03, left_out="mixed", max_examples=9)
        kept = RunConfig(corpus=CorpusConfig(max_examples=5))
        assert run_sweep.based(kept, labeled=1.0, left_out="").corpus.max_examples == 5

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
        found = {config: a_run(config, name=str(config.seed)) for config in wanted}
        cell = cells(sweep, found, value_of)[point]
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

    def test_a_finished_run_is_opened_first(self) -> None:
        waiting, finished = a_run(RunConfig(), RunState.QUEUED), a_run(RunConfig(seed=1))
        point = SweepPoint(temperature=1.0, depth=1, alpha=0.9, init=Init.TEACHER)
        cell = SweepCell(point=point, runs=(None, waiting, finished), estimate=None, difference=None)
        assert cell.best_run is finished


def laid(sweep: Sweep, down: Axis, across: Axis, **still: object) -> SweepGrid:
    done = cells(sweep, everything(sweep), value_of)
    return grid(sweep, done, down=down, across=across, still={Axis(name): value for name, value in still.items()})  # type: ignore[misc]


class TestGrid:
    def test_twins_are_one_line_below_the_temperatures(self) -> None:
        found = laid(a_sweep(), Axis.TEMPERATURE, Axis.DEPTH)
        assert [sweep_narrative.row_word(found, row) for row in found.rows] == ["T 1", "T 4", "No teacher"]
        values = [[round(cell.estimate.value, 4) for cell in row.cells if cell.estimate] for row in found.rows]
        assert values == [[0.6105, 0.7105, 0.8105], [0.6405, 0.7405, 0.8405], [0.6005, 0.7005, 0.8005]]

    def test_lines_of_depth_have_a_twin_each(self) -> None:
        found = laid(a_sweep(), Axis.DEPTH, Axis.TEMPERATURE)
        assert [sweep_narrative.row_word(found, row) for row in found.rows][2:4] == ["3 layers", "No teacher, 1 layer"]
        first = found.rows[3].cells
        assert first[0] == first[1]  # the same run, whatever the temperature

    def test_the_others_are_held_still(self) -> None:
        sweep = a_sweep(alphas=(0.5, 0.9), inits=(Init.TEACHER, Init.RANDOM))
        found = laid(sweep, Axis.TEMPERATURE, Axis.DEPTH, alpha=0.9)
        points = {cell.point for row in found.rows if not row.twin for cell in row.cells}
        assert {(point.alpha, point.init) for point in points} == {(0.9, Init.TEACHER)}
        across = laid(sweep, Axis.ALPHA, Axis.INIT, depth=3)
        assert [sweep_narrative.word(Axis.INIT, value) for value in across.columns] == ["copied", "random"]
        assert {cell.point.depth for row in across.rows for cell in row.cells} == {3}


def an_estimate(value: float, low: float, high: float) -> Interval:
    return Interval(value=value, low=low, high=high, n_seeds=2)


class TestWords:
    def test_verdicts(self) -> None:
        up, down, none = (
            an_estimate(0.02, 0.01, 0.03),
            an_estimate(-0.02, -0.03, -0.01),
            an_estimate(0.02, -0.01, 0.03),
        )
        assert sweep_narrative.difference_verdict(up, ACCURACY) == "better than its twin"
        assert sweep_narrative.difference_verdict(down, ACCURACY) == "worse than its twin"
        assert sweep_narrative.difference_verdict(down, KL) == "better than its twin"
        assert sweep_narrative.difference_verdict(none, KL) == "no difference seen"
        assert sweep_narrative.difference_verdict(None, KL) == ""

    def test_a_cell_in_a_sentence(self) -> None:
        point = SweepPoint(temperature=1.0, depth=1, alpha=0.9, init=Init.TEACHER)
        cell = SweepCell(
            point=point,
            runs=(),
            estimate=an_estimate(0.85, 0.83, 0.87),
            difference=an_estimate(0.008, -0.004, 0.021),
        )
        assert sweep_narrative.cell_sentence(cell, ACCURACY) == (
            "Accuracy **85.0 %**, 95 % interval 83.0 to 87.0, 2 seeds. Against its hard-label twin +0.8 points, "
            "95 % interval −0.4 to +2.1: **no difference seen**."
        )
        assert sweep_narrative.cell_sentence(replace(cell, difference=None), KL).endswith("0.870, 2 seeds.")
        assert sweep_narrative.cell_sentence(replace(cell, estimate=None), KL) == "There is no result yet."

    def test_a_grid_in_a_sentence(self) -> None:
        full = laid(a_sweep(), Axis.TEMPERATURE, Axis.DEPTH)
        assert sweep_narrative.sweep_verdict(full, ACCURACY) == "**Better than its twin**: 6 of 6 students"
        assert sweep_narrative.sweep_verdict(full, KL) == "**Worse than its twin**: 6 of 6 students"
        empty = replace(full, rows=())
        assert "first two are done" in sweep_narrative.sweep_verdict(empty, KL)

    def test_the_table_has_all_of_it_and_twins_last(self) -> None:
        sweep = a_sweep(depths=(2,))
        found = everything(sweep)
        missing = config_at(sweep, SweepPoint(temperature=4.0, depth=2, alpha=0.9, init=Init.TEACHER), 0)
        others = {config: run for config, run in found.items() if config.loss.temperature != 4.0}
        assert missing not in others
        header, rows = sweep_narrative.sweep_table(cells(sweep, others, value_of), ACCURACY)
        assert header[6:10] == ("Accuracy (%)", "low (%)", "high (%)", "difference to hard-label twin (points)")
        assert [row[0] for row in rows] == [1.0, 4.0, None]
        assert rows[0][4:7] == (2, 2, pytest.approx(71.05))
        assert rows[0][9:12] == pytest.approx((1.0, 1.0, 1.0), abs=1e-4)
        assert rows[0][12] == "better than its twin"
        assert len(set(sweep_narrative.sweep_table(cells(sweep, others, value_of), KL)[0])) == len(header)
        assert rows[1][4:] == (0, 2, None, None, None, None, None, None, "")
        assert rows[2][-1] == "no teacher"
        assert all(len(row) == len(header) for row in rows)

    def test_points_of_curves(self) -> None:
        full = laid(a_sweep(depths=(2,)), Axis.TEMPERATURE, Axis.DEPTH)
        rows = sweep_narrative.curve_rows(full, ACCURACY, of_difference=False)
        assert [row[:2] for row in rows] == [("T 1", "2"), ("T 4", "2"), ("No teacher", "2")]
        assert rows[0][2] == pytest.approx(71.05)
        assert [row[2] for row in sweep_narrative.curve_rows(full, ACCURACY, of_difference=True)] == pytest.approx(
            [1, 4]
        )
