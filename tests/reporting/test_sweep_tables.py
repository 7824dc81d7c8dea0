"""A sweep as rows."""

import pytest

from distil_core.analysis.sweep_grids import cells
from distil_core.evaluation.metrics import ACCURACY, KL
from distil_core.reporting import sweep_tables
from distil_core.runs.sweep import Axis, SweepPoint, config_at
from distil_core.settings.config import Init
from tests.sweeps import a_sweep, everything, laid, value_of


def test_the_table_has_all_of_it_and_twins_last() -> None:
    sweep = a_sweep(depths=(2,))
    runs = everything(sweep)
    missing = config_at(sweep, SweepPoint(temperature=4.0, depth=2, alpha=0.9, init=Init.TEACHER), 0)
    others = {config: run for config, run in runs.items() if config.loss.temperature != 4.0}
    assert missing not in others
    header, rows = sweep_tables.sweep_table(cells(sweep, others, value_of), ACCURACY, twin="hard-label twin")
    assert header[9:13] == ("Accuracy (%)", "low (%)", "high (%)", "difference to hard-label twin (points)")
    assert [row[0] for row in rows] == [1.0, 4.0, None]
    assert rows[0][4:10] == (1.0, 1.0, "fp32", 2, 2, pytest.approx(71.05))
    assert rows[0][12:15] == pytest.approx((1.0, 1.0, 1.0), abs=1e-4)
    assert rows[0][16] == "better than its twin"
    assert len(set(sweep_tables.sweep_table(cells(sweep, others, value_of), KL, twin="layer-cut twin")[0])) == len(
        header
    )
    assert rows[1][7:] == (0, 2, None, None, None, None, None, None, None, "")
    assert rows[2][-1] == "no teacher"
    assert all(len(row) == len(header) for row in rows)


def test_points_of_curves() -> None:
    full = laid(a_sweep(depths=(2,)), Axis.TEMPERATURE, Axis.DEPTH)
    rows = sweep_tables.curve_rows(full, ACCURACY, of_difference=False)
    assert [row[:2] for row in rows] == [("T 1", "2"), ("T 4", "2"), ("No teacher", "2")]
    assert rows[0][2] == pytest.approx(71.05)
    assert [row[2] for row in sweep_tables.curve_rows(full, ACCURACY, of_difference=True)] == pytest.approx([1, 4])
