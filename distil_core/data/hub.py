"""Data sets of the Hugging Face hub, and folders that ``datasets`` saved; needs the extra ``hub``."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from distil_core.data import files, tables
from distil_core.data.sources import Source
from distil_core.data.tables import Table
from distil_core.errors import CorpusError, MissingExtraError
from distil_core.settings.config import CorpusConfig

_NAME = re.compile(r"\w[\w.-]*")
_PARQUET_COPY = "refs/convert/parquet"
"""Branch of a data set in which the hub keeps what the data set's script once made."""


def from_hub(config: CorpusConfig) -> Source:
    """Load ``hub:NAME`` or ``hub:NAME/CONFIGURATION``, where a name is ``data set`` or ``owner/data set``.

    Raises:
        CorpusError: If there is no such data set within reach, or it cannot be used.
        MissingExtraError: If ``datasets`` is not installed.
    """
    name = config.source.removeprefix("hub:").strip()
    parts = name.split("/")
    if len(parts) > 3 or not all(map(_NAME.fullmatch, parts)):
        raise CorpusError(
            f"a hub corpus must be hub:NAME, hub:OWNER/NAME or hub:OWNER/NAME/CONFIGURATION, got {config.source!r}; "
            "copy the name from the page of the data set"
        )
    _datasets()  # that it is missing is no failure of the hub
    readings: list[tuple[str, ...]] = [(name,)]
    if len(parts) == 3:
        readings = [(f"{parts[0]}/{parts[1]}", parts[2])]
    elif len(parts) == 2:
        # "glue/sst2" reads as owner and data set first, then as data set and configuration.
        readings.append((parts[0], parts[1]))
    failure: Exception | None = None
    for reading in readings:
        if Path(reading[0]).exists():  # which datasets would take for the one that is meant
            failure = failure or CorpusError(f"there is a file or folder {reading[0]!r} where the lab was started")
            continue
        try:
            data, notes = _load(*reading)
        # The hub, the network and the file formats behind it raise whatever they like.
        except Exception as exc:
            failure = failure or exc
        else:
            source = _source(name, data, config)
            return replace(source, train=replace(source.train, notes=(*source.train.notes, *notes)))
    raise CorpusError(
        f"the hub data set {name!r} cannot be loaded ({_one_line(failure)}); check its name, its configuration "
        "(hub:OWNER/NAME/CONFIGURATION) and the network"
    ) from failure


def _load(name: str, configuration: str = "") -> tuple[Any, tuple[str, ...]]:
    """Load a data set, from the hub's own copy in Parquet files where it is a script, and notes."""
    datasets = _datasets()
    try:
        return datasets.load_dataset(name, *filter(None, [configuration])), ()
    except RuntimeError as exc:
        if "scripts are no longer supported" not in str(exc):
            raise
        # In that copy each configuration is a folder.
        data = datasets.load_dataset(name, revision=_PARQUET_COPY, data_dir=configuration or None)
    return data, (f"{name} is a script on the hub, which is not run: the hub's copy of it in Parquet files is read",)


def from_folder(folder: Path, config: CorpusConfig) -> Source:
    """Load a folder that ``save_to_disk`` of ``datasets`` wrote.

    Raises:
        CorpusError: If the folder is another one, is damaged, or cannot be used.
        MissingExtraError: If ``datasets`` is not installed.
    """
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError as exc:
        raise CorpusError(f"{folder} cannot be read ({exc}); check its permissions") from exc
    if not {"dataset_dict.json", "state.json"} & set(names):
        usable = [name for name in names if Path(name).suffix.lower() in files.SUFFIXES]
        raise CorpusError(
            f"{folder} must be a folder that save_to_disk of datasets wrote, got another one; "
            + (f"name one of its files: {', '.join(usable[:8])}" if usable else "name a file instead")
        )
    datasets = _datasets()
    try:
        data = datasets.load_from_disk(str(folder))
    # A damaged folder raises from pyarrow, json or the file system.
    except Exception as exc:
        raise CorpusError(f"{folder} is a damaged data set ({_one_line(exc)}); save it again") from exc
    return _source(folder.resolve().name, data, config)


def _datasets() -> Any:
    try:
        import datasets
    except ImportError as exc:
        raise MissingExtraError("A data set of the Hugging Face hub", "hub") from exc
    return datasets


def _source(name: str, data: Any, config: CorpusConfig) -> Source:
    splits: Mapping[str, Any] = data if isinstance(data, Mapping) else {"train": data}
    if len(splits) == 1:
        splits = {"train": next(iter(splits.values()))}
    train, validation, test = (
        _split(splits, *names) for names in (("train",), ("validation", "valid", "val", "dev"), ("test",))
    )
    if train is None:
        raise CorpusError(f"{name} must have a split called train, got {', '.join(splits)}; choose another data set")
    test_table = None if test is None else _table(f"test split of {name}", test)
    if config.test:
        test_table = files.read_table(files.path_of(config.test))
    return Source(
        name=name,
        train=_table(name, train),
        validation=None if validation is None else _table(f"validation split of {name}", validation),
        test=test_table,
        may_lack_labels=True,
    )


def _split(splits: Mapping[str, Any], *names: str) -> Any:
    """Return the split with one of the names, or one whose name goes on from it, as in ``validation_matched``."""
    exact = [splits[name] for name in names if name in splits]
    alike = [data for name in names for split, data in splits.items() if split.startswith(f"{name}_")]
    return next(iter(exact + alike), None)


def _table(where: str, data: Any) -> Table:
    from datasets import ClassLabel

    plain = data.with_format(None)
    declared = {
        column: tuple(label.names)
        for column, feature in data.features.items()
        if isinstance(label := getattr(feature, "feature", feature), ClassLabel)
    }
    return Table(
        where=where,
        columns=tuple(data.column_names),
        n_rows=len(data),
        values=lambda column: tables.named(_cells(where, plain, column), declared.get(column)),
        declared=declared,
    )


def _cells(where: str, data: Any, column: str) -> Sequence[object]:
    try:
        cells: Sequence[object] = data.select_columns([column])[:][column]
    except Exception as exc:  # damage that nobody sees before, or types that pyarrow knows and python does not
        raise CorpusError(
            f"column {column!r} of {where} cannot be read ({_one_line(exc)}); save the data set again, or choose "
            "another column"
        ) from exc
    return cells


def _one_line(exc: Exception | None) -> str:
    return " ".join(str(exc).split())[:300]
