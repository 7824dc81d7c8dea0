"""A student in 8 bits, as ONNX Runtime runs it: made, and asked."""

import tempfile
from collections.abc import Generator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from distil_core.compression.onnx_model import OnnxModel, quantize, write_onnx
from distil_core.data.batches import sorted_batches
from distil_core.data.sites import EncodedSplit
from distil_core.models.forward import at_sites, empty_answers, padded_inputs
from distil_core.models.words import figures_of, teacher_logits
from distil_core.types import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizedModel:
    """A model whose weights have 8 bits.

    Attributes:
        content: Its file.
        runtime: What runs it.
        original: The model in fp32 that it was made from.
        whole: The same in ONNX Runtime, so that what the runtime is worth can be told from what the bits are.
    """

    content: bytes
    runtime: OnnxModel
    original: Model
    whole: OnnxModel | None = None


def quantized(model: Model) -> QuantizedModel:
    """Return a model with weights in 8 bits, run with as many threads as torch has.

    Args:
        model: In fp32 and in eval mode; it stays as it is.

    Raises:
        MissingExtraError: If the extra ``onnx`` is not installed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        whole, small = Path(scratch, "fp32.onnx"), Path(scratch, "int8.onnx")
        write_onnx(deepcopy(model).cpu(), whole, metadata={})
        quantize(whole, small)
        content, n_threads = small.read_bytes(), torch.get_num_threads()
        runtime, in_fp32 = (OnnxModel(file.read_bytes(), n_threads=n_threads) for file in (small, whole))
    return QuantizedModel(content=content, runtime=runtime, original=model, whole=in_fp32)


def answers(
    model: QuantizedModel, part: EncodedSplit, *, padding: int
) -> Generator[float, None, Float[Tensor, "sites classes"]]:
    """Return what a model answers at the sites of a split; yields which share of the texts is done.

    Each text goes to it by itself: activations are quantized as they come, all of a batch by one scale, so that a text
    would be answered otherwise beside others.

    Args:
        model: The model.
        part: The texts.
        padding: Id to fill up with.
    """
    part = part.to(torch.device("cpu"))
    tokens, sites = part.tokens, part.sites
    filled = empty_answers(model.original, tokens, sites)
    batches = sorted_batches(tokens.lengths, n_tokens=1, padded=True)
    for number, rows in enumerate(batches):
        scores = model.runtime(padded_inputs(model.original, tokens, rows, padding=padding))
        chosen, logits = at_sites(scores, sites, rows)
        if sites.vocabulary is not None:
            teacher = sites.vocabulary.teacher
            of_teacher = None if teacher is None else teacher_logits(teacher, chosen)
            logits = figures_of(logits, sites.targets[chosen], of_teacher)
        filled[chosen] = logits.float()
        yield number / len(batches)
    return filled
