"""Teacher and student read texts, in all eight architectures."""

import copy
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import AutoModelForQuestionAnswering, PreTrainedTokenizerFast

from distil_core.analysis import attention, attention_reading, model_pair
from distil_core.analysis.model_pair import ModelPair
from distil_core.data.corpus import join_segments, split_segments
from distil_core.errors import CorpusError
from distil_core.functional import similarity
from distil_core.models.forward import attention_maps
from distil_core.models.head import EMBEDDING
from distil_core.models.loading import load_model
from distil_core.models.pooling import AutoModelForPooledClassification
from distil_core.models.surgery import cut_student
from distil_core.settings.config import StudentConfig
from distil_core.tasks.catalog import task_named
from distil_core.tasks.embeddings import Embeddings
from tests import tiny

TEXT = "then we saw snow near the frozen house"


def a_pair(architecture: str = "bert", *, max_length: int = tiny.LENGTH) -> ModelPair:
    teacher = tiny.model(architecture)
    student, _ = cut_student(teacher, StudentConfig(depth=2))
    words = tiny.tokenizer_for(architecture)
    return ModelPair(teacher=teacher, student=student, tokenizer=words, max_length=max_length)


def output(model: object, pair: ModelPair, text: str, **options: bool) -> object:
    batch = pair.tokenizer(*split_segments(text), return_tensors="pt")
    with torch.inference_mode():
        return model(**batch, **options)  # type: ignore[operator]


# Maps


@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
def test_maps_are_those_of_the_models(architecture: str) -> None:
    pair = a_pair(architecture)
    reading = attention_reading.read_attention(pair, TEXT)
    assert reading.tokens == ("[CLS]", *TEXT.split(), "[SEP]")
    assert reading.special == (True, *(False,) * 8, True)
    assert (reading.teacher.shape, reading.student.shape) == ((4, 4, 10, 10), (2, 4, 10, 10))
    assert not reading.truncated
    for model, maps in ((pair.teacher, reading.teacher), (pair.student, reading.student)):
        expected = attention_maps(model, output(model, pair, TEXT, output_attentions=True))
        assert maps == pytest.approx(torch.cat(expected).numpy(), abs=1e-6)
        assert maps.sum(axis=-1) == pytest.approx(np.ones(maps.shape[:-1]), abs=1e-5)


def vectors(tmp_path: Path, *, mean: bool = True) -> ModelPair:
    tiny.save("bert", tmp_path)
    (tmp_path / "1_Pooling").mkdir()
    pooling = {"word_embedding_dimension": tiny.WIDTH, "pooling_mode_mean_tokens": mean}
    (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps(pooling | {"pooling_mode_cls_token": not mean}))
    kinds = [("", "Transformer"), ("1_Pooling", "Pooling")]
    listed = [{"path": path, "type": f"sentence_transformers.models.{kind}"} for path, kind in kinds]
    (tmp_path / "modules.json").write_text(json.dumps(listed))
    teacher = load_model(tmp_path, head=EMBEDDING)
    student, _ = cut_student(teacher, StudentConfig(depth=2))
    return ModelPair(
        teacher=teacher, student=student, tokenizer=tiny.tokenizer(), max_length=tiny.LENGTH, task=Embeddings()
    )


def test_texts_that_are_read_by_themselves_look_at_nothing_of_each_other(tmp_path: Path) -> None:
    pair, texts = vectors(tmp_path), ["we saw snow", "the oxen"]
    reading = attention_reading.read_attention(pair, join_segments(texts))
    assert reading.tokens == ("[CLS]", "we", "saw", "snow", "[SEP]", "[CLS]", "‖ the", "o", "·x", "·e", "·n", "[SEP]")
    assert [i for i, special in enumerate(reading.special) if special] == [0, 4, 5, 11]
    assert (reading.n_texts, [place.text for place in reading.places]) == (2, texts)
    assert (reading.parts, reading.first_site) == ((0, 0), 0)
    assert reading.teacher_reads == reading.student_reads == (tuple(range(5)), tuple(range(5, 12)))
    for model, maps in ((pair.teacher, reading.teacher), (pair.student, reading.student)):
        first, second = (
            torch.cat(attention_maps(model, output(model, pair, text, output_attentions=True))).numpy()
            for text in texts
        )
        assert maps[..., :5, :5] == pytest.approx(first, abs=1e-6)
        assert maps[..., 5:, 5:] == pytest.approx(second, abs=1e-6)
        assert not maps[..., :5, 5:].any()
        assert not maps[..., 5:, :5].any()
    view = attention.view(reading, special=True)
    assert view.teacher.answers[1] == pytest.approx(view.teacher.rollout[5:].mean(axis=0), abs=1e-6)
    assert attention.view(reading, special=False).student.answers.sum(axis=1) == pytest.approx(np.ones(2))


def test_each_part_of_a_long_context_is_looked_at_as_the_models_read_it() -> None:
    config = copy.deepcopy(tiny.model("bert").config)
    config.num_labels = 2
    torch.manual_seed(1)
    teacher = AutoModelForQuestionAnswering.from_config(config, attn_implementation="eager").eval()
    student, _ = cut_student(teacher, StudentConfig(depth=2))
    pair = ModelPair(teacher=teacher, student=student, tokenizer=tiny.tokenizer(), max_length=11, task=task_named("qa"))
    context = "then we saw snow near the frozen house"
    text = join_segments(["we saw", context])
    read = [attention_reading.read_attention(pair, text, part=part) for part in (0, 1)]
    assert [reading.tokens for reading in read] == [
        ("[CLS]", "we", "saw", "[SEP]", "‖ then", "we", "saw", "snow", "near", "the", "[SEP]"),
        ("[CLS]", "we", "saw", "[SEP]", "‖ snow", "near", "the", "frozen", "house", "[SEP]"),
    ]
    names = [f"{side} in part {part} of 2" for part in (1, 2) for side in ("start", "end")]
    assert [place.text for place in read[1].places] == names
    assert read[1].parts == (0, 0, 1, 1)
    assert [reading.first_site for reading in read] == [0, 2]
    assert not any(reading.truncated for reading in read)
    seen = model_pair.compare(pair, text)
    for part, reading in enumerate(read):
        for model, maps in ((pair.teacher, reading.teacher), (pair.student, reading.student)):
            words = " ".join(name.lstrip("‖ ") for name in reading.tokens[4:-1])
            expected = attention_maps(
                model, output(model, pair, join_segments(["we saw", words]), output_attentions=True)
            )
            assert maps == pytest.approx(torch.cat(expected).numpy(), abs=1e-6)
        for side in (0, 1):
            choice = int(np.argmax(seen.sites[2 * part + side].teacher_logits))
            assert reading.teacher_reads[side] == (choice + 3 if choice else 0,)
    view = attention.view(read[1], special=True)
    assert view.student.answers[1] == pytest.approx(view.student.rollout[read[1].student_reads[1][0]], abs=1e-6)


def test_a_vector_of_the_first_token_is_read_there(tmp_path: Path) -> None:
    reading = attention_reading.read_attention(vectors(tmp_path, mean=False), join_segments(["we saw snow", "the ox"]))
    assert reading.teacher_reads == reading.student_reads == ((0,), (5,))


def test_a_student_of_the_first_token_is_read_there_beside_a_teacher_of_the_mean() -> None:
    pair = a_pair()
    config = copy.deepcopy(pair.teacher.config)
    config.sentence_embedding = {"mode": "mean", "normalize": False, "width": tiny.WIDTH}
    pooled = AutoModelForPooledClassification.from_config(config, attn_implementation="eager").eval()
    reading = attention_reading.read_attention(replace(pair, teacher=pooled), TEXT)
    assert (reading.teacher_reads, reading.student_reads) == ((tuple(range(10)),), ((0,),))
    view = attention.view(reading, special=True)
    assert view.teacher.answers[0] == pytest.approx(view.teacher.rollout.mean(axis=0), abs=1e-6)
    assert view.student.answers[0] == pytest.approx(view.student.rollout[0], abs=1e-6)


def test_states_are_compared_of_texts_as_they_are_read(tmp_path: Path) -> None:
    pair, texts = vectors(tmp_path), ["we saw snow", "the frozen house", "snow near the house"]
    joined = attention_reading.hidden_similarity(pair, [join_segments(texts[:2]), texts[2]])
    assert joined.matrix == pytest.approx(attention_reading.hidden_similarity(pair, texts).matrix, abs=1e-6)
    assert (joined.n_tokens, joined.n_texts) == (10, 3)


@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
def test_maps_go_across_two_segments(architecture: str) -> None:
    pair, text = a_pair(architecture), join_segments(["we saw snow", "the oxen"])
    reading = attention_reading.read_attention(pair, text)
    assert reading.tokens == ("[CLS]", "we", "saw", "snow", "[SEP]", "‖ the", "o", "·x", "·e", "·n", "[SEP]")
    assert [i for i, special in enumerate(reading.special) if special] == [0, 4, 10]
    for model, maps in ((pair.teacher, reading.teacher), (pair.student, reading.student)):
        expected = attention_maps(model, output(model, pair, text, output_attentions=True))
        assert maps == pytest.approx(torch.cat(expected).numpy(), abs=1e-6)


def test_albert_says_that_its_layers_are_one() -> None:
    assert attention_reading.read_attention(a_pair("albert"), TEXT).shares_layers
    assert not attention_reading.read_attention(a_pair("bert"), TEXT).shares_layers


def test_modernbert_says_which_layers_see_only_what_is_near() -> None:
    reading = attention_reading.read_attention(a_pair("modernbert"), " ".join(TEXT.split() * 3))
    assert (reading.window, reading.local) == (4, (1, 2))
    far = np.abs(np.subtract.outer(np.arange(26), np.arange(26))) > 4
    assert reading.teacher[1][:, far].max() == 0
    assert reading.teacher[0][:, far].max() > 0
    assert attention_reading.read_attention(a_pair("bert"), TEXT).window is None


def test_a_long_text_is_read_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention_reading, "MAX_TOKENS", 6)
    reading = attention_reading.read_attention(a_pair(), TEXT)
    assert reading.truncated
    assert reading.tokens == ("[CLS]", "then", "we", "saw", "snow", "[SEP]")
    assert len(attention_reading.read_attention(a_pair(max_length=5), TEXT).tokens) == 5


@pytest.mark.parametrize("text", ["", "   ", "\u200d"])
def test_a_text_without_anything_to_read_is_refused(text: str) -> None:
    for look in (attention_reading.read_attention, attention_reading.occlude):
        with pytest.raises(CorpusError, match="must have at least one word that the models can read"):
            look(a_pair(), text)


# Names of tokens


def test_pieces_of_a_word_are_marked() -> None:
    reading = attention_reading.read_attention(a_pair(), "we saw ox!")
    assert reading.tokens == ("[CLS]", "we", "saw", "o", "·x", "[UNK]", "[SEP]")


def test_bytes_of_roberta_are_readable() -> None:
    letters = {letter: i + 3 for i, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    pieces = Tokenizer(models.BPE({"<s>": 0, "<pad>": 1, "</s>": 2, **letters}, []))
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=False)
    words = PreTrainedTokenizerFast(
        tokenizer_object=pieces, cls_token="<s>", sep_token="</s>", pad_token="<pad>", model_max_length=40
    )
    model = tiny.model("roberta", vocab_size=len(words))
    reading = attention_reading.read_attention(
        ModelPair(teacher=model, student=model, tokenizer=words, max_length=40), "a é b"
    )
    # Two bytes make one letter, and each of them stands for all of it; a space is a piece like any other here.
    assert reading.tokens == ("[CLS]", "a", "␣", "·é", "·é", "␣", "·b", "[SEP]")
    assert reading.special == (True, *(False,) * 6, True)


# Hidden states


@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
def test_states_are_compared_token_by_token(architecture: str) -> None:
    pair = a_pair(architecture)
    texts = tiny.split(4, seed=3).texts
    reading = attention_reading.hidden_similarity(pair, texts)
    states = []
    for model in (pair.teacher, pair.student):
        answers = [output(model, pair, text, output_hidden_states=True).hidden_states[1:] for text in texts]  # type: ignore[attr-defined]
        states.append(
            [np.concatenate([states[i][0, 1:-1].numpy() for states in answers]) for i in range(len(answers[0]))]
        )
    assert reading.matrix.shape == (4, 2)
    assert reading.matrix == pytest.approx(similarity.cka_matrix(*states), abs=1e-4)
    assert (reading.n_texts, reading.n_tokens) == (4, len(states[0][0]))


def test_only_so_many_tokens_are_compared() -> None:
    texts = ["we saw snow", "the old house", "near the sun"]
    assert attention_reading.hidden_similarity(a_pair(), texts, n_tokens=10).n_texts == 2
    reading = attention_reading.hidden_similarity(a_pair(), texts, n_tokens=1)
    assert (reading.n_texts, reading.n_tokens) == (1, 3)


# Words left out


@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
def test_each_word_is_left_out_by_itself(architecture: str) -> None:
    pair = a_pair(architecture)
    reading = attention_reading.occlude(pair, " we  saw the snow")
    assert reading.words == ("we", "saw", "the", "snow")
    for model, answer in ((pair.teacher, reading.teacher), (pair.student, reading.student)):
        texts = ("we saw the snow", "saw the snow", "we the snow", "we saw snow", "we saw the")
        whole, *rest = (output(model, pair, text).logits[0].softmax(-1) for text in texts)  # type: ignore[attr-defined]
        assert answer.label == int(whole.argmax())
        assert answer.probability == pytest.approx(float(whole.max()), abs=1e-5)
        expected = [float(p[answer.label] - whole[answer.label]) for p in rest]
        assert answer.changes == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
def test_a_word_is_left_out_of_its_segment(architecture: str) -> None:
    pair = a_pair(architecture)
    reading = attention_reading.occlude(pair, join_segments(["we saw", " the  snow"]))
    assert reading.words == ("we", "saw", "the", "snow")
    texts = [("we saw", "the snow"), ("saw", "the snow"), ("we", "the snow"), ("we saw", "snow"), ("we saw", "the")]
    whole, *rest = (output(pair.student, pair, join_segments(text)).logits[0].softmax(-1) for text in texts)  # type: ignore[attr-defined]
    label = reading.student.label
    assert reading.student.changes == pytest.approx([float(p[label] - whole[label]) for p in rest], abs=1e-5)


def test_of_a_long_pair_only_what_is_read_is_left_out() -> None:
    pair = a_pair(max_length=8)
    reading = attention_reading.occlude(pair, join_segments(["we saw", "the old house then some people walked by"]))
    assert reading.words == ("we", "saw", "the", "old", "house")


def test_pieces_of_a_word_and_its_punctuation_are_left_out_together() -> None:
    assert attention_reading.occlude(a_pair(), "we saw oxen, my").words == ("we", "saw", "oxen,", "my")


def test_what_is_not_read_is_not_left_out_either() -> None:
    pair = a_pair(max_length=5)
    reading = attention_reading.occlude(pair, TEXT)
    assert reading.words == ("then", "we", "saw")
    assert reading == attention_reading.occlude(pair, "then we saw")


def test_the_only_word_can_be_left_out() -> None:
    reading = attention_reading.occlude(a_pair(), "snow")
    assert reading.words == ("snow",)
    assert len(reading.teacher.changes) == 1
