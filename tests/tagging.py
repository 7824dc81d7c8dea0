"""A task of another shape: each word of a text is tagged as one of cold, mild or hot weather, or as none of them."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from distil_core.data.corpus import Corpus, Label, Place, Split
from distil_core.data.sites import UNKNOWN, EncodedSplit, Sites
from distil_core.data.sources import Source
from distil_core.data.splits import finish, hold_out
from distil_core.data.tables import Table
from distil_core.data.tokenization import Ragged
from distil_core.evaluation.metrics import ACCURACY, AGREEMENT, KL, NLL
from distil_core.models.head import TOKEN_CLASSIFICATION
from distil_core.models.loading import load_model
from distil_core.runs import foreground
from distil_core.runs.foreground import Distillation
from distil_core.runs.store import RunStore
from distil_core.settings.config import (
    CorpusConfig,
    Precision,
    RunConfig,
    StudentConfig,
    TeacherConfig,
    TrainingConfig,
)
from distil_core.tasks.task import Baseline, Task
from distil_core.training.cache import Cache
from tests import tiny

TAGS = ("none", *tiny.LABELS)


def tag_of(word: str) -> int:
    """The right tag of a word."""
    return next((i for i, label in enumerate(TAGS) if word in tiny._SAID.get(label, ())), 0)


class CommonestTag:
    """Says of each word what it was most often; what it has not seen is none."""

    def __init__(self, split: Split, n_classes: int) -> None:
        self._n_classes = n_classes
        self._tags = {word: tag for text, tags in zip(split.texts, split.labels, strict=True)
                      for word, tag in zip(text.split(), tags, strict=True)}  # fmt: skip
        self.n_parameters = len(self._tags)
        self.bytes = 8 * len(self._tags)

    def predict(self, texts: Sequence[str]) -> Tensor:
        tags = torch.tensor([self._tags.get(word, 0) for text in texts for word in text.split()])
        return torch.nn.functional.one_hot(tags, self._n_classes).float().clamp(min=1e-3).log()


class Tagging(Task):
    """One distribution for each word, at its first piece."""

    name = "tagging"
    title = "Tagging of words"
    head = TOKEN_CLASSIFICATION
    quality = (ACCURACY, NLL)
    fidelity = (AGREEMENT, KL)

    def corpus(self, source: Source, config: CorpusConfig) -> Corpus:
        whole = self._split(source.train)
        rest, test = hold_out(whole, stratum=self.stratum, seed=config.seed)
        train, validation = hold_out(rest, stratum=self.stratum, seed=config.seed + 1)
        return finish(source.name, TAGS, train, validation, test, config, stratum=self.stratum)

    @staticmethod
    def _split(table: Table) -> Split:
        labels = tuple(tuple(TAGS.index(str(tag)) for tag in str(tags).split()) for tags in table.values("tags"))
        return Split(texts=tuple(map(str, table.values("words"))), labels=labels)

    def classes_of(self, label: Label) -> frozenset[int]:
        return frozenset(label)

    def stratum(self, label: Label) -> int:
        return max(self.classes_of(label))

    def encode(self, tokenizer: Any, split: Split, *, max_length: int) -> EncodedSplit:
        encoded = tokenizer(
            [text.split() for text in split.texts], is_split_into_words=True, max_length=max_length, truncation=True
        )
        ids, offsets, positions, targets, firsts, n_truncated = [], [0], [], [], [0], 0
        for item, tags in zip(encoded.encodings, split.labels, strict=True):
            ids += item.ids
            offsets.append(len(ids))
            n_truncated += bool(item.overflowing)
            seen: set[int] = set()
            for place, word in enumerate(item.word_ids):
                if word is not None and word not in seen:
                    seen.add(word)
                    positions.append(place)
                    targets.append(UNKNOWN if tags is None else tags[word])
            firsts.append(len(targets))
        return EncodedSplit(
            tokens=Ragged(
                ids=torch.tensor(ids, dtype=torch.int32), offsets=torch.tensor(offsets), n_truncated=n_truncated
            ),
            sites=Sites(
                targets=torch.tensor(targets, dtype=torch.int64),
                offsets=torch.tensor(firsts),
                positions=torch.tensor(positions, dtype=torch.int64),
            ),
        )

    def places(self, tokenizer: Any, text: str, *, max_length: int) -> tuple[Place, ...]:
        encoded = tokenizer([text.split()], is_split_into_words=True, max_length=max_length, truncation=True)
        words = list(re.finditer(r"\S+", text))
        read = sorted({word for word in encoded.encodings[0].word_ids if word is not None})
        return tuple(Place(text=words[i][0], start=words[i].start(), end=words[i].end()) for i in read)

    def baseline(self, split: Split, *, encoded: Any, n_classes: int) -> Baseline:
        return CommonestTag(split, n_classes)


def a_config(folder: Path) -> RunConfig:
    """Write tagged texts and an encoder that has no head for them, and return a run on them that takes seconds."""
    with (folder / "tagged.jsonl").open("w", encoding="utf-8") as file:
        for text in tiny.split(240, seed=5).texts:
            row = {"words": text, "tags": " ".join(TAGS[tag_of(word)] for word in text.split())}
            file.write(json.dumps(row) + "\n")
    encoder = folder / "encoder"
    tiny.model(depth=2).base_model.save_pretrained(encoder)
    tiny.tokenizer().save_pretrained(encoder)
    return RunConfig(
        task="tagging",
        corpus=CorpusConfig(source=str(folder / "tagged.jsonl")),
        teacher=TeacherConfig(source=str(encoder), max_length=40, epochs=16, learning_rate=3e-3),
        student=StudentConfig(depth=1),
        training=TrainingConfig(epochs=4, batch_size=8, learning_rate=3e-3, precision=Precision.FP32),
    )


@dataclass(frozen=True)
class Tagged:
    """A finished run that tags words, and what its models answer by a way of their own."""

    home: Path
    distillation: Distillation

    @property
    def student(self) -> Any:
        return load_model(self.distillation.folder.student)

    @property
    def teacher(self) -> Any:
        folder = Cache(self.home / "cache").find("teachers", self.distillation.record.teacher_digest)
        assert folder is not None
        return load_model(folder)


def distil(folder: Path) -> Tagged:
    """Compute a run with all its twins in a store."""
    store = RunStore(folder / "store")
    return Tagged(home=folder / "store", distillation=foreground.run_all(a_config(folder), store))


def logits_of_words(model: Any, text: str) -> Tensor:
    """What a model answers to each word of a text whose words are one token each."""
    encoded = tiny.tokenizer()(text, return_tensors="pt")
    assert encoded["input_ids"].shape[1] == len(text.split()) + 2
    with torch.inference_mode():
        logits: Tensor = model(input_ids=encoded["input_ids"]).logits[0, 1:-1]
    return logits
