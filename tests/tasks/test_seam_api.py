"""The seam for tasks from Python: what the toy task brings is what is trained, measured, named and shown."""

from dataclasses import replace

import pytest
import torch

from distil_core import distil_models
from distil_core.analysis import comparison, tradeoffs
from distil_core.analysis.tradeoffs import ModelPoint
from distil_core.data.corpus import Corpus
from distil_core.data.sources import Source
from distil_core.data.tables import in_memory
from distil_core.errors import ConfigError, ModelError
from distil_core.models.head import TOKEN_CLASSIFICATION
from distil_core.models.loading import auto_class
from distil_core.settings.config import (
    CorpusConfig,
    LossConfig,
    Method,
    Precision,
    RunConfig,
    StudentConfig,
    TrainingConfig,
)
from distil_core.tasks import catalog
from distil_core.training.lessons import TrainingData
from distil_core.training.trainer import train
from distil_core.types import Model
from tests import tiny
from tests.landscapes import a_point
from tests.tagging import TAGS, Tagging, tag_of

TAGGING = Tagging()
FP32 = TrainingConfig(epochs=4, batch_size=8, learning_rate=3e-3, precision=Precision.FP32)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    texts = tiny.split(240, seed=5).texts
    tags = tuple(" ".join(TAGS[tag_of(word)] for word in text.split()) for text in texts)
    table = in_memory("tagged", {"words": texts, "tags": tags}, declared={})
    return TAGGING.corpus(Source(name="tagged", train=table), CorpusConfig())


@pytest.fixture(scope="module")
def teacher(corpus: Corpus) -> Model:
    """A tagger that has learned the texts."""
    config = tiny.model(labels=TAGS, depth=2).config
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = auto_class(TOKEN_CLASSIFICATION).from_config(config, attn_implementation="eager")
    parts = (TAGGING.encode(tiny.tokenizer(), part, max_length=40) for part in (corpus.train, corpus.validation))
    data = (TrainingData(tokens=part.tokens, sites=part.sites) for part in parts)
    training = replace(FP32, epochs=8)
    for _ in train(model, *data, task=TAGGING, loss=LossConfig(alpha=0.0), training=training, seed=0, padding=0):
        pass
    return model.eval()


@pytest.fixture
def cataloged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy task among those that have a name."""
    monkeypatch.setitem(catalog.TASKS, TAGGING.name, TAGGING)


def test_a_student_is_distilled_for_the_task_that_is_named(teacher: Model, corpus: Corpus, cataloged: None) -> None:
    student = distil_models(
        teacher, tiny.tokenizer(), corpus, task="tagging", student=StudentConfig(depth=1), training=FP32, max_length=40
    )
    assert type(student.model).__name__ == "BertForTokenClassification"
    assert student.test_logits.shape == (sum(map(len, corpus.test.labels)), len(TAGS))
    assert set(student.metrics) == {"accuracy", "nll", "agreement", "kl"}
    assert student.metrics["accuracy"].value > 0.8


def test_a_task_need_not_be_in_the_catalog(teacher: Model, corpus: Corpus) -> None:
    cut = distil_models(teacher, tiny.tokenizer(), corpus, task=TAGGING, training=replace(FP32, epochs=0))
    assert cut.test_logits.shape[1] == len(TAGS)
    with pytest.raises(ConfigError, match=r"task must be one of .*classification.*, got 'tagging'"):
        distil_models(teacher, tiny.tokenizer(), corpus, task="tagging")


def test_a_teacher_with_the_head_of_another_task_is_refused(teacher: Model, corpus: Corpus) -> None:
    with pytest.raises(ModelError, match="for classification must be a …ForSequenceClassification, got BertForToken"):
        distil_models(teacher, tiny.tokenizer(), corpus)


def test_the_baseline_is_called_as_its_task_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert comparison.model_names("classification")[Method.BASELINE] == "TF-IDF"
    # A task that says nothing, or is another version's, has a baseline like any.
    assert comparison.model_names("tagging")[Method.BASELINE] == "Baseline"

    class Named(Tagging):
        baseline_name = "Commonest tag"
        baseline_description = "what a word was most often"

    monkeypatch.setitem(catalog.TASKS, "tagging", Named())
    config = RunConfig(task="tagging", method=Method.BASELINE)
    assert comparison.model_name(config) == "Commonest tag"
    assert comparison.settings_title(config) == "Tagging of words · Commonest tag"
    assert comparison.explanations("tagging")[Method.BASELINE] == "what a word was most often"
    points: tuple[ModelPoint, ...] = tuple(
        replace(point, setting=replace(point.setting, task="tagging"))
        for point in (a_point("mine", 0.9, 100), a_point("cheap", 0.5, 10, Method.BASELINE))
        if point.setting is not None
    )
    assert [point.group for point in points] == ["Student", "Commonest tag"]
    names = ("Teacher", "Student", "Hard-label twin", "Layer-cut twin", "Commonest tag")
    assert tradeoffs.groups(points) == names
