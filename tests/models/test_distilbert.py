"""DistilBERT cut out of BERT: the same numbers where nothing is left out, and the published sizes."""

import pytest
import torch
import transformers

from distil_core.errors import ConfigError
from distil_core.models import surgery
from distil_core.models.distilbert import distilbert_config
from distil_core.models.forward import scores_of
from distil_core.models.loading import load_model, load_tokenizer, save
from distil_core.models.pooling import AutoModelForEmbedding
from distil_core.settings.config import Architecture, StudentConfig
from distil_core.types import Model
from tests import tiny

WHOLE = StudentConfig(depth=tiny.DEPTH, architecture=Architecture.DISTILBERT)


def a_teacher(head: str) -> Model:
    config = tiny.model("bert", labels=("no", "yes")).config
    if head == "Embedding":
        config.sentence_embedding = {"mode": "mean", "normalize": True, "width": tiny.WIDTH}
        made = AutoModelForEmbedding.from_config(config, attn_implementation="eager")
    else:
        made = getattr(transformers, f"AutoModelFor{head}").from_config(config, attn_implementation="eager")
    with torch.no_grad():
        generator = torch.Generator().manual_seed(0)
        for parameter in made.parameters():
            parameter.normal_(std=0.15, generator=generator)
    return made.eval()


@pytest.mark.parametrize("head", ["MaskedLM", "TokenClassification", "QuestionAnswering", "Embedding"])
def test_a_student_as_deep_as_its_teacher_answers_the_same(head: str) -> None:
    teacher = a_teacher(head)
    student, _ = surgery.cut_student(teacher, WHOLE)
    assert type(student).__name__ == f"DistilBertFor{head}"
    ids, mask = tiny.tokens().padded(torch.arange(4), padding=0)
    inputs = {"input_ids": ids, "attention_mask": mask.long()}
    with torch.no_grad():
        expected, answered = scores_of(teacher(**inputs)), scores_of(student(**inputs))
    real = mask if expected.dim() == 3 else slice(None)
    torch.testing.assert_close(answered[real], expected[real], rtol=1e-4, atol=1e-5)


def test_a_classifier_keeps_all_but_the_activation_of_its_pooler() -> None:
    teacher = a_teacher("SequenceClassification")
    student, layers = surgery.cut_student(teacher, StudentConfig(layers=(1, 3), architecture=Architecture.DISTILBERT))
    assert layers == (1, 3)
    pooler, layer = teacher.bert.pooler.dense, teacher.bert.encoder.layer[3]
    assert torch.equal(student.pre_classifier.weight, pooler.weight)
    assert torch.equal(student.classifier.weight, teacher.classifier.weight)
    assert torch.equal(student.distilbert.transformer.layer[1].ffn.lin2.weight, layer.output.dense.weight)
    assert student.config.id2label == teacher.config.id2label
    # The first token type is the same for every token, and is part of the positions.
    embeddings = teacher.bert.embeddings
    positions = embeddings.position_embeddings.weight + embeddings.token_type_embeddings.weight[0]
    assert torch.equal(student.distilbert.embeddings.position_embeddings.weight, positions)


def test_a_narrower_student_has_the_leading_part_of_every_weight() -> None:
    teacher = a_teacher("MaskedLM")
    narrow = StudentConfig(depth=2, width=16, architecture=Architecture.DISTILBERT)
    student, _ = surgery.cut_student(teacher, narrow)
    assert student.config.dim == 16
    words = teacher.bert.embeddings.word_embeddings.weight
    assert torch.equal(student.distilbert.embeddings.word_embeddings.weight, words[:, :16])
    assert student.vocab_projector.weight is student.distilbert.embeddings.word_embeddings.weight


def test_sizes_of_bert_base_are_the_published_ones() -> None:
    """110 and 66 million (Sanh et al., 2019, arXiv:1910.01108, table 3)."""
    base = transformers.BertConfig()
    shape = distilbert_config(base)
    shape.n_layers = 6
    with torch.device("meta"):
        n_teacher, n_student = (
            sum(parameter.numel() for parameter in model.parameters())
            for model in (transformers.BertModel(base), transformers.DistilBertModel(shape))
        )
    assert n_teacher == 109_482_240
    assert n_student == 66_362_880


def test_a_saved_student_comes_with_a_tokenizer_that_gives_it_no_token_types(tmp_path) -> None:  # type: ignore[no-untyped-def]
    student, _ = surgery.cut_student(a_teacher("MaskedLM"), WHOLE)
    save(student, tiny.tokenizer(), tmp_path)
    assert "token_type_ids" in tiny.tokenizer().model_input_names
    tokenizer, loaded = load_tokenizer(tmp_path), load_model(tmp_path)
    inputs = tokenizer("we saw [MASK]", return_tensors="pt")
    assert set(inputs) == {"input_ids", "attention_mask"}
    assert type(loaded).__name__ == "DistilBertForMaskedLM"
    torch.testing.assert_close(loaded(**inputs).logits, student(**inputs).logits)
    encoder = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path)
    assert type(encoder).__name__ == "DistilBertForSequenceClassification"
    words = loaded.distilbert.embeddings.word_embeddings.weight
    assert torch.equal(encoder.distilbert.embeddings.word_embeddings.weight, words)


def test_distilbert_is_cut_out_of_bert_alone() -> None:
    with pytest.raises(ConfigError, match="own for a roberta teacher"):
        surgery.cut_student(tiny.model("roberta"), WHOLE)
