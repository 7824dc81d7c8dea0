"""Nobody is told a label: what the labels are called or described as stands in their place."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from distil_core.analysis.model_pair import compare, load_pair
from distil_core.errors import ConfigError, CorpusError, TeacherError
from distil_core.runs import foreground
from distil_core.runs.reading import task_of
from distil_core.runs.requests import with_twins
from distil_core.runs.store import RunStore
from distil_core.settings.canonical import canonical
from distil_core.settings.config import (
    CorpusConfig,
    LossConfig,
    Method,
    Precision,
    RunConfig,
    StudentConfig,
    Supervision,
    TeacherConfig,
    TrainingConfig,
)
from distil_core.tasks.classification.likeness import pseudo_labels, tfidf_baseline
from distil_core.tasks.corpora import load_corpus
from distil_core.training import teachers
from distil_core.training.cache import Cache
from distil_core.training.events import Stage
from distil_core.training.teacher_checks import refuse_unfit
from distil_core.training.zero_shot import entailment
from tests import tiny

ZERO = Supervision.ZERO_SHOT
WORDS = "cold: ice snow frost; mild: spring breeze cloud; hot: desert sun fire"


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    """A CSV file of some rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def unlabeled(folder: Path, n: int = 60) -> CorpusConfig:
    """Texts alone to learn from, and labeled ones to test on."""
    train, test = tiny.split(n, seed=0), tiny.split(30, seed=1)
    rows = [{"text": text, "label": tiny.LABELS[label]} for text, label in zip(test.texts, test.labels, strict=True)]
    return CorpusConfig(
        source=str(write(folder / "texts.csv", [{"text": text} for text in train.texts])),
        test=str(write(folder / "labeled.csv", rows)),
        supervision=ZERO,
    )


def test_labels_are_hidden_but_those_to_test_with() -> None:
    whole = load_corpus(CorpusConfig(n_train=60, n_test=20))
    hidden = load_corpus(CorpusConfig(n_train=60, n_test=20, supervision=ZERO))
    assert (hidden.train.texts, hidden.validation.texts, hidden.test) == (
        whole.train.texts,
        whole.validation.texts,
        whole.test,
    )
    assert {*hidden.train.labels, *hidden.validation.labels} == {None}
    assert hidden.label_sentences[0] == "This text is about very negative."
    assert (
        "validation measures how often student and teacher agree; 5 of the 5 labels are described by their name"
        in (hidden.notes[-1])
    )


def test_texts_need_no_column_of_labels(tmp_path: Path) -> None:
    config = unlabeled(tmp_path)
    corpus = load_corpus(config)
    assert corpus.label_names == ("cold", "hot", "mild")
    assert (len(corpus.train), len(corpus.validation), len(corpus.test)) == (54, 6, 30)
    assert {*corpus.train.labels, *corpus.validation.labels} == {None}
    assert set(corpus.test.labels) == {0, 1, 2}
    ordered = load_corpus(replace(config, label_descriptions=WORDS, hypothesis_template="{}"))
    assert ordered.label_names == ("cold", "mild", "hot")
    assert ordered.label_sentences == ("ice snow frost", "spring breeze cloud", "desert sun fire")
    assert ordered.digest != load_corpus(replace(config, label_descriptions=WORDS)).digest
    with pytest.raises(CorpusError, match=r"corpus.test must be a file of texts with labels, as .*texts.csv has none"):
        load_corpus(replace(config, test=""))
    with pytest.raises(CorpusError, match=r"must be one of those that are named or described \('cold', 'mild'\), got"):
        load_corpus(replace(config, label_names=("cold", "mild")))


def test_descriptions_may_stand_in_a_file(tmp_path: Path) -> None:
    config = unlabeled(tmp_path)
    rows = [{"label": "hot", "description": "sun, and fire; too"}, {"label": "mild", "description": "spring"}]
    path = write(tmp_path / "meanings.csv", rows)
    corpus = load_corpus(replace(config, label_names=tiny.LABELS, label_descriptions=str(path)))
    assert corpus.label_sentences == (
        "This text is about cold.",
        "This text is about spring.",
        "This text is about sun, and fire; too.",
    )
    assert "1 of the 3 labels are described by their name alone" in corpus.notes[-1]


@pytest.mark.parametrize(
    ("descriptions", "message"),
    [
        ("warm: a fire", r"must describe labels of .* \(cold, mild, hot\), got warm"),
        ("cold", r"must be NAME: a few words; .* got 'cold'"),
        ("cold: ice; mild: ice", r"got that of another label for mild"),
        ("cold: ice; cold: snow", r"must describe each label once"),
    ],
)
def test_descriptions_that_do_not_fit_are_refused(descriptions: str, message: str, tmp_path: Path) -> None:
    config = replace(unlabeled(tmp_path), label_names=tiny.LABELS, label_descriptions=descriptions)
    with pytest.raises(ConfigError, match=message):
        load_corpus(config)


def test_half_a_character_in_a_description_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "meanings.jsonl"
    path.write_text(r'{"label": "cold", "description": "\ud83e"}', encoding="utf-8")
    with pytest.raises(CorpusError, match="must be whole characters, got half a character"):
        load_corpus(replace(unlabeled(tmp_path), label_names=tiny.LABELS, label_descriptions=str(path)))


def test_settings_that_ask_for_labels_do_not_go_with_it() -> None:
    corpus = CorpusConfig(supervision=ZERO)
    for name, value in {"shots": 4, "labeled": 0.5, "left_out": "mixed"}.items():
        with pytest.raises(ConfigError, match=f"corpus.{name} must be left as it is when corpus.supervision is zero-"):
            canonical(RunConfig(corpus=replace(corpus, **{name: value})))
    with pytest.raises(ConfigError, match=r"loss.alpha must be 1 when corpus.supervision is zero-shot"):
        canonical(RunConfig(corpus=corpus, loss=LossConfig(alpha=0.5)))
    with pytest.raises(ConfigError, match=r"corpus.hypothesis_template must hold \{\} once, got 'about'"):
        canonical(RunConfig(corpus=replace(corpus, hypothesis_template="about")))
    with pytest.raises(ConfigError, match=r"corpus.supervision must be labels for the task qa, got zero-shot"):
        load_corpus(CorpusConfig(n_train=40, n_test=20, supervision=ZERO), task="qa")
    assert canonical(RunConfig(corpus=corpus)).loss.alpha == 1.0
    spare = CorpusConfig(label_descriptions="a: b", hypothesis_template="{}")
    assert canonical(RunConfig(corpus=spare)).corpus == CorpusConfig()
    assert [run.method for run in with_twins(RunConfig(corpus=corpus))] == [
        Method.DISTILLED,
        Method.LAYER_CUT,
        Method.BASELINE,
    ]


def test_the_surest_texts_of_each_label_are_learned_from() -> None:
    # The second label is like all texts, which says nothing of any of them.
    likeness = np.array([[0.4, 0.8], [0.1, 0.9], [0.3, 0.8], [0.2, 0.9]])
    labels, chosen = pseudo_labels(likeness)
    assert labels.tolist() == [0, 1, 0, 1]
    assert chosen.tolist() == [0, 1]


def test_the_baseline_goes_by_words_of_descriptions() -> None:
    texts, test = tiny.split(90, seed=0), tiny.split(60, seed=1)
    baseline = tfidf_baseline(texts.texts, ("ice snow frost", "spring breeze cloud", "desert sun fire"))
    right = baseline.predict(test.texts).argmax(dim=1) == torch.tensor(test.labels)
    assert right.float().mean() > 0.6
    guess = tfidf_baseline(texts.texts, ("eins", "zwei", "drei"))
    assert guess.predict(test.texts).unique().tolist() == [0.0]
    assert (guess.n_parameters, guess.bytes) == (0, 0)


def test_a_teacher_that_tells_nothing_apart_is_refused(tmp_path: Path) -> None:
    config = RunConfig(corpus=unlabeled(tmp_path))
    task = task_of(config)
    sites = task.encode(tiny.tokenizer(), load_corpus(config.corpus).validation, max_length=20).sites
    with pytest.raises(TeacherError, match=r"answers all 6 validation texts with the same label; describe the labels"):
        refuse_unfit(torch.eye(3)[[1] * 6], sites, metric=task.monitored, name="t")
    assert refuse_unfit(torch.eye(3)[[0, 1, 1, 1, 1, 1]], sites, metric=task.monitored, name="t").score is None


def test_a_student_learns_what_a_teacher_makes_of_descriptions(tmp_path: Path) -> None:
    encoder = tmp_path / "encoder"
    tiny.model(depth=2).base_model.save_pretrained(encoder)
    tiny.tokenizer().save_pretrained(encoder)
    config = RunConfig(
        corpus=replace(unlabeled(tmp_path, n=120), label_descriptions=WORDS, hypothesis_template="{}"),
        teacher=TeacherConfig(source=str(encoder), max_length=40),
        student=StudentConfig(depth=1),
        training=TrainingConfig(epochs=4, batch_size=8, learning_rate=3e-3, patience=2, precision=Precision.FP32),
    )
    store = RunStore(tmp_path / "store")
    result = foreground.run_all(config, store)
    assert result.hard_label_twin is None
    assert result.layer_cut_twin is not None
    assert result.baseline is not None
    record = result.record
    assert record.task.untaught is Method.LAYER_CUT
    assert record.teacher_name.endswith("(zero-shot)")
    assert record.corpus.constant_score is None
    assert record.score.value == record.model.metrics["accuracy"].value
    pair = load_pair(result.folder, record=record, cache=Cache(store.layout.cache))
    assert type(pair.teacher).__name__ == "BertForPooledClassification"
    assert len(compare(pair, "we saw snow near the old house").sites[0].teacher_logits) == 3
    assert record.model.metrics["agreement"].value > 0.5
    assert result.layer_cut_twin.model.metrics["agreement"].value < record.model.metrics["agreement"].value


INFERENCE = ("contradiction", "neutral", "entailment")


@pytest.mark.parametrize("architecture", ["bert", "roberta"])
def test_entailment_is_what_the_zero_shot_pipeline_says(architecture: str) -> None:
    model, words = tiny.model(architecture, labels=INFERENCE), tiny.tokenizer_for(architecture)
    texts, sentences = tiny.split(5, seed=3).texts, ("we saw snow", "the desert was near my house", "a fire")
    work = entailment(model, 2, texts, sentences, words, max_length=tiny.LENGTH)
    while True:
        try:
            assert next(work).name == "Fitting the teacher"
        except StopIteration as stop:
            judged = stop.value
            break
    judge = transformers.pipeline("zero-shot-classification", model=model, tokenizer=words)
    for row, text in zip(judged, texts, strict=True):
        said = judge(text, candidate_labels=list(sentences), hypothesis_template="{}")
        expected = dict(zip(said["labels"], said["scores"], strict=True))
        shares = torch.from_numpy(row).softmax(dim=0).tolist()
        assert shares == pytest.approx([expected[sentence] for sentence in sentences], abs=1e-5)


def test_a_checkpoint_for_natural_language_inference_judges_by_what_texts_entail(
    lab: tiny.Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(lab.teacher, tmp_path / "inference"))  # reads well, and its head has other names
    settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    settings |= {"id2label": dict(enumerate(INFERENCE)), "label2id": {name: i for i, name in enumerate(INFERENCE)}}
    (folder / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    label_of = dict(zip(tiny.split(120, seed=0).texts, tiny.split(120, seed=0).labels, strict=True))

    def knows(model: Any, output: int, texts: Any, label_sentences: Any, *_: Any, **__: Any) -> Any:
        assert (model.config.num_labels, output, label_sentences) == (3, 2, ("my house", "some people", "we walked"))
        yield Stage(name="Fitting the teacher", detail="", fraction=0.0)
        return np.eye(3)[[label_of[text] for text in texts]]

    monkeypatch.setattr(teachers, "entailment", knows)
    config = RunConfig(
        # No word of a description says anything of the weather.
        corpus=replace(
            unlabeled(tmp_path, n=120),
            label_descriptions="cold: my house; mild: some people; hot: we walked",
            hypothesis_template="{}",
        ),
        teacher=TeacherConfig(source=str(folder), max_length=40),
        student=StudentConfig(depth=1),
        training=TrainingConfig(epochs=4, batch_size=8, learning_rate=3e-3, precision=Precision.FP32),
    )
    record = foreground.run_all(config, RunStore(tmp_path / "store"), twins=False).record
    assert record.teacher is not None
    assert record.teacher.metrics["accuracy"].value > 0.9
    assert any("judges which label's sentence each training text entails" in note for note in record.corpus.notes)
