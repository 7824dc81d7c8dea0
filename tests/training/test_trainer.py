"""Training: the same bits every time and after every interruption, and the numbers of a plain loop."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from distil_core.data.batches import shuffled_batches
from distil_core.data.sites import Sites
from distil_core.data.tokenization import Ragged, encode
from distil_core.evaluation.records import Interval
from distil_core.functional.loss_inputs import ModelOutputs
from distil_core.functional.losses import distillation_loss
from distil_core.models import forward, surgery
from distil_core.settings.config import Init, LossConfig, Precision, StudentConfig, TrainingConfig
from distil_core.training import trainer
from distil_core.training.events import Step, Validation
from distil_core.training.lessons import TrainingData
from distil_core.training.optimizer import learning_rate_at
from distil_core.training.teacher_outputs import TeacherOutputs, teacher_outputs
from distil_core.training.teachers import Teacher
from distil_core.training.trainer import drop_unsound, train
from tests import tiny

CORPUS = tiny.corpus(n_train=30, n_validation=12, n_test=6)
FP32 = TrainingConfig(epochs=2, batch_size=8, learning_rate=3e-3, precision=Precision.FP32)
HARD = LossConfig(alpha=0.0)
both_precisions = pytest.mark.parametrize("precision", [Precision.FP32, Precision.BF16])


def tokens_of(split: str) -> Ragged:
    return encode(tiny.tokenizer(), getattr(CORPUS, split).texts, max_length=tiny.LENGTH)


@pytest.fixture(scope="module")
def lessons() -> tuple[TrainingData, TrainingData]:
    """What the corpus says, without a teacher."""
    made = [
        TrainingData(tokens=tokens_of(s), sites=Sites.of_texts(torch.tensor(getattr(CORPUS, s).labels)))
        for s in ("train", "validation")
    ]
    return made[0], made[1]


class Spy:
    """A teacher who is sure of the right labels, and writes down what it was asked."""

    width = tiny.WIDTH

    def __init__(self, labels: Tensor) -> None:
        self.logits = 4.0 * torch.eye(3)[labels]
        self.asked: list[Tensor] = []

    def batch(self, examples: Tensor) -> ModelOutputs:
        self.asked.append(examples)
        return ModelOutputs(logits=self.logits[examples])


def taught(lessons: tuple[TrainingData, TrainingData]) -> tuple[TrainingData, TrainingData]:
    first, second = (replace(lesson, teacher=Spy(lesson.sites.targets)) for lesson in lessons)
    return first, second


def steps(
    model: Any,
    lessons: tuple[TrainingData, TrainingData],
    *,
    config: TrainingConfig = FP32,
    loss: LossConfig = HARD,
    seed: int = 0,
    **options: Any,
) -> Iterator[Step | Validation]:
    return train(model, *lessons, task=tiny.TASK, loss=loss, training=config, seed=seed, padding=0, **options)


def weights(model: nn.Module) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def trained(lessons: tuple[TrainingData, TrainingData], **options: Any) -> Tensor:
    model = tiny.model(depth=2)
    for _ in steps(model, lessons, **options):
        pass
    return weights(model)


class TestBits:
    @both_precisions
    def test_the_same_settings_give_the_same_bits(
        self, lessons: tuple[TrainingData, TrainingData], precision: Precision
    ) -> None:
        config = replace(FP32, dropout=0.2, precision=precision)
        first = trained(lessons, config=config)
        torch.manual_seed(99)
        assert torch.equal(trained(lessons, config=config), first)
        assert not torch.equal(trained(lessons, config=config, seed=1), first)

    @both_precisions
    @pytest.mark.parametrize(("patience", "averaging"), [(0, 0.0), (1, 0.0), (0, 0.7)])
    def test_an_interruption_at_any_event_changes_nothing(
        self,
        lessons: tuple[TrainingData, TrainingData],
        precision: Precision,
        patience: int,
        averaging: float,
        tmp_path: Path,
    ) -> None:
        config = replace(FP32, epochs=3, dropout=0.1, patience=patience, averaging=averaging, precision=precision)
        whole = tiny.model(depth=2)
        events = list(steps(whole, lessons, config=config))
        last_of_epochs = [i for i, event in enumerate(events[1:]) if isinstance(event, Validation)]
        assert len(last_of_epochs) >= 2
        checkpoint = tmp_path / "deep" / "checkpoint.safetensors"
        for stop in {1, *last_of_epochs, *(i + 1 for i in last_of_epochs)}:
            model = tiny.model(depth=2)
            running = steps(model, lessons, config=config, checkpoint=checkpoint)
            before = [next(running) for _ in range(stop + 1)]
            running.close()
            assert checkpoint.exists()
            assert not model.training
            model = tiny.model(depth=2, seed=7)  # what it starts from no longer matters
            resumed = steps(model, lessons, config=config, checkpoint=checkpoint)
            after: list[Step | Validation] = []
            assert finish(resumed, after.append) == len(last_of_epochs)
            assert torch.equal(weights(model), weights(whole)), f"stopped after {before[-1]}"
            assert told(before + after) == told(events)
            assert not checkpoint.exists()

    def test_a_damaged_checkpoint_is_dropped_and_told_and_one_of_other_shapes_is_left_out(
        self, lessons: tuple[TrainingData, TrainingData], tmp_path: Path
    ) -> None:
        checkpoint = tmp_path / "checkpoint.safetensors"
        assert drop_unsound(checkpoint) == ""
        for model in (tiny.model(depth=1), tiny.model(depth=2)):
            running = steps(model, lessons, config=FP32, checkpoint=checkpoint)
            for _ in range(2):
                next(running)
            running.close()
            assert drop_unsound(checkpoint) == ""
            other = tiny.model(depth=2)
            first = next(steps(other, lessons, config=FP32, checkpoint=checkpoint))
            assert isinstance(first, Step)
            assert (first.step == 1) is (model.config.num_hidden_layers == 1)
        checkpoint.write_bytes(checkpoint.read_bytes()[:-50])
        assert drop_unsound(checkpoint) == "its checkpoint was damaged: from the beginning"
        assert not checkpoint.exists()

    def test_it_can_be_interrupted_twice(self, lessons: tuple[TrainingData, TrainingData], tmp_path: Path) -> None:
        checkpoint = tmp_path / "checkpoint.safetensors"
        for n_events in (2, 3):
            running = steps(tiny.model(depth=2), lessons, checkpoint=checkpoint)
            assert len([next(running) for _ in range(n_events)]) == n_events
            running.close()
        model = tiny.model(depth=2)
        first, *_ = steps(model, lessons, checkpoint=checkpoint)
        assert isinstance(first, Step | Validation)
        assert torch.equal(weights(model), trained(lessons))

    def test_progress_is_saved_now_and_then(self, lessons: tuple[TrainingData, TrainingData], tmp_path: Path) -> None:
        for seconds, expected in ((0.0, True), (1e9, False)):
            checkpoint = tmp_path / f"{seconds}.safetensors"
            running = steps(tiny.model(depth=2), lessons, checkpoint=checkpoint, checkpoint_seconds=seconds)
            next(running), next(running)
            assert checkpoint.exists() is expected
            running.close()

    @pytest.mark.parametrize(("seconds", "is_given_back"), [(0.0, True), (float("inf"), False)])
    def test_memory_is_given_back_now_and_then(
        self,
        seconds: float,
        is_given_back: bool,
        lessons: tuple[TrainingData, TrainingData],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        times: list[None] = []
        monkeypatch.setattr(trainer, "_SECONDS_BETWEEN_TRIMS", seconds)
        monkeypatch.setattr(trainer, "give_back_memory", lambda: times.append(None))
        n_events = len(list(steps(tiny.model(depth=2), lessons)))
        assert len(times) == 1 + n_events * is_given_back

    def test_nothing_is_saved_before_the_first_step(
        self, lessons: tuple[TrainingData, TrainingData], tmp_path: Path
    ) -> None:
        running = steps(tiny.model(depth=2), lessons, checkpoint=tmp_path / "checkpoint.safetensors")
        running.close()
        assert list(tmp_path.iterdir()) == []

    @both_precisions
    def test_a_closed_model_is_whole_again(
        self, lessons: tuple[TrainingData, TrainingData], precision: Precision
    ) -> None:
        model = tiny.model(depth=2)
        running = steps(model, lessons, config=replace(FP32, precision=precision))
        next(running)
        running.close()
        assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
        places = [parameter.untyped_storage().data_ptr() for parameter in model.parameters()]
        assert len(set(places)) == len(places)
        assert all(p.untyped_storage().nbytes() == 4 * p.numel() for p in model.parameters())


def told(events: list[Step | Validation]) -> list[tuple[Any, ...]]:
    """All that an event says apart from speed."""
    return [
        (event.step, event.n_steps, event.epoch, event.loss)
        if isinstance(event, Step)
        else (event.epoch, event.score, event.agreement)
        for event in events
    ]


class TestNumbers:
    @pytest.mark.parametrize("averaging", [0.0, 0.5])
    def test_they_are_those_of_a_plain_loop(self, lessons: tuple[TrainingData, TrainingData], averaging: float) -> None:
        lesson, validation = taught(lessons)
        loss = LossConfig(temperature=3.0, alpha=0.6, logit_mse=0.1)
        config = replace(FP32, weight_decay=0.1, clip=0.5, learning_rate=1e-3, averaging=averaging)
        model = tiny.model(depth=2)
        for _ in steps(model, (lesson, validation), loss=loss, config=config, seed=3):
            pass

        plain = tiny.model(depth=2).train()
        for module in plain.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        embedding = plain.get_input_embeddings().weight
        groups: dict[bool, list[nn.Parameter]] = {True: [], False: []}
        for parameter in plain.parameters():
            groups[parameter.dim() > 1 and parameter is not embedding].append(parameter)
        adam = torch.optim.AdamW(
            [{"params": groups[True], "weight_decay": 0.1}, {"params": groups[False], "weight_decay": 0.0}]
        )
        budget = round(config.batch_size * float(lesson.tokens.lengths.float().mean()))
        epochs = [
            shuffled_batches(lesson.tokens.lengths, n_tokens=budget, padded=False, seed=3, epoch=e) for e in range(2)
        ]
        n_steps, clipped = sum(map(len, epochs)), 0
        mean = AveragedModel(plain)  # type: ignore[no-untyped-call]
        for step, examples in enumerate(batch for epoch in epochs for batch in epoch):
            ids, mask = lesson.tokens.padded(examples, padding=0)
            output = plain(input_ids=ids, attention_mask=mask.long())
            assert lesson.teacher is not None
            answers = lesson.teacher.batch(examples)
            parts = distillation_loss(
                ModelOutputs(logits=output.logits),
                answers,
                lesson.sites.targets[examples],
                loss,
                normalizer=float(config.batch_size),
            )
            adam.zero_grad()
            parts.total.backward()
            clipped += bool(nn.utils.clip_grad_norm_(plain.parameters(), config.clip) > config.clip)
            for group in adam.param_groups:
                group["lr"] = learning_rate_at(step, n_steps, config)
            adam.step()
            if step >= n_steps - round(averaging * n_steps):
                mean.update_parameters(plain)
        assert clipped > 0
        expected = mean.module if averaging else plain
        for (name, ours), theirs in zip(model.named_parameters(), expected.parameters(), strict=True):
            if "key.bias" not in name:  # has no gradient but rounding, which AdamW blows up
                torch.testing.assert_close(ours, theirs, atol=2e-6, rtol=1e-5, msg=name)

    def test_every_example_counts_once_an_epoch(self, lessons: tuple[TrainingData, TrainingData]) -> None:
        lesson, validation = taught(lessons)
        found = list(steps(tiny.model(depth=2), (lesson, validation), loss=LossConfig(alpha=1.0)))
        assert isinstance(lesson.teacher, Spy)
        n_first = next(i for i, event in enumerate(found) if isinstance(event, Validation))
        for asked in (lesson.teacher.asked[:n_first], lesson.teacher.asked[n_first:]):
            assert sorted(torch.cat(asked).tolist()) == list(range(len(CORPUS.train)))
        assert len(lesson.teacher.asked) == found[0].n_steps

    def test_only_what_is_chosen_is_learned_and_as_often(self, lessons: tuple[TrainingData, TrainingData]) -> None:
        lesson, validation = taught(lessons)
        chosen = torch.tensor([3, 5, 5, 8, 13, 21])
        some = replace(lesson, chosen=chosen)
        assert (len(lesson), len(some)) == (len(CORPUS.train), 6)
        found = list(steps(tiny.model(depth=2), (some, validation), loss=LossConfig(alpha=1.0)))
        assert isinstance(some.teacher, Spy)
        n_first = next(i for i, event in enumerate(found) if isinstance(event, Validation))
        assert sorted(torch.cat(some.teacher.asked[:n_first]).tolist()) == chosen.tolist()

    def test_weights_of_labels_are_those_of_the_texts(self, lessons: tuple[TrainingData, TrainingData]) -> None:
        model, lesson = tiny.model(depth=2), lessons[0]
        logits = forward.predict(model, lesson.tokens, padding=0)
        told = torch.arange(len(lesson)) % 5 == 2
        weights = told.float() * 5.0
        expected = float(nn.functional.cross_entropy(logits[told], lesson.sites.targets[told]))
        weighted = (replace(lesson, label_weights=weights), lessons[1])
        first = next(steps(model, weighted, config=replace(FP32, batch_size=1000)))
        assert isinstance(first, Step)
        assert first.loss["hard_labels"] == pytest.approx(expected, rel=1e-4)

    def test_the_loss_is_that_of_a_text_however_many_share_a_batch(
        self, lessons: tuple[TrainingData, TrainingData]
    ) -> None:
        model = tiny.model(depth=2)
        logits = forward.predict(model, lessons[0].tokens, padding=0)
        expected = float(nn.functional.cross_entropy(logits, lessons[0].sites.targets))
        first = next(steps(model, lessons, config=replace(FP32, batch_size=1000)))  # all of them in one batch
        assert isinstance(first, Step)
        assert first.loss["hard_labels"] == pytest.approx(expected, rel=1e-4)

    def test_events_tell_how_far_it_is(self, lessons: tuple[TrainingData, TrainingData]) -> None:
        events = list(steps(tiny.model(depth=2), taught(lessons), loss=LossConfig(alpha=0.5)))
        of_steps = [event for event in events if isinstance(event, Step)]
        of_epochs = [event for event in events if isinstance(event, Validation)]
        assert [event.step for event in of_steps] == list(range(1, of_steps[0].n_steps + 1))
        assert [event.epoch for event in of_epochs] == [1.0, 2.0]
        assert of_steps[-1].epoch == 2.0
        assert of_steps[-1].seconds_left == 0.0
        assert set(of_steps[0].loss) == {"soft_labels", "hard_labels"}
        assert all(event.agreement == event.score for event in of_epochs)  # this teacher is always right

    def test_agreement_needs_a_teacher(self, lessons: tuple[TrainingData, TrainingData]) -> None:
        events = list(steps(tiny.model(depth=2), lessons))
        assert {event.agreement for event in events if isinstance(event, Validation)} == {None}

    @both_precisions
    def test_a_task_that_can_be_learned_is_learned(self, precision: Precision) -> None:
        made = tiny.corpus(n_train=120, n_validation=30)
        parts = [
            TrainingData(
                tokens=encode(tiny.tokenizer(), split.texts, max_length=40),
                sites=Sites.of_texts(torch.tensor(split.labels)),
            )
            for split in (made.train, made.validation)
        ]
        config = TrainingConfig(epochs=8, batch_size=12, learning_rate=3e-3, precision=precision)
        model = tiny.model(depth=2)
        events = list(steps(model, (parts[0], parts[1]), config=config))
        losses = [event.loss["hard_labels"] for event in events if isinstance(event, Step)]
        assert sum(losses[-5:]) < 0.5 * sum(losses[:5])
        found = forward.predict(model, parts[1].tokens, padding=0).argmax(dim=1)
        assert float((found == parts[1].sites.targets).float().mean()) > 0.6

    @pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
    def test_without_dropout_a_model_s_own_dropout_is_off(self, architecture: str) -> None:
        split = tiny.split(9, seed=4)
        words = tiny.tokenizer_for(architecture)
        lesson = TrainingData(
            tokens=encode(words, split.texts, max_length=40), sites=Sites.of_texts(torch.tensor(split.labels))
        )
        names = {
            "distilbert": ("dropout", "attention_dropout", "seq_classif_dropout"),
            "modernbert": ("attention_dropout", "mlp_dropout", "embedding_dropout", "classifier_dropout"),
        }
        usual = ("hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout_prob", "classifier_dropout")
        found = []
        for share in (0.0, 0.5):
            model = tiny.model(architecture, depth=2, **dict.fromkeys(names.get(architecture, usual), share))
            for _ in train(
                model,
                lesson,
                lesson,
                task=tiny.TASK,
                loss=HARD,
                training=replace(FP32, epochs=1),
                seed=0,
                padding=int(words.pad_token_id),
            ):
                pass
            found.append(weights(model))
        assert torch.equal(*found)

    def test_dropout_is_that_of_the_settings_while_it_lasts(self, lessons: tuple[TrainingData, TrainingData]) -> None:
        model = tiny.model(depth=2)
        before = [module.p for module in model.modules() if isinstance(module, nn.Dropout)]
        running = steps(model, lessons, config=replace(FP32, dropout=0.3))
        next(running)
        assert {module.p for module in model.modules() if isinstance(module, nn.Dropout)} == {0.3}
        running.close()
        assert [module.p for module in model.modules() if isinstance(module, nn.Dropout)] == before
        assert not torch.equal(trained(lessons, config=replace(FP32, dropout=0.3)), trained(lessons))


class TestSchedule:
    def test_the_step_size_grows_to_its_peak_and_falls_to_zero(self) -> None:
        config = TrainingConfig(learning_rate=1.0, warmup=0.4)
        found = [learning_rate_at(step, 10, config) for step in range(10)]
        assert found == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6])

    def test_without_warm_up_it_starts_at_its_peak(self) -> None:
        config = TrainingConfig(learning_rate=2.0, warmup=0.0)
        assert [learning_rate_at(step, 4, config) for step in range(4)] == [2.0, 1.5, 1.0, 0.5]

    def test_all_of_it_may_be_warm_up(self) -> None:
        config = TrainingConfig(learning_rate=1.0, warmup=1.0)
        assert [learning_rate_at(step, 4, config) for step in range(4)] == pytest.approx([0.2, 0.4, 0.6, 0.8])


def validating(accuracy: Callable[[], float]) -> Callable[..., Generator[Step, None, tuple[Interval, None]]]:
    """A validation that finds what it is told to find."""

    def validate(task: Any, step: Step) -> Generator[Step, None, tuple[Interval, None]]:
        yield from ()
        return Interval(value=accuracy()), None

    return validate


class TestValidation:
    def test_it_can_be_stopped_between_batches(
        self, lessons: tuple[TrainingData, TrainingData], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        usual = forward.logits_of
        monkeypatch.setattr(trainer, "logits_of", lambda *args, **more: usual(*args, **more, n_tokens=64))
        found = list(steps(tiny.model(depth=2), lessons, config=replace(FP32, epochs=1)))
        n_steps = found[0].n_steps
        *said, last = found
        assert isinstance(last, Validation)
        assert len(said) > n_steps + 1
        assert {event.step for event in said[n_steps:]} == {n_steps}

    def test_one_that_was_stopped_there_is_done_again(
        self, lessons: tuple[TrainingData, TrainingData], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        usual = forward.logits_of
        monkeypatch.setattr(trainer, "logits_of", lambda *args, **more: usual(*args, **more, n_tokens=64))
        config, checkpoint = replace(FP32, epochs=1), tmp_path / "checkpoint.safetensors"
        running = steps(tiny.model(depth=2), lessons, config=config, checkpoint=checkpoint)
        n_steps = next(running).n_steps
        while sum(1 for event in (next(running),) if event.step == n_steps) == 0:
            pass
        next(running)  # in the middle of the validation
        running.close()
        found = list(steps(tiny.model(depth=2), lessons, config=config, checkpoint=checkpoint))
        assert [type(event) for event in found] == [Validation]


class TestEarly:
    def test_an_early_look_changes_nothing_that_is_learned(
        self, lessons: tuple[TrainingData, TrainingData], tmp_path: Path
    ) -> None:
        config, checkpoint = replace(FP32, dropout=0.1, patience=1), tmp_path / "checkpoint.safetensors"
        looked = tiny.model(depth=2)
        events = list(steps(looked, lessons, config=config, early=0.9))
        first, *others = (event for event in events if isinstance(event, Validation))
        assert 0 < first.epoch < 1
        assert [event.epoch for event in others] == [1.0, 2.0]
        assert all(event.low <= event.score <= event.high for event in (first, *others))  # type: ignore[operator]
        assert torch.equal(weights(looked), trained(lessons, config=config))
        # Stopped there, it goes on behind it.
        running = steps(tiny.model(depth=2), lessons, config=config, checkpoint=checkpoint, early=0.9)
        n_before = events.index(first) + 1
        before = [next(running) for _ in range(n_before)]
        running.close()
        model = tiny.model(depth=2, seed=7)
        after = list(steps(model, lessons, config=config, checkpoint=checkpoint, early=0.9))
        assert told(before + after) == told(events)
        assert torch.equal(weights(model), weights(looked))

    def test_there_is_none_of_the_first_step(self, lessons: tuple[TrainingData, TrainingData]) -> None:
        events = steps(tiny.model(depth=2), lessons, early=0.01)
        assert [event.epoch for event in events if isinstance(event, Validation)] == [1.0, 2.0]


class TestPatience:
    def test_it_stops_without_gain_and_keeps_the_best_epoch(
        self, lessons: tuple[TrainingData, TrainingData], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        accuracies = iter([0.3, 0.5, 0.4, 0.5, 0.9])
        kept: list[Tensor] = []

        def validate(task: Any, step: Step) -> Generator[Step, None, tuple[Interval, None]]:
            yield from ()
            kept.append(weights(task.model).float().clone())
            return Interval(value=next(accuracies)), None

        monkeypatch.setattr(trainer._Training, "validate", validate)
        model = tiny.model(depth=2)
        config = replace(FP32, epochs=5, patience=2)
        events = list(steps(model, lessons, config=config))
        assert [event.score for event in events if isinstance(event, Validation)] == [0.3, 0.5, 0.4, 0.5]
        assert torch.equal(weights(model), kept[1])

    def test_without_patience_the_last_epoch_is_kept(
        self, lessons: tuple[TrainingData, TrainingData], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        accuracies = iter([0.9, 0.5])
        monkeypatch.setattr(trainer._Training, "validate", validating(lambda: next(accuracies)))
        assert torch.equal(trained(lessons), trained_plainly(lessons))


def trained_plainly(lessons: tuple[TrainingData, TrainingData]) -> Tensor:
    """All steps of the schedule, whatever validation says."""
    model = tiny.model(depth=2)
    running = steps(model, lessons, config=replace(FP32, epochs=2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer._Training, "validate", validating(lambda: 0.0))
        for _ in running:
            pass
    return weights(model)


class TestLosses:
    @pytest.fixture
    def teacher(self, tmp_path: Path) -> Teacher:
        return Teacher(name="tiny", digest="t", model=tiny.model(), folder=tmp_path)

    def lessons(self, teacher: Teacher, loss: LossConfig, layers: tuple[int, ...]) -> tuple[TrainingData, TrainingData]:
        splits = {
            name: tiny.TASK.encode(tiny.tokenizer(), getattr(CORPUS, name), max_length=40)
            for name in ("train", "validation")
        }
        work = teacher_outputs(
            teacher,
            splits,
            corpus_digest="c",
            padding=0,
            precision=Precision.FP32,
            loss=loss,
            layers=layers,
            cache=None,
        )
        said: dict[str, TeacherOutputs] = finish(work)
        made = [TrainingData(tokens=part.tokens, sites=part.sites, teacher=said[name]) for name, part in splits.items()]
        return made[0], made[1]

    @pytest.mark.parametrize("width", [0, 16])
    @pytest.mark.parametrize("part", ["logit_mse", "hidden_cosine", "hidden_mse", "attention_kl"])
    def test_every_part_has_its_say(self, teacher: Teacher, part: str, width: int) -> None:
        found = []
        for weight in (0.0, 5.0):
            loss = replace(LossConfig(), **{part: weight})
            model, layers = surgery.cut_student(teacher.model, StudentConfig(depth=2, width=width, init=Init.RANDOM))
            lessons = self.lessons(teacher, loss, layers)
            events = list(steps(model, lessons, loss=loss, layers=layers, config=replace(FP32, epochs=1)))
            first = events[0]
            assert isinstance(first, Step)
            assert (part in first.loss) is (weight > 0)
            found.append((first.loss.get(part, 0.0), weights(model)))
        assert found[1][0] > 0
        assert not torch.equal(found[0][1], found[1][1])

    def test_a_student_that_is_its_teacher_has_nothing_to_learn(self, teacher: Teacher) -> None:
        loss = LossConfig(alpha=1.0, logit_mse=1.0, hidden_cosine=1.0, hidden_mse=1.0, attention_kl=1.0)
        model, layers = surgery.cut_student(teacher.model, StudentConfig(depth=tiny.DEPTH))
        first = next(steps(model, self.lessons(teacher, loss, layers), loss=loss, layers=layers))
        assert isinstance(first, Step)
        assert set(first.loss) == {"soft_labels", "logit_mse", "hidden_cosine", "hidden_mse", "attention_kl"}
        assert all(value < 1e-4 for value in first.loss.values()), first.loss

    def test_mapped_layers_are_compared_and_no_others(self, teacher: Teacher) -> None:
        loss = LossConfig(alpha=1.0, hidden_mse=1.0, attention_kl=1.0)
        model, layers = surgery.cut_student(teacher.model, StudentConfig(layers=(0, 1)))
        first = next(steps(model, self.lessons(teacher, loss, layers), loss=loss, layers=layers))
        assert isinstance(first, Step)
        assert first.loss["hidden_mse"] < 1e-4  # the first two layers say what the teacher's first two say
        assert first.loss["attention_kl"] < 1e-4
        model, layers = surgery.cut_student(teacher.model, StudentConfig(layers=(0, 3)))
        other = next(steps(model, self.lessons(teacher, loss, layers), loss=loss, layers=layers))
        assert isinstance(other, Step)
        assert other.loss["hidden_mse"] > 1e-2


def finish(work: Any, listener: Callable[[Any], object] = lambda _: None) -> Any:
    """Run a generator to its end and give what it returns."""
    while True:
        try:
            listener(next(work))
        except StopIteration as stop:
            return stop.value
