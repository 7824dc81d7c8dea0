"""Carry out one run, from the corpus to the record: what the worker does, and a command in the foreground."""

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from distil_core.compression.extras import require_onnx
from distil_core.compression.int8 import QuantizedModel, quantized
from distil_core.compression.weights import HALF, settle
from distil_core.errors import Cancelled, Deferred, DistilError, StoreError
from distil_core.evaluation import bootstrap, environment
from distil_core.evaluation import cost as evaluation_cost
from distil_core.evaluation.records import Cost, ModelRecord
from distil_core.models import devices, embeddings, loading
from distil_core.models.freezing import most_parts
from distil_core.models.pooling import PooledClassifier
from distil_core.runs import timing
from distil_core.runs.answers import write_answers
from distil_core.runs.folder import RunFolder
from distil_core.runs.lineage import student_folder
from distil_core.runs.materials import (
    Materials,
    Stopwatch,
    first_student,
    gather_materials,
    meanwhile,
    refuse_changed,
    shared_states,
    training_data,
)
from distil_core.runs.measuring import answers_of, corpus_summary, probe_scores
from distil_core.runs.record import RunRecord
from distil_core.runs.rows import Run, RunState
from distil_core.runs.store import RunStore
from distil_core.settings import recipes
from distil_core.settings.canonical import CanonicalConfig, canonical, is_settled
from distil_core.settings.config import Method, RunConfig, WeightFormat
from distil_core.tasks.transfer import labeled_split
from distil_core.training.cache import Cache, replacing
from distil_core.training.events import Event, Stage, Step, TeacherMeasured, Validation
from distil_core.training.head_fitting import fit_to_lesson
from distil_core.training.lessons import TrainingData, predictions_of
from distil_core.training.trainer import drop_unsound, train
from distil_core.types import Model

T = TypeVar("T")

EARLY = 0.25
"""Share of the first epoch after which a student is measured for the first time, so that there is a figure soon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """A model that answers, its answers in fp32, and the teacher layers it came from.

    ``quantized`` is what answers in its place, where its weights are to have 8 bits. ``quality`` is what its answers
    are worth to each example, by split, where they are no logits, as a baseline's.
    """

    model: Model
    layers: tuple[int, ...]
    validation_logits: Float[Tensor, "validation_sites classes"]
    test_logits: Float[Tensor, "test_sites classes"]
    examples_seen: int
    quantized: QuantizedModel | None = None
    quality: Mapping[str, np.ndarray] = field(default_factory=dict)


def execute(
    run: Run, store: RunStore, *, on_event: Callable[[Event], None] | None = None, in_turns: bool = False
) -> None:
    """Compute a claimed run and finish it in the store; its events go to the store as they happen.

    Args:
        run: What to do.
        store: Where it was claimed.
        on_event: Told what goes to the store.
        in_turns: Whether the run may be put back into the queue once there is a first figure of it; see
            :meth:`RunStore.step_back`.

    Raises:
        Cancelled: If somebody asked for the run to stop.
        Deferred: If it was put back.
        DistilError: If corpus, teacher or settings do not allow it.
    """
    folder, parent = store.folder(run.id), student_folder(run.config, store)
    cache = Cache(store.layout.cache)
    try:
        with closing(carry_out(run.id, run.config, folder=folder, cache=cache, parent=parent)) as work:
            record = drain(work, _Recorder(store, run.id, on_event, in_turns=in_turns))
    except Deferred:  # nobody may have it before its checkpoint is written
        store.step_back(run.id)
        raise
    store.finish(run.id, record)


def warm_up(store: RunStore) -> None:
    """Do what the first run would wait for: slow imports and, if nobody waits yet, what the default run starts from."""
    import sklearn.linear_model  # noqa: F401

    if store.counts()[RunState.QUEUED] == 0:
        with suppress(DistilError, OSError):  # it can wait: a run that needs it will say what is wrong
            drain(
                gather_materials(canonical(RunConfig()), cache=Cache(store.layout.cache), watch=Stopwatch()),
                lambda _: None,
            )


def drain(work: Generator[Event, None, T], listener: Callable[[Event], None]) -> T:
    """Tell ``listener`` what happens in some work, and return what comes of it."""
    while True:
        try:
            event = next(work)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        listener(event)


class _Recorder:
    """Write events down, several steps as one, and notice when somebody asks to stop."""

    def __init__(
        self,
        store: RunStore,
        run_id: str,
        on_event: Callable[[Event], None] | None,
        *,
        in_turns: bool = False,
        seconds: float = 0.2,
    ) -> None:
        self._store = store
        self._run = run_id
        self._on_event = on_event
        self._in_turns = in_turns
        self._seconds = seconds
        self._written = 0.0
        self._losses: list[dict[str, float]] = []

    def __call__(self, event: Event) -> None:
        if self._store.cancel_requested(self._run):
            raise Cancelled
        timing.pause_for_others(self._store.layout.cache)
        if isinstance(event, Step):
            self._losses.append(event.loss)
        if isinstance(event, Validation | TeacherMeasured) or self._due(event):
            if isinstance(event, Step):
                event = replace(event, loss=_mean(self._losses))
                self._losses = []
            self._written = time.monotonic()
            self._store.add_event(self._run, event)
            if self._on_event is not None:
                self._on_event(event)
        if self._in_turns and isinstance(event, Validation) and self._store.has_had_turn(self._run):
            raise Deferred

    def _due(self, event: Stage | Step) -> bool:
        last = event.step == event.n_steps if isinstance(event, Step) else event.fraction in (None, 0.0, 1.0)
        return last or time.monotonic() - self._written >= self._seconds


def _mean(losses: list[dict[str, float]]) -> dict[str, float]:
    return {name: sum(loss[name] for loss in losses) / len(losses) for name in losses[0]}


def carry_out(
    run_id: str, config: CanonicalConfig, *, folder: RunFolder, cache: Cache, parent: Path | None = None
) -> Generator[Event, None, RunRecord]:
    """Compute a run and write its files into ``folder``; yields what happens, returns the record.

    Args:
        run_id: The run's fingerprint.
        config: What to do.
        folder: Where the student, the outputs, the test texts and a checkpoint go.
        cache: Where fine-tuned teachers and teacher outputs are kept.
        parent: Folder of the student that it starts from, where it names one.

    Raises:
        DistilError: If corpus, teacher or settings do not allow it, or an earlier version has asked for the run.
    """
    if not is_settled(config):
        raise StoreError(
            f"run {run_id!r} must say in which precision and with how many threads it is computed, but an earlier "
            "version of this program has asked for it; ask for it again"
        )
    watch = Stopwatch()
    materials = yield from gather_materials(config, cache=cache, watch=watch)
    refuse_changed(run_id, config, materials)
    with devices.n_threads(config.training.threads):
        if config.method is Method.BASELINE:
            student, cost = yield from _baseline(materials, config, watch, cache)
        else:
            student = yield from cut_and_train(
                materials, config, watch=watch, checkpoint=folder.checkpoint, parent=parent
            )
            with replacing(folder.student) as path:
                half = HALF.get(config.student.weights)
                loading.save(student.model, materials.tokenizer, path, dtype=half or torch.float32)
            if student.quantized is not None:
                with replacing(folder.quantized) as path:
                    path.write_bytes(student.quantized.content)
            yield Stage(name="Measuring", detail="teacher and student, in turn", fraction=None)
            with watch.timing("measurement"):
                seconds = 0.6 if config.method is Method.DISTILLED else 0.3
                with timing.alone(cache.root):
                    cost = timing.costs(materials, student.quantized or student.model, folder.student, seconds=seconds)
            if config.student.sparsity:
                packed = evaluation_cost.packed_bytes(folder.student)
                cost["student"] = replace(cost["student"], packed_bytes=packed)
        with watch.timing("measurement"):
            record = yield from _record(run_id, config, materials, student, cost, watch)
    write_answers(
        folder,
        config,
        materials,
        test=student.test_logits,
        validation=student.validation_logits,
        quality=student.quality,
    )
    return replace(record, seconds=watch.total())


def cut_and_train(
    materials: Materials,
    config: CanonicalConfig,
    *,
    watch: Stopwatch,
    checkpoint: Path | None = None,
    parent: Path | None = None,
) -> Generator[Event, None, Student]:
    """Cut a student out of the teacher, or take that of its parent, train it as ``config`` says, and let it answer."""
    if config.student.weights is WeightFormat.INT8:
        require_onnx("A student in int8")
    model, layers = yield from first_student(materials, config, parent=parent)
    trimmed = embeddings.trim_embedding(
        model, [part.tokens.ids for part in materials.splits.values()], padding=materials.padding
    )
    padding = int(trimmed.lookup[materials.padding])
    lookup = trimmed.lookup.to(materials.device)
    tokens = {name: part.tokens.with_ids(lookup) for name, part in materials.splits.items()}
    training_set = training_data(materials, config, tokens["train"])
    validation = TrainingData(
        tokens=tokens["validation"],
        sites=materials.splits["validation"].sites,
        teacher=materials.outputs["validation"],
    )
    if isinstance(model, PooledClassifier) and parent is None:
        fit_to_lesson(model, training_set, task=materials.task, loss=config.loss, padding=padding)
    schedule = recipes.student_schedule(config, depth=len(layers), n_examples=len(training_set))
    schedule = replace(schedule, frozen=most_parts(model, schedule.frozen))
    training_set, validation = (
        replace(data, lower=shared_states(materials.teacher, split, config, layers=layers))
        for split, data in (("train", training_set), ("validation", validation))
    )
    examples_seen = 0
    if schedule.epochs:
        yield Stage(name="Training the student", detail=drop_unsound(checkpoint), fraction=0.0)
        with watch.timing("training"):
            n_epochs = yield from train(
                model,
                training_set,
                validation,
                task=materials.task,
                loss=config.loss,
                training=schedule,
                seed=config.seed,
                padding=padding,
                layers=layers,
                checkpoint=checkpoint,
                early=EARLY,
            )
        examples_seen = n_epochs * len(training_set)
    yield Stage(name="Measuring", detail="answers to the test texts", fraction=None)
    trimmed.restore(model)
    settle(model, config.student)
    with watch.timing("measurement"):
        small = quantized(model) if config.student.weights is WeightFormat.INT8 else None
        answers = {}
        for split in ("validation", "test"):
            part = materials.splits[split]
            answers[split] = yield from answers_of(small or model, part, padding=materials.padding, name=split)
    return Student(
        model=model,
        layers=layers,
        validation_logits=answers["validation"],
        test_logits=answers["test"],
        examples_seen=examples_seen,
        quantized=small,
    )


def _baseline(
    materials: Materials, config: CanonicalConfig, watch: Stopwatch, cache: Cache
) -> Generator[Event, None, tuple[Student, dict[str, Cost]]]:
    corpus = materials.corpus
    stage = Stage(name="Training the baseline", detail="", fraction=None)
    task, n_classes = materials.task, len(corpus.label_names)
    train = labeled_split(corpus, config.corpus, task=task, seed=config.seed)
    yield stage
    with watch.timing("training"):
        encoded = materials.splits["train"]
        baseline = yield from meanwhile(lambda: task.baseline(train, encoded=encoded, n_classes=n_classes), stage)
    yield Stage(name="Measuring", detail="the baseline", fraction=None)
    with watch.timing("measurement"):
        texts, splits = corpus.test.texts, materials.splits
        answers = {name: baseline.predict(getattr(corpus, name).texts) for name in ("validation", "test")}
        student = Student(
            model=baseline,
            layers=(),
            validation_logits=task.baseline_logits(answers["validation"], splits["validation"].sites),
            test_logits=task.baseline_logits(answers["test"], splits["test"].sites),
            examples_seen=len(train),
        )
        quality = {name: task.baseline_quality(answers[name], splits[name].sites) for name in answers}
        if quality["test"] is not None:
            student = replace(student, quality=quality)
        cost = Cost(parameters=baseline.n_parameters, bytes=baseline.bytes, latency_ms=None, texts_per_second=None)
        if task.baseline_reads:
            singles = [{"texts": [text]} for text in texts[:32]]
            batches = [{"texts": list(texts[:32])}]
            answering = {"baseline": lambda batch: baseline.predict(batch["texts"])}
            with timing.alone(cache.root):
                speed = evaluation_cost.speed(answering, singles, batches, seconds=0.2)["baseline"]
            cost = replace(cost, latency_ms=speed.latency_ms, texts_per_second=speed.texts_per_second)
    return student, {"student": cost}


def _record(
    run_id: str,
    config: CanonicalConfig,
    materials: Materials,
    student: Student,
    costs: Mapping[str, Cost],
    watch: Stopwatch,
) -> Generator[Event, None, RunRecord]:
    test = predictions_of(student.test_logits, materials.splits["test"].sites, teacher=materials.teacher_logits("test"))
    if student.quality:
        test = replace(test, quality=student.quality["test"])
    task, metrics = materials.task, materials.task.metrics
    probes = yield from probe_scores(config, materials, student.quantized or student.model)
    return RunRecord(
        run=run_id,
        config=config,
        corpus=corpus_summary(materials, test),
        teacher_name=materials.teacher.name,
        teacher_digest=materials.teacher.digest,
        teacher=None
        if test.teacher_logits is None
        else ModelRecord(
            metrics=bootstrap.measure(test.teacher, metrics),
            cost=costs.get("teacher"),
            probe_score=probes.get("teacher"),
        ),
        model=ModelRecord(
            metrics=bootstrap.measure(test, metrics),
            cost=costs["student"],
            probe_score=probes.get("student"),
        ),
        layers=student.layers,
        seconds=watch.total(),
        environment=environment.environment(materials.device, materials.precision),
        examples_seen=student.examples_seen,
        primary=task.primary.name,
    )
