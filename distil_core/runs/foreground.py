"""A run and its twins computed in this process, as far as nobody else has."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from distil_core.errors import (
    Cancelled,
    DistilError,
    MissingExtraError,
    ModelError,
    NoSuchTeacherError,
    StoreError,
    TeacherError,
    is_failure,
)
from distil_core.evaluation.metrics import KL
from distil_core.evaluation.records import ModelRecord
from distil_core.runs import workers
from distil_core.runs.folder import RunFolder
from distil_core.runs.reading import outline_here
from distil_core.runs.record import RunRecord
from distil_core.runs.requests import baseline_of, comes_later, submit
from distil_core.runs.rows import Run, RunState
from distil_core.runs.store import RunStore
from distil_core.settings.config import Method, RunConfig
from distil_core.settings.serialization import to_json
from distil_core.training.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Distillation:
    """A student, its teacher and its twins, measured."""

    run: str
    record: RunRecord
    hard_label_twin: RunRecord | None
    layer_cut_twin: RunRecord | None
    baseline: RunRecord | None
    folder: RunFolder
    random_start_twin: RunRecord | None = None

    @property
    def tfidf(self) -> RunRecord | None:
        """The baseline, under its name of earlier versions; it goes with the next one."""
        return self.baseline

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain data, by model."""
        figures = partial(_figures, record=self.record)
        baseline = figures(self.baseline.model) if self.baseline else None
        return {
            "run": self.run,
            "task": self.record.task.name,
            "primary": self.record.primary,
            "teacher": figures(self.record.teacher),
            "student": figures(self.record.model),
            "hard_label_twin": figures(self.hard_label_twin.model) if self.hard_label_twin else None,
            **({"random_start_twin": figures(self.random_start_twin.model)} if self.random_start_twin else {}),
            "layer_cut_twin": figures(self.layer_cut_twin.model) if self.layer_cut_twin else None,
            "baseline": baseline,
            "tfidf": baseline,  # its name of earlier versions, for one more
            "seconds": {part: round(seconds, 3) for part, seconds in self.record.seconds.items()},
            "layers": list(self.record.layers),
            "corpus": to_json(self.record.corpus),
            "folder": str(self.folder.path),
        }


def _figures(model: ModelRecord | None, *, record: RunRecord) -> dict[str, Any] | None:
    if model is None:
        return None
    figures: dict[str, Any] = {}
    scores: dict[str, Any] = {}
    for metric in record.task.metrics:
        measured, name = model.metric(metric.name), "kl_nats" if metric == KL else metric.name
        if measured is not None:
            figures[name] = measured.value
            scores[metric.name] = {"value": measured.value, "low": measured.low, "high": measured.high}
            if measured.low is not None:
                figures[f"{name}_interval"] = [measured.low, measured.high]
    figures["scores"] = scores
    cost = model.cost
    if cost is not None:
        figures |= {"parameters": cost.parameters, "bytes": cost.bytes, "latency_ms": to_json(cost.latency_ms)}
        figures["texts_per_second"] = cost.texts_per_second
    if model.probe_score is not None:
        figures[f"probe_{record.primary}"] = model.probe_score
    return figures


def run_all(
    config: RunConfig,
    store: RunStore,
    *,
    twins: bool = True,
    assisted: bool = False,
    on_event: Callable[[Run, Event], None] | None = None,
    on_done: Callable[[Run], None] | None = None,
) -> Distillation:
    """Compute a run and its twins in this process, as far as nobody else has; see :func:`distil`.

    With ``assisted``, a process of its own computes twins meanwhile, where there are processors for it; the student is
    computed here, where it is watched. ``on_done`` is told of each run when it is done.
    """
    workers.recover(store)  # what a killed process left is nobody's, and can be had
    try:
        runs = submit(config, store, twins=twins, read=outline_here)
        with store.owner() as owner:
            waiting, computed = sorted(runs, key=comes_later), {}
            learning = [run.id for run in waiting if comes_later(run) and run.state is not RunState.DONE]
            if assisted and len(learning) > 1:
                workers.assist(store, first=learning[1])
            while waiting:
                run, claimed = _next(waiting, store, owner)
                computed[run.id] = _computed(run, store, on_event, claimed=claimed)
                waiting.remove(run)
                if on_done is not None:
                    on_done(computed[run.id])
            done = [computed[run.id] for run in runs]
    except (TeacherError, ModelError, MissingExtraError) as error:
        helps = twins and config.method is Method.DISTILLED and not isinstance(error, NoSuchTeacherError)
        if not helps or (figure := _baseline(config, store, on_event)) is None:
            raise
        kind = TeacherError if isinstance(error, TeacherError) else ModelError
        raise kind(f"{error}. {figure}") from error
    records = {run.config.method: run.record for run in done}
    record = done[0].record
    assert record is not None
    return Distillation(
        run=done[0].id,
        record=record,
        hard_label_twin=records.get(Method.HARD_LABELS) if twins else None,
        random_start_twin=records.get(Method.RANDOM_START) if twins else None,
        layer_cut_twin=records.get(Method.LAYER_CUT) if twins else None,
        baseline=records.get(Method.BASELINE) if twins else None,
        folder=store.folder(done[0].id),
    )


def _baseline(config: RunConfig, store: RunStore, on_event: Callable[[Run, Event], None] | None) -> str | None:
    """Compute the baseline alone, and return what it comes to in a sentence; None where there is none."""
    if (alone := baseline_of(config)) is None:
        return None
    try:
        (run,) = submit(alone, store, read=outline_here)
        with store.owner() as owner:
            record = _computed(run, store, on_event, claimed=store.claim(owner, run.id) is not None).record
    except DistilError:
        return None
    assert record is not None
    metric, name = record.metric, record.task.baseline_name
    value = f"{metric.scale * record.score.value:.{1 if metric.is_share else 3}f} {metric.unit}".rstrip()
    return f"The baseline ({name}) needs no teacher: its {metric.in_text} on the test texts is {value}"


def _next(waiting: Sequence[Run], store: RunStore, owner: str) -> tuple[Run, bool]:
    """Return the first run that is done or that nobody else is at, which is claimed then; or else the first of all."""
    for run in waiting:
        if run.state is RunState.DONE:
            return run, False
        if store.claim(owner, run.id) is not None:
            return run, True
    return waiting[0], False


def _computed(run: Run, store: RunStore, on_event: Callable[[Run, Event], None] | None, *, claimed: bool) -> Run:
    """Return a run once it is done: here if it is claimed, else by whoever is at it."""
    listener = (lambda event: on_event(run, event)) if on_event else None
    if run.state is RunState.DONE:
        return run
    if not claimed:
        (run,) = workers.wait(store, [run.id], on_event=(lambda _, event: listener(event)) if listener else None)
        if run.state is not RunState.DONE:
            raise StoreError(f"run {run.id} was {run.state} elsewhere ({run.error or 'no reason given'}); try again")
        return run
    from distil_core.runs.execute import execute

    try:
        execute(run, store, on_event=listener)
    except Cancelled:
        store.mark_cancelled(run.id)
        raise
    except BaseException as error:
        if not is_failure(error):
            raise
        reason = workers.why_failed(error, store.folder(run.id).traceback)
        with suppress(StoreError):  # a full disk
            store.fail(run.id, reason)
        if isinstance(error, OSError) and not isinstance(error, DistilError) and "traceback" not in reason:
            raise StoreError(reason) from error
        raise
    return store.get(run.id)
