"""What is odd about labels as they are written: look-alikes, words for nothing, and several labels in one."""

import ast
import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SEPARATORS = ("\n", "|", ";", ",")
"""What can stand between several labels of a text."""
NOTHING = frozenset(
    (
        *("nan", "none", "null", "n/a", "na", "#n/a", "<na>", "nat", "nil", "?", "-", "--", "undefined", "missing"),
        *("unlabeled", "unlabelled", "not labeled", "not labelled", "no label", "unannotated", "(blank)", "(empty)"),
    )
)
"""What programs and people write where there is no label, in lower case."""
_NOTHING_TEXTS = frozenset(
    ("nan", "NaN", "NAN", "none", "None", "null", "NULL", "N/A", "n/a", "NA", "#N/A", "<NA>", "NaT")
)
_TRUTH = {"true": "1.0", "false": "0.0"}
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)")
_LATIN = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04bb\u04cf\u0432\u043a\u043c\u043d\u0442"
    "\u03b1\u03bf\u03b5\u03bd\u03c1\u03c4\u03c5\u03b9\u03ba\u03c7\u03b2\u03b7\u03bc",
    "aeopcyxijsdhlbkmhtaoevptuikxbnm",
)
"""Small letters of Cyrillic and Greek that look like Latin ones, or whose capitals do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeveralLabels:
    """Labels that seem to be several in one: in how many rows, and an example."""

    n_rows: int
    example: str


def skeleton(label: str) -> str:
    """Return what labels have in common that look alike or mean the same.

    They may differ in case, in spaces, in signs that cannot be seen, in how accents are composed, in letters of other
    scripts that look the same, and in how a number or truth value is written.
    """
    visible = "".join(
        sign
        for sign in unicodedata.normalize("NFKC", label)
        if sign.isspace() or not (unicodedata.category(sign) in ("Cf", "Cc") or "\ufe00" <= sign <= "\ufe0f")
    )
    folded = " ".join(visible.casefold().translate(_LATIN).split())
    if folded in _TRUTH:
        return _TRUTH[folded]
    return str(float(folded)) if _NUMBER.fullmatch(folded) else folded


def look_alikes(labels: Mapping[str, int]) -> list[tuple[str, ...]]:
    """Return groups of labels that look alike, of each the most frequent one first.

    Args:
        labels: How often there is each.
    """
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for label in sorted(labels, key=lambda label: (-labels[label], label)):
        groups[skeleton(label)].append(label)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def several(labels: Mapping[str, int]) -> SeveralLabels | None:
    """Tell whether labels seem to be several in one: their pieces come back in other labels; None if not.

    Args:
        labels: How often there is each.
    """
    lists = {label: pieces for label in labels if (pieces := list_in(label)) is not None}
    if lists:
        compound = [label for label, pieces in lists.items() if len(pieces) > 1]
        return _several(labels, compound)
    for separator in SEPARATORS:
        parts = {
            label: {piece.strip() for piece in label.split(separator)} - {""} for label in labels if separator in label
        }
        compound = [label for label, pieces in parts.items() if len(pieces) > 1]
        uses = Counter(piece for pieces in parts.values() for piece in pieces)
        uses.update(label for label in labels if label not in parts)
        recurring = [label for label in compound if all(uses[piece] > 1 for piece in parts[label])]
        if recurring and len(recurring) >= len(compound) / 2:
            return _several(labels, recurring)
    return None


def _several(labels: Mapping[str, int], compound: Sequence[str]) -> SeveralLabels | None:
    if not compound:
        return None
    return SeveralLabels(
        n_rows=sum(labels[label] for label in compound), example=max(compound, key=lambda label: (labels[label], label))
    )


def list_in(label: str) -> list[str] | None:
    """Return the labels of a list that is written as JSON or as Python does; None if it is no list of words."""
    text = label.strip()
    if not (text.startswith("[") and text.endswith("]")) or len(text) > 10_000:
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            entries = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(entries, list) and all(isinstance(entry, str | int | float) for entry in entries):
            return [str(entry).strip() for entry in entries]
    return None


def alike_note(where: str, labels: Mapping[str, int]) -> list[str]:
    """Say which labels of a corpus look alike and are kept apart."""
    groups = look_alikes(labels)
    if not groups:
        return []
    shown = "; ".join(_counted(group, labels) for group in groups[:4])
    more = f" and {len(groups) - 4} more groups" if len(groups) > 4 else ""
    return [
        f"labels of {where} that look alike are kept apart: {shown}{more}; set look_alikes to merge to take each group "
        "as its first"
    ]


def merged_note(where: str, labels: Mapping[str, int]) -> list[str]:
    """Say which labels of a corpus are merged since they look alike."""
    groups = look_alikes(labels)
    return [
        f"labels of {where} that look alike are merged: {_counted(group, labels)} become {_visible(group[0])}; set "
        "look_alikes to keep to have them apart"
        for group in groups
    ]


def _counted(group: Sequence[str], labels: Mapping[str, int]) -> str:
    shown = ", ".join(f"{_visible(label)} ({labels[label]:,})" for label in group[:6])
    return shown if len(group) <= 6 else f"{shown} and {len(group) - 6} more"


def _visible(label: str) -> str:
    """Write a label in quotation marks so that signs which look alike do not."""
    return ascii(label) if len(label) <= 40 else ascii(f"{label[:37]}...")


def nothing_note(where: str, labels: Mapping[str, int]) -> list[str]:
    """Say how many rows have a word for nothing where their label should be."""
    words = sorted(word for word in labels if word.lower() in NOTHING)
    return [
        f"{_rows_with('label', words, labels, where)}, as programs write a missing one, which is taken as a class; set "
        f"missing_labels to {','.join(words)} to leave them out"
    ] * bool(words)


def nothing_text_note(where: str, texts: Mapping[str, int]) -> list[str]:
    """Say how many rows have a word for nothing where their text should be."""
    words = sorted(word for word in texts if word in _NOTHING_TEXTS)
    return [
        f"{_rows_with('text', words, texts, where)}, as programs write a missing one, which is kept; empty these cells "
        "to leave the rows out"
    ] * bool(words)


def _rows_with(what: str, words: Sequence[str], counts: Mapping[str, int], where: str) -> str:
    n = sum(counts[word] for word in words)
    rows = f"1 row of {where} has" if n == 1 else f"{n:,} rows of {where} have"
    return f"{rows} the {what} {' or '.join(map(repr, words))}"


def several_note(where: str, labels: Mapping[str, int]) -> list[str]:
    """Say how many rows seem to have several labels, each combination of which is taken as a class."""
    seen = several(labels)
    if seen is None:
        return []
    rows = "row of {} seems" if seen.n_rows == 1 else "rows of {} seem"
    return [
        f"{seen.n_rows:,} {rows.format(where)} to hold several labels, such as {seen.example[:60]!r}, and each "
        "combination is taken as a class of its own; choose the task multi-label to learn them one by one"
    ]
