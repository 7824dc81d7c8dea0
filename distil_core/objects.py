"""Distil from objects instead of names: a teacher in memory, its tokenizer and a corpus; nothing is kept on disk."""

import copy
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from jaxtyping import Float
from torch import Tensor

from distil_core import measure, models
from distil_core.checkpoints import SUPPORTED, match_labels
from distil_core.config import (
    LossConfig,
    RunConfig,
    StudentConfig,
    TeacherConfig,
    TrainingConfig,
    canonical,
    validate,
)
from distil_core.corpora import Corpus
from distil_core.errors import ModelError
from distil_core.execution import Student, cut_and_train, drain
from distil_core.materials import Materials, Stopwatch, consult, labels_of, tokenize
from distil_core.records import Event, Fidelity, Quality
from distil_core.teachers import Teacher


@dataclass(frozen=True, slots=True, kw_only=True)
class DistilledStudent:
    """A student in eval mode, the teacher layers it came from, its answers, and how good and how faithful it is."""

    model: models.Model
    layers: tuple[int, ...]
    validation_logits: Float[Tensor, "validation classes"]
    test_logits: Float[Tensor, "test classes"]
    quality: Quality
    fidelity: Fidelity
    seconds: dict[str, float]


def distil_models(
    teacher: models.Model,
    tokenizer: models.Tokenizer,
    corpus: Corpus,
    *,
    student: StudentConfig | None = None,
    loss: LossConfig | None = None,
    training: TrainingConfig | None = None,
    max_length: int = 128,
    seed: int = 0,
    on_event: Callable[[Event], None] | None = None,
) -> DistilledStudent:
    """Distil a student from a teacher in memory.

    Args:
        teacher: A classifier for the labels of the corpus; it stays as it is.
        tokenizer: The teacher's, a fast one.
        corpus: What to learn and what to measure on; see :func:`distil_core.corpora.load`.
        student: Depth, width and first weights.
        loss: Weights of the parts of the loss.
        training: Schedule.
        max_length: Tokens of a text that are read.
        seed: Of initialization, batches and dropout.
        on_event: Told what happens.

    Raises:
        ConfigError: If settings are out of range or the student does not fit the teacher.
        ModelError: If the teacher is of another architecture, or has other labels than the corpus.
        TeacherError: If the teacher is no better than always saying the commonest label.
    """
    asked = RunConfig(
        teacher=TeacherConfig(max_length=max_length),
        student=student or StudentConfig(),
        loss=loss or LossConfig(),
        training=training or TrainingConfig(),
        seed=seed,
    )
    config, watch, device = canonical(validate(asked)), Stopwatch(), models.default_device()
    own = Teacher(
        name=teacher.config.model_type,
        digest="",
        model=_fitted(teacher, corpus.label_names).to(device),
        folder=Path(teacher.name_or_path),
    )
    limit = min(max_length, models.n_positions(own.model.config))
    tokens = tokenize(corpus, tokenizer, max_length=limit, device=device)
    labels = labels_of(corpus, device=device)

    def work() -> Generator[Event, None, tuple[Materials, Student]]:
        found = yield from consult(own, tokenizer, corpus, tokens, labels, config=config, cache=None, watch=watch)
        return found, (yield from cut_and_train(found, config, watch=watch))

    with closing(work()) as events:
        materials, found = drain(events, on_event or (lambda event: None))
    with watch.timing("measurement"):
        right, answers = labels["test"].cpu(), materials.outputs["test"].logits.cpu()
        quality = measure.quality(found.test_logits, right)
        fidelity = measure.fidelity(answers, found.test_logits, right)
    return DistilledStudent(
        model=found.model,
        layers=found.layers,
        validation_logits=found.validation_logits,
        test_logits=found.test_logits,
        quality=quality,
        fidelity=fidelity,
        seconds=watch.total(),
    )


def _fitted(teacher: models.Model, label_names: tuple[str, ...]) -> models.Model:
    """Return a copy of a teacher that answers in the order of a corpus's labels."""
    if teacher.config.model_type not in SUPPORTED:
        raise ModelError(f"the teacher's type must be one of {', '.join(SUPPORTED)}, got {teacher.config.model_type!r}")
    known = tuple(name for _, name in sorted(teacher.config.id2label.items()))
    order = match_labels(known, label_names)
    if order is None:
        raise ModelError(
            f"the teacher must have an output for each label of the corpus ({', '.join(label_names)}), got "
            f"{', '.join(known)}; fine-tune it first"
        )
    model = copy.deepcopy(teacher).float().eval()
    model.set_attn_implementation("eager")
    models.reorder_head(model, order, label_names)
    return model
