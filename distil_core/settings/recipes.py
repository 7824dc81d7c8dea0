"""What a recipe decides: how many layers stay, how many passes are made, and at which learning rate."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil

from distil_core.settings.config import Recipe, RunConfig, TeacherConfig, TrainingConfig

DECIDED = ("epochs", "learning_rate", "frozen")
"""The settings of training that a quick recipe chooses."""
_DROPOUT = 0.1
"""The share with which BERT-family models were pre-trained and are usually fine-tuned."""
NARROW = 128
"""Up to this size of its hidden states a model has too little room to learn texts by heart: dropout costs it more than
it brings, and it takes higher rates."""
_STUDENT = TrainingConfig(recipe=Recipe.QUICK, epochs=2, learning_rate=4e-4)
_TEACHER = {
    Recipe.THOROUGH: TrainingConfig(epochs=3, dropout=_DROPOUT),
    Recipe.QUICK: TrainingConfig(recipe=Recipe.QUICK, epochs=2, learning_rate=2e-4, averaging=0.5),
}
_HEAD_RATE = 2e-3
HEAD_TEXTS = 1000
"""A head that predicts words is fitted to so many texts at most: it starts from how common words are, and then learns
with all below it."""
_FEW_PASSES = 3
_MIN_STEPS = {Recipe.THOROUGH: 250, Recipe.QUICK: 120}
"""A small corpus is passed over until so many steps are done."""
_MAX_EPOCHS = 20
"""But not more often than this, as it would be learned by heart."""


def student_schedule(config: RunConfig, *, depth: int, n_examples: int) -> TrainingConfig:
    """Return how a student is trained, with all that its recipe leaves open settled.

    The quick recipe freezes the embeddings and the lowest third of the layers, as they were copied.

    Args:
        config: What is asked for.
        depth: Layers of the student.
        n_examples: Texts in one epoch.
    """
    training = config.training
    if training.recipe is Recipe.THOROUGH or training.epochs == 0:
        return training
    return replace(
        training,
        epochs=_epochs(_STUDENT, n_examples, training.batch_size),
        learning_rate=_STUDENT.learning_rate,
        frozen=min(1 + depth // 3, depth),
    )


def fewest_epochs(training: TrainingConfig) -> int:
    """Return how often a student passes over its texts at least; over few texts more often, by a quick recipe."""
    return _STUDENT.epochs if training.recipe is Recipe.QUICK and training.epochs else training.epochs


@dataclass(frozen=True, slots=True, kw_only=True)
class FineTuning:
    """How a teacher is fine-tuned for a task, where nobody chooses and its recipe does not decide.

    ``n_steps`` is how many it takes at least, ``batch_size`` the texts in each; the default of ``learning_rate`` leaves
    it to the recipe; ``warmup`` is the share of the steps in which it rises.
    """

    n_steps: int = 0
    batch_size: int = TrainingConfig().batch_size
    learning_rate: float = TeacherConfig().learning_rate
    warmup: float = TrainingConfig().warmup
    dropout: float = _DROPOUT


USUAL = FineTuning()
"""How a wide teacher is fine-tuned for most tasks."""


def teacher_epochs(config: TeacherConfig, recipe: Recipe, *, n_examples: int, tuning: FineTuning = USUAL) -> int:
    """Return how often a teacher without a head passes over a corpus of so many texts.

    Args:
        config: What is asked for.
        recipe: Of the run.
        n_examples: Texts in one epoch.
        tuning: For its task; any recipe has a least number of steps of its own.
    """
    return config.epochs or _epochs(_TEACHER[recipe], n_examples, tuning.batch_size, n_steps=tuning.n_steps)


def usual_tuning(recipe: Recipe, *, width: int) -> FineTuning:
    """Return how a teacher is fine-tuned for most tasks: without dropout by the quick recipe, or where it is narrow.

    Args:
        recipe: Of the run.
        width: Size of the teacher's hidden states.
    """
    return replace(USUAL, dropout=_TEACHER[recipe].dropout if width > NARROW else 0.0)


def teacher_schedule(
    config: TeacherConfig, recipe: Recipe, *, n_layers: int, n_examples: int, tuning: FineTuning = USUAL
) -> TrainingConfig:
    """Return how a teacher without a head is fine-tuned, after its head has been fitted.

    The thorough recipe trains all of it and keeps the best epoch; the quick one freezes the embeddings and the lowest
    third of the layers, as they were pretrained, and averages the weights over the second half of the steps.

    Args:
        config: What is asked for.
        recipe: Of the run.
        n_layers: Layers of the teacher.
        n_examples: Texts in one epoch.
        tuning: For its task.
    """
    usual = replace(_TEACHER[recipe], batch_size=tuning.batch_size, warmup=tuning.warmup)
    epochs = teacher_epochs(config, recipe, n_examples=n_examples, tuning=tuning)
    left_open = config.learning_rate == TeacherConfig().learning_rate
    rate = tuning.learning_rate if left_open else config.learning_rate
    if recipe is Recipe.THOROUGH:
        return replace(usual, epochs=epochs, learning_rate=rate, patience=epochs, dropout=tuning.dropout)
    if rate == USUAL.learning_rate:
        rate = usual.learning_rate
    return replace(usual, epochs=epochs, learning_rate=rate, frozen=1 + n_layers // 3)


def words_schedule(schedule: TrainingConfig) -> TrainingConfig:
    """Return how a teacher learns to predict words, where another task would fine-tune it by ``schedule``.

    Masks drawn anew in each epoch are noise enough without dropout, which takes a tenth of the time; and few passes
    learn nothing by heart, so that no best one is kept beside the last.
    """
    return replace(schedule, dropout=0.0, patience=schedule.patience if schedule.epochs > _FEW_PASSES else 0)


def head_schedule(schedule: TrainingConfig, *, n_layers: int) -> TrainingConfig:
    """Return how a head that predicts words is fitted, all below it left as it is, before a teacher is fine-tuned.

    It passes once over :data:`HEAD_TEXTS` texts.
    """
    return replace(schedule, epochs=1, learning_rate=_HEAD_RATE, dropout=0.0, frozen=1 + n_layers, patience=0)


def overruled(training: TrainingConfig) -> Iterator[str]:
    """Name the settings that somebody has changed though the recipe chooses them."""
    if training.recipe is Recipe.QUICK:
        usual = TrainingConfig()
        yield from (name for name in DECIDED if getattr(training, name) != getattr(usual, name))


def _epochs(schedule: TrainingConfig, n_examples: int, batch_size: int, *, n_steps: int = 0) -> int:
    wanted = ceil(max(_MIN_STEPS[schedule.recipe], n_steps) * batch_size / max(n_examples, 1))
    return max(schedule.epochs, min(wanted, _MAX_EPOCHS))
