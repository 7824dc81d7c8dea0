"""What a run is asked to be: one declaration per setting, checked in one place.

The same declaration drives validation, the widget on the page, the option of the command line and the table in the
README.
"""

import json
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass, replace
from enum import StrEnum
from hashlib import sha256
from typing import Any, TypeVar

from distil_core.errors import ConfigError

SCHEMA_VERSION = 1
"""Raised when the meaning of a stored config or record changes; part of every fingerprint."""

T = TypeVar("T")


def setting(
    default: Any, *, help: str, low: float | None = None, high: float | None = None, above: float | None = None
) -> Any:
    """Declare one setting: its default, its bounds and the sentence that explains it.

    Args:
        default: Value when nobody says otherwise.
        help: One sentence for people; shown on the page and in the README.
        low: Smallest value allowed.
        high: Largest value allowed.
        above: Value that must be exceeded.
    """
    return field(default=default, metadata={"help": help, "low": low, "high": high, "above": above})


class RunKind(StrEnum):
    """What a run trains: the distilled student, or one of its twins."""

    DISTILLED = "distilled"
    HARD_LABELS = "hard-labels"
    LAYER_CUT = "layer-cut"
    TFIDF = "tfidf"


class LayerMap(StrEnum):
    """Which teacher layers a student of a given depth starts from."""

    ALTERNATE = "alternate"
    FIRST = "first"
    LAST = "last"
    EVEN = "even"
    EXPLICIT = "explicit"


class Init(StrEnum):
    """Where the student's first weights come from."""

    TEACHER = "teacher"
    RANDOM = "random"


class Precision(StrEnum):
    """Arithmetic of the matrix products; master weights are always fp32."""

    AUTO = "auto"
    FP32 = "fp32"
    BF16 = "bf16"


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusConfig:
    """Which texts, and how they are read and split."""

    source: str = setting(
        "reviews", help="reviews, python-docs, hub:NAME, or the path of a CSV, TSV, JSONL or Parquet file."
    )
    test: str = setting("", help="Path of a test file; without one a stratified part of the corpus is held out.")
    text_column: str = setting("", help="Column with the texts; empty: found by its name.")
    label_column: str = setting("", help="Column with the labels; empty: found by its name.")
    label_names: tuple[str, ...] = setting((), help="Names of the labels in their order; empty: as in the data.")
    max_examples: int = setting(0, low=0, help="Training texts to use at most, drawn stratified; 0: all.")
    n_train: int = setting(4000, low=20, high=1_000_000, help="Training texts to generate (reviews only).")
    n_test: int = setting(1000, low=20, high=1_000_000, help="Validation and test texts to generate (reviews only).")
    seed: int = setting(0, low=0, help="Seed of the generator and of the split.")
    labeled: float = setting(
        1.0,
        above=0,
        high=1.0,
        help="Share of the training texts whose label the student is told, drawn by the run's seed.",
    )
    left_out: str = setting("", help="Name of a label whose texts the student never learns from; empty: none.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherConfig:
    """Which model teaches, and how it learns a corpus it has no head for."""

    source: str = setting("shipped", help="shipped, minilm, a local folder, or a Hugging Face hub id.")
    max_length: int = setting(128, low=8, high=8192, help="Tokens of a text that are read; the rest is cut off.")
    epochs: int = setting(
        0,
        low=0,
        high=50,
        help="Passes over the corpus when the teacher must be fine-tuned first; 0: 3, with more than 20 labels 6.",
    )
    learning_rate: float = setting(1e-4, above=0, high=1e-1, help="Peak step size of that fine-tuning.")

    def for_labels(self, n_labels: int) -> "TeacherConfig":
        """Return the same with the epochs that a corpus of so many labels needs, where they are left open."""
        return self if self.epochs else replace(self, epochs=3 if n_labels <= 20 else 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentConfig:
    """The shape of the student and where its first weights come from."""

    depth: int = setting(2, low=1, high=48, help="Encoder layers of the student.")
    layer_map: LayerMap = setting(LayerMap.EVEN, help="Which teacher layers the student starts from.")
    layers: tuple[int, ...] = setting((), help="Teacher layers to copy, counted from 0 (with the explicit map).")
    width: int = setting(0, low=0, help="Size of the hidden states; 0: the teacher's.")
    init: Init = setting(Init.TEACHER, help="Copy the teacher's layers, or start at random.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LossConfig:
    """Weights of the parts of the loss."""

    temperature: float = setting(2.0, low=0.1, high=20.0, help="Softens both distributions before they are compared.")
    alpha: float = setting(0.9, low=0.0, high=1.0, help="Share of the teacher's soft labels against the hard labels.")
    logit_mse: float = setting(0.0, low=0.0, high=1000.0, help="Weight of the squared difference of the logits.")
    hidden_cosine: float = setting(0.0, low=0.0, high=1000.0, help="Weight of the cosine loss on the last layer.")
    hidden_mse: float = setting(0.0, low=0.0, high=1000.0, help="Weight of the squared difference of mapped layers.")
    attention_kl: float = setting(0.0, low=0.0, high=1000.0, help="Weight of the KL of mapped attention maps.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """How the student is trained."""

    epochs: int = setting(3, low=0, high=1000, help="Passes over the training texts.")
    batch_size: int = setting(32, low=1, high=4096, help="Examples in a batch, on average; cut by a token budget.")
    learning_rate: float = setting(3e-4, above=0, high=1.0, help="Peak step size of AdamW.")
    warmup: float = setting(0.1, low=0.0, high=1.0, help="Share of the steps in which the step size grows to its peak.")
    weight_decay: float = setting(0.01, low=0.0, high=10.0, help="Decoupled weight decay of the matrices.")
    clip: float = setting(1.0, above=0, high=1e6, help="Largest norm of the gradient.")
    dropout: float = setting(0.0, low=0.0, high=0.9, help="Share of activations dropped while training.")
    frozen: int = setting(
        0,
        low=0,
        help="Parts that stay as copied, from below: 1 the embeddings, 2 also the first layer, and so on; 0: none.",
    )
    patience: int = setting(0, low=0, help="Stop after so many epochs without a better validation; 0: never.")
    precision: Precision = setting(Precision.AUTO, help="bf16 where the processor is fast at it, else fp32.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """All that determines a run, apart from the contents of corpus and teacher."""

    kind: RunKind = setting(RunKind.DISTILLED, help="The distilled student, or one of its twins.")
    corpus: CorpusConfig = field(default_factory=CorpusConfig)
    teacher: TeacherConfig = field(default_factory=TeacherConfig)
    student: StudentConfig = field(default_factory=StudentConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    seed: int = setting(0, low=0, high=1_000_000_000, help="Seed of initialization, batches and dropout.")


def canonical(config: RunConfig) -> RunConfig:
    """Return the same run with every setting that cannot matter put back to its default.

    A twin without a teacher does not depend on the temperature, so that all temperatures share one twin.
    """
    corpus, student, loss, training = config.corpus, config.student, config.loss, config.training
    if student.layers:
        student = replace(student, depth=len(student.layers), layer_map=LayerMap.EXPLICIT)
    if config.kind is not RunKind.DISTILLED:
        loss = replace(LossConfig(), alpha=0.0)
    if config.kind is RunKind.LAYER_CUT:
        training = replace(TrainingConfig(), epochs=0, precision=training.precision)
    if config.kind is RunKind.TFIDF:
        student, training = StudentConfig(), TrainingConfig()
    if loss.alpha == 0.0 and config.kind is RunKind.DISTILLED:
        loss = replace(loss, temperature=LossConfig().temperature)
    if config.kind is RunKind.LAYER_CUT:
        corpus = whole(corpus)
    if loss.alpha == 1.0:  # nobody asks for the labels
        corpus = replace(corpus, labeled=CorpusConfig().labeled)
    return replace(config, corpus=corpus, student=student, loss=loss, training=training)


def whole(corpus: CorpusConfig) -> CorpusConfig:
    """Return the same corpus with all of its training texts and labels to learn from."""
    return replace(corpus, labeled=CorpusConfig().labeled, left_out=CorpusConfig().left_out)


def validate(config: RunConfig) -> RunConfig:
    """Return ``config`` with its values in their declared types.

    Raises:
        ConfigError: With every problem at once.
    """
    problems: list[str] = []
    checked = _build(RunConfig, to_json(config), "", problems)
    if checked is not None:
        problems += _cross_checks(checked)
    if problems or checked is None:
        raise ConfigError("; ".join(problems))
    return checked


def _cross_checks(config: RunConfig) -> list[str]:
    student, problems = config.student, []
    if student.layer_map is LayerMap.EXPLICIT and not student.layers:
        problems.append("student.layers must name the teacher layers to copy when student.layer_map is explicit")
    if len(set(student.layers)) != len(student.layers) or list(student.layers) != sorted(student.layers):
        problems.append(f"student.layers must rise and not repeat, got {list(student.layers)}")
    if any(layer < 0 for layer in student.layers):
        problems.append(f"student.layers must be counted from 0, got {list(student.layers)}")
    depth, frozen = len(student.layers) or student.depth, config.training.frozen
    if frozen > depth:
        problems.append(f"training.frozen must be at most the student's number of layers ({depth}), got {frozen}")
    if frozen and student.init is Init.RANDOM:
        problems.append(f"training.frozen must be 0 when student.init is random, got {frozen}")
    return problems


def to_json(value: Any) -> Any:
    """Turn a config or record into what ``json`` can write; :func:`from_json` is its inverse."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    return value


def from_json(cls: type[T], data: Mapping[str, Any]) -> T:
    """Build ``cls`` from plain data.

    Raises:
        ConfigError: Naming every unknown key, missing key and wrong value at once.
    """
    problems: list[str] = []
    value = _build(cls, data, "", problems)
    if problems or value is None:
        raise ConfigError("; ".join(problems))
    return value


def _build(cls: type[T], data: Any, path: str, problems: list[str]) -> T | None:
    if not isinstance(data, Mapping):
        problems.append(f"{path.rstrip('.') or cls.__name__} must be a mapping, got {data!r}")
        return None
    hints = typing.get_type_hints(cls)
    declared: dict[str, Field[Any]] = {f.name: f for f in fields(cls)}  # type: ignore[arg-type]
    for unknown in sorted(set(data) - set(declared)):
        problems.append(f"unknown key {path}{unknown}; known: {', '.join(sorted(declared))}")
    values, before = {}, len(problems)
    for name, item in declared.items():
        if name in data:
            values[name] = _coerce(hints[name], data[name], f"{path}{name}", problems)
            _check_bounds(values[name], item, f"{path}{name}", problems)
        elif item.default is MISSING and item.default_factory is MISSING:
            problems.append(f"missing key {path}{name}")
    return cls(**values) if len(problems) == before else None


def _coerce(hint: Any, value: Any, path: str, problems: list[str]) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        if value is None:
            return None
        return _coerce(next(a for a in arguments if a is not type(None)), value, path, problems)
    if is_dataclass(hint):
        return _build(typing.cast(type, hint), value, f"{path}.", problems)
    if origin is tuple and isinstance(value, tuple | list):
        inner = [arguments[0]] * len(value) if len(arguments) == 2 and arguments[1] is Ellipsis else arguments
        return tuple(_coerce(h, v, f"{path}[{i}]", problems) for i, (h, v) in enumerate(zip(inner, value, strict=True)))
    if origin is dict and isinstance(value, Mapping):
        return {str(k): _coerce(arguments[1], v, f"{path}.{k}", problems) for k, v in value.items()}
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        if value in list(hint):
            return hint(value)
        problems.append(f"{path} must be one of {', '.join(hint)}, got {value!r}")
        return None
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if hint is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(hint, type) and isinstance(value, hint) and (hint is bool or not isinstance(value, bool)):
        return value
    problems.append(f"{path} must be {getattr(hint, '__name__', hint)}, got {value!r}")
    return None


def _check_bounds(value: Any, item: Field[Any], path: str, problems: list[str]) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return
    low, high, above = (item.metadata.get(name) for name in ("low", "high", "above"))
    if value != value:
        problems.append(f"{path} must be a number, got nan")
    if low is not None and value < low:
        problems.append(f"{path} must be at least {low:g}, got {value!r}")
    if above is not None and value <= above:
        problems.append(f"{path} must be above {above:g}, got {value!r}")
    if high is not None and value > high:
        problems.append(f"{path} must be at most {high:g}, got {value!r}")


def digest(value: Any) -> str:
    """Name a value by its content: the first 16 hex digits of the SHA-256 of its canonical JSON."""
    text = json.dumps(to_json(value), sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:16]


def fingerprint(config: RunConfig, *, corpus_digest: str, teacher_digest: str) -> str:
    """Name a run by what determines its result.

    Where corpus and teacher lie does not matter, only what is in them: their paths are left out and their digests
    stand instead.
    """
    config = canonical(validate(config))
    content = to_json(config)
    content["corpus"] = corpus_digest
    if config.corpus != whole(config.corpus):
        content |= {"labeled": config.corpus.labeled, "left_out": config.corpus.left_out}
    content["teacher"] = {**content["teacher"], "source": teacher_digest}
    if not config.training.frozen:  # runs that are older than the setting keep their names
        del content["training"]["frozen"]
    return digest({"schema": SCHEMA_VERSION, **content})


def layer_indices(student: StudentConfig, n_layers: int) -> tuple[int, ...]:
    """Return the teacher layers, counted from 0, from which a student's layers start.

    ``alternate`` takes every other layer from below for the lower half and every other from above for the upper half,
    as DistilBERT does (Sanh et al., 2019, arXiv:1910.01108): 0, 2, 4, 7, 9, 11 of 12. ``even`` spaces them evenly from
    first to last.

    Args:
        student: Depth and map, or the explicit layers.
        n_layers: Encoder layers of the teacher.

    Raises:
        ConfigError: If the teacher has too few layers.
    """
    if student.layers:
        if max(student.layers) >= n_layers:
            raise ConfigError(
                f"student.layers must lie between 0 and {n_layers - 1} for a teacher of {n_layers} layers, "
                f"got {list(student.layers)}"
            )
        return student.layers
    depth = student.depth
    if depth > n_layers:
        raise ConfigError(f"student.depth must be at most the teacher's {n_layers} layers, got {depth}")
    even = tuple(int(i * (n_layers - 1) / max(depth - 1, 1) + 0.5) for i in range(depth))
    match student.layer_map:
        case LayerMap.FIRST:
            return tuple(range(depth))
        case LayerMap.LAST:
            return tuple(range(n_layers - depth, n_layers))
        case LayerMap.ALTERNATE:
            below, above = (depth + 1) // 2, depth // 2
            picked = {2 * i for i in range(below)} | {n_layers - 1 - 2 * i for i in range(above)}
            return tuple(sorted(picked)) if len(picked) == depth and max(picked) < n_layers else even
        case _:
            return even
