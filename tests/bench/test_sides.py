"""The sides of the benchmark: the same student, texts and labels for all, and each really does its work."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from distil_core import process
from distil_core.bench import answer, child, grid, ours, peers, scale
from distil_core.bench.workload import Wanted, Workload, prepare
from distil_core.errors import ConfigError
from distil_core.models import freezing, loading, surgery
from distil_core.runs import workers
from distil_core.runs.execute import drain
from distil_core.runs.store import RunStore
from distil_core.settings.config import LayerMap, StudentConfig
from distil_core.settings.serialization import to_json
from tests import tiny


def written(wanted: Wanted, folder: Path) -> Workload:
    folder.mkdir(exist_ok=True)
    return drain(prepare(wanted, folder, RunStore(folder / "store")), lambda event: None)


@pytest.fixture
def workload(lab: tiny.Lab, tmp_path: Path) -> Workload:
    """A training of a second that learns something."""
    wanted = Wanted(
        train=lab.corpus,
        test=lab.test,
        teacher=str(lab.teacher),
        layers=(0, 3),
        epochs=3,
        batch_size=8,
        learning_rate=3e-3,
        peer_learning_rate=3e-3,
    )
    return written(wanted, tmp_path / "work")


class TestWorkload:
    def test_texts_and_labels_are_those_of_the_files(self, workload: Workload) -> None:
        texts, labels = workload.read("test")
        part = tiny.split(30, seed=2)
        assert texts == list(part.texts)
        assert labels == [tiny.LABELS[label] for label in part.labels]
        assert replace(workload, limit=4).read("test") == (texts[:4], labels[:4])

    def test_the_teacher_is_as_it_was(self, workload: Workload, lab: tiny.Lab) -> None:
        kept, given = (load_file(folder / "model.safetensors") for folder in (Path(workload.teacher), lab.teacher))
        assert all(torch.equal(kept[name], given[name]) for name in given if "classifier" not in name)
        order = [tiny.LABELS.index(label) for label in sorted(tiny.LABELS)]  # of the corpus
        assert torch.equal(kept["classifier.weight"], given["classifier.weight"][order])

    def test_settings_are_those_of_short_sentences_with_files(self, lab: tiny.Lab, tmp_path: Path) -> None:
        wanted = Wanted(train=lab.corpus, test=lab.test, teacher=str(lab.teacher), layers=(1,), examples=12)
        found = written(wanted, tmp_path / "work")
        assert (found.temperature, found.epochs, found.batch_size) == (4.0, 3, 32)
        assert (len(found.read("train")[0]), len(found.read("test")[0])) == (12, 30)
        assert written(replace(wanted, temperature=1.5), tmp_path / "other").temperature == 1.5

    def test_without_files_it_is_the_default_run(self, tmp_path: Path) -> None:
        found = written(Wanted(examples=20), tmp_path / "work")
        assert (found.layers, found.temperature, found.corpus.source) == ((0, 5), 2.0, "reviews")
        assert len(found.read("train")[0]) == found.corpus.n_train == 20

    def test_a_teacher_without_a_head_learns_all_texts_first(
        self, lab: tiny.Lab, checkpoint: Any, tmp_path: Path
    ) -> None:
        wanted = Wanted(train=lab.corpus, test=lab.test, teacher=str(checkpoint("bert")), layers=(0,), examples=6)
        found = written(wanted, tmp_path / "work")
        assert loading.load_model(Path(found.teacher)).config.id2label == dict(enumerate(sorted(tiny.LABELS)))
        (kept,) = (tmp_path / "work" / "store" / "cache" / "teachers").glob("*/about.json")
        assert "fine-tuned on 54 texts" in kept.read_text()

    def test_files_come_in_pairs(self, lab: tiny.Lab, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="--train and --test must come together"):
            written(Wanted(train=lab.corpus), tmp_path / "work")


class TestStudents:
    @pytest.mark.parametrize("architecture", ["bert", "distilbert", "roberta"])
    def test_all_start_from_the_same_one(self, architecture: str) -> None:
        teacher = tiny.model(architecture)
        explicit = StudentConfig(layer_map=LayerMap.EXPLICIT, layers=(0, 2))
        own, theirs = surgery.cut_student(teacher, explicit)[0], peers.cut(teacher, (0, 2))
        assert theirs.state_dict().keys() == own.state_dict().keys()
        assert all(torch.equal(theirs.state_dict()[name], weights) for name, weights in own.state_dict().items())
        assert teacher.config.num_hidden_layers == tiny.DEPTH


class TestOurs:
    def test_a_student_learns_and_its_work_is_counted(self, workload: Workload) -> None:
        found = ours.distil(to_json(workload))
        assert found["accuracy"] > 0.6
        assert found["operations"] > 0
        assert found["shapes"][1][1:] == [tiny.WIDTH, 2 * tiny.WIDTH]
        assert 0 < found["student_seconds"] <= found["seconds"]
        assert found["reached"] is None
        assert ours.distil(to_json(workload))["accuracy"] == found["accuracy"]

    def test_it_stops_at_a_target(self, workload: Workload, monkeypatch: pytest.MonkeyPatch) -> None:
        looked = []
        monkeypatch.setattr(ours, "_accuracy", lambda *_: looked.append(1) or 0.7)
        assert ours.distil(to_json(workload), target=0.7, every=2)["reached"] > 0
        assert len(looked) == 2  # on the way, and at the end
        assert ours.distil(to_json(workload), target=0.8, every=2)["reached"] is None

    def test_looks_do_not_count(self, workload: Workload) -> None:
        looks = ours._Looks(lambda: 0.5, 0.5, 3)
        assert [looks.reached(step) for step in (1, 2, 3)] == [False, False, True]
        assert looks.seconds > 0

    def test_what_is_not_packed_has_no_count(self, workload: Workload) -> None:
        assert ours._work(tiny.model("modernbert").config, [3, 5], workload)["operations"] is None
        assert ours._work(tiny.model("distilbert").config, [3, 5], workload)["operations"] > 0

    def test_the_teacher_answers(self, workload: Workload) -> None:
        assert ours.teacher_accuracy(to_json(workload))["accuracy"] > 0.8


class TestPeers:
    @pytest.mark.filterwarnings("default")
    @pytest.mark.parametrize("precision", ["fp32", "bf16"])
    def test_the_trainer_learns(self, precision: str, workload: Workload) -> None:
        found = peers.trainer(to_json(workload), precision=precision)
        assert found["accuracy"] > 0.6
        assert found["seconds"] > 0
        assert found["reached"] is None

    @pytest.mark.filterwarnings("default")
    @pytest.mark.parametrize("frozen", [1, 2])
    def test_a_trainer_that_freezes_leaves_the_same_as_our_side(
        self, frozen: int, workload: Workload, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        usual, rooms = peers.assemble, []
        monkeypatch.setattr(peers, "assemble", lambda given: rooms.append(usual(given)) or rooms[-1])
        peers.trainer(to_json(replace(workload, frozen=frozen, epochs=1)), freezes=True)
        student = rooms[0].student
        still = {id(weight) for part in freezing.parts(student, frozen) for weight in part.parameters()}
        assert {id(weight) for weight in student.parameters() if not weight.requires_grad} == still
        before = peers.cut(rooms[0].teacher, workload.layers)
        for after, former in zip(student.parameters(), before.parameters(), strict=True):
            assert id(after) not in still or torch.equal(after, former)

    @pytest.mark.filterwarnings("default")
    def test_the_trainer_stops_at_a_target(self, workload: Workload) -> None:
        assert peers.trainer(to_json(workload), target=0.01, every=2)["reached"] > 0
        assert peers.trainer(to_json(replace(workload, epochs=1)), target=1.1, every=2)["reached"] is None

    @pytest.mark.filterwarnings("default")
    @pytest.mark.parametrize("name", ["textbrewer", "torchdistill"])
    def test_the_others_learn_where_they_are_installed(self, name: str, workload: Workload) -> None:
        for module in peers.PEERS[name].needs:
            pytest.importorskip(module, reason=f"{name} is not installed", exc_type=ImportError)
        assert getattr(peers, name)(to_json(workload))["accuracy"] > 0.6

    def test_what_cannot_be_imported_says_why(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "broken_peer.py").write_text("raise RuntimeError('no such operator\\nand more')")
        monkeypatch.syspath_prepend(str(tmp_path))
        assert peers.importable(["json"]) == {"reason": ""}
        broken = "broken_peer cannot be imported: RuntimeError: no such operator"
        assert peers.importable(["json", "broken_peer"]) == {"reason": broken}
        assert "ModuleNotFoundError" in peers.importable(["no_such_peer"])["reason"]


class TestChild:
    def test_it_is_a_process_of_its_own(self, capsys: pytest.CaptureFixture[str]) -> None:
        done = child.run("importable", modules=["json"])
        assert done.result == {"reason": ""}
        assert done.seconds > 0
        assert done.peak_bytes > 1_000_000
        assert capsys.readouterr().err == f"importable: {done.seconds:.1f} s\n"

    def test_its_failure_is_told(self) -> None:
        with pytest.raises(RuntimeError, match=r"(?s)the importable side of the benchmark failed.*TypeError"):
            child.run("importable", nothing=1)

    def test_it_answers_with_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        child.main("importable", json.dumps({"modules": []}))
        assert json.loads(capsys.readouterr().out)["result"] == {"reason": ""}

    def test_each_side_runs_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(process.WORKERS)
        monkeypatch.setenv("GOMP_SPINCOUNT", process.SPINNING)
        monkeypatch.setenv(process.HUGE_PAGES, "1")
        assert process.HUGE_PAGES in child.environment("ours")
        assert process.HUGE_PAGES not in child.environment("trainer")
        assert "GOMP_SPINCOUNT" not in child.environment("ours") | child.environment("trainer")
        assert child.environment("ours")[process.WORKERS] == "1"
        assert process.WORKERS not in child.environment("trainer")

    def test_what_the_user_has_set_stays(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GOMP_SPINCOUNT", "7")
        assert {child.environment(side)["GOMP_SPINCOUNT"] for side in ("ours", "trainer")} == {"7"}

    def test_a_peer_loads_nothing_that_trains_for_us(self) -> None:
        program = "import sys, distil_core.bench.peers; print([n for n in sys.modules if n.endswith('.trainer')])"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"


@pytest.mark.filterwarnings("default")
def test_both_sides_give_the_same_answers(workload: Workload) -> None:
    found = answer.measure(to_json(workload), n_texts=40, n_singles=2, repeats=2)
    assert found["same_answers"] == 1.0
    assert found["n_texts"] == 40


def test_reviews_are_distilled_by_their_number() -> None:
    found = scale.measure(n_texts=20, epochs=1, seed=0)
    assert found["n_texts"] == 20
    assert found["seconds"] > 0
    assert found["bytes"] >= 0


@pytest.mark.slow
def test_a_grid_goes_through_the_queue(workload: Workload) -> None:
    cells = grid.cells(replace(workload, epochs=1), [1.0, 2.0], [1])
    found = grid.ours(cells)
    assert found["workers"] == 1
    assert len(found["accuracies"]) == 2


def test_a_run_that_is_not_done_is_not_timed(workload: Workload, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "wait", lambda store, run_ids: tuple(map(store.get, run_ids)))
    monkeypatch.setattr(workers, "worker_command", lambda *_, **__: (sys.executable, "-c", ""))
    with pytest.raises(ConfigError, match="must end well to be timed, but was queued"):
        grid.ours([workload])
