"""Which output of a classifier stands for which label of a corpus, by their names."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_UNNAMED = re.compile(r"LABEL_\d+")
_SEPARATORS = re.compile(r"(?<=\w)[\s\-./,:;&'\"()]+(?=\w)|_|[!?.,:;]+$")
_NUMBER = re.compile(r"-?\d+")
_MEANINGS = {
    "neg": "negative",
    "pos": "positive",
    "neu": "neutral",
    "yes": "true",
    "no": "false",
}
_SHOWN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadMatch:
    """The output of a head for each label of a corpus; ``note`` says what was taken for the same, empty if nothing."""

    order: tuple[int, ...]
    note: str = ""


def match_labels(outputs: Sequence[str], label_names: Sequence[str]) -> HeadMatch | None:
    """Return which of a model's outputs stands for each label of a corpus, or None if its names do not tell.

    Names are compared as they stand first, then more and more loosely, each time only if no two outputs and no two
    labels become alike: without case, without separators, by the only number in them, by what they mean. A head that
    has more outputs than there are labels is used in part. Outputs without names (LABEL_0 or 0, 1, ...), and labels
    that are numbers only, are taken in their order; a teacher that mixes them up is refused later.
    """
    for fold in (_as_written, _without_case, _without_separators, _number, _meaning):
        order = _order([fold(name) for name in outputs], [fold(name) for name in label_names])
        if order is not None:
            return HeadMatch(order=order, note=_told(outputs, label_names, order, exact=fold is _as_written))
    if len(outputs) != len(label_names):
        return None
    order = tuple(range(len(label_names)))
    if all(map(_UNNAMED.fullmatch, outputs)):
        return HeadMatch(order=order)
    if _are_indices(outputs) or _are_indices(label_names):
        return HeadMatch(order=order, note=_told(outputs, label_names, order, exact=False))
    return None


def why_unmatched(outputs: Sequence[str], label_names: Sequence[str]) -> str:
    """Say how the labels of a head and of a corpus differ, and what can be done if they are the same after all."""
    cure = "name the corpus's labels as the head has them if they are the same"
    return (
        f"its own head has the labels {_listed(outputs)} and the corpus has {_listed(label_names)}, so that it gets a "
        f"new head, fine-tuned on the corpus; {cure} (--label-names)"
    )


def _order(outputs: list[str | None], labels: list[str | None]) -> tuple[int, ...] | None:
    if None in outputs or None in labels or len(set(outputs)) < len(outputs) or len(set(labels)) < len(labels):
        return None
    places = {name: i for i, name in enumerate(outputs)}
    if not set(labels) <= places.keys():
        return None
    return tuple(places[name] for name in labels)


def _as_written(name: str) -> str:
    return name


def _without_case(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _without_separators(name: str) -> str:
    return _SEPARATORS.sub("", _without_case(name))


def _number(name: str) -> str | None:
    numbers = _NUMBER.findall(name)
    return str(int(numbers[0])) if len(numbers) == 1 and not _UNNAMED.fullmatch(name) else None


def _meaning(name: str) -> str:
    folded = _without_separators(name)
    return _MEANINGS.get(folded, folded)


def _are_indices(names: Sequence[str]) -> bool:
    return list(names) == [str(i) for i in range(len(names))]


def _told(outputs: Sequence[str], labels: Sequence[str], order: tuple[int, ...], *, exact: bool) -> str:
    parts = []
    if not exact:
        pairs = [f"{label} = {outputs[i]}" for label, i in zip(labels, order, strict=True) if label != outputs[i]]
        more = f" and {len(pairs) - _SHOWN} more" if len(pairs) > _SHOWN else ""
        parts.append(
            f"labels of the corpus and outputs of the teacher are taken for the same: {', '.join(pairs[:_SHOWN])}{more}"
        )
    if len(outputs) > len(labels):
        parts.append(f"of the teacher's {len(outputs)} outputs, the {len(labels)} of the corpus's labels are used")
    return "; ".join(parts)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
