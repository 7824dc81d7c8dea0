"""Models at obvious places, to be held against one another: points, and stores with finished runs."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from distil_core.analysis import tradeoffs
from distil_core.analysis.roles import Role, role_of
from distil_core.analysis.tradeoffs import Landscape, ModelPoint
from distil_core.errors import StoreError
from distil_core.evaluation.predictions import Predictions
from distil_core.evaluation.records import Latency, ModelRecord
from distil_core.runs import families
from distil_core.runs.families import Family, FinishedRun
from distil_core.runs.folder import RunFolder
from distil_core.runs.record import RunRecord
from distil_core.runs.sources import RunSource
from distil_core.runs.store import RunStore
from distil_core.settings.config import LossConfig, Method, RunConfig, StudentConfig
from distil_core.settings.serialization import digest
from tests import seeds
from tests.factories import (
    a_cost,
    a_model_record,
    a_prediction,
    a_run_record,
    a_teacher_record,
    figures,
)

DISTILLED = seeds.a_config()
DEEP = seeds.a_config(student=StudentConfig(depth=4))


def a_model(accuracy: float, parameters: int = 2_000_000, ms: float = 1.0, **overrides: Any) -> ModelRecord:
    """A model that is so good, so large and so slow."""
    cost = a_cost(parameters, latency_ms=Latency(p5=0.9 * ms, p50=ms, p95=2 * ms), texts_per_second=1000 / ms)
    return a_model_record(**{"metrics": figures(accuracy), "cost": cost, **overrides})


def a_teacher(accuracy: float = 0.8, ms: float = 4.0) -> ModelRecord:
    return a_model(accuracy, 4_000_000, ms, metrics=figures(accuracy, agreement=None))


def put(store: RunStore, config: RunConfig, model: ModelRecord, **overrides: Any) -> str:
    """Add a finished run that has learned from the teacher above."""
    run = store.add(digest(config), config, corpus_name="reviews")
    record = a_run_record(run.id, config, model=model, **{"teacher": a_teacher(), **overrides})
    with store.owner() as owner:
        store.claim(owner, run.id)
        store.finish(run.id, record)
    return run.id


def landscape_of(source: RunSource, run_id: str) -> tuple[Family, Landscape]:
    family = families.family(source.get(run_id), source)
    assert family is not None
    return family, tradeoffs.landscape(family, source)


def measured(point: ModelPoint, *records: ModelRecord) -> ModelPoint:
    """The same point, with what else was measured."""
    return replace(point, records=records, scores=records[0].metrics)


def a_point(name: str, accuracy: float, parameters: int, method: Method | None = Method.DISTILLED) -> ModelPoint:
    record, loss = a_model(accuracy, parameters), LossConfig(temperature=1 + accuracy)
    return ModelPoint(
        id=name,
        title=name,
        role=Role.TEACHER if method is None else role_of(method),
        method=method,
        setting=None if method is None else replace(seeds.a_config(loss=loss), method=method),
        runs=(name,),
        seeds=(0,),
        folders=(),
        records=(record,),
        scores=record.metrics,
        in_use=name == "mine",
        elsewhere=False,
    )


POINTS = (
    a_point("dear", 0.9, 900),
    a_point("dominated", 0.6, 800),
    a_point("same", 0.7, 500),
    a_point("mine", 0.7, 500),
    a_point("cheap", 0.5, 100, Method.BASELINE),
    a_point("worse", 0.4, 100),
)


def a_compared_record(student: float = 0.9, teacher: float = 0.95, method: Method = Method.DISTILLED) -> RunRecord:
    return a_run_record(
        config=seeds.a_config(method=method),
        teacher=a_teacher_record(metrics=figures(teacher)),
        model=a_model_record(metrics=figures(student)),
    )


def a_compared_family(student: float, twin: float | None) -> Family:
    def outcome(record: RunRecord) -> FinishedRun:
        return FinishedRun(run="run", folder=RunFolder(path=Path("folder")), record=record)

    twins = () if twin is None else (outcome(a_compared_record(twin, method=Method.HARD_LABELS)),)
    return Family(distilled=outcome(a_compared_record(student)), twins=twins)


def answers(**accuracies: float) -> Callable[[RunFolder], Predictions]:
    """What models answer to 1000 texts of two labels: each is wrong on its last texts, so that they overlap.

    Their teacher is right on 80 %.
    """

    def read(folder: RunFolder) -> Predictions:
        if folder.path.name not in accuracies:
            raise StoreError("gone")
        student, teacher = (np.arange(1000) >= round(1000 * share) for share in (accuracies[folder.path.name], 0.8))
        return a_prediction(np.eye(2)[student.astype(int)], np.zeros(1000), teacher=np.eye(2)[teacher.astype(int)])

    return read


def a_store_family(
    store: RunStore, **accuracies: float
) -> tuple[Family, Landscape, Callable[[RunFolder], Predictions]]:
    """A student and its twins with the given accuracies, under a teacher of 80 %; all cost the same but TF-IDF."""
    ids = {}
    for config in seeds.family_of(DISTILLED):
        if (name := config.method.name.lower()) in accuracies:
            accuracy = accuracies[name]
            small = (50_000, 0.5) if config.method is Method.BASELINE else (2_000_000, 2.0)
            ids[name] = put(store, config, a_model(accuracy, *small))
    members, landscape = landscape_of(store, ids["distilled"])
    return members, landscape, answers(**{ids[name]: accuracies[name] for name in ids})
