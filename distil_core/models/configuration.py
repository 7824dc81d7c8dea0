"""The configuration of a checkpoint, without what is an option of whoever saved it and no property of its weights."""

from math import isfinite
from pathlib import Path
from typing import Any

from distil_core.errors import ModelError
from distil_core.models.units import KEPT_HEADS
from distil_core.models.weights import read_object

_MOST_PARTS, _LARGEST_SIZE = 1_000, 10_000_000

OPTIONS = (
    "_attn_implementation",
    "_attn_implementation_autoset",
    "_attn_implementation_internal",
    "attn_implementation",
    "auto_map",
    "chunk_size_feed_forward",
    "compression_config",
    "dtype",
    "gradient_checkpointing",
    "output_attentions",
    "output_hidden_states",
    "quantization_config",
    "return_dict",
    "torch_dtype",
    "torchscript",
    "use_return_dict",
)
"""Entries of a config.json that are left out: how a model was run, not what it is."""


def read_model_config(folder: Path) -> dict[str, Any]:
    """Return what the config.json in a folder says of the model, with the names of labels as text.

    Raises:
        ModelError: If it is not there, or cannot be read.
    """
    path = folder / "config.json"
    if not path.is_file():
        raise ModelError(f"{folder} must hold a Hugging Face model, but has no config.json")
    config = {name: value for name, value in read_object(path).items() if name not in OPTIONS}
    architectures = config.get("architectures") or []
    if not isinstance(architectures, list):
        raise ModelError(f"architectures in {path} must be a list of names, got {repr(architectures)[:40]}; correct it")
    names = config.get("id2label")
    if isinstance(names, dict):
        config["id2label"] = {index: str(name) for index, name in names.items()}
        # Says the same the other way round, or contradicts it.
        config["label2id"] = {str(name): int(index) for index, name in names.items() if str(index).isdecimal()}
    return config


def lacks_heads(folder: Path) -> bool:
    """Tell whether the layers of the model in a folder have fewer attention heads than they have room for."""
    return KEPT_HEADS in read_model_config(folder)


def refuse_endless(path: Path, config: dict[str, Any]) -> None:
    """Refuse numbers that no model has, which would be built, or counted to, for ever.

    Raises:
        ModelError: With the entry.
    """
    for name, value in config.items():
        if isinstance(value, float) and not (
            isfinite(value) and (value <= 1 or not name.endswith(("dropout", "prob")))
        ):
            raise ModelError(f"{name} in {path} must be a number that it can have, got {value!r}; take another model")
        if not isinstance(value, int | float) or not any(
            part in name for part in ("size", "num", "layers", "dim", "_emb")
        ):
            continue
        most = _MOST_PARTS if any(part in name for part in ("layers", "heads", "group")) else _LARGEST_SIZE
        if not 0 <= value <= most:
            raise ModelError(f"{name} in {path} must be from 0 to {most:,}, got {repr(value)[:40]}; take another model")
