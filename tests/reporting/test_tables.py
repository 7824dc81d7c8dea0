import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from distil_core.analysis.comparison import models
from distil_core.evaluation.metrics import ACCURACY
from distil_core.evaluation.records import Interval
from distil_core.reporting import tables
from distil_core.runs.families import Family, FinishedRun
from distil_core.runs.sources import ShippedRuns
from distil_core.runs.store import RunStore
from distil_core.settings.config import Method, StudentConfig
from distil_core.training.cache import CacheEntry
from tests import seeds


@pytest.fixture
def family(tmp_path: Path) -> Family:
    return seeds.shipped_family(tmp_path)


def test_every_measure_has_a_cell_for_every_model(family: Family) -> None:
    lines = {line.label: line for line in tables.metric_table(family)}
    assert {len(line.cells) for line in lines.values()} == {5}
    assert all(line.meaning for line in lines.values())
    assert lines["Accuracy"].cells[1] == ("90.0 %", "88.0 to 92.0")
    assert lines["Out-of-domain accuracy"].cells[1] == ("71.0 %", "")
    assert lines["Agreement"].cells[0] == ("–", "")
    assert lines["Latency"].cells[1] == ("1.30 ms", "1.10 to 2.00")
    assert lines["Throughput"].cells[4] == ("–", "")
    assert lines["KL divergence"].cells[1] == ("0.110 nats", "0.090 to 0.130")


def test_figures_without_an_interval_have_their_value_alone(family: Family) -> None:
    teacher = family.distilled.record.teacher
    assert teacher is not None
    bare = replace(teacher, metrics={"accuracy": Interval(value=0.5)})
    record = replace(family.distilled.record, teacher=bare)
    old = Family(distilled=replace(family.distilled, record=record), twins=())
    assert tables.metric_table(old)[0].cells[0] == ("50.0 %", "")
    assert "50.0 % |" in tables.metric_table_markdown(old)
    assert tables.score_rows(models(old), ACCURACY)[0] == ("Teacher", 0.5, None, None)


def test_probe_is_left_out_where_no_model_has_one(family: Family) -> None:
    def bare(outcome: FinishedRun) -> FinishedRun:
        record = outcome.record
        teacher = None if record.teacher is None else replace(record.teacher, probe_score=None)
        model = replace(record.model, probe_score=None)
        return replace(outcome, record=replace(record, teacher=teacher, model=model))

    without = Family(distilled=bare(family.distilled), twins=tuple(map(bare, family.twins)))
    assert "Out-of-domain accuracy" in {line.label for line in tables.metric_table(family)}
    assert "Out-of-domain accuracy" not in {line.label for line in tables.metric_table(without)}


def test_csv_is_unrounded_and_leaves_gaps(family: Family) -> None:
    rows = {row["model"]: row for row in csv.DictReader(io.StringIO(tables.metric_table_csv(family)))}
    assert list(rows) == [model.name for model in models(family)]
    assert list(rows["Student"])[1:5] == ["accuracy", "accuracy_low", "accuracy_high", "probe_accuracy"]
    assert float(rows["Student"]["accuracy"]) == 0.9
    assert float(rows["Student"]["latency_p50_ms"]) == 1.3
    assert (float(rows["Student"]["kl_nats"]), float(rows["Student"]["kl_nats_high"])) == (0.11, 0.13)
    assert rows["Teacher"]["agreement"] == rows["Teacher"]["agreement_low"] == ""
    assert rows["TF-IDF"]["latency_p50_ms"] == ""


def test_markdown_has_a_row_a_measure(family: Family) -> None:
    lines = tables.metric_table_markdown(family).splitlines()
    assert lines[0] == "| | Teacher | Student | Hard-label twin | Layer-cut twin | TF-IDF |"
    assert lines[2].startswith("| Accuracy | 95.0 % (93.0 to 97.0) | 90.0 % (88.0 to 92.0) |")


def test_rows_behind_the_figures(family: Family) -> None:
    assert tables.score_rows(models(family), ACCURACY)[1] == ("Student", 0.9, pytest.approx(0.88), pytest.approx(0.92))


def test_run_rows_show_what_is_known(home: Path, tmp_path: Path) -> None:
    store = RunStore(home)
    shipped = ShippedRuns(seeds.example_folder(tmp_path / "example"))
    runs = (
        shipped.get("example"),
        seeds.finished(store, seeds.a_config(student=StudentConfig(layers=(0, 3)))),
        seeds.finished(store, next(c for c in seeds.family_of(seeds.a_config()) if c.method is Method.BASELINE)),
        store.add("waiting", seeds.a_config(), corpus_name="mine"),
    )
    example, done, tfidf, waiting = tables.run_rows(runs)
    assert (example["State"], example["Created"], done["State"]) == (["Example"], None, ["Done"])
    assert (done["Layers"], done["Accuracy"], done["Latency"]) == (2, 90.0, 1.3)
    assert (tfidf["Model"], tfidf["Layers"], tfidf["Temperature"], tfidf["Latency"]) == ("TF-IDF", None, None, None)
    assert tfidf["Size"] == 0.9
    assert (waiting["Corpus"], waiting["Accuracy"], waiting["Size"]) == ("mine", None, None)
    assert tables.run_rows(()) == []


def test_settings_that_were_changed_are_bold() -> None:
    rows = tables.setting_rows(seeds.a_config(student=StudentConfig(layers=(0, 2)), seed=4))
    assert (rows["student.layers"], rows["seed"], rows["corpus.source"]) == ("**0, 2**", "**4**", "reviews")
    assert (rows["corpus.test"], rows["training.learning_rate"]) == ("–", "0.0003")


def test_origin_names_corpus_machine_and_times(family: Family) -> None:
    rows = tables.origin_rows(family.distilled.record)
    assert rows["Texts"] == "4,000 to train, 1,000 to validate, 1,000 to test"
    assert rows["Time, training"] == "about 10 s"
    assert rows["Machine"].endswith("2 threads")
    assert "Notes on the corpus" in rows
    record = family.distilled.record
    alone = replace(record, environment=replace(record.environment, threads=1))
    assert tables.origin_rows(alone)["Machine"].endswith("1 thread")
    names = tuple(f"label {i}" for i in range(77))
    many = tables.origin_rows(replace(record, corpus=replace(record.corpus, label_names=names)))
    assert many["Labels"].endswith("label 11 and 65 more")
    several = replace(record, corpus=replace(record.corpus, notes=("one", "two")))
    assert tables.origin_rows(several)["Notes on the corpus"] == "one; two"
    assert "Notes on the corpus" not in tables.origin_rows(replace(record, corpus=replace(record.corpus, notes=())))


def test_cache_rows_are_in_megabytes(tmp_path: Path) -> None:
    entry = CacheEntry(name="answers", folder=tmp_path, bytes=2_500_000, used=0.0)
    assert tables.cache_rows([entry])[0]["Size"] == 2.5


def test_csv_quotes_what_needs_it() -> None:
    assert tables.to_csv(("a", "b"), [("x, y", None)]) == 'a,b\n"x, y",\n'
