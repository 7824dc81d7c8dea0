"""What a run is asked to be: frozen dataclasses, one a section, whose fields are the settings."""

from dataclasses import dataclass, field
from enum import StrEnum

from distil_core.settings.declaration import setting


class Method(StrEnum):
    """What is done to make the model of a run: the distilled student, one of its twins, or the baseline."""

    DISTILLED = "distilled"
    HARD_LABELS = "hard-labels"
    RANDOM_START = "random-start"
    LAYER_CUT = "layer-cut"
    BASELINE = "baseline"

    @property
    def asks_teacher(self) -> bool:
        """Whether the model learns from the teacher's answers."""
        return self in (Method.DISTILLED, Method.RANDOM_START)


class LayerMap(StrEnum):
    """Layer mapping: which teacher layers the layers of a student are copied from."""

    ALTERNATE = "alternate"
    FIRST = "first"
    LAST = "last"
    MIDDLE = "middle"
    EVEN = "even"
    EXPLICIT = "explicit"


class Recipe(StrEnum):
    """Recipe: what decides how long, how fast and how much of a model learns."""

    THOROUGH = "thorough"
    QUICK = "quick"


class Init(StrEnum):
    """Initialization: where the student's weights come from before training."""

    TEACHER = "teacher"
    RANDOM = "random"


class Architecture(StrEnum):
    """Architecture of the student."""

    OWN = "own"
    DISTILBERT = "distilbert"


class Precision(StrEnum):
    """Precision of the matrix products; master weights are always fp32."""

    AUTO = "auto"
    FP32 = "fp32"
    BF16 = "bf16"


class WeightFormat(StrEnum):
    """Format in which the weights of a trained student are kept."""

    FP32 = "fp32"
    FP16 = "fp16"
    BF16 = "bf16"
    INT8 = "int8"


class Supervision(StrEnum):
    """Supervision: what teacher and student are told of the training texts."""

    LABELS = "labels"
    ZERO_SHOT = "zero-shot"


class SoftSites(StrEnum):
    """Sites of the soft-label loss where words are masked."""

    MASKED = "masked"
    ALL = "all"


SIMILARITY_SCALE = 20.0
"""What cosines are multiplied by before a temperature divides them, as the losses of sentence-transformers do."""


class LookAlikes(StrEnum):
    """What becomes of labels that look alike: they are kept apart, or each group becomes its most frequent one."""

    KEEP = "keep"
    MERGE = "merge"


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusConfig:
    """Which texts, and how they are read and split."""

    source: str = setting(
        "reviews",
        help="reviews, python-docs, review-likeness (pairs), hub:NAME, or the path of a CSV, TSV, JSON, JSONL or "
        "Parquet file.",
    )
    test: str = setting(
        "", help="Path of a file with the test split; without one a stratified part of the corpus is held out."
    )
    text_column: str = setting("", help="Column with the texts; empty: recognized by its name.")
    label_column: str = setting("", help="Column with the labels; empty: recognized by its name.")
    label_names: tuple[str, ...] = setting((), help="Names of the labels in their order; empty: as in the data.")
    missing_labels: tuple[str, ...] = setting(
        (), help="Labels that stand for none, such as nan: rows are read as if these were empty."
    )
    look_alikes: LookAlikes = setting(
        LookAlikes.KEEP,
        help="Labels that differ in case, spaces, accents or signs that cannot be seen: keep them apart, or merge each "
        "group into its most frequent label.",
    )
    max_examples: int = setting(
        0, low=0, help="Size of the training split at most: as many texts, drawn stratified; 0: all."
    )
    n_train: int = setting(
        4000, low=20, high=1_000_000, help="Size of the training split: texts to generate (reviews only)."
    )
    n_test: int = setting(
        1000, low=20, high=1_000_000, help="Size of validation and test split each: texts to generate (reviews only)."
    )
    seed: int = setting(0, low=0, help="Random seed of the generator and of the splits.")
    labeled: float = setting(
        1.0,
        above=0,
        high=1.0,
        help="Labeled fraction of the training split: the student learns the hard labels of these texts alone, drawn "
        "by the run's seed.",
    )
    shots: int = setting(
        0,
        low=0,
        high=100_000,
        help="Labeled texts of each class (shots): student and teacher are told the labels of these alone, drawn by "
        "the corpus seed, and the other training texts stay without one; 0: all, which the labeled share leaves the "
        "teacher.",
    )
    left_out: str = setting("", help="Held-out class: the student never sees a text of it in training; empty: none.")
    supervision: Supervision = setting(
        Supervision.LABELS,
        help="Supervision: labels of the training texts, or none (zero-shot): then teacher and student are told only "
        "what the labels are called or described as, and labels of test texts serve to measure.",
    )
    label_descriptions: str = setting(
        "",
        help="Label descriptions (zero-shot): NAME: a few words; NAME: a few words; or the path of a file with columns "
        "label and description; empty: the names of the labels.",
    )
    hypothesis_template: str = setting(
        "This text is about {}.",
        help="Hypothesis template (zero-shot): the sentence in which a label description stands in the place of {}.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherConfig:
    """Which model is the teacher, and how it is fine-tuned on a corpus that it has no head for."""

    source: str = setting(
        "shipped",
        help="Checkpoint of the teacher: shipped, shipped-words (of masked words), minilm, a local folder, or a "
        "Hugging Face hub id.",
    )
    max_length: int = setting(
        128,
        low=8,
        high=8192,
        help="Maximum sequence length in tokens: longer texts are truncated, their rest is not read.",
    )
    epochs: int = setting(
        0,
        low=0,
        high=50,
        help="Epochs of fine-tuning a teacher without a head: passes over the training split; 0: 3, more of a small "
        "corpus or for question answering, 2 by the quick recipe.",
    )
    learning_rate: float = setting(
        1e-4, above=0, high=1e-1, help="Peak learning rate of that fine-tuning: how far a step moves the weights."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentConfig:
    """The architecture of the student and its initialization."""

    depth: int = setting(
        2,
        low=0,
        high=48,
        help="Number of encoder layers of the student; 0: a static student, the mean of its word vectors.",
    )
    layer_map: LayerMap = setting(
        LayerMap.EVEN,
        help="Layer mapping: which teacher layers the student's are copied from; middle: those that end in the middle.",
    )
    layers: tuple[int, ...] = setting((), help="Explicit layer mapping: teacher layers to copy, counted from 0.")
    architecture: Architecture = setting(
        Architecture.OWN,
        help="Architecture: the teacher's own, or DistilBERT's, without token types and pooler (BERT teachers only).",
    )
    width: int = setting(
        0, low=0, help="Hidden size: how many numbers each layer keeps of a token; fewer are faster. 0: the teacher's."
    )
    init: Init = setting(
        Init.TEACHER, help="Initialization: weights copied from the teacher's layers, or drawn at random."
    )
    heads: float = setting(
        1.0,
        above=0.0,
        high=1.0,
        help="Structured pruning before training: share of a layer's attention heads that stay, by importance.",
    )
    neurons: float = setting(
        1.0,
        above=0.0,
        high=1.0,
        help="Structured pruning before training: share of a layer's feed-forward neurons that stay, by importance.",
    )
    sparsity: float = setting(
        0.0,
        low=0.0,
        high=0.99,
        help="Unstructured pruning after training: share of the weights of each matrix that become 0, the smallest "
        "ones; smaller when packed, not faster.",
    )
    weights: WeightFormat = setting(
        WeightFormat.FP32,
        help="Format of the weights after training: fp16 and bf16 halve the file; int8 is measured as ONNX Runtime "
        "runs it (extra onnx).",
    )
    parent: str = setting(
        "",
        help="Name of a run whose student this one starts from, with its depth, width and architecture: general "
        "distillation, then fine-tuning; also --init run:NAME; empty: none.",
    )

    @property
    def n_layers(self) -> int:
        """How many layers a student has."""
        return len(self.layers) or self.depth

    @property
    def arithmetic(self) -> str:
        """What a student is timed in: weights in 16 bits are computed with in fp32."""
        return str(WeightFormat.INT8 if self.weights is WeightFormat.INT8 else WeightFormat.FP32)


@dataclass(frozen=True, slots=True, kw_only=True)
class LossConfig:
    """Temperature, and the weights of the terms of the loss."""

    temperature: float = setting(
        2.0,
        low=0.1,
        high=20.0,
        help="Softmax temperature T: divides the logits of both models, so that more than 1 softens what is compared.",
    )
    alpha: float = setting(
        0.9,
        low=0.0,
        high=1.0,
        help="Weight α of the soft-label loss (teacher); the hard-label loss (corpus) gets 1 - α.",
    )
    soft_weight: float = setting(
        0.0,
        low=0.0,
        high=1000.0,
        help="Weight of the soft-label loss where it is not α; with it or the next one above 0, both count and α does "
        "not.",
    )
    hard_weight: float = setting(0.0, low=0.0, high=1000.0, help="Weight of the hard-label loss where it is not 1 - α.")
    soft_sites: SoftSites = setting(
        SoftSites.MASKED,
        help="Sites of the soft-label loss where words are masked: the masked words, or all (fill-mask only).",
    )
    logit_mse: float = setting(0.0, low=0.0, high=1000.0, help="Weight of the mean squared error (MSE) of the logits.")
    hidden_cosine: float = setting(
        0.0, low=0.0, high=1000.0, help="Weight of 1 - the cosine of the last hidden states of teacher and student."
    )
    hidden_mse: float = setting(
        0.0, low=0.0, high=1000.0, help="Weight of the mean squared error (MSE) of the hidden states of mapped layers."
    )
    attention_kl: float = setting(
        0.0, low=0.0, high=1000.0, help="Weight of the KL divergence of the attention maps of student and teacher."
    )

    @property
    def own_weights(self) -> bool:
        """Whether the losses of soft and hard labels have weights of their own, so that alpha does not count."""
        return bool(self.soft_weight or self.hard_weight)

    @property
    def soft(self) -> float:
        """Weight of the soft-label loss."""
        return self.soft_weight if self.own_weights else self.alpha

    @property
    def hard(self) -> float:
        """Weight of the hard-label loss."""
        return self.hard_weight if self.own_weights else 1 - self.alpha


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """How the student is trained."""

    recipe: Recipe = setting(
        Recipe.THOROUGH,
        help="Recipe: thorough trains as the settings say; quick chooses epochs, learning rate and frozen layers, and "
        "fine-tunes only the upper two thirds of a teacher, after fitting its head, and averages its weights.",
    )
    epochs: int = setting(3, low=0, high=1000, help="Epochs: passes over the training split.")
    batch_size: int = setting(
        32, low=1, high=4096, help="Batch size: examples of a step, on average; batches are cut by a token budget."
    )
    learning_rate: float = setting(
        3e-4, above=0, high=1.0, help="Peak learning rate of AdamW: how far a step moves the weights."
    )
    warmup: float = setting(
        0.1, low=0.0, high=1.0, help="Warm-up: share of the steps in which the learning rate rises to its peak."
    )
    weight_decay: float = setting(
        0.01,
        low=0.0,
        high=10.0,
        help="Decoupled weight decay (AdamW): how strongly a step pulls the matrices towards 0.",
    )
    clip: float = setting(
        1.0, above=0, high=1e6, help="Gradient clipping: largest norm of the gradient; a longer one is scaled down."
    )
    dropout: float = setting(
        0.0, low=0.0, high=0.9, help="Dropout: share of the activations set to 0 at random while training."
    )
    frozen: int = setting(
        0,
        low=0,
        help="Frozen layers, which stay as copied, from below: 1 the embeddings, 2 also the first layer, and so on; "
        "0: none.",
    )
    averaging: float = setting(
        0.0,
        low=0.0,
        high=1.0,
        help="Weight averaging: share of the steps, counted from the last, whose weights are averaged into the "
        "model; 0: the last ones alone.",
    )
    masked: float = setting(
        0.15,
        above=0.0,
        high=0.9,
        help="Masked words: share of the words of a text that are masked in each epoch, anew each time (fill-mask "
        "only).",
    )
    mask_smoothing: float = setting(
        0.0,
        low=0.0,
        high=2.0,
        help="Smoothing of the masks: a word that occurs n times is masked in proportion to n to the power of minus "
        "this, so that rare words are masked more often; DistilBERT had 0.7; 0: all alike (fill-mask only).",
    )
    patience: int = setting(
        0,
        low=0,
        help="Patience of early stopping: epochs without a better validation score before training ends; 0: never.",
    )
    precision: Precision = setting(
        Precision.AUTO, help="Precision of the arithmetic; auto: bf16 where the processor is fast at it, else fp32."
    )
    threads: int = setting(
        0, low=0, high=1024, help="Processor threads to compute with; 0: the share of one of the workers."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """All that determines a run, apart from the contents of corpus and teacher."""

    task: str = setting("classification", help="Task: what the models are for.")
    method: Method = setting(
        Method.DISTILLED,
        help="How the model is made: distilled, trained on hard labels alone, distilled from random weights (fill-mask "
        "alone), cut out and not trained, or the baseline of the task.",
    )
    corpus: CorpusConfig = field(default_factory=CorpusConfig)
    teacher: TeacherConfig = field(default_factory=TeacherConfig)
    student: StudentConfig = field(default_factory=StudentConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    seed: int = setting(0, low=0, high=1_000_000_000, help="Random seed of initialization, batches and dropout.")
