"""DistilBERT's ablation: which runs it is made of, what comes of them, and its table."""

from dataclasses import replace

import numpy as np
import pytest

from distil_core.analysis import ablation
from distil_core.analysis.ablation import Variant
from distil_core.errors import ConfigError
from distil_core.evaluation.bootstrap import Sample
from distil_core.reporting.ablation_tables import ablation_rows
from distil_core.runs.rows import Run, RunState
from distil_core.settings.canonical import CanonicalConfig
from distil_core.settings.config import Init, Method, RunConfig
from distil_core.tasks.catalog import task_named, usual_config
from tests import factories

BASE = usual_config("fill-mask")
WORTH = {Variant.FULL: 0.5, Variant.NO_SOFT: 0.47, Variant.NO_COSINE: 0.49, Variant.NO_HARD: 0.5, Variant.RANDOM: 0.3}


def the_runs() -> dict[CanonicalConfig, Run]:
    run = Run(
        id="",
        config=ablation.variant_config(BASE, Variant.FULL, 0),
        state=RunState.DONE,
        corpus_name="texts",
        created=0.0,
        started=0.0,
        finished=1.0,
        error="",
        record=factories.a_run_record(),
        stopping=False,
    )
    return {
        config: replace(run, id=f"{variant.name}.{seed}", config=config)
        for seed in (0, 1)
        for variant in Variant
        for config in [ablation.variant_config(BASE, variant, seed)]
    }


def sample_of(run: Run) -> Sample:
    name, _, seed = run.id.partition(".")
    value = WORTH[Variant[name]] + 0.01 * int(seed)
    return Sample(value=value, draws=np.full(50, value), n_examples=10, is_share=True)


def test_each_variant_lacks_one_part() -> None:
    configs = {variant: ablation.variant_config(BASE, variant, 3) for variant in Variant}
    weights = {
        variant: (config.loss.soft, config.loss.hard, config.loss.hidden_cosine) for variant, config in configs.items()
    }
    assert weights == {
        Variant.FULL: (5.0, 2.0, 1.0),
        Variant.NO_SOFT: (0.0, 2.0, 1.0),
        Variant.NO_COSINE: (5.0, 2.0, 0.0),
        Variant.NO_HARD: (5.0, 0.0, 1.0),
        Variant.RANDOM: (5.0, 2.0, 1.0),
    }
    assert configs[Variant.RANDOM].student.init is Init.RANDOM
    assert {config.seed for config in configs.values()} == {3}
    assert {config.method for config in configs.values()} == {Method.DISTILLED}
    with pytest.raises(ConfigError, match="all three parts"):
        ablation.variant_config(RunConfig(), Variant.FULL, 0)


def test_changes_are_paired_over_seeds_and_the_order_is_told() -> None:
    runs = the_runs()
    rows = ablation.ablated(BASE, runs, score=sample_of, divergence=sample_of, seeds=(0, 1))
    by_variant = {row.variant: row for row in rows}
    change = by_variant[Variant.NO_SOFT].score_difference
    assert change is not None
    assert (change.value, change.low, change.high) == pytest.approx((-0.03, -0.03, -0.03))
    assert by_variant[Variant.FULL].score_difference is None
    assert ablation.same_order(rows) is True
    header, cells = ablation_rows(rows, task_named("fill-mask"))
    assert len({len(header), *map(len, cells)}) == 1
    assert len(set(header)) == len(header)
    line = next(row for row in cells if row[0] == "without KL")
    assert (line[4], line[8]) == ("-3.00 points", "-2.96")

    del runs[ablation.variant_config(BASE, Variant.RANDOM, 0)], runs[ablation.variant_config(BASE, Variant.RANDOM, 1)]
    rows = ablation.ablated(BASE, runs, score=sample_of, divergence=sample_of, seeds=(0, 1))
    assert rows[-1].score is None
    assert ablation.same_order(rows) is None
