"""An encoder that answers with a vector: by plain transformers, and as SentenceTransformer loads it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F
from transformers import AutoModel, AutoModelForSequenceClassification

from distil_core.errors import ConfigError, ModelError
from distil_core.models.forward import packed_above, padded_inputs, predict
from distil_core.models.head import EMBEDDING, SEQUENCE_CLASSIFICATION
from distil_core.models.heads import n_outputs
from distil_core.models.loading import load_model, save
from distil_core.models.packing import PACKABLE, packed_logits
from distil_core.models.pooling import pooled_states, read_pooling
from distil_core.models.surgery import cut_student
from distil_core.settings.config import StudentConfig
from tests import tiny

TEXTS = ("we saw snow", "the old house then some people walked by", "sun")


def teacher(folder: Path, architecture: str = "bert", *, modules: bool = False) -> Any:
    """An encoder in a folder, with or without the modules of sentence-transformers, loaded."""
    tiny.save(architecture, folder)
    if modules:
        (folder / "1_Pooling").mkdir()
        pooling = {"word_embedding_dimension": tiny.WIDTH, "pooling_mode_mean_tokens": True}
        (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
        kinds = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
        listed = [{"path": path, "type": f"sentence_transformers.models.{kind}"} for path, kind in kinds]
        (folder / "modules.json").write_text(json.dumps(listed))
    return load_model(folder, head=EMBEDDING)


def by_hand(folder: Path, text: str, architecture: str = "bert") -> torch.Tensor:
    """The mean of the last hidden states, one text at a time, as transformers gives them."""
    encoder = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    inputs = tiny.tokenizer_for(architecture)(text, return_tensors="pt")
    with torch.no_grad():
        mean: torch.Tensor = encoder(**inputs).last_hidden_state[0].mean(dim=0)
    return mean


@pytest.mark.parametrize("depth", [0, 2])
@pytest.mark.parametrize("mean", [True, False])
@pytest.mark.parametrize("architecture", PACKABLE)
def test_vectors_and_gradients_without_padding_are_those_with_it(
    architecture: str, mean: bool, depth: int, tmp_path: Path
) -> None:
    encoder = teacher(tmp_path, architecture, modules=True)
    encoder.config.sentence_embedding["mode"] = "mean" if mean else "cls"
    model, _ = cut_student(encoder, StudentConfig(depth=depth))
    words = tiny.tokenizer_for(architecture)
    tokens = tiny.encode(words, TEXTS, max_length=tiny.LENGTH)
    vectors, gradients = [], []
    for way in ("padded", "packed"):
        model.zero_grad()
        if way == "packed":
            with packed_above(model, None, None):
                answers = packed_logits(model, tokens, torch.arange(3))
        else:
            answers = model(**padded_inputs(model, tokens, torch.arange(3), padding=words.pad_token_id)).logits
        answers.square().sum().sub(answers[:, 0].sum()).backward()
        vectors.append(answers.detach())
        gradients.append([weight.grad for weight in model.parameters() if weight.grad is not None])
    torch.testing.assert_close(vectors[1], vectors[0], atol=1e-5, rtol=1e-4)
    for packed_gradient, padded_gradient in zip(gradients[1], gradients[0], strict=True):
        torch.testing.assert_close(packed_gradient, padded_gradient, atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize("architecture", [name for name in tiny.ARCHITECTURES if name != "modernbert"])
def test_a_student_without_layers_has_the_mean_of_its_embeddings(architecture: str, tmp_path: Path) -> None:
    student, layers = cut_student(teacher(tmp_path / "teacher", architecture), StudentConfig(depth=0))
    words = tiny.tokenizer_for(architecture)
    tokens = tiny.encode(words, TEXTS, max_length=tiny.LENGTH)
    answers = predict(student, tokens, padding=words.pad_token_id)
    save(student, words, tmp_path / "student")
    again = load_model(tmp_path / "student", head=EMBEDDING)
    assert layers == ()
    assert again.config.num_hidden_layers == 0
    torch.testing.assert_close(predict(again, tokens, padding=words.pad_token_id), answers)
    torch.testing.assert_close(answers[0], by_hand(tmp_path / "student", TEXTS[0], architecture))


@pytest.mark.parametrize("architecture", [name for name in tiny.ARCHITECTURES if name != "modernbert"])
def test_without_layers_a_classifier_reads_the_mean_and_words_have_no_places(architecture: str, tmp_path: Path) -> None:
    student, _ = cut_student(tiny.model(architecture, depth=2), StudentConfig(depth=0))
    words = tiny.tokenizer_for(architecture)
    there, back = ("we saw the rain", "rain the saw we")
    answers = predict(student, tiny.encode(words, (there, back), max_length=tiny.LENGTH), padding=words.pad_token_id)
    torch.testing.assert_close(answers[0], answers[1])
    save(student, words, tmp_path / "student")
    again = load_model(tmp_path / "student")
    assert type(again).__name__.endswith("ForPooledClassification")
    tokens = tiny.encode(words, (there,), max_length=tiny.LENGTH)
    torch.testing.assert_close(predict(again, tokens, padding=words.pad_token_id)[0], answers[0])


def test_modernbert_needs_a_layer(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="at least 1 for ModernBERT"):
        cut_student(teacher(tmp_path, "modernbert"), StudentConfig(depth=0))


def test_the_mean_leaves_padding_out() -> None:
    hidden = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [99.0, 99.0]]])
    mask = torch.tensor([[1, 1, 0]])
    assert pooled_states(hidden, mask, mode="mean").tolist() == [[2.0, 3.0]]
    assert pooled_states(hidden, mask, mode="cls").tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
def test_vectors_are_those_of_the_encoder_alone(architecture: str, tmp_path: Path) -> None:
    model = teacher(tmp_path, architecture)
    words = tiny.tokenizer_for(architecture)
    tokens = tiny.encode(words, TEXTS, max_length=tiny.LENGTH)
    answers = predict(model, tokens, padding=words.pad_token_id)
    for text, vector in zip(TEXTS, answers, strict=True):
        torch.testing.assert_close(vector, by_hand(tmp_path, text, architecture), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
def test_a_student_is_cut_out_and_comes_back_from_its_folder(architecture: str, tmp_path: Path) -> None:
    model = teacher(tmp_path / "teacher", architecture)
    student, layers = cut_student(model, StudentConfig(depth=2))
    assert layers == (0, 3)
    words = tiny.tokenizer_for(architecture)
    tokens = tiny.encode(words, TEXTS, max_length=tiny.LENGTH)
    expected = predict(student, tokens, padding=words.pad_token_id)
    save(student, words, tmp_path / "student")
    again = predict(load_model(tmp_path / "student"), tokens, padding=words.pad_token_id)
    torch.testing.assert_close(again, expected)


def test_a_narrow_student_puts_out_vectors_of_the_teachers_width(tmp_path: Path) -> None:
    model = teacher(tmp_path / "teacher", modules=True)
    student, _ = cut_student(model, StudentConfig(depth=2, width=tiny.WIDTH // 2))
    assert n_outputs(student) == tiny.WIDTH
    words = tiny.tokenizer()
    save(student, words, tmp_path / "student")
    text = TEXTS[0]
    mean = by_hand(tmp_path / "student", text) @ student.projection.weight.detach().T
    (vector,) = predict(student, tiny.encode(words, (text,), max_length=tiny.LENGTH), padding=0)
    torch.testing.assert_close(vector, F.normalize(mean, dim=-1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("width", [0, tiny.WIDTH // 2])
def test_sentence_transformers_gives_the_same_vectors(width: int, tmp_path: Path) -> None:
    sentence_transformers = pytest.importorskip("sentence_transformers", reason="sentence-transformers is missing")
    model = teacher(tmp_path / "teacher", modules=True)
    student, _ = cut_student(model, StudentConfig(depth=2, width=width))
    words = tiny.tokenizer()
    save(student, words, tmp_path / "student")
    expected = predict(student, tiny.encode(words, TEXTS, max_length=tiny.LENGTH), padding=0)
    loaded = sentence_transformers.SentenceTransformer(str(tmp_path / "student"), device="cpu")
    np.testing.assert_allclose(loaded.encode(list(TEXTS)), expected.numpy(), rtol=1e-4, atol=1e-5)


def test_files_are_those_that_sentence_transformers_reads(tmp_path: Path) -> None:
    student, _ = cut_student(teacher(tmp_path / "teacher", modules=True), StudentConfig(depth=2, width=tiny.WIDTH // 2))
    save(student, tiny.tokenizer(), tmp_path / "student")
    modules = json.loads((tmp_path / "student" / "modules.json").read_text())
    assert [(module["path"], module["type"].rpartition(".")[2]) for module in modules] == [
        ("", "Transformer"),
        ("1_Pooling", "Pooling"),
        ("2_Dense", "Dense"),
        ("3_Normalize", "Normalize"),
    ]
    pooling = json.loads((tmp_path / "student" / "1_Pooling" / "config.json").read_text())
    assert pooling["word_embedding_dimension"] == tiny.WIDTH // 2
    assert pooling["pooling_mode_mean_tokens"]
    assert "sentence_embedding" not in (tmp_path / "student" / "config.json").read_text()
    assert read_pooling(tmp_path / "student", hidden_size=tiny.WIDTH // 2).width == tiny.WIDTH


@pytest.mark.parametrize(
    ("pooling", "message"),
    [
        ({"pooling_mode_max_tokens": True}, "must be mean or cls"),
        ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True}, "must be mean or cls"),
    ],
)
def test_other_poolings_are_refused(pooling: dict[str, bool], message: str, tmp_path: Path) -> None:
    teacher(tmp_path, modules=True)
    (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    with pytest.raises(ModelError, match=message):
        load_model(tmp_path, head=EMBEDDING)


def test_other_modules_are_refused(tmp_path: Path) -> None:
    teacher(tmp_path, modules=True)
    (tmp_path / "modules.json").write_text(json.dumps([{"path": "", "type": "sentence_transformers.models.CNN"}]))
    with pytest.raises(ModelError, match="got CNN"):
        load_model(tmp_path, head=EMBEDDING)


@pytest.mark.parametrize("architecture", ["bert", "modernbert", "roberta"])
def test_a_classifier_reads_the_mean_and_its_student_the_first_token_as_transformers_has_it(
    architecture: str, tmp_path: Path
) -> None:
    tiny.save(architecture, tmp_path / "encoder")
    words = tiny.tokenizer_for(architecture)
    model = load_model(tmp_path / "encoder", head=SEQUENCE_CLASSIFICATION.pooled, label_names=tiny.LABELS)
    tokens = tiny.encode(words, TEXTS, max_length=tiny.LENGTH)
    logits = predict(model, tokens, padding=words.pad_token_id)
    by_layer = model.classifier(by_hand(tmp_path / "encoder", TEXTS[1], architecture))
    torch.testing.assert_close(logits[1], by_layer.detach(), atol=1e-5, rtol=1e-5)
    save(model, words, tmp_path / "kept")
    again = load_model(tmp_path / "kept")
    assert torch.equal(predict(again, tokens, padding=words.pad_token_id), logits)
    assert tuple(again.config.id2label.values()) == tiny.LABELS
    student, _ = cut_student(again, StudentConfig(depth=1))
    save(student, words, tmp_path / "student")
    by_transformers = AutoModelForSequenceClassification.from_pretrained(tmp_path / "student").eval()
    inputs = words(TEXTS[1], return_tensors="pt")
    with torch.no_grad():
        expected = by_transformers(**inputs).logits[0]
    answers = predict(student, tokens, padding=words.pad_token_id)
    torch.testing.assert_close(answers[1], expected, atol=1e-5, rtol=1e-5)
