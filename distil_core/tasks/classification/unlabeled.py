"""From texts without labels and a labeled test split to a corpus."""

from distil_core.data.corpus import Corpus, Split
from distil_core.data.sources import Source
from distil_core.data.splits import finish, hold_out
from distil_core.data.tables import LABEL_COLUMNS, Table, guess, sentences_of, written
from distil_core.errors import CorpusError
from distil_core.settings.config import CorpusConfig
from distil_core.tasks.classification import assembly, labels
from distil_core.tasks.classification.examples import examples_of
from distil_core.tasks.zero_shot import names_in


def assemble_unlabeled(source: Source, config: CorpusConfig) -> Corpus:
    """Build a corpus from rows that need no labels, but for those to test on.

    Where the training rows have labels, splits are cut as if these were told. Else a tenth is held out for validation,
    and the labels are those that are named, described, or in the test split.

    Args:
        source: Rows of texts; those of the test split have labels.
        config: Columns, names and descriptions of labels, number of training texts and seed.

    Raises:
        CorpusError: If there is nothing to test on, or a test text has a label that is not among those named.
    """
    if _labeled(source.train, config):
        return assembly.assemble(source, config)
    if source.test is None:
        raise CorpusError(
            f"corpus.test must be a file of texts with labels, as {source.train.where} has none to measure with, got "
            "none; give one, if only of a few dozen texts"
        )
    train = sentences_of(source.train, text_column=config.text_column)
    test = examples_of(
        source.test,
        text_column=config.text_column,
        label_column=config.label_column,
        missing=frozenset(config.missing_labels),
    )
    spelling, spelled = labels.spelling_of([test], config)
    test = spelling.of(test)
    named = config.label_names or names_in(config.label_descriptions)
    names = tuple(named or labels.order(set(test.labels), named=(), declared=test.declared)[1])
    if unknown := sorted(set(test.labels) - set(names)):
        raise CorpusError(
            f"every label of {test.where} must be one of those that are named or described ({labels.listed(names)}), "
            f"got {labels.listed(unknown)}"
        )
    if len(names) < 2:
        raise CorpusError(f"there must be at least two labels, got {labels.listed(names)}; name them in label_names")
    rest, validation = hold_out(Split.unlabeled(train.texts), stratum=lambda _: 0, seed=config.seed + 1)
    if source.validation is not None:
        held = sentences_of(source.validation, text_column=config.text_column)
        rest, validation = Split.unlabeled(train.texts), Split.unlabeled(held.texts)
    test_split = Split(texts=test.texts, labels=tuple(map(names.index, test.labels)))
    notes = [*train.notes, *test.notes, *spelled]
    return finish(source.name, names, rest, validation, test_split, config, stratum=lambda _: 0, notes=notes)


def _labeled(table: Table, config: CorpusConfig) -> bool:
    column = config.label_column if config.label_column in table.columns else guess(table.columns, LABEL_COLUMNS)
    return bool(column) and any(written(value, table, column, expected="labels") for value in table.values(column))
