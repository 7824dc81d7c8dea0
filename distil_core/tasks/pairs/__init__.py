"""Text pairs: one of several labels for each two texts, such as whether one says what the other does.

In: rows with two texts and a label, by the names that GLUE has for them too. Out: as for text classification, with the
two texts as segments of one; F1 and the Matthews correlation are measured beside the accuracy.
"""

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import ClassVar

from distil_core.data import sources
from distil_core.data.corpus import Corpus, Split
from distil_core.data.sources import Source
from distil_core.evaluation import metrics
from distil_core.evaluation.metrics import AGREEMENT, ECE, KL, LOYALTY, NLL, Metric
from distil_core.settings.config import CorpusConfig, Recipe
from distil_core.tasks.classification import TextClassification, assembly
from distil_core.tasks.pairs import rows
from distil_core.tasks.pairs.quality import F1, MATTHEWS
from distil_core.tasks.task import Baseline

__all__ = ["TextPairs"]

_NARROW = 128
ACCURACY = replace(
    metrics.ACCURACY,
    meaning="pairs answered right",
    definition="share of the test pairs answered right",
    sentence="answers {} of the test pairs right",
)


class TextPairs(TextClassification):
    """One of several labels for each two texts."""

    name = "pairs"
    title = "Text pairs"
    built_in: ClassVar[tuple[str, ...]] = ("reviews",)
    defaults = MappingProxyType({"corpus": {"n_train": 3000}})
    corpus_titles = MappingProxyType({"reviews": "Reviews, whether two mean the same"})
    segments = ("First text", "Second text")
    file_format = "one row a pair, with two columns of texts and one of labels"
    text_columns: ClassVar[tuple[str, ...]] = ()
    quality: ClassVar[tuple[Metric, ...]] = (ACCURACY, F1, MATTHEWS, NLL, ECE)
    fidelity = (AGREEMENT, KL, LOYALTY)
    baseline_name = "TF-IDF"
    baseline_description = "words of both texts, how they overlap, and logistic regression; no transformer"

    def teacher_rate(self, width: int, recipe: Recipe) -> float:
        """Return a larger rate for a narrow teacher, which has to learn to hold two texts together."""
        return 5e-4 if width <= _NARROW else super().teacher_rate(width, recipe)

    def recognizes(self, columns: Sequence[str]) -> bool:
        """Tell whether there are two columns of texts that go together, and one of labels."""
        return rows.text_pair(columns) is not None

    def source(self, config: CorpusConfig) -> Source:
        """Return the rows of a corpus; the built-in one has pairs of reviews."""
        if config.source != "reviews":
            return sources.read_source(config)
        from distil_core.data.reviews import pairs

        sources.refuse_ignored(config)
        return pairs.source(n_train=config.n_train, n_test=config.n_test, seed=config.seed)

    def corpus(self, source: Source, config: CorpusConfig) -> Corpus:
        """Turn the rows of a source into labeled pairs in three splits."""
        joined = rows.joined_source(source, config)
        corpus = assembly.assemble(joined.source, replace(config, text_column=rows.JOINED, label_column=joined.label))
        notes = [*joined.notes, *corpus.notes]
        if len(corpus.label_names) == 2:
            notes.append(f"F1 is that of the label {corpus.label_names[1]!r}")
        return replace(corpus, notes=tuple(notes))

    def baseline(self, split: Split, *, n_classes: int) -> Baseline:
        """Learn TF-IDF of both texts and of their overlap with logistic regression."""
        from distil_core.tasks.pairs.overlap import OverlapBaseline

        return OverlapBaseline.fit(split.texts, split.labels, n_classes=n_classes)

    def probe(self, corpus: Corpus, config: CorpusConfig) -> None:
        """Return no further texts."""
        return
