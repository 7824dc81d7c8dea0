"""A task brings a metric of its own, which is no share: it is measured, written down and shown where accuracy is else.

The task is the toy tagger; nothing here is known to the core.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import matthews_corrcoef
from streamlit.testing.v1 import AppTest

from distil_core.analysis import advice, contrasts, tradeoffs
from distil_core.analysis.comparison import Outcome
from distil_core.analysis.tradeoffs import Price
from distil_core.errors import ConfigError
from distil_core.evaluation.metrics import ACCURACY, AGREEMENT, NLL, Metric, Unit
from distil_core.evaluation.predictions import SplitPredictions
from distil_core.export import archive
from distil_core.reporting import narrative, tables, tradeoff_tables
from distil_core.runs.families import Family, family
from distil_core.runs.record import record_from_json
from distil_core.runs.rows import Run
from distil_core.runs.store import RunStore
from distil_core.settings.serialization import to_json
from distil_core.tasks import catalog
from tests import seeds, tagging
from tests.pages.conftest import chart, markdown
from tests.tagging import Tagged, Tagging

App = Callable[..., AppTest]


def _terms(split: SplitPredictions) -> np.ndarray:
    """For each site: whether it is right, that it is one, and what is predicted and true."""
    classes = np.arange(split.logits.shape[1])
    predicted, true = (values[:, None] == classes for values in (split.logits.argmax(axis=1), split.targets))
    return split.per_example(np.column_stack([split.right, split.known, predicted, true]))


def _matthews(sums: np.ndarray) -> np.ndarray:
    right, n = sums[:, 0], sums[:, 1]
    predicted, true = np.split(sums[:, 2:], 2, axis=1)
    spread = np.sqrt((n**2 - (predicted**2).sum(axis=1)) * (n**2 - (true**2).sum(axis=1)))
    return np.asarray((right * n - (predicted * true).sum(axis=1)) / np.maximum(spread, 1e-9))


MATTHEWS = Metric(
    name="matthews",
    label="Matthews correlation",
    noun="Matthews correlation",
    meaning="correlation of predicted and right tags",
    unit=Unit.NUMBER,
    greater_is_better=True,
    biased=True,
    terms=_terms,
    reduce=_matthews,
)
DISTANCE = Metric(
    name="distance",
    label="Distance",
    meaning="how far the correlation is from 1",
    unit=Unit.NUMBER,
    greater_is_better=False,
    biased=True,
    terms=_terms,
    reduce=lambda sums: 1 - _matthews(sums),
)


class Correlated(Tagging):
    """The tagger, judged by a correlation."""

    quality = (MATTHEWS, ACCURACY, NLL)
    baseline_name = "Commonest tag"


@pytest.fixture(autouse=True)
def task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(catalog.TASKS, "tagging", Correlated())


@pytest.fixture(scope="module")
def tagged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tagged]:
    """A tagger that was distilled, with its twins, in a store of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(catalog.TASKS, "tagging", Correlated())
        yield tagging.distil(tmp_path_factory.mktemp("tagged"))


@pytest.fixture
def done(tagged: Tagged, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The run of that tagger, in the store of the app."""
    monkeypatch.setenv("DISTIL_LAB_HOME", str(tagged.home))
    return RunStore(tagged.home).get(tagged.distillation.run)


@pytest.fixture
def members(done: Run, tagged: Tagged) -> Family:
    together = family(done, RunStore(tagged.home))
    assert together is not None
    return together


def shown(value: float) -> str:
    return f"{value:.3f}"


def test_it_goes_from_the_answers_to_all_that_is_written(done: Run, members: Family, tagged: Tagged) -> None:
    record = members.distilled.record
    assert record.teacher is not None
    assert (record.primary, record.metric, record.metric.unit) == ("matthews", MATTHEWS, Unit.NUMBER)
    split = members.distilled.folder.read_predictions().test
    value = matthews_corrcoef(split.targets, split.logits.argmax(axis=1))
    assert record.score.value == pytest.approx(value)
    assert record.corpus.constant_score == 0.0
    assert record_from_json(json.loads(json.dumps(to_json(record)))) == record
    with pytest.raises(ConfigError, match="a metric of tagging must be one of matthews, accuracy, nll, agreement, kl"):
        record_from_json({**to_json(record), "primary": "charm"})

    # Tables, the verdict and the advice.
    first, *others = tables.metric_table(members)
    assert (first.label, first.cells[1][0]) == ("Matthews correlation", shown(value))
    assert [line.label for line in others][:4] == ["Accuracy", "Log-loss", "Agreement", "KL divergence"]
    (row,) = (r for r in csv.DictReader(io.StringIO(tables.metric_table_csv(members))) if r["model"] == "Student")
    assert float(row["matthews"]) == record.score.value
    assert "| Matthews correlation |" in archive.model_card(members)
    verdict = contrasts.verdict_of(members, contrasts.drawing())
    assert verdict.outcome in (Outcome.BETTER, Outcome.WORSE, Outcome.NO_DIFFERENCE)
    words = narrative.runs.verdict(verdict)
    assert words.startswith(f"The student's Matthews correlation is {shown(value)}, its teacher ")
    assert "%" not in words.replace("95 % interval", "")
    landscape = tradeoffs.landscape(members, RunStore(tagged.home))
    judged = advice.advise(members, landscape)
    assert judged.retention is not None
    assert judged.retention.share.value == pytest.approx(value / record.teacher.metrics["matthews"].value)
    worse = replace(judged, retention=replace(judged.retention, outcome=Outcome.WORSE), rival=None)
    better = replace(judged, retention=replace(judged.retention, outcome=Outcome.BETTER))
    assert "of its teacher's Matthews correlation (95 % interval" in narrative.advice.paragraph(worse)
    assert "**Higher Matthews correlation than its teacher**" in narrative.advice.paragraph(better)

    # Trade-offs and Runs.
    scores = record.task.scores
    assert scores == (MATTHEWS, AGREEMENT, ACCURACY)
    card = tradeoff_tables.card_rows(tradeoffs.chosen(landscape.points), scores)
    assert list(card)[:3] == ["Matthews correlation", "Agreement", "Accuracy"]
    assert card["Matthews correlation"].startswith(shown(value))
    assert len(tradeoffs.places(landscape.points, MATTHEWS, Price.PARAMETERS)) == 5
    (line,) = tables.run_rows([done])
    assert line["Matthews correlation"] == record.score.value
    assert "Accuracy" not in line


def test_pages_show_it_where_accuracy_is_else(app: App, done: Run, members: Family) -> None:
    value, label = shown(members.distilled.record.score.value), "Matthews correlation"
    at = app("distil", run=done.id)
    assert at.metric[0].label == f"{label} kept"
    assert f"Matthews correlation is {value}" in markdown(at)
    assert f"{label} on the same test texts" in markdown(at)
    assert "Validation Matthews correlation" in markdown(at)
    axis = chart(at, "distil.accuracies")["layout"]["xaxis"]["title"]["text"]
    assert axis == "Test Matthews correlation with its 95 % interval"
    assert at.selectbox(key="app.run").options[0].endswith(f" · {value}")
    assert not at.exception

    at = app("tradeoffs", run=done.id)
    assert at.segmented_control(key="tradeoffs.score").options == [label, "Agreement", "Accuracy"]
    assert chart(at, "tradeoffs.chart")["layout"]["yaxis"]["title"]["text"] == label
    assert value in [shown(score) for score in at.dataframe[-1].value[label]]
    assert at.table[0].value.loc[label].iloc[0].startswith(value)
    assert not at.exception

    at = app("runs", run=done.id)
    assert [shown(score) for score in at.dataframe[0].value[label]] == [value]
    assert at.table[1].value.index[0] == label
    assert not at.exception

    at = app("whatif", run=done.id)
    assert at.selectbox(key="whatif.measure").value == MATTHEWS
    assert f"{label}, mean over seeds" in markdown(at)
    assert "In Matthews correlation the hard-label twin" in markdown(at)
    assert not at.exception


def test_two_tasks_in_one_store_are_kept_apart(app: App, store: RunStore) -> None:
    reviews = seeds.finished_family(store)
    # The same texts and the same teacher, for all that the records say.
    tagger = seeds.finished(store, seeds.a_config(task="tagging"), primary="matthews")
    members = family(reviews, store)
    assert members is not None
    points = tradeoffs.landscape(members, store).points
    assert tagger.id not in [point.id for point in points]
    assert len(points) == 5

    at = app("runs", run=tagger.id)
    rows = at.dataframe[0].value
    assert {"Matthews correlation", "Matthews correlation ±", "Accuracy", "Accuracy ±"} < set(rows)
    assert rows["Matthews correlation"].notna().tolist() == [True, False]
    assert rows["Accuracy"].notna().tolist() == [False, True]
    assert not at.exception

    # What was chosen for one task may not be there for the other.
    at = app("tradeoffs", run=reviews.id)
    at.segmented_control(key="tradeoffs.score").set_value("macro_f1").run()
    at.selectbox(key="app.run").set_value(tagger.id).run()
    assert at.segmented_control(key="tradeoffs.score").value == "matthews"
    assert not at.exception


def test_of_what_is_better_less_nothing_is_kept(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    class Distant(Correlated):
        quality = (DISTANCE, ACCURACY)

    monkeypatch.setitem(catalog.TASKS, "tagging", Distant())
    members = family(seeds.finished(store, seeds.a_config(task="tagging"), primary="distance"), store)
    assert members is not None
    words = narrative.advice.paragraph(advice.advise(members, tradeoffs.landscape(members, store)))
    assert words.startswith("Distance **0.900**; its teacher 0.950.")
    assert narrative.runs.cards(members.distilled.record, DISTANCE)[0].value == "–"
