"""What a run is asked to be: frozen dataclasses, one a section, whose fields are the settings."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from distil_core.settings.declaration import setting


class Method(StrEnum):
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
    threads: int = setting(
        0, low=0, high=1024, help="Processor threads to compute with; 0: the share of one of the workers."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """All that determines a run, apart from the contents of corpus and teacher."""

    task: str = setting("classification", help="What the models are for.")
    method: Method = setting(Method.DISTILLED, help="The distilled student, or one of its twins.")
    corpus: CorpusConfig = field(default_factory=CorpusConfig)
    teacher: TeacherConfig = field(default_factory=TeacherConfig)
    student: StudentConfig = field(default_factory=StudentConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    seed: int = setting(0, low=0, high=1_000_000_000, help="Seed of initialization, batches and dropout.")
