"""Tables of figures: all that was measured of a family, all runs, the settings of one; for pages, CSV and markdown."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any

from distil_core.analysis.comparison import Model, compression_title, model_name, models
from distil_core.evaluation.metrics import Metric, Unit
from distil_core.evaluation.records import Cost, ModelRecord
from distil_core.reporting.formatting import (
    NONE,
    count,
    duration,
    escaped,
    figure,
    figure_interval,
    latency,
    size,
    speed,
)
from distil_core.runs.families import Family
from distil_core.runs.record import RunRecord
from distil_core.runs.rows import Run
from distil_core.settings.canonical import without_folders
from distil_core.settings.config import Method, RunConfig
from distil_core.tasks.corpora import task_of
from distil_core.tasks.task import Task
from distil_core.training.cache import CacheEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRow:
    """One line of the table: what is measured, what it means, and for each model its value and spread as texts."""

    label: str
    meaning: str
    cells: tuple[tuple[str, str], ...]


def metric_table(family: Family) -> tuple[MetricRow, ...]:
    """Return all that was measured, one line a metric, one cell a model in the order of :func:`models`.

    Figures have their 95 % intervals where these are known.
    """
    shown = [model.record for model in models(family)]

    def line(label: str, meaning: str, cell: Callable[[ModelRecord], str | tuple[str, str]]) -> MetricRow:
        cells = (cell(record) for record in shown)
        return MetricRow(label=label, meaning=meaning, cells=tuple((c, "") if isinstance(c, str) else c for c in cells))

    def of_cost(text: Callable[[Cost], str | tuple[str, str]]) -> Callable[[ModelRecord], str | tuple[str, str]]:
        return lambda record: NONE if record.cost is None else text(record.cost)

    def of_metric(metric: Metric) -> Callable[[ModelRecord], str | tuple[str, str]]:
        def cell(record: ModelRecord) -> str | tuple[str, str]:
            measured = record.metric(metric.name)
            return NONE if measured is None else figure_interval(metric, measured)

        return cell

    lines = [
        *(
            line(metric.label, f"{metric.meaning}, with its 95 % interval", of_metric(metric))
            for metric in _shown_metrics(family, shown)
        ),
        line("Parameters", "weights in the model", of_cost(lambda c: count(c.parameters))),
        line("Size", "weights on disk, the teacher's in fp32", of_cost(lambda c: size(c.bytes))),
        line("Latency", "time for one text: median, 5th to 95th percentile", of_cost(lambda c: latency(c.latency_ms))),
        line("Throughput", "texts in batches of 32", of_cost(lambda c: speed(c.texts_per_second))),
    ]
    if any(record.cost is not None and record.cost.packed_bytes is not None for record in shown):
        packed = of_cost(lambda c: size(c.packed_bytes) if c.packed_bytes else NONE)
        lines.insert(-2, line("Packed", "weights deflated, as in a ZIP archive", packed))
    if any(record.probe_score is not None for record in shown):
        run = family.distilled.record
        metric, meaning = run.metric, run.task.probe_description
        lines.insert(
            1,
            line(
                f"Out-of-domain {metric.in_text}",
                meaning,
                lambda r: NONE if r.probe_score is None else figure(metric, r.probe_score),
            ),
        )
    return tuple(lines)


def _shown_metrics(family: Family, shown: Sequence[ModelRecord]) -> list[Metric]:
    """Return the metrics of any of some models, the primary one first."""
    run = family.distilled.record
    measured = [metric for metric in run.task.metrics if any(metric.name in record.metrics for record in shown)]
    return sorted(measured, key=lambda metric: metric.name != run.primary)


def _columns(metric: Metric) -> dict[str, Callable[[ModelRecord], object]]:
    name = f"{metric.name}_nats" if metric.unit is Unit.NATS else metric.name
    return {
        name: lambda r: r.value(metric.name),
        f"{name}_low": lambda r: (measured := r.metric(metric.name)) and measured.low,
        f"{name}_high": lambda r: (measured := r.metric(metric.name)) and measured.high,
    }


_COST_COLUMNS: dict[str, Callable[[ModelRecord], object]] = {
    "parameters": lambda r: r.cost and r.cost.parameters,
    "bytes": lambda r: r.cost and r.cost.bytes,
    "packed_bytes": lambda r: r.cost and r.cost.packed_bytes,
    "latency_p5_ms": lambda r: r.cost and r.cost.latency_ms and r.cost.latency_ms.p5,
    "latency_p50_ms": lambda r: r.cost and r.cost.latency_ms and r.cost.latency_ms.p50,
    "latency_p95_ms": lambda r: r.cost and r.cost.latency_ms and r.cost.latency_ms.p95,
    "texts_per_second": lambda r: r.cost and r.cost.texts_per_second,
}


def _model_columns(run: RunRecord) -> dict[str, Callable[[ModelRecord], object]]:
    primary = run.metric
    others = [metric for metric in run.task.metrics if metric != primary]
    return {
        **_columns(primary),
        f"probe_{primary.name}": lambda r: r.probe_score,
        **{name: cell for metric in others for name, cell in _columns(metric).items()},
        **_COST_COLUMNS,
    }


def metric_table_markdown(family: Family) -> str:
    """Return the table of all that was measured as markdown."""
    names = [model.name for model in models(family)]
    lines = ["| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for measure in metric_table(family):
        cells = (f"{value} ({spread})" if spread else value for value, spread in measure.cells)
        lines.append(f"| {measure.label} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def score_rows(shown: Sequence[Model], metric: Metric) -> list[tuple[str, float, float | None, float | None]]:
    """Return name, value and interval of each model that was measured by a metric, unrounded."""
    scores = ((model.name, model.record.metric(metric.name)) for model in shown)
    return [(name, score.value, score.low, score.high) for name, score in scores if score is not None]


def metric_table_csv(family: Family) -> str:
    """Return the figures of all models as CSV, unrounded, one row a model; an empty cell has not been measured."""
    columns = _model_columns(family.distilled.record)
    rows = [[model.name, *(cell(model.record) for cell in columns.values())] for model in models(family)]
    return to_csv(["model", *columns], rows)


def to_csv(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Write rows as CSV; None becomes an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(_defused, header))
    writer.writerows(map(_defused, row) for row in rows)
    return text.getvalue()


def _defused(cell: object) -> object:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe stands before what looks like one."""
    if not isinstance(cell, str) or not cell.lstrip().startswith(("=", "+", "-", "@")):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreColumns:
    """The columns of a primary metric in the table of runs: its value and half of its interval."""

    metric: Metric
    value: str
    half: str


def score_columns(runs: Iterable[Run]) -> tuple[ScoreColumns, ...]:
    """Return the columns of all primary metrics of some runs, which may be of several tasks."""
    metrics = tuple(dict.fromkeys(_primary(run) for run in runs))
    return tuple(
        ScoreColumns(metric=metric, value=metric.label, half="±" if len(metrics) == 1 else f"{metric.label} ±")
        for metric in metrics
    )


def fidelity_columns(runs: Iterable[Run]) -> dict[str, Metric]:
    """Return the columns of what students are held against their teachers by first, of all tasks of some runs."""
    metrics = (metric for run in runs for metric in _task(run).fidelity[:1])
    return {metric.label: metric for metric in metrics}


def _task(run: Run) -> Task:
    return task_of(run.config) if run.record is None else run.record.task


def _primary(run: Run) -> Metric:
    return _task(run).primary if run.record is None else run.record.metric


def run_rows(runs: Iterable[Run]) -> list[dict[str, Any]]:
    """Return one row for each run; None where something has not been measured.

    Scores that are shares are percentages, size is in MB, latency in ms.
    """
    runs = tuple(runs)
    scores, fidelity = score_columns(runs), fidelity_columns(runs)
    rows = [
        _run_row(run, scores, fidelity, others) for run, others in zip(runs, _differing_settings(runs), strict=True)
    ]
    for column in ("Name", "Compression"):
        if not any(row[column] for row in rows):
            for row in rows:
                del row[column]
    return rows


_IN_COLUMNS = (
    "method",
    "corpus.source",
    "teacher.source",
    "student.depth",
    "student.heads",
    "student.neurons",
    "student.sparsity",
    "student.weights",
    "loss.temperature",
    "loss.alpha",
)
OF_MACHINES = ("training.threads", "training.precision", "training.device")
"""Settings that say how a machine computes, and not what is asked for."""


def _differing_settings(runs: Sequence[Run]) -> list[str]:
    """Return for each run the settings in which it differs from another one, beside those with a column of their own.

    Defaults are left out: what is not named is as usual.
    """
    each, usual = [settings_by_name(run.config) for run in runs], settings_by_name(RunConfig())
    names = [name for name in usual if name not in (*_IN_COLUMNS, *OF_MACHINES)]
    differing = [name for name in names if len({settings[name] for settings in each}) > 1]
    return [
        ", ".join(
            f"{name.replace('.', ' ')} {settings[name] or NONE}" for name in differing if settings[name] != usual[name]
        )
        for settings in each
    ]


def _run_row(run: Run, scores: Sequence[ScoreColumns], fidelity: Mapping[str, Metric], others: str) -> dict[str, Any]:
    config, record = run.config, run.record
    distilled, baseline = config.method is Method.DISTILLED, config.method is Method.BASELINE
    cost = None if record is None else record.model.cost
    return {
        "State": ["Example" if run.read_only else run.state.value.capitalize()],
        "Name": run.name,
        "Corpus": run.corpus_name,
        "Teacher": without_folders(config).teacher.source if record is None else record.teacher_name,
        "Model": model_name(config),
        "Layers": None if baseline else config.student.n_layers,
        "Compression": compression_title(config.student),
        "Temperature": config.loss.temperature if distilled else None,
        "Alpha": config.loss.alpha if distilled and not (config.loss.soft_weight or config.loss.hard_weight) else None,
        "Other settings": others,
        **{
            name: cell
            for columns in scores
            for name, cell in _score_cells(columns, record if columns.metric == _primary(run) else None).items()
        },
        **{
            name: None if record is None or (value := record.model.value(metric.name)) is None else metric.scale * value
            for name, metric in fidelity.items()
        },
        "Size": None if cost is None else cost.bytes / 1e6,
        "Latency": None if cost is None or cost.latency_ms is None else cost.latency_ms.p50,
        "Created": None if run.read_only else datetime.fromtimestamp(run.created),
    }


def _score_cells(columns: ScoreColumns, record: RunRecord | None) -> dict[str, float | None]:
    if record is None:
        return {columns.value: None, columns.half: None}
    score, scale = record.score, columns.metric.scale
    half = None if score.low is None else scale / 2 * (score.ends[1] - score.ends[0])
    return {columns.value: scale * score.value, columns.half: half}


def cache_rows(entries: Iterable[CacheEntry]) -> list[dict[str, Any]]:
    """Return one row for each thing that the cache holds; sizes are in MB."""
    return [
        {"What": entry.name, "Size": entry.bytes / 1e6, "Last used": datetime.fromtimestamp(entry.used)}
        for entry in entries
    ]


def setting_rows(config: RunConfig) -> dict[str, str]:
    """Return every setting of a run by its dotted name, as markdown; those that are not at their default are bold."""
    usual = settings_by_name(RunConfig())
    return {
        name: escaped(text) or NONE if text == usual[name] else f"**{escaped(text) or NONE}**"
        for name, text in settings_by_name(config).items()
    }


def settings_by_name(config: RunConfig) -> dict[str, str]:
    """Return every setting of a run by its dotted name, as text."""
    return dict(_items(without_folders(config), ""))


def _items(value: Any, path: str) -> Iterable[tuple[str, str]]:
    for item in fields(value):
        mine = getattr(value, item.name)
        if is_dataclass(mine):
            yield from _items(mine, f"{path}{item.name}.")
        else:
            yield (
                f"{path}{item.name}",
                ", ".join(map(str, mine))
                if isinstance(mine, tuple)
                else f"{mine:g}"
                if isinstance(mine, float)
                else f"{mine}",
            )


def origin_rows(record: RunRecord) -> dict[str, str]:
    """Return as markdown where the figures of a run come from: its corpus, the machine, and how long each part took."""
    corpus, environment = record.corpus, record.environment
    return {
        "Texts": f"{corpus.n_train:,} to train, {corpus.n_validation:,} to validate, {corpus.n_test:,} to test",
        "Labels": escaped(_first(corpus.label_names)),
        "Length": f"{corpus.mean_tokens:.1f} tokens on average, {corpus.n_truncated:,} texts cut off",
        **({"Notes on the corpus": escaped("; ".join(corpus.notes))} if corpus.notes else {}),
        "Teacher layers copied": ", ".join(map(str, record.layers)) or NONE,
        "Machine": f"{environment.processor}, {environment.threads} thread{'s' * (environment.threads != 1)}",
        "Trained on": f"{environment.device} in {environment.precision}",
        "Versions": ", ".join(f"{name} {version}" for name, version in environment.versions.items()),
        **{f"Time, {part.replace('_', ' ')}": duration(seconds) for part, seconds in record.seconds.items()},
    }


def _first(names: Sequence[str], *, most: int = 12) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def metric_table_text(family: Family) -> str:
    """Return all that was measured as a table for a terminal, one line a measure, one column a model."""
    rows = [("", *(model.name for model in models(family)))]
    rows += [
        (line.label, *(f"{value} {spread}".strip() for value, spread in line.cells)) for line in metric_table(family)
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
