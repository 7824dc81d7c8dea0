"""Several runs beside one another: differences are paired, and only over the same texts."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from distil_core.analysis.contrasts import drawing
from distil_core.analysis.side_by_side import class_scores, paired_differences
from distil_core.evaluation.metrics import ACCURACY, AGREEMENT
from distil_core.evaluation.predictions import split_predictions
from distil_core.runs.families import family
from distil_core.runs.store import RunStore
from tests import seeds


def test_classes_are_counted_as_sklearn_does() -> None:
    generator = np.random.default_rng(3)
    targets, logits = generator.integers(0, 3, 90), generator.normal(size=(90, 4))
    scores = class_scores(split_predictions(logits, targets, teacher_logits=None), 4)
    taken = logits.argmax(axis=1)
    precision, recall, _, n = precision_recall_fscore_support(targets, taken, labels=range(4), zero_division=0)
    assert [each.n for each in scores] == n.tolist()
    assert [each.precision for each in scores] == pytest.approx(precision.tolist())
    assert [each.recall for each in scores[:3]] == pytest.approx(recall[:3].tolist())
    assert scores[3].recall is None
    wrong = confusion_matrix(targets, taken, labels=range(4))
    np.fill_diagonal(wrong, 0)
    assert [each.n_mistaken for each in scores] == wrong.max(axis=1).tolist()
    assert scores[3].mistaken_for is None


def test_runs_are_held_against_one_another_over_the_same_texts_alone(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    first, second = (family(seeds.finished_family(store, seeds.a_config(seed=seed)), store) for seed in (1, 2))
    assert first is not None
    assert second is not None
    gaps = paired_differences(first.distilled, second.distilled, (ACCURACY, AGREEMENT), drawing())
    assert set(gaps) == {ACCURACY, AGREEMENT}
    assert gaps[ACCURACY].low is not None
    record = second.distilled.record
    elsewhere = replace(record, corpus=replace(record.corpus, digest="another"))
    assert (
        paired_differences(first.distilled, replace(second.distilled, record=elsewhere), (ACCURACY,), drawing()) == {}
    )
