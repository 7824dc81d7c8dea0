"""Text pairs: one of several labels for each two texts, such as whether one says what the other does, or a number.

In: rows with two texts and a label, by the names that GLUE has for them too. Out: as for text classification, with the
two texts as segments of one; F1 and the Matthews correlation are measured beside the accuracy. Where the labels are
numbers on a scale, the number is predicted: regression, measured by correlations.
"""

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, ClassVar

from distil_core.data import sources
from distil_core.data.corpus import Corpus, Label, Split
from distil_core.data.sources import Source
from distil_core.data.tables import LABEL_COLUMNS
from distil_core.evaluation import metrics
from distil_core.evaluation.metrics import AGREEMENT, ECE, KL, LOYALTY, NLL, Metric
from distil_core.models.head import REGRESSION
from distil_core.settings.config import CorpusConfig, LayerMap, Recipe
from distil_core.settings.recipes import NARROW, FineTuning
from distil_core.tasks.classification import TextClassification, assembly
from distil_core.tasks.pairs import numbers, rows
from distil_core.tasks.pairs.correlations import PEARSON, SPEARMAN, TEACHER_CORRELATION
from distil_core.tasks.pairs.quality import F1, MATTHEWS
from distil_core.tasks.task import Baseline, Task

__all__ = ["TextPairs"]

ACCURACY = replace(
    metrics.ACCURACY,
    meaning="pairs answered right",
    definition="share of the test pairs answered right",
    sentence="answers {} of the test pairs right",
)


class TextPairs(TextClassification):
    """One of several labels for each two texts."""

    name = "pairs"
    free_labels = True
    title = "Text pairs"
    usage: ClassVar[str] = """\
from transformers import pipeline

student = pipeline("text-classification", model="path/to/this/folder", truncation=True)
print(student({"text": "Put a text here.", "text_pair": "Put another one here."}))"""
    built_in: ClassVar[tuple[str, ...]] = ("reviews", "review-likeness")
    # Attention from one text into the other is built up layer by layer, and a gap between layers breaks it. So does too
    # large a step: of MiniLM on STS benchmark, seed 1, a student came to 0.67 at the usual rate, to 0.77 at this one.
    defaults = MappingProxyType(
        {
            "corpus": {"n_train": 2700},
            "student": {"layer_map": LayerMap.FIRST},
            "training": {"learning_rate": 2e-4},
        }
    )
    corpus_titles = MappingProxyType(
        {"reviews": "Reviews, whether two mean the same", "review-likeness": "Reviews, how much alike two are"}
    )
    segments = ("First text", "Second text")
    file_format = "one row a pair, with two columns of texts and one of labels"
    text_columns: ClassVar[tuple[str, ...]] = ()
    label_columns: ClassVar[tuple[str, ...]] = (*LABEL_COLUMNS, *rows.SCORE_COLUMNS)
    quality: ClassVar[tuple[Metric, ...]] = (ACCURACY, F1, MATTHEWS, NLL, ECE)
    fidelity: ClassVar[tuple[Metric, ...]] = (AGREEMENT, KL, LOYALTY)
    zero_shot = False
    baseline_name = "TF-IDF"
    baseline_description = "words of both texts, how they overlap, and logistic regression; no transformer"

    def without_labels(self, label_sentences: Sequence[str] = ()) -> Task:
        """Refuse, as for any task that is not said to do without."""
        return Task.without_labels(self, label_sentences)

    def for_labels(self, label_names: Sequence[str]) -> Task:
        """Return the task of predicting a number where that is all there is."""
        return PairRegression() if tuple(label_names) == (numbers.SCORE,) else self

    def for_corpus(self, corpus: Corpus) -> Task:
        """Return the task of predicting a number where that is all there is, by what it is counted in."""
        task = self.for_labels(corpus.label_names)
        return self if task is self else task.for_corpus(corpus)

    def fine_tuning(self, width: int, recipe: Recipe) -> FineTuning:
        """Return a larger rate for a narrow teacher, which has to learn to hold two texts together."""
        usual = super().fine_tuning(width, recipe)
        return replace(usual, learning_rate=5e-4) if width <= NARROW else usual

    def recognizes(self, columns: Sequence[str]) -> bool:
        """Tell whether there are two columns of texts that go together, and one of labels."""
        return rows.text_pair(columns) is not None

    def segment_columns(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Return the two columns of texts."""
        return rows.text_pair(columns) or ("", "")

    def source(self, config: CorpusConfig) -> Source:
        """Return the rows of a corpus; the built-in ones have pairs of reviews."""
        if config.source not in self.built_in:
            return sources.read_source(config)
        from distil_core.data.reviews import pairs

        sources.refuse_ignored(config)
        written = pairs.scored_source if config.source == "review-likeness" else pairs.source
        return written(n_train=config.n_train, n_test=config.n_test, seed=config.seed)

    def corpus(self, source: Source, config: CorpusConfig) -> Corpus:
        """Turn the rows of a source into labeled pairs in three splits."""
        joined = rows.joined_source(source, config)
        columns = replace(config, text_column=rows.JOINED, label_column=joined.label)
        if numbers.measures(joined.source, config, joined.label):
            corpus = numbers.assemble_numbers(joined.source, columns)
            return replace(corpus, notes=(*joined.notes, *corpus.notes))
        corpus = assembly.assemble(joined.source, columns)
        notes = [*joined.notes, *corpus.notes]
        if len(corpus.label_names) == 2:
            notes.append(f"F1 is that of the label {corpus.label_names[1]!r}")
        return replace(corpus, notes=tuple(notes))

    def baseline(self, split: Split, *, encoded: Any, n_classes: int) -> Baseline:
        """Learn TF-IDF of both texts and of their overlap with logistic regression."""
        from distil_core.tasks.pairs.overlap import OverlapBaseline

        return OverlapBaseline.fit(split.texts, split.labels, n_classes=n_classes)

    def probe(self, corpus: Corpus, config: CorpusConfig) -> None:
        """Return no further texts."""
        return


class PairRegression(TextPairs):
    """A number for each two texts, in the units of the file."""

    head = REGRESSION
    quality: ClassVar[tuple[Metric, ...]] = (SPEARMAN, PEARSON)
    fidelity = (TEACHER_CORRELATION,)
    few_labels = False
    free_labels = False
    predicts_numbers = True
    usage = """\
from transformers import pipeline

student = pipeline("text-classification", model="path/to/this/folder", truncation=True, function_to_apply="none")
print(student({"text": "Put a text here.", "text_pair": "Put another one here."}))"""
    loss_parts = MappingProxyType({"soft_labels": "teacher's numbers", "hard_labels": "right numbers"})
    baseline_description = "words of both texts, how they overlap, and ridge regression; no transformer"

    def __init__(self, unit: float = 1.0) -> None:
        self.unit = unit

    def for_labels(self, label_names: Sequence[str]) -> Task:
        """Return the task itself: it is the same on all corpora but for the spread of their numbers."""
        return self

    def for_corpus(self, corpus: Corpus) -> Task:
        """Return the task that counts errors in the standard deviation of a corpus's numbers."""
        return PairRegression(numbers.spread([label for label in corpus.train.labels if label is not None]))

    def classes_of(self, label: Label) -> frozenset[int]:
        """Return none: there are no classes."""
        return frozenset()

    def stratum(self, label: Label) -> int:
        """Return the same for all pairs."""
        return numbers.stratum(label)

    def encode(self, tokenizer: Any, split: Split, *, max_length: int) -> Any:
        """Return pairs as tokens, and one site for each with its number."""
        import torch

        from distil_core.data.sites import EncodedSplit, Sites
        from distil_core.data.tokenization import encode

        labels = [float("nan") if label is None else float(label) for label in split.labels]
        return EncodedSplit(
            tokens=encode(tokenizer, split.texts, max_length=max_length),
            sites=Sites.of_texts(torch.tensor(labels, dtype=torch.float32)),
        )

    def soft_loss(self, logits: Any, teacher_logits: Any, *, temperature: float, normalizer: float | None) -> Any:
        """Return how far the numbers are from the teacher's; a number has no temperature."""
        from distil_core.functional.number_losses import squared_error

        return squared_error(logits, teacher_logits[:, 0], unit=self.unit, normalizer=normalizer)

    def hard_loss(self, logits: Any, targets: Any, *, weights: Any, normalizer: float | None) -> Any:
        """Return how far the numbers are from the right ones."""
        from distil_core.functional.number_losses import squared_error

        return squared_error(logits, targets, unit=self.unit, weights=weights, normalizer=normalizer)

    def baseline(self, split: Split, *, encoded: Any, n_classes: int) -> Baseline:
        """Learn TF-IDF of both texts and of their overlap with ridge regression."""
        from distil_core.tasks.pairs.overlap import RidgeBaseline

        return RidgeBaseline.fit(split.texts, split.labels)
