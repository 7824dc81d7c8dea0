"""What is measured of a run beside its costs: what its student answers, and what its corpus was."""

import math
from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from distil_core.compression import int8
from distil_core.compression.int8 import QuantizedModel
from distil_core.data.sites import EncodedSplit
from distil_core.evaluation.predictions import SplitPredictions
from distil_core.models import forward
from distil_core.runs.materials import Materials
from distil_core.runs.record import CorpusSummary
from distil_core.settings.config import Method, RunConfig
from distil_core.training.events import Stage
from distil_core.training.lessons import predictions_of
from distil_core.types import Model


def answers_of(
    model: Model, part: EncodedSplit, *, padding: int, name: str
) -> Generator[Stage, None, Float[Tensor, "sites classes"]]:
    """Return what a model answers at the sites of a split, in fp32 and on the processor.

    Args:
        model: A model of transformers in eval mode, or one in 8 bits.
        part: Texts and sites.
        padding: Id to fill up with.
        name: What the texts are called.
    """
    stage = Stage(name="Measuring", detail=f"answers to the {name} texts", fraction=None)
    yield stage
    if isinstance(model, QuantizedModel):
        work = int8.answers(model, part, padding=padding)
        while True:
            try:
                done = next(work)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]
            yield replace(stage, fraction=done)
    answers = forward.empty_answers(model, part.tokens, part.sites)
    for chosen, logits in forward.logits_of(model, part.tokens, padding=padding, sites=part.sites):
        answers[chosen.cpu()] = logits.float().cpu()
        yield stage
    return answers


def probe_scores(
    config: RunConfig, materials: Materials, student: Model
) -> Generator[Stage, None, Mapping[str, float]]:
    """Return how the models do on further texts that the task has for a corpus."""
    task = materials.task
    probe = task.probe(materials.corpus, config.corpus)
    if probe is None:
        return {}
    split = probe.split
    limit = min(config.teacher.max_length, materials.tokenizer.model_max_length)
    encoded = task.encode(materials.tokenizer, split, max_length=limit).to(materials.device)
    answers: dict[str, Any] = {}
    if config.method is Method.BASELINE:
        answers["student"] = student.predict(split.texts)
    else:
        for name, model in {"teacher": materials.teacher.model, "student": student}.items():
            answers[name] = yield from answers_of(model, encoded, padding=materials.padding, name="further")
    scores = {}
    for name, logits in answers.items():
        # A group is as likely as its likeliest class, so that what is answered is the group of the class answered.
        by_class = torch.as_tensor(logits)
        grouped = torch.stack([by_class[:, list(group)].amax(dim=1) for group in probe.groups], dim=1)
        scores[name] = task.primary.of(predictions_of(grouped, encoded.sites, teacher=None))
    return scores


def corpus_summary(materials: Materials, test: SplitPredictions) -> CorpusSummary:
    """Return what the corpus of a run consisted of, and what a reader should know of it."""
    corpus, splits = materials.corpus, materials.splits
    notes = [*corpus.notes, *materials.teacher.notes]
    n_truncated = sum(part.tokens.n_truncated for part in splits.values())
    if n_truncated:
        notes.append(f"{n_truncated:,} texts are longer than the model reads and were cut off")
    constant = math.nan
    if (commonest := splits["train"].sites.commonest) is not None:
        constant = materials.task.primary.of_constant(test, commonest)
    return CorpusSummary(
        name=corpus.name,
        digest=corpus.digest,
        label_names=corpus.label_names,
        n_train=len(corpus.train),
        n_validation=len(corpus.validation),
        n_test=len(corpus.test),
        constant_score=constant if math.isfinite(constant) else None,
        mean_tokens=float(splits["train"].tokens.lengths.float().mean()),
        n_truncated=n_truncated,
        notes=tuple(notes),
    )
