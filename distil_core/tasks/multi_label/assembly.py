"""From rows with a text and its labels to a corpus: labels become yes or no, and splits that are not there are cut."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from distil_core.data import labels as label_words
from distil_core.data.corpus import Corpus, Label, Split
from distil_core.data.sources import Source
from distil_core.data.splits import finish, hold_out
from distil_core.data.tables import Table
from distil_core.errors import CorpusError
from distil_core.settings.config import CorpusConfig, LookAlikes
from distil_core.tasks.classification.labels import MAX_LABELS, listed
from distil_core.tasks.multi_label.columns import LabeledRows, labeled_rows


def assemble_sets(source: Source, config: CorpusConfig) -> Corpus:
    """Build a corpus from the rows of a source.

    The training texts decide which labels there are. A tenth of the texts of each stratum, which is a text's rarest
    label, is held out for a validation or test split that is not there.

    Args:
        source: Rows of text and labels.
        config: Columns, label names, number of training texts and seed.

    Raises:
        CorpusError: If no labels can be learnt from the rows, or the splits do not share them.
    """
    train = labeled_rows(source.train, text_column=config.text_column, label_column=config.label_column)
    notes = list(train.notes)
    validation, test = (
        _like(train, table, config, notes, lenient=source.may_lack_labels) for table in (source.validation, source.test)
    )
    if test is None and validation is not None and source.may_lack_labels and not config.test:
        notes.append(f"{source.name} has no test split with labels: its validation split takes that place")
        validation, test = None, validation
    spell = _spelling([part for part in (train, validation, test) if part is not None], config, notes)
    train = spell(train)
    validation, test = (None if part is None else spell(part) for part in (validation, test))
    counts = Counter(label for entry in train.labels for label in entry)
    ordered = source.label_names or _ordered(train, counts, config.label_names)
    if absent := [name for name in source.train.declared.get(train.columns[1], ()) if name not in ordered]:
        notes.append(f"{len(absent):,} labels that no training text has are left out: {listed(absent)}")
    _refuse_unusable(train, ordered, counts, n_needed=1 + (validation is None) + (test is None))
    rarest = sorted(range(len(ordered)), key=lambda i: (counts[ordered[i]], i))

    def stratum(label: Label) -> int:
        return next((i for i in rarest if label[i]), len(ordered))

    rest = _indexed(train, ordered)
    if test is None:
        rest, test_split = hold_out(rest, stratum=stratum, seed=config.seed)
    else:
        test_split = _indexed(test, ordered)
    if validation is None:
        rest, validation_split = hold_out(rest, stratum=stratum, seed=config.seed + 1)
    else:
        validation_split = _indexed(validation, ordered)
    return finish(source.name, ordered, rest, validation_split, test_split, config, stratum=stratum, notes=notes)


def _spelling(
    there: Sequence[LabeledRows], config: CorpusConfig, notes: list[str]
) -> Callable[[LabeledRows], LabeledRows]:
    """Return what leaves out labels that stand for none, and merges look-alikes where that is wanted; add notes."""
    if there[0].label_names:  # columns, whose names are all there is
        return lambda part: part
    missing = frozenset(config.missing_labels)
    counts = Counter(label for part in there for entry in part.labels for label in entry if label not in missing)
    words: dict[str, str] = {}
    if config.look_alikes is LookAlikes.MERGE:
        notes += label_words.merged_note(there[0].where, counts)
        words = {word: group[0] for group in label_words.look_alikes(counts) for word in group}
    else:
        notes += label_words.alike_note(there[0].where, counts)
    notes += label_words.nothing_note(there[0].where, counts)
    n_missing = sum(label in missing for part in there for entry in part.labels for label in entry)
    if n_missing:
        notes.append(f"{n_missing:,} labels of {there[0].where} stand for none: {listed(sorted(missing))}")

    def respelled(entry: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(words.get(label, label) for label in entry if label not in missing))

    return lambda part: replace(part, labels=tuple(map(respelled, part.labels)))


def _like(
    train: LabeledRows, table: Table | None, config: CorpusConfig, notes: list[str], *, lenient: bool
) -> LabeledRows | None:
    """Return the rows of another split, read as the training rows are."""
    if table is None:
        return None
    text_column, *label_columns = train.columns
    if lenient and not config.test and not set(train.columns) <= set(table.columns):
        notes.append(f"the {table.where} has no labels and is left out")
        return None
    part = labeled_rows(table, text_column=text_column, label_column=",".join(label_columns))
    notes += [note for note in part.notes if note not in notes]
    return part


def _ordered(train: LabeledRows, counts: Counter[str], named: Sequence[str]) -> tuple[str, ...]:
    ordered = train.label_names or tuple(sorted(counts))
    if not named:
        return ordered
    if set(named) != set(ordered) or len(named) != len(ordered):
        raise CorpusError(
            f"label_names must name the {len(ordered)} labels found ({listed(ordered)}), each once, got {len(named)}: "
            f"{listed(named)}; leave it empty to keep the labels as they are"
        )
    return tuple(named)


def _refuse_unusable(train: LabeledRows, ordered: Sequence[str], counts: Counter[str], *, n_needed: int) -> None:
    if not train.texts:
        raise CorpusError(f"{train.where} must have at least one row with a text, got none; add some")
    if len(ordered) < 2:
        only = f"only {ordered[0]!r}" if ordered else "none"
        raise CorpusError(
            f"{train.where} must have at least two labels, got {only}; for one label, yes or no, choose the "
            "task classification"
        )
    if len(ordered) > MAX_LABELS:
        raise CorpusError(
            f"{train.where} must have at most {MAX_LABELS:,} different labels, got {len(ordered):,}; choose another "
            "label column, or leave out the rarest"
        )
    absent = [label for label in ordered if not counts[label]]
    if absent:
        raise CorpusError(
            f"every label of {train.where} must be that of a text, got none for {listed(absent)}; leave it out, or add "
            "texts that have it"
        )
    rare = [label for label in ordered if counts[label] < n_needed]
    if rare:
        raise CorpusError(
            f"every label of {train.where} must be that of at least {n_needed} texts, one for each split that is cut "
            f"from it, got fewer for {listed(rare)}; add texts that have it, or leave it out"
        )


def _indexed(part: LabeledRows, ordered: Sequence[str]) -> Split:
    unknown = sorted({label for entry in part.labels for label in entry} - set(ordered))
    if unknown:
        raise CorpusError(
            f"every label of {part.where} must stand in the training texts too, got {listed(unknown)}; the training "
            f"labels are {listed(ordered)}"
        )
    return Split(texts=part.texts, labels=tuple(tuple(int(name in entry) for name in ordered) for entry in part.labels))
