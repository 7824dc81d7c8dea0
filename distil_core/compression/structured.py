"""Structured pruning: whole attention heads and feed-forward neurons are taken out of a student before it learns."""

from collections.abc import Generator

from distil_core.compression.importance import importance, sample_of
from distil_core.data.sites import EncodedSplit
from distil_core.models.head import Head
from distil_core.models.structured_pruning import blocks, keep_units
from distil_core.models.units import LayerUnit
from distil_core.settings.config import StudentConfig
from distil_core.training.events import Stage
from distil_core.types import Model


def prune(
    model: Model, student: StudentConfig, part: EncodedSplit, *, head: Head, padding: int, seed: int
) -> Generator[Stage, None, None]:
    """Take the least important heads and neurons of each layer out of a student, from all layers as many.

    Both are measured once, in the whole model; see :mod:`distil_core.compression.importance`. One of each is left at
    least.

    Args:
        model: In eval mode, on the device of the texts; changed in place.
        student: Says which shares stay.
        part: Training texts; their labels play no part.
        head: What the model answers with.
        padding: Id to fill up with.
        seed: Of the run: draws texts and directions.

    Raises:
        ConfigError: If the architecture needs all of them.
    """
    shares = {unit: share for unit in LayerUnit if (share := getattr(student, unit)) < 1}
    affected = {unit: blocks(model, unit) for unit in shares}
    every = [block for group in affected.values() for block in group]
    if not every:
        return
    figures = iter(
        (
            yield from importance(
                model, part, every, head=head, padding=padding, rows=sample_of(part, seed=seed), seed=seed
            )
        )
    )
    for unit, group in affected.items():
        remaining = []
        for block in group:
            n_kept = max(1, round(shares[unit] * block.n_units))
            best = next(figures).topk(n_kept).indices.sort().values
            remaining.append(best.to(block.reader.weight.device))
        keep_units(model, unit, remaining)
