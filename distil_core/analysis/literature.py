"""What was published about distilled BERTs, each number with its source: marks for a chart, claims put to the test.

All of it was measured on other data and other machines; only ratios are taken over.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean

from distil_core.analysis.comparison import PAPER, PAPER_SPEEDUP, headline
from distil_core.analysis.tradeoffs import ModelPoint, Price
from distil_core.evaluation.metrics import ACCURACY, Metric
from distil_core.evaluation.records import Interval, Latency
from distil_core.runs.record import RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """A published value of a student and of its teacher, in the same unit, and where both stand."""

    student: float
    teacher: float
    source: str

    @property
    def value(self) -> float:
        """The student's share of the teacher's value."""
        return self.student / self.teacher


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a paper says of one student and its teacher.

    Attributes:
        name: What the student is called, with its layers where there are several.
        paper: Authors, year and where to find it.
        score: Mean score over several tasks, in points of 100.
        prices: Ratios of what it costs; a price that the paper does not give is not there.
    """

    name: str
    paper: str
    score: Ratio
    prices: Mapping[Price, Ratio]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Where a published student would lie, had it kept and saved here what it kept and saved there."""

    name: str
    price: float
    score: float
    score_kept: float
    ratio: float
    sources: tuple[str, str]


class Quote(StrEnum):
    """What is said of DistilBERT; the last two are misquotations."""

    SCORE_KEPT = "97 % of the accuracy is kept"
    FEWER_PARAMETERS = "40 % fewer parameters"
    FASTER = "60 % faster"
    SMALLER = "60 % smaller"
    TIMES_FASTER = "2.5 times faster"

    @property
    def sound(self) -> bool:
        """Whether the paper says so."""
        return self not in (Quote.SMALLER, Quote.TIMES_FASTER)


class ClaimOutcome(StrEnum):
    """How a run compares with a claim; of a misquotation, whether the run reaches it all the same."""

    IN_LINE = "in line"
    MORE = "more"
    LESS = "less"
    REACHED = "reached"
    NOT_REACHED = "not reached"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is said, and what a run measured of it.

    Attributes:
        quote: What is said.
        measured: The same of this run: a share of the teacher's score, a share of its parameters that was saved, or a
            factor in speed. None where it was not measured.
        latencies_ms: Where speed is meant, how long the teacher and the model took for one text.
        outcome: What follows.
    """

    quote: Quote
    measured: Interval | None
    latencies_ms: tuple[Latency, Latency] | None = None
    outcome: ClaimOutcome


_SANH = "Sanh et al., 2019, arXiv:1910.01108"
_JIAO = "Jiao et al., 2020, arXiv:1909.10351"
_WANG = "Wang et al., 2020, arXiv:2002.10957"
_MINILM = "the authors' README, github.com/microsoft/unilm, minilm"

_TINYBERT_SCORE = "Table 1, GLUE test, average"
_TINYBERT_SIZE = "Table 1, parameters in millions"
_TINYBERT_SPEED = "Table 1, speedup on one NVIDIA K80 GPU"
# SQuAD 2.0, MNLI-m, SST-2, QNLI, CoLA, RTE, MRPC and QQP.
_MINILM_STUDENT = (75.6, 83.3, 91.5, 90.5, 47.5, 68.8, 88.9, 90.6)
_MINILM_TEACHER = (76.8, 84.5, 93.2, 91.7, 58.9, 68.6, 87.3, 91.3)


MISREAD_SPEEDUP = 1 / (1 - 0.60)
"""What "60 % faster" becomes when it is taken for "in 60 % less time"."""


def _speed(times: float, source: str) -> dict[Price, Ratio]:
    """Return a speedup on both axes of speed: its source does not say whether texts came alone or in batches."""
    return {
        Price.LATENCY: Ratio(student=1.0, teacher=times, source=source),
        Price.THROUGHPUT: Ratio(student=times, teacher=1.0, source=source),
    }


DISTILBERT = Published(
    name="DistilBERT",
    paper=_SANH,
    score=Ratio(student=77.0, teacher=79.5, source="Table 1, GLUE dev, macro-score"),
    prices={
        Price.PARAMETERS: Ratio(student=66, teacher=110, source="Table 3, parameters in millions"),
        Price.LATENCY: Ratio(
            student=410, teacher=668, source="Table 3, seconds for STS-B dev on a CPU, one text at a time"
        ),
    },
)
PUBLISHED = (
    DISTILBERT,
    Published(
        name="TinyBERT-4",
        paper=_JIAO,
        score=Ratio(student=77.0, teacher=79.5, source=_TINYBERT_SCORE),
        prices={
            Price.PARAMETERS: Ratio(student=14.5, teacher=109, source=_TINYBERT_SIZE),
            **_speed(9.4, _TINYBERT_SPEED),
        },
    ),
    Published(
        name="TinyBERT-6",
        paper=_JIAO,
        score=Ratio(student=79.4, teacher=79.5, source=_TINYBERT_SCORE),
        prices={
            Price.PARAMETERS: Ratio(student=67, teacher=109, source=_TINYBERT_SIZE),
            **_speed(2.0, _TINYBERT_SPEED),
        },
    ),
    Published(
        name="MiniLM-6×384",
        paper=_WANG,
        score=Ratio(
            student=fmean(_MINILM_STUDENT),
            teacher=fmean(_MINILM_TEACHER),
            source=f"{_MINILM}: mean, taken here, of its eight dev scores against BERT-base",
        ),
        prices={
            Price.PARAMETERS: Ratio(student=22, teacher=109, source=f"{_MINILM}: parameters in millions"),
            **_speed(5.3, f"{_MINILM}: times faster than BERT-base"),
        },
    ),
)
"""Students with published ratios; none of the papers gives the bytes of both student and teacher."""


def references(teacher: ModelPoint | None, score: Metric, price: Price) -> tuple[Reference, ...]:
    """Place the published students relative to a teacher; none on axes for which they have no ratio.

    Args:
        teacher: The teacher's point; None where it was not measured.
        score: Only accuracy is comparable, loosely: the papers give mean scores of several tasks.
        price: What is on the other axis.
    """
    worth = None if teacher is None else teacher.score(score)
    cost = None if teacher is None else teacher.price(price)
    if score != ACCURACY or worth is None or cost is None:
        return ()
    return tuple(
        Reference(
            name=paper.name,
            price=cost.value * ratio.value,
            score=worth.value * paper.score.value,
            score_kept=paper.score.value,
            ratio=ratio.value,
            sources=(f"{paper.paper}: {paper.score.source}", f"{paper.paper}: {ratio.source}"),
        )
        for paper in PUBLISHED
        if (ratio := paper.prices.get(price)) is not None
    )


def claims(record: RunRecord, share: Interval | None) -> tuple[Claim, ...]:
    """Put what is said of DistilBERT beside what a run measured, the misquotations last.

    Args:
        record: The run.
        share: What its model kept of its teacher's score; None where that was not measured.
    """
    line = headline(record)
    fewer, latencies = _exact(line.fewer_parameters), _latencies(record)
    speedup = line.speedup and _exact(line.speedup.value)
    misquoted_size = DISTILBERT.prices[Price.PARAMETERS].value  # 60 % of the parameters, taken for 60 % fewer
    return (
        Claim(quote=Quote.SCORE_KEPT, measured=share, outcome=_within(share, PAPER.score_kept)),
        Claim(quote=Quote.FEWER_PARAMETERS, measured=fewer, outcome=_beside(fewer, PAPER.fewer_parameters)),
        Claim(quote=Quote.FASTER, measured=speedup, latencies_ms=latencies, outcome=_beside(speedup, PAPER_SPEEDUP)),
        Claim(quote=Quote.SMALLER, measured=fewer, outcome=_reached(fewer, misquoted_size)),
        Claim(
            quote=Quote.TIMES_FASTER,
            measured=speedup,
            latencies_ms=latencies,
            outcome=_reached(speedup, MISREAD_SPEEDUP),
        ),
    )


def _exact(value: float | None) -> Interval | None:
    return None if value is None else Interval(value=value)


def _latencies(record: RunRecord) -> tuple[Latency, Latency] | None:
    """Return how long the teacher and the model of a run took for one text, where both were timed."""
    models = [model for model in (record.teacher, record.model) if model is not None]
    costs = [model.cost for model in models if model.cost is not None]
    latencies = [cost.latency_ms for cost in costs if cost.latency_ms is not None]
    return None if len(latencies) < 2 else (latencies[0], latencies[1])


def _within(share: Interval | None, claimed: float | None) -> ClaimOutcome:
    if share is None or share.low is None or share.high is None or claimed is None:
        return ClaimOutcome.NOT_MEASURED
    if share.low <= claimed <= share.high:
        return ClaimOutcome.IN_LINE
    return ClaimOutcome.MORE if share.low > claimed else ClaimOutcome.LESS


def _beside(measured: Interval | None, claimed: float | None) -> ClaimOutcome:
    """Compare two numbers without an interval; one part in twenty counts as the same."""
    if measured is None or claimed is None:
        return ClaimOutcome.NOT_MEASURED
    if abs(measured.value - claimed) <= claimed / 20:
        return ClaimOutcome.IN_LINE
    return ClaimOutcome.MORE if measured.value > claimed else ClaimOutcome.LESS


def _reached(measured: Interval | None, claimed: float) -> ClaimOutcome:
    """Tell whether a run reaches what the paper does not claim."""
    if measured is None:
        return ClaimOutcome.NOT_MEASURED
    return ClaimOutcome.REACHED if measured.value >= claimed else ClaimOutcome.NOT_REACHED
