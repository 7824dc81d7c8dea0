"""One figure has one interval, on whatever page it stands."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from distil_core.analysis import error_analysis, tradeoffs
from distil_core.evaluation import bootstrap
from distil_core.evaluation.metrics import ACCURACY
from distil_core.export import archive
from distil_core.models.checkpoints import assets_folder
from distil_core.reporting import narrative, tables, tradeoff_tables
from distil_core.runs import families, sources
from distil_core.runs.families import Family
from distil_core.runs.sources import EXAMPLE, ShippedRuns
from distil_core.runs.store import RunStore
from tests.pages.conftest import chart, markdown

App = Callable[..., AppTest]
INTERVAL = re.compile(r"(\d+\.\d)\sto\s(\d+\.\d)")


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch) -> Family:
    """The run that ships with the package, as it is."""
    folder = assets_folder() / "example"
    monkeypatch.setattr(sources, "shipped_folder", lambda: folder)
    runs = ShippedRuns(folder)
    family = families.family(runs.get(EXAMPLE), runs)
    assert family is not None
    return family


@pytest.fixture
def words(shipped: Family) -> str:
    """The interval of the student's accuracy, from its answers."""
    split = shipped.distilled.folder.read_predictions().test
    interval = bootstrap.interval(split, ACCURACY)
    assert interval is not None
    low, high = interval.ends
    assert 0 < low < interval.value < high < 1
    return f"{100 * low:.1f} to {100 * high:.1f}"


def after(text: str, start: str) -> str:
    """Return the first interval behind some words."""
    match = INTERVAL.search(text, text.index(start))
    assert match is not None, text[text.index(start) :]
    return f"{match[1]} to {match[2]}"


def bars(trace: dict[str, dict[str, list[float]]], axis: str, *, place: int = 0) -> str:
    """Return where the error bar of a point of a trace begins and ends."""
    value, bar = trace[axis][place], trace[f"error_{axis}"]  # type: ignore[index]
    return f"{value - bar['arrayminus'][place]:.1f} to {value + bar['array'][place]:.1f}"  # type: ignore[operator]


def test_the_accuracy_of_a_run_has_one_interval_on_all_pages(app: App, shipped: Family, words: str) -> None:
    distil = app("distil", run=EXAMPLE)
    student = next(t for t in chart(distil, "distil.accuracies")["data"] if t.get("name") == "Student")
    table = next(item.value for item in distil.table if "Accuracy" in item.value.index)
    compare = app("compare", run=EXAMPLE)
    points = app("tradeoffs", run=EXAMPLE)
    mark = next(t for t in chart(points, "tradeoffs.chart")["data"] if t.get("name") == "Student" and t["x"] != [None])
    # The example with few labels is there, too.
    (place,) = (i for i, y in enumerate(mark["y"]) if y == pytest.approx(100 * shipped.distilled.record.score.value))
    card = next(item.value for item in points.table if "Latency" in item.value.index)
    config = shipped.distilled.record.config
    sweep = app(
        "whatif",
        run=EXAMPLE,
        whatif__temperatures=f"{config.loss.temperature:g}",
        whatif__depths=f"{config.student.depth}",
        whatif__seeds=f"{config.seed}",
        whatif__cell=EXAMPLE,
    )
    (cell, *_) = chart(sweep, "whatif.curves")["data"]
    shown = {
        "the table on Distil": after(str(table.loc["Accuracy", "Student"]), ""),
        "the figure on Distil": bars(student, "x"),
        "all test texts on Compare": after(" ".join(item.value for item in compare.caption), "tudent right"),
        "the chart of Trade-offs": bars(mark, "y", place=place),
        "the card of Trade-offs": after(str(card.loc["Accuracy"].iloc[0]), ""),
        "the cell on What-if": after(markdown(sweep), "Accuracy **"),
        "the curve on What-if": bars(cell, "y"),
    }
    assert shown == dict.fromkeys(shown, words)
    for at in (distil, compare, points, sweep):
        assert not at.exception


def test_and_in_all_that_can_be_taken_away(shipped: Family, words: str, tmp_path: Path) -> None:
    outcome = shipped.distilled
    (row,) = (r for r in csv.DictReader(io.StringIO(tables.metric_table_csv(shipped))) if r["model"] == "Student")
    texts, answers = outcome.folder.read_test_texts(), outcome.folder.read_predictions().test
    answered = error_analysis.answered(
        [text.text for text in texts],
        answers.targets,
        answers.teacher.logits,
        answers.logits,
        label_names=outcome.record.corpus.label_names,
    )
    # In the order in which the page ranks them.
    ranked = error_analysis.matching(answered, error_analysis.Filter())
    assert not np.array_equal(ranked, np.sort(ranked))
    point = tradeoffs.chosen(tradeoffs.landscape(shipped, RunStore(tmp_path)).points)
    (values,) = tradeoff_tables.point_rows([point], outcome.record.task.scores)
    place = dict(zip(tradeoff_tables.point_columns(outcome.record.task.scores), values, strict=True))
    shown = {
        "the file of Distil": f"{100 * float(row['accuracy_low']):.1f} to {100 * float(row['accuracy_high']):.1f}",
        "the model card": after(archive.model_card(shipped).partition("| Accuracy")[2].split("|")[2], ""),
        "the record": " to ".join(f"{100 * end:.1f}" for end in outcome.record.score.ends),
        "the words for slices": after(
            narrative.slices.summary_words(error_analysis.summarize(answered, ranked)), "tudent right"
        ),
        "the file of Trade-offs": f"{100 * place['accuracy_low']:.1f} to {100 * place['accuracy_high']:.1f}",  # type: ignore[operator]
    }
    assert shown == dict.fromkeys(shown, words)
