"""Which training texts a student learns from, and whose labels it is told: all of them, unless somebody asks otherwise.

The teacher is not concerned: it answers every text, and one that must be fine-tuned first learns from all labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from distil_core.data.corpus import Corpus, Split
from distil_core.data.splits import stratified_indices
from distil_core.errors import ConfigError
from distil_core.settings.canonical import whole
from distil_core.settings.config import CorpusConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferSet:
    """Indices of the training texts that a student sees, and of those among them whose label it is told."""

    texts: tuple[int, ...]
    labeled: tuple[int, ...]


def transfer_set(corpus: Corpus, config: CorpusConfig, *, seed: int) -> TransferSet:
    """Choose the texts and labels that a student learns from.

    Args:
        corpus: All there is.
        config: The share of the labels that is told, at least one of each class, and the class that is left out.
        seed: Draws the labeled texts; each class keeps its share.

    Raises:
        ConfigError: If there is no such class, or too few would remain.
    """
    refuse_unknown(corpus, config)
    train = corpus.train
    every = range(len(train))
    labeled: Sequence[int] = every
    if config.labeled < 1.0:
        n_labeled = max(round(config.labeled * len(train)), len(set(train.labels)))
        labeled = stratified_indices(train, n_labeled, seed=seed)
    missing = corpus.label_names.index(config.left_out) if config.left_out else None
    return TransferSet(
        texts=tuple(i for i in every if train.labels[i] != missing),
        labeled=tuple(i for i in labeled if train.labels[i] != missing),
    )


def labeled_split(corpus: Corpus, config: CorpusConfig, *, seed: int) -> Split:
    """Return the training texts whose label is told; see :func:`transfer_set`."""
    if config == whole(config):
        return corpus.train
    told = transfer_set(corpus, config, seed=seed).labeled
    texts, labels = corpus.train.texts, corpus.train.labels
    return Split(texts=tuple(texts[i] for i in told), labels=tuple(labels[i] for i in told))


def refuse_unknown(corpus: Corpus, config: CorpusConfig) -> None:
    """Refuse to leave out a class that is not there, or one of two.

    Raises:
        ConfigError: With the classes to choose from.
    """
    names = corpus.label_names
    if config.left_out and config.left_out not in names:
        raise ConfigError(
            f"corpus.left_out must be a label of {corpus.name} ({', '.join(names)}), got {config.left_out!r}"
        )
    if config.left_out and len(names) < 3:
        raise ConfigError(
            f"corpus.left_out needs a corpus of three labels or more, got {len(names)} in {corpus.name}: with one "
            "of two left out there is nothing to tell apart"
        )
