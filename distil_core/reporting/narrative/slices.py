"""Texts that somebody picked out: what a filter lets pass, how both models do on them, labels that nobody knows."""

from collections.abc import Sequence

from distil_core.analysis.error_analysis import Filter, SliceSummary, UnknownLabels, WhoIsRight
from distil_core.evaluation.records import Interval
from distil_core.reporting.formatting import interval

MAX_NAMED = 6

WHO_IS_RIGHT = {
    WhoIsRight.BOTH: "Both right",
    WhoIsRight.TEACHER: "Only the teacher right",
    WhoIsRight.STUDENT: "Only the student right",
    WhoIsRight.NEITHER: "Both wrong",
}


def share_words(measured: Interval) -> str:
    """Write a share with its interval: "93.4 % (91.8 to 94.9)"."""
    value, spread = interval(measured)
    return f"{value} ({spread})" if spread else value


def filter_words(wanted: Filter) -> str:
    """Say in words what a filter lets pass."""
    parts = [
        f"{what} {name}"
        for what, name in (
            ("label", wanted.label),
            ("teacher says", wanted.teacher),
            ("student says", wanted.student),
        )
        if name
    ]
    if wanted.kind:
        parts.append(wanted.kind)
    if wanted.who is not None:
        parts.append(WHO_IS_RIGHT[wanted.who].lower())
    if wanted.shortest or wanted.longest is not None:
        longest = "any number of" if wanted.longest is None else str(wanted.longest)
        parts.append(f"{wanted.shortest} to {longest} words")
    if wanted.contains:
        parts.append(f"contains \N{LEFT DOUBLE QUOTATION MARK}{wanted.contains}\N{RIGHT DOUBLE QUOTATION MARK}")
    return ", ".join(parts) or "all texts"


def summary_words(summary: SliceSummary) -> str:
    """Say how both models do on some texts."""
    parts = [
        f"{what} {share_words(measured)}"
        for what, measured in (
            ("teacher right", summary.teacher),
            ("student right", summary.student),
            ("answered alike", summary.agreement),
        )
        if measured is not None
    ]
    if summary.kl_nats is not None:
        parts.append(f"mean KL {summary.kl_nats:.3f} nats")
    text = " · ".join(parts)
    return text[:1].upper() + text[1:]


def label_notes(unknown: UnknownLabels, known: Sequence[str]) -> tuple[str, ...]:
    """Say which labels of a file the models do not know, if there are any.

    Args:
        unknown: Those labels.
        known: Names of the labels that the models know.
    """
    if not unknown.names:
        return ()
    return (
        f"{unknown.n_unknown:,} of {unknown.n_rows:,} rows have a label that the models do not know "
        f"({_some(unknown.names)}); they know {_some(known)}",
    )


def _some(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:MAX_NAMED])) + ", ..." * (len(names) > MAX_NAMED)
