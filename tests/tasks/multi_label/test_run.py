"""A run with several labels a text, from its file to a pipeline of transformers that says the same."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import pipeline

from distil_core.data.sites import UNKNOWN, Sites
from distil_core.functional.losses import hard_labels
from distil_core.models.forward import at_sites, yes_or_no
from distil_core.models.loading import load_model, load_tokenizer
from distil_core.runs import foreground
from distil_core.runs.store import RunStore
from distil_core.tasks.catalog import task_named
from distil_core.training.cache import Cache
from tests import tiny
from tests.cards import printed
from tests.tasks.multi_label.weather import a_run


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunStore, foreground.Distillation]:
    """A finished run with its twins."""
    folder = tmp_path_factory.mktemp("multi-label")
    store = RunStore(folder / "store")
    return store, foreground.run_all(a_run(folder), store)


def test_all_models_of_a_run_are_measured(outcome: tuple[RunStore, foreground.Distillation]) -> None:
    _, result = outcome
    record = result.record
    assert record.teacher is not None
    assert record.corpus.label_names == tuple(sorted(tiny.LABELS))
    assert record.class_names == ("no", "yes")
    for member in (record, result.hard_label_twin, result.layer_cut_twin, result.baseline):
        assert member is not None
        assert member.primary == "micro_f1"
        assert set(record.task.metrics) >= {record.task.metric(name) for name in member.model.metrics}
    assert record.teacher.metrics["micro_f1"].value > 0.9
    assert record.score.value > 0.8


def test_scoredare_kept_at_a_site_for_each_label(outcome: tuple[RunStore, foreground.Distillation]) -> None:
    _, result = outcome
    texts, answers = result.folder.read_test_texts(), result.folder.read_predictions().test
    assert answers.logits.shape == (3 * len(texts), 2)
    assert [place.text for place in texts[0].places] == sorted(tiny.LABELS)
    assert answers.targets.tolist() == [has for text in texts for has in text.label]
    metric = result.record.metric
    assert metric.of(answers) == pytest.approx(result.record.score.value, abs=1e-6)


@pytest.mark.parametrize("role", ["teacher", "student"])
def test_a_pipeline_of_transformers_gives_the_same_probabilities(
    outcome: tuple[RunStore, foreground.Distillation], role: str
) -> None:
    store, result = outcome
    folder = result.folder.student
    answers = result.folder.read_predictions().test
    if role == "teacher":
        cached = Cache(store.layout.cache).find("teachers", result.record.teacher_digest)
        assert cached is not None
        folder, answers = cached, answers.teacher
    model, texts = load_model(folder), [text.text for text in result.folder.read_test_texts()]
    assert model.config.problem_type == "multi_label_classification"
    classify = pipeline("text-classification", model=str(folder), tokenizer=load_tokenizer(folder), top_k=None)
    ours = torch.from_numpy(answers.logits).softmax(dim=-1)[:, 1].view(len(texts), -1)
    for row, scored in zip(ours, classify(texts, truncation=True, max_length=40), strict=True):
        theirs = {entry["label"]: entry["score"] for entry in scored}
        assert np.allclose([theirs[name] for name in result.record.corpus.label_names], row, atol=1e-5)


def test_the_cross_entropy_of_no_and_yes_is_the_binary_one() -> None:
    torch.manual_seed(0)
    scores, targets = torch.randn(4, 3), torch.randint(0, 2, (4, 3))
    sites = Sites.of_outputs(targets)
    chosen, logits = at_sites(scores[[2, 0]], sites, torch.tensor([2, 0]))
    assert chosen.tolist() == [6, 7, 8, 0, 1, 2]
    expected = torch.nn.functional.binary_cross_entropy_with_logits(scores[[2, 0]], targets[[2, 0]].float())
    assert torch.allclose(hard_labels(logits, sites.targets[chosen]), expected)
    assert torch.allclose(yes_or_no(scores[0]).softmax(dim=-1)[:, 1], scores[0].sigmoid())


def test_a_text_without_known_labels_has_a_site_for_each() -> None:
    from distil_core.data.corpus import Split

    task = task_named("multi-label").for_labels(("a", "b", "c"))
    encoded = task.encode(tiny.tokenizer(), Split.unlabeled(["we saw snow"]), max_length=20)
    assert encoded.sites.targets.tolist() == [UNKNOWN] * 3
    assert [place.text for place in task.places(tiny.tokenizer(), "we saw snow", max_length=20)] == ["a", "b", "c"]


def test_labeled_and_left_out_mean_what_they_mean_elsewhere(
    outcome: tuple[RunStore, foreground.Distillation],
) -> None:
    store, result = outcome
    config = result.record.config
    corpus = replace(config.corpus, labeled=0.2, left_out="hot")
    record = foreground.run_all(replace(config, corpus=corpus), store, twins=False).record
    assert record.examples_seen < result.record.examples_seen


def test_the_model_card_says_how_to_ask_for_all_labels(outcome: tuple[RunStore, foreground.Distillation]) -> None:
    assert all(label in printed(outcome[1]) for label in ("cold", "hot", "mild"))
