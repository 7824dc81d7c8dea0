"""What two models expect where a word is masked, and how much each word of a text surprises them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from distil_core.analysis.model_pair import ModelPair
from distil_core.data.masks import vocabulary_of
from distil_core.data.sites import Sites
from distil_core.data.tokenization import Ragged, encode
from distil_core.errors import CorpusError
from distil_core.models.loading import independent_copy
from distil_core.settings.config import LossConfig, Precision
from distil_core.training.masked import word_outputs
from distil_core.types import Model

_ROWS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskReading:
    """What both models expect at one mask: the likeliest words of either, with their log-probabilities.

    ``missed`` are words among the teacher's likeliest that the student ranks far lower, ``added`` the other way round;
    each share tells how much of a distribution all these words have.
    """

    words: tuple[str, ...]
    teacher: tuple[float, ...]
    student: tuple[float, ...]
    missed: tuple[str, ...]
    added: tuple[str, ...]
    teacher_share: float
    student_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WordSurprise:
    """How little each model expected a word of a text from all others, in nats."""

    word: str
    teacher: float
    student: float


def read_masks(pair: ModelPair, text: str, *, n_words: int = 8, far: int = 50) -> tuple[MaskReading, ...]:
    """Return what both models expect at each mask of a text.

    Args:
        pair: Models that predict words.
        text: With ``[MASK]`` wherever a word is asked for.
        n_words: How many words of either model.
        far: From which rank on a model does not know a word that is among the likeliest of the other.

    Raises:
        CorpusError: If there is no mask in it.
    """
    tokenizer, vocabulary = pair.tokenizer, vocabulary_of(pair.tokenizer)
    tokens = encode(tokenizer, (text.replace("[MASK]", tokenizer.mask_token),), max_length=pair.max_length)
    places = (tokens.ids == vocabulary.mask).nonzero()[:, 0]
    if not len(places):
        raise CorpusError("the text must have a [MASK] where a word is to be guessed, got none; write one into it")
    sites = Sites(
        targets=torch.full((len(places),), -100),
        offsets=torch.tensor([0, len(places)]),
        positions=places,
        vocabulary=vocabulary,
    )
    teacher, student = (_log_probs(model, tokens, sites, pair) for model in _copies(pair))
    return tuple(_read(pair, *rows, n_words=n_words, far=far) for rows in zip(teacher, student, strict=True))


def _read(pair: ModelPair, teacher: Tensor, student: Tensor, *, n_words: int, far: int) -> MaskReading:
    likeliest, rivals = teacher.topk(n_words).indices.tolist(), student.topk(n_words).indices.tolist()
    chosen = [*likeliest, *(word for word in rivals if word not in likeliest)]

    def unknown_to(model: Tensor, words: list[int]) -> tuple[str, ...]:
        return _words(pair, [word for word in words if int((model > model[word]).sum()) >= far])

    return MaskReading(
        words=_words(pair, chosen),
        teacher=tuple(teacher[chosen].tolist()),
        student=tuple(student[chosen].tolist()),
        missed=unknown_to(student, likeliest),
        added=unknown_to(teacher, rivals),
        teacher_share=float(teacher[chosen].exp().sum()),
        student_share=float(student[chosen].exp().sum()),
    )


def surprises(pair: ModelPair, text: str) -> tuple[WordSurprise, ...]:
    """Return how much each word of a text surprises both models, each masked by itself (Salazar et al., 2020).

    Pieces of words are words of their own (arXiv:1910.14659).

    Raises:
        CorpusError: If there is no word in it.
    """
    vocabulary = vocabulary_of(pair.tokenizer)
    (row,) = encode(pair.tokenizer, (text,), max_length=pair.max_length).ids[None].long()
    places = (~vocabulary.special[row]).nonzero()[:, 0]
    if not len(places):
        raise CorpusError("the text must have at least one word that the models can read; type another one")
    masked = row.repeat(len(places), 1)
    masked[torch.arange(len(places)), places] = vocabulary.mask
    offsets = torch.arange(len(places) + 1)
    tokens = Ragged(ids=masked.flatten().int(), offsets=offsets * len(row))
    sites = Sites(targets=row[places], offsets=offsets, positions=places, vocabulary=vocabulary)
    teacher, student = (
        -_log_probs(model, tokens, sites, pair).gather(1, sites.targets[:, None].to(pair.teacher.device))[:, 0]
        for model in _copies(pair)
    )
    return tuple(
        WordSurprise(word=word, teacher=by_teacher, student=by_student)
        for word, by_teacher, by_student in zip(
            _words(pair, row[places].tolist()), teacher.tolist(), student.tolist(), strict=True
        )
    )


def _words(pair: ModelPair, ids: list[int]) -> tuple[str, ...]:
    return tuple(pair.tokenizer.convert_ids_to_tokens(ids))


def _copies(pair: ModelPair) -> tuple[Model, Model]:
    """Return both models to be packed, while others use those of the pair."""
    return independent_copy(pair.teacher, Precision.FP32), independent_copy(pair.student, Precision.FP32)


@torch.inference_mode()
def _log_probs(model: Model, tokens: Ragged, sites: Sites, pair: ModelPair) -> Tensor:
    """Return the log-probabilities of all words at some sites, some texts at a time."""
    device = pair.teacher.device
    tokens, sites = tokens.to(device), sites.to(device)
    padding = pair.tokenizer.pad_token_id
    rows = [
        word_outputs(model, tokens, sites, part, padding=padding, loss=LossConfig())[0].logits.float().log_softmax(1)
        for part in torch.arange(len(tokens), device=device).split(_ROWS)
    ]
    return torch.cat(rows)
