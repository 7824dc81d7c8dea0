"""Teachers: fine-tuned where they must be, kept, and asked once; what is kept is what they said."""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from distil_core.data.sites import EncodedSplit, Sites
from distil_core.errors import ConfigError, TeacherError
from distil_core.evaluation.metrics import ACCURACY, NLL
from distil_core.models import forward
from distil_core.models.checkpoints import locate
from distil_core.models.forward import predict
from distil_core.settings import recipes
from distil_core.settings.config import LossConfig, Precision, TeacherConfig, TrainingConfig
from distil_core.training import teacher_outputs as teacher_outputs_module
from distil_core.training import teachers, trainer
from distil_core.training.cache import Cache
from distil_core.training.events import Event, Stage, TeacherMeasured
from distil_core.training.teacher_checks import Fitness, refuse_mixed_up, refuse_unfit
from distil_core.training.teacher_outputs import DAMAGED, TeacherOutputs, teacher_outputs
from distil_core.training.teachers import Teacher, prepare_teacher
from tests import tiny

Made = Callable[..., Path]
CORPUS = tiny.corpus(n_train=24, n_validation=9, n_test=6)
SETTINGS = TeacherConfig(epochs=2, learning_rate=1e-3)
STATES = LossConfig(hidden_mse=1.0, hidden_cosine=1.0, attention_kl=1.0)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.fixture
def splits() -> dict[str, EncodedSplit]:
    return {
        name: tiny.TASK.encode(tiny.tokenizer(), getattr(CORPUS, name), max_length=40)
        for name in ("train", "validation", "test")
    }


def run(work: Any, *, stop_after: int | None = None) -> tuple[Any, list[Event]]:
    """What a generator returns, and what it yielded on the way."""
    events: list[Event] = []
    while stop_after is None or len(events) < stop_after:
        try:
            events.append(next(work))
        except StopIteration as end:
            return end.value, events
    work.close()
    return None, events


def preparing(folder: Path, cache: Cache, splits: Mapping[str, EncodedSplit], config: TeacherConfig = SETTINGS) -> Any:
    return prepare_teacher(
        locate(str(folder)),
        config,
        tiny.tokenizer(),
        label_names=CORPUS.label_names,
        corpus_digest=CORPUS.digest,
        task=tiny.TASK,
        splits=splits,
        cache=cache,
        device=torch.device("cpu"),
    )


class TestPrepare:
    def test_a_classifier_for_the_labels_is_taken_as_it_is(
        self, checkpoint: Made, cache: Cache, splits: dict[str, EncodedSplit]
    ) -> None:
        folder = checkpoint(head=True)
        teacher, events = run(preparing(folder, cache, splits))
        assert events == []
        assert (teacher.name, teacher.folder) == (folder.name, folder)
        assert cache.entries() == ()
        expected = predict(tiny.model(), splits["test"].tokens, padding=0)
        assert torch.equal(predict(teacher.model, splits["test"].tokens, padding=0), expected)

    def test_outputs_in_another_order_are_put_into_that_of_the_corpus(
        self, checkpoint: Made, cache: Cache, splits: dict[str, EncodedSplit], tmp_path: Path
    ) -> None:
        folder = Path(shutil.copytree(checkpoint(head=True), tmp_path / "teacher"))
        config = json.loads((folder / "config.json").read_text())
        config["id2label"] = {"0": "Hot", "1": "COLD", "2": "mild"}
        (folder / "config.json").write_text(json.dumps(config))
        teacher, _ = run(preparing(folder, cache, splits))
        expected = predict(tiny.model(), splits["test"].tokens, padding=0)[:, [1, 2, 0]]
        torch.testing.assert_close(predict(teacher.model, splits["test"].tokens, padding=0), expected)
        assert teacher.model.config.id2label == dict(enumerate(tiny.LABELS))

    def test_without_a_head_it_is_fine_tuned_once(
        self, checkpoint: Made, cache: Cache, splits: dict[str, EncodedSplit], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        teacher, events = run(preparing(checkpoint(), cache, splits))
        stages = [event for event in events if isinstance(event, Stage)]
        measured = [event for event in events if isinstance(event, TeacherMeasured)]
        assert len(measured) == SETTINGS.epochs
        assert len(stages) + len(measured) == len(events)
        assert {stage.name for stage in stages} == {"Fine-tuning the teacher"}
        assert stages[0].detail == "it has no head for these labels yet"
        fractions = [stage.fraction for stage in stages]
        assert fractions == sorted(fractions)
        assert fractions[-1] == 1.0
        assert (stages[-1].n_done, stages[-1].seconds_left) == (stages[-1].n_total, 0.0)
        assert teacher.name == f"{checkpoint().name} (fine-tuned)"
        assert [entry.folder for entry in cache.entries()] == [teacher.folder]
        assert "fine-tuned on 24 texts" in cache.entries()[0].name

        def refuse(*_: Any, **__: Any) -> None:
            raise AssertionError("it was trained again")

        monkeypatch.setattr(teachers, "train", refuse)
        again, events = run(preparing(checkpoint(), cache, splits))
        assert events == measured  # whether it had converged is told of one that is kept, too
        assert again.digest == teacher.digest
        for ours, theirs in zip(again.model.parameters(), teacher.model.parameters(), strict=True):
            assert torch.equal(ours, theirs)
        assert not again.model.training
        with pytest.raises(AssertionError, match="it was trained again"):
            run(preparing(checkpoint(), cache, splits, replace(SETTINGS, epochs=3)))

    @pytest.mark.parametrize(("narrow", "share"), [(1000, 0.0), (1, 0.1)])
    def test_a_narrow_one_learns_without_dropout_under_another_name(
        self,
        narrow: int,
        share: float,
        checkpoint: Made,
        cache: Cache,
        splits: dict[str, EncodedSplit],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        usual, _ = run(preparing(checkpoint(), cache, splits))  # the tiny one is narrow
        shares: list[float] = []
        monkeypatch.setattr(recipes, "NARROW", narrow)

        def train(*arguments: Any, training: TrainingConfig, **others: Any) -> Any:
            shares.append(training.dropout)
            return trainer.train(*arguments, training=training, **others)

        monkeypatch.setattr(teachers, "train", train)
        again, _ = run(preparing(checkpoint(), Cache(cache.root / "other"), splits))
        assert shares == [share]
        assert (again.digest == usual.digest) == (share == 0.0)

    def test_its_whole_vocabulary_is_kept(
        self, checkpoint: Made, cache: Cache, splits: dict[str, EncodedSplit]
    ) -> None:
        teacher, _ = run(preparing(checkpoint(), cache, splits))
        before = tiny.model().get_input_embeddings().weight
        after = teacher.model.get_input_embeddings().weight
        unused = torch.ones(len(before), dtype=torch.bool)
        unused[torch.cat([part.tokens.ids for part in splits.values()])] = False
        assert torch.equal(after[unused], before[unused])
        assert not torch.equal(after, before)

    def test_the_best_epoch_on_the_validation_texts_is_kept(
        self, checkpoint: Made, cache: Cache, splits: dict[str, EncodedSplit], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[Any] = []
        original = trainer.train

        def spy(*arguments: Any, **options: Any) -> Any:
            asked.append(options["training"])
            return original(*arguments, **options)

        monkeypatch.setattr(teachers, "train", spy)
        run(preparing(checkpoint(), cache, splits))
        assert asked[0].patience == asked[0].epochs == 2  # never stops early, always goes back to the best

    def test_a_cancelled_fine_tuning_leaves_nothing(
        self, checkpoint: Made, cache: Cache, splits: dict[str, EncodedSplit]
    ) -> None:
        run(preparing(checkpoint(), cache, splits), stop_after=2)
        assert cache.entries() == ()
        assert not list(cache.root.rglob("*.safetensors"))
        teacher, events = run(preparing(checkpoint(), cache, splits))
        assert len(events) == 6  # two stages, then a step and a measurement for each epoch
        assert teacher.folder.is_dir()


@pytest.fixture
def teacher(tmp_path: Path) -> Teacher:
    return Teacher(name="tiny", digest="t", model=tiny.model(), folder=tmp_path)


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Write down every time that a teacher is put to work."""
    seen: list[str] = []
    for name in ("logits_of", "states_of"):
        original = getattr(teacher_outputs_module, name)

        def spy(*arguments: Any, name: str = name, original: Any = original, **options: Any) -> Any:
            seen.append(name)
            return original(*arguments, **options)

        monkeypatch.setattr(teacher_outputs_module, name, spy)
    return seen


def asking(teacher: Teacher, splits: Mapping[str, EncodedSplit], cache: Cache | None, **changes: Any) -> Any:
    options: dict[str, Any] = {
        "corpus_digest": "c",
        "padding": 0,
        "precision": Precision.FP32,
        "loss": LossConfig(),
        "layers": (0, 3),
        "cache": cache,
    }
    return teacher_outputs(teacher, splits, **{**options, **changes})


class TestOutputs:
    def test_logits_are_what_the_teacher_says(
        self, teacher: Teacher, splits: dict[str, EncodedSplit], cache: Cache
    ) -> None:
        found, events = run(asking(teacher, splits, cache))
        for split, part in splits.items():
            torch.testing.assert_close(found[split].logits, predict(teacher.model, part.tokens, padding=0))
            assert found[split].width == tiny.WIDTH
            assert found[split].hidden is None
        fractions = [event.fraction for event in events]
        assert fractions == sorted(fractions)
        assert {event.name for event in events} == {"Teacher outputs"}

    def test_what_was_said_once_is_not_asked_again(
        self, teacher: Teacher, splits: dict[str, EncodedSplit], cache: Cache, passes: list[str]
    ) -> None:
        fresh, _ = run(asking(teacher, splits, cache, loss=STATES))
        assert passes == ["logits_of"] * 3 + ["states_of"] * 2
        kept, events = run(asking(teacher, splits, cache, loss=STATES))
        assert len(passes) == 5
        assert events == []
        assert_same(kept, fresh)

    def test_temperatures_and_weights_share_what_was_said(
        self, teacher: Teacher, splits: dict[str, EncodedSplit], cache: Cache, passes: list[str]
    ) -> None:
        run(asking(teacher, splits, cache))
        run(asking(teacher, splits, cache, loss=LossConfig(temperature=7.0, alpha=0.1, logit_mse=1.0), layers=(1,)))
        assert passes == ["logits_of"] * 3
        run(asking(teacher, splits, cache, loss=LossConfig(hidden_mse=1.0)))
        run(asking(teacher, splits, cache, loss=LossConfig(hidden_mse=2.0, temperature=3.0)))
        run(asking(teacher, splits, cache, loss=LossConfig(hidden_cosine=2.0)))
        assert passes == ["logits_of"] * 3 + ["states_of"]
        run(asking(teacher, splits, cache, loss=LossConfig(hidden_mse=1.0), layers=(1, 2)))
        assert passes == ["logits_of"] * 3 + ["states_of"] * 2

    @pytest.mark.parametrize("changes", [{"corpus_digest": "d"}, {"precision": Precision.BF16}])
    def test_another_corpus_or_precision_is_asked_anew(
        self,
        teacher: Teacher,
        splits: dict[str, EncodedSplit],
        cache: Cache,
        passes: list[str],
        changes: dict[str, Any],
    ) -> None:
        run(asking(teacher, splits, cache))
        run(asking(teacher, splits, cache, **changes))
        assert passes == ["logits_of"] * 6

    def test_another_teacher_or_shorter_texts_are_asked_anew(
        self, teacher: Teacher, splits: dict[str, EncodedSplit], cache: Cache, passes: list[str]
    ) -> None:
        run(asking(teacher, splits, cache))
        run(asking(replace(teacher, digest="u"), splits, cache))
        shorter = {s: tiny.TASK.encode(tiny.tokenizer(), getattr(CORPUS, s), max_length=10) for s in splits}
        run(asking(teacher, shorter, cache))
        assert passes == ["logits_of"] * 9

    def test_without_a_cache_nothing_is_written(
        self, teacher: Teacher, splits: dict[str, EncodedSplit], cache: Cache, tmp_path: Path
    ) -> None:
        kept, _ = run(asking(teacher, splits, cache, loss=STATES))
        fresh, _ = run(asking(teacher, splits, None, loss=STATES))
        assert_same(fresh, kept)
        assert {path.parts[-3] for path in cache.root.rglob("*.safetensors")} == {"outputs", "hidden", "attention"}

    def test_bf16_leaves_the_teacher_as_it_is(self, teacher: Teacher, splits: dict[str, EncodedSplit]) -> None:
        found, _ = run(asking(teacher, splits, None, precision=Precision.BF16))
        exact, _ = run(asking(teacher, splits, None))
        assert {parameter.dtype for parameter in teacher.model.parameters()} == {torch.float32}
        assert found["test"].logits.dtype == torch.float32
        torch.testing.assert_close(found["test"].logits, exact["test"].logits, atol=0.1, rtol=0.1)
        assert not torch.equal(found["test"].logits, exact["test"].logits)

    def test_what_takes_too_much_room_is_refused(
        self, teacher: Teacher, splits: dict[str, EncodedSplit], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(teacher_outputs_module, "_STATES_LIMIT", 1000)
        with pytest.raises(ConfigError, match="set their weights in the loss to 0 or use fewer or shorter texts"):
            run(asking(teacher, splits, None, loss=LossConfig(hidden_mse=1.0)))
        run(asking(teacher, splits, None))


def assert_same(one: Mapping[str, TeacherOutputs], other: Mapping[str, TeacherOutputs]) -> None:
    examples = torch.tensor([5, 0, 2])
    for split in one:
        ours, theirs = one[split].batch(examples), other[split].batch(examples)
        assert torch.equal(ours.logits, theirs.logits)
        for a, b in zip((*ours.hidden, *ours.attention), (*theirs.hidden, *theirs.attention), strict=True):
            assert torch.equal(a, b)
    assert one["train"].hidden is not None
    assert one["train"].attention is not None


@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
def test_a_batch_is_what_the_model_would_say_now(architecture: str, tmp_path: Path) -> None:
    words = tiny.tokenizer_for(architecture)
    padding = int(words.pad_token_id)
    model = tiny.model(architecture)
    teacher = Teacher(name="tiny", digest="t", model=model, folder=tmp_path)
    splits = {"train": tiny.TASK.encode(words, CORPUS.train, max_length=40)}
    layers = (0, 2)
    found, _ = run(asking(teacher, splits, None, padding=padding, loss=STATES, layers=layers))
    examples = torch.tensor([5, 0, 11])
    said = found["train"].batch(examples)
    ids, mask = splits["train"].tokens.padded(examples, padding=padding)
    with torch.inference_mode():
        now = model(input_ids=ids, attention_mask=mask.long(), output_hidden_states=True, output_attentions=True)
    torch.testing.assert_close(said.logits, now.logits, atol=1e-5, rtol=1e-4)
    real = mask[:, :, None]
    half = {"atol": 2e-3, "rtol": 2e-3}  # they are kept in fp16
    states = now.hidden_states[1:]
    assert said.last_hidden is not None
    for ours, theirs in zip((*said.hidden, said.last_hidden), (*(states[i] for i in layers), states[-1]), strict=True):
        torch.testing.assert_close(ours, theirs * real, **half)
    pairs = (mask[:, :, None] & mask[:, None, :])[:, None]
    for map_, layer in zip(said.attention, layers, strict=True):
        torch.testing.assert_close(map_, forward.attention_maps(model, now)[layer] * pairs, **half)


def test_what_is_kept_and_damaged_is_told_and_computed_again(
    checkpoint: Made, teacher: Teacher, splits: dict[str, EncodedSplit], cache: Cache
) -> None:
    fresh, _ = run(asking(teacher, splits, cache, loss=STATES))
    for path in cache.root.rglob("*.safetensors"):
        path.write_bytes(path.read_bytes()[:-9])
    again, events = run(asking(teacher, splits, cache, loss=STATES))
    assert events.count(DAMAGED) == 3
    for name in splits:
        assert torch.equal(fresh[name].logits, again[name].logits)
    fine_tuned, _ = run(preparing(checkpoint(), cache, splits))
    for name, content in (("model.safetensors", b""), (teachers.SCORES, b"[0.5"), (teachers.SCORES, b"[null]")):
        (fine_tuned.folder / name).write_bytes(content)
        repaired, events = run(preparing(checkpoint(), cache, splits))
        assert isinstance(events[0], Stage)
        assert events[0].name == "Repairing the cache"
        assert repaired.folder == fine_tuned.folder
    told_again = run(preparing(checkpoint(), cache, splits))[1]
    assert all(isinstance(event, TeacherMeasured) for event in told_again)  # nothing is repaired or trained


class TestUnfit:
    sites = Sites.of_texts(torch.tensor([0, 0, 0, 1]))

    @staticmethod
    def logits(answers: list[int]) -> Tensor:
        return torch.eye(2)[answers]

    def test_one_that_beats_the_commonest_label_is_taken(self) -> None:
        assert refuse_unfit(self.logits([0, 0, 0, 1]), self.sites, metric=ACCURACY, name="x") == Fitness(score=1.0)

    def test_one_that_always_says_the_same_is_refused_however_few_texts_there_are(self) -> None:
        with pytest.raises(TeacherError, match="the teacher x has nothing to teach") as caught:
            refuse_unfit(self.logits([0, 0, 0, 0]), self.sites, metric=ACCURACY, name="x")
        assert "accuracy on the 4 validation texts is 75.0%," in str(caught.value)
        assert "always saying the commonest label (75% of them) would give 75.0%" in str(caught.value)

    @pytest.mark.parametrize("answers", [[1, 0, 0, 0], [1, 1, 1, 0]])
    def test_many_texts_decide_and_their_commonest_label_is_named(self, answers: list[int]) -> None:
        many = self.logits(answers * 60)
        with pytest.raises(
            TeacherError, match=r"always saying the commonest label \(ok, 75% of them\) would"
        ) as caught:
            refuse_unfit(many, self.repeated(60), metric=ACCURACY, name="x", label_names=("ok", "spam"))
        assert "on the 240 validation texts" in str(caught.value)
        assert "95 % interval of the difference -" in str(caught.value)

    def test_an_unlucky_split_of_a_few_texts_is_told_as_a_doubt(self) -> None:
        sites = Sites.of_texts(torch.tensor([0] * 10 + [1] * 8))
        fitness = refuse_unfit(self.logits([0] * 6 + [1] * 4 + [1] * 3 + [0] * 5), sites, metric=ACCURACY, name="x")
        assert (
            "the teacher x may have nothing to teach: its accuracy on the 18 validation texts is 50.0%" in fitness.doubt
        )
        assert "so few texts decide nothing, give more of them" in fitness.doubt

    def test_a_label_that_nearly_all_have_is_named_as_the_reason(self) -> None:
        sites = Sites.of_texts(torch.tensor([0] * 95 + [1] * 5))
        with pytest.raises(TeacherError, match="there is little to be better at where one is so common"):
            refuse_unfit(self.logits([1] * 2 + [0] * 98), sites, metric=ACCURACY, name="x")

    def repeated(self, n: int) -> Sites:
        return Sites.of_texts(self.sites.targets.repeat(n))

    def test_figures_are_told_in_the_unit_of_the_metric(self) -> None:
        with pytest.raises(
            TeacherError, match=r"its log-loss on the 240 validation texts is 1\.313 nats, and .* give 0\.563 "
        ):
            refuse_unfit(self.logits([1, 1, 1, 0] * 60), self.repeated(60), metric=NLL, name="x")


class TestMixedUp:
    NAMES = ("billing", "delivery", "other", "returns")

    def refuse(self, order: tuple[int, ...], *, n: int = 40, wrong: int = 0) -> None:
        """Refuse a teacher whose output ``i`` stands for the label ``order[i]``, but for the first ``wrong`` texts."""
        labels = torch.arange(n) % len(order)
        answers = torch.tensor(order).argsort()[labels]
        answers[:wrong] = (answers[:wrong] + 1) % len(order)
        teacher = Teacher(name="desks", digest="", model=tiny.model(), folder=Path())
        refuse_mixed_up(teacher, torch.eye(len(order))[answers], Sites.of_texts(labels), self.NAMES[: len(order)])

    @pytest.mark.parametrize(
        ("order", "share", "named"),
        [
            ((1, 0), "0%", "delivery,billing"),
            ((0, 1, 3, 2), "50%", "billing,delivery,returns,other"),
            ((3, 0, 1, 2), "0%", "returns,billing,delivery,other"),
        ],
    )
    def test_the_order_in_which_it_would_be_right_is_named(
        self, order: tuple[int, ...], share: str, named: str
    ) -> None:
        with pytest.raises(TeacherError, match=f"the teacher desks is right on {share} of the") as caught:
            self.refuse(order)
        assert f"would be on 100% if its outputs stood for {named} in this order; give --label-names {named}" in str(
            caught.value
        )

    def test_one_in_order_is_taken_whatever_it_gets_wrong(self) -> None:
        for wrong in range(0, 41, 4):
            self.refuse((0, 1, 2, 3), wrong=min(wrong, 20))

    def test_a_few_texts_decide_nothing(self) -> None:
        self.refuse((1, 0), n=8)
