"""Find a corpus by its source and read it as tables: built in, from a file, or from the Hugging Face hub.

What the columns mean is for a task to say.
"""

import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from distil_core.data import files, lines, tables
from distil_core.data.tables import Sentences, Table
from distil_core.errors import CorpusError
from distil_core.settings.config import CorpusConfig

BUILT_IN = ("reviews", "python-docs", "review-likeness")
"""Corpora that need neither a file nor a network."""
_DIGEST = re.compile("[0-9a-f]{16}")
_MAX_STAMPED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a corpus consists of before a task has looked at it.

    Attributes:
        name: What the corpus is called.
        train: Training rows.
        validation: Validation rows; None where they are to be cut from the training rows.
        test: Test rows; None where they are to be cut from the training rows.
        label_names: Names of all labels in their order, where the source itself knows them for certain.
        may_lack_labels: Whether validation and test rows without labels are left out instead of refused, as many a
            public test split has none.
        notes: What a reader should know of how it was read.
    """

    name: str
    train: Table
    validation: Table | None = None
    test: Table | None = None
    label_names: tuple[str, ...] = ()
    may_lack_labels: bool = False
    notes: tuple[str, ...] = ()


def read_source(config: CorpusConfig) -> Source:
    """Read or generate the rows of a corpus; the same config and contents give the same rows.

    Args:
        config: Where the texts come from.

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
    test = files.read_table(files.path_of(config.test)) if config.test else None
    return Source(name=file_name(path), train=files.read_table(path), test=test)


def read_sentences(
    path: Path, *, text_column: str = "", label_column: str = "", most: int = lines.MAX_ROWS
) -> Sentences:
    """Read a file of sentences; labels are optional, and a ``.txt`` file has a sentence on each line.

    Args:
        path: The file.
        text_column: Column with the texts; empty: the only one, or found by its name.
        label_column: Column with the labels; empty: there is none.
        most: So many there may be.

    Raises:
        CorpusError: If the file cannot be read, has no texts, or too many.
    """
    table = files.read_table(path, plain=True)
    sentences = tables.sentences_of(table, text_column=text_column, label_column=label_column)
    if len(sentences.texts) > most:
        raise CorpusError(
            f"{path.name} must have at most {most:,} sentences, got {len(sentences.texts):,}; take a part of it"
        )
    return sentences


def stamps_of(config: CorpusConfig) -> tuple[tuple[int, int], ...]:
    """Return size and time of the files of a corpus, of those in a folder their sum and the last.

    They change when the files do; they are zeros where there is no such file.
    """
    return tuple(map(_stamp, (config.source, config.test, config.label_descriptions)))


def _stamp(source: str) -> tuple[int, int]:
    if not source or source in BUILT_IN:
        return 0, 0
    try:
        path = files.path_of(source)
        inside = islice(path.rglob("*"), _MAX_STAMPED) if path.is_dir() else ()
        statuses = [each.stat() for each in (path, *inside)]
    except (OSError, ValueError):
        return 0, 0
    return sum(status.st_size for status in statuses), max(status.st_mtime_ns for status in statuses)


def refuse_ignored(config: CorpusConfig) -> None:
    """Refuse settings that a built-in corpus would ignore.

    Raises:
        CorpusError: With the setting.
    """
    ignored = {"test": config.test, "label_names": config.label_names, "missing_labels": config.missing_labels}
    for name, value in ignored.items():
        if not value:
            continue
        raise CorpusError(f"{name} must be empty for the built-in corpus {config.source!r}, got {value!r}")


def _built_in(config: CorpusConfig) -> Source:
    refuse_ignored(config)
    if config.source == "python-docs":
        from distil_core.data import python_docs

        return Source(name="python-docs", train=python_docs.read_docstrings())
    from distil_core.data import reviews

    splits = reviews.generate(
        n_train=config.n_train, n_validation=config.n_test, n_test=config.n_test, seed=config.seed
    )
    train, validation, test = (
        tables.in_memory(
            "reviews",
            {"text": split.texts, "label": [reviews.LABEL_NAMES[label] for label in split.labels]},
            declared={"label": reviews.LABEL_NAMES},
        )
        for split in splits
    )
    return Source(name="reviews", train=train, validation=validation, test=test, label_names=reviews.LABEL_NAMES)


def file_name(path: Path) -> str:
    """Name a file; ``sst2/train.csv`` is known by its folder, unless that is called by the digest of what is in it."""
    folder = path.resolve().parent.name
    named = folder and not _DIGEST.fullmatch(folder)
    return folder if named and path.stem.lower() == "train" else path.stem
