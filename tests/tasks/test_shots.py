from dataclasses import replace
from pathlib import Path

import pytest

from distil_core.analysis.model_pair import compare, load_pair
from distil_core.errors import ConfigError
from distil_core.runs import foreground
from distil_core.runs.store import RunStore
from distil_core.settings.canonical import canonical
from distil_core.settings.config import (
    CorpusConfig,
    Precision,
    RunConfig,
    StudentConfig,
    TeacherConfig,
    TrainingConfig,
)
from distil_core.tasks.corpora import load_corpus
from distil_core.training.cache import Cache
from tests import tiny


def test_so_many_texts_of_each_class_tell_their_label() -> None:
    whole = load_corpus(CorpusConfig(n_train=200, n_test=50))
    few = load_corpus(CorpusConfig(n_train=200, n_test=50, shots=4))
    labels = [label for label in few.train.labels if label is not None]
    assert sorted(labels) == [label for label in range(5) for _ in range(4)]
    assert all(few.train.labels[i] == whole.train.labels[i] for i in few.train.labeled)
    assert (few.train.texts, few.validation, few.test) == (whole.train.texts, whole.validation, whole.test)
    assert few.digest != whole.digest
    assert few.notes[-1] == (
        "20 of the 200 training texts tell their label, 4 or more of each class; the 50 validation texts keep theirs, "
        "by which the best of a training is chosen"
    )
    assert load_corpus(CorpusConfig(n_train=200, n_test=50, shots=4)) == few
    other = load_corpus(CorpusConfig(n_train=200, n_test=50, shots=4, seed=1))
    assert other.train.labeled != few.train.labeled


def test_a_text_with_several_labels_counts_for_each() -> None:
    few = load_corpus(CorpusConfig(n_train=400, n_test=50, shots=6), task="multi-label")
    labels = [label for label in few.train.labels if label is not None]
    assert min(sum(column) for column in zip(*labels, strict=True)) >= 6
    assert len(labels) <= 6 * (len(few.label_names) + 1)
    assert any(not any(label) for label in labels)


def test_more_than_a_class_has_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"corpus.shots must be at most \d+, as reviews has no more .* of 'very neg"):
        load_corpus(CorpusConfig(n_train=200, n_test=50, shots=150))


def test_a_task_without_unlabeled_texts_refuses(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"corpus.shots must be 0 for the task qa, got 4; set corpus.labeled instead"):
        load_corpus(CorpusConfig(n_train=40, n_test=20, shots=4), task="qa")


def test_shots_and_a_labeled_share_do_not_go_together() -> None:
    with pytest.raises(ConfigError, match=r"corpus.shots must be 0 when corpus.labeled or corpus.left_out say"):
        canonical(RunConfig(corpus=CorpusConfig(shots=4, labeled=0.5)))


def test_teacher_and_student_learn_from_the_same_few_labels(tmp_path: Path) -> None:
    train, test = tiny.write_csv(tmp_path, n_train=240)
    encoder = tmp_path / "encoder"
    tiny.model(depth=2).base_model.save_pretrained(encoder)
    tiny.tokenizer().save_pretrained(encoder)
    config = RunConfig(
        corpus=CorpusConfig(source=str(train), test=str(test), shots=20),
        teacher=TeacherConfig(source=str(encoder), max_length=40),
        student=StudentConfig(depth=1),
        training=TrainingConfig(epochs=2, batch_size=8, learning_rate=3e-3, precision=Precision.FP32),
    )
    store = RunStore(tmp_path / "store")
    result = foreground.run_all(config, store)
    assert result.record.teacher is not None
    assert result.record.corpus.n_train == 216
    assert "60 of the 216 training texts tell their label" in " ".join(result.record.corpus.notes)
    assert result.baseline is not None
    assert result.baseline.examples_seen == 60
    assert result.hard_label_twin is not None
    assert result.hard_label_twin.examples_seen == 2 * 60 * round(216 / 60)
    assert result.record.examples_seen == 2 * 216
    pair = load_pair(result.folder, record=result.record, cache=Cache(store.layout.cache))
    assert type(pair.teacher).__name__ == "BertForPooledClassification"
    assert type(pair.student).__name__ == "BertForSequenceClassification"
    compared = compare(pair, "we saw snow near the old house")
    assert {len(compared.sites[0].teacher_logits), len(compared.sites[0].student_logits)} == {3}
    told_all = foreground.run_all(replace(config, corpus=replace(config.corpus, shots=0)), store, twins=False)
    assert told_all.record.teacher_digest != result.record.teacher_digest
