"""Weights that are not the model's: what their files tell is looked at before anything is built or drawn at random."""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from distil_core.errors import ModelError
from distil_core.models import forward
from distil_core.models.checkpoints import locate
from distil_core.models.head import SEQUENCE_CLASSIFICATION
from distil_core.models.loading import load_model, load_tokenizer
from distil_core.models.surgery import cut_student
from distil_core.settings.config import StudentConfig
from tests import tiny

Made = Callable[..., Path]


@pytest.fixture
def folder(checkpoint: Made, tmp_path: Path) -> Path:
    """A classifier that a test may spoil."""
    return Path(shutil.copytree(checkpoint(head=True), tmp_path / "teacher"))


def spoil(folder: Path, change: Callable[[dict[str, Tensor]], Mapping[str, Tensor]]) -> None:
    path = folder / "model.safetensors"
    save_file(dict(change(load_file(path))), path, metadata={"format": "pt"})


def edit(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def refusal(folder: Path, **options: Any) -> str:
    """Why a folder is no teacher, in one sentence."""
    with pytest.raises(ModelError) as caught:
        load_model(locate(str(folder)).folder, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "model.", "module._orig_mod."])
def test_a_known_prefix_is_taken_off_and_told(folder: Path, checkpoint: Made, prefix: str) -> None:
    spoil(folder, lambda weights: {prefix + name: value for name, value in weights.items()})
    checkpointed = locate(str(folder))
    assert checkpointed.notes == (
        f"the names of all weights of the teacher begin with {prefix!r}, which was taken off",
    )
    ours, sound = load_model(folder), load_model(checkpoint(head=True))
    assert all(torch.equal(value, sound.state_dict()[name]) for name, value in ours.state_dict().items())


def test_a_prefix_that_nobody_knows_is_refused(folder: Path) -> None:
    spoil(folder, lambda weights: {f"net.{name}": value for name, value in weights.items()})
    assert "must be all that the model has, but" in refusal(folder)


def test_a_head_that_is_only_spoken_of_is_none_and_that_is_told(folder: Path) -> None:
    spoil(folder, lambda weights: {name: value for name, value in weights.items() if "classifier" not in name})
    described = locate(str(folder))
    assert (described.labels, described.head) == ((), None)
    assert "there are no weights of one: it gets a new head" in described.notes[0]
    assert load_model(folder, head=SEQUENCE_CLASSIFICATION, label_names=("a", "b")).config.num_labels == 2


@pytest.mark.parametrize(
    ("lacking", "named"), [("layer.2.attention", "layer.2.attention"), ("pooler", "bert.pooler.dense.bias")]
)
def test_what_is_lacking_is_named_and_not_drawn(folder: Path, lacking: str, named: str) -> None:
    spoil(folder, lambda weights: {name: value for name, value in weights.items() if lacking not in name})
    assert named in refusal(folder)


def test_a_pooler_is_new_under_a_new_head(checkpoint: Made, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(checkpoint(), tmp_path / "encoder"))
    spoil(folder, lambda weights: {name: value for name, value in weights.items() if "pooler" not in name})
    assert load_model(folder, head=SEQUENCE_CLASSIFICATION, label_names=("a", "b")).config.num_labels == 2
    spoil(folder, lambda weights: {name: value for name, value in weights.items() if "layer.1." not in name})
    assert "says 4 encoder layers where the weights have 3" in refusal(folder)


@pytest.mark.parametrize("n_layers", [3, 5, 1_000_000_000])
def test_other_layers_than_the_configuration_tells_are_refused_before_any_is_built(folder: Path, n_layers: int) -> None:
    edit(folder, num_hidden_layers=n_layers)
    assert f"says {n_layers:,} encoder layers where the weights have 4; save the model again" in refusal(folder)


def test_other_words_or_labels_than_the_configuration_tells_are_refused(folder: Path) -> None:
    edit(folder, vocab_size=9)
    assert "says 9 words in the vocabulary where the weights have" in refusal(folder)
    edit(folder, vocab_size=len(tiny.tokenizer()), id2label={str(i): str(i) for i in range(7)})
    assert "says 7 labels where the weights have 3" in refusal(folder)
    edit(folder, id2label=None, num_labels=1_000_000_000)
    assert "num_labels in a config.json must be from 1 to 100,000" in refusal(folder)


def test_weights_that_are_no_numbers_are_named(folder: Path) -> None:
    def burst(weights: dict[str, Tensor]) -> Mapping[str, Tensor]:
        weights["bert.encoder.layer.1.output.dense.weight"][0, 0] = float("nan")
        return weights

    spoil(folder, burst)
    assert "layer.1.output.dense.weight" in refusal(folder)
    assert "must be finite, but some are NaN or infinite" in refusal(folder)


def test_quantized_weights_are_refused(folder: Path) -> None:
    spoil(folder, lambda weights: {name: value.to(torch.int8) for name, value in weights.items()})
    assert "the model is quantized; take the one that it was made from" in refusal(folder)


class TestFiles:
    def test_a_pointer_is_not_the_file(self, folder: Path) -> None:
        for name in ("tokenizer.json", "model.safetensors", "config.json"):
            (folder / name).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
            assert f"{name} is a pointer of Git LFS and not the file itself; run 'git lfs pull'" in refusal(folder)

    def test_an_adapter_alone_is_no_model(self, folder: Path) -> None:
        (folder / "model.safetensors").rename(folder / "adapter_model.safetensors")
        assert "holds an adapter (LoRA) alone, which is no model; merge it" in refusal(folder)

    def test_several_files_need_their_index(self, folder: Path) -> None:
        tiny.model().save_pretrained(folder, max_shard_size="50KB")
        (folder / "model.safetensors").unlink(missing_ok=True)
        whole = locate(str(folder))
        assert load_model(folder).config.num_hidden_layers == tiny.DEPTH
        index = folder / "model.safetensors.index.json"
        content = index.read_text()
        index.write_text(content + " ")
        assert locate(str(folder)).digest != whole.digest
        first = sorted(folder.glob("model-*.safetensors"))[0]
        index.write_text(content.replace(first.name, f"../{folder.name}/{first.name}"))
        assert "must name files beside it, got" in refusal(folder)
        index.write_text(content)
        first.rename(folder / "elsewhere")
        assert "lacks 1 of the" in refusal(folder)
        assert f"such as {first.name}; fetch it again" in refusal(folder)
        index.unlink()
        assert "or as several files with model.safetensors.index.json, got" in refusal(folder)

    def test_what_never_ends_is_not_read(self, folder: Path) -> None:
        for name in ("tokenizer.json", "model.safetensors", "config.json"):
            (folder / name).unlink()
            os.mkfifo(folder / name)
            with pytest.raises(ModelError, match=r"must be a file, but is none|must hold a Hugging Face model"):
                locate(str(folder))

    def test_a_file_that_is_cut_short_or_longer_is_told(self, folder: Path) -> None:
        weights = folder / "model.safetensors"
        content = weights.read_bytes()
        for spoiled in (content[:-7], content + b"x", b"", b"\xff" * 40):
            weights.write_bytes(spoiled)
            assert "fetch it again" in refusal(folder)


class TestConfiguration:
    def test_options_of_who_saved_it_do_not_matter_and_go_no_further(self, folder: Path, checkpoint: Made) -> None:
        edit(
            folder,
            return_dict=False,
            output_attentions=True,
            output_hidden_states=True,
            torchscript=True,
            chunk_size_feed_forward=3,
            _attn_implementation="flash_attention_2",
            quantization_config={"load_in_8bit": True},
            use_return_dict=False,
        )
        ours, sound = load_model(folder), load_model(checkpoint(head=True))
        assert load_tokenizer(folder).tokenize("old snow") == load_tokenizer(checkpoint(head=True)).tokenize("old snow")
        tokens = tiny.tokens()
        assert torch.equal(forward.predict(ours, tokens, padding=0), forward.predict(sound, tokens, padding=0))
        student, _ = cut_student(ours, StudentConfig(depth=2))
        assert student.config.to_dict() == cut_student(sound, StudentConfig(depth=2))[0].config.to_dict()

    def test_names_of_labels_may_be_numbers(self, folder: Path) -> None:
        edit(folder, id2label={"0": 0, "1": 1, "2": 2}, label2id={"0": 0, "1": 1, "2": 2})
        assert locate(str(folder)).labels == ("0", "1", "2")
        assert load_model(folder).config.id2label == {0: "0", 1: "1", 2: "2"}

    @pytest.mark.parametrize(
        "wrong",
        [
            {"hidden_dropout_prob": "much"},
            {"num_attention_heads": 0},
            {"num_attention_heads": 7},
            {"architectures": 1.5},
            {"is_decoder": True},
        ],
    )
    def test_values_that_make_no_model_are_told_in_one_sentence(self, folder: Path, wrong: dict[str, Any]) -> None:
        edit(folder, **wrong)
        assert "config.json" in refusal(folder) or "cannot be loaded" in refusal(folder)


@pytest.mark.parametrize("architecture", ["xlm-roberta", "camembert"])
def test_what_is_roberta_in_structure_answers_packed_as_transformers_does(architecture: str, tmp_path: Path) -> None:
    words = tiny.tokenizer_for("roberta")
    made = tiny.model("roberta")
    tiny.AutoModelForSequenceClassification.from_config(
        tiny.AutoConfig.for_model(architecture, **{k: v for k, v in made.config.to_dict().items() if k != "model_type"})
    ).save_pretrained(tmp_path)
    made.save_pretrained(tmp_path / "weights")
    shutil.copy(tmp_path / "weights/model.safetensors", tmp_path / "model.safetensors")
    words.save_pretrained(tmp_path)
    model, tokens = load_model(locate(str(tmp_path)).folder), tiny.tokens("roberta")
    assert model.config.model_type == architecture
    assert forward.packs(model)
    expected = forward.predict(made, tokens, padding=words.pad_token_id)
    torch.testing.assert_close(forward.predict(model, tokens, padding=words.pad_token_id), expected)
    assert load_tokenizer(tmp_path).model_max_length == tiny.LENGTH
