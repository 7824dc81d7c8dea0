"""The whole in one call: from names, and from objects, which gives the same and keeps nothing."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from distil_core import api
from distil_core.api import distil, distil_models
from distil_core.errors import ConfigError, ModelError, TeacherError
from distil_core.models import heads, loading
from distil_core.runs import foreground
from distil_core.runs.foreground import Distillation
from distil_core.runs.store import RunStore
from distil_core.settings.config import (
    CorpusConfig,
    LayerMap,
    LossConfig,
    Precision,
    RunConfig,
    StudentConfig,
    TeacherConfig,
    TrainingConfig,
)
from distil_core.tasks.catalog import usual_config
from distil_core.tasks.corpora import load_corpus
from distil_core.training.events import Event, Validation
from tests import tiny
from tests.factories import a_run_record

pytestmark = pytest.mark.usefixtures("quick")


class TestNames:
    @pytest.fixture
    def calls(self, monkeypatch: pytest.MonkeyPatch) -> list[tuple[RunConfig, RunStore, dict[str, Any]]]:
        """Compute nothing, and write down what was wanted."""
        seen: list[tuple[RunConfig, RunStore, dict[str, Any]]] = []

        def run_all(config: RunConfig, store: RunStore, **more: Any) -> Distillation:
            seen.append((config, store, more))
            twins = {"hard_label_twin": None, "layer_cut_twin": None, "baseline": None}
            return Distillation(run="r", record=a_run_record(config=config), folder=store.folder("r"), **twins)

        monkeypatch.setattr(api, "run_all", run_all)
        return seen

    def test_defaults_are_those_of_the_settings(self, calls: list[Any], home: Path) -> None:
        distil()
        config, store, more = calls[0]
        assert config == RunConfig()
        assert store.path == home
        assert more == {"twins": True, "on_event": None}

    def test_a_name_or_a_path_stands_for_a_section(self, calls: list[Any]) -> None:
        distil("python-docs", teacher="minilm")
        distil(Path("a.csv"), teacher=Path("model"))
        assert [(config.corpus, config.teacher) for config, _, _ in calls] == [
            (CorpusConfig(source="python-docs"), TeacherConfig(source="minilm")),
            (CorpusConfig(source="a.csv"), TeacherConfig(source="model")),
        ]

    def test_the_task_is_that_of_the_columns_where_they_leave_no_doubt(self, calls: list[Any], tmp_path: Path) -> None:
        path = tmp_path / "a.csv"
        path.write_text("text_a,text_b,label\none,two,same\n", encoding="utf-8")
        distil(path)
        distil(CorpusConfig(source=str(path)))
        distil(path, task="embeddings")
        assert [config.task for config, _, _ in calls] == ["pairs", "pairs", "embeddings"]

    def test_sections_are_taken_as_they_are(self, calls: list[Any], tmp_path: Path) -> None:
        config = RunConfig(
            corpus=CorpusConfig(source="a.csv", text_column="t", max_examples=9),
            teacher=TeacherConfig(source="m", max_length=64),
            student=StudentConfig(layers=(0, 2)),
            loss=LossConfig(temperature=4.0),
            training=TrainingConfig(epochs=7),
            seed=2,
        )
        store, listener = RunStore(tmp_path), lambda run, event: None
        distil(
            config.corpus,
            task=config.task,
            teacher=config.teacher,
            student=config.student,
            loss=config.loss,
            training=config.training,
            seed=config.seed,
            twins=False,
            store=store,
            on_event=listener,
        )
        assert calls == [(config, store, {"twins": False, "on_event": listener})]

    def test_what_is_wrong_is_told_at_once(self, home: Path) -> None:
        with pytest.raises(ConfigError, match=r"student\.depth must be at least 0, got -1; loss\.alpha must"):
            distil(student=StudentConfig(depth=-1), loss=LossConfig(alpha=2.0))


def test_objects_give_what_names_give(lab: tiny.Lab, tmp_path: Path) -> None:
    config = lab.config(loss=LossConfig(hidden_mse=0.5, attention_kl=0.5))
    run = foreground.run_all(config, RunStore(tmp_path), twins=False)
    teacher = loading.load_model(lab.teacher)
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    events: list[Event] = []
    found = distil_models(
        teacher.train(),
        loading.load_tokenizer(lab.teacher),
        load_corpus(config.corpus),
        student=config.student,
        loss=config.loss,
        training=config.training,
        max_length=40,
        on_event=events.append,
    )
    kept = load_file(run.folder.outputs)
    assert torch.equal(found.test_logits, kept["test_logits"])
    assert torch.equal(found.validation_logits, kept["validation_logits"])
    assert found.metrics == run.record.model.metrics
    assert found.layers == (0, 3)
    assert not found.model.training
    assert set(found.seconds) == set(run.record.seconds)
    assert any(isinstance(event, Validation) for event in events)
    assert teacher.training
    assert all(torch.equal(value, before[name]) for name, value in teacher.state_dict().items())


def test_outputs_are_put_into_the_order_of_the_corpus(lab: tiny.Lab) -> None:
    teacher, corpus = loading.load_model(lab.teacher), load_corpus(lab.config().corpus)
    settings = TrainingConfig(epochs=0, precision=Precision.FP32)
    first = distil_models(teacher, tiny.tokenizer(), corpus, training=settings)
    heads.reorder_head(teacher, (2, 0, 1), ("hot", "cold", "mild"))
    second = distil_models(teacher, tiny.tokenizer(), corpus, training=settings)
    torch.testing.assert_close(second.test_logits, first.test_logits)


def test_what_cannot_teach_is_refused(lab: tiny.Lab) -> None:
    corpus = tiny.corpus()
    with pytest.raises(ModelError, match=r"label of the corpus \(cold, mild, hot\), got yes, no; fine-tune it first"):
        distil_models(tiny.model(labels=("yes", "no")), tiny.tokenizer(), corpus)
    stranger = tiny.model()
    stranger.config.model_type = "gpt2"
    with pytest.raises(ModelError, match="the teacher's type must be one of bert"):
        distil_models(stranger, tiny.tokenizer(), corpus)
    with pytest.raises(ConfigError, match=r"student\.depth must be at most the teacher's 4 layers, got 9"):
        distil_models(loading.load_model(lab.teacher), tiny.tokenizer(), corpus, student=StudentConfig(depth=9))
    with pytest.raises(ConfigError, match=r"loss\.temperature must be at least"):
        distil_models(tiny.model(), tiny.tokenizer(), corpus, loss=LossConfig(temperature=0.0))
    with pytest.raises(TeacherError, match="the teacher bert has nothing to teach"):
        teacher = tiny.model()
        torch.nn.init.zeros_(heads.output_layer(teacher).weight)
        distil_models(teacher, tiny.tokenizer(), corpus)


def test_a_task_begins_with_what_it_says() -> None:
    usual = usual_config("embeddings")
    assert (usual.task, usual.teacher.source) == ("embeddings", "minilm")
    assert {usual_config(name).student.layer_map for name in ("pairs", "tokens")} == {LayerMap.FIRST}
    assert usual_config("qa").student.layer_map is LayerMap.MIDDLE
    assert usual_config("classification") == RunConfig()
