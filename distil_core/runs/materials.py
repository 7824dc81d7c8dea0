"""All that a run starts from: a corpus as tokens, and its teacher with all its answers."""

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import torch
from filelock import FileLock, Timeout
from jaxtyping import Float
from torch import Tensor

from distil_core.compression.structured import prune
from distil_core.data.corpus import Corpus
from distil_core.data.sites import EncodedSplit
from distil_core.data.tokenization import Ragged
from distil_core.errors import ConfigError, CorpusError, StoreError, TeacherError, is_failure
from distil_core.models import devices, loading, surgery
from distil_core.models.checkpoints import locate
from distil_core.models.freezing import LowerStates
from distil_core.models.head import SEQUENCE_CLASSIFICATION
from distil_core.models.tokenizers import tokenizer_notes
from distil_core.runs.encoding import SPLITS, recent_splits
from distil_core.runs.reading import outline_of
from distil_core.runs.requests import ExaminedConfig, locate_or_stand_in
from distil_core.settings.canonical import CanonicalConfig, whole
from distil_core.settings.config import LossConfig, Method, Precision
from distil_core.settings.identity import fingerprint
from distil_core.settings.recipes import student_schedule
from distil_core.tasks.catalog import configured_task
from distil_core.tasks.corpora import load_corpus_cached
from distil_core.tasks.task import Task
from distil_core.tasks.transfer import transfer_set
from distil_core.training import teacher_checks, teacher_outputs, teachers
from distil_core.training.cache import Cache
from distil_core.training.events import TEACHER_OUTPUTS, WAITING, Event, Stage, TeacherMeasured
from distil_core.training.lessons import TrainingData
from distil_core.training.masked import LiveTeacher, masked_lesson
from distil_core.training.teacher_checks import Fitness
from distil_core.training.teacher_outputs import TeacherOutputs
from distil_core.training.teacher_words import teacher_words
from distil_core.training.teachers import Teacher
from distil_core.types import Model, Tokenizer

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Materials:
    """All that a run starts from, loaded: texts as tokens, their targets, and the teacher with its answers.

    There are no answers, and the teacher has no model, where a baseline goes on without it.
    """

    task: Task
    corpus: Corpus
    tokenizer: Tokenizer
    splits: Mapping[str, EncodedSplit]
    teacher: Teacher
    outputs: Mapping[str, TeacherOutputs | LiveTeacher]
    device: torch.device
    precision: Precision

    def teacher_logits(self, split: str) -> Float[Tensor, "sites classes"] | None:
        """Return what the teacher answered at the sites of a split; None where there is none that can be used."""
        return self.outputs[split].logits if split in self.outputs else None

    @property
    def padding(self) -> int:
        """Id to fill up with."""
        return int(self.tokenizer.pad_token_id)


class Stopwatch:
    """Seconds by part of the work."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._started = time.perf_counter()

    @contextmanager
    def timing(self, part: str) -> Iterator[None]:
        """Add the time of the block to ``part``."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[part] = self.seconds.get(part, 0.0) + time.perf_counter() - started

    def total(self) -> dict[str, float]:
        """Return all parts and, as ``total``, the time since the watch was made but for waiting for another run."""
        parts = {
            part: self.seconds.get(part, 0.0) for part in ("teacher", "teacher_outputs", "training", "measurement")
        }
        return {**parts, "total": time.perf_counter() - self._started - self.seconds.get("waiting", 0.0)}


def gather_materials(
    config: CanonicalConfig, *, cache: Cache, watch: Stopwatch, queried: Sequence[str] = SPLITS
) -> Generator[Event, None, Materials]:
    """Load corpus and teacher, and let the teacher answer the texts of the splits that are ``queried``.

    A baseline learns nothing of a teacher, and goes on without one that cannot be used.
    """
    yield Stage(name="Reading the corpus", detail="", fraction=0.0)
    corpus = load_corpus_cached(config.corpus, task=config.task)
    try:
        return (yield from _with_teacher(config, corpus, cache=cache, watch=watch, queried=queried))
    except BaseException as error:
        if config.method is not Method.BASELINE or not is_failure(error) or isinstance(error, CorpusError | StoreError):
            raise
        return _without_teacher(config, corpus, why=" ".join(str(error).split()) or type(error).__name__)


def _with_teacher(
    config: CanonicalConfig, corpus: Corpus, *, cache: Cache, watch: Stopwatch, queried: Sequence[str]
) -> Generator[Event, None, Materials]:
    device, task = devices.default_device(), configured_task(config).for_corpus(corpus)
    checkpoint = locate(config.teacher.source)
    tokenizer = loading.load_tokenizer(checkpoint.folder)
    yield Stage(name="Reading the corpus", detail="cutting texts into tokens", fraction=0.5)
    splits = recent_splits(
        task, corpus, tokenizer, checkpoint.digest, max_length=config.teacher.max_length, device=device
    )
    yield Stage(name="Loading the teacher", detail="", fraction=None)
    with cache.locked("teachers", f"{checkpoint.digest}-{corpus.digest}") as lock:
        with watch.timing("waiting"):
            yield from _waiting(lock)
        with watch.timing("teacher"):
            teacher = yield from teachers.prepare_teacher(
                checkpoint,
                config.teacher,
                tokenizer,
                label_names=corpus.label_names,
                corpus_digest=corpus.digest,
                task=task,
                splits=splits,
                label_sentences=corpus.label_sentences,
                texts=corpus.train.texts,
                labeled=None if len(corpus.train.labeled) == len(corpus.train) else corpus.train.labeled,
                cache=cache,
                device=device,
                recipe=config.training.recipe,
                precision=config.training.precision,
            )
        told = tokenizer_notes(tokenizer, checkpoint.folder, max_length=config.teacher.max_length)
        teacher = replace(teacher, notes=(*teacher.notes, *told))
        return (
            yield from query_teacher(
                teacher, tokenizer, task, corpus, splits, config=config, cache=cache, watch=watch, queried=queried
            )
        )


def _without_teacher(config: CanonicalConfig, corpus: Corpus, *, why: str) -> Materials:
    """Return what a baseline starts from where its teacher cannot be used; texts are cut as for the shipped one."""
    device, task = devices.default_device(), configured_task(config).for_corpus(corpus)
    shipped, checkpoint = locate("shipped"), locate_or_stand_in(config.teacher.source)
    tokenizer = loading.load_tokenizer(shipped.folder)
    examined = ExaminedConfig(config=config, corpus=outline_of(corpus, task), checkpoint=checkpoint)
    note = f"the teacher cannot be used, which the baseline does not need: {why}"
    return Materials(
        task=task,
        corpus=corpus,
        tokenizer=tokenizer,
        splits=recent_splits(
            task, corpus, tokenizer, shipped.digest, max_length=config.teacher.max_length, device=device
        ),
        teacher=Teacher(
            name=checkpoint.name,
            digest=examined.teacher_digest(),
            model=None,
            folder=checkpoint.folder,
            notes=(note,),
        ),
        outputs={},
        device=device,
        precision=config.training.precision,
    )


def _waiting(lock: FileLock) -> Generator[Event, None, None]:
    """Acquire a lock, and let whoever listens stop the waiting."""
    while True:
        try:
            lock.acquire(timeout=0.1)
        except Timeout:
            yield Stage(name=WAITING, detail="another run is asking it", fraction=None)
        else:
            return


def meanwhile(work: Callable[[], T], stage: Stage) -> Generator[Event, None, T]:
    """Do in a thread what tells nothing for long, so that whoever listens can stop waiting for it."""
    pool = ThreadPoolExecutor(max_workers=1)
    try:
        future = pool.submit(work)
        while True:
            try:
                return future.result(timeout=0.2)
            except TimeoutError:
                yield stage
    finally:
        pool.shutdown(wait=False)


def query_teacher(
    teacher: Teacher,
    tokenizer: Tokenizer,
    task: Task,
    corpus: Corpus,
    splits: Mapping[str, EncodedSplit],
    *,
    config: CanonicalConfig,
    cache: Cache | None,
    watch: Stopwatch,
    queried: Sequence[str] = SPLITS,
) -> Generator[Event, None, Materials]:
    """Let a teacher that is there answer, and refuse one that has nothing to teach."""
    precision = config.training.precision
    layers = surgery.layers_of(config.student, teacher.model)
    with watch.timing("teacher_outputs"):
        for split in ("train", "validation"):  # what the teacher goes on from, a frozen student does, too
            shared_states(teacher, split, config, layers=layers)
        query: dict[str, Any] = {
            "corpus_digest": corpus.digest,
            "padding": tokenizer.pad_token_id,
            "precision": precision,
            "loss": config.loss if config.method.asks_teacher else LossConfig(),
            "layers": layers,
            "cache": cache,
        }
        outputs: Mapping[str, TeacherOutputs | LiveTeacher]
        if task.head.predicts_words:
            splits, outputs = yield from teacher_words(teacher, splits, queried=queried, **query)
        else:
            outputs = yield from teacher_outputs.teacher_outputs(
                teacher, {name: splits[name] for name in queried}, **query
            )
    for split in ("train", "validation"):
        if split in outputs:
            teacher_checks.refuse_unfinite(outputs[split].logits, name=teacher.name)
    try:
        if teacher.own_head and task.head == SEQUENCE_CLASSIFICATION:
            answers = outputs["validation"].logits
            teacher_checks.refuse_mixed_up(teacher, answers, splits["validation"].sites, corpus.label_names)
        fitness = teacher_checks.refuse_unfit(
            outputs["validation"].logits,
            splits["validation"].sites,
            metric=task.monitored,
            name=teacher.name,
            label_names=corpus.label_names,
        )
    except TeacherError:
        if config.method is not Method.BASELINE:  # which learns nothing of a teacher
            raise
        fitness = Fitness(score=None)
    if fitness.doubt:
        teacher = replace(teacher, notes=(*teacher.notes, fitness.doubt))
    yield Stage(name=TEACHER_OUTPUTS, detail="", fraction=1.0)
    if fitness.score is not None:
        yield TeacherMeasured(score=fitness.score)
    return Materials(
        task=task,
        corpus=corpus,
        tokenizer=tokenizer,
        splits=splits,
        teacher=teacher,
        outputs=outputs,
        device=teacher.model.device,
        precision=precision,
    )


def first_student(
    materials: Materials, config: CanonicalConfig, *, parent: Path | None = None
) -> Generator[Event, None, tuple[Model, tuple[int, ...]]]:
    """Return the student as it is before training, and the teacher layer that each of its layers is mapped to.

    What it is pruned by is measured on all training texts, so that it is the same for a student and its twins.

    Args:
        materials: The teacher that it is cut out of.
        config: How.
        parent: Folder of another student that it is instead, with a head for this corpus.

    Raises:
        ConfigError: If it would not fit the teacher.
    """
    model, layers = _whole_student(materials, config, parent=parent)
    model.to(materials.device)
    yield from prune(
        model,
        config.student,
        materials.splits["train"],
        head=materials.task.head,
        padding=materials.padding,
        seed=config.seed,
    )
    return model, layers


def _whole_student(
    materials: Materials, config: CanonicalConfig, *, parent: Path | None
) -> tuple[Model, tuple[int, ...]]:
    if parent is None:
        if config.student.parent:
            raise ConfigError("student.parent must be left empty where there is no store of runs to find it in")
        return surgery.cut_student(materials.teacher.model, config.student, seed=config.seed)
    model = surgery.grown_student(
        parent,
        materials.tokenizer,
        head=materials.task.head.of_student(config.student.n_layers),
        label_names=materials.corpus.label_names,
        seed=config.seed,
    )
    n_layers = model.config.num_hidden_layers
    if n_layers != config.student.depth:
        raise ConfigError(
            f"student.depth must be the {n_layers} layers that the student of run {config.student.parent} has, got "
            f"{config.student.depth}"
        )
    return model, surgery.layers_of(config.student, materials.teacher.model)


def refuse_changed(run_id: str, config: CanonicalConfig, materials: Materials) -> None:
    """Refuse texts or a teacher that are not those that a run was named by: a file may change while it waits.

    Raises:
        CorpusError: If they are others; a checkpoint of the run would not fit them either.
    """
    if run_id != fingerprint(config, corpus_digest=materials.corpus.digest, teacher_digest=materials.teacher.digest):
        raise CorpusError(
            f"the texts of {materials.corpus.name} or the files of the teacher {materials.teacher.name} must stay as "
            "they were when the run was asked for, but have changed since; ask for it again"
        )


def shared_states(
    teacher: Teacher, split: str, config: CanonicalConfig, *, layers: tuple[int, ...]
) -> LowerStates | None:
    """Return what the frozen layers of a student put out, where they are the teacher's lowest layers as they are."""
    n_frozen = student_schedule(config, depth=len(layers), n_examples=1).frozen - 1
    student = config.student
    other = student.width or student.parent or student.heads < 1 or student.neurons < 1
    if teacher.lower is None or n_frozen < 0 or other or layers[:n_frozen] != tuple(range(n_frozen)):
        return None
    return teacher.lower.states(split, n_frozen)


def training_data(materials: Materials, config: CanonicalConfig, tokens: Ragged) -> TrainingData:
    """Return what a student learns from: the texts and labels that it is given, and the teacher's answers to them.

    Where labels are told for a share of the texts only, each counts so much more that the hard part of the loss stays a
    mean over labeled texts. A student that asks the teacher nothing sees the labeled texts alone, so many times that
    it takes about as many steps.

    Args:
        materials: Corpus, targets and the teacher's answers.
        config: What is told, and what the loss asks for.
        tokens: The training texts, with the ids that the student knows.
    """
    whole_lesson = masked_lesson(
        TrainingData(tokens=tokens, sites=materials.splits["train"].sites, teacher=materials.outputs["train"]),
        loss=config.loss,
        training=config.training,
        seed=config.seed,
    )
    if config.corpus == whole(config.corpus) and len(materials.corpus.train.labeled) == len(materials.corpus.train):
        return whole_lesson
    transfer = transfer_set(materials.corpus, config.corpus, task=materials.task, seed=config.seed)
    sites = whole_lesson.sites
    texts, labeled = (sites.rows_of(torch.tensor(chosen)) for chosen in (transfer.texts, transfer.labeled))
    if config.loss == replace(LossConfig(), alpha=0.0, temperature=config.loss.temperature):
        return replace(whole_lesson, chosen=labeled.repeat(max(1, round(len(texts) / len(labeled)))))
    weights = torch.zeros(len(tokens))
    weights[labeled] = len(texts) / len(labeled)
    return replace(whole_lesson, chosen=texts, label_weights=weights.to(materials.device))
