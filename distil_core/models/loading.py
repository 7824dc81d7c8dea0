"""Load a checkpoint and its tokenizer, and save a model.

Eight architectures, all through their transformers classes: safetensors only, never remote code.
"""

import copy
import json
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModel, AutoTokenizer
from transformers.utils import logging as transformers_logging

from distil_core.errors import ModelError, is_failure
from distil_core.models.capitals import meant_cased
from distil_core.models.checkpoints import LIKE_ROBERTA, PREFIXES
from distil_core.models.configuration import read_model_config, refuse_endless
from distil_core.models.head import EMBEDDING, SEQUENCE_CLASSIFICATION, Head, head_named
from distil_core.models.heads import reset_head
from distil_core.models.pooling import AutoModelForEmbedding, AutoModelForPooledClassification, Embedder
from distil_core.models.structured_pruning import fit_heads, with_fewer_heads
from distil_core.models.tokenizers import lowercases
from distil_core.models.units import KEPT_HEADS
from distil_core.models.weights import Weights, read_weights
from distil_core.settings.config import Precision
from distil_core.types import Model, Tokenizer

transformers_logging.set_verbosity_error()


transformers_logging.disable_progress_bar()


_TYPES = "token_type_ids"
_VOCABULARIES = ("tokenizer.json", "vocab.*", "*.model")


_FEWEST_POSITIONS = 8


def load_tokenizer(folder: Path) -> Tokenizer:
    """Return the fast tokenizer of a checkpoint.

    Raises:
        ModelError: If the folder has no tokenizer, or only a slow one.
    """
    # Without its files, transformers would make up a tokenizer that knows no word.
    if not any(path for pattern in _VOCABULARIES for path in folder.glob(pattern)):
        raise ModelError(f"{folder} must hold a tokenizer beside the model, such as tokenizer.json or vocab.txt")
    config = load_config(folder)
    try:
        tokenizer = _tokenizer(folder, config=config)
        cased = tokenizer.is_fast and lowercases(tokenizer) and meant_cased(folder)
        if cased:
            tokenizer = _tokenizer(folder, config=config, do_lower_case=False)
    except BaseException as exc:  # each kind of tokenizer fails in its own way, and Rust panics
        if not is_failure(exc):
            raise
        raise ModelError(f"{folder} must hold a tokenizer beside the model: {_first_line(exc)}") from exc
    if not tokenizer.is_fast or tokenizer.pad_token_id is None:
        raise ModelError(f"the tokenizer in {folder} must be a fast one with a padding token")
    # Many tokenizers do not say how many positions the model beside them has.
    told, limit = tokenizer.model_max_length, n_positions(config)
    tokenizer.model_max_length = min(told, limit) if isinstance(told, int) and told >= _FEWEST_POSITIONS else limit
    tokenizer.n_embeddings, tokenizer.mended_case = int(config.vocab_size), cased
    return tokenizer


def _tokenizer(folder: Path, **options: Any) -> Tokenizer:
    return AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True, **options)


def n_positions(config: Any) -> int:
    """Return how many tokens of a text a model of this configuration can read."""
    # These count positions from behind the id of the padding.
    skipped = config.pad_token_id + 1 if config.model_type in (*LIKE_ROBERTA, "mpnet") else 0
    n = int(config.max_position_embeddings) - skipped
    if n < _FEWEST_POSITIONS:
        raise ModelError(
            f"a model must read at least {_FEWEST_POSITIONS} tokens of a text, but max_position_embeddings in its "
            f"config.json leaves {n}; take another model"
        )
    return n


def load_model(folder: Path, *, head: Head | None = None, label_names: tuple[str, ...] = (), seed: int = 0) -> Model:
    """Return the model in ``folder`` with its head, in fp32 and in eval mode.

    Args:
        folder: A Hugging Face folder.
        head: Which head it has or gets; None: the one that its configuration names.
        label_names: Give the model a fresh head for these labels; empty: keep the head it has.
        seed: Seed of a fresh head.

    Raises:
        ModelError: If the weights cannot be read.
    """
    config = load_config(folder)
    if label_names:
        config.id2label = dict(enumerate(label_names))
        config.label2id = {name: i for i, name in enumerate(label_names)}
        if head is not None:
            config.problem_type = head.problem_type
    weights = read_weights(folder, base=PREFIXES[config.model_type])
    _refuse_other_shapes(folder, config, weights)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model, report = _class_for(head or head_of(folder), config).from_pretrained(
                folder,
                config=config,
                dtype=torch.float32,
                attn_implementation="eager",
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
                ignore_mismatched_sizes=True,  # told with their names below
                output_loading_info=True,
                key_mapping={f"^{re.escape(weights.prefix)}": ""} if weights.prefix else None,
            )
            if label_names:
                torch.manual_seed(seed)
                reset_head(model, whole=_has_head(folder, model))
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, ArithmeticError, SafetensorError) as exc:
        raise ModelError(f"the model in {folder} cannot be loaded: {_first_line(exc)}") from exc
    fitted_later = head is not None and head.predicts_words and head_of(folder) != head
    _refuse_foreign(folder, model, report, fresh_head=bool(label_names) or fitted_later)
    model.config.name_or_path = ""  # where it lay is nobody's business who gets a student of it
    return model.eval()


def load_config(folder: Path) -> Any:
    """Return the configuration of a checkpoint, without options of whoever saved it.

    Raises:
        ModelError: If it cannot be read, or its values make no model.
    """
    settings = read_model_config(folder)
    refuse_endless(folder / "config.json", settings)
    try:
        config = AutoConfig.for_model(settings.pop("model_type", ""), **settings)
    except Exception as exc:  # each architecture checks its own values in its own way
        problem = " ".join(str(exc).split())
        raise ModelError(f"{folder / 'config.json'} must hold a model's settings, but is wrong: {problem}") from exc
    n_kept, n_heads = getattr(config, KEPT_HEADS, 1), config.num_attention_heads
    if not isinstance(n_kept, int) or not 1 <= n_kept <= n_heads:
        raise ModelError(f"{KEPT_HEADS} in {folder / 'config.json'} must be from 1 to {n_heads}, got {n_kept!r}")
    return config


def _refuse_other_shapes(folder: Path, config: Any, weights: Weights) -> None:
    """Refuse an encoder whose weights would have other shapes than those in the files, before it takes any memory."""
    try:
        with torch.device("meta"):
            encoder = AutoModel.from_config(config, attn_implementation="eager")
            fit_heads(encoder)
    except Exception as exc:  # each architecture checks its own values in its own way
        raise ModelError(f"the model in {folder} cannot be loaded: {_first_line(exc)}") from exc
    base, wanted = f"{PREFIXES[config.model_type]}.", dict(encoder.named_parameters())
    for name, weight in sorted(wanted.items()):
        there = weights.shapes.get(base + name, weights.shapes.get(name))
        if there is not None and there != tuple(weight.shape):
            raise _other_shape(folder, name, there=there, wanted=weight.shape)
    n_wanted = sum(weight.numel() for weight in wanted.values())
    n_there = sum(math.prod(shape) for shape in weights.shapes.values())
    if n_wanted > 2 * n_there + 1_000_000:
        raise ModelError(
            f"{folder / 'config.json'} must be that of the weights beside it, but asks for {n_wanted:,} numbers where "
            f"the weights have {n_there:,}; save the model again with save_pretrained"
        )


def _other_shape(folder: Path, name: str, *, there: Iterable[int], wanted: Iterable[int]) -> ModelError:
    return ModelError(
        f"the weights {name} in {folder} must have the shape {_shape(wanted)} that config.json asks for, got "
        f"{_shape(there)}; save the model again with save_pretrained"
    )


def _refuse_foreign(folder: Path, model: Model, report: Mapping[str, Any], *, fresh_head: bool) -> None:
    """Refuse weights that are not the model's: what is lacking would be drawn at random.

    A head that is new anyway may be lacking, and so may the pooler below it.
    """
    base = f"{model.base_model_prefix}."
    new = {
        name
        for name, _ in model.named_parameters(remove_duplicate=False)
        if not name.startswith(base) or ".pooler." in name
    }
    missing = sorted(set(report["missing_keys"]) - (new if fresh_head else set()))
    if missing:
        raise ModelError(
            f"the weights in {folder} must be all that the model has, but {len(missing)} of them are lacking, such as "
            f"{missing[0]}; save the model again with save_pretrained"
        )
    for name, there, wanted in sorted(report["mismatched_keys"]):
        if not fresh_head or name not in new:
            raise _other_shape(folder, name, there=there, wanted=wanted)
    for name, weight in model.named_parameters():
        if not bool(torch.isfinite(weight).all()):
            raise ModelError(
                f"the weights {name} in {folder} must be finite, but some are NaN or infinite: the training that made "
                "them went wrong; take an earlier checkpoint"
            )


def _shape(sizes: Iterable[int]) -> str:
    return " x ".join(map(str, sizes))


def auto_class(head: Head) -> Any:
    """Return the class that loads any architecture with a head: one of transformers, or alike."""
    if head != head.standard:
        return AutoModelForPooledClassification
    return AutoModelForEmbedding if head == EMBEDDING else getattr(transformers, head.auto_class)


def _class_for(head: Head, config: Any) -> Any:
    """Return the class that loads a model: one that heeds how many heads are left, where the configuration tells."""
    auto = auto_class(head)
    if not hasattr(config, KEPT_HEADS) or issubclass(auto, AutoModelForEmbedding):  # which heeds it anyway
        return auto
    with torch.device("meta"):
        model_class: Any = type(auto.from_config(config))
    return with_fewer_heads(model_class)


def head_of(folder: Path) -> Head:
    """Return the head that the configuration of a model names, or the modules beside it; else a classifier's."""
    config = _config(folder)
    heads = [head_named(str(name), config.get("problem_type")) for name in config.get("architectures") or ()]
    usual = EMBEDDING if (folder / "modules.json").is_file() else SEQUENCE_CLASSIFICATION
    return next((head for head in heads if head is not None), usual)


def _has_head(folder: Path, model: Model) -> bool:
    """Tell whether a checkpoint has a head of the same kind as a model that was loaded from it, for other labels."""
    heads = [head_named(str(name)) for name in _config(folder).get("architectures") or ()]
    return any(head is not None and type(model).__name__.endswith(head.kind) for head in heads)


def _config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return config if isinstance(config, dict) else {}


def _first_line(error: BaseException) -> str:
    if isinstance(error, KeyError):
        return f"{error} is not known"
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def save(model: Model, tokenizer: Tokenizer, folder: Path, *, dtype: torch.dtype = torch.float32) -> None:
    """Write a folder that ``from_pretrained`` of transformers loads, and SentenceTransformer where it makes vectors.

    The tokenizer gives what the model takes: no token types for one that has none.

    Args:
        model: In fp32; it stays as it is.
        tokenizer: What it reads texts with.
        folder: Where to.
        dtype: Of the weights in the file.
    """
    if dtype is not torch.float32:
        model = copy.deepcopy(model).to(dtype)
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(model, Embedder):
        model.save_modules(folder)
    else:
        model.save_pretrained(folder)
    tokenizer = copy.deepcopy(tokenizer)
    # What this process has cut texts to would be left in its file.
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    if model.config.model_type == "distilbert" and _TYPES in tokenizer.model_input_names:
        tokenizer.model_input_names = [name for name in tokenizer.model_input_names if name != _TYPES]
    tokenizer.save_pretrained(folder)


def independent_copy(model: Model, precision: Precision) -> Model:
    """Return a model that may be packed while others use the original.

    In fp32 its weights are the same memory; in bf16 they are a copy.
    """
    if precision is Precision.BF16:
        return copy.deepcopy(model).bfloat16()
    return copy.deepcopy(model, {id(weight): weight for weight in (*model.parameters(), *model.buffers())})
