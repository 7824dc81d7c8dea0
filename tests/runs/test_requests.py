"""The whole on one screen: what is asked for, under which names, and that nothing is computed twice."""

import errno
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import distil_core
from distil_core import api
from distil_core.api import distil
from distil_core.errors import Cancelled, ConfigError, CorpusError, ModelError, StoreError, TeacherError
from distil_core.models import checkpoints
from distil_core.models.heads import output_layer
from distil_core.runs import estimates, families, foreground, reading, requests, workers
from distil_core.runs import execute as run_execute
from distil_core.runs.estimates import estimate_all, estimate_seconds
from distil_core.runs.folder import RunFolder
from distil_core.runs.foreground import run_all
from distil_core.runs.requests import identify, submit, with_twins
from distil_core.runs.rows import Run, RunState
from distil_core.runs.sources import CombinedRuns, ShippedRuns
from distil_core.runs.store import RunStore
from distil_core.settings import hardware
from distil_core.settings.canonical import canonical, portable, restore_config
from distil_core.settings.config import (
    CorpusConfig,
    LossConfig,
    Method,
    Precision,
    RunConfig,
    StudentConfig,
    TeacherConfig,
)
from distil_core.settings.serialization import to_json
from distil_core.tasks.classification import tfidf
from distil_core.tasks.corpora import load_corpus
from distil_core.tasks.task import Task
from distil_core.training.events import Event, Validation
from tests import tiny
from tests.factories import a_corpus_summary, a_run_record

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "store")


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute nothing: a run is done as soon as somebody wants to compute it."""

    def execute(run: Run, store: RunStore, *, on_event: Any = None) -> None:
        files = store.folder(run.id)
        files.student.mkdir(exist_ok=True)
        for path in (files.student / "model.safetensors", files.outputs, files.test_texts):
            path.touch()
        store.finish(run.id, a_run_record(run.id, run.config))

    monkeypatch.setattr(run_execute, "execute", execute)


def ids(runs: tuple[Run, ...]) -> dict[Method, str]:
    return {run.config.method: run.id for run in runs}


class TestPlan:
    def test_a_student_has_three_twins(self) -> None:
        assert tuple(config.method for config in with_twins(RunConfig())) == Task.methods
        assert [config.method for config in with_twins(RunConfig(), twins=False)] == [Method.DISTILLED]

    def test_a_twin_is_on_its_own(self) -> None:
        assert [config.method for config in with_twins(RunConfig(method=Method.BASELINE))] == [Method.BASELINE]


class TestSubmit:
    def test_runs_are_queued_and_named_by_what_is_in_them(self, lab: tiny.Lab, store: RunStore, tmp_path: Path) -> None:
        runs = submit(lab.config(), store)
        assert {run.state for run in runs} == {RunState.QUEUED}
        assert {run.corpus_name for run in runs} == {"weather"}
        assert len(set(ids(runs).values())) == 4
        with store.owner() as owner:
            first = store.claim(owner)
            assert first is not None
            assert first.config.method is Method.BASELINE  # what the teacher is worth beside it is known first
        elsewhere = tiny.Lab(
            corpus=Path(shutil.copy(lab.corpus, tmp_path / "weather.csv")),
            test=Path(shutil.copy(lab.test, tmp_path / "test.csv")),
            teacher=Path(shutil.copytree(lab.teacher, tmp_path / "model")),
        )
        assert ids(submit(elsewhere.config(), store)) == ids(runs)
        assert len(store.list()) == 4

    def test_paths_are_kept_absolute(self, lab: tiny.Lab, store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(lab.corpus.parent)
        config = lab.config(
            corpus=CorpusConfig(source=lab.corpus.name, test=lab.test.name),
            teacher=TeacherConfig(source=lab.teacher.name, max_length=tiny.LENGTH),
        )
        run, *_ = submit(config, store)
        assert run.config.corpus == CorpusConfig(source=str(lab.corpus), test=str(lab.test))
        assert run.config.teacher.source == str(lab.teacher)
        assert ids((run,)) == ids(submit(lab.config(), store, twins=False))

    def test_a_name_is_not_taken_for_a_folder(
        self, lab: tiny.Lab, store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "here" / "shipped").mkdir(parents=True)
        monkeypatch.chdir(tmp_path / "here")
        monkeypatch.setattr("distil_core.models.checkpoints._ASSETS", lab.teacher.parent)
        run, *_ = submit(lab.config(teacher=TeacherConfig()), store)
        assert run.config.teacher.source == "shipped"

    def test_contents_and_settings_make_another_run(self, lab: tiny.Lab, store: RunStore, tmp_path: Path) -> None:
        other = tmp_path / "other.csv"
        other.write_text(lab.corpus.read_text().replace("snow", "sleet"))
        configs = [
            lab.config(),
            lab.config(seed=1),
            lab.config(loss=LossConfig(temperature=5.0)),
            lab.config(student=StudentConfig(depth=3)),
            lab.config(corpus=CorpusConfig(source=str(other), test=str(lab.test))),
        ]
        assert len({submit(config, store, twins=False)[0].id for config in configs}) == len(configs)

    def test_temperatures_share_their_twins(self, lab: tiny.Lab, store: RunStore) -> None:
        cold, hot = (ids(submit(lab.config(loss=LossConfig(temperature=t)), store)) for t in (1.0, 8.0))
        assert cold.pop(Method.DISTILLED) != hot.pop(Method.DISTILLED)
        assert cold == hot

    def test_precision_and_threads_are_part_of_the_name(self, lab: tiny.Lab, store: RunStore) -> None:
        (run,) = submit(lab.config(), store, twins=False)
        training = run.config.training
        assert (training.precision, training.threads) == (Precision.FP32, hardware.threads_per_run())
        for changes in ({"precision": Precision.BF16}, {"threads": training.threads + 1}):
            (other,) = submit(lab.config(training=replace(lab.config().training, **changes)), store, twins=False)
            assert other.id != run.id
        usual = replace(lab.config().training, precision=Precision.AUTO)
        named = replace(usual, precision=hardware.resolve_precision(Precision.AUTO))
        assert len({ids(submit(lab.config(training=each), store))[Method.BASELINE] for each in (usual, named)}) == 1

    def test_runs_of_the_first_schema_stay_with_their_twins(self, lab: tiny.Lab, store: RunStore) -> None:
        """Their settings leave precision and threads open, and their names are others; a new request is a new run."""
        (asked, *twins) = (restore_config(to_json(portable(config))) for config in with_twins(lab.config()))
        run = store.add("0123456789abcdef", asked, corpus_name="weather")
        for config in twins:
            store.add(f"old-{config.method}", config, corpus_name="weather")
        assert {twin.id for twin in families.twins(run, store.list())} == {
            "old-hard-labels",
            "old-layer-cut",
            "old-baseline",
        }
        assert {new.state for new in submit(lab.config(), store)} == {RunState.QUEUED}
        assert len(store.list()) == 8

    def test_what_cannot_matter_makes_no_other_run(self, lab: tiny.Lab, store: RunStore) -> None:
        found = {
            submit(config, store, twins=False)[0].id
            for config in (
                lab.config(),
                lab.config(teacher=replace(lab.config().teacher, epochs=9, learning_rate=1e-2)),  # it has a head
                lab.config(student=StudentConfig(depth=2, width=tiny.WIDTH)),  # which is the teacher's
            )
        }
        assert len(found) == 1

    @pytest.mark.parametrize(
        ("changes", "error", "problem"),
        [
            (
                {"student": StudentConfig(depth=9)},
                ConfigError,
                "student.depth must be at most the teacher's 4 layers, got 9",
            ),
            (
                {"student": StudentConfig(width=64)},
                ConfigError,
                "student.width must be at most the teacher's 32, got 64",
            ),
            ({"loss": LossConfig(alpha=2.0)}, ConfigError, "loss.alpha must be at most 1, got 2.0"),
            ({"corpus": CorpusConfig(source="no.csv")}, CorpusError, "check the spelling of the path"),
            ({"corpus": CorpusConfig(source="~nobody-there/no.csv")}, CorpusError, "check the spelling of the path"),
            ({"corpus": CorpusConfig(source="hub:no/such/set")}, CorpusError, "no/such/set"),
            ({"teacher": TeacherConfig(source="/no/where")}, ModelError, "no such folder"),
        ],
    )
    def test_what_cannot_work_is_refused_at_once(
        self, lab: tiny.Lab, store: RunStore, changes: dict[str, Any], error: type[Exception], problem: str
    ) -> None:
        for ask in (submit, estimate_seconds):
            with pytest.raises(error) as caught:
                ask(lab.config(**changes), store)
            assert problem in str(caught.value)
        assert store.list() == ()


class TestRunning:
    def test_all_of_it(self, lab: tiny.Lab, store: RunStore) -> None:
        heard: list[tuple[Method, Event]] = []
        found = run_all(lab.config(), store, on_event=lambda run, event: heard.append((run.config.method, event)))
        in_order = [Method.BASELINE, Method.DISTILLED, Method.HARD_LABELS, Method.LAYER_CUT]
        assert list(dict.fromkeys(method for method, _ in heard)) == in_order
        assert found.hard_label_twin is not None
        assert found.layer_cut_twin is not None
        assert found.baseline is not None
        methods = [record.config.method for record in (found.hard_label_twin, found.layer_cut_twin, found.baseline)]
        assert methods == [Method.HARD_LABELS, Method.LAYER_CUT, Method.BASELINE]
        assert found.folder == store.folder(found.run)
        assert {run.state for run in store.list()} == {RunState.DONE}
        data = found.to_json()
        assert list(data)[:10] == [
            "run",
            "task",
            "primary",
            "teacher",
            "student",
            "hard_label_twin",
            "layer_cut_twin",
            "baseline",
            "tfidf",
            "seconds",
        ]
        assert found.tfidf is found.baseline
        assert data["tfidf"] == data["baseline"]
        figures = {"accuracy", "macro_f1", "agreement", "kl_nats", "loyalty", "ece", "nll", "parameters", "bytes"}
        assert figures | {"latency_ms"} <= set(data["student"])
        assert set(data["student"]["latency_ms"]) == {"p5", "p50", "p95"}
        assert (data["task"], data["primary"]) == ("classification", "accuracy")
        score = data["student"]["scores"]["accuracy"]
        assert [score["low"], score["high"]] == data["student"]["accuracy_interval"]
        assert score["low"] <= score["value"] == data["student"]["accuracy"] <= score["high"]
        assert "agreement" not in data["teacher"]
        assert data["student"]["accuracy"] == found.record.score.value
        assert data["teacher"]["accuracy"] > 0.8
        assert data["layers"] == [0, 3]

    def test_a_file_called_reviews_is_no_built_in_corpus(self, lab: tiny.Lab, store: RunStore, tmp_path: Path) -> None:
        file = shutil.copy(lab.corpus, tmp_path / "reviews.csv")
        config = lab.config(method=Method.BASELINE, corpus=CorpusConfig(source=str(file), test=str(lab.test)))
        found = run_all(config, store)
        assert found.record.corpus.name == "reviews"
        assert found.record.model.probe_score is None

    def test_what_is_done_is_answered_at_once(
        self, lab: tiny.Lab, store: RunStore, idle: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = run_all(lab.config(), store)
        monkeypatch.setattr(run_execute, "execute", None)
        assert run_all(lab.config(), store) == first
        assert estimate_seconds(lab.config(), store) == 0.0

    def test_without_twins_there_are_none(self, lab: tiny.Lab, store: RunStore, idle: None) -> None:
        found = run_all(lab.config(), store, twins=False)
        assert (found.hard_label_twin, found.layer_cut_twin, found.baseline) == (None, None, None)
        assert found.to_json()["baseline"] is None
        assert len(store.list()) == 1

    def test_texts_that_change_while_a_run_waits_are_refused(
        self, lab: tiny.Lab, store: RunStore, tmp_path: Path
    ) -> None:
        file = Path(shutil.copy(lab.corpus, tmp_path / "mine.csv"))
        config = lab.config(method=Method.BASELINE, corpus=CorpusConfig(source=str(file), test=str(lab.test)))
        (run,) = submit(config, store)
        file.write_text(file.read_text().replace("snow", "sleet"))
        with store.owner() as owner:
            claimed = store.claim(owner, run.id)
            assert claimed is not None
            with pytest.raises(CorpusError, match="the texts of mine or the files of the teacher"):
                run_execute.execute(claimed, store)

    def test_a_failure_is_kept_with_its_reason(self, lab: tiny.Lab, store: RunStore, tmp_path: Path) -> None:
        useless = tiny.model()
        output_layer(useless).weight.data.zero_()
        useless.save_pretrained(tmp_path / "useless")
        tiny.tokenizer().save_pretrained(tmp_path / "useless")
        config = lab.config(teacher=TeacherConfig(source=str(tmp_path / "useless")))
        with pytest.raises(
            TeacherError,
            match=r"its accuracy on the 6 validation texts is 33\.3%.* The baseline \(TF-IDF\) needs no teacher: its",
        ):
            run_all(config, store)
        failed = [run for run in store.list() if run.state is RunState.FAILED]
        assert [run.config.method for run in failed] == [Method.DISTILLED]
        done = [run.config.method for run in store.list() if run.state is RunState.DONE]
        assert done == [Method.BASELINE]
        assert "has nothing to teach" in failed[0].error

    @pytest.mark.parametrize(("name", "states"), [("config.json", ["done"]), ("tokenizer.json", ["done", "failed"])])
    def test_the_baseline_needs_no_teacher_that_can_be_used(
        self, lab: tiny.Lab, store: RunStore, tmp_path: Path, name: str, states: list[str]
    ) -> None:
        folder = Path(shutil.copytree(lab.teacher, tmp_path / "broken"))
        (folder / name).write_text("{")
        config = lab.config(teacher=TeacherConfig(source=str(folder)))
        with pytest.raises(ModelError, match=r"broken.* The baseline \(TF-IDF\) needs no teacher: its accuracy"):
            run_all(config, store)
        assert sorted(run.state for run in store.list() if run.state.over) == states
        (baseline,) = [run for run in store.list() if run.state is RunState.DONE]
        assert baseline.config.method is Method.BASELINE
        record = baseline.record
        assert record is not None
        assert record.teacher is None
        assert "agreement" not in record.model.metrics
        sound = run_all(lab.config(method=Method.BASELINE), store).record
        assert record.score == sound.score
        assert [note for note in record.corpus.notes if note.startswith("the teacher cannot be used, which the")]
        assert store.folder(baseline.id).read_predictions().test.teacher_logits is None

    def test_a_fault_of_the_program_fails_the_run_with_its_reason(
        self, lab: tiny.Lab, store: RunStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        problems = iter([ZeroDivisionError("by 0"), OSError(errno.ENOSPC, "No space left on device")])

        def fail(*_: Any, **__: Any) -> Any:
            raise next(problems)

        monkeypatch.setattr(run_execute, "gather_materials", fail)
        with pytest.raises(ZeroDivisionError):
            run_all(lab.config(), store, twins=False)
        (run,) = store.list()
        assert run.state is RunState.FAILED
        assert run.error.startswith("internal error: ZeroDivisionError: by 0 (traceback in")
        with pytest.raises(StoreError, match=r"cannot be written to .*; make room on it, then run it again"):
            run_all(lab.config(), store, twins=False)
        assert "make room" in store.get(run.id).error

    def test_files_deleted_by_hand_are_computed_again(self, lab: tiny.Lab, store: RunStore) -> None:
        found = run_all(lab.config(), store, twins=False)
        shutil.rmtree(found.folder.student)
        (queued,) = submit(lab.config(), store, twins=False)
        assert queued.state is RunState.QUEUED
        assert run_all(lab.config(), store, twins=False).folder.has_student

    def test_a_cancelled_run_is_cancelled(self, lab: tiny.Lab, store: RunStore) -> None:
        def stop(run: Run, event: Event) -> None:
            store.cancel(run.id)

        with pytest.raises(Cancelled):
            run_all(lab.config(), store, twins=False, on_event=stop)
        assert store.list()[0].state is RunState.CANCELLED

    def test_a_cancelled_run_stops_where_it_tells_nothing(
        self, lab: tiny.Lab, store: RunStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (run,) = submit(lab.config(method=Method.BASELINE), store)
        asked: list[float] = []

        def fit(*_: object, **__: object) -> None:
            store.cancel(run.id)
            asked.append(time.monotonic())
            while time.monotonic() < asked[0] + 30:
                time.sleep(0.01)

        monkeypatch.setattr(tfidf.TfidfBaseline, "fit", fit)
        with pytest.raises(Cancelled):
            run_all(run.config, store)
        assert time.monotonic() - asked[0] < 2
        assert store.get(run.id).state is RunState.CANCELLED

    def test_what_somebody_else_computes_is_waited_for(
        self, lab: tiny.Lab, store: RunStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (run,) = submit(lab.config(), store, twins=False)
        told = Validation(epoch=1.0, score=0.5, agreement=None)
        heard: list[Event] = []
        with store.owner() as other:
            store.claim(other, run.id)

            def tend(store: RunStore, run_ids: list[str], *, on_event: Callable[[str, Event], None]) -> tuple[Run, ...]:
                on_event(run.id, told)
                store.finish(run.id, a_run_record(run.id, run.config))
                return (store.get(run.id),)

            monkeypatch.setattr(workers, "wait", tend)
            found = run_all(lab.config(), store, twins=False, on_event=lambda _, event: heard.append(event))
        assert found.run == run.id
        assert heard == [told]

    def test_what_nobody_is_at_comes_before_waiting(
        self, lab: tiny.Lab, store: RunStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        student, *_ = submit(lab.config(), store)
        done: list[Method] = []
        with store.owner() as other:
            store.claim(other, student.id)

            def wait(store: RunStore, run_ids: list[str], **_: object) -> tuple[Run, ...]:
                store.finish(student.id, a_run_record(student.id, student.config))
                return (store.get(student.id),)

            monkeypatch.setattr(workers, "wait", wait)
            result = run_all(lab.config(), store, on_done=lambda run: done.append(run.config.method))
        assert done == [Method.BASELINE, Method.HARD_LABELS, Method.LAYER_CUT, Method.DISTILLED]
        assert result.run == student.id

    @pytest.mark.parametrize(("settings", "first"), [({}, Method.HARD_LABELS), ({"method": Method.LAYER_CUT}, None)])
    def test_the_student_is_computed_here_and_a_twin_by_a_helper(
        self,
        lab: tiny.Lab,
        store: RunStore,
        settings: dict[str, Any],
        first: Method | None,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("DISTIL_LAB_WORKERS", "2")
        started: list[tuple[str, ...]] = []
        monkeypatch.setattr(workers, "_spawn", lambda _, command: started.append(command))
        run_all(lab.config(**settings), store, assisted=True)
        assert [store.get(command[-1]).config.method for command in started] == ([first] if first else [])
        assert all(command[-2] == "--first" for command in started)

    def test_waiting_starts_no_worker_and_notices_a_dead_one(
        self, lab: tiny.Lab, store: RunStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(workers, "_spawn", lambda *_: pytest.fail("somebody else computes it"))

        def submitted(*args: Any, **settings: Any) -> tuple[Run, ...]:
            runs = submit(*args, **settings)
            store.claim("nobody", runs[0].id)
            return runs

        monkeypatch.setattr(foreground, "submit", submitted)
        with pytest.raises(StoreError, match="was interrupted elsewhere"):
            run_all(lab.config(), store, twins=False)

    def test_what_a_killed_process_left_is_computed(self, lab: tiny.Lab, store: RunStore) -> None:
        (run,) = submit(lab.config(), store, twins=False)
        store.claim("nobody", run.id)
        assert run_all(lab.config(), store, twins=False).run == run.id
        assert store.get(run.id).state is RunState.DONE

    def test_what_somebody_else_fails_at_is_said(
        self, lab: tiny.Lab, store: RunStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (run,) = submit(lab.config(), store, twins=False)

        def tend(store: RunStore, run_ids: list[str], *, on_event: None) -> tuple[Run, ...]:
            store.fail(run.id, "the disk is full")
            return (store.get(run.id),)

        monkeypatch.setattr(workers, "wait", tend)
        with store.owner() as other:
            store.claim(other, run.id)
            with pytest.raises(StoreError, match=rf"run {run.id} was failed elsewhere \(the disk is full\); try again"):
                run_all(lab.config(), store, twins=False)


class TestEstimate:
    def test_nobody_knows_before_the_first_run(self, lab: tiny.Lab, store: RunStore) -> None:
        assert estimate_seconds(lab.config(), store) is None

    def test_before_the_first_run_what_ships_tells(self, lab: tiny.Lab, experienced: RunStore, tmp_path: Path) -> None:
        (run,) = experienced.list()
        shipped = RunFolder(path=tmp_path / "shipped" / run.config.method)
        shutil.copytree(experienced.folder(run.id).path, shipped.path)
        shipped.record.write_text(json.dumps(to_json(run.record)), encoding="utf-8")
        fresh = CombinedRuns(ShippedRuns(tmp_path / "shipped"), RunStore(tmp_path / "fresh"))
        assert estimate_seconds(lab.config(), fresh) == estimate_seconds(lab.config(), experienced)

    @pytest.fixture
    def experienced(self, lab: tiny.Lab, store: RunStore) -> RunStore:
        """One run of two layers of width 32, 540 texts in 10 s, with 3 s on top."""
        config = lab.config(student=StudentConfig(depth=2), seed=99)
        (run,) = submit(config, store, twins=False)
        store.folder(run.id).student.mkdir(parents=True)
        (store.folder(run.id).student / "config.json").write_text('{"hidden_size": 32}')
        n_words = [len(text.split()) for text in load_corpus(run.config.corpus).train.texts]
        mean_tokens = estimates.mean_tokens(n_words, tiny.LENGTH)
        seconds = {"training": 10.0, "measurement": 2.0, "teacher_outputs": 1.0, "teacher": 0.0, "total": 13.0}
        record = a_run_record(
            run.id,
            run.config,
            corpus=a_corpus_summary(mean_tokens=mean_tokens),
            layers=(0, 3),
            seconds=seconds,
            examples_seen=540,
        )
        with store.owner() as owner:
            store.claim(owner, run.id)
            store.finish(run.id, record)
        return store

    def test_it_grows_with_the_work(self, lab: tiny.Lab, experienced: RunStore) -> None:
        # 54 texts once are a second for each of the two that are trained, and four runs take 3 s on top.
        assert estimate_seconds(lab.config(), experienced) == pytest.approx(2 * 1.0 + 4 * 3.0)
        longer = lab.config(training=replace(lab.config().training, epochs=5))
        assert estimate_seconds(longer, experienced) == pytest.approx(2 * 5.0 + 4 * 3.0)
        deeper = lab.config(student=StudentConfig(layers=(0, 1, 2, 3)))
        assert estimate_seconds(deeper, experienced) == pytest.approx(2 * 2.0 + 4 * 3.0)
        pruned = lab.config(student=StudentConfig(depth=2, heads=0.5, neurons=0.25))
        assert estimate_seconds(pruned, experienced) == pytest.approx(2 * (4 * 0.5 + 8 * 0.25) / 12 + 4 * 3.0)

    def test_fine_tuning_comes_on_top(
        self, lab: tiny.Lab, experienced: RunStore, checkpoint: Callable[..., Path]
    ) -> None:
        config = lab.config(teacher=TeacherConfig(source=str(checkpoint()), epochs=3))
        assert estimate_seconds(config, experienced) == pytest.approx(2 * 1.0 + 4 * 3.0 + 3 * 2.0)

    def test_twins_that_are_done_take_no_time(
        self, lab: tiny.Lab, experienced: RunStore, idle: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = estimates.measured_speed(experienced)
        run_all(lab.config(), experienced)
        monkeypatch.setattr(estimates, "measured_speed", lambda store: first)
        hotter = lab.config(loss=LossConfig(temperature=9.0))
        assert estimate_seconds(hotter, experienced) == pytest.approx(1.0 + 3.0)

    def test_runs_without_training_or_figures_teach_nothing(self, lab: tiny.Lab, store: RunStore) -> None:
        for seed, changes in enumerate(
            (
                {"seconds": {}},
                {"examples_seen": 0},
                {},
            )
        ):
            (run,) = submit(lab.config(seed=seed), store, twins=False)
            with store.owner() as owner:
                store.claim(owner, run.id)
                seconds = {"training": 10.0, "measurement": 2.0, "teacher_outputs": 1.0}
                store.finish(run.id, a_run_record(run.id, run.config, **{"seconds": seconds, **changes}))
            store.folder(run.id).student.mkdir()
            content = '{"hidden_size": 32}' if changes else "damaged"
            (store.folder(run.id).student / "config.json").write_text(content)
        assert estimate_seconds(lab.config(seed=50), store) is None

    def test_what_several_need_alike_is_counted_once(
        self, lab: tiny.Lab, experienced: RunStore, checkpoint: Callable[..., Path]
    ) -> None:
        config = lab.config(teacher=TeacherConfig(source=str(checkpoint()), epochs=3))
        hotter = replace(config, loss=LossConfig(temperature=9.0))
        # Three students of a second each, with what comes on top, and the teacher's three seconds of two layers' worth.
        twice = (*with_twins(config, twins=False), *with_twins(hotter), *with_twins(config, twins=False))
        wanted = {asked.run for asked in identify(twice)}
        assert len(wanted) == 5
        assert estimate_all(twice, experienced) == pytest.approx(3 * 1.0 + 5 * 3.0 + 3 * 2.0)


class TestManyAtOnce:
    def test_corpus_and_teacher_are_looked_at_once(
        self, lab: tiny.Lab, monkeypatch: pytest.MonkeyPatch, store: RunStore
    ) -> None:
        read: list[CorpusConfig] = []
        located: list[str] = []

        def outline(config: CorpusConfig, task: str) -> Any:
            read.append(config)
            return reading.outline(config, task)

        usual = checkpoints.locate
        monkeypatch.setattr(requests, "locate", lambda source: (located.append(source), usual(source))[1])
        base = lab.config()
        missing = replace(base, corpus=replace(base.corpus, left_out="cold"))
        others = (*(replace(base, seed=seed) for seed in range(1, 20)), missing)
        configs = [*with_twins(base), *map(canonical, others)]
        found = identify(configs, read=outline)
        assert len({asked.run for asked in found}) == len(configs)
        assert [asked.run for asked in found[:4]] == [run.id for run in submit(base, store, read=outline)]
        assert (len(read), len(located)) == (2, 2)  # once for all of them, once for what was queued to compare with

    def test_nothing_is_queued_before_it_is_added(self, lab: tiny.Lab, store: RunStore) -> None:
        (asked,) = identify(with_twins(lab.config(), twins=False))
        assert store.list() == ()
        assert asked.add(store).state is RunState.QUEUED
        assert [(run.id, run.config, run.corpus_name) for run in store.list()] == [
            (asked.run, asked.config, asked.corpus_name)
        ]

    def test_a_class_that_is_not_there_cannot_be_left_out(self, lab: tiny.Lab, store: RunStore) -> None:
        wrong = replace(lab.config(), corpus=replace(lab.config().corpus, left_out="icy"))
        with pytest.raises(ConfigError, match=r"left_out must be a label of weather \(cold, hot, mild\), got 'icy'"):
            submit(wrong, store)


LIGHT = ("cli", "runs.foreground", "runs.requests", "runs.workers", "reporting.figures", "data.sources")


class TestPackage:
    def test_names_are_exact_and_all_there(self) -> None:
        assert distil_core.__all__ == sorted(distil_core.__all__)
        assert {name for name in distil_core.__all__ if not hasattr(distil_core, name)} == set()
        assert set(distil_core.__all__) <= set(dir(distil_core))
        assert distil_core.distil is distil
        assert distil_core.distil_models is api.distil_models
        errors = {name for name in vars(distil_core.errors) if name.endswith("Error") or name == "Cancelled"}
        configs = {name for name in vars(distil_core.settings.config) if name.endswith("Config")}
        enums = {"Init", "LayerMap", "Precision", "Method"}
        assert set(distil_core.__all__) == errors | configs | enums | {"distil", "distil_models"}

    def test_an_unknown_name_is_an_error(self) -> None:
        with pytest.raises(AttributeError, match="module 'distil_core' has no attribute 'destil'"):
            _ = distil_core.destil  # type: ignore[attr-defined]

    def test_asking_does_not_wait_for_torch(self) -> None:
        modules = ", ".join(f"distil_core.{name}" for name in LIGHT)
        program = f"import sys, {modules}; print(sorted({{'torch', 'transformers'}} & set(sys.modules)))"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"
