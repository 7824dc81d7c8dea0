"""How much nearer to its teacher a student is than its twin."""

from pathlib import Path

import numpy as np
import pytest

from distil_core.analysis.comparison import Outcome
from distil_core.analysis.fidelity import drawing, fidelity
from distil_core.errors import StoreError
from distil_core.evaluation.predictions import Predictions
from distil_core.runs.folder import RunFolder
from distil_core.runs.store import RunStore
from tests.factories import a_prediction
from tests.landscapes import a_store_family


def test_each_way_of_being_near_is_paired_over_texts(tmp_path: Path) -> None:
    members, _, _ = a_store_family(RunStore(tmp_path), distilled=0.8, hard_labels=0.8)
    teacher = np.random.default_rng(0).normal(size=(300, 3))

    def read(folder: RunFolder) -> Predictions:
        taught = folder == members.distilled.folder
        noise = np.random.default_rng(1).normal(size=(300, 3))
        return a_prediction(teacher + (0.1 if taught else 1.0) * noise, np.zeros(300), teacher=teacher)

    contrasts = fidelity(members, drawing(read))
    assert [contrast.metric.name for contrast in contrasts][:2] == ["agreement", "kl"]
    assert {contrast.outcome for contrast in contrasts} == {Outcome.BETTER}
    assert contrasts[0].difference.value > 0 > contrasts[1].difference.value
    assert contrasts[0].n_texts == members.distilled.record.corpus.n_test


def test_nothing_is_said_without_a_twin_or_its_answers(tmp_path: Path) -> None:
    def lost(folder: RunFolder) -> Predictions:
        raise StoreError("gone")

    alone, _, read = a_store_family(RunStore(tmp_path / "a"), distilled=0.8)
    assert fidelity(alone, drawing(read)) == ()
    both, _, _ = a_store_family(RunStore(tmp_path / "b"), distilled=0.8, hard_labels=0.8)
    assert fidelity(both, drawing(lost)) == ()


@pytest.mark.parametrize(("number", "upwards"), [(7, 7), (99, 99), (123, 130), (1_234, 1_300), (98_765, 99_000)])
def test_numbers_of_texts_are_rounded_up(number: int, upwards: int) -> None:
    from distil_core.reporting.formatting import rounded

    assert rounded(number) == upwards
