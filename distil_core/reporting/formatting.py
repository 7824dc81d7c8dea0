"""Figures as people read them: each with its unit, rounded to what can be trusted."""

import re
from collections.abc import Sequence

import humanize

from distil_core.analysis.learning_curves import Progress
from distil_core.data.corpus import SEGMENT_MARK, split_segments
from distil_core.evaluation.metrics import Metric
from distil_core.evaluation.records import Interval, Latency

_MARKDOWN = re.compile(r"[\\`*_\[\]<~$|&]")
_LINE_START = re.compile(r"^(\d*)(?:(?<=\d)([.)])(?=\s|$)|(?<!\d)([#>+=-]))", re.MULTILINE)
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
# Looked for after backslashes are gone: icons and colors, addresses, and pairs of signs that become one.
_LIVE = re.compile(r"(?<=:)(?=[\w/])|(?<=www)(?=\.)|(?=@)|(?<=(?<!\S)[<>~-])(?=[-=>]{1,2}(?!\S))", re.IGNORECASE)
_JOINER = "\N{WORD JOINER}"
MINUS, NONE = "\N{MINUS SIGN}", "\N{EN DASH}"


def percent(share: float) -> str:
    """Write a share as a percentage: 0.934 as "93.4 %"."""
    return f"{100 * share:.1f} %".replace("-", MINUS)


def points(share: float, *, unit: bool = True) -> str:
    """Write a difference of two shares in signed percentage points."""
    text = f"{100 * share:+z.1f}".replace("-", MINUS)
    return f"{text} points" if unit else text


def digits(value: float) -> str:
    """Write a positive number with three digits that count: 2 as "2.00", 1234 as "1,234"."""
    return f"{value:,.0f}" if value >= 100 else f"{value:#.3g}".rstrip(".")


def interval(measured: Interval) -> tuple[str, str]:
    """Write a share and its interval: "93.4 %" and "91.8 to 94.9"; nothing for an interval that is not known."""
    if measured.low is None or measured.high is None:
        return percent(measured.value), ""
    return percent(measured.value), f"{100 * measured.low:.1f} to {100 * measured.high:.1f}"


def count(number: float) -> str:
    """Write a large count with three digits: 4386178 as "4.39 M"."""
    return humanize.metric(number) if number >= 1000 else f"{number:.0f}"


def size(n_bytes: float) -> str:
    """Write a number of bytes in decimal units: 17550000 as "17.6 MB"."""
    return humanize.metric(n_bytes, "B") if n_bytes >= 1000 else f"{n_bytes:.0f} bytes"


def latency(measured: Latency | None) -> tuple[str, str]:
    """Write a latency and its spread: "1.42 ms" and "1.38 to 1.60"."""
    if measured is None:
        return NONE, ""
    return f"{digits(measured.p50)} ms", f"{digits(measured.p5)} to {digits(measured.p95)}"


def speed(texts_per_second: float | None) -> str:
    """Write a throughput as "1,240 texts/s"."""
    return NONE if texts_per_second is None else f"{texts_per_second:,.0f} texts/s"


def duration(seconds: float) -> str:
    """Write a duration roughly, as people say it: "about 20 s", "about 3 min", "about 2 h"."""
    if seconds < 1:
        return "about 1 s"
    if seconds < 10:
        return f"about {seconds:.0f} s"
    if seconds < 90:
        return f"about {5 * round(seconds / 5)} s"
    if seconds < 5400:
        return f"about {seconds / 60:.0f} min"
    return f"about {seconds / 3600:.1f} h"


def measured(metric: Metric, value: float, *, signed: bool = False) -> str:
    """Write a value in the unit of its metric, without the unit; differences of shares are in points.

    A share has one digit behind the point, another figure three, or fewer where four count without them: 353.586 is
    "353.6".
    """
    n_digits = 1 if metric.is_share else max(0, 4 - max(1, len(f"{abs(value):.0f}")))
    return f"{metric.scale * value:{'+' if signed else ''}z,.{n_digits}f}".replace("-", MINUS)


def column_format(metric: Metric, *, unit: bool = True) -> str:
    """Return how the column of a table shows a metric, whose shares are there in percent: "%.1f %%"."""
    suffix = f" {'%%' if metric.is_share else metric.unit}".rstrip() if unit else ""
    return f"%.{1 if metric.is_share else 3}f{suffix}"


def figure(metric: Metric, value: float) -> str:
    """Write a value with the unit of its metric: "93.4 %", "0.421 nats"."""
    return f"{measured(metric, value)} {metric.unit}".rstrip()


def figure_interval(metric: Metric, shown: Interval) -> tuple[str, str]:
    """Write a figure and its interval: "93.4 %" and "91.8 to 94.9"; nothing for an interval that is not known."""
    if shown.low is None or shown.high is None:
        return figure(metric, shown.value), ""
    return figure(metric, shown.value), f"{measured(metric, shown.low)} to {measured(metric, shown.high)}"


def figure_difference(metric: Metric, difference: Interval) -> str:
    """Write a difference of two values, with its interval where that is known: "+1.2 points, 95 % interval ..."."""
    text = f"{measured(metric, difference.value, signed=True)} {metric.difference_unit}".rstrip()
    if difference.low is None or difference.high is None:
        return text
    low, high = (measured(metric, end, signed=True) for end in (difference.low, difference.high))
    return f"{text}, 95 % interval {low} to {high}"


def rounded(number: int) -> int:
    """Round a number up to two digits: 1,234 to 1,300."""
    step = int(10 ** max(0, len(str(number)) - 2))
    return -(-number // step) * step


def factor(value: float) -> str:
    """Write a factor as "2.9 ×"."""
    return f"{value:.1f} ×"


def run_estimate(seconds: float | None) -> str:
    """Say how long a run and its twins will take: unknown, already done, or roughly so long."""
    if seconds is None:
        return "How long it takes shows after the first seconds."
    return "Already done: the answer comes at once." if seconds == 0 else f"Takes {duration(seconds)} with its twins."


def sweep_estimate(n_runs: int, *, n_done: int, seconds: float | None) -> str:
    """Say how many runs of a sweep are known already, and how long the others will take."""
    if n_done == n_runs:
        return "All known already."
    known = f"{n_done} known already" if n_done else "none known yet"
    return f"{known} · {'how long shows after the first run' if seconds is None else duration(seconds)}"


def progress_text(state: Progress, metric: Metric, *, stopping: bool) -> str:
    """Say what a run is doing and how long that takes; the metric is what its teacher is measured by."""
    if stopping:
        return "stopping…"
    left = "" if state.seconds_left is None else f"{duration(state.seconds_left)} left"
    detail = counted(state.detail, state.n_done, state.n_total)
    score = state.teacher_score
    teacher = "" if score is None else f"validation {metric.in_text} {figure(metric, score)}"
    return " · ".join(part for part in (state.stage, left, detail, teacher) if part)


def counted(what: str, n_done: int | None, n_total: int | None) -> str:
    """Say how many of some things are done, where they are counted."""
    return what if n_done is None or n_total is None else f"{what}, {n_done:,} of {n_total:,}"


def readable(text: str) -> str:
    """Write a text on one line for people, its segments visibly apart."""
    return f" {SEGMENT_MARK} ".join(split_segments(text))


def shortened(text: str, *, length: int = 42) -> str:
    """Cut a text after a whole word to about ``length`` characters."""
    return text if len(text) <= length else f"{text[: length + 1].rsplit(' ', 1)[0][:length].rstrip()}…"


def escaped(text: str) -> str:
    """Write words that are not ours so that markdown shows them as they are.

    No emphasis, formula, icon, color, link, picture, list or HTML comes of them. Where a backslash does not help, an
    invisible character that takes no room parts what would come alive.
    """
    text = _MARKDOWN.sub(r"\\\g<0>", _LIVE.sub(_JOINER, text))
    text = _INDENT.sub(lambda spaces: "\N{NO-BREAK SPACE}" * len(spaces[0]), text)
    return _LINE_START.sub(lambda begin: f"{begin[1]}\\{begin[2] or begin[3]}", text)


def breakable(text: str) -> str:
    """Let a long name such as "card_payment_fee" break behind its underscores, where markdown shows it."""
    return escaped(text).replace("_", "_\N{ZERO WIDTH SPACE}")


def rows_shown(n: int, n_rows: int | None, name: str) -> str:
    """Say as markdown how many rows of a file are shown, and of how many where somebody has counted."""
    of = "" if n_rows is None else f"of {n_rows:,} "
    return f"The first {n} {of}rows of {escaped(name)}."


def notes_list(notes: Sequence[str]) -> str:
    """Return what a reader should know of a corpus as a markdown list."""
    return "\n".join(f"- {escaped(note)}" for note in notes)


_ALIKE = 0.05
"""How far a ratio of two speeds may be from 1 for them to count as alike."""


def beside_fp32(speedup: float) -> str:
    """Say how fast a model in int8 is beside the same in fp32 in ONNX Runtime.

    Args:
        speedup: How many times as fast.
    """
    if speedup < 1 - _ALIKE:
        text = "int8 is slower than fp32 on this processor: take it for its size"
    else:
        text = "int8 is faster than fp32 on this processor" if speedup > 1 + _ALIKE else "int8 is as fast as fp32 here"
    return f"{text} ({factor(speedup)} the speed of the ONNX file in fp32)"
