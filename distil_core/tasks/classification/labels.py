"""From labels as written to label names and their indices."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from distil_core.data import labels as label_words
from distil_core.errors import CorpusError
from distil_core.settings.config import CorpusConfig, LookAlikes
from distil_core.tasks.classification.examples import Examples

MAX_LABELS = 1000
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.0*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """How labels are spelled that are written in another way; ``declared`` has all in their order, where known."""

    words: dict[str, str]
    declared: tuple[str, ...] = ()

    def of(self, part: Examples) -> Examples:
        """Return examples with their labels so spelled."""
        labels = tuple(self.words.get(label, label) for label in part.labels)
        return replace(part, labels=labels, declared=self.declared or part.declared)

    def then(self, names: Mapping[str, str]) -> "Spelling":
        """Return the spelling of labels that have names, in the order of these; the same if there are none."""
        if not names:
            return self
        words = {label: names.get(word, word) for label, word in self.words.items()}
        return Spelling(words={**names, **words}, declared=tuple(names.values()))


def spelling_of(parts: Sequence[Examples], config: CorpusConfig) -> tuple[Spelling, list[str]]:
    """Return how the labels of all parts of a corpus are spelled, whatever the file formats made of them, and notes.

    ``1``, ``1.0`` and ``"1"`` are one label where all labels of the corpus are whole numbers, and so are ``true`` and
    ``True`` where all are truth values. Labels that look alike become one where the settings say so.

    Raises:
        CorpusError: If the labels are fractions, as in regression.
    """
    if any(part.declared for part in parts):
        return Spelling(words={}), []
    where, counts = parts[0].where, Counter(label for part in parts for label in part.labels)
    if {label.lower() for label in counts} <= {"true", "false"}:
        words = {label: label.capitalize() for label in counts}
    elif all(map(_WHOLE.fullmatch, counts)):
        words = {label: str(int(label.partition(".")[0])) for label in counts}
    else:
        _refuse_fractions(parts[0])
        words = {label: label for label in counts}
    notes = []
    alike = {label: n for label, n in counts.items() if Counter(words.values())[words[label]] > 1}
    if alike:
        shown = ", ".join(f"{label[:60]!r} ({n:,})" for label, n in list(alike.items())[:6])
        notes.append(f"labels of {where} are read as one where they are the same number or truth value: {shown}")
    spelled = Counter[str]()
    for label, n in counts.items():
        spelled[words[label]] += n
    if config.look_alikes is LookAlikes.MERGE:
        notes += label_words.merged_note(where, spelled)
        merged = {word: group[0] for group in label_words.look_alikes(spelled) for word in group}
        words = {label: merged.get(word, word) for label, word in words.items()}
    else:
        notes += label_words.alike_note(where, spelled)
    notes += label_words.nothing_note(where, spelled)
    notes += label_words.several_note(where, spelled)
    return Spelling(words=words), notes


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
    hint = "".join(f"; {note}" for note in label_words.several_note(where, counts))
    if len(counts) == 1:
        raise CorpusError(
            f"{where} must have at least two labels in column {column!r}, got only {next(iter(counts))[:60]!r}; "
            "add texts of another class, or choose another label column"
        )
    if len(counts) > MAX_LABELS or (len(labels) >= 20 and len(counts) > len(labels) / 2):
        raise CorpusError(
            f"column {column!r} of {where} must hold a class for each text, got {len(counts):,} different values in "
            f"{len(labels):,} rows (at most {MAX_LABELS:,} and half the rows are possible); it looks like texts or "
            "measured values: choose another label column" + hint
        )
    rare = sorted(label for label, n in counts.items() if n < n_needed)
    if rare:
        raise CorpusError(
            f"every label of {where} must stand at least {n_needed} times, one for each split that is cut from it, "
            f"got fewer for {listed(rare)}; add texts for them, or remove them{hint}"
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
        f"got {len(named)}: {listed(named)}; leave it empty to keep the labels as they are, and put a name with a "
        "comma in it in double quotes"
    )


def listed(names: Sequence[str], *, most: int = 8) -> str:
    """Write names as a list for people, cut after the first few, and each where it is long."""
    shown = ", ".join(repr(name if len(name) <= 60 else f"{name[:57]}...") for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
