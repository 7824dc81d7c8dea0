"""Text classification: one of several labels for each text.

In: rows with a text and a label. Out: a corpus, one site a text, and everything that follows from there being one
label a text: what the labels ask, what is measured, TF-IDF as the baseline.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from distil_core.data.corpus import Corpus, Label, Place, Split
from distil_core.data.sources import Source
from distil_core.evaluation import metrics
from distil_core.evaluation.metrics import ECE, KL, LOYALTY, MACRO_F1, NLL, Metric
from distil_core.models.head import SEQUENCE_CLASSIFICATION
from distil_core.settings.config import CorpusConfig, Method
from distil_core.tasks.classification import assembly, unlabeled
from distil_core.tasks.classification.everyday_list import EVERYDAY_SIDES, read_everyday
from distil_core.tasks.task import Baseline, Probe, Task

__all__ = ["TextClassification"]

ACCURACY = replace(
    metrics.ACCURACY,
    meaning="texts answered right",
    definition="share of the test texts answered right",
    sentence="answers {} of the test texts right",
)
AGREEMENT = replace(
    metrics.AGREEMENT,
    meaning="texts answered as the teacher does",
    definition="share of the test texts answered as the teacher does",
)


class TextClassification(Task):
    """One of several labels for each text."""

    name = "classification"
    free_labels = True
    title = "Text classification"
    head = SEQUENCE_CLASSIFICATION
    built_in: ClassVar[tuple[str, ...]] = ("reviews", "python-docs")
    few_labels = True
    zero_shot: ClassVar[bool] = True
    quality: ClassVar[tuple[Metric, ...]] = (ACCURACY, MACRO_F1, NLL, ECE)
    fidelity: ClassVar[tuple[Metric, ...]] = (AGREEMENT, KL, LOYALTY)
    baseline_name = "TF-IDF"
    baseline_description = "word counts and logistic regression, no transformer"
    probe_description = "everyday sentences written one by one: negative, mixed or positive"

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """All that models are measured by, in the order in which they are shown."""
        last = (AGREEMENT, KL, LOYALTY, ECE, NLL)
        return tuple(sorted(super().metrics, key=lambda metric: last.index(metric) if metric in last else -1))

    @property
    def swept(self) -> tuple[Metric, ...]:
        """What a sweep of students can be looked at by: what says nearly the same as another is left out."""
        others = (metric for metric in self.metrics if metric not in (MACRO_F1, NLL, LOYALTY))
        return tuple(dict.fromkeys((self.primary, *others)))

    def without_labels(self, label_sentences: Sequence[str] = ()) -> Task:
        """Return text classification without labels."""
        return ZeroShotClassification(label_sentences)

    def corpus(self, source: Source, config: CorpusConfig) -> Corpus:
        """Turn the rows of a source into labeled texts in three splits; see :func:`assembly.assemble`."""
        return assembly.assemble(source, config)

    def classes_of(self, label: Label) -> frozenset[int]:
        """Return the one class that is right."""
        return frozenset((label,))

    def encode(self, tokenizer: Any, split: Split, *, max_length: int) -> Any:
        """Return texts as tokens, and one site for each text as a whole."""
        import torch

        from distil_core.data.sites import UNKNOWN, EncodedSplit, Sites
        from distil_core.data.tokenization import encode

        labels = [UNKNOWN if label is None else label for label in split.labels]
        return EncodedSplit(
            tokens=encode(tokenizer, split.texts, max_length=max_length),
            sites=Sites.of_texts(torch.tensor(labels, dtype=torch.int64)),
        )

    def places(self, tokenizer: Any, text: str, *, max_length: int) -> tuple[Place, ...]:
        """Return the text as a whole, however much of it is read."""
        return (Place.whole(text),)

    def baseline(self, split: Split, *, encoded: Any, n_classes: int) -> Baseline:
        """Learn TF-IDF with logistic regression."""
        from distil_core.tasks.classification.tfidf import TfidfBaseline

        return TfidfBaseline.fit(split.texts, split.labels, n_classes=n_classes)

    def probe(self, corpus: Corpus, config: CorpusConfig) -> Probe | None:
        """Return everyday sentences that no grammar wrote, for the corpus whose texts a grammar wrote."""
        if config.source != "reviews":
            return None
        rows, names = read_everyday(), corpus.label_names
        sides = tuple(EVERYDAY_SIDES)
        return Probe(
            split=Split(texts=tuple(rows), labels=tuple(sides.index(side) for side in rows.values())),
            groups=tuple(tuple(names.index(name) for name in EVERYDAY_SIDES[side]) for side in sides),
        )


class ZeroShotClassification(TextClassification):
    """Text classification where only what the labels mean is known: the teacher's answers are all that is learned."""

    methods = (Method.DISTILLED, Method.LAYER_CUT, Method.BASELINE)
    baseline_description = "word counts likened to the label descriptions and self-training, no transformer"

    def __init__(self, label_sentences: Sequence[str] = ()) -> None:
        self._label_sentences = tuple(label_sentences)

    def for_corpus(self, corpus: Corpus) -> Task:
        """Return the task as it is on a corpus: by what its labels mean."""
        return ZeroShotClassification(corpus.label_sentences)

    @property
    def monitored(self) -> Metric:
        """Validation texts have no labels, but the teacher's answers."""
        return AGREEMENT

    def corpus(self, source: Source, config: CorpusConfig) -> Corpus:
        """Turn the rows of a source into texts in three splits, those for training with labels or without."""
        return unlabeled.assemble_unlabeled(source, config)

    def baseline(self, split: Split, *, encoded: Any, n_classes: int) -> Baseline:
        """Learn TF-IDF with logistic regression from the texts that are likest to a description."""
        from distil_core.tasks.classification.likeness import tfidf_baseline

        return tfidf_baseline(split.texts, self._label_sentences)
