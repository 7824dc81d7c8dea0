"""What was published about distilled BERTs, each number with its source: marks for a chart, claims put to the test.

All of it was measured on other data and other machines; only ratios are taken over.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import fmean

from distil_core.analysis.comparison import PAPER, headline
from distil_core.analysis.tradeoffs import ModelPoint, Price
from distil_core.evaluation.metrics import ACCURACY, Metric
from distil_core.evaluation.records import Interval
from distil_core.reporting.formatting import NONE, digits, factor, interval, percent
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
    kept: float
    ratio: float
    sources: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is said, what its source says, and what was measured, in words.

    Attributes:
        quote: As it is said.
        sound: Whether the source says so; otherwise it is a misquotation.
        source: What the source says, and where.
        measured: The same of this run.
        spread: Its 95 % interval, or how far the readings reach.
        verdict: What follows.
    """

    quote: str
    sound: bool
    source: str
    measured: str
    spread: str
    verdict: str


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


_MISREAD = 1 / (1 - 0.60)
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
            kept=paper.score.value,
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
    score, size, time = DISTILBERT.score, DISTILBERT.prices[Price.PARAMETERS], DISTILBERT.prices[Price.LATENCY]
    measured = headline(record)
    fewer, speedup = measured.fewer_parameters, measured.speedup
    faster, spread = _maybe(_faster, speedup), _times(record)
    smaller = _maybe(lambda value: f"{percent(value)} fewer", fewer)
    return (
        Claim(
            quote="97 % of the accuracy is kept",
            sound=True,
            source=f"{score.student:g} of {score.teacher:g} points: {percent(score.value)} ({score.source})",
            measured=_maybe(percent, None if share is None else share.value),
            spread=NONE if share is None or share.low is None else f"{interval(share)[1]} %",
            verdict=_kept_verdict(share, PAPER.kept),
        ),
        Claim(
            quote="40 % fewer parameters",
            sound=True,
            source=f"{size.student:g} of {size.teacher:g} million ({size.source.partition(',')[0]})",
            measured=smaller,
            spread=NONE if fewer is None else "exact",
            verdict=_verdict(fewer, PAPER.fewer_parameters, "This student is smaller still", "This student saves less"),
        ),
        Claim(
            quote="60 % faster",
            sound=True,
            source=f"{time.teacher:g} → {time.student:g} s: {1 / time.value:.2f} times the speed, so the time falls by "
            f"{percent(1 - time.value)} ({time.source.partition(',')[0]}; CPU, one text at a time)",
            measured=faster,
            spread=spread,
            verdict=_verdict(speedup, PAPER.speedup, "This student is faster still", "This student gains less"),
        ),
        Claim(
            quote="60 % smaller",
            sound=False,
            source=f"Misquoted: {size.student:g} million is {percent(size.value)} *of* {size.teacher:g} million, "
            f"so {percent(1 - size.value)} smaller",
            measured=smaller,
            spread=NONE if fewer is None else "exact",
            verdict=_misquoted(fewer, size.value),
        ),
        Claim(
            quote="2.5 times faster",
            sound=False,
            source=f"Misquoted: 60 % faster is {PAPER.speedup:g} times the speed. For {_MISREAD:g} times, the "
            f"time would have to fall by 60 %; it falls by {percent(1 - time.value)}",
            measured=faster,
            spread=spread,
            verdict=_misquoted(speedup, _MISREAD),
        ),
    )


def _maybe(write: Callable[[float], str], value: float | None) -> str:
    return NONE if value is None else write(value)


def _faster(speedup: float) -> str:
    change = 1 - 1 / speedup
    return f"{factor(speedup)} the speed; the time {'falls' if change >= 0 else 'grows'} by {percent(abs(change))}"


def _times(record: RunRecord) -> str:
    """Return how far the readings of single texts reach, of the teacher and of the model."""
    models = [model for model in (record.teacher, record.model) if model is not None]
    costs = [model.cost for model in models if model.cost is not None]
    latencies = [cost.latency_ms for cost in costs if cost.latency_ms is not None]
    if len(latencies) < 2:
        return NONE
    teacher, student = (f"{digits(latency.p5)} to {digits(latency.p95)} ms" for latency in latencies)
    return f"teacher {teacher}, student {student} (5th to 95th percentile)"


def _kept_verdict(share: Interval | None, claimed: float | None) -> str:
    if share is None or share.low is None or share.high is None or claimed is None:
        return "Not measured"
    if share.low <= claimed <= share.high:
        return "In line with it: the interval includes 97 %"
    return "More was kept here" if share.low > claimed else "Less was kept here"


def _verdict(value: float | None, claimed: float | None, more: str, less: str) -> str:
    """Compare two numbers without an interval; one part in twenty counts as the same."""
    if value is None or claimed is None:
        return "Not measured"
    if abs(value - claimed) <= claimed / 20:
        return "In line with it"
    return more if value > claimed else less


def _misquoted(value: float | None, claimed: float) -> str:
    """Say whether a run reaches what the paper does not claim."""
    if value is None:
        return "Not in the paper"
    return "Not in the paper; this student reaches it" if value >= claimed else "Not in the paper, and not here"
