"""DistilBERT's ablation at our scale, to the end, and its table."""

import sys
from dataclasses import dataclass
from typing import Any

from distil_core.analysis import ablation
from distil_core.analysis.ablation import Ablated
from distil_core.bench.readings import as_markdown
from distil_core.errors import StoreError
from distil_core.evaluation import bootstrap
from distil_core.evaluation.metrics import KL
from distil_core.reporting.ablation_tables import ablation_rows
from distil_core.runs import sweep, workers
from distil_core.runs.record import RunRecord
from distil_core.runs.rows import RunState
from distil_core.runs.store import RunStore
from distil_core.settings.config import RunConfig
from distil_core.settings.serialization import to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Ablation:
    """All variants, and one of their records, which says of what corpus and teacher."""

    rows: tuple[Ablated, ...]
    record: RunRecord

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain data."""
        return {
            "corpus": to_json(self.record.corpus),
            "teacher": self.record.teacher_name,
            "primary": self.record.primary,
            "environment": to_json(self.record.environment),
            "variants": {row.variant: {**to_json(row), "published": row.published} for row in self.rows},
            "published_order": ablation.same_order(self.rows),
        }


def compare_variants(config: RunConfig, store: RunStore, *, n_seeds: int) -> Ablation:
    """Distil all variants of a run, where that has not been done, by the workers of the store.

    Args:
        config: The run whose student is taken apart.
        store: Where the runs are kept; the same command goes on where it was.
        n_seeds: Seeds of each variant.

    Raises:
        DistilError: If corpus or teacher cannot be used, or a run fails.
    """
    seeds = tuple(range(n_seeds))
    planned = ablation.plan_ablation(config, seeds=seeds)
    workers.recover(store)
    sweep.start(planned, store)
    print(f"{len(planned)} runs, {len(sweep.runs(planned, store))} of them asked for", file=sys.stderr, flush=True)
    names = [request.run for request in planned.values()]
    for run in workers.wait(store, names, tend=workers.ensure_worker):
        if run.state is not RunState.DONE:
            raise StoreError(
                f"run {run.id} of the ablation was {run.state} ({run.error or 'no reason given'}); try again"
            )
        record = run.record
    assert record is not None
    task = record.task
    rows = ablation.ablated(
        config,
        sweep.runs(planned, store),
        score=lambda run: bootstrap.sample(store.folder(run.id).read_predictions().test, task.primary),
        divergence=lambda run: bootstrap.sample(store.folder(run.id).read_predictions().test, task.metric(KL.name)),
        seeds=seeds,
    )
    return Ablation(rows=rows, record=record)


def variant_table(measured: Ablation) -> str:
    """Return the figures as a table in Markdown, beside the published ones."""
    header, rows = ablation_rows(measured.rows, measured.record.task)
    return as_markdown([header, *rows])
