"""The output layer of a model: how much it puts out; of a classifier, located, drawn afresh, put into another order."""

import torch
from torch import nn

from distil_core.models.pooling import Embedder
from distil_core.types import Model


def n_outputs(model: Model) -> int:
    """Return how many numbers a model puts out at a site: one a label, or those of a vector."""
    return model.pooling.width if isinstance(model, Embedder) else int(model.config.num_labels)


def reset_head(model: Model) -> None:
    """Draw the output layer afresh, so that the seed alone decides it, whatever head the checkpoint had."""
    head = output_layer(model)
    nn.init.normal_(head.weight, std=model.config.initializer_range)
    if head.bias is not None:
        nn.init.zeros_(head.bias)


def output_layer(model: Model) -> nn.Linear:
    """Return the linear layer that gives the logits."""
    head: nn.Linear | None = None
    for module in model.modules():
        if isinstance(module, nn.Linear) and module.out_features == model.config.num_labels:
            head = module
    assert head is not None
    return head


def reorder_head(model: Model, order: tuple[int, ...], label_names: tuple[str, ...]) -> None:
    """Put the outputs of a classifier into the order of a corpus's labels, if it has any, and give them its names."""
    if not label_names:
        return
    head = output_layer(model)
    with torch.no_grad():
        head.weight.copy_(head.weight[list(order)].clone())
        if head.bias is not None:
            head.bias.copy_(head.bias[list(order)].clone())
    model.config.id2label = dict(enumerate(label_names))
    model.config.label2id = {name: i for i, name in enumerate(label_names)}
