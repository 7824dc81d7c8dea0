"""Cut a student out of a teacher: fewer layers, perhaps narrower, with copies of its weights."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from distil_core.errors import ConfigError
from distil_core.models.checkpoints import locate, match_head
from distil_core.models.distilbert import distilbert_config, distilbert_weights
from distil_core.models.head import Head, head_named
from distil_core.models.heads import reorder_head
from distil_core.models.loading import auto_class, load_model, load_tokenizer
from distil_core.models.pooling import Pooling
from distil_core.models.structured_pruning import fit_heads
from distil_core.models.units import KEPT_HEADS, least_depth
from distil_core.settings.config import Architecture, Init, StudentConfig
from distil_core.settings.layer_maps import layer_indices
from distil_core.types import Model, Tokenizer

_LAYER = re.compile(r"^(.*\.layers?)\.(\d+)\.(.*)$")


def layers_of(student: StudentConfig, teacher: Model) -> tuple[int, ...]:
    """Return the layers of a teacher, counted from 0, from which a student's layers start."""
    config = teacher.config
    return layer_indices(student, config.num_hidden_layers, width=config.hidden_size)


def cut_student(teacher: Model, student: StudentConfig, *, seed: int = 0) -> tuple[Model, tuple[int, ...]]:
    """Cut a student out of ``teacher``: fewer layers, perhaps narrower, with copies of the teacher's weights.

    A narrower student takes the leading part of every weight, with attention heads of unchanged size. Layers are chosen
    by :func:`distil_core.settings.layer_maps.layer_indices`. Weights that the teacher lacks, or all of them with
    ``init = random``, are drawn from ``seed``. With ``architecture = distilbert`` the student of
    a BERT teacher is DistilBERT.

    Returns:
        The student in eval mode, and the teacher layer that each of its layers is mapped to.

    Raises:
        ConfigError: If the student would not fit the teacher.
    """
    head = head_named(type(teacher).__name__, teacher.config.problem_type)
    assert head is not None
    config, weights = teacher.config, teacher.state_dict()
    if student.architecture is Architecture.DISTILBERT and config.model_type != "distilbert":
        config, weights = distilbert_config(config), distilbert_weights(weights)
    layers = layers_of(student, teacher)
    if len(layers) < least_depth(config.model_type):
        raise ConfigError("student.depth must be at least 1 for ModernBERT, got 0")
    shape = type(config).from_dict(config.to_dict())
    shape.num_hidden_layers = len(layers)
    head, pooled = head.of_student(len(layers)), head != head.standard
    if pooled and head == head.standard:  # a student with layers has a head that transformers knows
        del shape.sentence_embedding
    shape.problem_type = head.problem_type  # whatever the checkpoint was made for
    if getattr(config, "layer_types", None) and config.model_type == "modernbert":
        shape.layer_types = [config.layer_types[layer] for layer in layers]
    if student.width and student.width != config.hidden_size:
        _narrow(shape, student.width)
        if config.model_type == "squeezebert" and student.init is Init.TEACHER:
            raise ConfigError(
                "student.width must be the teacher's for SqueezeBERT with student.init teacher, "
                "since its convolutions are grouped; choose student.init random"
            )
    if head != head.standard:
        pooling = Pooling(mode="mean", normalize=False, width=shape.hidden_size)
        shape.sentence_embedding = asdict(pooling)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = auto_class(head).from_config(shape, attn_implementation="eager").float()
    fit_heads(model)
    if student.init is Init.TEACHER:
        _copy_weights(weights, model, layers)
    if not layers:
        _forget_positions(model)
    return model.eval(), layers


def grown_student(
    folder: Path, tokenizer: Tokenizer, *, head: Head, label_names: tuple[str, ...], seed: int = 0
) -> Model:
    """Return the student of an earlier run as the start of another, in eval mode.

    Its head stays where it has one for these labels; else it gets a new one, drawn from ``seed``.

    Args:
        folder: Of the student.
        tokenizer: What the new run cuts texts into tokens with.
        head: Of the new run.
        label_names: Labels of its corpus.
        seed: Of the new run.

    Raises:
        ConfigError: If the student knows other words than the tokenizer.
    """
    checkpoint = locate(str(folder))
    if load_tokenizer(folder).get_vocab() != tokenizer.get_vocab():
        raise ConfigError(
            f"student.parent must be a run whose student reads the same tokens as the teacher, but that of "
            f"{folder.parent.name} has another vocabulary; choose another run or its teacher"
        )
    match = match_head(checkpoint, label_names, head=head)
    if match is None:
        return load_model(folder, head=head, label_names=label_names, seed=seed)
    model = load_model(folder, head=head)
    reorder_head(model, match.order, label_names)
    return model


def _narrow(shape: Any, width: int) -> None:
    head_size = shape.hidden_size // shape.num_attention_heads
    if width > shape.hidden_size or width % head_size:
        raise ConfigError(
            f"student.width must be a multiple of {head_size} (the size of an attention head) and at most "
            f"{shape.hidden_size} (the teacher's), got {width}"
        )
    inner = shape.intermediate_size if hasattr(shape, "intermediate_size") else shape.hidden_dim
    inner = inner * width // shape.hidden_size
    if hasattr(shape, "intermediate_size"):
        shape.intermediate_size = inner
    else:
        shape.hidden_dim = inner
    if shape.model_type == "squeezebert" or getattr(shape, "embedding_size", None) == shape.hidden_size:
        shape.embedding_size = width
    shape.num_attention_heads = width // head_size
    if hasattr(shape, KEPT_HEADS):  # of a teacher that was pruned
        shape.kept_heads = min(shape.kept_heads, shape.num_attention_heads)
    shape.hidden_size = width


@torch.no_grad()
def _forget_positions(model: Model) -> None:
    """Give a token the same vector wherever it stands: the order of tokens tells a model without layers nothing."""
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, nn.Embedding):
            padding = module.padding_idx
            real = torch.arange(module.num_embeddings) != (-1 if padding is None else padding)
            module.weight[real] = module.weight[real].mean(dim=0)
            module.weight.requires_grad_(False)


@torch.no_grad()
def _copy_weights(source: Mapping[str, Tensor], student: Model, layers: tuple[int, ...]) -> None:
    for name, target in student.state_dict().items():
        match = _LAYER.match(name)
        origin = f"{match[1]}.{layers[int(match[2])]}.{match[3]}" if match else name
        if origin in source:
            blocks = 3 if origin.endswith("Wqkv.weight") else 2 if origin.endswith("mlp.Wi.weight") else 1
            target.copy_(_leading(source[origin], target, blocks))


def _leading(source: Tensor, target: Tensor, blocks: int) -> Tensor:
    """Cut the leading part of each axis; a fused weight is ``blocks`` weights on top of each other."""
    if source.shape == target.shape:
        return source
    pieces = zip(source.chunk(blocks), target.chunk(blocks), strict=True)
    return torch.cat([s[tuple(slice(n) for n in t.shape)] for s, t in pieces])
