"""Pairs whose labels are numbers, such as how much alike two texts are: told from classes, and read."""

import math
from collections.abc import Sequence
from dataclasses import replace

from distil_core.data.corpus import Corpus, Label, Split
from distil_core.data.scales import refuse_scores_outside
from distil_core.data.sources import Source
from distil_core.data.splits import finish, hold_out
from distil_core.data.tables import Table, written
from distil_core.errors import CorpusError
from distil_core.settings.config import CorpusConfig
from distil_core.tasks.classification import assembly
from distil_core.tasks.classification.examples import Examples

SCORE = "score"
"""The one label of a corpus of numbers."""
MAX_CLASSES = 10
"""So many different whole numbers can be classes; more are a scale."""
_MIN_NUMBERS = 0.9


def measures(source: Source, config: CorpusConfig, column: str) -> bool:
    """Tell whether the labels of the training rows are numbers to be predicted, and not classes.

    They are where nearly all are numbers, and some have fractions or there are more whole ones than
    :data:`MAX_CLASSES`. Names of labels decide where there are any: :data:`SCORE` alone says numbers, others classes.
    """
    if config.label_names:
        return config.label_names == (SCORE,)
    if source.label_names or source.train.declared.get(column):
        return False
    cells = _cells(source.train, column)
    numbers = [number for number in map(_number, cells) if number is not None]
    if not numbers or len(numbers) < _MIN_NUMBERS * sum(bool(cell) for cell in cells):
        return False
    return not all(number.is_integer() for number in numbers) or len(set(numbers)) > MAX_CLASSES


def assemble_numbers(source: Source, config: CorpusConfig) -> Corpus:
    """Build a corpus of numbers from rows with one text and a number.

    A tenth is held out for a validation or test split that is not there.

    Args:
        source: Rows of text and number.
        config: Columns, number of training texts and seed.

    Raises:
        CorpusError: If a cell holds no number or one off the scale, or all numbers of a split are the same.
    """
    column, lenient = config.label_column, source.may_lack_labels and not config.test
    tables = (source.train, source.validation, source.test)
    for table in tables:
        if table is not None and column in table.columns:
            _refuse_unreadable(table, column)
    untold = lenient and source.test is not None and column in source.test.columns
    if untold and source.test is not None and len(set(_cells(source.test, column))) == 1:
        texts = tuple(name for name in source.test.columns if name != column)
        source = replace(source, test=replace(source.test, columns=texts))
    train, validation, test, notes = assembly.examples_of_parts(source, config)
    rest, held, measured = (None if part is None else _split(part) for part in (train, validation, test))
    assert rest is not None
    if measured is None:
        rest, measured = hold_out(rest, stratum=stratum, seed=config.seed)
    if held is None:
        rest, held = hold_out(rest, stratum=stratum, seed=config.seed + 1)
    for part, name in ((rest, "training"), (held, "validation"), (measured, "test")):
        if len(set(part.labels)) < 2:
            raise CorpusError(
                f"the {name} rows of {source.name} must have at least two different numbers in column {column!r}, got "
                f"{len(set(part.labels))}; add some, or choose another label column"
            )
    numbers = rest.labels
    whole = all(number.is_integer() for number in numbers)
    otherwise = "set label_names to names of classes" if whole else "write words instead of them"
    notes.append(
        f"the labels are read as numbers, from {min(numbers):g} to {max(numbers):g}; {otherwise} if each stands for a "
        "class"
    )
    return finish(source.name, (SCORE,), rest, held, measured, config, stratum=stratum, notes=notes)


def stratum(label: Label) -> int:
    """Return the same for all numbers."""
    return 0


def spread(numbers: Sequence[float]) -> float:
    """Return the standard deviation of numbers, 1 where they are all the same."""
    mean = math.fsum(numbers) / max(len(numbers), 1)
    return math.sqrt(math.fsum((number - mean) ** 2 for number in numbers) / max(len(numbers), 1)) or 1.0


def _cells(table: Table, column: str) -> list[str]:
    return [written(value, table, column, expected="a number a row") for value in table.values(column)]


def _number(cell: str) -> float | None:
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _refuse_unreadable(table: Table, column: str) -> None:
    numbers = list[tuple[int, float]]()
    for row, cell in enumerate(_cells(table, column), start=1):
        number = _number(cell)
        if number is not None:
            numbers.append((row, number))
        elif cell:
            raise CorpusError(
                f"row {row} of {table.where} must have a number in {column!r}, as the others do, got {cell!r}; write "
                "one, or remove the row"
            )
    refuse_scores_outside(numbers, where=table.where, column=column)


def _split(part: Examples) -> Split:
    if not part.texts:
        raise CorpusError(f"{part.where} must have at least one row with a text and a number, got none; add some")
    return Split(texts=part.texts, labels=tuple(map(float, part.labels)))
