"""One declaration per setting: its default, its bounds and the sentence that explains it."""

import csv
from dataclasses import field
from typing import Any


def setting(
    default: Any, *, help: str, low: float | None = None, high: float | None = None, above: float | None = None
) -> Any:
    """Declare one setting: its default, its bounds and the sentence that explains it.

    Args:
        default: Value when nobody says otherwise.
        help: One sentence for people; shown on the page and in the README.
        low: Smallest value allowed.
        high: Largest value allowed.
        above: Value that must be exceeded.
    """
    return field(default=default, metadata={"help": help, "low": low, "high": high, "above": above})


def split_at_commas(text: str) -> tuple[str, ...]:
    """Return the parts of a text that stand between commas; a part with commas in it stands in double quotes.

    One line of CSV, so that labels such as ``"delivery, price"`` can be named.
    """
    try:
        parts = next(csv.reader([text], skipinitialspace=True), [])
    except csv.Error:
        parts = text.split(",")
    return tuple(part.strip() for part in parts if part.strip())
