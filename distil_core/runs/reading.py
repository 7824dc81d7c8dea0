"""What runs are asked for by of a corpus, and sentences of a file; what is large is read in a process of its own.

So a server stays small and quick. What came of it is remembered until the files change.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TypeAlias

from distil_core.data import files
from distil_core.data.corpus import Corpus
from distil_core.data.sources import read_sentences, stamps_of
from distil_core.data.tables import Sentences
from distil_core.errors import ConfigError, CorpusError, DistilError
from distil_core.runs.processes import apart
from distil_core.settings.canonical import whole
from distil_core.settings.config import CorpusConfig, RunConfig
from distil_core.tasks.catalog import configured_task
from distil_core.tasks.corpora import load_corpus_cached
from distil_core.tasks.task import Task

SMALL_BYTES = 2_000_000
"""So much is read where somebody asks for it: it takes as long as a process to start."""
_GENERATED = ("reviews", "review-likeness")
_REVIEW_BYTES = 200
_COUNTED_TEXTS = 1000
_MOST_REMEMBERED = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusOutline:
    """A corpus without its texts.

    ``n_words`` counts those of its first training texts, ``n_labeled`` the training texts whose label is known, and
    ``task`` is what it is for, as it is on this corpus.
    """

    name: str
    digest: str
    label_names: tuple[str, ...]
    label_sentences: tuple[str, ...]
    notes: tuple[str, ...]
    n_train: int
    n_labeled: int
    n_words: tuple[int, ...]
    task: Task


Reader: TypeAlias = Callable[[CorpusConfig, str], CorpusOutline]
"""Returns the outline of a corpus for the task of a name."""
_Key: TypeAlias = tuple[CorpusConfig, str, tuple[tuple[int, int], ...]]
_Known: TypeAlias = CorpusOutline | CorpusError | ConfigError
_remembered: dict[_Key, _Known] = {}
_one_at_a_time = Lock()


def outline_of(corpus: Corpus, task: Task) -> CorpusOutline:
    """Return the outline of a corpus that has been read for a task."""
    return CorpusOutline(
        name=corpus.name,
        digest=corpus.digest,
        label_names=corpus.label_names,
        label_sentences=corpus.label_sentences,
        notes=corpus.notes,
        n_train=len(corpus.train),
        n_labeled=len(corpus.train.labeled),
        n_words=tuple(len(text.split()) for text in corpus.train.texts[:_COUNTED_TEXTS]),
        task=task.for_corpus(corpus),
    )


def outline_here(config: CorpusConfig, task: str) -> CorpusOutline:
    """Read a corpus in this process, which goes on with it, and return its outline.

    Raises:
        DistilError: If it cannot be used.
    """
    read_for = configured_task(RunConfig(task=task, corpus=config))
    outline = outline_of(load_corpus_cached(config, task=task), read_for)
    _remember((whole(config), task, stamps_of(config)), outline)
    return outline


def outline(config: CorpusConfig, task: str) -> CorpusOutline:
    """Return the outline of a corpus; a large one is read by one process at a time, whoever asks.

    Raises:
        DistilError: If it cannot be used.
    """
    key = (whole(config), task, stamps_of(config))
    known = _remembered.get(key)
    if known is None and is_small(config):
        return outline_here(config, task)
    if known is None:
        with _one_at_a_time:
            known = _remembered.get(key)  # who was waited for has read it, too
            if known is None:
                known = _read_apart(config, task)
                _remember(key, known)
    if isinstance(known, DistilError):
        raise type(known)(str(known))
    return known


def task_of(config: RunConfig) -> Task:
    """Return the task of a run as it is on the corpus of the run; as it usually is where that cannot be read."""
    task = configured_task(config)
    if type(task).for_corpus is Task.for_corpus and type(task).for_labels is Task.for_labels:
        return task  # on all corpora
    try:
        return outline(config.corpus, config.task).task
    except DistilError:
        return task


def sentences_in(path: Path, *, text_column: str, label_column: str, most: int) -> Sentences:
    """Do what :func:`distil_core.data.sources.read_sentences` does, a large file in a process of its own.

    Raises:
        CorpusError: If the file cannot be read, has no texts, or too many.
    """
    if is_small(CorpusConfig(source=str(path))):
        return read_sentences(path, text_column=text_column, label_column=label_column, most=most)
    with _one_at_a_time:
        try:
            return apart(read_sentences, path, text_column=text_column, label_column=label_column, most=most)
        except ChildProcessError as exc:
            raise _ended(path.name) from exc


def is_small(config: CorpusConfig) -> bool:
    """Tell whether a corpus is certain to be small; what lies on the hub or is packed in Parquet is not."""
    places = (config.source, config.test, config.label_descriptions)
    if any(place.startswith("hub:") or files.path_of(place).suffix.lower() == ".parquet" for place in places):
        return False
    generated = _REVIEW_BYTES * (config.n_train + 2 * config.n_test) if config.source in _GENERATED else 0
    return generated + sum(n_bytes for n_bytes, _ in stamps_of(config)) <= SMALL_BYTES


def _read_apart(config: CorpusConfig, task: str) -> _Known:
    """Return the outline of a corpus, or what is wrong with its files, which is so until they change."""
    try:
        return apart(outline_here, config, task)
    except (CorpusError, ConfigError) as error:
        if config.source.startswith("hub:"):  # the network may come back
            raise
        return error
    except ChildProcessError as exc:
        raise _ended(files.path_of(config.source).name) from exc


def _ended(name: str) -> CorpusError:
    return CorpusError(
        f"{name} could not be read: the process that read it was ended, most likely for want of memory; close other "
        "programs, or take a part of it"
    )


def _remember(key: _Key, known: _Known) -> None:
    _remembered[key] = known
    while len(_remembered) > _MOST_REMEMBERED:
        _remembered.pop(next(iter(_remembered)), None)
