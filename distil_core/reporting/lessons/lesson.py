"""What a lesson is made of: questions that are answered before anything is seen, and what was then measured."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from distil_core.errors import ConfigError, RunNotFoundError
from distil_core.evaluation.records import Interval
from distil_core.models.checkpoints import locate
from distil_core.runs.families import Family, FinishedRun, family
from distil_core.runs.sources import EXAMPLE, FEW_LABELS, MISSING_CLASS, RunSource
from distil_core.settings.config import Method


class BarSide(StrEnum):
    """Whose figures a bar shows; each has its color and hatching."""

    LABEL = "label"
    TEACHER = "teacher"
    STUDENT = "student"
    HARD_LABELS = "hard-label twin"
    LAYER_CUT = "layer-cut twin"
    BASELINE = "baseline"
    CLASS = "class"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Figures of one kind, one for each group of a chart.

    Attributes:
        name: What they have in common.
        sides: Whose each of them is; one for all of them where it is the same.
        values: The figures.
        ends: Of their 95 % intervals, where known.
    """

    name: str
    sides: tuple[BarSide, ...]
    values: tuple[float, ...]
    ends: tuple[tuple[float, float], ...] = ()

    def side(self, place: int) -> BarSide:
        """Return whose figure one of them is."""
        return self.sides[place] if len(self.sides) > 1 else self.sides[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class BarChart:
    """Bars side by side in groups; drawn on a page, and once more on paper.

    Attributes:
        title: What is seen.
        axis: What the bars measure, with its unit.
        groups: What each group is called, from top to bottom.
        series: The bars, one for each group.
        unit: Written behind each figure.
        digits: Behind the point.
        mark: A value to hold the bars against, and what it is.
    """

    title: str
    axis: str
    groups: tuple[str, ...]
    series: tuple[Bars, ...]
    unit: str = " %"
    digits: int = 1
    mark: tuple[float, str] | None = None

    @property
    def header(self) -> tuple[str, ...]:
        """Return the columns of its figures as a table."""
        spread = (f"{bars.name}, {end}" for bars in self.series if bars.ends for end in ("low", "high"))
        return ("", *(bars.name for bars in self.series), *spread)

    @property
    def rows(self) -> list[tuple[object, ...]]:
        """Return its figures as a table."""
        spread = [bars.ends for bars in self.series if bars.ends]
        return [
            (
                group,
                *(bars.values[i] for bars in self.series),
                *(end for ends in spread for end in ends[i]),
            )
            for i, group in enumerate(self.groups)
        ]

    @property
    def limits(self) -> tuple[float, float]:
        """Return the least and the largest figure that is to be seen, 0 among them."""
        every = [0.0, *(value for bars in self.series for value in bars.values)]
        every += [end for bars in self.series for ends in bars.ends for end in ends]
        every += [] if self.mark is None else [self.mark[0]]
        return min(every), max(every)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be predicted: one of several options, or where there are none, a number within a range.

    Attributes:
        text: The question.
        options: What can be chosen.
        low: The least number.
        high: The largest number.
        step: From one number to the next.
        unit: Written behind a number.
    """

    text: str
    options: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 100.0
    step: float = 5.0
    unit: str = " %"

    def takes(self, answer: float) -> bool:
        """Tell whether something is an answer to it: the index of an option, or a number within the range."""
        if self.options:
            return answer in range(len(self.options))
        return self.low <= answer <= self.high

    def words(self, answer: float) -> str:
        """Write an answer as people read it."""
        return self.options[int(answer)] if self.options else number(answer, self.unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was measured: the right answer (an option's index, or a number), the chart, and what it means."""

    right: float
    chart: BarChart
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Onward:
    """Where to go on with it: a page of the lab, what is set there, and what to do there."""

    page: str
    words: str
    query: Mapping[str, str | Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonStep:
    """A question with what one should know before, and how to find out.

    Attributes:
        name: Unique among all lessons; addresses and counted predictions hold it.
        title: What it is about, which gives nothing away.
        lead: What one should know before, as markdown.
        question: What is to be predicted.
        find: Measures what is asked for.
        onward: Where to go on.
        quote: A text that the question is about, as it is written.
    """

    name: str
    title: str
    lead: str
    question: Question
    find: Callable[[], Finding]
    onward: Onward
    quote: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A lesson of five to ten minutes: what it is called, what it answers, and its steps."""

    name: str
    title: str
    answers: str
    steps: tuple[LessonStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """The runs that lessons are about.

    Attributes:
        few: Told few of the labels.
        plenty: Told all of them; otherwise the same.
        n_layers: Encoder layers of their teacher.
        cache: Where fine-tuned teachers are kept.
        missing: Told all but those of one class, of which it never sees a text.
    """

    few: Family
    plenty: Family
    n_layers: int
    cache: Path
    missing: Family

    @staticmethod
    def twin(of: Family, method: Method) -> FinishedRun:
        """Return the twin of one of the runs.

        Raises:
            RunNotFoundError: If it is not there.
        """
        twin = of.twin(method)
        if twin is None:
            raise RunNotFoundError(
                f"run {of.distilled.run!r} must have its twin by {method} for a lesson; let all of its runs finish"
            )
        return twin


def interval_bars(
    title: str,
    axis: str,
    shown: Sequence[tuple[str, BarSide, Interval]],
    *,
    name: str = "value",
    scale: float = 100.0,
    unit: str = " %",
    mark: tuple[float, str] | None = None,
) -> BarChart:
    """Return one bar with its interval for each of some figures.

    Args:
        title: What is seen.
        axis: What the bars measure, with its unit.
        shown: What each is called, whose it is, and the figure.
        name: What the figures are.
        scale: From the figures to what is shown.
        unit: Written behind each figure.
        mark: A value to hold the bars against, scaled, and what it is.
    """
    bars = Bars(
        name=name,
        sides=tuple(side for _, side, _ in shown),
        values=tuple(scale * figure.value for _, _, figure in shown),
        ends=tuple((scale * figure.ends[0], scale * figure.ends[1]) for _, _, figure in shown),
    )
    return BarChart(
        title=title, axis=axis, groups=tuple(name for name, *_ in shown), series=(bars,), unit=unit, mark=mark
    )


def range_words(figure: Interval, *, scale: float = 100.0, unit: str = " points") -> str:
    """Write a difference with its 95 % interval: "+6.2 points (+4.4 to +8.1)"."""
    value, low, high = (f"{scale * each:+.1f}".replace("-", "\N{MINUS SIGN}") for each in (figure.value, *figure.ends))
    return f"{value}{unit} ({low} to {high})"


def number(value: float, unit: str = " %", digits: int = 1) -> str:
    """Write a number with its unit; a whole one without a point, and a negative one with a minus sign."""
    text = f"{value:,.{digits}f}"
    text = text.removesuffix("." + "0" * digits) if digits else text
    return f"{text}{unit}".replace("-", "\N{MINUS SIGN}")


def material_of(source: RunSource, *, cache: Path) -> Material:
    """Gather the runs of the lessons.

    Args:
        source: Where the runs that ship with the package are among others.
        cache: Where fine-tuned teachers are kept.

    Raises:
        ConfigError: If the runs that ship with the package have been left out.
    """
    families = [
        None if (run := source.find(name)) is None else family(run, source)
        for name in (FEW_LABELS, EXAMPLE, MISSING_CLASS)
    ]
    few, plenty, without = families
    if few is None or plenty is None or without is None:
        raise ConfigError(
            f"lessons must have the three runs that ship with the lab, got {sum(each is not None for each in families)}"
            "; build them with `python -m distil_core build-assets`"
        )
    n_layers = locate(plenty.distilled.record.config.teacher.source).n_layers
    return Material(few=few, plenty=plenty, n_layers=n_layers, cache=cache, missing=without)
