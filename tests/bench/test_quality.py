"""Time to a good student: rounds that go on from a file, paired figures, and both sides on something small."""

import argparse
import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from distil_core.bench import child, commands, quality, quality_ours, teacher_sizes, usual_loop
from distil_core.bench.quality import Measured
from distil_core.bench.workload import Workload
from distil_core.errors import ConfigError
from distil_core.models import freezing
from distil_core.settings.config import (
    CorpusConfig,
    LayerMap,
    Precision,
    Recipe,
    RunConfig,
    StudentConfig,
    TeacherConfig,
    TrainingConfig,
)
from distil_core.settings.serialization import to_json
from tests import tiny

RIGHT = {"usual loop": [True, True, False, False], "quality": [True, True, True, False]}
SECONDS = {"usual loop": 100.0, "quality": 10.0}


class Sides:
    """Stand in for processes: a loop that takes a hundred seconds, forty for its teacher, and a side that takes ten."""

    def __init__(self) -> None:
        self.started: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, task: str, **arguments: Any) -> child.Finished:
        self.started.append((task, arguments))
        if task == "best rates":
            result: dict[str, Any] = {"teacher_rate": 1e-4, "student_rate": 3e-4}
        else:
            right = RIGHT[task]
            result = {"right": right, "accuracy": sum(right) / len(right), "excluded_seconds": 2.0}
            result |= {"teacher_accuracy": 0.8, "fine_tuning_seconds": 40.0}
        return child.Finished(result=result, seconds=SECONDS.get(task, 1.0) + 2.0, peak_bytes=0)


@pytest.fixture
def sides(monkeypatch: pytest.MonkeyPatch) -> Sides:
    fake = Sides()
    monkeypatch.setattr(child, "run", fake)
    return fake


@pytest.fixture
def corpus(tmp_path: Path) -> Measured:
    train, test = tiny.write_csv(tmp_path / "texts")
    return Measured(name="weather", train=train, test=test, examples=0)


def compare(corpus: Measured, keep: Path | None = None, **options: Any) -> dict[str, Any]:
    wanted = {"starts": ("csv", "teacher"), "repeats": 2, "recipe": Recipe.QUICK, "keep": keep, **options}
    return quality.compare([corpus], **wanted)


class TestRounds:
    def test_figures_are_paired_and_without_the_time_of_measuring(self, sides: Sides, corpus: Measured) -> None:
        starts = compare(corpus)["starts"]
        bare, taught = (starts[start]["corpora"]["weather"] for start in ("csv", "teacher"))
        assert (bare["ratio"], taught["ratio"]) == (10.0, 6.0)  # the second without the loop's fine-tuning
        assert (bare["seconds"], bare["peer_seconds"]) == (10.0, 100.0)
        assert (bare["accuracy"], bare["peer_accuracy"]) == (0.75, 0.5)
        assert bare["difference"]["value"] == 0.25
        assert bare["difference"]["low"] <= 0.25 <= bare["difference"]["high"]
        assert (bare["missed"], bare["n_seeds"]) == (0, 2)
        assert starts["csv"]["ratio"] == pytest.approx(10.0)
        assert starts["csv"]["difference"]["value"] == pytest.approx(0.25)

    def test_rates_are_chosen_once_and_sides_take_turns(self, sides: Sides, corpus: Measured) -> None:
        compare(corpus, repeats=3, starts=("csv",))
        tasks = [task for task, _ in sides.started]
        assert tasks == ["best rates", "usual loop", "quality", "quality", "usual loop", "usual loop", "quality"]
        assert {arguments["teacher_rate"] for task, arguments in sides.started if task == "usual loop"} == {1e-4}

    def test_our_side_is_asked_for_the_same_texts_and_student(self, sides: Sides, corpus: Measured) -> None:
        compare(corpus, repeats=1)
        loop = next(arguments for task, arguments in sides.started if task == "usual loop")
        bare, taught = (arguments["config"] for task, arguments in sides.started if task == "quality")
        assert bare["corpus"] == taught["corpus"] == loop["workload"]["corpus"]
        assert list(bare["student"]["layers"]) == list(loop["workload"]["layers"])
        assert bare["loss"]["temperature"] == loop["workload"]["temperature"]
        assert (bare["teacher"]["source"], taught["teacher"]["source"]) == ("minilm", loop["folder"])
        assert bare["training"]["recipe"] == "quick"

    def test_it_goes_on_from_a_file(self, sides: Sides, corpus: Measured, tmp_path: Path) -> None:
        keep = tmp_path / "rounds.jsonl"
        first = compare(corpus, keep, repeats=1)
        n_started = len(sides.started)
        assert compare(corpus, keep, repeats=1) == first
        assert len(sides.started) == n_started
        compare(corpus, keep, repeats=2)
        assert [task for task, _ in sides.started[n_started:]].count("usual loop") == 1
        assert len(keep.read_text(encoding="utf-8").splitlines()) == 3

    def test_the_table_has_a_line_a_corpus_and_one_for_all(self, sides: Sides, corpus: Measured) -> None:
        head, line, over_all = quality.rows(compare(corpus))
        figures = ["loop", "ratio", "accuracy", "points"]
        assert head == ["corpus", "loop's accuracy", "from bare texts", *figures, "from a teacher", *figures]
        assert line[:2] == ["weather", "50.0 %"]
        assert line[2:6] == ["10.0 s", "100.0 s", "10.0 (10.0 to 10.0)", "75.0 %"]
        assert line[7:11] == ["10.0 s", "60.0 s", "6.0 (6.0 to 6.0)", "75.0 %"]
        assert line[6].startswith("+25.0 (")
        assert line[11].startswith("+25.0 (")
        assert over_all == ["all", "", "", "", "10.0", "", over_all[6], "", "", "6.0", "", over_all[11]]
        assert over_all[6].startswith("+25.0 (")
        assert over_all[11].startswith("+25.0 (")

    def test_the_table_says_how_many_texts_and_from_where(self, sides: Sides, corpus: Measured) -> None:
        few = replace(corpus, examples=20)
        head, line, _ = quality.rows(compare(few, starts=("teacher",), repeats=1))
        assert (line[0], head[2], len(line)) == ("weather, 20 texts", "from a teacher", 7)

    def test_the_readme_has_the_table_as_it_is_printed(self, sides: Sides, corpus: Measured) -> None:
        figures = compare(corpus)
        readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
        head, under, first, *_ = quality.table(figures).split("\n\n")[1].splitlines()
        assert f"{head}\n{under}\n| sst2, 2,000 texts | " in readme
        assert first.startswith("| weather | 50.0 % | 10.0 s | 100.0 s | 10.0 (10.0 to 10.0) | ")

    def test_what_cannot_be_asked_is_refused(self, sides: Sides, corpus: Measured, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="--from must be of csv, teacher, got file"):
            compare(corpus, starts=("file",))
        with pytest.raises(ConfigError, match="--suite must be a folder with the corpora sst2, trec6"):
            quality.suite(tmp_path)

    def test_many_test_texts_are_thinned_evenly(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(quality, "MAX_TEST", 10)
        source, target = tmp_path / "a.csv", tmp_path / "b.csv"
        source.write_text("text,label\n" + "".join(f"text {i},x\n" for i in range(35)), encoding="utf-8")
        quality._cut_test(source, target)
        with target.open(encoding="utf-8", newline="") as file:
            assert [row["text"] for row in csv.DictReader(file)] == [f"text {i}" for i in range(0, 35, 4)]


def told_by(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> dict[str, Any]:
    """Return what a benchmark comes to that is started from the shell."""
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(commands, "_tell", lambda name, work, table, options: told.append(work()) or 0)
    parser = argparse.ArgumentParser()
    commands.add(parser.add_subparsers(), argparse.ArgumentParser(add_help=False))
    options = parser.parse_args(arguments)
    assert options.command(options) == 0
    return told[0]


def test_a_command_prints_a_table_and_json(sides: Sides, corpus: Measured, monkeypatch: pytest.MonkeyPatch) -> None:
    files = ["--train", str(corpus.train), "--test", str(corpus.test)]
    told = told_by(monkeypatch, "quality", *files, "--examples", "0", "--from", "csv", "--repeats", "1")
    assert json.dumps(told["starts"]["csv"]["corpora"])
    assert list(told["starts"]) == ["csv"]
    with pytest.raises(ConfigError, match="--suite, or --train and --test"):
        told_by(monkeypatch, "quality", "--train", str(corpus.train))


@pytest.mark.filterwarnings("default")
def test_both_sides_learn(corpus: Measured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = tmp_path / "encoder"
    tiny.model(depth=4).base_model.save_pretrained(encoder)
    tiny.tokenizer().save_pretrained(encoder)
    folder = tmp_path / "files"
    folder.mkdir()
    for name, source in (("train", corpus.train), ("validation", corpus.test), ("test", corpus.test)):
        (folder / f"{name}.csv").write_bytes(source.read_bytes())
    workload = Workload(
        folder=str(folder), teacher=str(encoder), corpus=CorpusConfig(source=str(corpus.train)), layers=(0, 2, 3),
        temperature=4.0, alpha=0.9, epochs=2, batch_size=8, learning_rate=1e-3, peer_learning_rate=1e-3,
        max_length=tiny.LENGTH, seed=0,
    )  # fmt: skip
    common = {"label_names": list(tiny.LABELS), "precision": "fp32"}
    rates = usual_loop.best_rates(to_json(workload), rates=[1e-3, 3e-3], **common)
    assert rates["teacher_rate"] in (1e-3, 3e-3)
    best = usual_loop.best_teacher(to_json(workload), rates=[1e-3, 3e-3], epochs=[1, 2], **common)
    assert (best["rate"] in (1e-3, 3e-3), best["epochs"] in (1, 2), len(best["right"])) == (True, True, 30)
    chosen = {name: rates[name] for name in ("teacher_rate", "student_rate")}
    theirs = usual_loop.distil_from_csv(to_json(workload), **chosen, folder=str(tmp_path / "teacher"), **common)
    assert len(theirs["right"]) == 30
    assert theirs["fine_tuning_seconds"] > 0

    config = RunConfig(
        corpus=CorpusConfig(source=str(corpus.train), test=str(corpus.test)),
        teacher=TeacherConfig(source=str(encoder), max_length=tiny.LENGTH),
        student=StudentConfig(layer_map=LayerMap.EXPLICIT, layers=(0, 2, 3)),
        training=TrainingConfig(recipe=Recipe.QUICK, precision=Precision.FP32, threads=1),
    )
    ours = quality_ours.distil(to_json(config))
    assert len(ours["right"]) == 30
    assert ours["accuracy"] == sum(ours["right"]) / 30
    assert 0 < ours["excluded_seconds"] < ours["seconds"]["total"]
    tuned = quality_ours.fine_tune(to_json(config))
    assert (len(tuned["right"]), tuned["seconds"] > 0) == (30, True)

    # What lower layers put out is shared by teacher, answers and student, and changes nothing but the last digits.
    monkeypatch.setattr(freezing, "_LIMIT", 0)
    assert quality_ours.distil(to_json(config))["right"] == ours["right"]


@pytest.fixture
def fine_tunings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Stand in for processes that fine-tune; what each was asked."""
    started: list[tuple[str, dict[str, Any]]] = []
    right = {"thorough": [True, True, True, False], "quick": [True, False, False, False]}

    def run(task: str, **arguments: Any) -> child.Finished:
        started.append((task, arguments))
        result: dict[str, Any] = {"right": [True, True, False, False], "seconds": 9.0, "epochs": 10, "rate": 1e-4}
        if task == "fine-tune":
            result = {"right": right[arguments["config"]["training"]["recipe"]], "seconds": 3.0}
        return child.Finished(result=result, seconds=1.0, peak_bytes=0)

    monkeypatch.setattr(child, "run", run)
    return started


class TestTeachers:
    def test_they_are_fine_tuned_beside_the_best_of_trainer(
        self, corpus: Measured, fine_tunings: list[tuple[str, dict[str, Any]]]
    ) -> None:
        figures = teacher_sizes.compare([corpus], epochs=(3, 10), repeats=2)
        assert [task for task, _ in fine_tunings] == ["fine-tune", "fine-tune", "best teacher"] * 2
        assert fine_tunings[2][1]["epochs"] == [3, 10]
        assert fine_tunings[0][1]["config"]["corpus"] == fine_tunings[2][1]["workload"]["corpus"]
        sides = figures["sizes"][0]["sides"]
        accuracies = {name: side["accuracy"] for name, side in sides.items()}
        assert accuracies == {"thorough": 0.75, "quick": 0.25, "Trainer": 0.5}
        assert sides["thorough"]["difference"]["value"] == 0.25
        assert sides["Trainer"]["chosen"] == [[10, 1e-4]] * 2
        n_train = figures["sizes"][0]["n_train"]
        assert n_train > 0
        head, under, line = teacher_sizes.table(figures).splitlines()
        assert head == "| corpus | texts | thorough | points | quick | points | Trainer |"
        assert line.startswith(f"| weather | {n_train} | 75.0 %, 3 s | +25.0 (")
        assert " | 25.0 %, 3 s | -25.0 (" in line
        assert line.endswith(" | 50.0 %, 9 s |")
        readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
        assert f"{head}\n{under}\n| banking77 | 500 | " in readme

    def test_more_texts_than_there_are_cannot_be_asked_for(
        self, corpus: Measured, fine_tunings: list[tuple[str, dict[str, Any]]]
    ) -> None:
        with pytest.raises(ConfigError, match=r"has \d+ texts to train on, not 5,000; leave larger --sizes out"):
            teacher_sizes.compare([replace(corpus, examples=5000)], epochs=(3,), repeats=1)
        assert not fine_tunings

    def test_a_command_goes_on_from_what_is_finished(
        self,
        corpus: Measured,
        fine_tunings: list[tuple[str, dict[str, Any]]],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        files = ["--train", str(corpus.train), "--test", str(corpus.test), "--keep", str(tmp_path / "kept.jsonl")]
        first = told_by(monkeypatch, "teachers", *files, "--sizes", "12", "--epochs", "1,2", "--repeats", "1")
        assert fine_tunings[2][1]["epochs"] == [1, 2]
        again = told_by(monkeypatch, "teachers", *files, "--sizes", "12", "--epochs", "1,2", "--repeats", "1")
        assert (again, len(fine_tunings)) == (first, 3)
        told_by(monkeypatch, "teachers", *files, "--sizes", "12", "--epochs", "1", "--repeats", "1")
        assert len(fine_tunings) == 6
