"""The output layer fitted to labels or to a teacher's answers, before anything below it learns."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Int
from torch import Tensor, nn

from distil_core.data.sites import Sites
from distil_core.functional.loss_inputs import ModelOutputs
from distil_core.functional.losses import distillation_loss
from distil_core.models.forward import logits_of, yes_or_no
from distil_core.models.heads import output_layer
from distil_core.settings.config import LossConfig
from distil_core.tasks.task import Task
from distil_core.training.lessons import TrainingData
from distil_core.types import Model

PENALTY = 100.0
"""Weight of half the squared norm of the weights on scaled features, against the sum over sites of the loss: strong, as
large weights would pull hard at the layers below when these learn. A student without layers, too, does best with it
(TREC and SST-2: 10 and 1 lose up to 6 points)."""
FROZEN_PENALTY = 10.0
"""The same where little or nothing below will learn: with 8 labels a class the answers are less unsure than they should
be, or more, with another one (AG News and SST-2, embeddings of MiniLM)."""
_ITERATIONS = 60


def head_features(model: Model, data: TrainingData, *, padding: int) -> Tensor:
    """Return what goes into the output layer of a model, a row a site; a row a text where it is the same for all."""
    layer = output_layer(model)
    # What stands for a text as a whole is the same for all that is asked of it.
    places = data.sites if data.sites.outputs is None else None
    n_rows = len(data.tokens) if places is None else len(places)
    features = torch.empty(n_rows, layer.in_features, device=layer.weight.device)
    with _without(model, layer):
        for rows, states in logits_of(model, data.tokens, padding=padding, sites=places, lower=data.lower):
            features[rows] = states.float()
    return features


def fit_head(
    model: Model,
    lesson: TrainingData,
    *,
    task: Task,
    padding: int,
    penalty: float = PENALTY,
    features: Tensor | None = None,
) -> None:
    r"""Fit the output layer of a model to its labels, all below it left as it is.

    Minimizes ``Σ loss + λ/2 ‖W‖²`` by L-BFGS on centered features of mean square 1: logistic regression, where the
    loss is the cross-entropy. Fine-tuning that starts from there disturbs pretrained layers less and needs fewer steps
    (linear probing, then fine-tuning: Kumar et al., 2022, arXiv:2202.10054).

    A head that points at tokens stays as it was drawn: its sum over all tokens is no fit of that kind.

    Args:
        model: In eval mode; its output layer is changed.
        lesson: Texts with their labels, and what lower layers put out, where it is known.
        task: What the labels ask.
        padding: Token id to fill up with.
        penalty: ``λ``.
        features: What :func:`head_features` returned of the same texts, if somebody has asked already.
    """
    layer, data = output_layer(model), lesson
    if data.sites.pointers is not None:
        return
    features = head_features(model, data, padding=padding) if features is None else features
    known = data.sites.known
    if data.label_weights is not None:
        known &= data.label_weights[data.sites.rows] > 0
    elif data.chosen is not None:
        learned = torch.zeros(len(data.tokens), dtype=torch.bool, device=known.device)
        learned[data.chosen.to(known.device)] = True
        known &= learned[data.sites.rows]
    chosen = known.nonzero().squeeze(1)

    def loss_of(logits: Tensor, n_rows: int) -> Tensor:
        loss: Tensor = task.hard_loss(logits, data.sites.targets[chosen], weights=None, normalizer=n_rows)
        return loss

    _fit(layer, features, data.sites, chosen, loss_of, unit=task.unit, penalty=penalty)


def fit_to_lesson(model: Model, lesson: TrainingData, *, task: Task, loss: LossConfig, padding: int) -> None:
    """Fit the output layer of a student to what it is to learn, teacher and labels, all below it left as it is.

    Like :func:`fit_head`, with the loss of the student's training.

    Args:
        model: In eval mode; its output layer is changed.
        lesson: What it is to learn.
        task: What the labels ask.
        loss: Weights of teacher and labels.
        padding: Token id to fill up with.
    """
    sites = lesson.sites
    learned = torch.ones(len(lesson.tokens), dtype=torch.bool, device=sites.rows.device)
    if lesson.chosen is not None:
        learned = torch.zeros_like(learned).index_fill(0, lesson.chosen.to(learned.device), True)
    chosen = learned[sites.rows].nonzero().squeeze(1)
    teacher = None if lesson.teacher is None else ModelOutputs(logits=lesson.teacher.logits[chosen].float())
    weights = None if lesson.label_weights is None else lesson.label_weights[sites.rows[chosen]]

    def loss_of(logits: Tensor, n_rows: int) -> Tensor:
        return distillation_loss(
            ModelOutputs(logits=logits),
            teacher,
            sites.targets[chosen],
            loss,
            soft_loss=task.soft_loss,
            hard_loss=task.hard_loss,
            label_weights=weights,
            normalizer=n_rows,
        ).total

    features = head_features(model, lesson, padding=padding)
    _fit(output_layer(model), features, sites, chosen, loss_of, unit=task.unit, penalty=PENALTY)


def _fit(
    layer: nn.Linear,
    features: Tensor,
    sites: Sites,
    chosen: Int[Tensor, "chosen"],
    loss_of: Callable[[Tensor, int], Tensor],
    *,
    unit: float,
    penalty: float,
) -> None:
    """Fit a layer at some sites to a loss of their logits, which is told how many rows of features they have."""
    rows, row_of_site = chosen, torch.arange(len(chosen), device=chosen.device)
    if sites.outputs is not None:
        rows, row_of_site = sites.rows[chosen].unique(return_inverse=True)
    mean = features[rows].mean(dim=0)
    scale = (features[rows] - mean).square().mean().sqrt().clamp(min=1e-6)
    outputs = None if sites.outputs is None else sites.outputs[chosen]

    def loss(scores: Tensor) -> Tensor:
        scores = unit * scores
        return loss_of(scores[row_of_site] if outputs is None else yes_or_no(scores[row_of_site, outputs]), len(rows))

    weight, bias = _minimize((features[rows] - mean) / scale, loss, layer.out_features, penalty)
    weight, bias = unit * weight, unit * bias
    with torch.no_grad():
        layer.weight.copy_(weight / scale)
        if layer.bias is not None:
            layer.bias.copy_(bias - layer.weight @ mean)


def _minimize(
    features: Tensor, loss_of: Callable[[Tensor], Tensor], n_outputs: int, penalty: float
) -> tuple[Tensor, Tensor]:
    weight = features.new_zeros(n_outputs, features.shape[1], requires_grad=True)
    bias = features.new_zeros(n_outputs, requires_grad=True)
    solver = torch.optim.LBFGS([weight, bias], max_iter=_ITERATIONS, line_search_fn="strong_wolfe")

    def closure() -> float:
        solver.zero_grad()
        loss = loss_of(features @ weight.T + bias) + penalty / 2 / len(features) * weight.square().sum()
        loss.backward()
        return float(loss.detach())

    solver.step(closure)
    return weight.detach(), bias.detach()


@contextmanager
def _without(model: Model, layer: nn.Linear) -> Iterator[None]:
    """Let a model give what goes into its output layer for a while."""
    name = next(name for name, module in model.named_modules() if module is layer)
    parent = model.get_submodule(name.rpartition(".")[0])
    setattr(parent, name.rpartition(".")[2], nn.Identity())
    try:
        yield
    finally:
        setattr(parent, name.rpartition(".")[2], layer)
