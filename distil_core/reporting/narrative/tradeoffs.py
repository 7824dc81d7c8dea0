"""What a reader of a chart of trade-offs must know."""

from distil_core.analysis.caveats import Caveats
from distil_core.reporting.formatting import digits, percent


def notes(caveats: Caveats) -> tuple[str, ...]:
    """Say what is missing on the axes of a chart, and how far they can be trusted."""
    sentences = []
    if caveats.teacher_left_out:
        sentences.append("The teacher has no point here: it always agrees with itself.")
    if caveats.without_interval:
        sentences.append(f"{caveats.score.label} was measured without an interval by an earlier version.")
    if n := caveats.n_elsewhere:
        sentences.append(
            f"{n} model{'s' * (n > 1)} timed on another machine {'are' if n > 1 else 'is'} not shown here."
        )
    if caveats.teacher_ms is not None:
        low, high = caveats.teacher_ms
        sentences.append(
            f"The same teacher took {digits(low)} to {digits(high)} ms when it was timed "
            f"{caveats.n_teacher_times} times, each time in turn with a student: all times are scaled to the run "
            "in use."
        )
    if caveats.wobble is not None:
        sentences.append(
            f"The times of twins, which are built alike, differ by up to {percent(caveats.wobble - 1)}: smaller "
            "differences in speed mean nothing."
        )
    if caveats.timed_baseline is not None:
        sentences.append(
            f"{caveats.timed_baseline}'s time is as measured, and splitting the text is part of it, unlike the others'."
        )
    if caveats.not_measured:
        sentences.append(f"Not measured: {', '.join(caveats.not_measured)}.")
    return tuple(sentences)
