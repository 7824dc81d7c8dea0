"""A sweep from choices to queued runs and back; presets."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from distil_core.errors import ConfigError
from distil_core.evaluation.metrics import recall
from distil_core.reporting import sweep_presets
from distil_core.runs import sweep, workers
from distil_core.runs.rows import RunState
from distil_core.runs.sources import CombinedRuns, ShippedRuns
from distil_core.runs.store import RunStore
from distil_core.runs.sweep import Axis, Frame, Sweep, based, config_at, configs
from distil_core.settings import hardware
from distil_core.settings.config import (
    CorpusConfig,
    Init,
    LossConfig,
    Method,
    Precision,
    RunConfig,
    StudentConfig,
    TrainingConfig,
    WeightFormat,
)
from distil_core.tasks.catalog import task_named, usual_config
from distil_core.tasks.classification import TextClassification
from tests import seeds, tiny

LABELS = ("very negative", "negative", "mixed", "positive", "very positive")


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "store")


@pytest.fixture(autouse=True)
def called(monkeypatch: pytest.MonkeyPatch) -> list[RunStore]:
    """Let nobody compute anything; returns the stores for which workers were asked."""
    asked: list[RunStore] = []
    monkeypatch.setattr(workers, "ensure_worker", asked.append)
    return asked


def small(lab: tiny.Lab, **changes: Any) -> Sweep:
    values: dict[str, Any] = {
        "base": lab.config(),
        "temperatures": (1.0, 4.0),
        "depths": (1, 2),
        "alphas": (0.9,),
        "inits": (Init.TEACHER,),
        "seeds": (0,),
        **changes,
    }
    return Sweep(**values)


def finish(store: RunStore, run_id: str) -> None:
    run = store.get(run_id)
    with store.owner() as owner:
        store.claim(owner, run_id)
        store.finish(run_id, seeds.record_of(run.config, run_id))


def test_it_is_queued_once_and_found_again(lab: tiny.Lab, store: RunStore, called: list[RunStore]) -> None:
    asked = small(lab)
    planned = sweep.plan_sweep(asked)
    assert tuple(planned) == configs(asked)
    assert sweep.runs(planned, store) == {}
    sweep.start(planned, store)
    found = sweep.runs(planned, store)
    assert len(store.list()) == len(found) == 6
    assert called == [store]
    assert all(run.state is RunState.QUEUED and run.config.loss == config.loss for config, run in found.items())
    finish(store, next(iter(planned.values())).run)
    sweep.start(planned, store)
    assert len(store.list()) == 6
    assert store.counts()[RunState.DONE] == 1
    # One with a seed more has these in common.
    larger = sweep.plan_sweep(small(lab, seeds=(0, 1)))
    assert len(larger) == 12
    assert sweep.runs(larger, store).keys() == found.keys()


def test_what_is_over_is_not_cancelled(lab: tiny.Lab, store: RunStore) -> None:
    planned = sweep.plan_sweep(small(lab))
    sweep.start(planned, store)
    finish(store, next(iter(planned.values())).run)
    sweep.cancel(planned, store)
    states = [run.state for run in store.list()]
    assert (states.count(RunState.DONE), states.count(RunState.CANCELLED)) == (1, 5)
    sweep.start(planned, store)  # again
    assert store.counts()[RunState.QUEUED] == 5


def test_the_example_is_done_without_being_in_the_store(store: RunStore, lab: tiny.Lab, tmp_path: Path) -> None:
    asked = small(lab, base=RunConfig(), temperatures=(2.0,), depths=(2,))
    shipped = ShippedRuns(seeds.example_folder(tmp_path / "example", config_at(asked, asked.points()[0], 0)))
    source = CombinedRuns(shipped, store)
    planned = sweep.plan_sweep(asked)
    found = sweep.runs(planned, source)
    assert sorted(run.id for run in found.values()) == ["example", "example-hard-labels"]
    assert all(run.state is RunState.DONE for run in found.values())
    sweep.start(planned, store, source)
    assert store.list() == ()
    assert sweep.seconds_left(planned, found, store) == 0.0


@pytest.mark.parametrize("quick", [True, False])
def test_what_ships_is_the_usual_run_of_every_machine(
    store: RunStore, lab: tiny.Lab, monkeypatch: pytest.MonkeyPatch, quick: bool
) -> None:
    monkeypatch.setattr(hardware, "has_bf16_instructions", lambda: quick)
    source = CombinedRuns(store, ShippedRuns())
    usual = small(lab, base=RunConfig(), temperatures=(2.0,), depths=(2,))
    runs = sweep.runs(sweep.plan_sweep(usual), source)
    assert {run.id for run in runs.values()} == {"example", "example-hard-labels"}
    assert all(run.config == config for config, run in runs.items())
    other = Precision.FP32 if quick else Precision.BF16
    unusual = replace(usual, base=RunConfig(training=TrainingConfig(precision=other)))
    assert sweep.runs(sweep.plan_sweep(unusual), source) == {}


def test_time_is_that_of_what_is_not_done(lab: tiny.Lab, store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = sweep.plan_sweep(small(lab))
    sweep.start(planned, store)
    finish(store, next(iter(planned.values())).run)
    seen: list[int] = []
    monkeypatch.setattr(sweep.estimates, "estimate_all", lambda wanted, _: seen.append(len(wanted)))
    sweep.seconds_left(planned, sweep.runs(planned, store), store)
    assert seen == [5]


def test_a_class_that_is_not_there_is_refused(lab: tiny.Lab) -> None:
    asked = small(lab, base=based(lab.config(), labeled=1.0, left_out="icy"))
    with pytest.raises(ConfigError, match="must be a label of weather"):
        sweep.plan_sweep(asked)


def test_a_frame_says_what_can_be_chosen(lab: tiny.Lab) -> None:
    assert sweep.frame(lab.config()) == Frame(depths=(0, 1, 2, 3, 4), labels=("cold", "hot", "mild"))
    assert sweep.possible_depths(lab.config(loss=LossConfig(hidden_mse=0.1))) == (1, 2, 3, 4)


def test_no_layer_is_another_run_than_that_of_the_base() -> None:
    base = replace(usual_config("embeddings"), student=StudentConfig(depth=2))
    wanted = Sweep(base=base, temperatures=(2.0,), depths=(0, 2), alphas=(0.9,), inits=(Init.TEACHER,), seeds=(0,))
    assert [config_at(wanted, point, 0).student.depth for point in wanted.points()] == [0, 2]
    assert [config_at(wanted, point.twin(), 0).student.depth for point in wanted.points()] == [0, 2]


def test_vectors_can_be_had_without_a_layer() -> None:
    frame = sweep.frame(RunConfig(task="embeddings", corpus=CorpusConfig(n_train=20, n_test=20)))
    every, _ = sweep_presets.presets(frame, task_named("embeddings"), RunConfig())
    assert every.depths == tuple(reversed(frame.depths))
    assert frame.depths[0] == 0


def test_presets_of_numbers_try_one_temperature() -> None:
    numbers = task_named("pairs").for_labels(("score",))
    for preset in sweep_presets.presets(Frame(depths=(1, 2, 3, 4), labels=("score",)), numbers, RunConfig()):
        assert len(preset.temperatures) == 1
        assert preset.metric == numbers.primary


@pytest.mark.parametrize("n_layers", [1, 2, 6, 12])
@pytest.mark.parametrize("labels", [LABELS, LABELS[:2]])
def test_presets_fit_their_teacher_and_corpus(n_layers: int, labels: tuple[str, ...]) -> None:
    frame = Frame(depths=tuple(range(1, n_layers + 1)), labels=labels)
    found = sweep_presets.presets(frame, TextClassification(), RunConfig())
    assert len({preset.title for preset in found}) == len(found) == (8 if len(labels) > 2 else 7)
    for preset in found:
        assert preset.comment
        assert set(preset.depths) <= set(frame.depths)
        assert preset.left_out in ("", *labels)
        asked = Sweep(
            base=based(RunConfig(), labeled=preset.labeled, left_out=preset.left_out),
            temperatures=preset.temperatures,
            depths=preset.depths,
            alphas=preset.alphas,
            inits=preset.inits,
            seeds=preset.seeds,
            heads=preset.heads,
            neurons=preset.neurons,
            weights=preset.weights,
        )
        assert len(preset.seeds) > 1
        assert {config.method for config in configs(asked)} == {Method.DISTILLED, Method.HARD_LABELS}
        assert preset.across is not Axis.TEMPERATURE


def test_the_missing_class_is_the_middle_one() -> None:
    frame = Frame(depths=(1, 2, 3, 4, 5, 6), labels=LABELS)
    *_, labels, missing = sweep_presets.presets(frame, TextClassification(), RunConfig())
    assert (missing.left_out, missing.metric, labels.labeled) == ("mixed", recall(2), 0.03)


def test_what_a_preset_is_not_about_is_as_in_the_run() -> None:
    base = RunConfig(
        corpus=CorpusConfig(labeled=0.05),
        student=StudentConfig(neurons=0.5, weights=WeightFormat.FP16),
        loss=LossConfig(alpha=0.8),
    )
    frame = Frame(depths=(1, 2, 3), labels=LABELS)
    default, *others = sweep_presets.presets(frame, TextClassification(), base)
    assert (default.labeled, default.alphas, default.neurons, default.weights) == (
        *(0.05, (0.8,), (0.5,)),
        (WeightFormat.FP16,),
    )
    assert "With 5 % of the texts labeled" in default.comment
    assert {preset.title for preset in others if preset.labeled != 0.05} == {
        "Temperature too high",
        "3 % of the labels",
    }


def test_a_deep_student_lacks_one_layer() -> None:
    found = sweep_presets.presets(Frame(depths=(1, 2, 3), labels=LABELS), TextClassification(), RunConfig())
    assert [preset.depths for preset in found if "deep" in preset.title] == [(2,)]
