"""What is said of DistilBERT, what its paper says, and what a run measured of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from distil_core.analysis.comparison import PAPER_SPEEDUP
from distil_core.analysis.literature import DISTILBERT, MISREAD_SPEEDUP, Claim, ClaimOutcome, Quote
from distil_core.analysis.tradeoffs import Price
from distil_core.evaluation.records import Interval
from distil_core.reporting.formatting import NONE, digits, factor, interval, percent


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRow:
    """One claim in words.

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


_MISQUOTED = {
    ClaimOutcome.NOT_MEASURED: "Not in the paper",
    ClaimOutcome.REACHED: "Not in the paper; this student reaches it",
    ClaimOutcome.NOT_REACHED: "Not in the paper, and not here",
}
_VERDICTS: Mapping[Quote, Mapping[ClaimOutcome, str]] = {
    Quote.SCORE_KEPT: {
        ClaimOutcome.NOT_MEASURED: "Not measured",
        ClaimOutcome.IN_LINE: "In line with it: the interval includes 97 %",
        ClaimOutcome.MORE: "More was kept here",
        ClaimOutcome.LESS: "Less was kept here",
    },
    Quote.FEWER_PARAMETERS: {
        ClaimOutcome.NOT_MEASURED: "Not measured",
        ClaimOutcome.IN_LINE: "In line with it",
        ClaimOutcome.MORE: "This student is smaller still",
        ClaimOutcome.LESS: "This student saves less",
    },
    Quote.FASTER: {
        ClaimOutcome.NOT_MEASURED: "Not measured",
        ClaimOutcome.IN_LINE: "In line with it",
        ClaimOutcome.MORE: "This student is faster still",
        ClaimOutcome.LESS: "This student gains less",
    },
    Quote.SMALLER: _MISQUOTED,
    Quote.TIMES_FASTER: _MISQUOTED,
}


def rows(claims: Sequence[Claim]) -> tuple[ClaimRow, ...]:
    """Put each claim into words."""
    return tuple(
        ClaimRow(
            quote=claim.quote.value,
            sound=claim.quote.sound,
            source=_source(claim.quote),
            measured=NONE if claim.measured is None else _measured(claim.quote, claim.measured),
            spread=_spread(claim),
            verdict=_VERDICTS[claim.quote][claim.outcome],
        )
        for claim in claims
    )


def _source(quote: Quote) -> str:
    score, size, time = DISTILBERT.score, DISTILBERT.prices[Price.PARAMETERS], DISTILBERT.prices[Price.LATENCY]
    match quote:
        case Quote.SCORE_KEPT:
            return f"{score.student:g} of {score.teacher:g} points: {percent(score.value)} ({score.source})"
        case Quote.FEWER_PARAMETERS:
            return f"{size.student:g} of {size.teacher:g} million ({size.source.partition(',')[0]})"
        case Quote.FASTER:
            return (
                f"{time.teacher:g} → {time.student:g} s: {1 / time.value:.2f} times the speed, so the time falls by "
                f"{percent(1 - time.value)} ({time.source.partition(',')[0]}; CPU, one text at a time)"
            )
        case Quote.SMALLER:
            return (
                f"Misquoted: {size.student:g} million is {percent(size.value)} *of* {size.teacher:g} million, "
                f"so {percent(1 - size.value)} smaller"
            )
        case Quote.TIMES_FASTER:
            return (
                f"Misquoted: 60 % faster is {PAPER_SPEEDUP:g} times the speed. For {MISREAD_SPEEDUP:g} times, the "
                f"time would have to fall by 60 %; it falls by {percent(1 - time.value)}"
            )


def _measured(quote: Quote, measured: Interval) -> str:
    match quote:
        case Quote.SCORE_KEPT:
            return percent(measured.value)
        case Quote.FEWER_PARAMETERS | Quote.SMALLER:
            return f"{percent(measured.value)} fewer"
        case _:
            change = 1 - 1 / measured.value
            time = f"the time {'falls' if change >= 0 else 'grows'} by {percent(abs(change))}"
            return f"{factor(measured.value)} the speed; {time}"


def _spread(claim: Claim) -> str:
    """Return the interval, or how far the readings of single texts reach, of the teacher and of the model."""
    match claim.quote:
        case Quote.SCORE_KEPT:
            share = claim.measured
            return NONE if share is None or share.low is None else f"{interval(share)[1]} %"
        case Quote.FEWER_PARAMETERS | Quote.SMALLER:
            return NONE if claim.measured is None else "exact"
        case _:
            if claim.latencies_ms is None:
                return NONE
            teacher, student = (f"{digits(time.p5)} to {digits(time.p95)} ms" for time in claim.latencies_ms)
            return f"teacher {teacher}, student {student} (5th to 95th percentile)"
