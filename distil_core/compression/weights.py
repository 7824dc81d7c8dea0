"""The form in which the weights of a trained student are kept: some of them 0, all of them in fewer bits."""

import torch
from torch import nn

from distil_core.settings.config import StudentConfig, WeightFormat
from distil_core.types import Model

HALF = {WeightFormat.FP16: torch.float16, WeightFormat.BF16: torch.bfloat16}
"""Formats that halve the bytes of a file; a model that is loaded from it computes in fp32."""


@torch.no_grad()
def settle(model: Model, student: StudentConfig) -> None:
    """Give a trained student, in place, the weights that its file will hold; nothing changes for those in int8.

    Args:
        model: In fp32, and left in it.
        student: Says which share of each matrix becomes 0, and the format.
    """
    if student.sparsity:
        for module in model.base_model.modules():
            if isinstance(module, nn.Linear):
                zero_smallest(module.weight, student.sparsity)
    if (dtype := HALF.get(student.weights)) is not None:
        limit = torch.finfo(dtype).max
        for weight in model.parameters():
            weight.copy_(weight.clamp(-limit, limit).to(dtype))


@torch.no_grad()
def zero_smallest(weight: torch.Tensor, share: float) -> None:
    """Set the smallest entries of a matrix to 0, by their magnitude (Han et al., 2015, arXiv:1506.02626).

    Args:
        weight: Changed in place.
        share: Of its entries.
    """
    n_zero = round(share * weight.numel())
    if n_zero:
        weight.view(-1)[weight.abs().flatten().argsort(stable=True)[:n_zero]] = 0
