"""What a student can leave the lab as, and what is proven of it then; plain data, without torch."""

from dataclasses import dataclass
from enum import StrEnum

from distil_core.evaluation.metrics import Metric
from distil_core.evaluation.records import Interval, Latency
from distil_core.reporting.formatting import beside_fp32, digits, factor, figure, figure_difference, size
from distil_core.tasks.task import Task


class Format(StrEnum):
    """What a student leaves the lab as."""

    HF = "hf"
    ONNX = "onnx"
    ONNX_INT8 = "onnx-int8"
    STATIC = "static"
    BROWSER = "browser"
    REPORT = "report"


TITLES = {
    Format.HF: "Hugging Face",
    Format.ONNX: "ONNX",
    Format.ONNX_INT8: "ONNX, int8",
    Format.STATIC: "Static",
    Format.BROWSER: "Browser",
    Format.REPORT: "Report",
}
"""What people call them."""
DESCRIPTIONS = {
    Format.HF: "A folder that `from_pretrained` loads, with a model card and a script that asks it.",
    Format.ONNX: "One file for ONNX Runtime with its tokenizer; the script beside it needs no torch.",
    Format.ONNX_INT8: "The same with matrices and embeddings in 8 bits: about a quarter of the size.",
    Format.STATIC: "A table of what each token says, which is looked up and averaged; the script needs numpy alone.",
    Format.BROWSER: "A page that runs the student in the visitor's own browser, from any server, in 8 bits.",
    Format.REPORT: "One page for whoever decides: what was kept, what it costs, where it errs; prints on A4.",
}
"""What they are, as markdown."""


IN_ONNX = (Format.ONNX, Format.ONNX_INT8, Format.BROWSER)
"""Those that are written as ONNX, for which a package is needed."""


def offered(n_layers: int, task: Task) -> tuple[Format, ...]:
    """Return what a student of a task can leave as, what it leaves as by itself first.

    Without layers it is a table; transformers has no class for one that reads a text as the mean of its tokens.

    Args:
        n_layers: Of the student.
        task: What it answers.
    """
    if n_layers or task.head.predicts_words:
        return tuple(each for each in Format if each is not Format.STATIC)
    known = task.head.of_student(n_layers) == task.head.standard
    others = (each for each in Format if each not in (Format.STATIC, Format.HF) or (known and each is Format.HF))
    return (Format.STATIC, *others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How an exported model answers the test texts beside the one in the lab.

    Attributes:
        n_texts: Test texts.
        n_sites: Places in them at which both answer.
        largest_difference: Of two numbers that stand for the same: logits, or parts of a vector.
        fidelity: Name of the metric by which the one is held against the other.
        fidelity_value: Its value: 1 where all answers are alike.
        metric: Name of the metric that the run is judged by.
        score: What the exported model comes to by it; None where nothing is known of the texts.
        lab_score: What the model in the lab comes to.
        difference: The first less the second, paired.
        n_rows: Rows of tokens that the test texts make.
        n_rows_alike: How many of them the tokenizer in the folder makes alike by itself.
    """

    n_texts: int
    n_sites: int
    largest_difference: float
    fidelity: str
    fidelity_value: float
    metric: str
    score: Interval | None
    lab_score: Interval | None
    difference: Interval | None
    n_rows: int
    n_rows_alike: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxDetails:
    """How an ONNX file was written: the version of the operations, and what its weights are."""

    opset: int
    weights: str = "fp32"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What an exported student is worth on this machine, beside the one in the lab.

    Attributes:
        run: The run.
        format: What it was exported as.
        bytes: Size of the file with its weights.
        lab_bytes: Size of that in the lab.
        comparison: How both answer the test texts.
        latency_ms: Time for one text of middling length.
        lab_latency_ms: The same in the lab, in turn.
        fp32_latency_ms: The same of the ONNX file in fp32, where this one computes in 8 bits.
        threads: Processor threads in use meanwhile.
        processor: Name of the processor.
        onnx: How the file was written, where it is ONNX.
    """

    run: str
    format: Format
    bytes: int
    lab_bytes: int
    comparison: Comparison
    latency_ms: Latency
    lab_latency_ms: Latency
    fp32_latency_ms: Latency | None
    threads: int
    processor: str
    onnx: OnnxDetails | None

    @property
    def speedup(self) -> float:
        """How many times as fast as the lab it answers one text."""
        return self.lab_latency_ms.p50 / self.latency_ms.p50

    @property
    def int8_speedup(self) -> float | None:
        """How many times as fast as the ONNX file in fp32 it answers one text."""
        return None if self.fp32_latency_ms is None else self.fp32_latency_ms.p50 / self.latency_ms.p50


def sentences(proof: Proof, task: Task) -> tuple[str, ...]:
    """Say in words what was proven."""
    compared, metric = proof.comparison, task.metric(proof.comparison.metric)
    fidelity = task.metric(compared.fidelity)
    told = [
        f"On {compared.n_texts:,} test texts no number differs by more than {compared.largest_difference:.1e} from the "
        f"lab's; {fidelity.in_text} with it: {figure(fidelity, compared.fidelity_value)}.",
        f"{size(proof.bytes)}; {digits(proof.latency_ms.p50)} ms for one text with {proof.threads} "
        f"{'thread' if proof.threads == 1 else 'threads'}, {factor(proof.speedup)} as fast as in the lab.",
    ]
    if (quality := _quality(compared, metric)) is not None:
        told.insert(1, quality)
    if (speedup := proof.int8_speedup) is not None:
        told.append(f"{beside_fp32(speedup)}.")
    if compared.n_rows_alike < compared.n_rows:
        told.append(
            f"The tokenizer in the folder reads {compared.n_rows - compared.n_rows_alike:,} of {compared.n_rows:,} "
            "texts otherwise than the lab's."
        )
    return tuple(told)


def _quality(compared: Comparison, metric: Metric) -> str | None:
    if compared.score is None or compared.lab_score is None or compared.difference is None:
        return None
    there, here = (figure(metric, score.value) for score in (compared.score, compared.lab_score))
    return (
        f"{metric.in_text[:1].upper()}{metric.in_text[1:]} {there}, in the lab {here} "
        f"({figure_difference(metric, compared.difference)})."
    )
