"""One run from the corpus to the record: what it leaves, and what stopping it does."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForSequenceClassification

from distil_core.cli import main
from distil_core.data import reviews, tokenization
from distil_core.data.tokenization import encode
from distil_core.errors import Cancelled, Deferred, ModelError, StoreError
from distil_core.evaluation import bootstrap, environment
from distil_core.models import forward, loading, surgery
from distil_core.models.checkpoints import locate
from distil_core.runs import encoding, execute, foreground, materials, requests, workers
from distil_core.runs.materials import Stopwatch
from distil_core.runs.rows import Run, RunState
from distil_core.runs.store import RunStore
from distil_core.settings import hardware
from distil_core.settings.canonical import canonical, portable, restore_config
from distil_core.settings.config import (
    CorpusConfig,
    LossConfig,
    Method,
    Precision,
    Recipe,
    RunConfig,
    StudentConfig,
    TeacherConfig,
    TrainingConfig,
)
from distil_core.settings.serialization import to_json
from distil_core.tasks.classification import TextClassification, tfidf
from distil_core.tasks.corpora import load_corpus
from distil_core.training import teacher_checks, trainer
from distil_core.training.cache import Cache
from distil_core.training.events import WAITING, Event, Stage, Step, TeacherMeasured, Validation
from distil_core.training.lessons import TrainingData
from tests import tiny
from tests.factories import a_step

ORDER = [0, 2, 1]
"""Outputs of the teacher in the order of the corpus in the file, whose labels are sorted by name."""
pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "store")


def claimed(config: RunConfig, store: RunStore, owner: str) -> Run:
    run = requests.submit(config, store, twins=False)[0]
    found = store.claim(owner, run.id)
    assert found is not None
    return found


def done(config: RunConfig, store: RunStore) -> Run:
    """Compute a run here, and return it."""
    return store.get(foreground.run_all(config, store, twins=False).run)


def answers(run: Run, store: RunStore) -> dict[str, torch.Tensor]:
    return load_file(store.folder(run.id).outputs)


class TestWhatIsLeft:
    def test_the_student_in_its_folder_says_what_was_measured(self, lab: tiny.Lab, store: RunStore) -> None:
        run = done(lab.config(), store)
        folder, record = store.folder(run.id), run.record
        assert record is not None
        rows = [json.loads(line) for line in folder.test_texts.read_text().splitlines()]
        corpus = load_corpus(lab.config().corpus)
        assert [row["text"] for row in rows] == list(corpus.test.texts)
        assert [row["label"] for row in rows] == list(corpus.test.labels)
        student = AutoModelForSequenceClassification.from_pretrained(folder.student).eval()
        words = loading.load_tokenizer(folder.student)
        with torch.inference_mode():
            batch = words([row["text"] for row in rows], padding=True, return_tensors="pt")
            logits = student(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
        found = answers(run, store)
        torch.testing.assert_close(found["test_logits"], logits, atol=1e-5, rtol=0)
        test = folder.read_predictions().test
        assert record.model.metrics == bootstrap.measure(test, TextClassification().metrics)
        assert set(record.model.metrics) == {metric.name for metric in TextClassification().metrics}
        assert record.model.cost is not None
        assert record.model.cost.parameters == sum(p.numel() for p in student.parameters())
        assert record.model.cost.bytes == (folder.student / "model.safetensors").stat().st_size
        assert not folder.checkpoint.exists()

    @pytest.mark.parametrize("precision", [Precision.FP32, Precision.BF16])
    def test_the_quick_recipe_makes_teacher_and_student_in_either_precision(
        self, precision: Precision, store: RunStore, lab: tiny.Lab, tmp_path: Path
    ) -> None:
        encoder = tiny.save("bert", tmp_path / "encoder")
        training = TrainingConfig(recipe=Recipe.QUICK, precision=precision, threads=1)
        teacher = TeacherConfig(source=str(encoder), max_length=tiny.LENGTH)
        run = done(lab.config(teacher=teacher, training=training), store)
        assert run.record is not None
        assert run.record.teacher_name.endswith("(fine-tuned)")
        assert run.record.environment.precision == precision
        assert all(bool(logits.float().isfinite().all()) for logits in answers(run, store).values())

    def test_the_teacher_is_measured_too(self, lab: tiny.Lab, store: RunStore) -> None:
        run = done(lab.config(), store)
        record, found = run.record, answers(run, store)
        assert record is not None
        assert record.teacher is not None
        tokens = encode(tiny.tokenizer(), load_corpus(lab.config().corpus).test.texts, max_length=40)
        teacher = loading.load_model(lab.teacher)
        expected = forward.predict(teacher, tokens, padding=0)[:, ORDER]
        torch.testing.assert_close(found["teacher_test_logits"], expected, atol=1e-5, rtol=0)
        test = store.folder(run.id).read_predictions().test
        assert record.teacher.metrics == bootstrap.measure(test.teacher, TextClassification().metrics)
        assert record.teacher.cost is not None
        assert record.teacher.cost.bytes == (lab.teacher / "model.safetensors").stat().st_size

    def test_the_record_says_how_it_came_about(self, lab: tiny.Lab, store: RunStore) -> None:
        config = lab.config(training=replace(lab.config().training, epochs=2))
        record = done(config, store).record
        assert record is not None
        assert record.examples_seen == 2 * record.corpus.n_train
        assert (record.corpus.n_train, record.corpus.n_validation, record.corpus.n_test) == (54, 6, 30)
        assert record.corpus.constant_score == pytest.approx(1 / 3)
        assert record.layers == (0, 3)
        assert set(record.seconds) == {"teacher", "teacher_outputs", "training", "measurement", "total"}
        parts = [seconds for part, seconds in record.seconds.items() if part != "total"]
        assert 0 < sum(parts) <= record.seconds["total"]
        assert record.environment.precision == "fp32"
        assert record.environment.processor
        assert record.environment.versions["torch"] == version("torch")

    def test_events_tell_stages_steps_and_epochs(self, lab: tiny.Lab, store: RunStore) -> None:
        run = done(lab.config(), store)
        events = [event for _, event in store.events(run.id)]
        stages = list(dict.fromkeys(event.name for event in events if isinstance(event, Stage)))
        assert stages == [
            "Reading the corpus",
            "Loading the teacher",
            "Teacher outputs",
            "Training the student",
            "Measuring",
        ]
        last = next(event for event in reversed(events) if isinstance(event, Step))
        assert last.step == last.n_steps
        assert [event.epoch for event in events if isinstance(event, Validation)] == [execute.EARLY, 1.0]
        assert run.record is not None
        (measured,) = (event for event in events if isinstance(event, TeacherMeasured))
        assert 0 < measured.score <= 1

    def test_the_baseline_leaves_answers_and_no_model(self, lab: tiny.Lab, store: RunStore) -> None:
        run = done(lab.config(method=Method.BASELINE), store)
        assert run.record is not None
        assert not store.folder(run.id).student.exists()
        assert run.record.layers == ()
        assert run.record.teacher is not None
        assert run.record.teacher.cost is None
        assert run.record.model.cost is not None
        assert run.record.model.cost.latency_ms is not None
        assert answers(run, store)["test_logits"].shape == (30, 3)

    def test_the_cut_is_what_nobody_trained(self, lab: tiny.Lab, store: RunStore) -> None:
        run = done(lab.config(method=Method.LAYER_CUT), store)
        assert run.record is not None
        assert run.record.examples_seen == 0
        cut, _ = surgery.cut_student(loading.load_model(lab.teacher), StudentConfig(depth=2))
        tokens = encode(tiny.tokenizer(), load_corpus(lab.config().corpus).test.texts, max_length=40)
        expected = forward.predict(cut, tokens, padding=0)[:, ORDER]
        torch.testing.assert_close(answers(run, store)["test_logits"], expected, atol=1e-5, rtol=0)

    def test_without_layers_a_student_starts_from_a_fitted_head_and_goes_on_in_another_run(
        self, lab: tiny.Lab, store: RunStore
    ) -> None:
        static = lab.config(student=StudentConfig(depth=0))
        cut, learned = done(replace(static, method=Method.LAYER_CUT), store), done(static, store)
        parent = replace(static, student=StudentConfig(depth=0, parent=learned.id), seed=1)
        assert cut.record
        assert learned.record
        assert cut.record.score.value > 0.6  # with three labels
        assert learned.record.layers == ()
        head = answers(cut, store)["test_logits"]
        assert not torch.equal(head, answers(learned, store)["test_logits"])
        untrained = replace(parent, training=replace(parent.training, epochs=0))
        again = done(untrained, store)
        torch.testing.assert_close(answers(again, store)["test_logits"], answers(learned, store)["test_logits"])

    def test_hard_labels_do_without_the_teacher(
        self, lab: tiny.Lab, store: RunStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[LossConfig] = []
        original = materials.teacher_outputs.teacher_outputs

        def spy(*arguments: Any, **options: Any) -> Any:
            asked.append(options["loss"])
            return original(*arguments, **options)

        monkeypatch.setattr(materials.teacher_outputs, "teacher_outputs", spy)
        loss = LossConfig(hidden_mse=1.0, attention_kl=1.0)
        run = done(lab.config(method=Method.HARD_LABELS, loss=loss), store)
        assert asked == [LossConfig()]
        steps = [event for _, event in store.events(run.id) if isinstance(event, Step)]
        assert {name for step in steps for name in step.loss} == {"hard_labels"}

    @pytest.fixture
    def lessons(self, monkeypatch: pytest.MonkeyPatch) -> list[TrainingData]:
        """What students are given to learn."""
        seen: list[TrainingData] = []
        usual = trainer.train

        def train(model: Any, lesson: TrainingData, *arguments: Any, **options: Any) -> Any:
            seen.append(lesson)
            return usual(model, lesson, *arguments, **options)

        monkeypatch.setattr(execute, "train", train)
        return seen

    def test_a_share_of_the_labels_is_told(self, lab: tiny.Lab, store: RunStore, lessons: list[TrainingData]) -> None:
        config = lab.config(corpus=replace(lab.config().corpus, labeled=0.25))
        student, twin = (
            done(replace(config, method=method), store) for method in (Method.DISTILLED, Method.HARD_LABELS)
        )
        labels = lessons[0].sites.targets
        # A tenth of 60 texts is held out; of the other 54, 14 labels are told.
        weights = lessons[0].label_weights
        assert weights is not None
        assert len(lessons[0]) == 54
        told = weights.nonzero().flatten()
        assert sorted(labels[told].bincount().tolist()) == [4, 5, 5]
        assert weights[told].tolist() == pytest.approx([54 / 14] * 14)
        # The twin sees these alone, four times each, so that it takes about as many steps.
        assert lessons[1].label_weights is None
        assert lessons[1].chosen is not None
        assert lessons[1].chosen.bincount(minlength=54).tolist() == [4 * (i in told) for i in range(54)]
        assert student.record is not None
        assert twin.record is not None
        assert (student.record.examples_seen, twin.record.examples_seen) == (54, 56)

    def test_a_student_that_asks_the_teacher_nothing_is_its_twin(
        self, lab: tiny.Lab, store: RunStore, lessons: list[TrainingData]
    ) -> None:
        config = lab.config(corpus=replace(lab.config().corpus, labeled=0.25), loss=LossConfig(alpha=0.0))
        student, twin = (
            done(replace(config, method=method), store) for method in (Method.DISTILLED, Method.HARD_LABELS)
        )
        first, second = (answers(run, store)["test_logits"] for run in (student, twin))
        torch.testing.assert_close(first, second)

    def test_a_class_that_is_left_out_is_never_seen_but_tested(
        self, lab: tiny.Lab, store: RunStore, lessons: list[TrainingData]
    ) -> None:
        usual = done(lab.config(), store)
        config = lab.config(corpus=replace(lab.config().corpus, left_out="mild"))
        runs = [done(replace(config, method=method), store) for method in (Method.DISTILLED, Method.HARD_LABELS)]
        for lesson in lessons[1:]:
            assert lesson.chosen is not None
            assert set(lesson.sites.targets[lesson.chosen].tolist()) == {0, 1}  # cold and hot; sorted by name
        for run in runs:
            assert run.record is not None
            assert usual.record is not None
            assert run.record.corpus == usual.record.corpus
            assert torch.equal(answers(run, store)["test_labels"], answers(usual, store)["test_labels"])
        # What the teacher said of all texts has been asked once.
        assert len(list((store.path / "cache" / "outputs").glob("*/logits.safetensors"))) == 1

    def test_the_baseline_learns_from_what_the_twin_learns(
        self, lab: tiny.Lab, store: RunStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[Any] = []
        usual = tfidf.TfidfBaseline.fit
        monkeypatch.setattr(
            tfidf.TfidfBaseline,
            "fit",
            lambda texts, labels, *, n_classes: (seen.append(labels), usual(texts, labels, n_classes=n_classes))[1],
        )
        corpus = replace(lab.config().corpus, labeled=0.25, left_out="mild")
        run = done(lab.config(method=Method.BASELINE, corpus=corpus), store)
        assert run.record is not None
        assert set(seen[0]) == {0, 1}
        assert run.record.examples_seen == len(seen[0]) < 12

    def test_long_texts_are_noted(self, lab: tiny.Lab, store: RunStore) -> None:
        record = done(lab.config(teacher=TeacherConfig(source=str(lab.teacher), max_length=8)), store).record
        assert record is not None
        assert record.corpus.n_truncated > 10
        expected = f"{record.corpus.n_truncated:,} texts are longer than the model reads and were cut off"
        assert expected in record.corpus.notes
        assert record.corpus.mean_tokens <= 8

    def test_reviews_are_probed_with_texts_that_no_grammar_wrote(
        self, store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(teacher_checks, "refuse_unfit", lambda *_, **__: teacher_checks.Fitness(score=0.5))
        tiny.model(labels=reviews.LABEL_NAMES).save_pretrained(tmp_path / "teacher")
        tiny.tokenizer().save_pretrained(tmp_path / "teacher")
        config = RunConfig(
            corpus=CorpusConfig(source="reviews", n_train=20, n_test=20),
            teacher=TeacherConfig(source=str(tmp_path / "teacher")),
            training=TrainingConfig(epochs=0, precision=Precision.FP32),
        )
        found = foreground.run_all(config, store)
        assert found.baseline is not None
        assert found.record.teacher is not None
        shares = [found.record.model.probe_score, found.record.teacher.probe_score]
        assert all(share is not None and 0 <= share <= 1 for share in shares)
        assert found.baseline.model.probe_score is not None
        assert found.baseline.teacher is not None
        assert found.baseline.teacher.probe_score is None

    @pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
    def test_every_architecture_goes_all_the_way(
        self, architecture: str, lab: tiny.Lab, checkpoint: Callable[..., Path], store: RunStore
    ) -> None:
        teacher = TeacherConfig(source=str(checkpoint(architecture)), max_length=40, epochs=10, learning_rate=2e-3)
        run = done(lab.config(teacher=teacher, loss=LossConfig(hidden_mse=0.1, attention_kl=0.1)), store)
        assert run.record is not None
        assert run.record.teacher_name.endswith("(fine-tuned)")
        student = AutoModelForSequenceClassification.from_pretrained(store.folder(run.id).student)
        assert student.config.model_type == architecture
        assert student.config.num_hidden_layers == 2
        assert student.config.id2label == dict(enumerate(sorted(tiny.LABELS)))


class TestTurns:
    def test_it_goes_on_where_it_let_others_go_first(self, lab: tiny.Lab, store: RunStore, tmp_path: Path) -> None:
        config = lab.config(training=replace(lab.config().training, epochs=2))
        first, second = requests.identify(canonical(replace(config, seed=seed)) for seed in (0, 1))
        for request in (first, second):
            request.add(store, in_turns=True)
        with store.owner() as owner:
            run = store.claim(owner)
            assert run is not None
            with pytest.raises(Deferred):
                execute.execute(run, store, in_turns=True)
            assert store.get(first.run).state is RunState.QUEUED
            assert store.folder(first.run).checkpoint.exists()
            (early,) = (event for _, event in store.events(first.run) if isinstance(event, Validation))
            assert early.low is not None
            for request in (second, first):  # nobody else waits any more
                run = store.claim(owner)
                assert run is not None
                assert run.id == request.run
                execute.execute(run, store, in_turns=True)
        alone = RunStore(tmp_path / "alone")
        done(config, alone)
        left, whole = (answers(each.get(first.run), each) for each in (store, alone))
        assert all(torch.equal(left[name], whole[name]) for name in whole)


class TestStopping:
    def test_a_cancelled_run_stops_within_a_step_and_goes_on_later(self, lab: tiny.Lab, store: RunStore) -> None:
        config = lab.config(training=replace(lab.config().training, epochs=3, dropout=0.1))
        heard: list[Event] = []

        def listen(event: Event) -> None:
            heard.append(event)
            if isinstance(event, Validation) and event.epoch == 1.0:
                store.cancel(run.id)

        with store.owner() as owner:
            run = claimed(config, store, owner)
            with pytest.raises(Cancelled):
                execute.execute(run, store, on_event=listen)
            store.mark_cancelled(run.id)
        assert isinstance(heard[-1], Validation)
        assert store.get(run.id).state is RunState.CANCELLED
        assert store.folder(run.id).checkpoint.exists()
        assert not store.folder(run.id).student.exists()
        again = done(config, store)
        assert again.id == run.id
        whole = done(config, RunStore(store.path / "another"))
        assert torch.equal(
            answers(again, store)["test_logits"], answers(whole, RunStore(store.path / "another"))["test_logits"]
        )
        assert again.record is not None
        assert whole.record is not None
        assert again.record.model.metrics == whole.record.model.metrics

    def test_steps_are_written_down_now_and_then_with_their_mean_loss(self, store: RunStore) -> None:
        store.add("run", RunConfig(), corpus_name="weather")
        with store.owner() as owner:
            store.claim(owner, "run")
            recorder = execute._Recorder(store, "run", None, seconds=1e9)
            recorder._written = time.monotonic()
            for step in (1, 2, 3):
                recorder(a_step(step, 4, loss={"soft": float(step)}))
            assert store.events("run") == ()
            recorder(a_step(4, 4, loss={"soft": 6.0}))
            recorder(Stage(name="Measuring", detail="", fraction=0.5))
            recorder(Validation(epoch=1.0, score=0.5, agreement=None))
        found = [event for _, event in store.events("run")]
        assert [type(event) for event in found] == [Step, Validation]
        assert isinstance(found[0], Step)
        assert found[0].loss == {"soft": 3.0}


WORKER = """
import sys
from distil_core.cli import main
from distil_core.evaluation import cost
from distil_core.training import trainer

trainer.train.__kwdefaults__["checkpoint_seconds"] = 0.0
speed = cost.speed
cost.speed = lambda *inputs, **options: speed(*inputs, **{**options, "seconds": 0.01})
sys.exit(main(["worker", "--store", sys.argv[1], "--idle-seconds", "0"]))
"""


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Callable[[RunStore], "subprocess.Popen[bytes]"]]:
    """Start workers that write a checkpoint at every step and leave when there is nothing to do."""
    started: list[subprocess.Popen[bytes]] = []

    def start(store: RunStore) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", WORKER, str(store.path)],
            env={**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait(timeout=60)


def test_a_run_gets_as_many_threads_as_its_name_says(lab: tiny.Lab, store: RunStore) -> None:
    whole = torch.get_num_threads()
    record = done(lab.config(training=replace(lab.config().training, threads=whole + 1)), store).record
    assert record is not None
    assert record.environment.threads == record.config.training.threads == whole + 1
    assert torch.get_num_threads() == whole


def test_a_run_that_an_earlier_version_has_asked_for_is_asked_for_again(lab: tiny.Lab, store: RunStore) -> None:
    store.add("old", restore_config(to_json(portable(lab.config()))), corpus_name="weather")
    with store.owner() as owner:
        run = store.claim(owner, "old")
        assert run is not None
        with pytest.raises(StoreError, match=r"run 'old' must say in which precision .*; ask for it again"):
            execute.execute(run, store)


@pytest.mark.slow
def test_a_killed_worker_leaves_a_run_that_goes_on_to_the_same_result(
    lab: tiny.Lab, store: RunStore, worker: Callable[[RunStore], "subprocess.Popen[bytes]"]
) -> None:
    config = lab.config(training=replace(lab.config().training, epochs=16, dropout=0.1))
    (run,) = requests.submit(config, store, twins=False)
    process = worker(store)
    deadline = time.monotonic() + 120
    while not any(isinstance(event, Validation) for _, event in store.events(run.id)):
        assert time.monotonic() < deadline, "it never began"
        assert process.poll() is None, "it ended too soon"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=60)
    assert store.get(run.id).state is RunState.RUNNING
    workers.recover(store)
    assert store.get(run.id).state is RunState.INTERRUPTED
    assert store.folder(run.id).checkpoint.exists()
    seen = len(store.events(run.id))

    requests.submit(config, store, twins=False)
    assert main(["worker", "--store", str(store.path), "--idle-seconds", "0"]) == 0
    again = store.get(run.id)
    assert again.state is RunState.DONE
    first = next(event for _, event in store.events(run.id)[seen:] if isinstance(event, Step))
    assert first.step > 1
    other = RunStore(store.path / "other")
    whole = done(config, other)
    ours, theirs = answers(again, store), answers(whole, other)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_texts_are_cut_into_tokens_once_for_a_run_and_its_twins(
    lab: tiny.Lab, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoding._recent.clear()
    calls: list[int] = []
    original = tokenization.encode
    monkeypatch.setattr(tokenization, "encode", lambda *a, **o: (calls.append(1), original(*a, **o))[1])
    foreground.run_all(lab.config(), store)
    assert len(calls) == 3
    for max_length in (9, 10, 11):
        foreground.run_all(
            lab.config(method=Method.BASELINE, teacher=TeacherConfig(source=str(lab.teacher), max_length=max_length)),
            store,
        )
    assert len(calls) == 12
    assert len(encoding._recent) == 2


class TestWarmUp:
    @pytest.fixture
    def gathered(self, monkeypatch: pytest.MonkeyPatch) -> list[RunConfig]:
        seen: list[RunConfig] = []

        def gather(config: RunConfig, **_: Any) -> Iterator[Event]:
            seen.append(config)
            yield Stage(name="Reading the corpus", detail="", fraction=0.0)
            raise ModelError("no teacher has been built")

        monkeypatch.setattr(execute, "gather_materials", gather)
        return seen

    def test_an_idle_worker_gets_ready_for_the_default_run(self, store: RunStore, gathered: list[RunConfig]) -> None:
        execute.warm_up(store)
        assert gathered == [canonical(RunConfig())]

    def test_a_worker_with_a_run_to_compute_does_not_wait(self, store: RunStore, gathered: list[RunConfig]) -> None:
        store.add("run", RunConfig(), corpus_name="reviews")
        execute.warm_up(store)
        assert gathered == []


def test_a_processor_without_a_name_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "processor_name", lambda: None)
    monkeypatch.setattr(environment.platform, "processor", lambda: "")
    monkeypatch.setattr(environment.platform, "machine", lambda: "abacus")
    assert environment.environment(torch.device("cpu"), Precision.FP32).processor == "abacus"


def test_a_stopwatch_adds_up() -> None:
    watch = Stopwatch()
    for _ in range(2):
        with watch.timing("training"):
            pass
    with pytest.raises(RuntimeError), watch.timing("measurement"):
        raise RuntimeError
    found = watch.total()
    assert found["training"] > 0
    assert found["measurement"] > 0
    assert found["teacher"] == 0


def test_what_another_run_keeps_one_waiting_is_not_counted(lab: tiny.Lab, store: RunStore) -> None:
    config, cache, watch = canonical(lab.config()), Cache(store.layout.cache), Stopwatch()
    key = f"{locate(config.teacher.source).digest}-{load_corpus(config.corpus).digest}"
    told: list[str] = []
    with cache.locked("teachers", key) as lock:
        lock.acquire()

        def listen(event: Event) -> None:
            told.append(getattr(event, "name", ""))
            if told.count(WAITING) == 2:
                lock.release()

        execute.drain(materials.gather_materials(config, cache=cache, watch=watch), listen)
    assert told.count(WAITING) == 2
    before = watch.total()["total"]
    watch.seconds["waiting"] += 1000.0
    assert watch.total()["total"] < before - 900
