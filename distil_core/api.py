"""The whole in one call: from names or from objects to a distilled student, measured beside its teacher and twins."""

import copy
import os
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from jaxtyping import Float
from torch import Tensor

from distil_core.data.corpus import Corpus
from distil_core.errors import ModelError
from distil_core.evaluation import bootstrap
from distil_core.evaluation.records import Interval
from distil_core.models import devices, heads, loading
from distil_core.models.checkpoints import SUPPORTED
from distil_core.models.label_matching import match_labels
from distil_core.runs.encoding import encode_corpus
from distil_core.runs.execute import Student, cut_and_train, drain
from distil_core.runs.foreground import Distillation, run_all
from distil_core.runs.materials import Materials, Stopwatch, query_teacher
from distil_core.runs.rows import Run
from distil_core.runs.store import RunStore
from distil_core.settings.canonical import canonical
from distil_core.settings.config import (
    CorpusConfig,
    LossConfig,
    RunConfig,
    StudentConfig,
    TeacherConfig,
    TrainingConfig,
)
from distil_core.tasks.catalog import task_named, usual_config
from distil_core.tasks.corpora import guess_task
from distil_core.tasks.task import Task
from distil_core.training.events import Event
from distil_core.training.lessons import predictions_of
from distil_core.training.teachers import Teacher
from distil_core.types import Model, Tokenizer


def distil(
    corpus: CorpusConfig | str | os.PathLike[str] = "reviews",
    *,
    task: str | None = None,
    teacher: TeacherConfig | str | os.PathLike[str] | None = None,
    student: StudentConfig | None = None,
    loss: LossConfig | None = None,
    training: TrainingConfig | None = None,
    seed: int = 0,
    twins: bool = True,
    store: RunStore | None = None,
    on_event: Callable[[Run, Event], None] | None = None,
) -> Distillation:
    """Distil a student from names: load, cut, train, measure and keep it, all in this process.

    Args:
        corpus: ``reviews``, ``python-docs``, ``hub:NAME``, or a file; or that with how it is read and split.
        task: What the models are for; None: the task that the columns leave no doubt about, else classification.
        teacher: ``shipped``, ``minilm``, a folder, or a hub id; or that with how it reads and is fine-tuned; None:
            what the task begins with.
        student: Depth, layer mapping, width and initialization; None: what the task begins with, as for the next two.
        loss: Temperature and weights of the parts of the loss.
        training: Schedule and arithmetic.
        seed: Of initialization, batches and dropout.
        twins: Whether to train the twins too.
        store: Where the run is kept; None: the usual place.
        on_event: Told what happens.

    Raises:
        DistilError: If settings, corpus or teacher cannot be used.
    """
    source = corpus.source if isinstance(corpus, CorpusConfig) else os.fspath(corpus)
    task = task or guess_task(source)
    usual = usual_config(task)
    if teacher is None:
        teacher = usual.teacher
    config = RunConfig(
        task=task,
        corpus=corpus if isinstance(corpus, CorpusConfig) else replace(usual.corpus, source=source),
        teacher=teacher if isinstance(teacher, TeacherConfig) else TeacherConfig(source=os.fspath(teacher)),
        student=student or usual.student,
        loss=loss or usual.loss,
        training=training or usual.training,
        seed=seed,
    )
    return run_all(config, store or RunStore(), twins=twins, on_event=on_event)


@dataclass(frozen=True, slots=True, kw_only=True)
class DistilledStudent:
    """A student in eval mode, the teacher layers it came from, its answers, and its figures by the names of metrics."""

    model: Model
    layers: tuple[int, ...]
    validation_logits: Float[Tensor, "validation classes"]
    test_logits: Float[Tensor, "test classes"]
    metrics: dict[str, Interval]
    seconds: dict[str, float]


def distil_models(
    teacher: Model,
    tokenizer: Tokenizer,
    corpus: Corpus,
    *,
    task: Task | str = "classification",
    student: StudentConfig | None = None,
    loss: LossConfig | None = None,
    training: TrainingConfig | None = None,
    max_length: int = 128,
    seed: int = 0,
    on_event: Callable[[Event], None] | None = None,
) -> DistilledStudent:
    """Distil a student from a teacher in memory.

    Args:
        teacher: A model with the head of the task, for the labels of the corpus; it stays as it is.
        tokenizer: The teacher's, a fast one.
        corpus: What to learn and what to measure on; see :func:`distil_core.tasks.corpora.load_corpus`.
        task: What the models are for; one of the catalog by its name, or any.
        student: Depth, layer mapping, width and initialization.
        loss: Weights of the parts of the loss.
        training: Schedule.
        max_length: Tokens of a text that are read.
        seed: Of initialization, batches and dropout.
        on_event: Told what happens.

    Raises:
        ConfigError: If settings are out of range, there is no such task, or the student does not fit the teacher.
        ModelError: If the teacher is of another architecture, or has another head than the task or other labels than
            the corpus.
        TeacherError: If the teacher is no better than always saying the commonest label.
    """
    task = task_named(task) if isinstance(task, str) else task
    task = (task.without_labels() if corpus.label_sentences else task).for_corpus(corpus)
    settings = RunConfig(
        task=task.name,
        teacher=TeacherConfig(max_length=max_length),
        student=student or StudentConfig(),
        loss=loss or LossConfig(),
        training=training or TrainingConfig(),
        seed=seed,
    )
    config, watch, device = canonical(settings), Stopwatch(), devices.default_device()
    fitted = Teacher(
        name=teacher.config.model_type,
        digest="",
        model=_fitted(teacher, corpus.label_names, task=task).to(device),
        folder=Path(teacher.name_or_path),
    )
    limit = min(max_length, loading.n_positions(fitted.model.config))
    splits = encode_corpus(task, corpus, tokenizer, max_length=limit, device=device)

    def work() -> Generator[Event, None, tuple[Materials, Student]]:
        materials = yield from query_teacher(
            fitted, tokenizer, task, corpus, splits, config=config, cache=None, watch=watch
        )
        return materials, (yield from cut_and_train(materials, config, watch=watch))

    with closing(work()) as events:
        materials, distilled = drain(events, on_event or (lambda event: None))
    with watch.timing("measurement"):
        answers = materials.outputs["test"].logits
        test = predictions_of(distilled.test_logits, splits["test"].sites, teacher=answers)
        figures = bootstrap.measure(test, task.metrics)
    return DistilledStudent(
        model=distilled.model,
        layers=distilled.layers,
        validation_logits=distilled.validation_logits,
        test_logits=distilled.test_logits,
        metrics=figures,
        seconds=watch.total(),
    )


def _fitted(teacher: Model, label_names: tuple[str, ...], *, task: Task) -> Model:
    """Return a copy of a teacher that answers in the order of a corpus's labels."""
    if teacher.config.model_type not in SUPPORTED:
        raise ModelError(f"the teacher's type must be one of {', '.join(SUPPORTED)}, got {teacher.config.model_type!r}")
    if not any(kind.__name__.endswith(f"For{task.head.kind}") for kind in type(teacher).__mro__):
        raise ModelError(f"a teacher for {task.name} must be a …For{task.head.kind}, got {type(teacher).__name__}")
    known = tuple(name for _, name in sorted(teacher.config.id2label.items()))
    match = match_labels(known, label_names)
    if match is None:
        raise ModelError(
            f"the teacher must have an output for each label of the corpus ({', '.join(label_names)}), got "
            f"{', '.join(known)}; fine-tune it first"
        )
    model = copy.deepcopy(teacher).float().eval()
    model.set_attn_implementation("eager")
    heads.reorder_head(model, match.order, label_names)
    model.config.problem_type = task.head.problem_type
    return model
