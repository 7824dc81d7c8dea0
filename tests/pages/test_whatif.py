"""Many settings at once: what is asked, what is queued, and the numbers in the map and the curves."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from distil_core.errors import CorpusError
from distil_core.evaluation.metrics import ACCURACY, KL
from distil_core.runs import estimates, requests, sweep
from distil_core.runs.requests import RunRequest
from distil_core.runs.rows import RunState
from distil_core.runs.store import RunStore
from distil_core.runs.sweep import Axis, Frame
from distil_core.settings.config import LossConfig, Method, RunConfig, StudentConfig
from distil_core.settings.serialization import digest
from distil_core.training.events import Validation
from pages.state import sweep_runs
from tests import seeds
from tests.pages.conftest import figure, markdown

App = Callable[..., AppTest]
LABELS = ("very negative", "negative", "mixed", "positive", "very positive")
SMALL = {
    "whatif__temperatures": "2",
    "whatif__depths": "2",
    "whatif__seeds": "0",
}


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name runs without looking at corpus and teacher; each takes ten seconds."""
    for cached in (sweep_runs.frame, sweep_runs._planned, sweep_runs._left, sweep_runs._cells, sweep_runs._sample):
        cached.clear()

    def identify(configs: Iterable[RunConfig]) -> tuple[RunRequest, ...]:
        return tuple(RunRequest(run=digest(config), config=config, corpus_name="reviews") for config in configs)

    monkeypatch.setattr(requests, "identify", identify)
    monkeypatch.setattr(estimates, "estimate_all", lambda configs, store: 10.0 * len(list(configs)))
    monkeypatch.setattr(sweep, "frame", lambda base: Frame(depths=(1, 2, 3, 4, 5, 6), labels=LABELS))


def fill(at: AppTest, preset: str) -> AppTest:
    return at.selectbox(key="whatif.preset").set_value(preset).run()


def twin(config: RunConfig) -> RunConfig:
    return next(item for item in seeds.family_of(config) if item.method is Method.HARD_LABELS)


def test_it_begins_with_a_good_default(app: App, store: RunStore) -> None:
    at = app("whatif")
    assert at.selectbox(key="whatif.preset").value == "A good default"
    assert at.button(key="whatif.start").label == "Start 36 runs"  # 3 temperatures x 3 depths x 3 seeds, 9 twins
    assert "none known yet · about 6 min" in markdown(at)
    assert "expect a student within a few points" in markdown(at)
    assert figure(at, 0)["layout"]["yaxis"]["ticktext"] == ["T 1", "T 2", "T 4", "No teacher"]
    assert len(at.get("plotly_chart")) == 1  # no curves before there is anything to draw
    assert not at.exception


def test_start_queues_each_run_once_and_cancel_stops_them(app: App, store: RunStore) -> None:
    at = app("whatif", **SMALL)
    at.button(key="whatif.start").click().run()
    assert [(run.config.method, run.state) for run in store.list()] == [
        (Method.DISTILLED, RunState.QUEUED),
        (Method.HARD_LABELS, RunState.QUEUED),
    ]
    assert figure(at, 0)["data"][0]["text"] == ["waiting", "waiting"]
    assert "0 of 2 runs done" in at.get("progress")[0].proto.text
    at.button(key="whatif.cancel").click().run()
    assert {run.state for run in store.list()} == {RunState.CANCELLED}
    assert figure(at, 0)["data"][0]["text"] == ["stopped", "stopped"]
    assert at.button(key="whatif.start").label == "Start 2 runs"
    assert not at.exception


def test_what_is_learning_has_a_preview_that_says_so(app: App, store: RunStore) -> None:
    at = app("whatif", **SMALL)
    at.button(key="whatif.start").click().run()
    with store.owner() as owner:
        run = store.claim(owner)
        assert run is not None
        store.add_event(run.id, Validation(epoch=0.25, score=0.7, agreement=None, low=0.6, high=0.8))
        store.step_back(run.id)  # as it does when others have not had their turn
    assert store.get(run.id).state is RunState.QUEUED
    at.run()
    student, alone = figure(at, 0)["data"][0]["text"]
    assert (student, alone) == ([""], ["<i>70.0</i><br>preview<br>waiting"])  # the twin comes first
    assert "**Preview**, with a dotted edge" in markdown(at)
    table = at.dataframe[-1].value
    assert list(table["verdict"]) == ["", "no teacher, preview"]
    assert list(table["Accuracy (%)"])[1] == pytest.approx(70.0)
    assert list(at.dataframe[0].value.iloc[:, 0])[1:] == ["No teacher", "No teacher, preview"]
    at.selectbox(key="whatif.measure").set_value(KL).run()
    assert "**Preview**" not in markdown(at)
    assert not at.exception


def test_what_is_done_is_shown_and_not_computed_again(app: App, store: RunStore) -> None:
    for seed in (0, 1):
        seeds.finished_family(store, seeds.a_config(seed=seed))
    at = app("whatif", run=seeds.digest(seeds.a_config()), **SMALL)
    at.pills(key="whatif.seeds").set_value([0, 1]).run()
    assert at.button(key="whatif.start").disabled
    heat = figure(at, 0)["data"][0]
    assert heat["z"] == [[pytest.approx(90.0)], [pytest.approx(80.0)]]
    assert heat["text"][0] == ["<b>90.0</b><br>2 seeds"]
    student, alone = figure(at, 1)["data"]
    assert (student["y"], alone["y"]) == ([pytest.approx(90.0)], [pytest.approx(80.0)])
    assert figure(at, 1)["layout"]["shapes"][0]["y0"] == pytest.approx(95.0)  # the teacher
    # Two texts of twenty apart, which texts drawn again may leave out.
    (difference,) = figure(at, 2)["data"]
    assert difference["y"] == [pytest.approx(10.0)]
    assert difference["marker"]["symbol"] == ["hexagon-open"]
    assert "**No difference seen**: 1 of 1 student" in markdown(at)
    table = at.dataframe[-1].value
    assert list(table["verdict"]) == ["no difference seen", "no teacher"]
    assert not at.exception


def test_another_measure_and_another_axis(app: App, store: RunStore) -> None:
    seeds.finished_family(store, seeds.a_config())
    at = app("whatif", **SMALL)
    at.selectbox(key="whatif.measure").set_value(KL).run()
    assert "KL divergence (nats)" in markdown(at)
    assert figure(at, 0)["data"][0]["reversescale"]
    at.selectbox(key="whatif.down").set_value(Axis.DEPTH).run()
    assert figure(at, 0)["layout"]["yaxis"]["ticktext"] == ["2 layers", "No teacher, 2 layers"]
    at.selectbox(key="whatif.measure").set_value(ACCURACY).run()
    at.pills(key="whatif.alphas").set_value([0.5, 0.9]).run()
    # Shown at the first of them until somebody picks the other.
    assert figure(at, 0)["data"][0]["z"] == [[None], [pytest.approx(80.0)]]
    at.segmented_control(key="whatif.still.alpha").set_value(0.9).run()
    assert figure(at, 0)["data"][0]["z"] == [[pytest.approx(90.0)], [pytest.approx(80.0)]]
    assert not at.exception


def test_a_cell_is_opened_and_the_sweep_stays(app: App, store: RunStore) -> None:
    first = seeds.finished_family(store, seeds.a_config(loss=LossConfig(hidden_mse=0.5)))
    at = app("whatif", run=first.id, **SMALL)
    # What a click leaves in the address; AppTest cannot click.
    alone = twin(first.config)
    at.query_params["whatif.cell"] = digest(alone)
    at.run()
    assert "**No teacher · 2 layers** · Accuracy **80.0 %**" in markdown(at)
    at.button(key="whatif.use").click().run()
    assert at.query_params["run"] == digest(alone)
    assert at.query_params["whatif.base"] == f"{first.id}.{digest(alone)}"
    assert figure(at, 0)["data"][0]["z"] == [[pytest.approx(90.0)], [pytest.approx(80.0)]]
    assert not at.exception


def test_presets_fill_in_the_choices(app: App, store: RunStore) -> None:
    at = fill(app("whatif", run=seeds.finished_family(store).id), "Hinton's missing class")
    assert at.selectbox(key="whatif.left_out").value == "mixed"
    assert at.selectbox(key="whatif.measure").value.name == "recall_2"
    assert at.pills(key="whatif.temperatures").value == [2.0, 4.0]
    assert "No training text is labeled “mixed”" in markdown(at)
    at.button(key="whatif.start").click().run()
    assert {run.config.corpus.left_out for run in store.list() if run.state is RunState.QUEUED} == {"mixed"}
    at = fill(at, "3 % of the labels")
    assert (at.selectbox(key="whatif.labeled").value, at.selectbox(key="whatif.left_out").value) == (0.03, "")
    assert at.selectbox(key="whatif.measure").value == ACCURACY
    at.pills(key="whatif.temperatures").set_value([3.0]).run()
    assert at.selectbox(key="whatif.preset").value is None
    assert not at.exception


def test_a_sweep_begins_with_the_labels_that_the_run_in_use_was_told(app: App, store: RunStore) -> None:
    few = replace(RunConfig().corpus, labeled=0.05)
    first = seeds.finished_family(store, seeds.a_config(corpus=few))
    second = seeds.finished_family(store, seeds.a_config(loss=LossConfig(alpha=0.8)))
    at = app("whatif", run=first.id)
    assert (at.selectbox(key="whatif.labeled").value, at.selectbox(key="whatif.preset").value) == (
        0.05,
        "A good default",
    )
    assert "labeled texts included" in markdown(at)
    at.query_params["run"] = second.id
    at.run()
    assert (at.selectbox(key="whatif.labeled").value, at.pills(key="whatif.alphas").value) == (1.0, [0.8])
    at.selectbox(key="whatif.labeled").set_value(0.1).run()
    assert "labeled fraction **10 %** (there 100 %)" in markdown(at)
    assert not at.exception


def test_accuracy_on_the_class_left_out(app: App, store: RunStore) -> None:
    base = RunConfig()
    config = seeds.a_config(corpus=replace(base.corpus, left_out="very positive"))
    for item in (config, twin(config)):
        run = seeds.finished(store, item)
        # The class is the last one of five, of which student and twin get some of four texts wrong.
        assert run.record is not None
    at = app("whatif", whatif__left_out="very positive", whatif__measure="Accuracy on the class left out", **SMALL)
    # Of texts 4, 9, 14 and 19 the student is wrong on the last; the twin too.
    assert figure(at, 0)["data"][0]["z"] == [[pytest.approx(75.0)], [pytest.approx(75.0)]]
    assert not at.exception


def test_choices_of_another_teacher_and_corpus_are_dropped(
    app: App, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = fill(app("whatif"), "Hinton's missing class")
    at.pills(key="whatif.depths").set_value([2, 6]).run()
    sweep_runs.frame.clear()
    monkeypatch.setattr(sweep, "frame", lambda base: Frame(depths=(1, 2), labels=("bad", "good")))
    at.run()
    assert at.selectbox(key="whatif.left_out").value == ""
    assert at.pills(key="whatif.depths").value == [2]
    assert at.selectbox(key="whatif.measure").value == ACCURACY
    assert at.selectbox(key="whatif.left_out").options == ["none"]
    assert not at.exception


def test_too_many_runs_are_refused_in_one_sentence(app: App) -> None:
    temperatures = ["0.5", "1", "2", "3", "4", "6", "8", "12", "20"]
    at = app("whatif", whatif__depths=list("123456"), whatif__temperatures=temperatures, whatif__seeds=list("0123"))
    assert at.error[0].value == "a sweep must have at most 200 runs, got 240; choose fewer values or fewer seeds"
    at.pills(key="whatif.seeds").set_value([]).run()
    assert "choose one at least" in at.error[0].value
    assert not at.exception


def test_a_corpus_that_is_gone_is_explained(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(base: RunConfig) -> Frame:
        raise CorpusError("source must be an existing file, got nothing; check the spelling of the path")

    monkeypatch.setattr(sweep, "frame", refuse)
    at = app("whatif")
    assert at.error[0].value.startswith("source must be an existing file")
    assert not at.exception


def test_failed_runs_and_lost_outputs_are_explained(app: App, store: RunStore) -> None:
    run = seeds.finished_family(store)
    store.folder(run.id).outputs.unlink()
    at = app("whatif", **SMALL)
    assert "cannot be read" in at.error[0].value
    failed = store.add("x", seeds.a_config(), corpus_name="reviews")
    store.cancel(failed.id)
    hotter = replace(seeds.a_config(), loss=LossConfig(temperature=4.0))
    run = store.add(digest(hotter), hotter, corpus_name="reviews")
    with store.owner() as owner:
        store.claim(owner, run.id)
        store.fail(run.id, "the disk is full")
    at = app("whatif", whatif__temperatures="4", whatif__depths="2", whatif__seeds="0")
    assert "the disk is full" in at.error[0].value
    assert not at.exception


def test_the_example_is_known(app: App, store: RunStore, example: object) -> None:
    at = app("whatif", whatif__temperatures="2", whatif__depths="2", whatif__seeds="1")
    assert figure(at, 0)["data"][0]["z"] == [[pytest.approx(90.0)], [pytest.approx(80.0)]]
    assert not at.exception


def test_layers_that_the_run_in_use_names_are_known(app: App, store: RunStore) -> None:
    run = seeds.finished_family(store, seeds.a_config(student=StudentConfig(layers=(0, 2, 5))))
    at = app("whatif", run=run.id, whatif__temperatures="2", whatif__depths="3", whatif__seeds="0")
    assert figure(at, 0)["data"][0]["z"] == [[pytest.approx(90.0)], [pytest.approx(80.0)]]
    assert not at.exception
