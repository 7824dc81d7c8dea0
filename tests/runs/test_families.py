import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from distil_core.analysis import edits, learning_curves
from distil_core.data.corpus import LabeledText
from distil_core.errors import StoreError
from distil_core.evaluation import predictions
from distil_core.evaluation.predictions import Predictions
from distil_core.runs import families, files
from distil_core.runs.store import RunStore
from distil_core.settings.config import LossConfig, RunKind, StudentConfig
from distil_core.training.events import Stage, Validation
from tests import seeds
from tests.factories import a_step


@pytest.fixture
def store(home: Path) -> RunStore:
    return RunStore(home)


def _outputs(student: list[list[float]], teacher: list[list[float]], labels: list[int]) -> Predictions:
    logits, reference = np.asarray(student, dtype=np.float32), np.asarray(teacher, dtype=np.float32)
    return Predictions(
        test=logits,
        teacher_test=reference,
        test_labels=np.asarray(labels),
        validation=logits,
        teacher_validation=reference,
        validation_labels=np.asarray(labels),
    )


def test_curves_sort_events_by_kind() -> None:
    curves = learning_curves.curves(seeds.events_of(seeds.a_config()))
    assert curves.epochs == (1.0, 2.0, 3.0, 4.0)
    assert curves.loss == {"soft_labels": (0.4,) * 4, "hard_labels": (0.1,) * 4}
    assert (curves.validation_epochs, curves.accuracy) == ((0.0, 2.0, 4.0), pytest.approx((0.4, 0.6, 0.8)))
    assert curves.teacher_accuracy == 0.95


def test_what_is_done_again_after_an_interruption_is_drawn_once() -> None:
    before, after = ([a_step(step, 40, loss={"hard": loss}) for step in (10, 20, 30)] for loss in (0.9, 0.8))
    told = [Validation(epoch=1.0, accuracy=accuracy, agreement=None) for accuracy in (0.6, 0.7)]
    curves = learning_curves.curves([*before, told[0], *after[1:], told[1]])
    assert curves.epochs == (1.0, 2.0, 3.0)
    assert curves.loss == {"hard": (0.9, 0.8, 0.8)}
    assert (curves.validation_epochs, curves.accuracy) == ((1.0,), (0.7,))


def test_curves_of_nothing_are_empty() -> None:
    curves = learning_curves.curves(())
    assert (curves.epochs, curves.loss, curves.accuracy, curves.teacher_accuracy) == ((), {}, (), None)


def test_long_curves_are_thinned_and_keep_the_newest() -> None:
    curves = learning_curves.curves([a_step(step, 1000) for step in range(1, 1001)], points=100)
    assert len(curves.epochs) == 100
    assert curves.epochs[-1] == 4.0


def test_part_of_the_loss_that_appears_later_counts_as_zero_before() -> None:
    curves = learning_curves.curves([a_step(1, loss={"hard": 1.0}), a_step(2, loss={"hard": 0.9, "soft": 0.5})])
    assert curves.loss == {"hard": (1.0, 0.9), "soft": (0.0, 0.5)}


def test_validation_rows_are_named() -> None:
    curves = {RunKind.DISTILLED: learning_curves.curves([Validation(epoch=1.0, accuracy=0.7, agreement=None)])}
    assert learning_curves.validation_rows(curves, {RunKind.DISTILLED: "Student"}) == [("Student", 1.0, 0.7)]


def test_progress_begins_before_any_event() -> None:
    assert learning_curves.progress(()).stage == "Starting"


def test_progress_is_of_the_newest_stage() -> None:
    events = [Stage(name="Training", detail="", fraction=0.0), a_step(30, 40, seconds_left=1.0)]
    going = learning_curves.progress(events)
    assert (going.stage, going.fraction, going.seconds_left, going.detail) == ("Training", 0.75, 1.0, "1,500 texts/s")
    after = learning_curves.progress([*events, Stage(name="Measuring", detail="speed", fraction=None)])
    assert (after.stage, after.fraction, after.seconds_left, after.detail) == ("Measuring", None, None, "speed")


def test_twins_are_found_by_what_they_were_asked(store: RunStore) -> None:
    run = seeds.finished_family(store)
    seeds.finished_family(store, seeds.a_config(student=StudentConfig(depth=1)))
    kinds = [twin.config.kind for twin in families.twins(run, store.list())]
    assert kinds == [RunKind.HARD_LABELS, RunKind.LAYER_CUT, RunKind.TFIDF]
    assert {twin.config.student.depth for twin in families.twins(run, store.list())} == {2}


def test_temperatures_share_their_twins(store: RunStore) -> None:
    run = seeds.finished_family(store)
    hot = seeds.finished_family(store, seeds.a_config(loss=LossConfig(temperature=8.0)))
    assert families.twins(run, store.list()) == families.twins(hot, store.list())


def test_a_twin_that_read_other_texts_under_the_same_name_is_none(store: RunStore) -> None:
    run = seeds.finished_family(store)
    assert run.record is not None
    other = replace(run, record=replace(run.record, corpus=replace(run.record.corpus, digest="another")))
    assert families.twins(other, store.list()) == ()
    other = replace(run, record=replace(run.record, teacher_digest="another"))
    assert families.twins(other, store.list()) == ()


def test_family_gathers_what_is_done(store: RunStore) -> None:
    distilled, *_, hard = seeds.family_of(seeds.a_config())
    waiting = store.add("waiting", distilled, corpus_name="reviews")
    assert families.family(waiting, store) is None
    store.delete("waiting")
    run, twin = seeds.finished(store, distilled), seeds.finished(store, hard)
    store.add("cut", families.twin_config(distilled, RunKind.LAYER_CUT), corpus_name="reviews")
    found = families.family(run, store)
    assert found is not None
    assert found.twin(RunKind.HARD_LABELS) == families.FinishedRun(
        run=twin.id, folder=store.folder(twin.id), record=seeds.record_of(hard, twin.id)
    )
    assert found.twin(RunKind.LAYER_CUT) is None
    alone = families.family(twin, store)
    assert alone is not None
    assert alone.twins == ()


def test_busy_while_any_member_is_not_over(store: RunStore) -> None:
    distilled, *_, hard = seeds.family_of(seeds.a_config())
    run = seeds.finished(store, distilled)
    assert not families.busy(store, run.id)
    store.add("hard", hard, corpus_name="reviews")
    assert families.busy(store, run.id)
    assert families.busy(store, "hard")
    assert not families.busy(store, "unknown")


def test_outputs_are_read_back(store: RunStore) -> None:
    run = seeds.finished(store, seeds.a_config())
    found = files.read_predictions(store.folder(run.id))
    assert found.right().mean() == 0.9
    assert found.teacher_validation_accuracy() == 0.95


@pytest.mark.parametrize("name", ["outputs.safetensors", "test.jsonl"])
@pytest.mark.parametrize("content", [None, b"nonsense"])
def test_unreadable_files_say_what_to_do(store: RunStore, name: str, content: bytes | None) -> None:
    run = seeds.finished(store, seeds.a_config())
    path = store.folder(run.id) / name
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    read = files.read_predictions if name == "outputs.safetensors" else files.read_test_texts
    with pytest.raises(StoreError, match="delete the run and repeat it"):
        read(store.folder(run.id))


def test_soften_survives_any_temperature() -> None:
    assert predictions.softmax([1000.0, 0.0], 0.01) == (1.0, 0.0)
    assert predictions.softmax([3.0, 1.0], 1000.0) == pytest.approx((0.5, 0.5), abs=1e-3)
    assert sum(predictions.softmax([1.0, 2.0, 3.0], 2.0)) == pytest.approx(1.0)


def test_twin_without_a_run_is_not_waited_for(store: RunStore) -> None:
    twin = seeds.finished(store, seeds.family_of(seeds.a_config())[1])
    assert not families.busy(store, twin.id)


def test_one_text_of_each_label() -> None:
    texts = [
        LabeledText(text="too short", label=0),
        LabeledText(text="one two three four five", label=1),
        LabeledText(text="one two three four", label=1),
        LabeledText(text="a b c d e f", label=0),
    ]
    assert [example.text for example in edits.one_per_label(texts)] == ["a b c d e f", "one two three four"]


def test_gold_label_is_known_of_test_texts_only() -> None:
    texts = [LabeledText(text="A text.", label=3)]
    assert edits.gold_label(" A text. ", texts) == 3
    assert edits.gold_label("Another.", texts) is None


def test_example_is_read_with_its_twins(tmp_path: Path) -> None:
    folder = seeds.example_folder(tmp_path / "example")
    found = families.example(folder)
    assert found is not None
    assert found.distilled.run == families.EXAMPLE
    assert [twin.record.config.kind for twin in found.twins] == list(families.TWINS)
    events = files.read_events(folder / "distilled" / "events.jsonl")
    assert events == seeds.events_of(found.distilled.record.config)
    assert files.read_events(folder / "nothing.jsonl") == ()


def test_missing_example_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(families, "assets_folder", lambda: tmp_path)
    assert families.example() is None
    seeds.example_folder(tmp_path / "example")
    found = families.example()
    assert found is not None
    assert json.loads((found.distilled.folder / "record.json").read_text(encoding="utf-8"))["run"] == "example"
