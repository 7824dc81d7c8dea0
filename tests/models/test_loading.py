"""Students cut out of teachers of all eight architectures, and what must not change what a model says."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import AutoModelForSequenceClassification

from distil_core.data.sites import Sites
from distil_core.data.tokenization import Ragged
from distil_core.errors import ConfigError, ModelError
from distil_core.models import devices, embeddings, forward, heads, loading, surgery
from distil_core.models.packing import PACKABLE, packed, packed_logits
from distil_core.settings import hardware
from distil_core.settings.config import Init, LayerMap, LossConfig, Precision, StudentConfig, TrainingConfig
from distil_core.training.lessons import TrainingData
from distil_core.training.trainer import train
from tests import tiny

Made = Callable[..., Path]
every_architecture = pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
CAN_NARROW = [architecture for architecture in tiny.ARCHITECTURES if architecture != "squeezebert"]


def layers_of(model: Any) -> nn.ModuleList:
    encoder = getattr(model.base_model, "encoder", None) or getattr(model.base_model, "transformer", model.base_model)
    return getattr(encoder, "layer", None) or encoder.layers


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def plainly(model: Any, tokens: Ragged, padding: int) -> Tensor:
    """The logits of every text on its own, as transformers has them."""
    with torch.inference_mode():
        return torch.cat([model(input_ids=ids[None]).logits for ids in tokens.ids.split(tokens.lengths.tolist())])


def padding_of(architecture: str) -> int:
    return int(tiny.tokenizer_for(architecture).pad_token_id)


class TestCut:
    @every_architecture
    @pytest.mark.parametrize(
        ("student", "expected"),
        [
            (StudentConfig(depth=2, layer_map=LayerMap.EVEN), (0, 3)),
            (StudentConfig(depth=3, layer_map=LayerMap.ALTERNATE), (0, 2, 3)),
            (StudentConfig(depth=2, layer_map=LayerMap.FIRST), (0, 1)),
            (StudentConfig(depth=2, layer_map=LayerMap.LAST), (2, 3)),
            (StudentConfig(depth=2, layer_map=LayerMap.MIDDLE), (0, 2)),  # narrow
            (StudentConfig(layers=(1, 3)), (1, 3)),
        ],
    )
    def test_weights_are_those_of_the_mapped_layers(
        self, architecture: str, student: StudentConfig, expected: tuple[int, ...]
    ) -> None:
        teacher = tiny.model(architecture)
        cut, layers = surgery.cut_student(teacher, student)
        assert layers == expected
        assert cut.config.num_hidden_layers == len(expected)
        assert not cut.training
        theirs, ours = teacher.state_dict(), cut.state_dict()
        if architecture != "albert":  # whose layers are all one
            sources, targets = layers_of(teacher), layers_of(cut)
            assert len(targets) == len(expected)
            for layer, target in zip(expected, targets, strict=True):
                source = sources[layer].state_dict()
                assert all(torch.equal(value, source[name]) for name, value in target.state_dict().items())
            inside = {id(value) for value in targets.state_dict(keep_vars=True).values()}
            named = cut.state_dict(keep_vars=True)
            ours = {name: value for name, value in ours.items() if id(named[name]) not in inside}
            assert ours
        assert all(torch.equal(value, theirs[name]) for name, value in ours.items())

    @every_architecture
    def test_a_student_of_full_depth_says_what_its_teacher_says(self, architecture: str) -> None:
        teacher, tokens = tiny.model(architecture), tiny.tokens(architecture)
        cut, _ = surgery.cut_student(teacher, StudentConfig(depth=tiny.DEPTH))
        padding = padding_of(architecture)
        found = forward.predict(cut, tokens, padding=padding)
        torch.testing.assert_close(found, forward.predict(teacher, tokens, padding=padding))
        assert cut.get_input_embeddings().weight is not teacher.get_input_embeddings().weight

    @every_architecture
    def test_it_has_the_parameters_of_a_model_of_that_shape(self, architecture: str) -> None:
        teacher = tiny.model(architecture)
        for depth in (1, 3):
            cut, _ = surgery.cut_student(teacher, StudentConfig(depth=depth))
            assert count(cut) == count(tiny.model(architecture, depth=depth))
        narrow, _ = surgery.cut_student(teacher, StudentConfig(depth=2, width=16, init=Init.RANDOM))
        assert count(narrow) == count(tiny.model(architecture, depth=2, width=16))

    @pytest.mark.parametrize("architecture", CAN_NARROW)
    def test_a_narrower_student_has_the_leading_part_of_every_weight(self, architecture: str) -> None:
        teacher = tiny.model(architecture)
        cut, _ = surgery.cut_student(teacher, StudentConfig(layers=(0, 2), width=16))
        assert cut.config.num_attention_heads == 2
        theirs = teacher.state_dict()
        n_checked = 0
        for name, value in cut.state_dict().items():
            source = theirs[name.replace(".1.", ".2.") if "albert_layer" not in name else name]
            if "Wqkv" in name or "Wi" in name:  # queries, keys and values, or value and gate, on top of each other
                blocks = 3 if "Wqkv" in name else 2
                pairs = zip(value.chunk(blocks), source.chunk(blocks), strict=True)
            else:
                pairs = iter([(value, source)])
            for part, whole in pairs:
                assert torch.equal(part, whole[tuple(slice(n) for n in part.shape)]), name
                n_checked += part.shape != whole.shape
        assert n_checked > 10
        assert torch.isfinite(forward.predict(cut, tiny.tokens(architecture), padding=padding_of(architecture))).all()

    @every_architecture
    def test_a_random_student_depends_on_the_seed_alone(self, architecture: str) -> None:
        teacher = tiny.model(architecture)
        before = torch.random.get_rng_state()
        first, again, other = (
            surgery.cut_student(teacher, StudentConfig(depth=2, init=Init.RANDOM), seed=seed)[0].state_dict()
            for seed in (0, 0, 1)
        )
        assert torch.equal(torch.random.get_rng_state(), before)
        matrices = [name for name, value in first.items() if value.dim() > 1 and value.is_floating_point()]
        assert all(torch.equal(first[name], again[name]) for name in first)
        assert all(not torch.equal(first[name], other[name]) for name in matrices)
        embedding = next(name for name in matrices if "embed" in name)
        assert not torch.equal(first[embedding], teacher.state_dict()[embedding])

    @pytest.mark.parametrize("said", [None, "single_label_classification", "multi_label_classification"])
    def test_a_student_gives_as_many_labels_a_text_as_its_teacher(self, said: str | None) -> None:
        teacher = tiny.model()
        teacher.config.problem_type = said
        student, _ = surgery.cut_student(teacher, StudentConfig(depth=1))
        assert student.config.problem_type == (said or "single_label_classification")
        assert teacher.config.problem_type == said

    def test_kinds_of_layers_come_along(self) -> None:
        teacher = tiny.model("modernbert")
        kinds = teacher.config.layer_types
        assert len(set(kinds)) == 2
        cut, layers = surgery.cut_student(teacher, StudentConfig(layers=(1, 3)))
        assert list(cut.config.layer_types) == [kinds[layer] for layer in layers]

    @pytest.mark.parametrize(
        ("architecture", "student", "problem"),
        [
            ("bert", StudentConfig(depth=5), "student.depth must be at most the teacher's 4 layers, got 5"),
            ("bert", StudentConfig(layers=(0, 4)), "must lie between 0 and 3"),
            ("bert", StudentConfig(width=20), "student.width must be a multiple of 8 (the size of an attention head)"),
            ("distilbert", StudentConfig(width=64), "and at most 32 (the teacher's), got 64"),
            ("squeezebert", StudentConfig(width=16), "choose student.init random"),
        ],
    )
    def test_a_student_that_does_not_fit_is_refused(
        self, architecture: str, student: StudentConfig, problem: str
    ) -> None:
        with pytest.raises(ConfigError) as caught:
            surgery.cut_student(tiny.model(architecture), student)
        assert problem in str(caught.value)

    def test_the_teacher_stays_as_it_was(self) -> None:
        teacher = tiny.model()
        before = {name: value.clone() for name, value in teacher.state_dict().items()}
        cut, _ = surgery.cut_student(teacher, StudentConfig(depth=2))
        with torch.no_grad():
            for parameter in cut.parameters():
                parameter.zero_()
        assert all(torch.equal(value, before[name]) for name, value in teacher.state_dict().items())
        assert teacher.config.num_hidden_layers == tiny.DEPTH


class TestLogits:
    @every_architecture
    def test_neither_padding_nor_company_change_them(self, architecture: str) -> None:
        model, tokens, padding = tiny.model(architecture), tiny.tokens(architecture), padding_of(architecture)
        assert len(set(tokens.lengths.tolist())) > 4
        found = forward.predict(model, tokens, padding=padding)
        torch.testing.assert_close(found, plainly(model, tokens, padding), atol=1e-5, rtol=0)
        assert found.std(dim=0).max() > 1e-3  # else this says nothing

    @pytest.mark.parametrize("architecture", PACKABLE)
    def test_packed_texts_give_those_of_padded_ones_and_their_gradients(self, architecture: str) -> None:
        model, tokens, padding = tiny.model(architecture), tiny.tokens(architecture), padding_of(architecture)
        examples = torch.tensor([3, 0, 7, 11, 2])
        ids, mask = tokens.padded(examples, padding=padding)
        padded = model(input_ids=ids, attention_mask=mask.long()).logits
        padded.square().sum().backward()
        found = [padded, *(p.grad for p in model.parameters() if p.grad is not None)]
        model.zero_grad()
        with packed(model):
            logits = packed_logits(model, tokens, examples)
        logits.square().sum().backward()
        again = [logits, *(p.grad for p in model.parameters() if p.grad is not None)]
        for whole, short in zip(found, again, strict=True):
            torch.testing.assert_close(short, whole, atol=1e-5, rtol=1e-4)

    def test_a_model_is_itself_again_after_packing(self) -> None:
        model, tokens = tiny.model(), tiny.tokens()
        forward.predict(model, tokens, padding=0)
        assert model.config._attn_implementation == "eager"
        for examples, output in forward.states_of(model, tokens, padding=0, n_tokens=60, output_hidden_states=True):
            longest = int(tokens.lengths[examples].max())
            assert output.hidden_states[-1].shape == (len(examples), longest, tiny.WIDTH)

    def test_a_model_of_ones_own_leaves_the_shared_one_alone(self) -> None:
        shared, tokens = tiny.model(), tiny.tokens()
        expected = plainly(shared, tokens, 0)
        mine = loading.independent_copy(shared, Precision.FP32)
        for weight, same in zip(mine.parameters(), shared.parameters(), strict=True):
            assert weight is same
        with packed(mine):  # meanwhile somebody else asks the shared one
            torch.testing.assert_close(plainly(shared, tokens, 0), expected, atol=0, rtol=0)
        quick = loading.independent_copy(shared, Precision.BF16)
        assert {weight.dtype for weight in quick.parameters()} == {torch.bfloat16}
        assert {weight.dtype for weight in shared.parameters()} == {torch.float32}
        torch.testing.assert_close(forward.predict(quick, tokens, padding=0), expected, atol=0.1, rtol=0.1)

    def test_order_is_that_of_the_texts(self) -> None:
        model, tokens = tiny.model(), tiny.tokens()
        for n_tokens in (1, 50, 10_000):
            seen = list(forward.logits_of(model, tokens, padding=0, n_tokens=n_tokens))
            logits = torch.cat([logits for _, logits in seen])
            order = torch.cat([examples for examples, _ in seen])
            torch.testing.assert_close(logits[order.argsort()], forward.predict(model, tokens, padding=0))


@every_architecture
def test_attention_maps_are_shares(architecture: str) -> None:
    model, tokens = tiny.model(architecture), tiny.tokens(architecture, n=4)
    (_, output), *_ = forward.states_of(model, tokens, padding=padding_of(architecture), output_attentions=True)
    maps = forward.attention_maps(model, output)
    assert len(maps) == tiny.DEPTH
    for shares in maps:
        torch.testing.assert_close(shares.sum(dim=-1), torch.ones(shares.shape[:-1]))


class TestTrimming:
    @every_architecture
    def test_it_does_not_change_the_logits(self, architecture: str) -> None:
        model, tokens, padding = tiny.model(architecture), tiny.tokens(architecture, n=4), padding_of(architecture)
        whole = forward.predict(model, tokens, padding=padding)
        full = model.get_input_embeddings()
        trimmed = embeddings.trim_embedding(model, [tokens.ids], padding=padding)
        small = model.get_input_embeddings()
        assert small.num_embeddings < full.num_embeddings
        few = tokens.with_ids(trimmed.lookup)
        found = forward.predict(model, few, padding=int(trimmed.lookup[padding]))
        torch.testing.assert_close(found, whole, atol=1e-6, rtol=0)
        trimmed.restore(model)
        assert model.get_input_embeddings() is full
        assert torch.equal(forward.predict(model, tokens, padding=padding), whole)

    @every_architecture
    def test_training_with_it_gives_what_training_without_it_gives(self, architecture: str) -> None:
        tokens, padding = tiny.tokens(architecture, n=24), padding_of(architecture)
        labels = torch.tensor(tiny.split(24, seed=5).labels)
        settings = TrainingConfig(epochs=1, batch_size=8, learning_rate=1e-3, precision=Precision.FP32)
        found = []
        for trim in (False, True):
            model = tiny.model(architecture)
            before = model.get_input_embeddings().weight.detach().clone()
            trimmed = embeddings.trim_embedding(model, [tokens.ids], padding=padding) if trim else None
            lookup = trimmed.lookup if trimmed else torch.arange(len(before))
            lesson = TrainingData(tokens=tokens.with_ids(lookup), sites=Sites.of_texts(labels))
            for _ in train(
                model,
                lesson,
                lesson,
                task=tiny.TASK,
                loss=LossConfig(alpha=0.0),
                training=settings,
                seed=0,
                padding=int(lookup[padding]),
            ):
                pass
            if trimmed:
                trimmed.restore(model)
            after = model.get_input_embeddings().weight
            unused = torch.ones(len(before), dtype=torch.bool)
            unused[tokens.ids] = False
            assert torch.equal(after[unused], before[unused])
            assert (after != before)[~unused].any(dim=1).all()
            found.append((forward.predict(model, tokens, padding=padding), after.detach()))
        torch.testing.assert_close(found[1], found[0], atol=2e-5, rtol=1e-4)

    def test_padding_that_only_the_tokenizer_knows_keeps_a_row(self) -> None:
        model, tokens = tiny.model(pad_token_id=None), tiny.tokens()
        trimmed = embeddings.trim_embedding(model, [tokens.ids], padding=0)
        assert trimmed.used[trimmed.lookup[0]] == 0
        found = forward.predict(model, tokens.with_ids(trimmed.lookup), padding=int(trimmed.lookup[0]))
        torch.testing.assert_close(found, plainly(tiny.model(pad_token_id=None), tokens, 0), atol=1e-5, rtol=0)


class TestFolders:
    @every_architecture
    def test_a_student_survives_saving(self, architecture: str, tmp_path: Path) -> None:
        cut, _ = surgery.cut_student(tiny.model(architecture), StudentConfig(depth=2))
        tokens, padding = tiny.tokens(architecture), padding_of(architecture)
        loading.save(cut, tiny.tokenizer_for(architecture), tmp_path / "student")
        plain = AutoModelForSequenceClassification.from_pretrained(tmp_path / "student").eval()
        loaded = loading.load_model(tmp_path / "student")
        expected = forward.predict(cut, tokens, padding=padding)
        torch.testing.assert_close(plainly(plain, tokens, padding), expected, atol=1e-5, rtol=0)
        assert torch.equal(forward.predict(loaded, tokens, padding=padding), expected)
        assert loaded.config.id2label == dict(enumerate(tiny.LABELS))
        words = loading.load_tokenizer(tmp_path / "student")
        assert words("the sun")["input_ids"] == tiny.tokenizer_for(architecture)("the sun")["input_ids"]
        assert not [path for path in (tmp_path / "student").iterdir() if path.suffix in (".bin", ".pt", ".py")]

    def test_a_saved_half_precision_model_is_loaded_in_fp32(self, tmp_path: Path) -> None:
        loading.save(tiny.model().half(), tiny.tokenizer(), tmp_path)
        loaded = loading.load_model(tmp_path)
        assert {parameter.dtype for parameter in loaded.parameters()} == {torch.float32}
        assert not loaded.training

    @every_architecture
    @pytest.mark.parametrize("head", [False, True])
    def test_a_fresh_head_depends_on_the_seed_alone(self, checkpoint: Made, architecture: str, head: bool) -> None:
        labels = ("a", "b", "c", "d") if head else tiny.LABELS
        before = torch.random.get_rng_state()
        first, again, other = (
            loading.load_model(checkpoint(architecture, head=head), label_names=labels, seed=seed) for seed in (0, 0, 1)
        )
        assert torch.equal(torch.random.get_rng_state(), before)
        assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
        ours, theirs = heads.output_layer(first), heads.output_layer(other)
        assert not torch.equal(ours.weight, theirs.weight)
        assert ours.weight.shape == (len(labels), tiny.WIDTH)
        assert first.config.id2label == dict(enumerate(labels))
        embedding = tiny.model(architecture).get_input_embeddings().weight
        assert torch.equal(first.get_input_embeddings().weight, embedding)

    def test_a_head_that_was_there_has_no_say_in_a_fresh_one(self, checkpoint: Made) -> None:
        one, two = (
            loading.load_model(checkpoint(head=head), label_names=tiny.LABELS, seed=3) for head in (False, True)
        )
        assert torch.equal(heads.output_layer(one).weight, heads.output_layer(two).weight)
        assert heads.output_layer(one).bias.tolist() == [0.0, 0.0, 0.0]

    @every_architecture
    def test_what_was_trained_for_other_labels_is_drawn_too(self, architecture: str, checkpoint: Made) -> None:
        whole, encoder = (
            loading.load_model(checkpoint(architecture, head=head), label_names=("x", "y"), seed=3)
            for head in (True, False)
        )
        before = tiny.model(architecture).state_dict()
        changed = {
            name: weight.std() * tiny.WIDTH**0.5
            for name, weight in whole.state_dict().items()
            if weight.shape == before[name].shape and not torch.equal(weight, before[name])
        }
        (name,) = (name for name in changed if not name.endswith("bias"))
        assert any(part in name for part in ("pooler", "pre_classifier", "dense"))
        assert 0.8 < changed[name] < 1.2
        if "pooler" in name:  # the encoder's own, which was trained with no labels
            assert torch.equal(encoder.state_dict()[name], before[name])

    @every_architecture
    def test_outputs_can_be_put_into_another_order(self, architecture: str) -> None:
        model, tokens, padding = tiny.model(architecture), tiny.tokens(architecture), padding_of(architecture)
        before = forward.predict(model, tokens, padding=padding)
        heads.reorder_head(model, (2, 0, 1), ("x", "y", "z"))
        torch.testing.assert_close(forward.predict(model, tokens, padding=padding), before[:, [2, 0, 1]])
        assert model.config.id2label == {0: "x", 1: "y", 2: "z"}
        assert model.config.label2id == {"x": 0, "y": 1, "z": 2}

    def test_an_output_layer_without_a_bias_is_put_in_order_too(self) -> None:
        model = tiny.model("modernbert", classifier_bias=False)
        model.classifier = nn.Linear(tiny.WIDTH, 3, bias=False)
        before = model.classifier.weight.detach().clone()
        heads.reorder_head(model, (2, 0, 1), ("x", "y", "z"))
        assert torch.equal(model.classifier.weight, before[[2, 0, 1]])
        heads.reset_head(model)
        assert not torch.equal(model.classifier.weight, before[[2, 0, 1]])

    @pytest.fixture
    def folder(self, checkpoint: Made, tmp_path: Path) -> Path:
        return Path(shutil.copytree(checkpoint(head=True), tmp_path / "teacher"))

    def test_damaged_weights_are_told_in_one_sentence(self, folder: Path) -> None:
        weights = folder / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:500])
        with pytest.raises(ModelError, match="is damaged or cut short; fetch it again") as caught:
            loading.load_model(folder)
        assert "\n" not in str(caught.value)

    def test_weights_of_another_shape_are_told_in_one_sentence(self, folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | {"hidden_size": 16}))
        with pytest.raises(ModelError, match="must have the shape 16 that config") as caught:
            loading.load_model(folder)
        assert "\n" not in str(caught.value)

    def test_a_model_without_a_tokenizer_is_refused(self, folder: Path) -> None:
        for path in folder.glob("tokenizer*"):
            path.unlink()
        with pytest.raises(ModelError, match="tokenizer") as caught:
            loading.load_tokenizer(folder)
        assert "\n" not in str(caught.value)

    @every_architecture
    def test_a_tokenizer_knows_how_much_its_model_can_read(
        self, checkpoint: Made, architecture: str, tmp_path: Path
    ) -> None:
        folder = Path(shutil.copytree(checkpoint(architecture, head=True), tmp_path / "teacher"))
        settings = json.loads((folder / "tokenizer_config.json").read_text())
        (folder / "tokenizer_config.json").write_text(json.dumps(settings | {"model_max_length": 10**30}))
        longest = loading.load_tokenizer(folder).model_max_length
        assert longest == tiny.LENGTH + (6 if architecture in ("roberta", "mpnet") else 8)
        ids = torch.full((longest,), 7)
        tokens = Ragged(ids=ids, offsets=torch.tensor([0, longest]))
        model = loading.load_model(folder)
        assert torch.isfinite(forward.predict(model, tokens, padding=padding_of(architecture))).all()

    def test_a_damaged_tokenizer_is_told_in_one_sentence(self, folder: Path) -> None:
        (folder / "tokenizer_config.json").write_text("{")
        with pytest.raises(ModelError, match="must hold a tokenizer beside the model") as caught:
            loading.load_tokenizer(folder)
        assert "\n" not in str(caught.value)

    def test_a_tokenizer_without_padding_is_refused(self, folder: Path) -> None:
        settings = json.loads((folder / "tokenizer_config.json").read_text())
        del settings["pad_token"]
        (folder / "tokenizer_config.json").write_text(json.dumps(settings))
        with pytest.raises(ModelError, match="must be a fast one with a padding token"):
            loading.load_tokenizer(folder)


class TestDevice:
    def test_auto_is_what_the_device_is_quick_at(self, monkeypatch: pytest.MonkeyPatch) -> None:
        device = torch.device("cpu")
        for quick, expected in ((True, Precision.BF16), (False, Precision.FP32)):
            monkeypatch.setattr(hardware, "has_bf16_instructions", lambda quick=quick: quick)
            assert devices.bf16_pays(device) is quick
            assert devices.resolve_precision(Precision.AUTO, device) is expected
        assert devices.resolve_precision(Precision.BF16, device) is Precision.BF16
        assert devices.resolve_precision(Precision.FP32, device) is Precision.FP32

    def test_a_graphics_card_is_used_where_there_is_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for there in (True, False):
            monkeypatch.setattr(torch.cuda, "is_available", lambda there=there: there)
            assert devices.default_device().type == ("cuda" if there else "cpu")
        assert devices.bf16_pays(torch.device("cuda"))
