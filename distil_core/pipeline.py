"""The whole on one screen: from names to a distilled student, its twins and their figures.

Loads no model itself, so that a page can ask for a run without waiting for torch.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from distil_core import jobs
from distil_core.checkpoints import Checkpoint, head_order, locate, teacher_digest
from distil_core.config import (
    CorpusConfig,
    LayerMap,
    LossConfig,
    RunConfig,
    RunKind,
    StudentConfig,
    TeacherConfig,
    TrainingConfig,
    canonical,
    fingerprint,
    layer_indices,
    to_json,
    validate,
    whole,
)
from distil_core.corpora import BUILT_IN, Corpus, load_recent, refuse_unknown
from distil_core.corpora.files import path_of
from distil_core.errors import Cancelled, ConfigError, DistilError, StoreError
from distil_core.experience import experience, mean_tokens, weight
from distil_core.records import Event, ModelRecord, RunRecord
from distil_core.runs import Run, RunState, RunStore

Section = TypeVar("Section", CorpusConfig, TeacherConfig, StudentConfig, LossConfig, TrainingConfig)

KINDS = (RunKind.DISTILLED, RunKind.HARD_LABELS, RunKind.LAYER_CUT, RunKind.TFIDF)
"""A student and its twins, in the order in which they are computed."""


def plan(config: RunConfig, *, twins: bool = True) -> tuple[RunConfig, ...]:
    """Return what must be computed: the run itself and, for a distilled one, its twins."""
    kinds = KINDS if twins and config.kind is RunKind.DISTILLED else (config.kind,)
    return tuple(canonical(replace(config, kind=kind)) for kind in kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A run that somebody asks for: its name, its settings as the store keeps them, and what its corpus is called."""

    run: str
    config: RunConfig
    corpus_name: str

    def add(self, store: RunStore) -> Run:
        """Queue the run, unless it is there."""
        return store.add(self.run, self.config, corpus_name=self.corpus_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """A config whose paths are absolute and whose contents have been looked at."""

    config: RunConfig
    corpus: Corpus
    checkpoint: Checkpoint

    def teacher_digest(self) -> str:
        return teacher_digest(
            self.checkpoint, self.config.teacher, label_names=self.corpus.label_names, corpus=self.corpus.digest
        )

    def asked(self) -> Asked:
        run = fingerprint(self.config, corpus_digest=self.corpus.digest, teacher_digest=self.teacher_digest())
        return Asked(run=run, config=self.config, corpus_name=self.corpus.name)


def _examine(configs: Iterable[RunConfig]) -> Iterator[_Request]:
    """Look at what configs ask for; a corpus and a teacher that several have in common are looked at once."""
    corpora, checkpoints = cache(load_recent), cache(locate)
    for config in map(validate, configs):
        checkpoint = checkpoints(config.teacher.source)
        layer_indices(config.student, checkpoint.n_layers)
        if config.student.width > checkpoint.width:
            raise ConfigError(
                f"student.width must be at most the teacher's {checkpoint.width}, got {config.student.width}; 0 keeps "
                "it"
            )
        corpus = corpora(whole(_absolute_corpus(config.corpus)))
        refuse_unknown(corpus, config.corpus)
        yield _request(config, corpus, checkpoint)


def _request(config: RunConfig, corpus: Corpus, checkpoint: Checkpoint) -> _Request:
    teacher = config.teacher
    if checkpoint.local:
        teacher = replace(teacher, source=str(checkpoint.folder))
    if head_order(checkpoint, corpus.label_names) is not None:  # it will not be fine-tuned, so this cannot matter
        usual = TeacherConfig()
        teacher = replace(teacher, epochs=usual.epochs, learning_rate=usual.learning_rate)
    else:
        teacher = teacher.for_labels(len(corpus.label_names))
    student = config.student
    if student.width == checkpoint.width:
        student = replace(student, width=0)
    config = replace(config, corpus=_absolute_corpus(config.corpus), teacher=teacher, student=student)
    return _Request(config=canonical(config), corpus=corpus, checkpoint=checkpoint)


def _absolute_corpus(config: CorpusConfig) -> CorpusConfig:
    def absolute(source: str) -> str:
        if not source or source in BUILT_IN or source.startswith("hub:"):
            return source
        return str(path_of(source).resolve())

    return replace(config, source=absolute(config.source), test=absolute(config.test))


def submit(config: RunConfig, store: RunStore, *, twins: bool = True) -> tuple[Run, ...]:
    """Ask for a run and its twins; those that exist are not computed again.

    Args:
        config: What is wanted.
        store: Where runs are kept and queued.
        twins: Whether the same student without a teacher, the untrained cut and the baseline are wanted too.

    Returns:
        The run that was asked for, then its twins.

    Raises:
        DistilError: If settings, corpus or teacher cannot be used.
    """
    return tuple(asked.add(store) for asked in identify(plan(config, twins=twins)))


def identify(configs: Iterable[RunConfig]) -> tuple[Asked, ...]:
    """Give each of some configs the name of its run, which says whether the run is there; nothing is queued.

    Raises:
        DistilError: If settings, corpus or teacher cannot be used.
    """
    return tuple(request.asked() for request in _examine(configs))


def estimate_seconds(config: RunConfig, store: RunStore) -> float | None:
    """Say how long a run and its twins will take; see :func:`estimate_all`.

    Raises:
        DistilError: If settings, corpus or teacher cannot be used.
    """
    return estimate_all(plan(config), store)


def estimate_all(configs: Iterable[RunConfig], store: RunStore) -> float | None:
    """Say how long some runs will take, from how fast runs have been on this machine; None if nobody knows.

    Before the first run, the example tells how fast its machine was. Runs that are done already take no time.

    Args:
        configs: What is wanted, twins included.
        store: Where runs are kept and queued.

    Raises:
        DistilError: If settings, corpus or teacher cannot be used.
    """
    requests = {request.asked().run: request for request in _examine(configs)}
    done = {run.id for run in store.list() if run.state is RunState.DONE}
    wanted = [request for run_id, request in requests.items() if run_id not in done]
    if not wanted:
        return 0.0
    known = experience(store)
    if known is None:
        return None
    tokens_of = cache(mean_tokens)
    work, fine_tuned = 0.0, dict[str, float]()
    for request in wanted:
        config, train, teacher = request.config, request.corpus.train, request.checkpoint
        n_tokens = len(train) * tokens_of(train.texts, config.teacher.max_length)
        if config.kind in (RunKind.DISTILLED, RunKind.HARD_LABELS):
            depth = len(config.student.layers) or config.student.depth
            work += n_tokens * config.training.epochs * weight(depth, config.student.width or teacher.width)
        if head_order(teacher, request.corpus.label_names) is None:
            each = weight(teacher.n_layers, teacher.width)
            fine_tuned[request.teacher_digest()] = n_tokens * config.teacher.epochs * each
    seconds = (work + sum(fine_tuned.values())) / known.rate + len(wanted) * known.overhead
    return seconds / min(jobs.n_workers(), len(wanted))


@dataclass(frozen=True, slots=True, kw_only=True)
class Distillation:
    """A student, its teacher and its twins, measured."""

    run: str
    record: RunRecord
    hard_label_twin: RunRecord | None
    layer_cut_twin: RunRecord | None
    tfidf: RunRecord | None
    folder: Path

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain data, by model."""
        return {
            "run": self.run,
            "teacher": _figures(self.record.teacher),
            "student": _figures(self.record.model),
            "hard_label_twin": _figures(self.hard_label_twin.model) if self.hard_label_twin else None,
            "layer_cut_twin": _figures(self.layer_cut_twin.model) if self.layer_cut_twin else None,
            "tfidf": _figures(self.tfidf.model) if self.tfidf else None,
            "seconds": {part: round(seconds, 3) for part, seconds in self.record.seconds.items()},
            "layers": list(self.record.layers),
            "corpus": to_json(self.record.corpus),
            "folder": str(self.folder),
        }


def _figures(model: ModelRecord | None) -> dict[str, Any] | None:
    if model is None:
        return None
    quality, fidelity, cost = model.quality, model.fidelity, model.cost
    figures: dict[str, Any] = {
        "accuracy": quality.accuracy.value,
        "accuracy_interval": [quality.accuracy.low, quality.accuracy.high],
        "macro_f1": quality.macro_f1,
        "ece": quality.ece,
        "nll": quality.nll,
    }
    if fidelity is not None:
        figures |= {
            "agreement": fidelity.agreement.value,
            "agreement_interval": [fidelity.agreement.low, fidelity.agreement.high],
            "kl_nats": fidelity.kl_nats,
            "loyalty": fidelity.loyalty,
        }
    if cost is not None:
        figures |= {"parameters": cost.parameters, "bytes": cost.bytes, "latency_ms": to_json(cost.latency_ms)}
        figures["texts_per_second"] = cost.texts_per_second
    if model.probe_accuracy is not None:
        figures["probe_accuracy"] = model.probe_accuracy
    return figures


def distil(
    corpus: str | os.PathLike[str] | None = None,
    *,
    test: str | os.PathLike[str] | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    teacher: str | os.PathLike[str] | None = None,
    depth: int | None = None,
    layers: Sequence[int] = (),
    layer_map: LayerMap | str | None = None,
    temperature: float | None = None,
    alpha: float | None = None,
    epochs: int | None = None,
    max_examples: int | None = None,
    seed: int | None = None,
    twins: bool = True,
    config: RunConfig | None = None,
    store: RunStore | None = None,
    on_event: Callable[[Run, Event], None] | None = None,
) -> Distillation:
    """Distil a student from names: load, cut, train, measure and keep it, all in this process.

    What is not given is as in ``config``, and without one as in the table of settings.

    Args:
        corpus: ``reviews``, ``python-docs``, ``hub:NAME``, or a file.
        test: A test file; without one a part of the corpus is held out.
        text_column: Column with the texts; found by its name when not given.
        label_column: Column with the labels; found by its name when not given.
        teacher: ``shipped``, ``minilm``, a folder, or a hub id.
        depth: Encoder layers of the student.
        layers: Teacher layers to copy, counted from 0; instead of ``depth`` and ``layer_map``.
        layer_map: Which teacher layers a student of a given depth starts from.
        temperature: Softens both distributions.
        alpha: Share of the soft labels in the loss.
        epochs: Passes over the training texts.
        max_examples: Training texts at most; 0 for all.
        seed: Of initialization and batches.
        twins: Whether to train the twins too.
        config: Every other setting.
        store: Where the run is kept; the usual place when not given.
        on_event: Told what happens.

    Raises:
        DistilError: If settings, corpus or teacher cannot be used.
    """
    if layers and (depth is not None or layer_map is not None):
        other = f"depth {depth}" if depth is not None else f"layer_map {layer_map}"
        raise ConfigError(f"layers must be given alone, got layers {list(layers)} and {other}")
    if layer_map is not None and layer_map not in list(LayerMap):
        raise ConfigError(f"layer_map must be one of {', '.join(LayerMap)}, got {layer_map!r}")
    explicit = {"layers": tuple(layers), "layer_map": LayerMap.EXPLICIT}
    counted = {"depth": depth, "layer_map": None if layer_map is None else LayerMap(layer_map)}
    base = config or RunConfig()
    student = _changed(base.student, **(explicit if layers else counted))
    if student != base.student and not layers:
        # A count of layers takes the place of layers by name.
        by_name = student.layer_map is LayerMap.EXPLICIT
        student = replace(student, layers=(), layer_map=LayerMap.EVEN if by_name else student.layer_map)
    wanted = replace(
        base,
        corpus=_changed(
            base.corpus,
            source=None if corpus is None else os.fspath(corpus),
            test=None if test is None else os.fspath(test),
            text_column=text_column,
            label_column=label_column,
            max_examples=max_examples,
        ),
        teacher=_changed(base.teacher, source=None if teacher is None else os.fspath(teacher)),
        student=student,
        loss=_changed(base.loss, temperature=temperature, alpha=alpha),
        training=_changed(base.training, epochs=epochs),
        seed=base.seed if seed is None else seed,
    )
    return run_all(wanted, store or RunStore(), twins=twins, on_event=on_event)


def _changed(section: Section, **given: Any) -> Section:
    return replace(section, **{name: value for name, value in given.items() if value is not None})


def run_all(
    config: RunConfig,
    store: RunStore,
    *,
    twins: bool = True,
    assisted: bool = False,
    on_event: Callable[[Run, Event], None] | None = None,
) -> Distillation:
    """Compute a run and its twins in this process, as far as nobody else has; see :func:`distil`.

    With ``assisted``, a process of its own computes some of them meanwhile, where there are processors for it.
    """
    jobs.recover(store)  # what a killed process left is nobody's, and can be had
    runs = submit(config, store, twins=twins)
    with store.owner() as owner:
        if assisted and sum(run.state is not RunState.DONE for run in runs) > 1:
            jobs.assist(store)
        done = [_computed(run, store, owner, on_event) for run in runs]
    records = {run.config.kind: run.record for run in done}
    record = done[0].record
    assert record is not None
    return Distillation(
        run=done[0].id,
        record=record,
        hard_label_twin=records.get(RunKind.HARD_LABELS) if twins else None,
        layer_cut_twin=records.get(RunKind.LAYER_CUT) if twins else None,
        tfidf=records.get(RunKind.TFIDF) if twins else None,
        folder=store.folder(done[0].id),
    )


def _computed(run: Run, store: RunStore, owner: str, on_event: Callable[[Run, Event], None] | None) -> Run:
    listener = (lambda event: on_event(run, event)) if on_event else None
    while run.state is not RunState.DONE:
        if store.claim(owner, run.id) is None:  # somebody else is at it
            (run,) = jobs.wait(store, [run.id], on_event=(lambda _, event: listener(event)) if listener else None)
            if run.state is not RunState.DONE:
                raise StoreError(
                    f"run {run.id} was {run.state} elsewhere ({run.error or 'no reason given'}); try again"
                )
            break
        from distil_core.execution import execute

        try:
            execute(run, store, on_event=listener)
        except DistilError as error:
            store.fail(run.id, str(error))
            raise
        except Cancelled:
            store.mark_cancelled(run.id)
            raise
        run = store.get(run.id)
    return run
