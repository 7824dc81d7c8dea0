"""A corpus for a task: the rows of its source, as the task reads them."""

from functools import lru_cache

from distil_core.data.corpus import Corpus
from distil_core.data.sources import read_source, stamps_of
from distil_core.settings.canonical import whole
from distil_core.settings.config import CorpusConfig, RunConfig
from distil_core.tasks.catalog import task_named


def load_corpus(config: CorpusConfig, *, task: str = RunConfig().task) -> Corpus:
    """Read or generate a corpus and split it; the same config and contents give the same corpus.

    Args:
        config: Where the texts come from, and how they are read and split.
        task: What they are read for.

    Raises:
        CorpusError: If there is no such corpus, or it cannot be used; the message says what to do.
        MissingExtraError: If the corpus needs the package ``datasets`` and it is not installed.
    """
    return task_named(task).corpus(read_source(config), config)


def load_corpus_cached(config: CorpusConfig, *, task: str = RunConfig().task) -> Corpus:
    """Do what :func:`load_corpus` does, and remember the last corpora until their files change."""
    return _load_stamped(whole(config), task, stamps_of(config))


@lru_cache(maxsize=3)
def _load_stamped(config: CorpusConfig, task: str, stamps: tuple[tuple[int, int], ...]) -> Corpus:
    return load_corpus(config, task=task)
