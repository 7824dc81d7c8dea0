"""The lab from a shell: what it prints, where, and with which status."""

import json
import os
import shlex
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoModelForSequenceClassification

import distil_core.cli as shell
from distil_core import assets
from distil_core.cli import main
from distil_core.errors import Cancelled
from distil_core.reporting.command_lines import command_line
from distil_core.runs import foreground, requests, workers
from distil_core.runs.rows import Run, RunState
from distil_core.runs.store import RunStore
from distil_core.settings.canonical import canonical
from distil_core.settings.config import (
    CorpusConfig,
    Init,
    LayerMap,
    LossConfig,
    Recipe,
    RunConfig,
    StudentConfig,
    TeacherConfig,
    TrainingConfig,
)
from distil_core.tasks.catalog import TASKS
from distil_core.training.cache import Cache
from distil_core.training.events import Stage, TeacherMeasured, Validation
from tests import seeds, tiny
from tests.factories import a_step

FIGURES = {"accuracy", "macro_f1", "agreement", "kl_nats", "loyalty", "ece", "nll", "parameters", "bytes", "latency_ms"}


def arguments(lab: tiny.Lab) -> list[str]:
    """A run that takes about a second."""
    options = {
        "corpus": lab.corpus,
        "test": lab.test,
        "teacher": lab.teacher,
        "depth": 2,
        "epochs": 1,
        "batch-size": 8,
        "learning-rate": 1e-3,
        "precision": "fp32",
    }
    return [str(part) for name, value in options.items() for part in (f"--{name}", value)]


@pytest.mark.slow
def test_the_whole_in_a_process_of_its_own(lab: tiny.Lab, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "distil_core", "distil", *arguments(lab), "--out", str(tmp_path / "student")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout.splitlines()[-1])
    models = ("teacher", "student", "hard_label_twin", "layer_cut_twin", "baseline")
    assert {"run", "seconds", *models} <= set(data)
    for name in ("student", "hard_label_twin", "layer_cut_twin", "baseline"):
        assert set(data[name]) >= FIGURES, name
        assert set(data[name]["latency_ms"]) == {"p5", "p50", "p95"}
        assert data[name]["latency_ms"]["p5"] <= data[name]["latency_ms"]["p50"] <= data[name]["latency_ms"]["p95"]
    assert FIGURES - {"agreement", "kl_nats", "loyalty"} <= set(data["teacher"])
    assert data["tfidf"] == data["baseline"]
    assert set(data["seconds"]) == {"teacher", "teacher_outputs", "training", "measurement", "total"}
    assert len(done.stdout.splitlines()) > 5  # a table comes first
    assert "Traceback" not in done.stderr
    assert f"student written to {tmp_path / 'student'}" in done.stderr
    assert "[distilled] Teacher outputs" in done.stderr
    assert "[hard-labels] epoch 1: accuracy" in done.stderr
    student = AutoModelForSequenceClassification.from_pretrained(tmp_path / "student")
    assert student.config.num_hidden_layers == 2


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[RunConfig, dict[str, Any]]]:
    """Compute nothing, and write down what was wanted."""
    seen: list[tuple[RunConfig, dict[str, Any]]] = []

    def run_all(config: RunConfig, store: RunStore, **more: Any) -> foreground.Distillation:
        seen.append((config, more))
        run = seeds.finished_family(store)
        assert run.record is not None
        none = {"hard_label_twin": None, "layer_cut_twin": None, "baseline": None}
        return foreground.Distillation(run=run.id, record=run.record, folder=store.folder(run.id), **none)

    monkeypatch.setattr(foreground, "run_all", run_all)
    return seen


class TestDistil:
    def test_without_options_it_is_the_default_run(
        self, asked: list[Any], home: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["distil"]) == 0
        assert asked[0][0] == RunConfig()
        assert asked[0][1]["twins"] is True
        assert json.loads(capsys.readouterr().out.splitlines()[-1])["folder"].startswith(str(home))

    def test_a_bad_teacher_is_named_when_the_baseline_is_done_and_in_the_end(
        self, asked: list[Any], home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(seeds, "TEACHER_ACCURACY", 0.3)
        assert main(["distil", "--store", str(home)]) == 0
        shown = capsys.readouterr()
        assert shown.err == ""
        assert "note: The teacher is worse than the baseline (TF-IDF" in shown.out
        store = RunStore(home)
        for run in store.list():
            asked[0][1]["on_done"](run)
        assert capsys.readouterr().err.count("note: The teacher is worse than the baseline (TF-IDF") == 1

    def test_the_student_goes_where_one_says(
        self, asked: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["distil", "--out", str(tmp_path / "student")]) == 0
        assert sorted(path.name for path in (tmp_path / "student").iterdir()) == ["config.json", "model.safetensors"]
        shown = capsys.readouterr()
        assert shown.err == f"student written to {tmp_path / 'student'}\n"
        assert len(shown.out.splitlines()) > 5  # a table comes before the figures
        (tmp_path / "file").touch()
        assert main(["distil", "--out", str(tmp_path / "file")]) == 2
        assert "error: --out must be a folder that can be written to" in capsys.readouterr().err

    def test_every_setting_is_an_option(self, asked: list[Any], tmp_path: Path) -> None:
        given = {
            "--corpus": "a.csv",
            "--label-names": "no, yes",
            "--corpus-seed": 3,
            "--teacher": "minilm",
            "--teacher-epochs": 2,
            "--teacher-learning-rate": 0.01,
            "--layer-map": "last",
            "--init": "random",
            "--temperature": 3,
            "--hidden-mse": 0.5,
            "--epochs": 0,
            "--learning-rate": 0.1,
            "--patience": 2,
            "--seed": 7,
            "--store": tmp_path / "elsewhere",
        }
        assert main(["distil", *(str(part) for pair in given.items() for part in pair), "--no-twins"]) == 0
        config, more = asked[0]
        assert config == RunConfig(
            corpus=CorpusConfig(source="a.csv", label_names=("no", "yes"), seed=3),
            teacher=TeacherConfig(source="minilm", epochs=2, learning_rate=0.01),
            student=StudentConfig(layer_map=LayerMap.LAST, init=Init.RANDOM),
            loss=LossConfig(temperature=3.0, hidden_mse=0.5),
            training=TrainingConfig(epochs=0, learning_rate=0.1, patience=2),
            seed=7,
        )
        assert more["twins"] is False
        assert (tmp_path / "elsewhere" / "runs.sqlite3").exists()

    @pytest.mark.parametrize("recipe", list(Recipe))
    @pytest.mark.parametrize("task", TASKS)
    def test_what_a_task_begins_with_leaves_a_recipe_its_choice(
        self, asked: list[Any], task: str, recipe: Recipe
    ) -> None:
        assert main(["distil", "--task", task, "--recipe", recipe]) == 0
        config = canonical(asked[0][0])
        assert config.training.recipe is recipe
        words = shlex.split(command_line(config))
        assert main(words[3:]) == 0
        assert canonical(asked[1][0]) == config

    def test_named_layers_are_an_explicit_map(self, asked: list[Any]) -> None:
        assert main(["distil", "--layers", "0, 2,5"]) == 0
        assert asked[0][0].student == StudentConfig(layers=(0, 2, 5), layer_map=LayerMap.EXPLICIT)
        assert main(["distil", "--init", "run:abc123"]) == 0
        assert asked[1][0].student == StudentConfig(parent="abc123")

    def test_its_help_explains_every_setting(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", "1000")
        with pytest.raises(SystemExit, match=r"^0$"):
            main(["distil", "--help"])
        shown = " ".join(capsys.readouterr().out.split())
        for section in (CorpusConfig, TeacherConfig, StudentConfig, LossConfig, TrainingConfig):
            for item in fields(section):
                assert item.metadata["help"] in shown, item.name
        assert "(default: 2.0)" in shown

    def test_a_deep_student_is_an_error_of_one_line(self, lab: tiny.Lab, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["distil", *arguments(lab), "--depth", "9"]) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err == "error: student.depth must be at most the teacher's 4 layers, got 9\n"

    @pytest.mark.parametrize("problem", [["--teacher", "/no/where"], ["--corpus", "no.csv"], ["--temperature", "0"]])
    def test_other_errors_are_too(self, lab: tiny.Lab, problem: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["distil", *arguments(lab), *problem]) == 2
        shown = capsys.readouterr()
        assert shown.err.startswith("error: ")
        assert shown.err.count("\n") == 1

    def test_an_error_has_its_status_outside_too(self, tmp_path: Path) -> None:
        command = [sys.executable, "-m", "distil_core", "distil", "--corpus", "no.csv", "--teacher", str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("error: ")
        assert done.stderr.count("\n") == 1

    def test_whoever_reads_along_may_go(self, tmp_path: Path) -> None:
        reading, writing = os.pipe()
        os.close(reading)
        command = [sys.executable, "-m", "distil_core", "cache", "--empty", "--store", str(tmp_path)]
        ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True)
        os.close(writing)
        assert (ended.returncode, ended.stderr) == (0, "")

    @pytest.mark.parametrize("error", [Cancelled(), KeyboardInterrupt()])
    def test_what_is_stopped_says_how_to_go_on(
        self, error: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def run_all(*_: Any, **__: Any) -> None:
            raise error

        monkeypatch.setattr(foreground, "run_all", run_all)
        assert main(["distil"]) == 130
        assert capsys.readouterr().err == "stopped; the same command goes on where it was\n"

    def test_an_unknown_option_is_an_error(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit, match=r"^2$"):
            main(["distil", "--layers", "one"])
        assert "invalid list of int value: 'one'" in capsys.readouterr().err


class TestPrinter:
    @pytest.fixture
    def run_of(self, home: Path) -> Run:
        return seeds.finished(RunStore(home), seeds.a_config())

    EVENTS = (
        Stage(name="Reading", detail="", fraction=0.0),
        Stage(name="Reading", detail="more", fraction=0.5),
        Stage(name="Reading", detail="texts", fraction=0.6, n_done=1_200, n_total=2_000),
        TeacherMeasured(score=0.875),
        a_step(1, 2),
        Validation(epoch=1.0, score=0.5, agreement=None),
        Validation(epoch=2.0, score=0.5, agreement=0.25),
    )

    def test_a_file_gets_what_lasts(self, run_of: Run, capsys: pytest.CaptureFixture[str]) -> None:
        tell = shell._Printer()
        for event in self.EVENTS:
            tell(run_of, event)
        assert capsys.readouterr().err.splitlines() == [
            "[distilled] Reading",
            "[distilled] teacher: validation accuracy 87.5 %",
            "[distilled] epoch 1: accuracy 50.0 %",
            "[distilled] epoch 2: accuracy 50.0 %, agreement 25.0 %",
        ]

    def test_a_terminal_gets_a_line_that_changes(
        self, run_of: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
        tell = shell._Printer()
        for event in self.EVENTS:
            tell(run_of, event)
        shown = capsys.readouterr().err
        assert "\r\033[K[distilled] Reading: more\r\033[K[distilled] Reading: texts, 1,200 of 2,000" in shown
        assert "\r\033[K[distilled] step 1/2, soft 0.4000, hard 0.1000" in shown
        assert shown.endswith("agreement 25.0 %\n")


class TestRuns:
    @pytest.fixture
    def store(self, home: Path) -> RunStore:
        return RunStore(home)

    def test_runs_are_listed(self, store: RunStore, capsys: pytest.CaptureFixture[str]) -> None:
        run = seeds.finished_family(store)
        store.add("waiting", seeds.a_config(seed=3), corpus_name="python-docs")
        assert main(["runs"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 5
        assert lines[0].split()[:4] == ["waiting", "queued", "distilled", "python-docs"]
        assert lines[-1].split()[:5] == [run.id, "done", "distilled", "90.0%", "reviews"]

    def test_none_are_nothing(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["runs"]) == 0
        assert capsys.readouterr().out == ""

    def test_one_is_shown_by_its_beginning(self, store: RunStore, capsys: pytest.CaptureFixture[str]) -> None:
        run = seeds.finished(store, seeds.a_config())
        assert main(["runs", run.id[:6]]) == 0
        shown = json.loads(capsys.readouterr().out)
        assert (shown["id"], shown["state"]) == (run.id, "done")
        assert shown["record"]["model"]["metrics"]["accuracy"]["value"] == 0.9

    def test_one_is_deleted(self, store: RunStore, capsys: pytest.CaptureFixture[str]) -> None:
        run = seeds.finished(store, seeds.a_config())
        assert main(["runs", run.id, "--delete"]) == 0
        assert capsys.readouterr().out == f"deleted {run.id}\n"
        assert store.find(run.id) is None
        assert not store.folder(run.id).path.exists()

    @pytest.mark.parametrize(("name", "n_found"), [("", 2), ("unknown", 0)])
    def test_one_must_be_named_by_itself(
        self, store: RunStore, name: str, n_found: int, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for seed in (0, 1):
            seeds.finished(store, seeds.a_config(seed=seed))
        assert main(["runs", name, "--delete"]) == 2
        assert f"got {name!r}, which fits {n_found}; see the list of runs" in capsys.readouterr().err
        assert len(store.list()) == 2

    def test_nothing_is_deleted_without_a_name(self, store: RunStore, capsys: pytest.CaptureFixture[str]) -> None:
        seeds.finished(store, seeds.a_config())
        assert main(["runs", "--delete"]) == 2
        assert "a run must be named to be deleted" in capsys.readouterr().err


class TestCache:
    def test_what_is_kept_is_listed_and_emptied(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        cache = Cache(home / "cache")
        with cache.writing("outputs", "k", name="outputs of shipped") as folder:
            (folder / "logits").write_bytes(bytes(2_000_000))
        assert main(["cache"]) == 0
        first, last = capsys.readouterr().out.splitlines()
        assert first.split() == ["2.0", "MB", "outputs", "of", "shipped"]
        assert last.split()[:4] == ["2.0", "MB", "in", "all,"]
        assert main(["cache", "--empty"]) == 0
        assert capsys.readouterr().out == "freed 2.0 MB\n"
        assert cache.entries() == ()


class TestOthers:
    @pytest.mark.parametrize("command", ["", "distil", "runs", "cache", "build-assets", "worker"])
    def test_every_command_has_help(self, command: str, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit, match=r"^0$"):
            main([*filter(None, [command]), "--help"])
        assert "usage: python -m distil_core" in capsys.readouterr().out

    def test_a_command_is_needed(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit, match=r"^2$"):
            main([])
        assert "COMMAND" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("only", "built"),
        [
            ([], ["teacher", "words", "example"]),
            (["--only", "teacher"], ["teacher"]),
            (["--only", "example"], ["example"]),
        ],
    )
    def test_assets_are_built_where_one_says(
        self,
        only: list[str],
        built: list[str],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        for name in ("teacher", "words", "examples"):
            monkeypatch.setattr(assets, f"build_{name}", lambda folder, *, tell, **_: tell(str(folder)))
        assert main(["build-assets", "--folder", str(tmp_path), *only]) == 0
        assert capsys.readouterr().err.splitlines() == [str(tmp_path / name) for name in built]

    def test_a_worker_computes_what_is_queued(
        self, lab: tiny.Lab, home: Path, quick: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = RunStore(home)
        (run,) = requests.submit(lab.config(), store, twins=False)
        assert main(["worker", "--idle-seconds", "0"]) == 0
        assert store.get(run.id).state is RunState.DONE
        assert not workers.worker_alive(store)
