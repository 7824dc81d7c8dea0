"""One declaration per setting: its default, its bounds and the sentence that explains it."""

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
