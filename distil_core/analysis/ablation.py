"""DistilBERT's ablation: its student with each part of the loss left out, and from a random start; many seeds.

Sanh et al. (2019, arXiv:1910.01108, table 4) leave out one part at a time and tell by how much the mean score of GLUE
falls. Here the same students are made of any teacher and corpus, and are measured at masked words.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from distil_core.errors import ConfigError
from distil_core.evaluation import bootstrap
from distil_core.evaluation.bootstrap import Sample
from distil_core.evaluation.records import Interval
from distil_core.runs.requests import RunRequest, identify
from distil_core.runs.rows import Run
from distil_core.settings.canonical import CanonicalConfig, canonical
from distil_core.settings.config import Init, Method, RunConfig

SEEDS = (0, 1, 2, 3, 4)


class Variant(StrEnum):
    """What is left out of a student like DistilBERT."""

    FULL = "full loss"
    NO_SOFT = "without KL"
    NO_COSINE = "without cosine"
    NO_HARD = "without masked words"
    RANDOM = "random start"


PUBLISHED: Mapping[Variant, float] = {
    Variant.NO_SOFT: -2.96,
    Variant.NO_COSINE: -1.46,
    Variant.NO_HARD: -0.31,
    Variant.RANDOM: -3.69,
}
"""By how many points of the mean score of GLUE the published student falls (table 4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ablated:
    """What came of one variant: figures over its seeds, and how far they are from those of the full loss."""

    variant: Variant
    n_seeds: int
    score: Interval | None
    divergence: Interval | None
    score_difference: Interval | None
    divergence_difference: Interval | None

    @property
    def published(self) -> float | None:
        """Points of the mean score of GLUE that the published student lost."""
        return PUBLISHED.get(self.variant)


def variant_config(base: RunConfig, variant: Variant, seed: int) -> CanonicalConfig:
    """Return the settings of one variant of a run and one seed.

    Raises:
        ConfigError: If the run has no loss of three parts.
    """
    loss = base.loss
    if not (base.loss.soft and base.loss.hard and base.loss.hidden_cosine and base.method is Method.DISTILLED):
        raise ConfigError(
            "an ablation must start from a distilled run whose loss has all three parts (soft_weight, hard_weight and "
            "hidden_cosine above 0), as fill-mask begins with; choose such a run"
        )
    weights = replace(loss, soft_weight=loss.soft, hard_weight=loss.hard)
    inherited = base.student.parent != ""
    student = replace(base.student, init=Init.TEACHER, parent="", width=0 if inherited else base.student.width)
    match variant:
        case Variant.NO_SOFT:
            weights = replace(weights, soft_weight=0.0)
        case Variant.NO_COSINE:
            weights = replace(weights, hidden_cosine=0.0)
        case Variant.NO_HARD:
            weights = replace(weights, hard_weight=0.0)
        case Variant.RANDOM:
            student = replace(student, init=Init.RANDOM)
    return canonical(replace(base, student=student, loss=weights, seed=seed))


def plan_ablation(base: RunConfig, *, seeds: Sequence[int] = SEEDS) -> dict[CanonicalConfig, RunRequest]:
    """Name all runs of an ablation, one seed after the other, so that all variants have a figure soon.

    Raises:
        DistilError: If settings, corpus or teacher cannot be used.
    """
    wanted = [variant_config(base, variant, seed) for seed in seeds for variant in Variant]
    return dict(zip(wanted, identify(wanted), strict=True))


def ablated(
    base: RunConfig,
    runs: Mapping[CanonicalConfig, Run],
    *,
    score: Callable[[Run], Sample],
    divergence: Callable[[Run], Sample],
    seeds: Sequence[int] = SEEDS,
) -> tuple[Ablated, ...]:
    """Return what came of each variant so far; differences are paired over seeds and examples.

    Args:
        base: The run whose student is taken apart.
        runs: Those that are there, by their settings.
        score: Reads the primary metric of a finished run.
        divergence: Reads its KL divergence from the teacher.
        seeds: Of all variants.
    """

    def done(variant: Variant) -> dict[int, Run]:
        there = ((seed, runs.get(variant_config(base, variant, seed))) for seed in seeds)
        return {seed: run for seed, run in there if run is not None and run.record is not None}

    whole = done(Variant.FULL)
    rows = []
    for variant in Variant:
        finished = done(variant)
        paired = [seed for seed in finished if seed in whole and variant is not Variant.FULL]
        measures = [
            (
                bootstrap.estimate([read(run) for run in finished.values()]),
                bootstrap.estimate([read(finished[seed]) - read(whole[seed]) for seed in paired]),
            )
            for read in (score, divergence)
        ]
        rows.append(
            Ablated(
                variant=variant,
                n_seeds=len(finished),
                score=measures[0][0],
                score_difference=measures[0][1],
                divergence=measures[1][0],
                divergence_difference=measures[1][1],
            )
        )
    return tuple(rows)


def same_order(rows: Sequence[Ablated]) -> bool | None:
    """Tell whether what costs most here is in the published order; None until all variants have a figure."""
    losses = {row.variant: row.score_difference for row in rows if row.published is not None}
    known = {variant: interval.value for variant, interval in losses.items() if interval is not None}
    if len(known) < len(PUBLISHED):
        return None
    return sorted(known, key=lambda variant: known[variant]) == sorted(PUBLISHED, key=lambda v: PUBLISHED[v])
