"""How hard each part of the loss pulls at a student, over the temperature: why the soft part carries ``T²``."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from distil_core.analysis.temperature import GradientNorms
from distil_core.data.corpus import LabeledText, Split
from distil_core.evaluation.predictions import Predictions
from distil_core.functional.losses import soft_labels
from distil_core.models.devices import default_device
from distil_core.models.forward import at_sites, padded_inputs
from distil_core.models.loading import load_model, load_tokenizer
from distil_core.models.packing import scores_of
from distil_core.runs.folder import RunFolder
from distil_core.runs.record import RunRecord
from distil_core.tasks.task import Task
from distil_core.types import Model, Tokenizer

N_TEXTS = 32
"""Size of the batch, as runs are trained with by default."""

TEMPERATURES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


def of_run(
    folder: RunFolder, *, record: RunRecord, answers: Predictions, texts: Sequence[LabeledText]
) -> GradientNorms:
    """Measure the gradients of the finished student of a run on some of its shorter test texts, drawn at random.

    Args:
        folder: The run's folder.
        record: The run's record.
        answers: What teacher and student answered at the sites of the test texts.
        texts: The test texts.

    Raises:
        ModelError: If the run has no student that can be loaded.
    """
    device = default_device()
    tokenizer = load_tokenizer(folder.student)
    # The shorter half, as a batch is as wide as its longest text and is walked through once for each temperature.
    shorter = sorted(range(len(texts)), key=lambda i: len(texts[i].text))[: max(N_TEXTS, len(texts) // 2)]
    drawn = np.random.default_rng(0).permutation(shorter)[:N_TEXTS]
    rows = np.concatenate([np.flatnonzero(answers.test.examples == i) for i in drawn])
    return gradient_norms(
        load_model(folder.student).to(device),
        tokenizer,
        Split(texts=tuple(texts[i].text for i in drawn), labels=tuple(texts[i].label for i in drawn)),
        task=record.task,
        teacher_logits=torch.from_numpy(answers.test.teacher.logits[rows]),
        max_length=min(record.config.teacher.max_length, tokenizer.model_max_length),
    )


def gradient_norms(
    student: Model,
    tokenizer: Tokenizer,
    batch: Split,
    *,
    task: Task,
    teacher_logits: Tensor,
    max_length: int,
    temperatures: Sequence[float] = TEMPERATURES,
) -> GradientNorms:
    """Measure the gradient of each part of the loss on a batch of texts; the student is left as it is.

    Args:
        student: In eval mode.
        tokenizer: The student's.
        batch: The texts, with what is right of each.
        task: Tells at which sites the student is asked, and what the labels ask of it there.
        teacher_logits: What the teacher answered at each of these sites.
        max_length: Tokens of a text that are read.
        temperatures: At which to measure the soft part.
    """
    encoded = task.encode(tokenizer, batch, max_length=max_length).to(student.device)
    examples = torch.arange(len(encoded.tokens), device=student.device)
    inputs = padded_inputs(student, encoded.tokens, examples, padding=tokenizer.pad_token_id)
    parameters = [parameter for parameter in student.parameters() if parameter.requires_grad]
    _, logits = at_sites(scores_of(student(**inputs)), encoded.sites, examples)
    teacher = teacher_logits.to(logits)

    def norm(loss: Tensor) -> float:
        # Some parts, such as a pooler that is not used, have no say in the answer.
        slopes = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
        return float(torch.stack([slope.norm() for slope in slopes if slope is not None]).norm())

    scaled = tuple(norm(soft_labels(logits, teacher, temperature=t)) for t in temperatures)
    return GradientNorms(
        temperatures=tuple(temperatures),
        soft=tuple(value / t**2 for value, t in zip(scaled, temperatures, strict=True)),
        scaled=scaled,
        hard=norm(task.hard_loss(logits, encoded.sites.targets, weights=None, normalizer=None)),
        n_texts=len(batch),
    )
