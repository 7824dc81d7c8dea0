"""The seam for tasks: one of another shape, a distribution a word, goes all the way without a line of the core changed.

What is made of its run afterwards is tested in ``tests/analysis/test_several_sites.py`` and, on the pages, in
``tests/pages/test_several_sites.py``.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from distil_core.analysis import comparison, contrasts
from distil_core.data.corpus import Split
from distil_core.data.sites import UNKNOWN
from distil_core.errors import ConfigError
from distil_core.evaluation.metrics import ACCURACY, AGREEMENT
from distil_core.models.loading import load_model, load_tokenizer
from distil_core.runs import foreground
from distil_core.runs.families import family
from distil_core.runs.store import RunStore
from distil_core.settings.config import (
    LossConfig,
    Method,
    RunConfig,
)
from distil_core.tasks import catalog
from distil_core.tasks.catalog import task_named
from tests import tagging, tiny
from tests.tagging import TAGS, Tagging


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunConfig:
    """Tagged texts and an encoder that has no head for them."""
    monkeypatch.setitem(catalog.TASKS, "tagging", Tagging())
    return tagging.a_config(tmp_path)


def test_another_task_goes_from_its_file_to_a_comparison(config: RunConfig, tmp_path: Path, quick: None) -> None:
    store = RunStore(tmp_path / "store")
    result = foreground.run_all(config, store)
    record = result.record
    assert record.corpus.label_names == TAGS
    assert record.teacher is not None

    # The student is a model of the head of the task, and answers where its sites are.
    student = load_model(result.folder.student)
    assert type(student).__name__ == "BertForTokenClassification"
    assert load_tokenizer(result.folder.student)
    rows = [json.loads(line) for line in result.folder.test_texts.read_text(encoding="utf-8").splitlines()]
    n_words = sum(len(row["text"].split()) for row in rows)
    assert sum(len(row["label"]) for row in rows) == n_words

    # All that was measured is over words, and is what the stored predictions say.
    run = store.get(result.run)
    members = family(run, store)
    assert members is not None
    assert [twin.record.config.method for twin in members.twins] == [
        Method.HARD_LABELS,
        Method.LAYER_CUT,
        Method.BASELINE,
    ]
    split = result.folder.read_predictions().test
    assert len(split.logits) == n_words
    assert split.n_examples == len(rows)
    assert np.bincount(split.examples).tolist() == [len(row["label"]) for row in rows]
    assert record.model.metrics["accuracy"].value == pytest.approx(ACCURACY.of(split))
    assert record.model.metrics["agreement"].value == pytest.approx(AGREEMENT.of(split))
    assert record.teacher.metrics["accuracy"].value == pytest.approx(ACCURACY.of(split.teacher))
    assert record.teacher.metrics["accuracy"].value > record.corpus.constant_score

    # And it is compared as every other.
    names = [model.name for model in comparison.models(members)]
    assert len(names) == 5
    contrast = contrasts.verdict_of(members, contrasts.drawing()).contrast
    assert contrast is not None
    gap = contrast.difference
    assert gap.low <= gap.value <= gap.high
    assert comparison.headline(record).score_kept == pytest.approx(
        record.model.metrics["accuracy"].value / record.teacher.metrics["accuracy"].value
    )


def test_every_site_is_asked_for_its_own_target(config: RunConfig) -> None:
    task = task_named("tagging")
    split = Split(texts=("we saw snow", "sun"), labels=((0, 0, 1), (3,)))
    encoded = task.encode(tiny.tokenizer(), split, max_length=40)
    assert encoded.sites.targets.tolist() == [0, 0, 1, 3]
    assert encoded.sites.examples.tolist() == [0, 0, 0, 1]
    chosen, rows = encoded.sites.within(torch.tensor([1, 0]))
    assert chosen.tolist() == [3, 0, 1, 2]
    assert rows.tolist() == [0, 1, 1, 1]
    assert UNKNOWN < 0


def test_soft_and_hard_labels_are_both_learned(config: RunConfig, tmp_path: Path, quick: None) -> None:
    store = RunStore(tmp_path / "store")
    for alpha in (0.0, 1.0):
        trained = replace(config, loss=LossConfig(alpha=alpha), training=replace(config.training, epochs=6))
        result = foreground.run_all(trained, store, twins=False)
        assert result.record.model.metrics["accuracy"].value > result.record.corpus.constant_score


def test_an_unknown_task_is_refused_with_the_choices() -> None:
    with pytest.raises(ConfigError, match=r"task must be one of .*classification.*, got 'tagings'"):
        task_named("tagings")
