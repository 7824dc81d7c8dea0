"""The seam for tasks: one of another shape, a distribution a word, goes all the way without a line of the core changed.

Its texts are words; right is for each word whether it is one of cold, mild or hot weather, or none of them.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from distil_core.analysis import comparison
from distil_core.data.corpus import Corpus, Label, Place, Split
from distil_core.data.sites import UNKNOWN, EncodedSplit, Sites
from distil_core.data.sources import Source
from distil_core.data.splits import finish, hold_out
from distil_core.data.tables import Table
from distil_core.data.tokenization import Ragged
from distil_core.errors import ConfigError
from distil_core.evaluation.metrics import ACCURACY, AGREEMENT, KL, NLL
from distil_core.models.head import TOKEN_CLASSIFICATION
from distil_core.models.loading import load_model, load_tokenizer
from distil_core.runs import foreground
from distil_core.runs.families import family
from distil_core.runs.store import RunStore
from distil_core.settings.config import (
    CorpusConfig,
    LossConfig,
    Method,
    Precision,
    RunConfig,
    StudentConfig,
    TeacherConfig,
    TrainingConfig,
)
from distil_core.tasks import catalog
from distil_core.tasks.catalog import task_named
from distil_core.tasks.task import Baseline, Task
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
            sites=Sites(targets=torch.tensor(targets), offsets=torch.tensor(firsts), positions=torch.tensor(positions)),
        )

    def places(self, tokenizer: Any, text: str, *, max_length: int) -> tuple[Place, ...]:
        encoded = tokenizer([text.split()], is_split_into_words=True, max_length=max_length, truncation=True)
        words = list(re.finditer(r"\S+", text))
        read = sorted({word for word in encoded.encodings[0].word_ids if word is not None})
        return tuple(Place(text=words[i][0], start=words[i].start(), end=words[i].end()) for i in read)

    def baseline(self, split: Split, *, n_classes: int) -> Baseline:
        return CommonestTag(split, n_classes)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunConfig:
    """Tagged texts and an encoder that has no head for them."""
    monkeypatch.setitem(catalog.TASKS, "tagging", Tagging())
    with (tmp_path / "tagged.jsonl").open("w", encoding="utf-8") as file:
        for text in tiny.split(240, seed=5).texts:
            row = {"words": text, "tags": " ".join(TAGS[tag_of(word)] for word in text.split())}
            file.write(json.dumps(row) + "\n")
    folder = tmp_path / "encoder"
    tiny.model(depth=2).base_model.save_pretrained(folder)
    tiny.tokenizer().save_pretrained(folder)
    return RunConfig(
        task="tagging",
        corpus=CorpusConfig(source=str(tmp_path / "tagged.jsonl")),
        teacher=TeacherConfig(source=str(folder), max_length=40, epochs=16, learning_rate=3e-3),
        student=StudentConfig(depth=1),
        training=TrainingConfig(epochs=4, batch_size=8, learning_rate=3e-3, precision=Precision.FP32),
    )


def test_another_task_goes_from_its_file_to_a_comparison(config: RunConfig, tmp_path: Path, quick: None) -> None:
    store = RunStore(tmp_path / "store")
    result = foreground.run_all(config, store)
    record = result.record
    assert record.corpus.label_names == TAGS
    assert record.teacher is not None

    # The student is a model of the head of the task, and answers where its sites are.
    student = load_model(result.folder.student)
    assert type(student).__name__ == "BertForTokenClassification"
    assert load_tokenizer(result.folder.student)
    rows = [json.loads(line) for line in result.folder.test_texts.read_text(encoding="utf-8").splitlines()]
    n_words = sum(len(row["text"].split()) for row in rows)
    assert sum(len(row["label"]) for row in rows) == n_words

    # All that was measured is over words, and is what the stored predictions say.
    run = store.get(result.run)
    members = family(run, store)
    assert members is not None
    assert [twin.record.config.method for twin in members.twins] == [
        Method.HARD_LABELS,
        Method.LAYER_CUT,
        Method.BASELINE,
    ]
    split = result.folder.read_predictions().test
    assert len(split.logits) == n_words
    assert split.n_examples == len(rows)
    assert np.bincount(split.examples).tolist() == [len(row["label"]) for row in rows]
    assert record.model.metrics["accuracy"].value == pytest.approx(ACCURACY.of(split))
    assert record.model.metrics["agreement"].value == pytest.approx(AGREEMENT.of(split))
    assert record.teacher.metrics["accuracy"].value == pytest.approx(ACCURACY.of(split.teacher))
    assert record.teacher.metrics["accuracy"].value > record.corpus.majority

    # And it is compared as every other.
    names = [model.name for model in comparison.models(members)]
    assert len(names) == 5
    gap = comparison.twin_difference(members)
    assert gap is not None
    assert gap.low <= gap.value <= gap.high
    assert comparison.headline(record).score_kept == pytest.approx(
        record.model.metrics["accuracy"].value / record.teacher.metrics["accuracy"].value
    )


def test_every_site_is_asked_for_its_own_target(config: RunConfig) -> None:
    task = task_named("tagging")
    split = Split(texts=("we saw snow", "sun"), labels=((0, 0, 1), (3,)))
    encoded = task.encode(tiny.tokenizer(), split, max_length=40)
    assert encoded.sites.targets.tolist() == [0, 0, 1, 3]
    assert encoded.sites.examples.tolist() == [0, 0, 0, 1]
    chosen, rows = encoded.sites.within(torch.tensor([1, 0]))
    assert chosen.tolist() == [3, 0, 1, 2]
    assert rows.tolist() == [0, 1, 1, 1]
    assert UNKNOWN < 0


def test_soft_and_hard_labels_are_both_learned(config: RunConfig, tmp_path: Path, quick: None) -> None:
    store = RunStore(tmp_path / "store")
    for alpha in (0.0, 1.0):
        trained = replace(config, loss=LossConfig(alpha=alpha), training=replace(config.training, epochs=6))
        result = foreground.run_all(trained, store, twins=False)
        assert result.record.model.metrics["accuracy"].value > result.record.corpus.majority


def test_an_unknown_task_is_refused_with_the_choices() -> None:
    with pytest.raises(ConfigError, match="task must be one of classification, got 'tagings'"):
        task_named("tagings")
