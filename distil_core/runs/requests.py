"""Runs are asked for: settings looked at together with corpus and teacher, named, and queued.

Loads no model, so that a page can ask for a run without waiting for torch.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from distil_core.compression.extras import require_onnx
from distil_core.data.files import SUFFIXES, path_of
from distil_core.data.sources import BUILT_IN
from distil_core.errors import ConfigError, MissingExtraError, ModelError
from distil_core.models.checkpoints import (
    Checkpoint,
    head_order,
    locate,
    refuse_other_architectures,
    stand_in,
    teacher_digest,
)
from distil_core.models.units import LayerUnit, refuse_whole
from distil_core.runs.lineage import inherited
from distil_core.runs.reading import CorpusOutline, Reader, outline
from distil_core.runs.rows import Run, RunState
from distil_core.runs.store import RunStore
from distil_core.settings import recipes
from distil_core.settings.canonical import CanonicalConfig, canonical, whole
from distil_core.settings.config import (
    Architecture,
    CorpusConfig,
    Init,
    Method,
    Recipe,
    RunConfig,
    TeacherConfig,
    WeightFormat,
)
from distil_core.settings.identity import fingerprint
from distil_core.settings.layer_maps import layer_indices
from distil_core.tasks.catalog import configured_task
from distil_core.tasks.transfer import refuse_unknown

METHODS = (Method.DISTILLED, Method.HARD_LABELS, Method.RANDOM_START, Method.LAYER_CUT, Method.BASELINE)
"""A student and its twins, in the order in which they are computed."""


def with_twins(config: RunConfig, *, twins: bool = True) -> tuple[CanonicalConfig, ...]:
    """Return what must be computed: the run itself and, for a distilled one, its twins.

    Raises:
        ConfigError: If settings are out of range.
    """
    possible = configured_task(config).methods
    if config.method not in possible:
        raise ConfigError(
            f"the method of the task {config.task} must be one of {', '.join(possible)}, got {config.method!r}"
            + (": its texts have no labels" if config.method is Method.HARD_LABELS else "")
        )
    methods = METHODS if twins and config.method is Method.DISTILLED else (config.method,)
    if len(methods) > 1 and config.student.init is Init.RANDOM:  # as its twin would start
        possible = tuple(method for method in possible if method is not Method.RANDOM_START)
    return tuple(canonical(replace(config, method=method)) for method in methods if method in possible)


def baseline_of(config: RunConfig) -> RunConfig | None:
    """Return what asks for the baseline of a run alone, which needs no teacher; None where the task has none."""
    return replace(config, method=Method.BASELINE) if Method.BASELINE in configured_task(config).methods else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """A run that somebody asks for: its name, its settings as the store keeps them, and what its corpus is called."""

    run: str
    config: CanonicalConfig
    corpus_name: str

    def add(self, store: RunStore, *, in_turns: bool = False) -> Run:
        """Queue the run, unless it is there, with its files."""
        run = store.find(self.run)
        student = self.config.method is not Method.BASELINE
        if run is not None and run.state is RunState.DONE and not store.folder(run.id).complete(student=student):
            store.reopen(run.id)
        return store.add(self.run, self.config, corpus_name=self.corpus_name, in_turns=in_turns)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExaminedConfig:
    """A config whose paths are absolute and whose contents have been looked at."""

    config: CanonicalConfig
    corpus: CorpusOutline
    checkpoint: Checkpoint

    def teacher_digest(self) -> str:
        """Name the teacher for this corpus by its content."""
        return teacher_digest(
            self.checkpoint,
            self.config.teacher,
            label_names=self.corpus.label_names,
            corpus=self.corpus.digest,
            head=self.corpus.task.head,
            recipe=self.config.training.recipe,
            tuning=self.corpus.task.fine_tuning(self.checkpoint.width, self.config.training.recipe),
            few_labels=self.corpus.n_labeled < self.corpus.n_train,
            zero_shot=bool(self.corpus.label_sentences),
        )

    def to_request(self) -> RunRequest:
        """Return the run that is asked for, named."""
        run = fingerprint(self.config, corpus_digest=self.corpus.digest, teacher_digest=self.teacher_digest())
        return RunRequest(run=run, config=self.config, corpus_name=self.corpus.name)


def examine(configs: Iterable[CanonicalConfig], *, read: Reader = outline) -> Iterator[ExaminedConfig]:
    """Look at what configs ask for; a corpus and a teacher that several have in common are looked at once.

    Args:
        configs: What is asked for.
        read: How a corpus is looked at.

    Raises:
        DistilError: If corpus or teacher cannot be used, or do not fit the settings.
    """
    corpora, checkpoints = cache(read), cache(locate)
    for config in configs:
        if config.method is Method.BASELINE:
            checkpoint = locate_or_stand_in(config.teacher.source, find=checkpoints)
        else:
            checkpoint = checkpoints(config.teacher.source)
            _refuse_unfit(config, checkpoint)
        corpus = corpora(whole(_absolute_corpus(config.corpus)), config.task)
        refuse_unknown(corpus.label_names, config.corpus, name=corpus.name)
        yield _request(config, corpus, checkpoint)


def locate_or_stand_in(source: str, *, find: Callable[[str], Checkpoint] = locate) -> Checkpoint:
    """Find a teacher that nothing is asked of, as by a baseline: where it cannot be used, something stands for it."""
    try:
        return find(source)
    except (ModelError, MissingExtraError):
        return stand_in(source)


def _refuse_unfit(config: CanonicalConfig, checkpoint: Checkpoint) -> None:
    """Refuse a student that cannot be cut out of a teacher."""
    layer_indices(config.student, checkpoint.n_layers)
    if config.student.width > checkpoint.width and not config.student.parent:
        raise ConfigError(
            f"student.width must be at most the teacher's {checkpoint.width}, got {config.student.width}; 0 keeps it"
        )
    distilbert = config.student.architecture is Architecture.DISTILBERT and not config.student.parent
    if distilbert and checkpoint.architecture != "distilbert":
        refuse_other_architectures(checkpoint.architecture)
    if config.student.weights is WeightFormat.INT8:
        require_onnx("A student in int8")
    for unit in LayerUnit:
        if getattr(config.student, unit) < 1:
            refuse_whole(checkpoint.architecture, unit)


def _request(config: CanonicalConfig, corpus: CorpusOutline, checkpoint: Checkpoint) -> ExaminedConfig:
    teacher, training = config.teacher, config.training
    if checkpoint.local:
        teacher = replace(teacher, source=str(checkpoint.folder))
    whole_teacher = head_order(checkpoint, corpus.label_names, head=corpus.task.head) is not None
    if whole_teacher or corpus.label_sentences:  # it will not be fine-tuned, so this cannot matter
        usual = TeacherConfig()
        teacher = replace(teacher, epochs=usual.epochs, learning_rate=usual.learning_rate)
        if config.method in (Method.LAYER_CUT, Method.BASELINE):
            training = replace(training, recipe=Recipe.THOROUGH)
    else:
        epochs = recipes.teacher_epochs(
            teacher,
            training.recipe,
            n_examples=corpus.n_labeled,
            tuning=corpus.task.fine_tuning(checkpoint.width, training.recipe),
        )
        teacher = replace(teacher, epochs=epochs)
    student = config.student
    if student.width == checkpoint.width:
        student = replace(student, width=0)
    if str(student.architecture) == checkpoint.architecture:
        student = replace(student, architecture=Architecture.OWN)
    config = replace(
        config, corpus=_absolute_corpus(config.corpus), teacher=teacher, student=student, training=training
    )
    return ExaminedConfig(config=config, corpus=corpus, checkpoint=checkpoint)


def _absolute_corpus(config: CorpusConfig) -> CorpusConfig:
    def absolute(source: str) -> str:
        if not source or source in BUILT_IN or source.startswith("hub:"):
            return source
        return str(path_of(source).resolve())

    described = config.label_descriptions
    if path_of(described).suffix.lower() in SUFFIXES:
        described = absolute(described)
    return replace(config, source=absolute(config.source), test=absolute(config.test), label_descriptions=described)


def corpus_notes(config: RunConfig) -> tuple[str, ...]:
    """Return what a reader should know of how the corpus of a run is read.

    Raises:
        CorpusError: If it cannot be used.
    """
    return outline(whole(_absolute_corpus(config.corpus)), config.task).notes


def submit(
    config: RunConfig, store: RunStore, *, twins: bool = True, in_turns: bool = False, read: Reader = outline
) -> tuple[Run, ...]:
    """Ask for a run and its twins; those that exist are not computed again.

    Args:
        config: What is wanted.
        store: Where runs are kept and queued.
        twins: Whether the hard-label twin, the layer-cut twin and the baseline are wanted too.
        in_turns: Whether others of the kind go first once there is a first figure; see :meth:`RunStore.add`.
        read: How the corpus is looked at.

    Returns:
        The run that was asked for, then its twins. The baseline is computed first, in a moment once the teacher is
        there: what the teacher is worth beside it is known before a student learns.

    Raises:
        DistilError: If settings, corpus or teacher cannot be used.
    """
    wanted = with_twins(inherited(config, store), twins=twins)
    requests = identify(wanted, read=read)
    added = {request: request.add(store, in_turns=in_turns) for request in sorted(requests, key=comes_later)}
    return tuple(added[request] for request in requests)


def comes_later(asked_for: RunRequest | Run) -> bool:
    """Tell whether a run learns something: a baseline comes before those."""
    return asked_for.config.method is not Method.BASELINE


def identify(configs: Iterable[CanonicalConfig], *, read: Reader = outline) -> tuple[RunRequest, ...]:
    """Give each of some configs the name of its run, which says whether the run is there; nothing is queued.

    Args:
        configs: What is asked for.
        read: How a corpus is looked at.

    Raises:
        DistilError: If corpus or teacher cannot be used, or do not fit the settings.
    """
    return tuple(examined.to_request() for examined in examine(configs, read=read))
