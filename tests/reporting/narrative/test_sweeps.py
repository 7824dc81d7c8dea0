"""The sentences about a sweep."""

from dataclasses import replace

import pytest

from distil_core.analysis import sweep_grids
from distil_core.analysis.comparison import Contrast, Outcome
from distil_core.analysis.sweep_grids import SweepCell
from distil_core.evaluation.metrics import ACCURACY, KL
from distil_core.evaluation.records import Interval
from distil_core.reporting.narrative import sweeps
from distil_core.runs.sweep import Axis, SweepPoint
from distil_core.settings.config import Init
from tests.factories import a_cost, a_model_record, a_run_record
from tests.sweeps import a_sweep, everything, laid, value_of


def an_estimate(value: float, low: float, high: float) -> Interval:
    return Interval(value=value, low=low, high=high, n_seeds=2)


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome.BETTER, "better than its twin"),
        (Outcome.WORSE, "worse than its twin"),
        (Outcome.NO_DIFFERENCE, "no difference seen"),
    ],
)
def test_outcomes_are_told(outcome: Outcome, words: str) -> None:
    contrast = Contrast(metric=KL, difference=an_estimate(0.02, 0.01, 0.03), outcome=outcome)
    assert sweeps.contrast_words(contrast) == words
    assert sweeps.contrast_words(None) == ""


def test_speeds_are_told_by_depth_where_there_are_several() -> None:
    def told(*depths: int) -> str:
        sweep = a_sweep(depths=depths)
        runs = {
            config: replace(
                run,
                record=a_run_record(
                    run.id,
                    config,
                    model=a_model_record(cost=a_cost(texts_per_second=1000.0 / (1 + config.student.depth))),
                ),
            )
            for config, run in everything(sweep).items()
        }
        return sweeps.speeds(sweep_grids.cells(sweep, runs, value_of))

    assert told(0, 1, 3) == "**Texts a second**, in batches of 32: 3 layers 250, 1 layer 500, 0 layers 1,000."
    assert told(2) == ""


def test_a_cell_in_a_sentence() -> None:
    point = SweepPoint(temperature=1.0, depth=1, alpha=0.9, init=Init.TEACHER)
    cell = SweepCell(
        point=point,
        runs=(),
        estimate=an_estimate(0.85, 0.83, 0.87),
        difference=an_estimate(0.008, -0.004, 0.021),
    )
    assert sweeps.cell_sentence(cell, ACCURACY, twin="hard-label twin") == (
        "Accuracy **85.0 %**, 95 % interval 83.0 to 87.0, 2 seeds. Against its hard-label twin +0.8 points, "
        "95 % interval −0.4 to +2.1: **no difference seen**."
    )
    assert sweeps.cell_sentence(replace(cell, difference=None), KL, twin="").endswith("0.870, 2 seeds.")
    assert sweeps.cell_sentence(replace(cell, estimate=None), KL, twin="") == "There is no result yet."


def test_a_grid_in_a_sentence() -> None:
    full = laid(a_sweep(), Axis.TEMPERATURE, Axis.DEPTH)
    assert sweeps.verdict(sweep_grids.outcomes(full, ACCURACY)) == "**Better than its twin**: 6 of 6 students"
    assert sweeps.verdict(sweep_grids.outcomes(full, KL)) == "**Worse than its twin**: 6 of 6 students"
    empty = replace(full, rows=())
    assert "first two are done" in sweeps.verdict(sweep_grids.outcomes(empty, KL))
