"""How fast runs have been on this machine, from what they have left behind."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

from distil_core.checkpoints import width_of
from distil_core.outcomes import example
from distil_core.records import RunRecord
from distil_core.runs import RunStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Experience:
    """Medians of the last trainings: :func:`weight` times tokens a second, and the seconds that came on top of each."""

    rate: float
    overhead: float


def experience(store: RunStore) -> Experience | None:
    """Return how fast runs have been; before the first one, how fast the example was on its machine, if it is there."""
    own = [(store.folder(run.id), run.record) for run in store.list() if run.record is not None]
    shipped = example()
    others = [] if shipped is None else [(shipped.distilled.folder, shipped.distilled.record)]
    found = _rates(own[:100]) or _rates(others)
    if not found:
        return None
    return Experience(rate=median(rate for rate, _ in found), overhead=median(seconds for _, seconds in found))


def weight(depth: int, width: int) -> float:
    """Return the parameters that a token passes through: four square matrices and two of four times the width."""
    return 12.0 * depth * width**2


def mean_tokens(texts: Sequence[str], max_length: int) -> float:
    """Guess the tokens of a text from its words, of the first thousand texts."""
    return mean(min(2 + 1.3 * len(text.split()), max_length) for text in texts[:1000])


def _rates(done: Sequence[tuple[Path, RunRecord]]) -> list[tuple[float, float]]:
    return [rate for folder, record in done if (rate := _rate(folder, record)) is not None]


def _rate(folder: Path, record: RunRecord) -> tuple[float, float] | None:
    width, seconds = width_of(folder / "student"), record.seconds
    if not width or not seconds.get("training") or not record.examples_seen:
        return None
    work = record.examples_seen * record.corpus.mean_tokens * weight(len(record.layers), width)
    return work / seconds["training"], seconds["measurement"] + seconds["teacher_outputs"]
