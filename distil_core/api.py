"""The whole in one call: from names or from objects to a distilled student, measured beside its teacher and twins."""

import copy
import os
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from jaxtyping import Float
from torch import Tensor

from distil_core.data.corpus import Corpus
from distil_core.errors import ConfigError, ModelError
from distil_core.evaluation import measuring
from distil_core.evaluation.records import Fidelity, Quality
from distil_core.models import devices, heads, loading
from distil_core.models.checkpoints import SUPPORTED, match_labels
from distil_core.runs.execute import Student, cut_and_train, drain
from distil_core.runs.foreground import Distillation, run_all
from distil_core.runs.materials import Materials, Stopwatch, encode_corpus, query_teacher
from distil_core.runs.rows import Run
from distil_core.runs.store import RunStore
from distil_core.settings.canonical import canonical, validate
from distil_core.settings.config import (
    CorpusConfig,
    LayerMap,
    LossConfig,
    RunConfig,
    StudentConfig,
    TeacherConfig,
    TrainingConfig,
)
from distil_core.tasks.catalog import task_named
from distil_core.training.events import Event
from distil_core.training.teachers import Teacher
from distil_core.types import Model, Tokenizer

Section = TypeVar("Section", CorpusConfig, TeacherConfig, StudentConfig, LossConfig, TrainingConfig)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class DistilledStudent:
    """A student in eval mode, the teacher layers it came from, its answers, and how good and how faithful it is."""

    model: Model
    layers: tuple[int, ...]
    validation_logits: Float[Tensor, "validation classes"]
    test_logits: Float[Tensor, "test classes"]
    quality: Quality
    fidelity: Fidelity
    seconds: dict[str, float]


def distil_models(
    teacher: Model,
    tokenizer: Tokenizer,
    corpus: Corpus,
    *,
    student: StudentConfig | None = None,
    loss: LossConfig | None = None,
    training: TrainingConfig | None = None,
    max_length: int = 128,
    seed: int = 0,
    on_event: Callable[[Event], None] | None = None,
) -> DistilledStudent:
    """Distil a student from a teacher in memory.

    Args:
        teacher: A classifier for the labels of the corpus; it stays as it is.
        tokenizer: The teacher's, a fast one.
        corpus: What to learn and what to measure on; see :func:`distil_core.data.sources.load_corpus`.
        student: Depth, width and first weights.
        loss: Weights of the parts of the loss.
        training: Schedule.
        max_length: Tokens of a text that are read.
        seed: Of initialization, batches and dropout.
        on_event: Told what happens.

    Raises:
        ConfigError: If settings are out of range or the student does not fit the teacher.
        ModelError: If the teacher is of another architecture, or has other labels than the corpus.
        TeacherError: If the teacher is no better than always saying the commonest label.
    """
    asked = RunConfig(
        teacher=TeacherConfig(max_length=max_length),
        student=student or StudentConfig(),
        loss=loss or LossConfig(),
        training=training or TrainingConfig(),
        seed=seed,
    )
    config, watch, device = canonical(validate(asked)), Stopwatch(), devices.default_device()
    own = Teacher(
        name=teacher.config.model_type,
        digest="",
        model=_fitted(teacher, corpus.label_names).to(device),
        folder=Path(teacher.name_or_path),
    )
    limit = min(max_length, loading.n_positions(own.model.config))
    task = task_named(config.task)
    splits = encode_corpus(task, corpus, tokenizer, max_length=limit, device=device)

    def work() -> Generator[Event, None, tuple[Materials, Student]]:
        found = yield from query_teacher(own, tokenizer, task, corpus, splits, config=config, cache=None, watch=watch)
        return found, (yield from cut_and_train(found, config, watch=watch))

    with closing(work()) as events:
        materials, found = drain(events, on_event or (lambda event: None))
    with watch.timing("measurement"):
        right, answers = splits["test"].sites.targets.cpu(), materials.outputs["test"].logits.cpu()
        quality = measuring.quality(found.test_logits, right)
        fidelity = measuring.fidelity(answers, found.test_logits, right)
    return DistilledStudent(
        model=found.model,
        layers=found.layers,
        validation_logits=found.validation_logits,
        test_logits=found.test_logits,
        quality=quality,
        fidelity=fidelity,
        seconds=watch.total(),
    )


def _fitted(teacher: Model, label_names: tuple[str, ...]) -> Model:
    """Return a copy of a teacher that answers in the order of a corpus's labels."""
    if teacher.config.model_type not in SUPPORTED:
        raise ModelError(f"the teacher's type must be one of {', '.join(SUPPORTED)}, got {teacher.config.model_type!r}")
    known = tuple(name for _, name in sorted(teacher.config.id2label.items()))
    order = match_labels(known, label_names)
    if order is None:
        raise ModelError(
            f"the teacher must have an output for each label of the corpus ({', '.join(label_names)}), got "
            f"{', '.join(known)}; fine-tune it first"
        )
    model = copy.deepcopy(teacher).float().eval()
    model.set_attn_implementation("eager")
    heads.reorder_head(model, order, label_names)
    return model
