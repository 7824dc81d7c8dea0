"""What all sides of a benchmark get: texts, teacher, student and schedule; and how much work that is."""

import csv
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from distil_core.data.corpus import Corpus, Split
from distil_core.errors import ConfigError
from distil_core.models.checkpoints import head_order, locate
from distil_core.runs.store import RunStore
from distil_core.settings.config import (
    CorpusConfig,
    LossConfig,
    RunConfig,
    StudentConfig,
    TeacherConfig,
    TrainingConfig,
)
from distil_core.settings.layer_maps import layer_indices
from distil_core.tasks.catalog import task_named
from distil_core.tasks.corpora import load_corpus_cached
from distil_core.training.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Texts and labels as ``train.csv`` and ``test.csv``, a teacher for these labels, and how to distil it.

    ``corpus`` says where the texts come from, for whoever reads them himself; ``teacher`` is a folder whose model has
    the labels by name. ``frozen`` is for our side and the peers that freeze. Of each file only the first ``limit``
    texts are read; 0: all.
    """

    folder: str
    teacher: str
    corpus: CorpusConfig
    layers: tuple[int, ...]
    temperature: float
    alpha: float
    epochs: int
    batch_size: int
    learning_rate: float
    peer_learning_rate: float
    max_length: int
    seed: int
    frozen: int = 0
    limit: int = 0

    @property
    def loss(self) -> LossConfig:
        """The loss, as our side wants it."""
        return LossConfig(temperature=self.temperature, alpha=self.alpha)

    @property
    def training(self) -> TrainingConfig:
        """The schedule, as our side wants it."""
        return TrainingConfig(
            epochs=self.epochs, batch_size=self.batch_size, learning_rate=self.learning_rate, frozen=self.frozen
        )

    def read(self, split: str) -> tuple[list[str], list[str]]:
        """Return texts and labels of ``train`` or ``test``."""
        with (Path(self.folder) / f"{split}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))[: self.limit or None]
        return [row["text"] for row in rows], [row["label"] for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a user asks for; None: as in the default run, or, with files, as is usual for short sentences."""

    train: Path | None = None
    test: Path | None = None
    teacher: str | None = None
    examples: int | None = None
    layers: tuple[int, ...] | None = None
    temperature: float | None = None
    alpha: float = LossConfig().alpha
    epochs: int = TrainingConfig().epochs
    batch_size: int = TrainingConfig().batch_size
    learning_rate: float = TrainingConfig().learning_rate
    peer_learning_rate: float = TrainingConfig().learning_rate
    seed: int = 0
    frozen: int = TrainingConfig().frozen


def prepare(wanted: Wanted, folder: Path, store: RunStore) -> Generator[Event, None, Workload]:
    """Write texts and teacher to ``folder``; a teacher without a head is fine-tuned on all texts first, and kept.

    Args:
        wanted: What the user asks for.
        folder: Where to.
        store: Where fine-tuned teachers are kept.

    Raises:
        DistilError: If texts and teacher do not fit together.
    """
    if (wanted.train is None) != (wanted.test is None):
        raise ConfigError("--train and --test must come together, or neither; without them reviews are written")
    if wanted.train is None:
        whole = CorpusConfig()
        examples, temperature, layers, teacher = 0, LossConfig().temperature, None, "shipped"
    else:
        whole = CorpusConfig(source=str(wanted.train.resolve()), test=str(Path(str(wanted.test)).resolve()))
        examples, temperature, layers, teacher = 2000, 4.0, (0, 2, 5), "minilm"
    examples = examples if wanted.examples is None else wanted.examples
    if wanted.train is None:
        config = replace(whole, n_train=examples or whole.n_train)
    else:
        config = replace(whole, max_examples=examples)
    corpus = load_corpus_cached(config)
    place = yield from _teacher(wanted.teacher or teacher, whole, corpus, folder / "teacher", store)
    write(folder / "train.csv", corpus.train, corpus.label_names)
    write(folder / "test.csv", corpus.test, corpus.label_names)
    chosen = wanted.layers or layers
    n_layers = locate(str(place)).n_layers
    return Workload(
        folder=str(folder),
        teacher=str(place),
        corpus=config,
        layers=layer_indices(StudentConfig(layers=chosen) if chosen else StudentConfig(), n_layers),
        temperature=temperature if wanted.temperature is None else wanted.temperature,
        alpha=wanted.alpha,
        epochs=wanted.epochs,
        batch_size=wanted.batch_size,
        learning_rate=wanted.learning_rate,
        peer_learning_rate=wanted.peer_learning_rate,
        max_length=TeacherConfig().max_length,
        seed=wanted.seed,
        frozen=wanted.frozen,
    )


def _teacher(
    source: str, whole: CorpusConfig, corpus: Corpus, folder: Path, store: RunStore
) -> Generator[Event, None, Path]:
    """Save a teacher whose outputs have the corpus's labels in their order."""
    from distil_core.models import devices, loading
    from distil_core.runs.encoding import encode_corpus
    from distil_core.training import teachers
    from distil_core.training.cache import Cache

    task, checkpoint = task_named(RunConfig().task), locate(source)
    tokenizer = loading.load_tokenizer(checkpoint.folder)
    device = devices.default_device()
    if head_order(checkpoint, corpus.label_names, head=task.head) is None:
        corpus = load_corpus_cached(whole)
    config = TeacherConfig()
    prepared = yield from teachers.prepare_teacher(
        checkpoint,
        config,
        tokenizer,
        label_names=corpus.label_names,
        corpus_digest=corpus.digest,
        task=task,
        splits=encode_corpus(task, corpus, tokenizer, max_length=config.max_length, device=device),
        cache=Cache(store.layout.cache),
        device=device,
    )
    loading.save(prepared.model, tokenizer, folder)
    return folder


def write(path: Path, split: Split, names: Sequence[str]) -> None:
    """Write texts with the names of their labels as a file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("text", "label"))
        rows.writerows((text, names[label]) for text, label in zip(split.texts, split.labels, strict=True))


def training_operations(
    lengths: Sequence[int], *, depth: int, width: int, inner: int, n_labels: int, epochs: int, frozen: int = 0
) -> float:
    """Return the operations of the matrix products that training a student really needs.

    A multiplication and an addition are two; backward is twice the work of forward; padding is not counted, and in the
    last layer everything but keys and values is needed for the first token alone, as are pooler and head. Frozen layers
    go forward once, and nothing goes back to what they put out.

    Args:
        lengths: Tokens of each text.
        depth: Layers of the student.
        width: Size of its hidden states.
        inner: Size of its feed-forward layers.
        n_labels: Outputs of its head.
        epochs: Passes over the texts.
        frozen: Parts that do not learn: the embeddings, then layers.
    """
    n_texts, n_tokens, n_pairs = len(lengths), sum(lengths), sum(length * length for length in lengths)
    square, forward = width * width, 2 * width * inner
    whole_layer = n_tokens * (4 * square + forward) + 2 * n_pairs * width
    last_layer = n_tokens * 2 * square + n_texts * (2 * square + forward) + 2 * n_tokens * width
    head = n_texts * (square + width * n_labels)
    still = max(frozen - 1, 0)
    once = still * whole_layer
    learning = 3.0 * ((depth - 1 - still) * whole_layer + last_layer + head)
    if frozen:
        learning -= n_tokens * 3 * square if still < depth - 1 else n_tokens * 2 * square + n_texts * square
    return 2.0 * (once + epochs * learning)
