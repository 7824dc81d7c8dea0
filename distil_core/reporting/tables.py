"""Tables of figures: all that was measured of a family, all runs, the settings of one; for pages, CSV and markdown."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any

from distil_core.analysis.comparison import NAMES, Model, models
from distil_core.evaluation.records import Cost, Fidelity, ModelRecord
from distil_core.reporting.formatting import NONE, count, duration, interval, latency, percent, size, speed
from distil_core.runs.families import Family
from distil_core.runs.record import RunRecord
from distil_core.runs.rows import Run
from distil_core.settings.config import RunConfig, RunKind
from distil_core.training.cache import CacheEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRow:
    """One line of the table: what is measured, what it means, and for each model its value and spread as texts."""

    label: str
    meaning: str
    cells: tuple[tuple[str, str], ...]


def metric_table(family: Family) -> tuple[MetricRow, ...]:
    """Return all that was measured, one line a measure, one cell a model in the order of :func:`models`."""
    shown = [model.record for model in models(family)]

    def line(label: str, meaning: str, cell: Callable[[ModelRecord], str | tuple[str, str]]) -> MetricRow:
        cells = (cell(record) for record in shown)
        return MetricRow(label=label, meaning=meaning, cells=tuple((c, "") if isinstance(c, str) else c for c in cells))

    def of_fidelity(
        text: Callable[[Fidelity], str | tuple[str, str]],
    ) -> Callable[[ModelRecord], str | tuple[str, str]]:
        return lambda record: NONE if record.fidelity is None else text(record.fidelity)

    def of_cost(text: Callable[[Cost], str | tuple[str, str]]) -> Callable[[ModelRecord], str | tuple[str, str]]:
        return lambda record: NONE if record.cost is None else text(record.cost)

    lines = [
        line("Accuracy", "texts answered right, with its 95 % interval", lambda r: interval(r.quality.accuracy)),
        line("Macro-F1", "like accuracy, every label counting alike", lambda r: percent(r.quality.macro_f1)),
        line(
            "Agreement",
            "texts answered as the teacher does, with its 95 % interval",
            of_fidelity(lambda f: interval(f.agreement)),
        ),
        line(
            "KL divergence", "distance from the teacher's probabilities", of_fidelity(lambda f: f"{f.kl_nats:.3f} nats")
        ),
        line("Loyalty", "likeness of the probabilities, 100 % when equal", of_fidelity(lambda f: percent(f.loyalty))),
        line("Calibration error", "gap between confidence and accuracy (ECE)", lambda r: percent(r.quality.ece)),
        line("Log-loss", "mean surprise at the right label (NLL)", lambda r: f"{r.quality.nll:.3f} nats"),
        line("Parameters", "weights in the model", of_cost(lambda c: count(c.parameters))),
        line("Size", "weights on disk", of_cost(lambda c: size(c.bytes))),
        line("Latency", "time for one text: median, 5th to 95th percentile", of_cost(lambda c: latency(c.latency_ms))),
        line("Throughput", "texts in batches of 32", of_cost(lambda c: speed(c.texts_per_second))),
    ]
    if any(record.probe_accuracy is not None for record in shown):
        lines.insert(
            1,
            line(
                "Probe accuracy",
                "reviews written one by one, outside the grammar",
                lambda r: NONE if r.probe_accuracy is None else percent(r.probe_accuracy),
            ),
        )
    return tuple(lines)


_COLUMNS: dict[str, Callable[[ModelRecord], object]] = {
    "accuracy": lambda r: r.quality.accuracy.value,
    "accuracy_low": lambda r: r.quality.accuracy.low,
    "accuracy_high": lambda r: r.quality.accuracy.high,
    "probe_accuracy": lambda r: r.probe_accuracy,
    "macro_f1": lambda r: r.quality.macro_f1,
    "nll_nats": lambda r: r.quality.nll,
    "ece": lambda r: r.quality.ece,
    "agreement": lambda r: r.fidelity and r.fidelity.agreement.value,
    "agreement_low": lambda r: r.fidelity and r.fidelity.agreement.low,
    "agreement_high": lambda r: r.fidelity and r.fidelity.agreement.high,
    "kl_nats": lambda r: r.fidelity and r.fidelity.kl_nats,
    "loyalty": lambda r: r.fidelity and r.fidelity.loyalty,
    "parameters": lambda r: r.cost and r.cost.parameters,
    "bytes": lambda r: r.cost and r.cost.bytes,
    "latency_p5_ms": lambda r: r.cost and r.cost.latency_ms and r.cost.latency_ms.p5,
    "latency_p50_ms": lambda r: r.cost and r.cost.latency_ms and r.cost.latency_ms.p50,
    "latency_p95_ms": lambda r: r.cost and r.cost.latency_ms and r.cost.latency_ms.p95,
    "texts_per_second": lambda r: r.cost and r.cost.texts_per_second,
}


def metric_table_markdown(family: Family) -> str:
    """Return the table of all that was measured as markdown."""
    names = [model.name for model in models(family)]
    lines = ["| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for measure in metric_table(family):
        cells = (f"{value} ({spread})" if spread else value for value, spread in measure.cells)
        lines.append(f"| {measure.label} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def accuracy_rows(shown: Sequence[Model]) -> list[tuple[str, float, float, float]]:
    """Return name, accuracy and its interval of each model, as shares."""
    accuracies = ((model.name, model.record.quality.accuracy) for model in shown)
    return [(name, accuracy.value, accuracy.low, accuracy.high) for name, accuracy in accuracies]


def metric_table_csv(family: Family) -> str:
    """Return the figures of all models as CSV, unrounded, one row a model; an empty cell has not been measured."""
    rows = [[model.name, *(cell(model.record) for cell in _COLUMNS.values())] for model in models(family)]
    return to_csv(["model", *_COLUMNS], rows)


def to_csv(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Write rows as CSV; None becomes an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def run_rows(runs: Iterable[Run]) -> list[dict[str, Any]]:
    """Return one row for each run; None where something has not been measured.

    Accuracy, its half-width and agreement are percentages, size is in MB, latency in ms.
    """
    return [_run_row(run) for run in runs]


def _run_row(run: Run) -> dict[str, Any]:
    config, record = run.config, run.record
    distilled, tfidf = config.kind is RunKind.DISTILLED, config.kind is RunKind.TFIDF
    model = None if record is None else record.model
    accuracy = None if model is None else model.quality.accuracy
    fidelity, cost = (None, None) if model is None else (model.fidelity, model.cost)
    return {
        "State": ["Example" if run.read_only else run.state.value.capitalize()],
        "Corpus": run.corpus_name,
        "Teacher": config.teacher.source if record is None else record.teacher_name,
        "Model": NAMES[config.kind],
        "Layers": None if tfidf else len(config.student.layers) or config.student.depth,
        "Temperature": config.loss.temperature if distilled else None,
        "Alpha": config.loss.alpha if distilled else None,
        "Accuracy": None if accuracy is None else 100 * accuracy.value,
        "±": None if accuracy is None else 50 * (accuracy.high - accuracy.low),
        "Agreement": None if fidelity is None else 100 * fidelity.agreement.value,
        "Size": None if cost is None else cost.bytes / 1e6,
        "Latency": None if cost is None or cost.latency_ms is None else cost.latency_ms.p50,
        "Created": None if run.read_only else datetime.fromtimestamp(run.created),
    }


def cache_rows(entries: Iterable[CacheEntry]) -> list[dict[str, Any]]:
    """Return one row for each thing that the cache holds; sizes are in MB."""
    return [
        {"What": entry.name, "Size": entry.bytes / 1e6, "Last used": datetime.fromtimestamp(entry.used)}
        for entry in entries
    ]


def setting_rows(config: RunConfig) -> dict[str, str]:
    """Return every setting of a run by its dotted name; those that are not at their default are bold."""
    return dict(_settings(config, RunConfig(), ""))


def _settings(value: Any, default: Any, path: str) -> Iterable[tuple[str, str]]:
    for item in fields(value):
        mine, usual = getattr(value, item.name), getattr(default, item.name)
        if is_dataclass(mine):
            yield from _settings(mine, usual, f"{path}{item.name}.")
        else:
            text = (
                ", ".join(map(str, mine))
                if isinstance(mine, tuple)
                else f"{mine:g}"
                if isinstance(mine, float)
                else f"{mine}"
            )
            yield f"{path}{item.name}", f"**{text or NONE}**" if mine != usual else text or NONE


def origin_rows(record: RunRecord) -> dict[str, str]:
    """Return where the figures of a run come from: its corpus, the machine, and how long each part took."""
    corpus, environment = record.corpus, record.environment
    return {
        "Texts": f"{corpus.n_train:,} to train, {corpus.n_validation:,} to validate, {corpus.n_test:,} to test",
        "Labels": _first(corpus.label_names),
        "Length": f"{corpus.mean_tokens:.1f} tokens on average, {corpus.n_truncated:,} texts cut off",
        **({"Notes on the corpus": "; ".join(corpus.notes)} if corpus.notes else {}),
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
