"""From rows with a text and a label to a corpus: labels become indices, and splits that are not there are cut."""

from functools import partial

from distil_core.data.corpus import Corpus, Label, Split
from distil_core.data.sources import Source
from distil_core.data.splits import finish, hold_out
from distil_core.errors import CorpusError
from distil_core.settings.config import CorpusConfig
from distil_core.tasks.classification import columns, labels
from distil_core.tasks.classification.examples import Examples, examples_like, examples_of


def assemble(source: Source, config: CorpusConfig) -> Corpus:
    """Build a corpus from the rows of a source.

    The training examples decide which labels there are. A tenth of each class is held out for a validation or test
    split that is not there.

    Args:
        source: Rows of text and label.
        config: Columns, label names, number of training texts and seed.

    Raises:
        CorpusError: If no classifier can be learnt from the labels, or the splits do not share them.
    """
    source, notes = columns.joined_classes(source, config)
    train, validation, test, more = examples_of_parts(source, config)
    notes += [*more, *columns.second_note(source.train, text_column=train.text_column, label_column=train.label_column)]
    parts = [part for part in (train, validation, test) if part is not None]
    for part in parts:
        if not part.texts:
            raise CorpusError(f"{part.where} must have at least one row with a text and a label, got none; add some")
    if source.label_names:
        names, ordered = source.label_names, list(source.label_names)
    else:
        spelling, more = labels.spelling_of(parts, config)
        notes += more
        if not config.label_names and not train.declared:
            beside, more = columns.names_beside(source.train, train.label_column)
            spelling, notes = spelling.then(beside), notes + more
        train = spelling.of(train)
        validation, test = (None if part is None else spelling.of(part) for part in (validation, test))
        labels.refuse_unusable(train, n_needed=1 + (validation is None) + (test is None))
        ordered, names = labels.order(set(train.labels), named=config.label_names, declared=train.declared)
        absent = [label for label in train.declared if label not in ordered]
        if absent:
            notes.append(f"no training text has the label {labels.listed(absent)}; such labels are left out")
    index = {label: i for i, label in enumerate(ordered)}
    rest = _indexed(train, index)
    if test is None:
        rest, test_split = hold_out(rest, stratum=_only, seed=config.seed)
    else:
        test_split = _indexed(test, index)
    if validation is None:
        rest, validation_split = hold_out(rest, stratum=_only, seed=config.seed + 1)
    else:
        validation_split = _indexed(validation, index)
    return finish(source.name, names, rest, validation_split, test_split, config, stratum=_only, notes=notes)


def examples_of_parts(
    source: Source, config: CorpusConfig
) -> tuple[Examples, Examples | None, Examples | None, list[str]]:
    """Return the examples of each split, and notes of what was left out; a split without labels may count as none."""
    missing = frozenset(config.missing_labels)
    read = partial(examples_of, text_column=config.text_column, label_column=config.label_column, missing=missing)
    train = read(source.train)
    validation = test = None
    left_out: list[str] = []
    if source.validation is not None:
        validation = examples_like(train, source.validation, missing=missing)
        if validation is None:
            left_out.append(f"the {source.validation.where} has no labels and is left out")
    if source.test is not None:
        lenient = source.may_lack_labels and not config.test
        test = examples_like(train, source.test, missing=missing) if lenient else read(source.test)
        if test is None:
            left_out.append(f"the {source.test.where} has no labels and is left out")
    if source.may_lack_labels and not config.test and test is None and validation is not None:
        left_out.append(f"{source.name} has no test split with labels: its validation split takes that place")
        validation, test = None, validation
    of_parts = [note for part in (train, validation, test) if part is not None for note in part.notes]
    return train, validation, test, [*train.notes, *left_out, *of_parts[len(train.notes) :]]


def _indexed(part: Examples, index: dict[str, int]) -> Split:
    unknown = sorted({label for label in part.labels if label not in index})
    if unknown:
        raise CorpusError(
            f"every label of {part.where} must stand in the training texts too, got {labels.listed(unknown)}; "
            f"the training labels are {labels.listed(list(index))}"
        )
    return Split(texts=part.texts, labels=tuple(index[label] for label in part.labels))


def _only(label: Label) -> int:
    return int(label)
