"""Multi-label classification: any number of labels for each text.

In: rows with a text and its labels, in a column each, as lists, or with separators. Out: a corpus, and a site for each
label of each text where a model answers no or yes: the softmax of the logits ``[0, z]`` is the sigmoid of what the head
puts out, so that losses, temperature and fidelity are those of all tasks, and the cross-entropy is the binary one.
"""

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from distil_core.data.corpus import Corpus, Label, Place, Split
from distil_core.data.sources import Source, refuse_ignored
from distil_core.data.tables import guess, in_memory
from distil_core.models.head import MULTI_LABEL_CLASSIFICATION
from distil_core.settings.config import CorpusConfig, Recipe
from distil_core.settings.recipes import NARROW, FineTuning
from distil_core.tasks.multi_label import assembly, metrics
from distil_core.tasks.multi_label.columns import FOR_SEVERAL, LABEL_COLUMNS
from distil_core.tasks.task import Baseline, Task

__all__ = ["MultiLabelClassification"]


class MultiLabelClassification(Task):
    """Any number of labels for each text."""

    name = "multi-label"
    free_labels = True
    title = "Several labels a text"
    usage = """\
from transformers import pipeline

student = pipeline("text-classification", model="path/to/this/folder", truncation=True, top_k=None)
print(student(["Put a sentence here."]))  # the labels above 0.5 are predicted"""
    head = MULTI_LABEL_CLASSIFICATION
    quality = metrics.QUALITY
    fidelity = metrics.FIDELITY
    defaults = MappingProxyType({"corpus": {"n_train": 3500}})
    corpus_titles = MappingProxyType({"reviews": "Reviews, what they praise and what they blame"})
    file_format = (
        'one row a text, with a column of 0 and 1 for each label, a list such as ["a", "b"], or labels with |, ; or , '
        "between"
    )
    label_columns = LABEL_COLUMNS
    several_label_columns = True
    few_labels = True
    place_title = "Label"
    baseline_name = "TF-IDF"
    baseline_description = "word counts and a logistic regression for each label, no transformer"

    def __init__(self, label_names: Sequence[str] = ()) -> None:
        self._label_names = tuple(label_names)

    def for_labels(self, label_names: Sequence[str]) -> "MultiLabelClassification":
        """Return the task with a site for each of these labels in every text."""
        return MultiLabelClassification(label_names)

    def class_names(self, label_names: Sequence[str], *, max_length: int = 0) -> tuple[str, ...]:
        """Return what is answered to each label."""
        return ("no", "yes")

    def fine_tuning(self, width: int, recipe: Recipe) -> FineTuning:
        """Return a larger rate for a narrow teacher, which has to learn more where a text has no single answer."""
        usual = super().fine_tuning(width, recipe)
        return replace(usual, learning_rate=1e-3) if width <= NARROW else usual

    def recognizes(self, names: Sequence[str]) -> bool:
        """Tell whether there is a text and a column that is usual for several labels and not for one."""
        return bool(guess(names, self.text_columns) and guess(names, FOR_SEVERAL))

    def source(self, config: CorpusConfig) -> Source:
        """Return the rows of a corpus; those of reviews say what is praised and what is blamed."""
        if config.source != "reviews":
            return super().source(config)
        refuse_ignored(config)
        from distil_core.data.reviews import multi_label

        train, validation, test = (
            in_memory(
                "reviews",
                {
                    "text": split.texts,
                    "labels": [[multi_label.LABEL_NAMES[i] for i in self.classes_of(label)] for label in split.labels],
                },
                declared={},
            )
            for split in multi_label.praise_and_blame(
                n_train=config.n_train, n_validation=config.n_test, n_test=config.n_test, seed=config.seed
            )
        )
        return Source(
            name="reviews", train=train, validation=validation, test=test, label_names=multi_label.LABEL_NAMES
        )

    def corpus(self, source: Source, config: CorpusConfig) -> Corpus:
        """Turn the rows of a source into labeled texts in three splits; see :func:`assembly.assemble_sets`."""
        return assembly.assemble_sets(source, config)

    def classes_of(self, label: Label) -> frozenset[int]:
        """Return all labels that a text has."""
        return frozenset(i for i, has in enumerate(label) if has)

    def stratum(self, label: Label) -> int:
        """Return the first label of a text, or the number of labels where it has none."""
        return min(self.classes_of(label), default=len(label))

    def encode(self, tokenizer: Any, split: Split, *, max_length: int) -> Any:
        """Return texts as tokens, and a site for each label of each text."""
        import torch

        from distil_core.data.sites import UNKNOWN, EncodedSplit, Sites
        from distil_core.data.tokenization import encode

        unknown = (UNKNOWN,) * len(self._label_names)
        targets = [unknown if label is None else label for label in split.labels]
        n_labels = len(targets[0]) if targets else len(unknown)
        return EncodedSplit(
            tokens=encode(tokenizer, split.texts, max_length=max_length),
            sites=Sites.of_outputs(torch.tensor(targets, dtype=torch.int64).view(len(targets), n_labels)),
        )

    def places(self, tokenizer: Any, text: str, *, max_length: int) -> tuple[Place, ...]:
        """Return the text as a whole for each label, by whose name it is known."""
        return tuple(Place(text=name, start=0, end=len(text)) for name in self._label_names)

    def baseline(self, split: Split, *, encoded: Any, n_classes: int) -> Baseline:
        """Learn TF-IDF with a logistic regression for each label."""
        from distil_core.tasks.multi_label.tfidf import BinaryRelevance

        return BinaryRelevance.fit(split.texts, split.labels)
