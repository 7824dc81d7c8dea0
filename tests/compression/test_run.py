"""The other roads as settings of a run: with its twins, its record and what is left in its folder."""

from pathlib import Path

import pytest

from distil_core.analysis.comparison import settings_title
from distil_core.models.loading import load_model
from distil_core.models.structured_pruning import blocks
from distil_core.models.units import Unit
from distil_core.runs import foreground
from distil_core.runs.families import family
from distil_core.runs.store import RunStore
from distil_core.settings.config import Method, StudentConfig
from tests import tiny


def test_a_student_and_its_twins_lose_the_same_heads_and_neurons(lab: tiny.Lab, tmp_path: Path, quick: None) -> None:
    store = RunStore(tmp_path / "store")
    result = foreground.run_all(lab.config(student=StudentConfig(depth=2, heads=0.5, neurons=0.25)), store)
    members = family(store.get(result.run), store)
    assert members is not None
    assert settings_title(result.record.config).startswith("2 layers · 50 % of the heads · 25 % of the neurons")
    twins = [members.twin(method) for method in (Method.HARD_LABELS, Method.LAYER_CUT)]
    costs = {outcome.record.model.cost.parameters for outcome in (members.distilled, *twins)}
    assert len(costs) == 1
    student = load_model(result.folder.student)
    assert [block.n_units for unit in Unit for block in blocks(student, unit)] == [2, 2, 16, 16]
    # Untrained, it is what was cut out of the teacher: the twin knows what pruning alone does.
    cut = load_model(members.twin(Method.LAYER_CUT).folder.student)
    assert [block.n_units for unit in Unit for block in blocks(cut, unit)] == [2, 2, 16, 16]
