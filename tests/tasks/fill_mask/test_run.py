"""A run of masked words, from plain text to a DistilBERT that transformers loads and that says the same."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, DistilBertForMaskedLM

from distil_core.analysis import masked_words
from distil_core.analysis.model_pair import ModelPair
from distil_core.data.masks import vocabulary_of
from distil_core.data.words import WordColumn
from distil_core.errors import ConfigError, CorpusError
from distil_core.models.loading import load_model, load_tokenizer
from distil_core.runs import foreground
from distil_core.runs.requests import with_twins
from distil_core.runs.store import RunStore
from distil_core.settings.canonical import canonical, parse_config
from distil_core.settings.config import CorpusConfig, Init, Method, RunConfig, StudentConfig
from distil_core.settings.serialization import to_json
from distil_core.tasks.catalog import task_named
from distil_core.tasks.corpora import load_corpus
from distil_core.training.cache import Cache
from tests import tiny, words

Outcome = tuple[RunStore, foreground.Distillation]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """A finished run with its twins."""
    folder = tmp_path_factory.mktemp("words")
    store = RunStore(folder / "store")
    return store, foreground.run_all(words.a_config(folder), store)


def test_the_student_is_nearer_to_its_teacher_than_all_its_twins(outcome: Outcome) -> None:
    _, result = outcome
    divergence = result.record.model.metrics["kl"]
    for twin in (result.hard_label_twin, result.random_start_twin, result.layer_cut_twin, result.baseline):
        assert twin is not None
        assert divergence.value < twin.model.metrics["kl"].value
    assert divergence.low is not None
    assert 0 < divergence.low < divergence.value
    assert set(result.record.model.metrics) == {
        "masked_accuracy",
        "top_5_accuracy",
        "pseudo_perplexity",
        "agreement",
        "kl",
    }
    assert result.baseline is not None
    assert result.baseline.model.cost is not None
    assert result.baseline.model.cost.latency_ms is None  # it reads no text
    told = result.to_json()
    assert told["primary"] == "masked_accuracy"
    assert json.loads(json.dumps(told))["student"]["scores"]["kl"]["value"] == divergence.value


def test_the_folder_is_a_distilbert_that_gives_the_labs_answers(outcome: Outcome) -> None:
    _, result = outcome
    folder = result.folder.student
    model = DistilBertForMaskedLM.from_pretrained(folder).eval()
    tokenizer = load_tokenizer(folder)
    texts, answers = result.folder.read_test_texts(), result.folder.read_predictions().test
    surprises, ranks, likeliest = [], [], []
    for text in texts:
        spans = [(place.start, place.end) for place in text.places]
        encoded = tokenizer(text.text, return_offsets_mapping=True, return_tensors="pt")
        offsets = [tuple(span) for span in encoded.pop("offset_mapping")[0].tolist()]
        positions = [offsets.index(span) for span in spans]
        targets = encoded["input_ids"][0, positions].clone()
        encoded["input_ids"][0, positions] = tokenizer.mask_token_id
        with torch.no_grad():
            logits = model(**encoded).logits[0, positions]
        surprises += torch.nn.functional.cross_entropy(logits, targets, reduction="none").tolist()
        ranks += (logits > logits.gather(1, targets[:, None])).sum(1).tolist()
        likeliest += logits.argmax(1).tolist()
    np.testing.assert_allclose(answers.logits[:, WordColumn.SURPRISE], surprises, rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(answers.logits[:, WordColumn.RANK], ranks)
    np.testing.assert_array_equal(answers.logits[:, WordColumn.LIKELIEST], likeliest)
    assert result.record.score.value == pytest.approx(np.mean(np.array(ranks) == 0))

    classifier = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=3)
    assert type(classifier).__name__ == "DistilBertForSequenceClassification"
    for name, weight in model.distilbert.state_dict().items():
        assert torch.equal(classifier.distilbert.state_dict()[name], weight)


def test_its_student_is_then_fine_tuned(outcome: Outcome, lab: tiny.Lab) -> None:
    """General distillation, then fine-tuning with a teacher: the start is the student of this run, to the bit."""
    store, general = outcome
    config = lab.config(student=StudentConfig(parent=general.run))
    started, tuned = (
        foreground.run_all(replace(config, method=method), store, twins=False)
        for method in (Method.LAYER_CUT, Method.DISTILLED)
    )
    assert started.run != tuned.run
    encoder = load_model(general.folder.student).distilbert.state_dict()
    for result, same in ((started, True), (tuned, False)):
        model = load_model(result.folder.student)
        assert type(model).__name__ == "DistilBertForSequenceClassification"
        weights = model.distilbert.state_dict()
        assert all(torch.equal(weights[name], weight) for name, weight in encoder.items()) is same
        assert result.record.config.student.depth == 2
    again = foreground.run_all(
        replace(config, method=Method.LAYER_CUT, student=StudentConfig(parent=tuned.run)), store, twins=False
    )
    for name, weight in load_model(again.folder.student).state_dict().items():
        assert torch.equal(weight, load_model(tuned.folder.student).state_dict()[name])  # its head, too


def test_nothing_as_large_as_the_logits_is_kept(outcome: Outcome) -> None:
    store, result = outcome
    answers = result.folder.read_predictions().test
    assert answers.logits.shape[1] == len(WordColumn)
    names = [entry.name for entry in Cache(store.layout.cache).entries()]
    assert any(name.startswith("words of") for name in names)


def test_masks_and_surprises_are_those_of_the_models(outcome: Outcome) -> None:
    store, result = outcome
    (fitted,) = (store.layout.cache / "teachers").glob("*/config.json")
    fitted = fitted.parent
    pair = ModelPair(
        teacher=load_model(fitted),
        student=load_model(result.folder.student),
        tokenizer=load_tokenizer(fitted),
        max_length=tiny.LENGTH,
        task=task_named("fill-mask"),
    )
    first, second = masked_words.read_masks(pair, "we saw the [MASK] near my old [MASK]", n_words=4)
    for model, shares in ((pair.teacher, first.teacher), (pair.student, first.student)):
        inputs = pair.tokenizer("we saw the [MASK] near my old [MASK]", return_tensors="pt")
        inputs.pop("token_type_ids")
        with torch.no_grad():
            expected = model(**inputs).logits[0, 4].log_softmax(0)
        chosen = pair.tokenizer.convert_tokens_to_ids(list(first.words))
        np.testing.assert_allclose(shares, expected[chosen].numpy(), rtol=1e-3, atol=1e-4)
        assert float(expected.max()) == pytest.approx(max(shares), abs=1e-4)
    assert first.words != second.words

    scored = masked_words.surprises(pair, "we saw ice")
    assert [word.word for word in scored] == ["we", "saw", "ice"]
    inputs = pair.tokenizer("we [MASK] ice", return_tensors="pt")
    with torch.no_grad():
        log_probs = pair.teacher(**inputs).logits[0, 2].log_softmax(0)
    assert scored[1].teacher == pytest.approx(-float(log_probs[pair.tokenizer.convert_tokens_to_ids("saw")]), abs=1e-4)
    with pytest.raises(CorpusError, match=r"\[MASK\]"):
        masked_words.read_masks(pair, "no mask")
    assert vocabulary_of(pair.tokenizer).mask == pair.tokenizer.mask_token_id


def test_the_random_start_has_the_students_shape_and_lessons_and_none_of_its_weights(outcome: Outcome) -> None:
    _, result = outcome
    twin = result.random_start_twin
    assert twin is not None
    settings = twin.config
    assert settings.student.init is Init.RANDOM
    assert with_twins(settings) == (settings,)
    assert (settings.loss, settings.training) == (result.record.config.loss, result.record.config.training)
    assert twin.model.cost is not None
    assert result.record.model.cost is not None
    assert twin.model.cost.parameters == result.record.model.cost.parameters
    assert "random_start_twin" in result.to_json()
    # From another run it takes neither shape nor weights, and a student from random weights is its own twin.
    inherited = canonical(
        replace(settings, method=Method.RANDOM_START, student=StudentConfig(depth=2, width=16, parent="a" * 16))
    )
    assert (inherited.student.parent, inherited.student.width, inherited.student.init) == ("", 0, Init.RANDOM)
    drawn = replace(result.record.config, student=replace(result.record.config.student, init=Init.RANDOM))
    assert [config.method for config in with_twins(drawn)] == ["distilled", "hard-labels", "layer-cut", "baseline"]
    with pytest.raises(ConfigError, match="method of the task classification must be one of"):
        with_twins(RunConfig(method=Method.RANDOM_START))


def test_a_saved_data_set_of_texts_alone_is_a_corpus(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")
    texts = [f"{text} and then we went home to write it all down" for text in tiny.split(40, seed=1).texts]
    datasets.DatasetDict(
        train=datasets.Dataset.from_dict({"text": texts[:30]}), test=datasets.Dataset.from_dict({"text": texts[30:]})
    ).save_to_disk(str(tmp_path / "saved"))
    corpus = load_corpus(CorpusConfig(source=str(tmp_path / "saved")), task="fill-mask")
    assert (len(corpus.train) + len(corpus.validation), len(corpus.test)) == (30, 10)


def test_settings_of_masks_mean_nothing_to_other_tasks() -> None:
    for section, name, value in (("training", "masked", 0.3), ("loss", "soft_sites", "all")):
        with pytest.raises(ConfigError, match=f"{section}.{name} must be left"):
            parse_config({section: {name: value}})
        parse_config({"task": "fill-mask", section: {name: value}})
    with pytest.raises(ConfigError, match="attention_kl must be 0"):
        parse_config({"task": "fill-mask", "loss": {"attention_kl": 1.0}})
    with pytest.raises(ConfigError, match="has no labels"):
        parse_config({"task": "fill-mask", "corpus": {"labeled": 0.5}})
    assert "architecture" in to_json(parse_config({})).get("student")
