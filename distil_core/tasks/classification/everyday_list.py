"""The everyday list: sentences written one by one, of many kinds of things, to measure out-of-domain accuracy with."""

import csv
from collections.abc import Mapping

from distil_core.models.checkpoints import assets_folder

EVERYDAY_SIDES: Mapping[str, tuple[str, ...]] = {
    "negative": ("very negative", "negative"),
    "mixed": ("mixed",),
    "positive": ("positive", "very positive"),
}
"""The sides that its labels name, and the labels of the reviews on each."""


def read_everyday(half: str = "") -> Mapping[str, str]:
    """Return the sentences and the side of each.

    Args:
        half: ``development``, by which the shipped teacher was made better, or ``report``; both if empty.
    """
    with (assets_folder() / "probe.csv").open(encoding="utf-8", newline="") as file:
        return {row["text"]: row["label"] for row in csv.DictReader(file) if half in ("", row["half"])}
