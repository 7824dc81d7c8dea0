"""Named entities, and any tagging of words: a tag for each word of a text.

In: rows with words and tags, in any of the usual schemes. Out: a corpus whose texts are words with spaces between
them, one site a word at its first piece, and everything that follows: entities, what is measured of them, the
commonest tag of each word as the baseline.
"""

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from distil_core.data import tables
from distil_core.data.corpus import Corpus, Label, Place, Split
from distil_core.data.sources import Source, read_source
from distil_core.errors import CorpusError
from distil_core.evaluation.metrics import KL
from distil_core.models.head import TOKEN_CLASSIFICATION
from distil_core.settings.config import CorpusConfig, LayerMap, Recipe
from distil_core.settings.recipes import FineTuning
from distil_core.tasks.task import Baseline, Task
from distil_core.tasks.tokens import assembly, words
from distil_core.tasks.tokens.entities import AGREEMENT, ENTITY_F1, PRECISION, RECALL, TOKEN_ACCURACY
from distil_core.tasks.tokens.sentences import TAG_COLUMNS, WORD_COLUMNS
from distil_core.tasks.tokens.tags import label_names

__all__ = ["TokenClassification"]

_CHUNK = 2_000
_RATE_BY_WIDTH = 0.1152
_LIST_COLUMNS = tuple(column for column in TAG_COLUMNS if column != "label")


class TokenClassification(Task):
    """One tag for each word, predicted at its first piece."""

    name = "tokens"
    title = "Named entities (tags of words)"
    usage = """\
from transformers import pipeline

student = pipeline("token-classification", model="path/to/this/folder", aggregation_strategy="first")
print(student("Put a sentence here."))"""
    head = TOKEN_CLASSIFICATION
    # Lower layers still know each word as it stands, which a student that is cut out has no time to learn again.
    defaults = MappingProxyType({"corpus": {"n_train": 3500}, "student": {"layer_map": LayerMap.FIRST}})
    corpus_titles = MappingProxyType({"reviews": "Reviews: aspects and opinions"})
    quality = (ENTITY_F1, TOKEN_ACCURACY, PRECISION, RECALL)
    fidelity = (AGREEMENT, KL)
    file_format = "one row a sentence, its words and their tags as lists; or CoNLL columns, a word a line"
    text_columns = WORD_COLUMNS
    label_columns = TAG_COLUMNS
    place_title = "Word"
    baseline_name = "Commonest tag"
    baseline_description = "the tag that each word had most often, no transformer"

    def recognizes(self, columns: Sequence[str]) -> bool:
        """Tell whether there are columns of words and of tags."""
        return bool(tables.guess(columns, WORD_COLUMNS) and tables.guess(columns, _LIST_COLUMNS))

    def source(self, config: CorpusConfig) -> Source:
        """Return the rows of a corpus; the built-in one has reviews whose aspects and opinions the grammar knows."""
        if config.source != "reviews":
            return read_source(config)
        if config.test or config.label_names:
            name, value = ("test", config.test) if config.test else ("label_names", config.label_names)
            raise CorpusError(f"{name} must be empty for the built-in corpus {config.source!r}, got {value!r}")
        from distil_core.data.reviews import tokens

        splits = tokens.write_tagged(
            n_train=config.n_train, n_validation=config.n_test, n_test=config.n_test, seed=config.seed
        )
        train, validation, test = (
            tables.in_memory(
                "reviews",
                {"tokens": [review.words for review in split], "ner_tags": [review.tags for review in split]},
                declared={"ner_tags": label_names(tokens.TYPES)},
            )
            for split in splits
        )
        return Source(name="reviews", train=train, validation=validation, test=test)

    def corpus(self, source: Source, config: CorpusConfig) -> Corpus:
        """Turn the rows of a source into tagged texts in three splits; see :func:`assembly.assemble_tagged`."""
        return assembly.assemble_tagged(source, config)

    def classes_of(self, label: Label) -> frozenset[int]:
        """Return the tags of the words."""
        return frozenset(label)

    def stratum(self, label: Label) -> int:
        """Return whether there is an entity."""
        return assembly.has_entity(label)

    def encode(self, tokenizer: Any, split: Split, *, max_length: int) -> Any:
        """Return texts as tokens, and a site for each word that is read, at its first piece."""
        import torch

        from distil_core.data.sites import UNKNOWN, EncodedSplit, Sites
        from distil_core.data.tokenization import Ragged

        ids, offsets, positions, targets, firsts, n_truncated = [], [0], [], [], [0], 0
        for start in range(0, len(split), _CHUNK):
            texts = list(split.texts[start : start + _CHUNK])
            encoded = tokenizer(texts, max_length=max_length, truncation=True)
            labels = split.labels[start : start + _CHUNK]
            for text, label, item in zip(texts, labels, encoded.encodings, strict=True):
                ids += item.ids
                offsets.append(len(ids))
                n_truncated += bool(item.overflowing)
                for position, word in words.first_pieces(item, text, words.words_of(text)):
                    positions.append(position)
                    targets.append(UNKNOWN if label is None else label[word])
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
        """Return the words of a text that are read."""
        there = words.words_of(text)
        (item,) = tokenizer([text], max_length=max_length, truncation=True).encodings
        return tuple(there[word] for _, word in words.first_pieces(item, text, there))

    def fine_tuning(self, width: int, recipe: Recipe) -> FineTuning:
        """Return a rate that is higher for a narrow model: 3e-4 at a hidden size of 384, 1.5e-4 at 768.

        Most words are in no entity, so that few of a text's sites teach anything, and the usual few hundred small
        steps leave a teacher behind a student that learns from the labels. The quick recipe has a rate of its own.
        """
        usual = super().fine_tuning(width, recipe)
        return replace(usual, learning_rate=_RATE_BY_WIDTH / width) if recipe is Recipe.THOROUGH else usual

    def baseline(self, split: Split, *, encoded: Any, n_classes: int) -> Baseline:
        """Count the tags of each word."""
        from distil_core.tasks.tokens.commonest import CommonestTag

        return CommonestTag.fit(split, n_classes=n_classes)

    def baseline_logits(self, answers: Any, sites: Any) -> Any:
        """Return the answers to the words that are read: the first ones of each text."""
        import torch

        counts = sites.offsets.diff().tolist()
        return torch.cat([rows[:count] for rows, count in zip(answers, counts, strict=True)])
