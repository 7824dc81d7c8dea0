"""A corpus for a task: the rows of its source, as the task reads them."""

from dataclasses import replace
from functools import lru_cache

from distil_core.data import beir, files
from distil_core.data.corpus import Corpus
from distil_core.data.sources import BUILT_IN, read_source, stamps_of
from distil_core.errors import CorpusError
from distil_core.settings.canonical import whole
from distil_core.settings.config import CorpusConfig, LookAlikes, RunConfig, Supervision
from distil_core.tasks.catalog import TASKS, task_named
from distil_core.tasks.shots import with_few_labels
from distil_core.tasks.zero_shot import with_label_sentences


def load_corpus(config: CorpusConfig, *, task: str = RunConfig().task) -> Corpus:
    """Read or generate a corpus and split it; the same config and contents give the same corpus.

    Args:
        config: Where the texts come from, and how they are read and split.
        task: What they are read for.

    Raises:
        CorpusError: If there is no such corpus, or it cannot be used; the message says what to do.
        ConfigError: If fewer labels than there are cannot be told.
        MissingExtraError: If the corpus needs the package ``datasets`` and it is not installed.
    """
    read_for = task_named(task)
    if config.source in BUILT_IN and config.source not in read_for.built_in:
        raise CorpusError(
            f"the built-in corpus of the task {read_for.name} must be {' or '.join(read_for.built_in)}, got "
            f"{config.source!r}; choose that, a file or a dataset"
        )
    if not read_for.free_labels and (config.missing_labels or config.look_alikes is not LookAlikes.KEEP):
        raise CorpusError(
            f"missing_labels and look_alikes must be left as they are for the task {read_for.name}, whose labels "
            "are no words of people"
        )
    zero_shot = config.supervision is Supervision.ZERO_SHOT
    read_for = read_for.without_labels() if zero_shot else read_for
    source = read_for.source(config)
    parts = [table for table in (source.train, source.validation, source.test) if table is not None]
    read = dict.fromkeys(note for table in parts for note in table.notes)
    corpus = read_for.corpus(source, config)
    corpus = replace(corpus, notes=(*read, *corpus.notes))
    if zero_shot:
        return with_label_sentences(corpus, config)
    if not config.shots:
        return corpus
    return with_few_labels(corpus, config.shots, task=read_for.for_corpus(corpus), seed=config.seed)


def recognized_task(source: str) -> str | None:
    """Return the task that the columns of a file, folder or data set leave no doubt about; None where they do.

    Raises:
        CorpusError: If there is something by that name, and it cannot be read.
        MissingExtraError: If it needs the package ``datasets`` and that is not installed.
    """
    able = [task.name for task in TASKS.values() if task.recognizes(_columns(source))]
    return able[0] if len(able) == 1 else None


def guess_task(source: str) -> str:
    """Return the task that is recognized, and the usual one where none is; see :func:`recognized_task`."""
    return recognized_task(source) or RunConfig().task


def _columns(source: str) -> tuple[str, ...]:
    """Return the names by which a task is recognized: of columns, or of the files of a search."""
    path = files.path_of(source)
    if source.startswith("hub:"):
        return read_source(CorpusConfig(source=source)).train.columns
    if path.is_file():
        return files.preview(path, rows=1, plain=True).columns if path.suffix.lower() in files.SUFFIXES else ()
    if source in BUILT_IN or not source or not path.is_dir():
        return ()
    if beir.is_collection(path):
        return tuple(each.name for each in path.iterdir())
    return read_source(CorpusConfig(source=source)).train.columns


def load_corpus_cached(config: CorpusConfig, *, task: str = RunConfig().task) -> Corpus:
    """Do what :func:`load_corpus` does, and remember the last corpora until their files change."""
    return _load_stamped(whole(config), task, stamps_of(config))


@lru_cache(maxsize=3)
def _load_stamped(config: CorpusConfig, task: str, stamps: tuple[tuple[int, int], ...]) -> Corpus:
    return load_corpus(config, task=task)
