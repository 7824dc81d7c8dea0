"""No labels: what the labels are called or described as is all that teacher and student know of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from distil_core.data import files
from distil_core.data.corpus import Corpus, Split
from distil_core.data.tables import LABEL_COLUMNS, choose_column, refuse_surrogates, text_in, written
from distil_core.errors import ConfigError
from distil_core.settings.config import CorpusConfig
from distil_core.settings.serialization import digest

DESCRIPTION_COLUMNS = ("description", "meaning", "sentence", "text", "hypothesis")
"""Usual names of the column with descriptions."""


def with_label_sentences(corpus: Corpus, config: CorpusConfig) -> Corpus:
    """Hide all labels of the training and validation texts, and say in their place what each label means.

    Args:
        corpus: All there is; its test split stays as it is.
        config: Descriptions of the labels, and the sentence that they stand in.

    Raises:
        ConfigError: If descriptions do not fit the labels, or two labels are described alike.
        CorpusError: If a file of descriptions cannot be read.
    """
    names = corpus.label_names
    described = _described(config.label_descriptions)
    if unknown := [name for name in described if name not in names]:
        raise ConfigError(
            f"corpus.label_descriptions must describe labels of {corpus.name} ({', '.join(names)}), got "
            f"{', '.join(unknown)}"
        )
    descriptions = [described.get(name) or name.replace("_", " ") for name in names]
    if alike := [name for i, name in enumerate(names) if descriptions.index(descriptions[i]) < i]:
        raise ConfigError(
            f"corpus.label_descriptions must tell the labels apart, got that of another label for {', '.join(alike)}; "
            "describe each in words of its own"
        )
    sentences = tuple(config.hypothesis_template.replace("{}", description) for description in descriptions)
    train, validation = (Split.unlabeled(split.texts) for split in (corpus.train, corpus.validation))
    n_named = len(names) - len(described)
    by_name = f"; {n_named} of the {len(names)} labels are described by their name alone" if n_named else ""
    note = (
        f"zero-shot: no label of the {len(train):,} training texts and the {len(validation):,} validation texts is "
        f"told, and validation measures how often student and teacher agree{by_name}"
    )
    return replace(
        corpus,
        train=train,
        validation=validation,
        notes=(*corpus.notes, note),
        digest=digest((names, sentences, train, validation, corpus.test)),
        label_sentences=sentences,
    )


def names_in(descriptions: str) -> tuple[str, ...]:
    """Return the labels that are described, in their order."""
    return tuple(_described(descriptions))


def _described(descriptions: str) -> Mapping[str, str]:
    if not descriptions.strip():
        return {}
    path = files.path_of(descriptions)
    if path.suffix.lower() in files.SUFFIXES:
        return _in_file(descriptions)
    parts = [part.strip() for line in descriptions.splitlines() for part in line.split(";") if part.strip()]
    pairs = [[side.strip() for side in part.split(":", 1)] for part in parts]
    if broken := [part for part, pair in zip(parts, pairs, strict=True) if len(pair) < 2 or not all(pair)]:
        raise ConfigError(
            "corpus.label_descriptions must be NAME: a few words; NAME: a few words; or the path of a file, got "
            f"{broken[0]!r}"
        )
    return _once([(name, description) for name, description in pairs])


def _in_file(source: str) -> Mapping[str, str]:
    table = files.read_table(files.path_of(source))
    label_column = choose_column(table, "", kind="label", usual=(*LABEL_COLUMNS, "name"))
    column = choose_column(table, "", kind="description", usual=DESCRIPTION_COLUMNS)
    rows = zip(table.values(label_column), table.values(column), strict=True)
    pairs = [
        (written(label, table, label_column, expected="names of labels"), text_in(text, table, column).strip())
        for label, text in rows
    ]
    refuse_surrogates((text for _, text in pairs), table, column)
    return _once([(label, text) for label, text in pairs if label and text])


def _once(pairs: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    described = dict(pairs)
    if len(described) < len(pairs):
        raise ConfigError(
            "corpus.label_descriptions must describe each label once, got several descriptions of one of "
            f"{', '.join(described)}; leave one"
        )
    return described
