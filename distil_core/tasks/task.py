"""What differs between tasks; everything else is shared.

A model predicts distributions at sites: one a text, one a token. A task says how the rows of a source become labeled
texts, where in a text the sites are and which class is right there, which head predicts, what the labels ask of a
student, what is measured, and what the baseline is.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, runtime_checkable

from distil_core.data.corpus import Corpus, Label, Place, Split
from distil_core.data.sources import Source, read_source
from distil_core.data.tables import LABEL_COLUMNS, TEXT_COLUMNS
from distil_core.errors import ConfigError
from distil_core.evaluation.metrics import Metric
from distil_core.models.head import Head
from distil_core.settings.config import CorpusConfig, Method, Recipe
from distil_core.settings.recipes import FineTuning, usual_tuning


@runtime_checkable
class Baseline(Protocol):
    """What answers without a transformer."""

    @property
    def n_parameters(self) -> int:
        """Numbers that it has learned."""
        ...

    @property
    def bytes(self) -> int:
        """Its size, as it would be stored."""
        ...

    def predict(self, texts: Sequence[str]) -> Any:
        """Return what it answers to some texts: log-probabilities, a row a site, unless the task has them otherwise."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Further texts to try models on; their labels say which of ``groups`` is right, each of some classes."""

    split: Split
    groups: tuple[tuple[int, ...], ...]


class Task(ABC):
    """One kind of thing that encoders are used for; no torch is needed before something is computed."""

    name: ClassVar[str]
    """By which settings name it."""
    title: ClassVar[str]
    """What people call it."""
    head: ClassVar[Head]
    """The head that predicts."""
    quality: ClassVar[tuple[Metric, ...]]
    """What a model is measured by against what is right, the primary one first."""
    fidelity: ClassVar[tuple[Metric, ...]]
    """What a student is measured by against its teacher."""
    methods: ClassVar[tuple[Method, ...]] = (
        Method.DISTILLED,
        Method.HARD_LABELS,
        Method.LAYER_CUT,
        Method.BASELINE,
    )
    """What can be done to make a model; where nothing is labeled, there is no hard-label twin."""
    defaults: ClassVar[Mapping[str, Mapping[str, Any]]] = MappingProxyType({})
    """What to begin with where that is another than the default of a setting, by section and setting."""
    built_in: ClassVar[tuple[str, ...]] = ("reviews",)
    """Corpora that need neither a file nor a network, the one to begin with first."""
    corpus_titles: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """What people call built-in corpora that are another thing for this task than for text classification."""
    segments: ClassVar[tuple[str, ...]] = ("Text",)
    """What people call the parts of a text, such as a question and its context."""
    segments_apart: ClassVar[bool] = False
    """Whether models read each segment of a text by itself."""
    file_format: ClassVar[str] = "one row a text, with its label"
    """What the rows of a file are, in a few words."""
    text_columns: ClassVar[tuple[str, ...]] = TEXT_COLUMNS
    """Usual names of the column with the texts; none where people are not asked for it."""
    label_columns: ClassVar[tuple[str, ...]] = LABEL_COLUMNS
    """Usual names of the column with the labels; none where people are not asked for it."""
    points: ClassVar[bool] = False
    """Whether its models choose one of the tokens of a text, and not one of a few labels."""
    place_title: ClassVar[str] = "Place"
    """What people call a site, where a text has several."""
    baseline_name: ClassVar[str] = "Baseline"
    """What people call the baseline."""
    baseline_description: ClassVar[str] = "what answers without a transformer"
    """What the baseline is, in a few words."""
    few_labels: ClassVar[bool] = False
    """Whether training texts may be without a label; see :mod:`distil_core.tasks.shots`."""
    free_labels: ClassVar[bool] = False
    """Whether labels are words as people write them, some of which may look alike or stand for none."""
    zero_shot: ClassVar[bool] = False
    """Whether training texts may all be without a label; see :mod:`distil_core.tasks.zero_shot`."""
    baseline_reads: ClassVar[bool] = True
    """Whether the baseline looks at a text to answer it, which takes time that can be measured."""
    several_label_columns: ClassVar[bool] = False
    """Whether the labels of a text may stand in several columns."""
    unit: float = 1.0
    """What outputs of a head are counted in while it is fitted: how far numbers that are predicted are spread."""
    predicts_numbers: ClassVar[bool] = False
    """Whether its models predict a number and no distribution, so that there are no probabilities or temperature."""
    usage: ClassVar[str] = """\
from transformers import pipeline

student = pipeline("text-classification", model="path/to/this/folder", truncation=True)
print(student("Put a sentence here."))"""
    """How a student is asked for an answer in Python, from ``path/to/this/folder``."""
    library: ClassVar[str] = "transformers"
    """Which library that takes."""
    loss_parts: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"soft_labels": "teacher's soft labels", "hard_labels": "hard labels"}
    )
    """What people call the two parts of the loss that :meth:`soft_loss` and :meth:`hard_loss` return."""
    probe_description: ClassVar[str] = "further texts to try models on"
    """What the texts of :meth:`probe` are, in a few words."""

    def for_labels(self, label_names: Sequence[str]) -> "Task":
        """Return the task as it is on a corpus with these labels; by default it is the same on all."""
        return self

    def for_corpus(self, corpus: Corpus) -> "Task":
        """Return the task as it is on a corpus, such as by another primary metric; by default its labels decide."""
        return self.for_labels(corpus.label_names)

    def without_labels(self, label_sentences: Sequence[str] = ()) -> "Task":
        """Return the task as it is where nobody is told a label of a training text.

        Args:
            label_sentences: What each label means, where that is known already.

        Raises:
            ConfigError: If the task cannot do without.
        """
        raise ConfigError(
            f"corpus.supervision must be labels for the task {self.name}, got zero-shot; choose the task classification"
        )

    def class_names(self, label_names: Sequence[str], *, max_length: int = 0) -> tuple[str, ...]:
        """Return what the classes at a site are called, where a head has an output for each of these labels.

        By default the classes are the labels.

        Args:
            label_names: Of the corpus.
            max_length: Tokens that a model reads at once at most, for classes that are tokens.
        """
        return tuple(label_names)

    def fine_tuning(self, width: int, recipe: Recipe) -> FineTuning:
        """Return how a teacher is fine-tuned for it, where nobody chooses.

        Args:
            width: Size of its hidden states.
            recipe: Of the run.
        """
        return usual_tuning(recipe, width=width)

    @property
    def untaught(self) -> Method:
        """Which twin tells what the teacher did: that of hard labels, or where nothing is labeled, the layer cut."""
        return Method.HARD_LABELS if Method.HARD_LABELS in self.methods else Method.LAYER_CUT

    @property
    def primary(self) -> Metric:
        """The metric that decides which model is better."""
        return self.quality[0]

    @property
    def monitored(self) -> Metric:
        """What validation texts tell while a model learns: the primary metric, unless they have no labels."""
        return self.primary

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """All that models are measured by, in the order in which they are shown; records are read with these."""
        return (*self.quality, *self.fidelity)

    @property
    def scores(self) -> tuple[Metric, ...]:
        """What a model is worth beside its cost: the primary metric, the first of fidelity, and other quality.

        By default only the quality that points the same way as the primary metric.
        """
        alike = (metric for metric in self.quality if metric.greater_is_better is self.primary.greater_is_better)
        return tuple(dict.fromkeys((self.primary, *self.fidelity[:1], *alike)))

    @property
    def swept(self) -> tuple[Metric, ...]:
        """What a sweep of students can be looked at by; by default all metrics."""
        return self.metrics

    def metric(self, name: str) -> Metric:
        """Return a metric by the name that records have for it.

        Raises:
            ConfigError: If the task has none of that name.
        """
        for metric in self.metrics:
            if metric.name == name:
                return metric
        names = ", ".join(metric.name for metric in self.metrics)
        raise ConfigError(f"a metric of {self.name} must be one of {names}, got {name!r}")

    def usage_for(self, *, max_length: int, labels: Iterable[Label]) -> str:
        """Return how one student is asked; by default as :attr:`usage` has it for all.

        Args:
            max_length: Tokens of a text that it reads at once.
            labels: Of the texts that it was measured on.
        """
        return self.usage

    def recognizes(self, columns: Sequence[str]) -> bool:
        """Tell whether these columns, or files of a folder, can be meant for this task alone; by default never."""
        return False

    def segment_columns(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Return which columns hold the segments of a text by their names, empty ones where none has a usual name.

        By default there is none to be chosen.
        """
        return ()

    def source(self, config: CorpusConfig) -> Source:
        """Return the rows of a corpus; by default as :func:`distil_core.data.sources.read_source` does.

        Raises:
            CorpusError: If there is no such corpus, or it cannot be used.
            MissingExtraError: If the corpus needs the package ``datasets`` and it is not installed.
        """
        return read_source(config)

    @abstractmethod
    def corpus(self, source: Source, config: CorpusConfig) -> Corpus:
        """Turn the rows of a source into labeled texts in three splits.

        Raises:
            CorpusError: If the rows cannot be used for this task.
        """

    @abstractmethod
    def classes_of(self, label: Label) -> frozenset[int]:
        """Return all classes that are right somewhere in a text."""

    def stratum(self, label: Label) -> int:
        """Return what a text is drawn by, so that every part of a corpus has the share of each stratum."""
        return min(self.classes_of(label))

    @abstractmethod
    def encode(self, tokenizer: Any, split: Split, *, max_length: int) -> Any:
        """Return a split as an :class:`distil_core.data.sites.EncodedSplit`.

        A text's tokens are those that the tokenizer makes of it. One whose label is None has the same sites as with a
        label; their targets are :data:`distil_core.data.sites.UNKNOWN`.
        """

    @abstractmethod
    def places(self, tokenizer: Any, text: str, *, max_length: int) -> tuple[Place, ...]:
        """Return where in a text the sites are that :meth:`encode` gives it, in the same order."""

    def soft_loss(self, logits: Any, teacher_logits: Any, *, temperature: float, normalizer: float | None) -> Any:
        """Return what the teacher asks of a student: by default its softened distribution at each site, in nats.

        Args:
            logits: Of the student, ``[sites, classes]``.
            teacher_logits: Of the teacher.
            temperature: Softens what is compared.
            normalizer: Divisor of the sum over the batch.
        """
        from distil_core.functional.losses import soft_labels

        return soft_labels(logits, teacher_logits, temperature=temperature, normalizer=normalizer)

    def hard_loss(self, logits: Any, targets: Any, *, weights: Any, normalizer: float | None) -> Any:
        """Return what the labels ask of a student: by default the cross-entropy at each site, in nats.

        Args:
            logits: Of the student, ``[sites, classes]``.
            targets: The right class of each site; the teacher's vector where the head puts out vectors.
            weights: How much each site counts; 1 where it is None.
            normalizer: Divisor of the sum over the batch.
        """
        from distil_core.functional.losses import hard_labels

        return hard_labels(logits, targets, weights=weights, normalizer=normalizer)

    @abstractmethod
    def baseline(self, split: Split, *, encoded: Any, n_classes: int) -> Baseline:
        """Learn the baseline that every student must beat.

        Args:
            split: The training texts whose labels are told.
            encoded: All training texts, as :meth:`encode` has them, for a baseline that knows tokens instead of texts.
            n_classes: Labels of the corpus.
        """

    def baseline_logits(self, answers: Any, sites: Any) -> Any:
        """Return what the baseline answered to the texts of a split as logits, a row a site; by default they are that.

        Args:
            answers: What :meth:`Baseline.predict` returned.
            sites: Of the split, as :meth:`encode` has them.
        """
        return answers

    def baseline_quality(self, answers: Any, sites: Any) -> Any:
        """Return what the answers of the baseline are worth, where they are no logits: columns, a row an example.

        Args:
            answers: What :meth:`Baseline.predict` returned.
            sites: Of the split, as :meth:`encode` has them.
        """
        return None

    def probe(self, corpus: Corpus, config: CorpusConfig) -> Probe | None:
        """Return further texts to try models on; by default none."""
        return None
