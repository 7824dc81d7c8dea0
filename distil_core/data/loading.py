"""Find a corpus by its source and read it: built in, from a file, or from the Hugging Face hub."""

from functools import lru_cache
from pathlib import Path

from distil_core.data import files, splits, tables
from distil_core.data.corpus import Corpus
from distil_core.data.tables import Sentences
from distil_core.errors import CorpusError
from distil_core.settings.canonical import whole
from distil_core.settings.config import CorpusConfig

BUILT_IN = ("reviews", "python-docs")
"""Corpora that need neither a file nor a network."""


def load_corpus(config: CorpusConfig) -> Corpus:
    """Read or generate a corpus and split it; the same config and contents give the same corpus.

    Args:
        config: Where the texts come from, and how they are read and split.

    Raises:
        CorpusError: If there is no such corpus, or it cannot be used; the message says what to do.
        MissingExtraError: If the corpus needs the package ``datasets`` and it is not installed.
    """
    if config.source in BUILT_IN:
        return _built_in(config)
    if config.source.startswith("hub:"):
        from distil_core.data import hub

        return hub.from_hub(config)
    path = files.path_of(config.source)
    try:
        is_folder, exists = path.is_dir(), path.exists()
    except (OSError, ValueError):
        is_folder = exists = False
    if not config.source or not exists:
        raise CorpusError(
            f"source must be {', '.join(BUILT_IN)}, hub:NAME or an existing file or folder, got {config.source!r}; "
            "check the spelling of the path"
        )
    if is_folder:
        from distil_core.data import hub

        return hub.from_folder(path, config)
    columns = {"text_column": config.text_column, "label_column": config.label_column}
    return splits.assemble(
        _name(path),
        tables.examples_of(files.read_table(path), **columns),
        config,
        test=tables.examples_of(files.read_table(files.path_of(config.test)), **columns) if config.test else None,
    )


def read_sentences(path: Path, *, text_column: str = "", label_column: str = "") -> Sentences:
    """Read a file of sentences; labels are optional, and a ``.txt`` file has a sentence on each line.

    Args:
        path: The file.
        text_column: Column with the texts; empty: the only one, or found by its name.
        label_column: Column with the labels; empty: there is none.

    Raises:
        CorpusError: If the file cannot be read, or has no texts.
    """
    return tables.sentences_of(files.read_table(path, plain=True), text_column=text_column, label_column=label_column)


def load_corpus_cached(config: CorpusConfig) -> Corpus:
    """Do what :func:`load` does, and remember the last corpora until their files change."""
    stamps = []
    for source in (config.source, config.test):
        path = files.path_of(source)
        try:
            status = path.stat()
            stamps.append((status.st_size, status.st_mtime_ns))
        except (OSError, ValueError):
            stamps.append((0, 0))
    return _load_stamped(whole(config), tuple(stamps))


@lru_cache(maxsize=3)
def _load_stamped(config: CorpusConfig, stamps: tuple[tuple[int, int], ...]) -> Corpus:
    return load_corpus(config)


def _built_in(config: CorpusConfig) -> Corpus:
    if config.test or config.label_names:
        name, value = ("test", config.test) if config.test else ("label_names", config.label_names)
        raise CorpusError(f"{name} must be empty for the built-in corpus {config.source!r}, got {value!r}")
    if config.source == "python-docs":
        from distil_core.data import python_docs

        return splits.assemble("python-docs", python_docs.read(), config)
    from distil_core.data import reviews

    train, validation, test = reviews.generate(
        n_train=config.n_train, n_validation=config.n_test, n_test=config.n_test, seed=config.seed
    )
    return splits.finish("reviews", reviews.LABEL_NAMES, train, validation, test, config)


def _name(path: Path) -> str:
    """Name a file; ``sst2/train.csv`` is known by its folder."""
    folder = path.resolve().parent.name
    return folder if folder and path.stem.lower() == "train" else path.stem
