"""Which head of transformers stands on an encoder; needs neither torch nor a model."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A head as transformers names it.

    Attributes:
        kind: What its classes end in: ``BertFor`` + ``SequenceClassification``.
        pipeline: What transformers and the hub call what it is for.
        reads_first_token: Whether it answers a text as a whole from the first token; else it answers every token.
        problem_type: What the configuration of a model with this head says, if anything.
        labeled: Whether it has an output for each label; else it is nothing that is learned, and puts out a vector.
        predicts_words: Whether its outputs are the words of a vocabulary, whatever the labels of a corpus.
    """

    kind: str
    pipeline: str
    reads_first_token: bool
    problem_type: str | None = None
    labeled: bool = True
    predicts_words: bool = False

    @property
    def pooled(self) -> "Head":
        """The head that reads the mean of the tokens where this one reads the first."""
        return replace(self, kind="PooledClassification", reads_first_token=False) if self.reads_first_token else self

    @property
    def standard(self) -> "Head":
        """The head of transformers for the same answers: it reads the first token."""
        pooled = self.kind == "PooledClassification"
        return replace(self, kind="SequenceClassification", reads_first_token=True) if pooled else self

    def of_student(self, n_layers: int) -> "Head":
        """Return the head of a student: before a layer has looked around, the first token knows nothing of a text."""
        return self.standard if n_layers else self.pooled

    @property
    def auto_class(self) -> str:
        """Name of the class of transformers that loads any architecture with this head."""
        return f"AutoModelFor{self.kind}"


SEQUENCE_CLASSIFICATION = Head(
    kind="SequenceClassification",
    pipeline="text-classification",
    reads_first_token=True,
    problem_type="single_label_classification",
)
MULTI_LABEL_CLASSIFICATION = Head(
    kind="SequenceClassification",
    pipeline="text-classification",
    reads_first_token=True,
    problem_type="multi_label_classification",
)
REGRESSION = Head(
    kind="SequenceClassification", pipeline="text-classification", reads_first_token=True, problem_type="regression"
)
TOKEN_CLASSIFICATION = Head(kind="TokenClassification", pipeline="token-classification", reads_first_token=False)
QUESTION_ANSWERING = Head(kind="QuestionAnswering", pipeline="question-answering", reads_first_token=False)
EMBEDDING = Head(kind="Embedding", pipeline="sentence-similarity", reads_first_token=False, labeled=False)
MASKED_WORDS = Head(kind="MaskedLM", pipeline="fill-mask", reads_first_token=False, predicts_words=True)
HEADS = (
    SEQUENCE_CLASSIFICATION,
    TOKEN_CLASSIFICATION,
    QUESTION_ANSWERING,
    MULTI_LABEL_CLASSIFICATION,
    REGRESSION,
    EMBEDDING,
    SEQUENCE_CLASSIFICATION.pooled,
    MULTI_LABEL_CLASSIFICATION.pooled,
    REGRESSION.pooled,
    MASKED_WORDS,
)


def head_named(architecture: str, problem_type: str | None = None) -> Head | None:
    """Return the head that the name of a model's class ends in, such as ``BertForTokenClassification``.

    Args:
        architecture: The name.
        problem_type: What the configuration of the model says; the first head of a kind where it says nothing known.
    """
    alike = [head for head in HEADS if architecture.endswith(f"For{head.kind}")]
    return next((head for head in alike if head.problem_type == problem_type), alike[0] if alike else None)
