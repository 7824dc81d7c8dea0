"""What a teacher predicts where words are masked: kept for what is measured, asked for live while a student learns."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace

import torch
from safetensors.torch import save_file
from torch import Tensor

from distil_core.data.sites import EncodedSplit, TeacherWords
from distil_core.models.forward import logits_of
from distil_core.models.loading import independent_copy
from distil_core.models.words import figures_at
from distil_core.settings.config import LossConfig, Precision
from distil_core.settings.serialization import digest
from distil_core.training.cache import Cache
from distil_core.training.events import TEACHER_OUTPUTS, Event, Stage
from distil_core.training.masked import LiveTeacher
from distil_core.training.teacher_outputs import DAMAGED, TeacherOutputs, read_kept
from distil_core.training.teachers import Teacher
from distil_core.types import Model

_LEARNED = "train"


def teacher_words(
    teacher: Teacher,
    splits: Mapping[str, EncodedSplit],
    *,
    corpus_digest: str,
    padding: int,
    precision: Precision,
    loss: LossConfig,
    layers: Sequence[int],
    cache: Cache | None,
    queried: Sequence[str],
) -> Generator[Event, None, tuple[dict[str, EncodedSplit], dict[str, TeacherOutputs | LiveTeacher]]]:
    """Return the splits with what the teacher predicts at their sites, and who answers about each.

    The training texts are answered live: other words of them are masked in each epoch. Of the others, what goes into
    the decoder of the teacher is kept, from which its logits follow exactly.

    Args:
        teacher: Predicts words.
        splits: Texts and sites by split.
        corpus_digest: Digest of the corpus, part of the cache's key.
        padding: Id to fill up with.
        precision: Resolved; of the teacher's arithmetic.
        loss: What a student will ask.
        layers: Teacher layers that the student's layers are mapped to.
        cache: Where features are kept; None: nowhere.
        queried: Splits to answer about.
    """
    lengths = {name: splits[name].tokens.lengths.tolist() for name in queried}
    key = digest({"teacher": teacher.digest, "corpus": corpus_digest, "lengths": lengths, "precision": precision})
    lengths_kept = {name: len(splits[name].sites) for name in queried if name != _LEARNED}
    remembered = read_kept(cache, "words", key, "features.safetensors", lengths_kept)
    features = remembered or {}
    copy = independent_copy(teacher.model, precision)
    if remembered is None:
        if cache is not None and cache.find("words", key):
            cache.drop("words", key)
            yield DAMAGED
        for name in queried:
            if name != _LEARNED:
                features[name] = yield from _features(copy, splits[name], padding=padding, name=name)
        if cache is not None:
            with cache.writing("words", key, name=f"words of {teacher.name}") as new:
                save_file(features, new / "features.safetensors")
    decoder, width = teacher.model.get_output_embeddings(), teacher.model.config.hidden_size
    about, outputs = dict(splits), dict[str, TeacherOutputs | LiveTeacher]()
    for name in queried:
        part = splits[name]
        if name == _LEARNED:
            outputs[name] = LiveTeacher(
                model=copy, tokens=part.tokens, sites=part.sites, padding=padding, loss=loss, layers=tuple(layers)
            )
            continue
        assert part.sites.vocabulary is not None
        stored = features[name].to(part.tokens.ids.device)
        weight, bias = decoder.weight.detach(), None if decoder.bias is None else decoder.bias.detach()
        with torch.inference_mode():
            figures = figures_at(decoder, stored, part.sites, torch.arange(len(part.sites), device=stored.device))
        words = TeacherWords(features=stored, weight=weight, bias=bias)
        vocabulary = replace(part.sites.vocabulary, teacher=words)
        about[name] = replace(part, sites=replace(part.sites, vocabulary=vocabulary))
        outputs[name] = TeacherOutputs(logits=figures, width=width, tokens=part.tokens, sites=about[name].sites)
    return about, outputs


def _features(model: Model, part: EncodedSplit, *, padding: int, name: str) -> Generator[Event, None, Tensor]:
    n_sites, n_seen = len(part.sites), 0
    features: Tensor | None = None
    for chosen, states in logits_of(model, part.tokens, padding=padding, sites=part.sites, features=True):
        if features is None:
            features = torch.empty(n_sites, states.shape[1])
        features[chosen.cpu()] = states.float().cpu()
        n_seen += len(chosen)
        yield Stage(name=TEACHER_OUTPUTS, detail=f"{name} texts", fraction=n_seen / max(n_sites, 1))
    return torch.empty(0, 0) if features is None else features
