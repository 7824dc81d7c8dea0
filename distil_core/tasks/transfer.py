"""Which training texts a student learns from, and whose labels it is told: all of them, unless somebody asks otherwise.

The teacher is not concerned: it answers every text, and one that must be fine-tuned first learns from all labels that
the corpus has (:mod:`distil_core.tasks.shots` leaves it few).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from distil_core.data.corpus import Corpus, Split
from distil_core.data.splits import stratified_indices, subset
from distil_core.errors import ConfigError
from distil_core.settings.canonical import whole
from distil_core.settings.config import CorpusConfig
from distil_core.tasks.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferSet:
    """Indices of the training texts that a student sees, and of those among them whose label it is told."""

    texts: tuple[int, ...]
    labeled: tuple[int, ...]


def transfer_set(corpus: Corpus, config: CorpusConfig, *, task: Task, seed: int) -> TransferSet:
    """Choose the texts and labels that a student learns from.

    Args:
        corpus: All there is.
        config: The share of the labels that is told, at least one of each class, and the class that is left out.
        task: Tells which classes a text has.
        seed: Draws the labeled texts; each class keeps its share.

    Raises:
        ConfigError: If there is no such class, or too few would remain.
    """
    refuse_unknown(corpus.label_names, config, name=corpus.name)
    train = corpus.train
    labeled: Sequence[int] = train.labeled
    if config.labeled < 1.0:
        n_labeled = max(round(config.labeled * len(train)), len({task.stratum(label) for label in train.labels}))
        labeled = stratified_indices(train, n_labeled, stratum=task.stratum, seed=seed)
    missing = corpus.label_names.index(config.left_out) if config.left_out else None
    seen = [label is None or missing not in task.classes_of(label) for label in train.labels]
    return TransferSet(
        texts=tuple(i for i in range(len(train)) if seen[i]),
        labeled=tuple(i for i in labeled if seen[i]),
    )


def labeled_split(corpus: Corpus, config: CorpusConfig, *, task: Task, seed: int) -> Split:
    """Return the training texts whose label is told; see :func:`transfer_set`."""
    if config == whole(config):
        labeled = corpus.train.labeled
        return corpus.train if len(labeled) == len(corpus.train) else subset(corpus.train, labeled)
    return subset(corpus.train, transfer_set(corpus, config, task=task, seed=seed).labeled)


def refuse_unknown(names: Sequence[str], config: CorpusConfig, *, name: str) -> None:
    """Refuse to leave out a class that is not there, or one of two.

    Args:
        names: The classes of the corpus.
        config: Names the class that is left out.
        name: What the corpus is called.

    Raises:
        ConfigError: With the classes to choose from.
    """
    if config.left_out and config.left_out not in names:
        raise ConfigError(f"corpus.left_out must be a label of {name} ({', '.join(names)}), got {config.left_out!r}")
    if config.left_out and len(names) < 3:
        raise ConfigError(
            f"corpus.left_out needs a corpus of three labels or more, got {len(names)} in {name}: with one "
            "of two left out there is nothing to tell apart"
        )
