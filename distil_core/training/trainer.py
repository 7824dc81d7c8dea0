"""Train one student from start to end, as a generator of events."""

import json
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from jaxtyping import Bool, Int
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from distil_core.data.batches import shuffled_batches
from distil_core.evaluation import bootstrap
from distil_core.evaluation.metrics import AGREEMENT
from distil_core.evaluation.records import Interval
from distil_core.functional.loss_inputs import ModelOutputs
from distil_core.functional.losses import LossParts, distillation_loss
from distil_core.models import freezing
from distil_core.models.devices import resolve_precision
from distil_core.models.forward import (
    at_sites,
    attention_maps,
    empty_answers,
    logits_of,
    packed_above,
    packs,
    padded_inputs,
)
from distil_core.models.packing import packed_logits, scores_of, without_waste
from distil_core.process import give_back_memory
from distil_core.settings.config import LossConfig, Precision, TrainingConfig
from distil_core.tasks.task import Task
from distil_core.training.events import Step, Validation
from distil_core.training.lessons import TrainingData, predictions_of
from distil_core.training.masked import word_outputs
from distil_core.training.optimizer import Optimizer
from distil_core.types import Mask, Model

_SECONDS_BETWEEN_TRIMS = 2.0
"""How often is seen whether memory that steps have freed can be given back."""


@dataclass
class _Progress:
    """Where a training run stands; all of it goes into a checkpoint."""

    step: int = 0
    epochs: int = 0
    best_score: float | None = None
    epochs_without_gain: int = 0
    stopped: bool = False
    best: list[Tensor] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Training:
    """All that stays the same during one training run."""

    model: Model
    task: Task
    lesson: TrainingData
    validation: TrainingData
    loss: LossConfig
    training: TrainingConfig
    seed: int
    padding: int
    layers: Sequence[int]
    projection: nn.Parameter | None
    early: float = 0.0

    @property
    def packs(self) -> bool:
        """Whether batches go through the model without padding."""
        needs_states = self.loss.hidden_mse or self.loss.hidden_cosine or self.loss.attention_kl
        return packs(self.model) and (not needs_states or self.predicts_words)

    @property
    def predicts_words(self) -> bool:
        """Whether masked words are to be predicted."""
        return self.lesson.sites.vocabulary is not None

    @property
    def normalizer(self) -> float:
        """Divisor of the sum over a batch: its usual number of sites, so that all count the same in any batch."""
        sites = self.lesson.sites
        return min(self.training.batch_size, len(self.lesson)) * len(sites) / len(self.lesson.tokens)

    def epoch(self, number: int) -> list[Int[Tensor, "batch"]]:
        lengths, chosen = self.lesson.tokens.lengths.cpu(), self.lesson.chosen
        lengths = lengths if chosen is None else lengths[chosen]
        budget = max(round(self.training.batch_size * float(lengths.float().mean())), 1)
        budget = without_waste(budget) if self.packs else budget
        batches = shuffled_batches(lengths, n_tokens=budget, padded=not self.packs, seed=self.seed, epoch=number)
        return batches if chosen is None else [chosen[batch] for batch in batches]

    def student(self, examples: Int[Tensor, "batch"]) -> tuple[ModelOutputs, Bool[Tensor, "rows length"] | None]:
        if self.predicts_words:
            return word_outputs(
                *(self.model, self.lesson.tokens, self.lesson.sites, examples), padding=self.padding, loss=self.loss
            )
        if self.packs:
            lower = self.lesson.lower
            states = None if lower is None else lower.states
            with packed_above(self.model, lower, self.lesson.sites):
                logits = packed_logits(self.model, self.lesson.tokens, examples, states=states)
            return ModelOutputs(logits=at_sites(logits, self.lesson.sites, examples)[1]), None
        inputs = padded_inputs(self.model, self.lesson.tokens, examples, padding=self.padding)
        wants_hidden, wants_attention = self.loss.hidden_mse + self.loss.hidden_cosine > 0, self.loss.attention_kl > 0
        output = self.model(**inputs, output_hidden_states=wants_hidden, output_attentions=wants_attention)
        return ModelOutputs(
            logits=at_sites(scores_of(output), self.lesson.sites, examples)[1],
            last_hidden=output.hidden_states[-1] if wants_hidden else None,
            hidden=tuple(output.hidden_states[1:]) if wants_hidden else (),
            attention=attention_maps(self.model, output) if wants_attention else (),
        ), inputs["attention_mask"].bool()

    def loss_of(self, examples: Int[Tensor, "batch"]) -> LossParts:
        student, mask = self.student(examples)
        teacher = self.lesson.teacher.batch(examples) if self.lesson.teacher is not None else None
        weights, (chosen, rows) = self.lesson.label_weights, self.lesson.sites.within(examples)
        return distillation_loss(
            student,
            teacher,
            # Where nothing is labeled, the teacher's own answer is what remains to be asked for.
            self.lesson.sites.targets[chosen] if self.task.head.labeled or teacher is None else teacher.logits,
            self.loss,
            soft_loss=self.task.soft_loss,
            hard_loss=self.task.hard_loss,
            mask=mask,
            projection=self.projection,
            label_weights=None if weights is None else weights[examples][rows],
            normalizer=self.normalizer,
            state_normalizer=self.state_normalizer(mask),
        )

    def state_normalizer(self, mask: Mask | None) -> float | None:
        """Return the divisor for hidden states where it is not that of the sites: of words, that of tokens."""
        if mask is None or not self.predicts_words:
            return None
        n_tokens = min(self.training.batch_size, len(self.lesson)) * self.lesson.tokens.lengths.float().mean()
        return float(n_tokens) / mask.numel()  # of one row of tokens the loss takes the mean

    def validate(self, step: Step | None) -> Generator[Step, None, tuple[Interval, float | None]]:
        """Return score and agreement; says the last step again between batches, so that it can be stopped there."""
        self.model.eval()
        data, n_seen = self.validation, 0
        logits = empty_answers(self.model, data.tokens, data.sites)
        for chosen, answers in logits_of(
            self.model, data.tokens, padding=self.padding, sites=data.sites, lower=data.lower
        ):
            logits[chosen.cpu()] = answers.float().cpu()
            n_seen += len(chosen)
            if step is not None and n_seen < len(logits):
                yield step
        self.model.train()
        split = predictions_of(logits, data.sites, teacher=None if data.teacher is None else data.teacher.logits)
        score = bootstrap.interval(split, self.task.monitored) if self.early else None
        compared = data.teacher is not None and AGREEMENT in self.task.fidelity
        agreement = self.task.metric(AGREEMENT.name).of(split) if compared else None
        return score or Interval(value=self.task.monitored.of(split)), agreement


def train(
    model: Model,
    lesson: TrainingData,
    validation: TrainingData,
    *,
    task: Task,
    loss: LossConfig,
    training: TrainingConfig,
    seed: int,
    padding: int,
    layers: Sequence[int] = (),
    checkpoint: Path | None = None,
    checkpoint_seconds: float = 10.0,
    early: float = 0.0,
) -> Generator[Step | Validation, None, int]:
    """Train ``model`` in place, and say after every step how it stands; returns the epochs that it took.

    The same arguments give the same weights to the bit on the same machine, also when the generator is closed half-way
    and called again with the same ``checkpoint``. Every example counts the same, whatever batch it falls into.

    Args:
        model: A student or a teacher, on the device of the lessons; left in fp32 and eval mode.
        lesson: What to learn from.
        validation: What to measure after every epoch, by the task's primary metric and the agreement.
        task: What the labels ask, and what is measured.
        loss: Weights of the parts of the loss.
        training: Schedule.
        seed: Decides batches, dropout and the projection of hidden states.
        padding: Token id to fill up with.
        layers: Teacher layer that each layer of the student is mapped to.
        checkpoint: File to resume from if it exists, and to write to now and then; removed at the end.
        checkpoint_seconds: Seconds between two writes.
        early: Share of the first epoch after which is measured, too; every measurement then has its interval.
    """
    device = next(model.parameters()).device
    dtype = torch.bfloat16 if resolve_precision(training.precision, device) is Precision.BF16 else torch.float32
    projection = _projection(model, lesson, loss, seed)
    work = _Training(
        model=model,
        task=task,
        lesson=lesson,
        validation=validation,
        loss=loss,
        training=training,
        seed=seed,
        padding=padding,
        layers=layers,
        projection=projection,
        early=early,
    )
    still = freezing.parts(model, training.frozen)
    with freezing.frozen(still):
        optimizer = Optimizer(model, projection, training, dtype)
        progress = _Progress()
        if checkpoint is not None and checkpoint.exists():
            progress = _load_checkpoint(checkpoint, optimizer) or progress
        give_back_memory()  # of what came before
        written = trimmed = time.monotonic()
        try:
            with _dropout(model, training.dropout, but=still):
                if still and work.packs and lesson.redraw is None:
                    lesson, validation = (
                        _with_lower(model, data, training.frozen - 1) for data in (lesson, validation)
                    )
                    work = replace(work, lesson=lesson, validation=validation)
                for event in _steps(work, optimizer, progress):
                    yield event
                    if time.monotonic() - trimmed >= _SECONDS_BETWEEN_TRIMS:
                        give_back_memory()
                        trimmed = time.monotonic()
                    if checkpoint is not None and time.monotonic() - written >= checkpoint_seconds:
                        _save_checkpoint(checkpoint, optimizer, progress)
                        written = time.monotonic()
            if progress.best:
                optimizer.restore(progress.best)
        except GeneratorExit:
            if checkpoint is not None and progress.step > 0:
                _save_checkpoint(checkpoint, optimizer, progress)
            raise
        finally:
            optimizer.release()
            model.eval()
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
    return progress.epochs


def _with_lower(model: Model, data: TrainingData, n_layers: int) -> TrainingData:
    """Compute what the frozen layers put out, where it is not known yet and there is room for it."""
    if data.lower is not None:
        return data
    chosen = None if data.chosen is None else data.chosen.to(data.tokens.ids.device)
    return replace(data, lower=freezing.lower_states(model, data.tokens, n_layers=n_layers, examples=chosen))


def _projection(model: Model, lesson: TrainingData, loss: LossConfig, seed: int) -> nn.Parameter | None:
    if lesson.teacher is None or not (loss.hidden_mse or loss.hidden_cosine):
        return None
    student_width, teacher_width = model.config.hidden_size, lesson.teacher.width
    if student_width == teacher_width:
        return None
    generator = torch.Generator().manual_seed(seed)
    start = torch.randn(student_width, teacher_width, generator=generator) / student_width**0.5
    return nn.Parameter(start.to(next(model.parameters()).device))


def _steps(work: _Training, optimizer: Optimizer, progress: _Progress) -> Generator[Step | Validation, None, None]:
    training = work.training
    work.model.train()
    batches = work.epoch(0)
    # Each epoch cuts batches anew, and maybe a few more or fewer: the schedule is planned on what it will really have.
    counts = [len(batches)] + [len(work.epoch(e)) for e in range(1, training.epochs)]
    n_steps, done, seen, started = sum(counts[: training.epochs]), 0, 0, time.perf_counter()
    first, step, early = progress.step, None, int(work.early * counts[0])
    for epoch in range(training.epochs):
        if epoch < progress.epochs or progress.stopped:
            done += counts[epoch]
            continue
        work = replace(work, lesson=work.lesson.in_epoch(epoch))
        for number, examples in enumerate(work.epoch(epoch)):
            if done + number < progress.step:
                continue
            # Dropout depends on seed and step alone, so that a resumed run draws what it would have drawn.
            torch.manual_seed(work.seed * 1_000_003 + progress.step)
            loss = work.loss_of(examples)
            scale = work.normalizer / len(work.lesson.sites.within(examples)[0])
            loss.total.backward()
            optimizer.step(progress.step, n_steps)
            progress.step += 1
            seen += len(examples)
            elapsed = time.perf_counter() - started
            step = Step(
                step=progress.step,
                n_steps=n_steps,
                epoch=epoch + (number + 1) / counts[epoch],
                loss={name: float(part) * scale for name, part in loss.parts.items()},
                examples_per_second=seen / elapsed,
                seconds_left=elapsed / (progress.step - first) * (n_steps - progress.step),
            )
            yield step
            if 2 <= progress.step == early:
                score, agreement = yield from work.validate(step)
                yield _validation(early / counts[0], score, agreement)
        done += counts[epoch]
        score, agreement = yield from work.validate(step)
        progress.epochs = epoch + 1
        if progress.best_score is None or work.task.monitored.better(score.value, progress.best_score):
            progress.best_score, progress.epochs_without_gain = score.value, 0
            if training.patience:
                progress.best = optimizer.copy()
        else:
            progress.epochs_without_gain += 1
        progress.stopped = 0 < training.patience <= progress.epochs_without_gain
        yield _validation(float(epoch + 1), score, agreement)


def _validation(epoch: float, score: Interval, agreement: float | None) -> Validation:
    return Validation(epoch=epoch, score=score.value, agreement=agreement, low=score.low, high=score.high)


@contextmanager
def _dropout(model: nn.Module, share: float, *, but: Sequence[nn.Module] = ()) -> Iterator[None]:
    """Set the share of every dropout layer for a while, to 0 inside the modules of ``but``; the configuration stays."""
    spared = {inner for module in but for inner in module.modules()}
    places: list[tuple[nn.Module, str]] = [
        (module, "p") for module in model.modules() if isinstance(module, nn.Dropout)
    ]
    # ModernBERT keeps that of its attention as a number.
    name = "attention_dropout"
    places += [(module, name) for module in model.modules() if isinstance(getattr(module, name, None), float)]
    before = [getattr(module, name) for module, name in places]
    for module, name in places:
        setattr(module, name, 0.0 if module in spared else share)
    try:
        yield
    finally:
        for (module, name), former in zip(places, before, strict=True):
            setattr(module, name, former)


def _save_checkpoint(path: Path, optimizer: Optimizer, progress: _Progress) -> None:
    tensors = optimizer.state() | {f"best.{i}": tensor for i, tensor in enumerate(progress.best)}
    scalars = {
        "step": progress.step,
        "epochs": progress.epochs,
        "best_score": progress.best_score,
        "epochs_without_gain": progress.epochs_without_gain,
        "stopped": progress.stopped,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    save_file(tensors, temporary, metadata={"progress": json.dumps(scalars)})
    temporary.replace(path)


def drop_unsound(checkpoint: Path | None) -> str:
    """Remove a checkpoint that cannot be read, and say so; the training begins anew, which costs nothing but time."""
    if checkpoint is None or not checkpoint.exists():
        return ""
    try:
        with safe_open(checkpoint, framework="pt") as file:
            _Progress(**json.loads(file.metadata()["progress"]))
    except (OSError, SafetensorError, ValueError, TypeError, KeyError):
        checkpoint.unlink()
        return "its checkpoint was damaged: from the beginning"
    return ""


def _load_checkpoint(path: Path, optimizer: Optimizer) -> _Progress | None:
    """Go on where a checkpoint was written; None of one that is another model's."""
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        progress = _Progress(**json.loads(file.metadata()["progress"]))
    if not optimizer.fits(tensors):
        return None
    optimizer.load_state(tensors)
    progress.best = [tensors[f"best.{i}"] for i in range(sum(name.startswith("best.") for name in tensors))]
    return progress
