"""Readings of a stopwatch become figures: turns, medians with their spread, ratios, and a table of them."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Median of some readings, the smallest and the largest of them."""

    median: float
    low: float
    high: float


def spread(readings: Sequence[float]) -> Spread:
    """Return the median of some readings, of at least one, and how far they lie apart."""
    return Spread(median=statistics.median(readings), low=min(readings), high=max(readings))


def ratios(ours: Sequence[float], peer: Sequence[float]) -> Spread:
    """Return how many times ours the peer's reading is; both of a pair must come from the same round."""
    return spread([theirs / our for our, theirs in zip(ours, peer, strict=True)])


def alternating(names: Sequence[str], n_rounds: int) -> Iterator[tuple[int, str]]:
    """Let all have a turn in each round, each time another one first, so that what drifts drifts for all."""
    for number in range(n_rounds):
        first = number % len(names)
        for name in (*names[first:], *names[:first]):
            yield number, name


def as_text(rows: Sequence[Sequence[str]]) -> str:
    """Lay out rows of cells for a terminal."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows)


def as_markdown(rows: Sequence[Sequence[str]]) -> str:
    """Lay out rows of cells for the README; the first is the head."""
    head, *body = rows
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *body))


def times(figure: Mapping[str, Any] | Spread | None, *, unit: str = "x", digits: int = 1) -> str:
    """Say a spread in words of a table, such as ``4.4x (4.2 to 4.6)``; nothing where there is none."""
    if figure is None:
        return "–"
    measured = figure if isinstance(figure, Spread) else Spread(**figure)
    return f"{measured.median:.{digits}f}{unit} ({measured.low:.{digits}f} to {measured.high:.{digits}f})"
