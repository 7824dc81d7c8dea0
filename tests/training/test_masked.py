"""Masked words: the loss of a plain padded loop over the whole vocabulary, and the same weights when interrupted."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F
from transformers import AutoModelForMaskedLM

from distil_core.data.sites import UNKNOWN, TeacherWords
from distil_core.data.words import WordColumn
from distil_core.functional.losses import distillation_loss
from distil_core.models import forward, surgery
from distil_core.models.words import teacher_logits
from distil_core.settings.config import LossConfig, Precision, SoftSites, StudentConfig, TrainingConfig
from distil_core.tasks.fill_mask import FillMask
from distil_core.training.lessons import TrainingData
from distil_core.training.masked import LiveTeacher, masked_lesson, word_outputs
from distil_core.training.trainer import train
from distil_core.types import Model
from tests import tiny

TASK = FillMask()
TRIPLE = LossConfig(soft_weight=5.0, hard_weight=2.0, hidden_cosine=1.0, temperature=2.0)
TRAINING = TrainingConfig(epochs=2, batch_size=8, learning_rate=1e-3, precision=Precision.FP32)


def a_model(architecture: str = "bert", *, seed: int = 0) -> Model:
    config = tiny.model(architecture).config
    torch.manual_seed(seed)
    made = AutoModelForMaskedLM.from_config(config, attn_implementation="eager")
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return made.eval()


def a_lesson(
    teacher: Model | None, *, loss: LossConfig = TRIPLE, n: int = 24, architecture: str = "bert"
) -> TrainingData:
    words = tiny.tokenizer_for(architecture)
    part = TASK.encode(words, tiny.split(24, seed=3), max_length=tiny.LENGTH)
    live = LiveTeacher(
        model=teacher, tokens=part.tokens, sites=part.sites, padding=words.pad_token_id, loss=loss, layers=(1, 3)
    )
    lesson = TrainingData(tokens=part.tokens, sites=part.sites, teacher=live)
    return masked_lesson(lesson, loss=loss, training=TRAINING, seed=0)


@pytest.mark.parametrize("sites", list(SoftSites))
@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
def test_the_triple_loss_is_that_of_a_plain_loop(architecture: str, sites: SoftSites) -> None:
    loss = replace(TRIPLE, soft_sites=sites)
    teacher, padding = a_model(architecture), tiny.tokenizer_for(architecture).pad_token_id
    student, _ = surgery.cut_student(teacher, StudentConfig(layers=(1, 3)))
    lesson, examples = a_lesson(teacher, loss=loss, architecture=architecture), torch.tensor([3, 0, 7, 11])
    chosen, _ = lesson.sites.within(examples)
    assert lesson.teacher is not None
    outputs, mask = word_outputs(student, lesson.tokens, lesson.sites, examples, padding=padding, loss=loss)
    ours = distillation_loss(
        outputs,
        lesson.teacher.batch(examples),
        lesson.sites.targets[chosen],
        loss,
        soft_loss=TASK.soft_loss,
        hard_loss=TASK.hard_loss,
        mask=mask,
        normalizer=len(chosen),
        state_normalizer=1.0,
    )

    # Padded, every token decoded, the losses of PyTorch, as the script of DistilBERT has them.
    ids, real = lesson.tokens.padded(examples, padding=padding)
    inputs = {"input_ids": ids, "attention_mask": real.long(), "output_hidden_states": True}
    with torch.no_grad():
        by_teacher = teacher(**inputs)
    by_student = student(**inputs)
    labels = torch.full_like(ids, UNKNOWN)
    asked = torch.zeros_like(ids, dtype=torch.bool)
    for row, example in enumerate(examples.tolist()):
        places = slice(int(lesson.sites.offsets[example]), int(lesson.sites.offsets[example + 1]))
        assert lesson.sites.positions is not None
        labels[row, lesson.sites.positions[places]] = lesson.sites.targets[places]
        asked[row, lesson.sites.positions[places]] = True
    s, t = (output.logits[asked] / 2.0 for output in (by_student, by_teacher))
    soft = F.kl_div(s.log_softmax(-1), t.softmax(-1), reduction="batchmean") * 4.0
    hard = F.cross_entropy(by_student.logits.flatten(0, 1), labels.flatten(), ignore_index=UNKNOWN)
    hidden = [output.hidden_states[-1][real] for output in (by_student, by_teacher)]
    cosine = F.cosine_embedding_loss(*hidden, torch.ones(len(hidden[0])))
    expected = 5.0 * soft + 2.0 * hard + cosine
    torch.testing.assert_close(ours.total, expected, rtol=2e-4, atol=1e-5)
    gradients = [
        torch.autograd.grad(total, student.get_input_embeddings().weight, retain_graph=True)[0]
        for total in (ours.total, expected)
    ]
    torch.testing.assert_close(*gradients, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("architecture", ["bert", "mpnet"])
def test_figures_are_those_of_the_whole_distributions(architecture: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns in chunks at the sites alone, and the teacher's logits from its features."""
    monkeypatch.setattr("distil_core.models.words._CHUNK", 4)
    teacher, words = a_model(architecture), tiny.tokenizer_for(architecture)
    student = a_model(architecture, seed=1)
    part = TASK.encode(words, tiny.split(9, seed=4), max_length=tiny.LENGTH)
    sites, padding = part.sites, words.pad_token_id
    features = torch.empty(len(sites), tiny.WIDTH)
    for chosen, rows in forward.logits_of(teacher, part.tokens, padding=padding, sites=sites, features=True):
        features[chosen] = rows
    decoder = teacher.get_output_embeddings()
    known = TeacherWords(features=features, weight=decoder.weight.detach(), bias=decoder.bias.detach())
    assert sites.vocabulary is not None
    sites = replace(sites, vocabulary=replace(sites.vocabulary, teacher=known))
    figures = forward.predict(student, part.tokens, padding=padding, sites=sites)

    ids, real = part.tokens.padded(torch.arange(9), padding=padding)
    assert sites.positions is not None
    with torch.no_grad():
        s, t = (
            model(input_ids=ids, attention_mask=real.long()).logits[sites.rows, sites.positions]
            for model in (student, teacher)
        )
    torch.testing.assert_close(teacher_logits(known, torch.arange(len(sites))), t, rtol=1e-4, atol=1e-5)
    surprise = F.cross_entropy(s, sites.targets, reduction="none")
    torch.testing.assert_close(figures[:, WordColumn.SURPRISE], surprise, rtol=1e-4, atol=1e-5)
    assert torch.equal(figures[:, WordColumn.LIKELIEST].long(), s.argmax(1))
    order = s.argsort(dim=1, descending=True)
    assert torch.equal(figures[:, WordColumn.RANK].long(), (order == sites.targets[:, None]).nonzero()[:, 1])
    divergence = F.kl_div(s.log_softmax(1), t.log_softmax(1), reduction="none", log_target=True).sum(1)
    torch.testing.assert_close(figures[:, WordColumn.DIVERGENCE], divergence, rtol=1e-4, atol=1e-5)


def learning(student: Model, lesson: TrainingData, checkpoint: Path | None = None) -> Generator[object, None, int]:
    part = TASK.encode(tiny.tokenizer(), tiny.split(6, seed=9), max_length=tiny.LENGTH)
    return train(
        student,
        lesson,
        TrainingData(tokens=part.tokens, sites=part.sites),
        task=TASK,
        loss=TRIPLE,
        training=TRAINING,
        seed=0,
        padding=0,
        checkpoint=checkpoint,
    )


def test_an_interruption_at_any_event_changes_nothing(tmp_path: Path) -> None:
    teacher, checkpoint = a_model(), tmp_path / "checkpoint.safetensors"
    whole, _ = surgery.cut_student(teacher, StudentConfig(depth=2))
    events = list(learning(whole, a_lesson(teacher)))
    for stop in range(1, len(events)):
        student, _ = surgery.cut_student(teacher, StudentConfig(depth=2))
        interrupted = learning(student, a_lesson(teacher), checkpoint)
        for _ in range(stop):
            next(interrupted)
        interrupted.close()
        again, _ = surgery.cut_student(teacher, StudentConfig(depth=2))
        for _ in learning(again, a_lesson(teacher), checkpoint):
            pass
        for name, weight in whole.state_dict().items():
            assert torch.equal(again.state_dict()[name], weight), (stop, name)


def test_each_epoch_masks_other_words_and_asks_the_teacher_about_them() -> None:
    teacher = a_model()
    lesson = a_lesson(teacher)
    first, second = lesson.in_epoch(0), lesson.in_epoch(1)
    assert torch.equal(lesson.tokens.ids, first.tokens.ids)
    assert not torch.equal(first.tokens.ids, second.tokens.ids)
    assert first.teacher is not None
    assert second.teacher is not None
    examples = torch.arange(4)
    assert not torch.equal(first.teacher.batch(examples).logits, second.teacher.batch(examples).logits)


def test_a_teacher_that_is_asked_nothing_is_left_out() -> None:
    assert a_lesson(a_model(), loss=LossConfig(alpha=0.0)).teacher is None
    assert a_lesson(a_model(), loss=LossConfig(hard_weight=1.0)).teacher is None
    assert a_lesson(a_model(), loss=LossConfig(alpha=0.0, hidden_cosine=1.0)).teacher is not None
