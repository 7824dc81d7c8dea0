"""From texts to a student, its twins and its figures."""

from pathlib import Path

import numpy as np
import pytest
import torch

from distil_core.errors import ConfigError
from distil_core.evaluation import bootstrap
from distil_core.functional.vector_losses import similarity_kl
from distil_core.models.loading import load_model
from distil_core.runs import foreground
from distil_core.runs.foreground import Distillation
from distil_core.runs.requests import with_twins
from distil_core.runs.store import RunStore
from distil_core.settings.config import (
    CorpusConfig,
    LossConfig,
    Method,
    Precision,
    RunConfig,
    StudentConfig,
    TeacherConfig,
    TrainingConfig,
)
from distil_core.tasks.embeddings import SPEARMAN, Embeddings
from tests import tiny
from tests.cards import printed


def a_config(folder: Path, *, width: int = 0) -> RunConfig:
    """Write an encoder, and return a run on the built-in corpus that takes seconds."""
    tiny.save("bert", folder / "encoder")
    return RunConfig(
        task="embeddings",
        corpus=CorpusConfig(n_train=60, n_test=40),
        teacher=TeacherConfig(source=str(folder / "encoder"), max_length=tiny.LENGTH),
        student=StudentConfig(depth=1, width=width),
        loss=LossConfig(alpha=0.5, logit_mse=0.1),
        training=TrainingConfig(epochs=4, batch_size=16, learning_rate=3e-3, precision=Precision.FP32),
    )


@pytest.fixture(scope="module")
def distillation(tmp_path_factory: pytest.TempPathFactory) -> Distillation:
    folder = tmp_path_factory.mktemp("embeddings")
    return foreground.run_all(a_config(folder), RunStore(folder / "store"))


def test_the_student_comes_nearer_to_its_teacher(distillation: Distillation) -> None:
    student, cut = distillation.record.model, distillation.layer_cut_twin
    assert cut is not None
    assert student.value("teacher_cosine") > cut.model.value("teacher_cosine") + 0.05


def test_all_is_measured_and_written(distillation: Distillation) -> None:
    figures = distillation.to_json()
    assert figures["task"] == "embeddings"
    assert figures["primary"] == "spearman"
    assert set(figures["student"]["scores"]) == {metric.name for metric in Embeddings().metrics}
    for name in ("teacher", "layer_cut_twin", "baseline"):
        assert {"spearman", "ndcg_at_10"} <= set(figures[name]["scores"])
    assert "teacher_cosine" not in figures["baseline"]["scores"]
    # Without any label, all texts are there to learn words from.
    assert figures["baseline"]["parameters"] > 50
    assert figures["baseline"]["scores"]["spearman"]["value"] > 0.2
    assert figures["hard_label_twin"] is None
    assert figures["corpus"]["constant_score"] is None


def test_what_is_stored_gives_the_same_figures(distillation: Distillation) -> None:
    test = distillation.folder.read_predictions().test
    again = bootstrap.measure(test, Embeddings().metrics)
    assert again == distillation.record.model.metrics
    texts = distillation.folder.read_test_texts()
    assert len(texts) == test.n_examples == 40
    assert [len(text.places) for text in texts[:20]] == [2] * 20


def test_the_student_answers_as_it_did(distillation: Distillation) -> None:
    student, text = load_model(distillation.folder.student), distillation.folder.read_test_texts()[0]
    words = tiny.tokenizer()
    vectors = []
    for place in text.places:
        with torch.no_grad():
            vectors.append(student(**words(place.text, return_tensors="pt", truncation=True)).logits[0].numpy())
    np.testing.assert_allclose(
        np.stack(vectors), distillation.folder.read_predictions().test.logits[:2], rtol=1e-3, atol=1e-4
    )


def test_a_narrow_student_is_trained_with_a_projection(tmp_path: Path) -> None:
    result = foreground.run_all(a_config(tmp_path, width=16), RunStore(tmp_path / "store"), twins=False)
    assert (result.folder.student / "2_Dense" / "model.safetensors").is_file()
    assert result.record.model.value("teacher_cosine") > 0.3


def test_there_is_no_twin_without_labels(tmp_path: Path) -> None:
    config = a_config(tmp_path)
    assert [twin.method for twin in with_twins(config)] == [Method.DISTILLED, Method.LAYER_CUT, Method.BASELINE]
    with pytest.raises(ConfigError, match="its texts have no labels"):
        with_twins(RunConfig(task="embeddings", method=Method.HARD_LABELS))


def test_similarities_ask_nothing_of_the_same_geometry() -> None:
    vectors = torch.randn(6, 8, generator=torch.Generator().manual_seed(0))
    turned = vectors @ torch.linalg.qr(torch.randn(8, 8, generator=torch.Generator().manual_seed(1)))[0]
    assert similarity_kl(turned, vectors, temperature=2.0).item() == pytest.approx(0.0, abs=1e-5)
    assert similarity_kl(vectors[:1], vectors[:1], temperature=2.0).item() == 0.0


def test_a_teacher_that_tells_nothing_apart_is_worth_nothing() -> None:
    assert SPEARMAN.reduce(np.zeros((1, 6)))[0] == 0.0


def test_the_model_card_says_how_to_ask_for_vectors(distillation: Distillation) -> None:
    pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    assert printed(distillation).startswith("tensor([[")
