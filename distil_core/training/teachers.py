"""A teacher for a corpus, fine-tuned if it must be."""

import copy
import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from distil_core.data.sites import EncodedSplit
from distil_core.errors import ModelError
from distil_core.models.checkpoints import Checkpoint, head_notes, match_head, teacher_digest
from distil_core.models.embeddings import trim_embedding
from distil_core.models.forward import packs, predict
from distil_core.models.freezing import LowerLayers, most_parts
from distil_core.models.heads import reorder_head
from distil_core.models.loading import independent_copy, load_model, save
from distil_core.settings import recipes
from distil_core.settings.config import LossConfig, Precision, Recipe, TeacherConfig, TrainingConfig
from distil_core.tasks.task import Task
from distil_core.training.cache import Cache
from distil_core.training.events import Event, Stage, Step, TeacherMeasured, Validation
from distil_core.training.head_fitting import FROZEN_PENALTY, PENALTY, fit_head
from distil_core.training.lessons import TrainingData, predictions_of
from distil_core.training.masked import masked_lesson, start_as_unigram
from distil_core.training.trainer import train
from distil_core.training.zero_shot import STAGE, entailment, fit_to_descriptions
from distil_core.types import Model, Tokenizer

SCORES = "validation_scores.json"
"""File in the folder of a fine-tuned teacher: what it came to on the validation texts, epoch by epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Teacher:
    """A model with a head for a corpus, in fp32 and eval mode, and the folder it can be loaded from.

    ``notes`` says what was taken for something else than its files say, ``own_head`` whether its head is that of the
    checkpoint and not fitted here; ``lower`` gives what its lowest layers put out, where a recipe shares that with a
    student.
    """

    name: str
    digest: str
    model: Model
    folder: Path
    notes: tuple[str, ...] = ()
    own_head: bool = False
    lower: LowerLayers | None = None


def prepare_teacher(
    checkpoint: Checkpoint,
    config: TeacherConfig,
    tokenizer: Tokenizer,
    *,
    label_names: tuple[str, ...],
    corpus_digest: str,
    task: Task,
    splits: Mapping[str, EncodedSplit],
    labeled: Sequence[int] | None = None,
    label_sentences: Sequence[str] = (),
    texts: Sequence[str] = (),
    cache: Cache,
    device: torch.device,
    recipe: Recipe = Recipe.THOROUGH,
    precision: Precision = Precision.FP32,
) -> Generator[Event, None, Teacher]:
    """Load a teacher for a corpus, and fine-tune it on the corpus first if it has no head for its labels.

    A fine-tuned teacher is kept under its digest and is used again for the same corpus and settings; then its scores
    are told again, so that whoever learns from it knows whether it had converged. The thorough
    recipe keeps the epoch that is best on the validation texts. Where some texts have no label, its head reads the mean
    of the tokens, which pretrained encoders say more with than with their first token, and fine-tuning that does not
    help on the validation texts is undone, so that only its head is fitted.

    Args:
        checkpoint: Where the teacher starts.
        config: How it is fine-tuned.
        tokenizer: The checkpoint's.
        label_names: Labels of the corpus.
        corpus_digest: Digest of the corpus.
        task: What the teacher is for.
        splits: Texts and targets of ``train``, ``validation`` and ``test``.
        labeled: Training texts whose label is known; None: all.
        label_sentences: What each label means, where no label is known: then nothing but its head is fitted, to that.
        texts: The training texts, which a checkpoint for natural language inference judges beside each sentence.
        cache: Where fine-tuned teachers are kept.
        device: Where to compute.
        recipe: Of the run.
        precision: Resolved; in which the layers that a recipe freezes are computed.
    """
    n_labeled = len(splits["train"].tokens) if labeled is None else len(labeled)
    tuning = task.fine_tuning(checkpoint.width, recipe)
    config = replace(config, epochs=recipes.teacher_epochs(config, recipe, n_examples=n_labeled, tuning=tuning))
    name = teacher_digest(
        checkpoint,
        config,
        label_names=label_names,
        corpus=corpus_digest,
        head=task.head,
        recipe=recipe,
        tuning=tuning,
        few_labels=labeled is not None,
        zero_shot=bool(label_sentences),
    )

    def lower_layers(model: Model, n_layers: int) -> LowerLayers | None:
        if recipe is not Recipe.QUICK or not packs(model) or task.head.predicts_words:
            return None  # with other words masked in each epoch, no layer says the same twice
        tokens = {split: part.tokens for split, part in splits.items()}
        return LowerLayers(independent_copy(model, precision), tokens, n_layers=n_layers)

    match = match_head(checkpoint, label_names, head=task.head)
    notes = (*checkpoint.notes, *head_notes(checkpoint, match, label_names, head=task.head))
    judge = checkpoint.entailment if label_sentences else None
    if judge is not None:
        judges = "judges which label's sentence each training text entails, and gets a head that is fitted to that"
        notes = (*checkpoint.notes, f"the teacher {checkpoint.name} {judges}")
    if match is not None:
        model = load_model(checkpoint.folder, head=task.head)
        reorder_head(model, match.order, label_names)
        model = model.to(device)
        lower = lower_layers(model, checkpoint.n_layers - 1)
        return Teacher(
            name=checkpoint.name,
            digest=name,
            model=model,
            folder=checkpoint.folder,
            notes=notes,
            own_head=True,
            lower=lower,
        )
    folder, fitted_before, lower = cache.find("teachers", name), None, None
    scores: list[float] = []
    if folder is not None:
        try:
            fitted_before, scores = load_model(folder).to(device), _scores_of(folder)
        except ModelError:
            cache.drop("teachers", name)
            yield Stage(
                name="Repairing the cache", detail="a kept teacher is damaged and fine-tuned again", fraction=None
            )
            folder = None
    if folder is None or fitted_before is None:
        schedule = recipes.teacher_schedule(
            config,
            recipe,
            n_layers=checkpoint.n_layers,
            n_examples=n_labeled,
            tuning=tuning,
        )
        pooled = labeled is not None or label_sentences
        head = task.head.pooled if pooled else task.head
        model = load_model(checkpoint.folder, head=head, label_names=label_names).to(device)
        if recipe is Recipe.QUICK:
            schedule = replace(schedule, precision=precision, frozen=most_parts(model, schedule.frozen))
        lower = lower_layers(model, max(schedule.frozen - 1, 0))
        scores = []
        if label_sentences:
            judged = None
            if judge is not None:
                inference = load_model(checkpoint.folder).to(device)
                judged = yield from entailment(
                    inference, judge, texts, label_sentences, tokenizer, max_length=config.max_length
                )
            yield Stage(name=STAGE, detail="to what the labels mean", fraction=None)
            fit_to_descriptions(
                model,
                splits["train"],
                label_sentences,
                tokenizer,
                task=task,
                max_length=config.max_length,
                judged=judged,
            )
        else:
            for event in _fine_tune(model, schedule, tokenizer, task=task, splits=splits, labeled=labeled, lower=lower):
                if isinstance(event, TeacherMeasured):
                    scores.append(event.score)
                yield event
        about = "told what labels mean" if label_sentences else f"fine-tuned on {n_labeled} texts"
        with cache.writing("teachers", name, name=f"{checkpoint.name}, {about}") as new:
            save(model, tokenizer, new)
            (new / SCORES).write_text(json.dumps(scores), encoding="utf-8")
        folder = cache.find("teachers", name)
        assert folder is not None
    else:
        model = fitted_before
        for score in scores:
            yield TeacherMeasured(score=score)
        lower = lower_layers(model, checkpoint.n_layers - 1)
    how = "zero-shot" if label_sentences else "fine-tuned"
    return Teacher(name=f"{checkpoint.name} ({how})", digest=name, model=model, folder=folder, notes=notes, lower=lower)


def _scores_of(folder: Path) -> list[float]:
    """Read what a teacher that was kept came to; nothing of one that an earlier version has kept.

    Raises:
        ModelError: If the file is damaged.
    """
    path = folder / SCORES
    try:
        return [float(score) for score in json.loads(path.read_text(encoding="utf-8"))] if path.exists() else []
    except (OSError, ValueError, TypeError) as exc:
        raise ModelError(f"{path} must be a list of numbers: {exc}") from exc


def _fine_tune(
    model: Model,
    schedule: TrainingConfig,
    tokenizer: Tokenizer,
    *,
    task: Task,
    splits: Mapping[str, EncodedSplit],
    labeled: Sequence[int] | None,
    lower: LowerLayers | None,
) -> Generator[Event, None, None]:
    title = "Fine-tuning the teacher"
    yield Stage(name=title, detail="it has no head for these labels yet", fraction=0.0)
    trimmed = trim_embedding(model, [part.tokens.ids for part in splits.values()], padding=tokenizer.pad_token_id)
    padding = int(trimmed.lookup[tokenizer.pad_token_id])
    train_data, validation_data = (
        TrainingData(
            tokens=splits[name].tokens.with_ids(trimmed.lookup),
            sites=splits[name].sites,
            lower=None if lower is None else lower.states(name, schedule.frozen - 1),
        )
        for name in ("train", "validation")
    )
    yield Stage(name=title, detail="fitting its head", fraction=0.0)
    if labeled is not None:
        train_data = replace(train_data, chosen=torch.tensor(labeled))
    loss = replace(LossConfig(), alpha=0.0)
    if task.head.predicts_words:
        schedule = recipes.words_schedule(schedule)
        start_as_unigram(model, train_data)
        fitting = recipes.head_schedule(schedule, n_layers=model.config.num_hidden_layers)
        some = torch.randperm(len(train_data), generator=torch.Generator().manual_seed(0))[: recipes.HEAD_TEXTS]
        to_fit = masked_lesson(replace(train_data, chosen=some.sort().values), loss=loss, training=fitting, seed=0)
        yield from _passes(
            train(model, to_fit, validation_data, task=task, loss=loss, training=fitting, seed=0, padding=padding),
            title,
            detail="steps of fitting its head",
        )
        train_data = masked_lesson(train_data, loss=loss, training=schedule, seed=0)
    else:
        fit_head(model, train_data, task=task, padding=padding, penalty=PENALTY if labeled is None else FROZEN_PENALTY)
    scores: list[float] = []
    fitted = None
    if labeled is not None:
        scores = [_score(model, validation_data, task=task, padding=padding)]
        fitted = copy.deepcopy(model.state_dict())
    learning = train(
        model, train_data, validation_data, task=task, loss=loss, training=schedule, seed=0, padding=padding
    )
    for event in _passes(learning, title, detail="steps"):
        if isinstance(event, TeacherMeasured):
            scores.append(event.score)
        yield event
    if fitted is not None and not any(task.primary.better(score, scores[0]) for score in scores[1:]):
        model.load_state_dict(fitted)
    trimmed.restore(model)


def _passes(
    learning: Generator[Step | Validation, None, int], title: str, *, detail: str
) -> Generator[Event, None, None]:
    """Tell of a training as of a stage of the work."""
    for event in learning:
        match event:
            case Validation():
                yield TeacherMeasured(score=event.score)
            case Step():
                yield Stage(
                    name=title,
                    detail=detail,
                    fraction=event.step / event.n_steps,
                    n_done=event.step,
                    n_total=event.n_steps,
                    seconds_left=event.seconds_left,
                )


def _score(model: Model, data: TrainingData, *, task: Task, padding: int) -> float:
    logits = predict(model, data.tokens, padding=padding, sites=data.sites)
    return task.primary.of(predictions_of(logits, data.sites, teacher=None))
