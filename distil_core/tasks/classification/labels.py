"""From labels as written to label names and their indices."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from distil_core.errors import CorpusError
from distil_core.tasks.classification.examples import Examples

MAX_LABELS = 1000
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.0*)?")


def respelled(part: Examples, *, among: Sequence[Examples]) -> Examples:
    """Return the examples with labels in one spelling, whatever the file formats made of them.

    ``1``, ``1.0`` and ``"1"`` are one label where all labels ``among`` the parts of the corpus are whole numbers, and
    so are ``true`` and ``True`` where all are truth values.

    Raises:
        CorpusError: If the labels are fractions, as in regression.
    """
    if any(other.declared for other in among):
        return part
    spelled = {label for other in among for label in other.labels}
    if {label.lower() for label in spelled} <= {"true", "false"}:
        spelling = {label: label.capitalize() for label in spelled}
    elif all(map(_WHOLE.fullmatch, spelled)):
        spelling = {label: str(int(label.partition(".")[0])) for label in spelled}
    else:
        _refuse_fractions(part)
        return part
    return replace(part, labels=tuple(spelling[label] for label in part.labels))


def _refuse_fractions(part: Examples) -> None:
    distinct = sorted(set(part.labels))
    numbers = [float(label) for label in distinct if _NUMBER.fullmatch(label)]
    fractions = [number for number in numbers if not number.is_integer()]
    if fractions and len(numbers) == len(distinct):
        raise CorpusError(
            f"the labels in column {part.label_column!r} of {part.where} must be classes, got the fraction "
            f"{fractions[0]}; regression is not supported: choose another label column, or turn the numbers into a few "
            "classes"
        )


def refuse_unusable(train: Examples, *, n_needed: int) -> None:
    """Refuse training examples from which no classifier can be learnt.

    Raises:
        CorpusError: If there is one class only, if there are nearly as many labels as texts, or if a class has fewer
            than ``n_needed`` texts.
    """
    labels, where, column = train.labels, train.where, train.label_column
    counts = Counter(labels)
    if len(counts) == 1:
        raise CorpusError(
            f"{where} must have at least two labels in column {column!r}, got only {next(iter(counts))!r}; "
            "add texts of another class, or choose another label column"
        )
    if len(counts) > MAX_LABELS or (len(labels) >= 20 and len(counts) > len(labels) / 2):
        raise CorpusError(
            f"column {column!r} of {where} must hold a class for each text, got {len(counts):,} different values in "
            f"{len(labels):,} rows (at most {MAX_LABELS:,} and half the rows are possible); it looks like texts or "
            "measured values: choose another label column"
        )
    rare = sorted(label for label, n in counts.items() if n < n_needed)
    if rare:
        raise CorpusError(
            f"every label of {where} must stand at least {n_needed} times, one for each split that is cut from it, "
            f"got fewer for {listed(rare)}; add texts for them, or remove them"
        )


def order(labels: Iterable[str], *, named: Sequence[str], declared: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Put the labels of the training texts in order and name them.

    Args:
        labels: The labels of the training texts.
        named: Names that the user chose: the labels in another order, or names for numbers and truth values.
        declared: The order that the data set itself declares; may name labels that no text has.

    Returns:
        The labels in their order, and a name for each.

    Raises:
        CorpusError: If ``named`` does not fit the labels.
    """
    ordered = sorted(labels)
    if all(map(_WHOLE.fullmatch, ordered)):
        ordered.sort(key=int)
    if declared:
        ordered = [label for label in declared if label in set(ordered)]
    if not named:
        return ordered, tuple(ordered)
    numbers_or_truths = all(map(_WHOLE.fullmatch, ordered)) or set(ordered) <= {"True", "False"}
    if len(set(named)) == len(named) == len(ordered):
        if set(named) == set(ordered):
            return list(named), tuple(named)
        if numbers_or_truths:
            return ordered, tuple(named)
    raise CorpusError(
        f"label_names must name the {len(ordered)} labels found ({listed(ordered)}), each once, "
        f"got {len(named)}: {listed(named)}; leave it empty to keep the labels as they are"
    )


def listed(names: Sequence[str], *, most: int = 8) -> str:
    """Write names as a list for people, cut after the first few."""
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
