"""The benchmark's arithmetic, the order of its sides and what it prints; never a time."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from distil_core.bench import answer, child, commands, grid, machine, readings, report, scale, start, train
from distil_core.bench.readings import Spread
from distil_core.bench.workload import Workload, training_operations
from distil_core.cli import main
from distil_core.errors import ConfigError
from distil_core.settings import hardware
from distil_core.settings.config import CorpusConfig, RunConfig
from distil_core.settings.serialization import from_json
from tests import tiny

LIMITS = {"bf16": {"2048x2048x2048": 200.0, "8x4x4": 50.0}, "fp32": {"2048x2048x2048": 100.0, "8x4x4": 25.0}}
LIMITS |= {"copy_bytes_per_second": 1e9}
MACHINE = {
    "processor": "abacus",
    "device": "cpu",
    "threads": 2,
    "precision": "bf16",
    "instructions": ["avx2"],
    "memory_bytes": 4_000_000_000,
    "load": 0.5,
    "versions": {"torch": "2"},
}


def a_workload(**changes: Any) -> Workload:
    usual = Workload(
        folder="there",
        teacher="teacher",
        corpus=CorpusConfig(source="some/train.csv"),
        layers=(0, 2, 5),
        temperature=4.0,
        alpha=0.9,
        epochs=3,
        batch_size=32,
        learning_rate=3e-4,
        peer_learning_rate=2e-4,
        max_length=128,
        seed=5,
    )
    return replace(usual, **changes)


SECONDS = {"ours": 2.0, "trainer": 8.0, "textbrewer": 12.0}


class Children:
    """Stand in for processes: each side takes as long as its name says, each round a second longer."""

    def __init__(self, *, absent: str = "", reached: tuple[str, ...] = ("ours", "trainer")) -> None:
        self.absent = absent
        self.reached = reached
        self.started: list[tuple[str, Workload | None, dict[str, Any]]] = []

    def __call__(self, task: str, **arguments: Any) -> child.Finished:
        workload = from_json(Workload, arguments.pop("workload")) if "workload" in arguments else None
        self.started.append((task, workload, arguments))
        return child.Finished(result=self.result(task, workload, arguments), seconds=20.0, peak_bytes=10**9)

    def result(self, task: str, workload: Workload | None, arguments: dict[str, Any]) -> dict[str, Any]:
        if task == "importable":
            return {"reason": "it is not there" if arguments["modules"][0].startswith(self.absent or "?") else ""}
        if task == "limits":
            return LIMITS
        if task == "machine":
            return MACHINE
        if task == "teacher":
            return {"accuracy": 0.9}
        assert workload is not None
        seconds = SECONDS[task] * (2 if arguments.get("precision") == "bf16" else 1)
        found: dict[str, Any] = {"accuracy": 0.8 + 0.01 * (workload.seed - 5), "seconds": seconds}
        found["reached"] = seconds if arguments.get("target") and task in self.reached else None
        if task == "ours":
            found |= {"student_seconds": 1.0, "operations": 50.0, "shapes": [[8, 4, 4]], "precision": "fp32"}
        return found

    @property
    def sides(self) -> list[tuple[str, int]]:
        """Tasks and seeds of the runs that count, without those that warm up and those that end at a target."""
        whole = [(task, w) for task, w, more in self.started if w is not None and w.limit == 0 and "target" not in more]
        return [(task, w.seed) for task, w in whole if task in SECONDS and w.epochs == 3]


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Children]:
    def made(**options: Any) -> Children:
        fake = Children(**options)
        monkeypatch.setattr(child, "run", fake)
        return fake

    return made


class TestReadings:
    def test_a_median_has_its_spread(self) -> None:
        assert readings.spread([3.0, 1.0, 10.0]) == Spread(median=3.0, low=1.0, high=10.0)

    def test_a_ratio_is_taken_within_a_round(self) -> None:
        # Not the ratio of the medians, which would be 10 / 2.
        assert readings.ratios([1.0, 2.0, 10.0], [10.0, 4.0, 30.0]) == Spread(median=3.0, low=2.0, high=10.0)

    def test_a_lost_reading_is_noticed(self) -> None:
        with pytest.raises(ValueError, match="zip"):
            readings.ratios([1.0, 2.0], [1.0])

    def test_each_begins_a_round_in_its_turn(self) -> None:
        assert [name for _, name in readings.alternating("ab", 3)] == ["a", "b", "b", "a", "a", "b"]
        assert [number for number, _ in readings.alternating("ab", 2)] == [0, 0, 1, 1]

    def test_a_spread_is_said_in_words(self) -> None:
        assert readings.times(Spread(median=4.44, low=4.0, high=5.0)) == "4.4x (4.0 to 5.0)"
        assert readings.times({"median": 1.0, "low": 1.0, "high": 2.0}, unit=" ms", digits=0) == "1 ms (1 to 2)"
        assert readings.times(None) == "–"

    def test_tables_are_laid_out(self) -> None:
        assert readings.as_text([["a", "b"], ["long", ""]]) == "a     b\nlong"
        assert readings.as_markdown([["a", "b"], ["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


ONE = {"width": 1, "inner": 1, "n_labels": 1, "epochs": 1}


class TestOperations:
    def test_the_last_layer_is_for_the_first_token_alone(self) -> None:
        # Five tokens: keys and values 10, query, output and feed-forward 4, attention 10, pooler and head 2.
        assert training_operations([5], depth=1, **ONE) == 6 * (10 + 4 + 10 + 2)

    def test_other_layers_are_for_all_tokens(self) -> None:
        one, two = (training_operations([5], depth=depth, **ONE) for depth in (1, 2))
        # Four square products and two of the feed-forward for five tokens, and 25 pairs twice.
        assert two - one == 6 * (6 * 5 + 2 * 25)

    def test_sizes_texts_and_epochs_count(self) -> None:
        small = {"depth": 1, "width": 2, "inner": 3, "n_labels": 4}
        assert training_operations([1], epochs=1, **small) == 6 * (2 * 4 + 2 * 4 + 2 * 6 + 2 * 2 + 4 + 8)
        assert training_operations([1, 1], epochs=5, **small) == 10 * training_operations([1], epochs=1, **small)

    def test_frozen_layers_go_forward_once_and_nothing_goes_back_to_them(self) -> None:
        def of(frozen: int, epochs: int = 2) -> float:
            return training_operations([5], depth=3, **{**ONE, "epochs": epochs}, frozen=frozen)

        layer, first = 6 * 5 + 2 * 25, 3 * 5
        assert of(0) - of(1) == 2 * 2 * first
        assert of(1) - of(2) == 2 * (2 * 3 - 1) * layer
        assert of(2) - of(3) == 2 * ((2 * 3 - 1) * layer - 2 * first + 2 * (2 * 5 + 1))

    def test_a_share_is_of_the_measured_peak(self) -> None:
        result = {"operations": 300.0, "student_seconds": 2.0}
        assert train.gemm_share(result, 600.0) == 0.25
        assert train.gemm_share({**result, "operations": None}, 600.0) is None


class TestMachine:
    def test_a_rate_is_the_best_of_five(self) -> None:
        now = iter([0.0, 1.0, 1.0, 1.25, 2.0, 4.0, 5.0, 6.0, 7.0, 8.0])
        assert machine.rate(lambda: None, 10.0, seconds=0.5, clock=lambda: next(now)) == 40.0

    def test_limits_are_those_of_the_shapes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(machine, "LARGE", (8, 8, 8))
        monkeypatch.setattr(machine, "_COPIED", 1024)
        found = machine.limits([[4, 2, 6]], seconds=0.001)
        assert list(found["bf16"]) == list(found["fp32"]) == ["8x8x8", "4x2x6"]
        assert min(found["bf16"].values()) > 0
        assert found["copy_bytes_per_second"] > 0

    def test_the_machine_is_described(self) -> None:
        found = machine.describe()
        assert set(found) == set(MACHINE)
        text = machine.table({**found, "load": None, "memory_bytes": None}, LIMITS)
        assert found["processor"] in text
        assert "unknown" in text

    def test_what_cannot_be_read_is_left_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fails(*_: Any, **__: Any) -> None:
            raise OSError

        monkeypatch.setattr(hardware, "_processors", lambda: ())
        monkeypatch.setattr(machine.os, "sysconf", fails)
        assert machine._instructions() == []
        assert machine._memory_bytes() is None


class TestTrain:
    def test_sides_take_turns_with_another_seed_each_round(self, children: Callable[..., Children]) -> None:
        fake = children()
        train.compare(a_workload(), peers=["trainer-fp32", "textbrewer"], repeats=3, target=False)
        rounds = [("ours", 5), ("trainer", 5), ("textbrewer", 5), ("trainer", 6), ("textbrewer", 6), ("ours", 6)]
        assert fake.sides == [*rounds, ("textbrewer", 7), ("ours", 7), ("trainer", 7)]

    def test_all_are_warm_before_the_first_round(self, children: Callable[..., Children]) -> None:
        fake = children()
        train.compare(a_workload(), peers=["trainer-fp32"], repeats=1, target=False)
        first = [(task, w.limit, w.epochs) for task, w, _ in fake.started if w is not None][:2]
        assert first == [("ours", 128, 1), ("trainer", 128, 1)]

    def test_figures_are_medians_and_means(self, children: Callable[..., Children]) -> None:
        children()
        found = train.compare(a_workload(), peers=["trainer-fp32", "trainer-bf16"], repeats=3)
        assert {"ratio", "accuracy", "peer_accuracy", "seconds", "peer_seconds", "gemm_share"} <= set(found)
        assert (found["ratio"], found["seconds"], found["peer_seconds"]) == (4.0, 2.0, 8.0)
        assert found["ratio_range"] == [4.0, 4.0]
        assert (found["process_ratio"], found["process_seconds"]) == (1.0, 20.0)
        assert found["accuracy"] == found["peer_accuracy"] == pytest.approx(0.81)
        assert found["gemm_share"] == 50.0 / 1.0 / 100.0  # of the peak of the precision in use
        assert found["peers"]["trainer-bf16"]["ratio"]["median"] == 8.0
        assert found["target_accuracy"] == pytest.approx(0.97 * 0.9)
        assert (found["target_ratio"]["median"], found["peer_target_missed"]) == (4.0, 0)
        assert found["peak_bytes_of_twice_the_epochs"] == 10**9

    def test_a_loop_that_freezes_needs_something_to_freeze(self, children: Callable[..., Children]) -> None:
        children()
        found = train.compare(a_workload(), peers=["trainer-frozen"], repeats=1, target=False)
        assert found["skipped"] == {"trainer-frozen": "nothing is frozen, see --frozen"}
        found = train.compare(a_workload(frozen=1), peers=["trainer-frozen"], repeats=1, target=False)
        assert list(found["peers"]) == ["trainer-frozen"]

    def test_memory_is_read_with_twice_the_epochs_too(self, children: Callable[..., Children]) -> None:
        fake = children()
        train.compare(a_workload(), peers=[], repeats=1, target=False)
        assert [w.epochs for task, w, _ in fake.started if task == "ours" and w is not None] == [1, 3, 6]

    def test_a_missing_peer_is_skipped_with_its_reason(self, children: Callable[..., Children]) -> None:
        children(absent="textbrewer")
        found = train.compare(a_workload(), peers=["trainer-fp32", "textbrewer"], repeats=1, target=False)
        assert found["skipped"] == {"textbrewer": "it is not there"}
        assert list(found["peers"]) == ["trainer-fp32"]
        assert "skipped textbrewer: it is not there" in train.table(found)

    def test_without_the_first_peer_there_is_no_ratio(self, children: Callable[..., Children]) -> None:
        children(absent="accelerate")
        found = train.compare(a_workload(), peers=["trainer-fp32", "textbrewer"], repeats=1)
        assert [found[name] for name in ("ratio", "peer_seconds", "peer_accuracy", "target_ratio")] == [None] * 4
        assert found["peers"]["textbrewer"]["ratio"]["median"] == 6.0
        assert train.table(found).endswith("97% of the teacher's: 2.0 s")

    def test_the_usual_loop_has_its_usual_settings(self, children: Callable[..., Children]) -> None:
        fake = children()
        train.sooner(a_workload(epochs=1), peer="trainer-fp32", repeats=1, goal=0.5)
        (_, ours, _), (_, theirs, more) = fake.started
        assert ours is not None
        assert theirs is not None
        assert (ours.epochs, ours.learning_rate, more["target"]) == (1, 3e-4, 0.5)
        assert (theirs.epochs, theirs.peer_learning_rate) == (3, 5e-5)

    def test_a_loop_that_misses_the_target_bounds_the_ratio(self, children: Callable[..., Children]) -> None:
        children(reached=("ours",))
        found = train.compare(a_workload(), peers=["trainer-fp32"], repeats=2)
        assert (found["target_missed"], found["peer_target_missed"]) == (0, 2)
        assert train.table(found).endswith("2.0 s, usual loop 8.0 s (missed 2 times), at least 4.0x (4.0 to 4.0)")

    def test_there_is_no_ratio_if_ours_misses_it(self, children: Callable[..., Children]) -> None:
        children(reached=("trainer",))
        found = train.compare(a_workload(), peers=["trainer-fp32"], repeats=2)
        assert (found["target_missed"], found["target_ratio"]) == (2, None)
        assert train.table(found).endswith("2.0 s (missed 2 times), usual loop 8.0 s, –")

    def test_what_nobody_can_count_has_no_share(self, children: Callable[..., Children]) -> None:
        children()
        found = train.compare(a_workload(), peers=[], repeats=1, target=False)
        sides = {"ours": train.Side()}
        result = {"seconds": 1.0, "accuracy": 1.0, "student_seconds": 1.0, "operations": None, "precision": "fp32"}
        sides["ours"].add(child.Finished(result=result, seconds=1.0, peak_bytes=1))
        longer = child.Finished(result=result, seconds=1.0, peak_bytes=1)
        bare = train.figures(sides, [LIMITS], teacher_accuracy=1.0, longer=longer, skipped={})
        assert bare["gemm_share"] is None
        assert set(bare) == set(found)
        assert "share" not in train.table(bare)


CELLS = [a_workload(layers=(0,) * depth, temperature=t) for depth in (1, 2) for t in (1.0, 2.0, 4.0)]


class TestGrid:
    def test_a_cell_is_the_run_that_one_would_ask_for(self, lab: tiny.Lab) -> None:
        work = a_workload(teacher=str(lab.teacher))
        found = [grid.config_of(cell) for cell in grid.cells(work, [1.0, 8.0], [1, 2])]
        assert [(config.loss.temperature, config.student.layers) for config in found] == [
            (1.0, (0,)),
            (8.0, (0,)),
            (1.0, (0, 3)),
            (8.0, (0, 3)),
        ]
        assert isinstance(found[0], RunConfig)
        assert found[0].training.epochs == 3
        assert (found[0].corpus.source, found[0].seed) == ("some/train.csv", 5)

    @pytest.mark.parametrize(("whole", "n_started"), [(False, 2), (True, 6)])
    def test_a_loop_stands_for_its_temperatures(
        self, whole: bool, n_started: int, children: Callable[..., Children]
    ) -> None:
        fake = children()
        found = grid.theirs(CELLS, whole=whole)
        assert (found["seconds"], found["n_timed"], len(fake.started)) == (120.0, n_started, n_started)

    def test_both_sides_are_compared(self, children: Callable[..., Children], monkeypatch: pytest.MonkeyPatch) -> None:
        children()
        monkeypatch.setattr(grid, "ours", lambda cells: {"seconds": 12.0, "accuracies": [0.5], "workers": 2})
        found = grid.compare(CELLS, repeats=2, whole=False)
        assert (found["ratio"]["median"], found["seconds"], found["peer_seconds"]) == (10.0, 12.0, 120.0)
        assert "2 timed, one a depth, times the temperatures" in grid.table(found)
        assert "each timed" in grid.table(grid.compare(CELLS, repeats=1, whole=True))

    def test_without_the_loop_there_is_no_ratio(
        self, children: Callable[..., Children], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        children(absent="accelerate")
        monkeypatch.setattr(grid, "ours", lambda cells: {"seconds": 12.0, "accuracies": [0.5], "workers": 2})
        found = grid.compare(CELLS, repeats=1, whole=False)
        assert (found["ratio"], found["peer_seconds"]) == (None, None)
        assert "skipped trainer-fp32" in grid.table(found)


def answers_of(ours: list[float], quick: list[float], theirs: list[float], *, n_texts: int) -> dict[str, Any]:
    spent, same = {"ours": ours, "quick": quick, "pipeline": theirs}, {"ours": 1.0, "quick": 0.99}
    return {"quick_precision": "bf16", **answer.figures(spent, [3.0], n_texts=n_texts, same=same)}


class TestAnswer:
    def test_figures_are_medians(self) -> None:
        spent = {"ours": [1.0, 2.0, 4.0], "quick": [1.0, 1.0, 2.0], "pipeline": [6.0, 6.0, 6.0]}
        same = {"ours": 1.0, "quick": 0.995}
        found = answer.figures(spent, [5.0, 3.0, 4.0], n_texts=100, same=same)
        assert found["ratio"] == asdict(Spread(median=3.0, low=1.5, high=6.0))
        assert (found["quick_ratio"]["median"], found["quick_same_answers"]) == (6.0, 0.995)
        assert found["compare_ms"]["median"] == 4.0
        lines = answer.table({**found, "quick_precision": "bf16"}).splitlines()
        assert lines[1].split() == ["ours", "2.00", "s", "50", "3.0x", "(1.5", "to", "6.0)", "100.00%"]
        assert lines[2].split() == ["ours", "in", "bf16", "1.00", "s", "100", "6.0x", "(3.0", "to", "6.0)", "99.50%"]
        assert lines[3].split() == ["pipeline,", "batches", "of", "32", "6.00", "s", "17"]


class TestStart:
    def test_the_ratio_is_how_much_longer_ours_takes(self) -> None:
        found = start.figures([4.0, 6.0], [2.0, 2.0], until="drawn")
        assert found["ratio"]["median"] == 2.5
        assert "2.5x (2.0 to 3.0) as long" in start.table(found)

    def test_it_needs_an_app(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"--app must be the path of app\.py"):
            start.compare(tmp_path / "app.py", repeats=1)

    def test_both_start_in_turn_and_once_to_warm_up(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: list[str] = []

        @contextmanager
        def served(command: tuple[str, ...], home: Path, folder: Path) -> Iterator[tuple[str, float]]:
            assert folder == tmp_path
            yield command[0], 0.0

        @contextmanager
        def eyes() -> Iterator[tuple[Callable[[str], None], str]]:
            yield seen.append, "seen"

        monkeypatch.setattr(start, "_served", served)
        monkeypatch.setattr(start, "_eyes", eyes)
        (tmp_path / "app.py").touch()
        found = start.compare(tmp_path / "app.py", repeats=2)
        assert seen == ["run", "hello", "hello", "run", "run", "hello"]
        assert found["until"] == "seen"

    def test_a_server_that_ends_is_an_error(self, tmp_path: Path) -> None:
        with (
            pytest.raises(RuntimeError, match="streamlit run nothing does not answer"),
            start._served(("run", "nothing"), tmp_path, tmp_path),
        ):
            pass

    def test_nobody_answers_at_a_dead_address(self) -> None:
        assert not start.answers("http://localhost:9")

    def test_without_a_browser_it_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(start.shutil, "which", lambda name: None)
        with start._eyes() as (usable, until):
            assert "not installed" in until
            assert usable is start._fetch


class TestScale:
    def test_time_and_memory_are_by_the_text(self) -> None:
        readings_of = {
            1000: [{"seconds": 2.0, "bytes": 1_000_000}],
            10_000: [{"seconds": 10.0, "bytes": 5_000_000}],
            100_000: [{"seconds": 110.0, "bytes": 50_500_000}],
        }
        found = scale.figures(readings_of, epochs=1)
        assert [line["ms_per_text"]["median"] for line in found["sizes"]] == pytest.approx([2.0, 1.0, 1.1])
        assert found["deviation"] == pytest.approx(1.0)
        assert found["ratio"] == pytest.approx(0.55)
        assert found["bytes_per_text"] == 500.0
        assert "grows by 500 bytes a text" in scale.table(found)

    def test_sizes_take_turns(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = []

        def run(task: str, **more: Any) -> child.Finished:
            asked.append((more["n_texts"], more["seed"]))
            return child.Finished(result={"seconds": 1.0, "bytes": 1, **more}, seconds=1.0, peak_bytes=1)

        monkeypatch.setattr(child, "run", run)
        scale.compare([20, 10], epochs=1, repeats=2)
        assert asked == [(10, 0), (20, 0), (20, 1), (10, 1)]


class TestCommands:
    def test_a_table_and_a_line_of_json(
        self,
        lab: tiny.Lab,
        children: Callable[..., Children],
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        fake = children(absent="textbrewer")
        files = ["--train", lab.corpus, "--test", lab.test, "--teacher", lab.teacher, "--layers", "0,3"]
        given = [*map(str, files), "--peers", "trainer-fp32,textbrewer", "--repeats", "1", "--examples", "30"]
        assert main(["bench", "train", *given]) == 0
        shown = capsys.readouterr().out
        found = json.loads(shown.splitlines()[-1])
        assert (found["benchmark"], found["ratio"], found["machine"]) == ("train", 4.0, MACHINE)
        assert found["limits"] == LIMITS
        work = found["workload"]
        assert (work["n_train"], work["n_test"], work["layers"], work["temperature"]) == (30, 30, [0, 3], 4.0)
        assert str(tmp_path) not in json.dumps(found["workload"])
        assert fake.started[0][0] == "machine"  # before anything makes it busy
        for said in ("abacus, 2 threads", "limit, 8x4x4", "trainer-fp32", "skipped textbrewer: it is not there"):
            assert said in shown

    def test_a_peer_must_be_known(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["bench", "train", "--peers", "nobody"]) == 2
        assert (
            "--peers must be of trainer-fp32, trainer-bf16, trainer-shuffled, trainer-frozen, textbrewer, torchdistill"
            in capsys.readouterr().err
        )

    @pytest.mark.parametrize("repeats", ["0", "no"])
    def test_repeats_are_counted_from_one(self, repeats: str, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit, match=r"^2$"):
            main(["bench", "train", "--repeats", repeats])
        assert capsys.readouterr().err.count("\n") == 1

    def test_the_others_print_theirs(
        self, lab: tiny.Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        answers = answers_of([1.0], [1.0], [2.0], n_texts=7)
        results = {"machine": MACHINE, "limits": LIMITS, "answer": answers}
        monkeypatch.setattr(
            child, "run", lambda task, **_: child.Finished(result=results[task], seconds=1.0, peak_bytes=1)
        )
        monkeypatch.setattr(start, "compare", lambda app, *, repeats: start.figures([2.0], [1.0], until="drawn"))
        monkeypatch.setattr(scale, "compare", lambda *_, **__: SCALE)
        monkeypatch.setattr(grid, "compare", lambda cells, *, repeats, whole: {**GRID, "n_cells": len(cells)})
        files = ["--train", str(lab.corpus), "--test", str(lab.test), "--teacher", str(lab.teacher), "--layers", "0"]
        for name, more in {"answer": files, "grid": [*files, "--depths", "1,2"], "start": [], "scale": []}.items():
            assert main(["bench", name, *more]) == 0
            found = json.loads(capsys.readouterr().out.splitlines()[-1])
            assert (found["benchmark"], found["repeats"], found["limits"]) == (name, 3, LIMITS)
            assert "ratio" in found
            if name == "grid":
                assert (found["n_cells"], found["workload"]["depths"]) == (8, [1, 2])


SCALE = scale.figures({10: [{"seconds": 1.0, "bytes": 100}], 20: [{"seconds": 2.0, "bytes": 300}]}, epochs=1)
GRID = {
    "ratio": {"median": 2.0, "low": 1.0, "high": 3.0},
    "seconds": 10.0,
    "peer_seconds": 20.0,
    "n_cells": 4,
    "n_peer_loops_timed": 2,
    "workers": 2,
    "skipped": {},
}


class TestReport:
    def test_every_benchmark_gives_its_lines(
        self, children: Callable[..., Children], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        children(reached=("ours",))
        trained = train.compare(a_workload(), peers=["trainer-fp32", "trainer-bf16"], repeats=2)
        work = {"corpus": "reviews", "n_train": 2000, "epochs": 3, "temperatures": [1, 2], "depths": [2, 3]}
        outputs = {
            "train": trained,
            "grid": GRID,
            "answer": answers_of([1.0], [0.5], [6.0], n_texts=7000),
            "start": start.figures([2.0], [1.0], until="drawn"),
            "scale": SCALE,
        }
        paths = []
        for name, found in outputs.items():
            paths.append(tmp_path / name)
            line = {"benchmark": name, "repeats": 2, "machine": MACHINE, "limits": LIMITS, "workload": work, **found}
            paths[-1].write_text("a table\n" + json.dumps(line) + "\n")
        assert main(["bench", "table", *map(str, paths)]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "| figure | ours | beside it | ratio | command |"
        rows = {first.strip(): rest for _, first, *rest, _ in (line.split("|") for line in lines[2:] if "|" in line)}
        cells = {name: [cell.strip() for cell in rest] for name, rest in rows.items()}
        usual = ["2.0 s", "usual loop: 8.0 s (missed in 2 of 2)", "at least 4.0x (4.0 to 4.0)", "`bench train`"]
        loops = "4 loops (2 timed, one a depth, times the temperatures): 20 s"
        hello = ["2.0 s", "`streamlit hello`: 1.0 s", "2.0x (2.0 to 2.0) as long", "`bench start`"]
        assert cells["share of the fp32 peak while training"] == ["50%", "", "", "`bench train`"]
        assert cells["time to 87.3%, 97 % of the teacher's accuracy"] == usual
        assert cells["peak memory"][:2] == ["1.00 GB, 1.00 GB with twice the epochs", "1.00 GB"]
        assert cells["grid of 2 temperatures x 2 depths"] == ["10 s", loops, "2.0x (1.0 to 3.0)", "`bench grid`"]
        assert cells["7,000 texts answered"][:3] == ["1.0 s", "pipeline: 6.0 s", "6.0x (6.0 to 6.0)"]
        assert cells["the same in bf16"][:3] == ["0.5 s", "pipeline: 6.0 s", "12.0x (12.0 to 12.0)"]
        assert cells["one text, teacher and student"][0] == "3.0 ms (3.0 to 3.0)"
        assert cells["start, until drawn"] == hello
        assert cells["memory a text"][0] == "20 bytes"
        first = "| training, reviews, 2,000 texts, 3 epochs | 2.0 s, 80.5% |"
        assert f"{first} trainer-fp32: 8.0 s, 80.5% | 4.0x (4.0 to 4.0) | `bench train` |" in lines
        assert f"{first} trainer-bf16: 16.0 s, 80.5% | 8.0x (8.0 to 8.0) | `bench train` |" in lines
        assert sum(line.startswith("abacus, 2 threads") for line in lines) == 1  # told once

    def test_a_training_alone_has_its_line(self, children: Callable[..., Children]) -> None:
        children()
        found = train.compare(a_workload(), peers=[], repeats=1)
        work = {"corpus": "reviews", "n_train": 2000, "epochs": 3}
        rows = report._train({**found, "workload": work, "repeats": 1})
        assert rows[0] == ["training, reviews, 2,000 texts, 3 epochs", "2.0 s, 80.0%", "", ""]
        assert [row[1:] for row in rows if row[0].startswith("time to")] == [["2.0 s", "usual loop: not run", "–"]]

    @pytest.mark.parametrize("content", ["", "no json", "[]", '{"benchmark": "other"}'])
    def test_something_else_is_refused(self, content: str, tmp_path: Path) -> None:
        (tmp_path / "file").write_text(content)
        with pytest.raises(ConfigError):
            report.read(tmp_path / "file")


def test_every_task_of_a_child_is_there() -> None:
    from importlib import import_module

    for place in child.TASKS.values():
        module, _, name = place.partition(":")
        assert callable(getattr(import_module(f"distil_core.bench.{module}"), name))


def test_the_commands_have_help(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("train", "grid", "answer", "start", "scale", "table"):
        with pytest.raises(SystemExit, match=r"^0$"):
            main(["bench", name, "--help"])
    assert "--repeats" in capsys.readouterr().out
    assert commands._APP.is_file()
