"""A finished run as one page of HTML for whoever decides: what was kept, what it costs, where it errs, how to redo it.

The page needs nothing but itself, and prints on A4. Needs no torch, but where the classes of a run are tokens.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

import numpy as np

from distil_core.analysis import comparison, contrasts, error_analysis, kinds, learning_curves, teacher_health
from distil_core.analysis.error_analysis import AnsweredTexts, Filter
from distil_core.analysis.stored_answers import stored_answers
from distil_core.errors import ConfigError, RunNotFoundError
from distil_core.evaluation.predictions import SplitPredictions
from distil_core.export.line_chart import Line, LineChart, line_chart
from distil_core.reporting import example_tables, formatting, narrative, tables
from distil_core.reporting.command_lines import command_line
from distil_core.reporting.figures.theme import MARKS
from distil_core.reporting.narrative.runs import Card
from distil_core.reporting.tables import MetricRow
from distil_core.runs.families import Family, FinishedRun, family
from distil_core.runs.sources import RunSource
from distil_core.settings.canonical import without_folders
from distil_core.settings.config import Method

PAGE = "report.html"
N_EXAMPLES, N_MISTAKES = 10, 10
_TRAINED = (Method.DISTILLED, Method.HARD_LABELS, Method.RANDOM_START)
_DASHES = {"solid": "", "dash": "6 4", "dot": "2 3", "dashdot": "6 3 2 3", "longdash": "9 4", "longdashdot": "9 3 2 3"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTable:
    """A table of a report; its last columns are numbers."""

    title: str
    note: str
    header: tuple[str, ...]
    rows: Sequence[Sequence[object]]
    numbers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that the page says; sentences may hold ``**`` where something is to stand out."""

    title: str
    subtitle: str
    claim: str
    warnings: tuple[str, ...]
    cards: tuple[Card, ...]
    n_test: int
    models: tuple[str, ...]
    figures: tuple[MetricRow, ...]
    compared: tuple[tuple[str, str], ...]
    charts: tuple[LineChart, ...]
    tables: tuple[ReportTable, ...]
    command: str
    origin: tuple[tuple[str, str], ...]


def report_of(reported: Family, source: RunSource) -> Report:
    """Gather what is to be said of a run.

    Args:
        reported: The run with its twins.
        source: Where they are.

    Raises:
        StoreError: If what its models answered cannot be read.
    """
    record, config = reported.distilled.record, reported.distilled.record.config
    names = comparison.model_names(config.task)
    described = {**comparison.explanations(config.task)}
    health = teacher_health.health_so_far(
        source.get(record.run),
        [event for _, event in source.events(record.run)],
        reported.twin(Method.BASELINE),
        contrasts.drawing(),
        contrasts.drawing_teachers(),
    )
    taught = config.method is Method.DISTILLED
    doubts = narrative.runs.teacher_doubts(health, names[Method.BASELINE]) if taught else ()
    models = comparison.models(reported)
    return Report(
        title=f"{comparison.model_name(config)} of {record.teacher_name} for {record.corpus.name}",
        subtitle=f"{record.task.title} · {comparison.settings_title(config)} · run {record.run}",
        claim=narrative.runs.verdict(contrasts.verdict_of(reported, contrasts.drawing())),
        warnings=doubts,
        cards=narrative.runs.cards(record, record.metric),
        n_test=record.corpus.n_test,
        models=tuple(model.name for model in models),
        figures=tables.metric_table(reported),
        compared=(
            ("Teacher", f"{record.teacher_name}, which is learned from"),
            *((model.name, described[model.method]) for model in models if model.method in described),
        ),
        charts=_charts(reported, source),
        tables=_tables(reported.distilled),
        command=command_line(without_folders(replace(config, method=Method.DISTILLED))),
        origin=(
            *tables.origin_rows(record).items(),
            ("Digest of the corpus", record.corpus.digest),
            ("Digest of the teacher", record.teacher_digest),
        ),
    )


def report_page(reported: Family, source: RunSource) -> str:
    """Return the report of a run as one page of HTML.

    Args:
        reported: The run with its twins.
        source: Where they are.

    Raises:
        StoreError: If what its models answered cannot be read.
    """
    from jinja2 import Environment
    from markupsafe import Markup, escape

    def emphasized(text: str) -> Markup:
        return Markup(re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", str(escape(text))))

    environment = Environment(autoescape=True, trim_blocks=True)
    environment.filters["emphasized"] = emphasized
    template = environment.from_string((files("distil_core.export") / "report.html").read_text(encoding="utf-8"))
    return template.render(report=report_of(reported, source))


def write_report(source: RunSource, run_id: str, folder: Path) -> Path:
    """Write the report of a finished run into a folder, and return the path of the page.

    Args:
        source: Where the run is.
        run_id: Its name.
        folder: Where to; is made where it is not there.

    Raises:
        RunNotFoundError: If there is no such run, or it is not done.
        ConfigError: If the folder cannot be written to.
    """
    reported = family(source.get(run_id), source)
    if reported is None:
        raise RunNotFoundError(f"run {run_id!r} must be done to be reported; wait for it or run it again")
    path, page = folder / PAGE, report_page(reported, source)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8")
    except OSError as exc:
        raise ConfigError(f"--out must be a folder that can be written to, got {folder} ({exc})") from exc
    return path


def _charts(reported: Family, source: RunSource) -> tuple[LineChart, ...]:
    record = reported.distilled.record
    names = comparison.model_names(record.config.task)
    trained = [run for run in (reported.distilled, *reported.twins) if run.record.config.method in _TRAINED]
    curves = {
        run.record.config.method: learning_curves.curves(event for _, event in source.events(run.run))
        for run in trained
    }
    monitored = record.task.monitored
    scores = [
        Line(
            name=names[method],
            xs=curve.validation_epochs,
            ys=[monitored.scale * score for score in curve.scores],
            color=MARKS[method].color,
            dash=_DASHES[MARKS[method].dash],
        )
        for method, curve in curves.items()
    ]
    losses = [
        Line(
            name=names[method],
            xs=curve.epochs,
            ys=[sum(parts) for parts in zip(*curve.loss.values(), strict=True)],
            color=MARKS[method].color,
            dash=_DASHES[MARKS[method].dash],
        )
        for method, curve in curves.items()
        if curve.loss
    ]
    charts = (
        line_chart(
            f"Validation {monitored.in_text}{f' ({monitored.unit})' if monitored.unit else ''}", scores, x_title="Epoch"
        ),
        line_chart("Weighted loss of the training", losses, x_title="Epoch", from_zero=True),
    )
    return tuple(chart for chart in charts if chart is not None)


def _tables(run: FinishedRun) -> tuple[ReportTable, ...]:
    record, texts = run.record, run.folder.read_test_texts()
    task, test = record.task, run.folder.read_predictions().test
    if test.teacher_logits is None or task.head.predicts_words or not task.head.labeled:
        return ()
    if task.predicts_numbers:
        return (_apart([text.text for text in texts], test),)
    answered = stored_answers(run.folder, record=record, texts=texts, test=test)
    return (*_groups(answered, test, run), *_mistakes(answered), _examples(answered))


def _groups(answered: AnsweredTexts, test: SplitPredictions, run: FinishedRun) -> tuple[ReportTable, ...]:
    """Return how both models do on parts of the test texts: classes, and kinds that the task knows."""
    parts, metric = [], run.record.metric
    if not answered.tokens and answered.known.any():
        if kinds.LABEL in answered.kinds:
            parts.append(("Each label: F1", "label", kinds.by_label(answered), 100.0))
        else:
            parts.append(("Each class: F1", "class", kinds.by_class(answered), 100.0))
    for what in answered.kinds:
        if what != kinds.LABEL:
            groups = kinds.by_kind(what, answered, test, metric)
            parts.append((f"{metric.label} by {what}", what, groups, metric.scale))
    return tuple(
        ReportTable(
            title=title,
            note="",
            header=(what.capitalize(), f"Test {answered.unit}", "Teacher", "Student"),
            rows=[
                (
                    group.name,
                    f"{group.n:,}",
                    *(
                        formatting.NONE if side is None else f"{scale * side:.1f}"
                        for side in (group.teacher, group.student)
                    ),
                )
                for group in groups
                if group.n
            ],
            numbers=3,
        )
        for title, what, groups, scale in parts
    )


def _mistakes(answered: AnsweredTexts) -> tuple[ReportTable, ...]:
    if answered.tokens or not answered.known.any():
        return ()
    rows = kinds.mistakes(answered, most=N_MISTAKES)
    return (
        ReportTable(
            title="What the student takes for what",
            note="The commonest mistakes, and how often the teacher makes the same one.",
            header=("Right", "Student's answer", "Student", "Teacher"),
            rows=rows,
            numbers=2,
        ),
    )


def _examples(answered: AnsweredTexts) -> ReportTable:
    apart = error_analysis.matching(answered, Filter())
    differ = apart[answered.of_teacher[apart] != answered.of_student[apart]]
    rows = example_tables.example_rows(answered, differ[:N_EXAMPLES].tolist())
    n = len(differ)
    return ReportTable(
        title="Where student and teacher differ",
        note=f"They differ at {n:,} of {len(answered):,} test {answered.unit}; these are the furthest apart.",
        header=tuple(rows[0])[:-2] if rows else (),
        rows=[[formatting.NONE if cell is None else cell for cell in list(row.values())[:-2]] for row in rows],
        numbers=0,
    )


def _apart(texts: Sequence[str], test: SplitPredictions) -> ReportTable:
    teacher, student = (np.asarray(side)[:, 0] for side in (test.teacher.logits, test.logits))
    order = np.argsort(-np.abs(teacher - student), kind="stable")[:N_EXAMPLES].tolist()
    return ReportTable(
        title="Where student and teacher differ most",
        note="Numbers that both predict, beside the right one.",
        header=("Text", "Right", "Teacher", "Student"),
        rows=[
            (formatting.readable(texts[i]), *(f"{side[i]:.2f}" for side in (test.targets, teacher, student)))
            for i in order
        ],
        numbers=3,
    )
