"""General distillation, then fine-tuning, against a student cut straight from a fine-tuned teacher; by size of text."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from distil_core.analysis.contrasts import drawing
from distil_core.bench.readings import as_markdown
from distil_core.data.tokenization import encode
from distil_core.errors import ConfigError
from distil_core.evaluation import bootstrap
from distil_core.evaluation.records import Environment, Interval
from distil_core.models.checkpoints import locate
from distil_core.models.loading import load_tokenizer
from distil_core.reporting.figures.theme import SERIES, Figure, empty
from distil_core.reporting.formatting import NONE, figure_interval, measured
from distil_core.runs import foreground
from distil_core.runs.foreground import Distillation
from distil_core.runs.record import RunRecord
from distil_core.runs.store import RunStore
from distil_core.settings.config import Method, RunConfig
from distil_core.settings.serialization import to_json
from distil_core.tasks.corpora import load_corpus_cached
from distil_core.tasks.task import Task


class Route(StrEnum):
    """How a student comes to a task: by way of general text or not, and with a teacher of the task or without."""

    DIRECT_ALONE = "cut from the fine-tuned teacher, trained on labels"
    DIRECT = "cut from the fine-tuned teacher, distilled"
    GENERAL_ALONE = "general, then fine-tuned on labels"
    GENERAL = "general, then fine-tuned with the teacher"

    @property
    def method(self) -> Method:
        """What is done on the task."""
        return Method.DISTILLED if self in (Route.DIRECT, Route.GENERAL) else Method.HARD_LABELS


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneralText:
    """Text that a general student learned from: its size, tokens as a model reads them, and what came of it.

    ``n_epochs`` is 0 where the student is as it was cut out of the teacher of masked words.
    """

    n_tokens: int
    n_passages: int
    n_epochs: int
    run: str
    score: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteScore:
    """What one route comes to on one task: its score over the seeds, and how far that is from the direct one's."""

    score: Interval
    difference: Interval | None
    runs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteScores:
    """One route, from what text, with what it comes to on each task."""

    route: Route
    text: GeneralText | None
    scores: tuple[RouteScore, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Downstream:
    """A task to fine-tune for."""

    name: str
    task: Task
    n_train: int
    teacher: Interval

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain data."""
        return {"name": self.name, "task": self.task.name, "n_train": self.n_train, "teacher": to_json(self.teacher)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """All routes on all tasks, and with what they were computed."""

    tasks: tuple[Downstream, ...]
    routes: tuple[RouteScores, ...]
    environment: Environment

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain data."""
        return {
            "environment": to_json(self.environment),
            "tasks": [task.to_json() for task in self.tasks],
            "routes": to_json(self.routes),
        }


def compare_general(
    general: RunConfig, tasks: Sequence[RunConfig], store: RunStore, *, sizes: Sequence[int], n_seeds: int
) -> Curve:
    """Go every route to every task, where that has not been done.

    Args:
        general: The general student and its text; it is distilled once for each size, from a teacher whose head for
            masked words has learned from the same text.
        tasks: What students are fine-tuned for, each with its teacher; all of one shape.
        store: Where the runs are kept; the same command goes on where it was.
        sizes: Tokens of text, special ones included; 0: a student that is cut out alike and learns from no text, of a
            teacher that has read the smallest of the others.
        n_seeds: Seeds of each route on each task.

    Raises:
        DistilError: If a corpus or the teacher cannot be used, or there is no size above 0.
    """
    if not any(size > 0 for size in sizes):
        raise ConfigError(
            f"sizes must hold one above 0, got {', '.join(map(str, sizes)) or 'none'}; give numbers of tokens"
        )
    texts = _general_students(general, store, sizes=sizes)
    routes: list[tuple[Route, GeneralText | None]] = [(Route.DIRECT_ALONE, None), (Route.DIRECT, None)]
    routes += [(route, text) for text in texts for route in (Route.GENERAL_ALONE, Route.GENERAL)]
    done: dict[tuple[Route, GeneralText | None], list[list[Distillation]]] = {key: [] for key in routes}
    for task in tasks:
        for route, text in routes:
            parent = "" if text is None else text.run
            settings = replace(task, method=route.method, student=replace(task.student, parent=parent))
            runs = [foreground.run_all(replace(settings, seed=seed), store, twins=False) for seed in range(n_seeds)]
            done[route, text].append(runs)
            _say(f"{runs[0].record.corpus.name}: {route}{'' if text is None else f', {text.n_tokens:,} tokens'}")
    draw = drawing()
    straight = done[Route.DIRECT, None]

    def score_of(runs: Sequence[Distillation], against: Sequence[Distillation]) -> RouteScore:
        samples, others = ([draw(run.folder, run.record.metric) for run in each] for each in (runs, against))
        score = bootstrap.estimate(samples)
        gaps = [] if runs is against else [mine - other for mine, other in zip(samples, others, strict=True)]
        assert score is not None
        return RouteScore(score=score, difference=bootstrap.estimate(gaps), runs=tuple(run.run for run in runs))

    return Curve(
        tasks=tuple(_downstream(runs[0].record) for runs in straight),
        routes=tuple(
            RouteScores(route=route, text=text, scores=tuple(map(score_of, done[route, text], straight)))
            for route, text in routes
        ),
        environment=straight[0][0].record.environment,
    )


def _general_students(general: RunConfig, store: RunStore, *, sizes: Sequence[int]) -> list[GeneralText]:
    """Distil a student on text of each size; sizes that come to all there is are one."""
    lengths = _lengths(general)
    n_tokens, n_passages = int(lengths.sum()), len(lengths)
    if max(sizes) > n_tokens:
        _say(f"there are {n_tokens:,} tokens to learn from, fewer than {max(sizes):,}: all of them are taken")
    amounts = {size: max(1, round(size * n_passages / n_tokens)) for size in sorted(sizes) if size}
    planned = [(amount if amount < n_passages else 0, general) for amount in dict.fromkeys(amounts.values())]
    if 0 in sizes:
        planned.insert(0, (planned[0][0], replace(general, method=Method.LAYER_CUT)))
    students = []
    for n_examples, config in dict.fromkeys(planned):
        limited = replace(config, corpus=replace(config.corpus, max_examples=n_examples))
        read = _lengths(limited)
        run = foreground.run_all(limited, store, twins=False)
        students.append(
            GeneralText(
                n_tokens=int(read.sum()),
                n_passages=len(read),
                n_epochs=run.record.config.training.epochs,
                run=run.run,
                score=run.record.score,
            )
        )
        _say(f"general student of {students[-1].n_tokens:,} tokens")
    return students


def _lengths(config: RunConfig) -> Any:
    """Return the tokens of each training passage."""
    corpus = load_corpus_cached(config.corpus, task=config.task)
    tokenizer = load_tokenizer(locate(config.teacher.source).folder)
    return encode(tokenizer, corpus.train.texts, max_length=config.teacher.max_length).lengths


def _downstream(record: RunRecord) -> Downstream:
    assert record.teacher_score is not None
    return Downstream(
        name=record.corpus.name, task=record.task, n_train=record.corpus.n_train, teacher=record.teacher_score
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def general_table(curve: Curve) -> str:
    """Return the figures as a table in Markdown, the teachers first, and each route's distance from the direct one."""
    head, teacher = ["Student", "General text"], ["teacher", NONE]
    for each in curve.tasks:
        head += [f"{each.name}, {each.task.primary.in_text}", "against distilled directly"]
        teacher += [" (".join(figure_interval(each.task.primary, each.teacher)) + ")", NONE]
    return as_markdown([head, teacher, *(_cells(row, curve.tasks) for row in curve.routes)])


def general_figure(curve: Curve, number: int) -> Figure:
    """Draw one task's score over the size of the general text, both ways with 95 % intervals; the direct ones as lines.

    Args:
        curve: What to draw; of students that have learned from general text.
        number: Place of the task in the curve.
    """
    task = curve.tasks[number]
    metric = task.task.primary
    figure = empty(height=380, x="General text, tokens", y=f"{task.name}: {metric.label_with_unit}")
    for i, route in enumerate(Route):
        mark = SERIES[i]
        points = [row for row in curve.routes if row.route is route]
        if all(row.text is None for row in points):
            figure.add_hline(y=metric.scale * points[0].scores[number].score.value, line=_line(mark.color, mark.dash))
            figure.add_scatter(x=[None], y=[None], mode="lines", line=_line(mark.color, mark.dash), name=str(route))
            continue
        points = sorted((row for row in points if row.text and row.text.n_epochs), key=_n_tokens)
        scores = [row.scores[number].score for row in points]
        ends = [(score.value if end is None else end) for score in scores for end in (score.low, score.high)]
        figure.add_scatter(
            # Beside each other, so that one interval does not hide the other.
            x=[_n_tokens(row) * (0.96 if i % 2 else 1.04) for row in points],
            y=[metric.scale * score.value for score in scores],
            error_y={
                "array": [metric.scale * (high - s.value) for s, high in zip(scores, ends[1::2], strict=True)],
                "arrayminus": [metric.scale * (s.value - low) for s, low in zip(scores, ends[::2], strict=True)],
            },
            mode="lines+markers",
            line=_line(mark.color, mark.dash),
            marker={"symbol": mark.symbol, "size": 9},
            name=str(route),
        )
    figure.update_xaxes(
        type="log", tickvals=[10**k for k in range(3, 10)], ticktext=[f"{10**k:,}" for k in range(3, 10)]
    )
    figure.update_layout(legend={"orientation": "h", "y": -0.25, "yanchor": "top"}, margin={"b": 110})
    return figure


def _line(color: str, dash: str) -> dict[str, object]:
    return {"color": color, "dash": dash, "width": 2}


def _n_tokens(row: RouteScores) -> int:
    return 0 if row.text is None else row.text.n_tokens


def _cells(row: RouteScores, tasks: Sequence[Downstream]) -> list[str]:
    cells = [str(row.route), _amount(row.text)]
    for each, task in zip(row.scores, tasks, strict=True):
        metric, gap = task.task.primary, each.difference
        cells.append(" (".join(figure_interval(metric, each.score)) + ")")
        if gap is None or gap.low is None or gap.high is None:
            cells.append(NONE)
        else:
            value, low, high = (measured(metric, end, signed=True) for end in (gap.value, gap.low, gap.high))
            cells.append(f"{value} ({low} to {high})")
    return cells


def _amount(text: GeneralText | None) -> str:
    if text is None:
        return NONE
    return f"{text.n_tokens:,} tokens" if text.n_epochs else "none: as cut"
