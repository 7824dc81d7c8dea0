"""Load a checkpoint, cut a student out of it, and save what came of it.

Eight architectures, all through their transformers classes: safetensors only, never remote code.
"""

import copy
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import torch
from jaxtyping import Bool, Float, Int
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer
from transformers.utils import logging as transformers_logging

from distil_core.config import Init, Precision, StudentConfig, layer_indices
from distil_core.errors import ConfigError, ModelError
from distil_core.packing import PACKABLE, packed, packed_logits
from distil_core.tokens import Ragged, sorted_batches
from distil_core.types import Attention, Logits

transformers_logging.set_verbosity_error()
transformers_logging.disable_progress_bar()

_LAYER = re.compile(r"^(.*\.layers?)\.(\d+)\.(.*)$")
_VOCABULARIES = ("tokenizer.json", "vocab.*", "*.model")

Model: TypeAlias = Any
"""A transformers model for sequence classification; the library gives it no useful common type."""
Tokenizer: TypeAlias = Any
"""A fast transformers tokenizer."""


def load_tokenizer(folder: Path) -> Tokenizer:
    """Return the fast tokenizer of a checkpoint.

    Raises:
        ModelError: If the folder has no tokenizer, or only a slow one.
    """
    # Without its files, transformers would make up a tokenizer that knows no word.
    if not any(path for pattern in _VOCABULARIES for path in folder.glob(pattern)):
        raise ModelError(f"{folder} must hold a tokenizer beside the model, such as tokenizer.json or vocab.txt")
    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except (OSError, ValueError, KeyError) as exc:
        raise ModelError(f"{folder} must hold a tokenizer beside the model: {_first_line(exc)}") from exc
    if not tokenizer.is_fast or tokenizer.pad_token_id is None:
        raise ModelError(f"the tokenizer in {folder} must be a fast one with a padding token")
    # Many tokenizers do not say how many positions the model beside them has.
    tokenizer.model_max_length = min(tokenizer.model_max_length, n_positions(config))
    return tokenizer


def n_positions(config: Any) -> int:
    """Return how many tokens of a text a model of this configuration can read."""
    # These two count positions from behind the id of the padding.
    skipped = config.pad_token_id + 1 if config.model_type in ("roberta", "mpnet") else 0
    return int(config.max_position_embeddings) - skipped


def load_model(folder: Path, *, label_names: tuple[str, ...] = (), seed: int = 0) -> Model:
    """Return the classifier in ``folder`` in fp32 and in eval mode.

    Args:
        folder: A Hugging Face folder.
        label_names: Give the model a fresh head for these labels; empty: keep the head it has.
        seed: Seed of a fresh head.

    Raises:
        ModelError: If the weights cannot be read.
    """
    options: dict[str, Any] = {}
    if label_names:
        options = {"id2label": dict(enumerate(label_names)), "label2id": {n: i for i, n in enumerate(label_names)}}
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = AutoModelForSequenceClassification.from_pretrained(
                folder,
                dtype=torch.float32,
                attn_implementation="eager",
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
                ignore_mismatched_sizes=bool(label_names),
                **options,
            )
            if label_names:
                torch.manual_seed(seed)
                _reset_head(model)
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as exc:
        raise ModelError(f"the model in {folder} cannot be loaded: {_first_line(exc)}") from exc
    return model.eval()


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _reset_head(model: Model) -> None:
    """Draw the output layer afresh, so that the seed alone decides it, whatever head the checkpoint had."""
    head = output_layer(model)
    nn.init.normal_(head.weight, std=model.config.initializer_range)
    if head.bias is not None:
        nn.init.zeros_(head.bias)


def output_layer(model: Model) -> nn.Linear:
    """Return the linear layer that gives the logits."""
    found: nn.Linear | None = None
    for module in model.modules():
        if isinstance(module, nn.Linear) and module.out_features == model.config.num_labels:
            found = module
    assert found is not None
    return found


def reorder_head(model: Model, order: tuple[int, ...], label_names: tuple[str, ...]) -> None:
    """Put the outputs of a classifier into the order of a corpus's labels, and give them its names."""
    head = output_layer(model)
    with torch.no_grad():
        head.weight.copy_(head.weight[list(order)].clone())
        if head.bias is not None:
            head.bias.copy_(head.bias[list(order)].clone())
    model.config.id2label = dict(enumerate(label_names))
    model.config.label2id = {name: i for i, name in enumerate(label_names)}


def cut(teacher: Model, student: StudentConfig, *, seed: int = 0) -> tuple[Model, tuple[int, ...]]:
    """Cut a student out of ``teacher``: fewer layers, perhaps narrower, with copies of the teacher's weights.

    A narrower student takes the leading part of every weight, with attention heads of unchanged size. Layers are chosen
    by :func:`distil_core.config.layer_indices`. Weights that the teacher lacks, or all of them with ``init = random``,
    are drawn from ``seed``.

    Returns:
        The student in eval mode, and the teacher layer that each of its layers is mapped to.

    Raises:
        ConfigError: If the student would not fit the teacher.
    """
    config = teacher.config
    layers = layer_indices(student, config.num_hidden_layers)
    shape = type(config).from_dict(config.to_dict())
    shape.num_hidden_layers = len(layers)
    shape.problem_type = "single_label_classification"  # whatever the checkpoint was made for
    if getattr(config, "layer_types", None) and config.model_type == "modernbert":
        shape.layer_types = [config.layer_types[layer] for layer in layers]
    if student.width and student.width != config.hidden_size:
        _narrow(shape, student.width)
        if config.model_type == "squeezebert" and student.init is Init.TEACHER:
            raise ConfigError(
                "student.width must be the teacher's for SqueezeBERT with student.init teacher, "
                "since its convolutions are grouped; choose student.init random"
            )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = AutoModelForSequenceClassification.from_config(shape, attn_implementation="eager").float()
    if student.init is Init.TEACHER:
        _copy_weights(teacher, model, layers)
    return model.eval(), layers


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
    shape.hidden_size = width


@torch.no_grad()
def _copy_weights(teacher: Model, student: Model, layers: tuple[int, ...]) -> None:
    source = teacher.state_dict()
    for name, target in student.state_dict().items():
        found = _LAYER.match(name)
        origin = f"{found[1]}.{layers[int(found[2])]}.{found[3]}" if found else name
        if origin in source:
            blocks = 3 if origin.endswith("Wqkv.weight") else 2 if origin.endswith("mlp.Wi.weight") else 1
            target.copy_(_leading(source[origin], target, blocks))


def _leading(source: Tensor, target: Tensor, blocks: int) -> Tensor:
    """Cut the leading part of each axis; a fused weight is ``blocks`` weights on top of each other."""
    if source.shape == target.shape:
        return source
    pieces = zip(source.chunk(blocks), target.chunk(blocks), strict=True)
    return torch.cat([s[tuple(slice(n) for n in t.shape)] for s, t in pieces])


@dataclass(frozen=True, slots=True, kw_only=True)
class TrimmedEmbedding:
    """Only the embedding rows that a corpus uses, and how to put them back.

    ``lookup`` maps a token id of the full vocabulary to its row in the trimmed embedding.
    """

    lookup: Int[Tensor, "vocabulary"]
    used: Int[Tensor, "rows"]
    full: nn.Embedding

    def restore(self, model: Model) -> None:
        """Put the trained rows back among all others and give the model its whole vocabulary again."""
        trained = model.get_input_embeddings().weight.detach()
        with torch.no_grad():
            self.full.weight[self.used.to(self.full.weight.device)] = trained.to(self.full.weight)
        model.set_input_embeddings(self.full)


def trim_embedding(model: Model, used_ids: Iterable[Int[Tensor, "_"]], *, padding: int) -> TrimmedEmbedding:
    """Leave only the rows of ``used_ids`` and ``padding`` in the model's word embedding.

    The rows left out get no gradient and would keep their values, so the result of training is the same, for less work.
    RoBERTa and MPNet tell padding by its id, so low padding ids keep their place.
    """
    full = model.get_input_embeddings()
    keep: Bool[Tensor, "vocabulary"] = torch.zeros(full.num_embeddings, dtype=torch.bool)
    keep[padding] = True
    for ids in used_ids:
        keep[ids] = True
    own = full.padding_idx
    if own is not None:
        keep[own] = True
        if own < 8:
            keep[: own + 1] = True
    used = keep.nonzero().squeeze(1)
    lookup = torch.cumsum(keep, 0) - 1
    rows = full.weight.detach()[used.to(full.weight.device)].clone()
    small = nn.Embedding(
        len(used), full.embedding_dim, padding_idx=None if own is None else int(lookup[own]), _weight=rows
    )
    model.set_input_embeddings(small)
    return TrimmedEmbedding(lookup=lookup, used=used, full=full)


def save(model: Model, tokenizer: Tokenizer, folder: Path) -> None:
    """Write a Hugging Face folder that ``AutoModelForSequenceClassification.from_pretrained`` loads."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def own(model: Model, precision: Precision) -> Model:
    """Return a model that may be packed while others use the given one.

    In fp32 its weights are the same memory; in bf16 they are a copy.
    """
    if precision is Precision.BF16:
        return copy.deepcopy(model).bfloat16()
    return copy.deepcopy(model, {id(weight): weight for weight in (*model.parameters(), *model.buffers())})


def logits_of(
    model: Model, tokens: Ragged, *, padding: int, n_tokens: int = 4096
) -> Iterator[tuple[Int[Tensor, "batch"], Logits]]:
    """Put texts to ``model`` in batches of like length; yields which texts and their logits.

    Args:
        model: In eval mode, on the device of ``tokens``.
        tokens: The texts.
        padding: Id to fill up with.
        n_tokens: Budget of a batch.
    """
    packs = model.config.model_type in PACKABLE
    for examples in sorted_batches(tokens.lengths, n_tokens=n_tokens, padded=not packs):
        with torch.inference_mode(), packed(model) if packs else nullcontext():
            if packs:
                logits = packed_logits(model, tokens, examples)
            else:
                ids, mask = tokens.padded(examples, padding=padding)
                logits = model(input_ids=ids, attention_mask=mask.long()).logits
        yield examples, logits


def states_of(
    model: Model, tokens: Ragged, *, padding: int, n_tokens: int = 4096, **outputs: bool
) -> Iterator[tuple[Int[Tensor, "batch"], Any]]:
    """Put texts to ``model`` like :func:`logits_of`; yields which texts and the model's whole output, padded.

    Args:
        model: In eval mode, on the device of ``tokens``.
        tokens: The texts.
        padding: Id to fill up with.
        n_tokens: Budget of a batch.
        outputs: ``output_hidden_states=True`` or ``output_attentions=True``.
    """
    for examples in sorted_batches(tokens.lengths, n_tokens=n_tokens, padded=True):
        ids, mask = tokens.padded(examples, padding=padding)
        with torch.inference_mode():
            yield examples, model(input_ids=ids, attention_mask=mask.long(), **outputs)


def attention_maps(model: Model, output: Any) -> tuple[Attention, ...]:
    """Return the shares of attention of every layer, from what a model put out with ``output_attentions=True``."""
    if model.config.model_type == "squeezebert":  # gives what stands before the softmax
        return tuple(scores.softmax(dim=-1) for scores in output.attentions)
    return tuple(output.attentions)


def predict(model: Model, tokens: Ragged, *, padding: int) -> Float[Tensor, "examples classes"]:
    """Return the logits of every text, in fp32 and in the order of the texts."""
    found = torch.empty(len(tokens), model.config.num_labels)
    for examples, logits in logits_of(model, tokens, padding=padding):
        found[examples.cpu()] = logits.float().cpu()
    return found


def default_device() -> torch.device:
    """Return the GPU when there is one, else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def resolve_precision(precision: Precision, device: torch.device) -> Precision:
    """Turn ``auto`` into what is fast on ``device``."""
    if precision is not Precision.AUTO:
        return precision
    return Precision.BF16 if bf16_pays(device) else Precision.FP32


def bf16_pays(device: torch.device) -> bool:
    """Say whether ``device`` multiplies bf16 matrices faster than fp32 ones."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()) and _has_bf16_instructions()


def _has_bf16_instructions() -> bool:
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return any(flag in flags for flag in ("amx_bf16", "avx512_bf16")) and os.environ.get("ONEDNN_MAX_CPU_ISA") is None
