"""The output layer of a model: how much it puts out; of a classifier, located, drawn afresh, put into another order."""

import re

from torch import nn

from distil_core.models.pooling import Embedder
from distil_core.types import Model

_BETWEEN = re.compile(r"(^|\.)(pooler(\.dense)?|pre_classifier|classifier\.dense|head\.dense)$")
"""Layers of a head between encoder and output layer."""


def n_outputs(model: Model) -> int:
    """Return how many numbers a model puts out at a site: one a label, or those of a vector."""
    return model.pooling.width if isinstance(model, Embedder) else int(model.config.num_labels)


def reset_head(model: Model, *, whole: bool = False) -> None:
    """Draw the output layer afresh, so that the seed alone decides it, whatever head the checkpoint had.

    Args:
        model: A classifier.
        whole: Whether to draw what stands between encoder and output layer, too. A pooler that was trained for other
            labels tells these apart, often with its tanh at the ends, and lets little else through; re-initialized, it
            learns new ones faster (Zhang et al., 2021, arXiv:2006.05987, §5).
    """
    head = output_layer(model)
    nn.init.normal_(head.weight, std=model.config.initializer_range)
    if head.bias is not None:
        nn.init.zeros_(head.bias)
    if whole:
        for name, layer in model.named_modules():
            if isinstance(layer, nn.Linear) and _BETWEEN.search(name):
                nn.init.normal_(layer.weight, std=layer.in_features**-0.5)  # puts out about as much as it takes in
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)


def output_layer(model: Model) -> nn.Linear:
    """Return the linear layer that gives the logits."""
    head: nn.Linear | None = None
    for module in model.modules():
        if isinstance(module, nn.Linear) and module.out_features == model.config.num_labels:
            head = module
    assert head is not None
    return head


def reorder_head(model: Model, order: tuple[int, ...], label_names: tuple[str, ...]) -> None:
    """Put the outputs of a classifier into the order of a corpus's labels, if it has any, and give them its names.

    Outputs that no label of the corpus stands for are taken off.
    """
    if not label_names:
        return
    head = output_layer(model)
    head.weight = nn.Parameter(head.weight.detach()[list(order)].clone())
    if head.bias is not None:
        head.bias = nn.Parameter(head.bias.detach()[list(order)].clone())
    head.out_features = model.num_labels = len(label_names)
    model.config.id2label = dict(enumerate(label_names))
    model.config.label2id = {name: i for i, name in enumerate(label_names)}
