"""What the files of a checkpoint hold, by their headers alone: names, shapes and types of the weights."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from stat import S_ISREG
from typing import Any

from distil_core.errors import ModelError

INDEX = "model.safetensors.index.json"
WHOLE = "model.safetensors"
PREFIXES = ("module.", "_orig_mod.", "model.")
"""What training in parallel, compiled or inside another module puts before the names of all weights."""

_POINTER = b"version https://git-lfs"
_MAX_HEADER = 64 * 2**20
_FLOATS = ("F64", "F32", "F16", "BF16")
_WORD_HEAD = re.compile(
    r"(^|\.)(cls\.predictions|predictions|lm_head|vocab_transform|generator_predictions|head\.dense)\."
)
_LAYER = re.compile(r"(?:^|\.)layers?\.(\d+)\.")
_HEAD = re.compile(r"(?:^|\.)(?:classifier|qa_outputs|score)\.")
_OUTPUTS = re.compile(r"(?:^|\.)(?:classifier|classifier\.out_proj|qa_outputs|score)\.weight$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Weights of a checkpoint as its files tell of them; nothing is loaded.

    Attributes:
        files: Where they lie, the index of several files included.
        shapes: Shape of each by its name.
        prefix: What stands before every name, though the model's own begin behind it.
    """

    files: tuple[Path, ...]
    shapes: Mapping[str, tuple[int, ...]]
    prefix: str

    @property
    def n_layers(self) -> int | None:
        """Encoder layers that there are weights of; None where layers share theirs, or are not told apart."""
        numbers = {int(match[1]) for name in self.shapes if (match := _LAYER.search(name))}
        return len(numbers) or None

    @property
    def has_head(self) -> bool:
        """Whether there are weights of an output layer for labels."""
        return any(_HEAD.search(name) for name in self.shapes)

    @property
    def predicts_words(self) -> bool:
        """Whether there are weights of a head that predicts masked words."""
        return any(_WORD_HEAD.search(name) for name in self.shapes)

    @property
    def n_outputs(self) -> int | None:
        """Outputs of the last layer of the head; None without one."""
        return next((shape[0] for name, shape in self.shapes.items() if _OUTPUTS.search(name) and shape), None)

    @property
    def n_words(self) -> int | None:
        """Rows of the table of word embeddings; None where no such table is known."""
        names = ("word_embeddings.weight", "tok_embeddings.weight")
        return next((shape[0] for name, shape in self.shapes.items() if name.endswith(names) and shape), None)


def read_weights(folder: Path, *, base: str) -> Weights:
    """Return what the weights in a folder are.

    Args:
        folder: Of a checkpoint.
        base: What the model's own names of its encoder begin with, such as ``bert``.

    Raises:
        ModelError: If there are none, or they cannot be used; the message says what to do.
    """
    files = _files(folder)
    stamps = tuple((file, file.stat().st_size, file.stat().st_mtime_ns) for file in files if file.name != INDEX)
    shapes: dict[str, tuple[int, ...]] = {}
    for stamp in stamps:
        shapes |= _shapes(*stamp)
    prefix = _prefix(tuple(shapes), base)
    if prefix:
        shapes = {name.removeprefix(prefix): shape for name, shape in shapes.items()}
    return Weights(files=files, shapes=shapes, prefix=prefix)


def _files(folder: Path) -> tuple[Path, ...]:
    """Return the files that are read: one of all weights, or several and their index."""
    if (folder / WHOLE).exists():
        return (regular(folder / WHOLE),)
    if (folder / INDEX).exists():
        index = read_object(regular(folder / INDEX))
        parts = index.get("weight_map")
        if not isinstance(parts, dict) or not parts or not isinstance(index.get("metadata"), dict):
            raise ModelError(
                f"{folder / INDEX} must hold a weight_map of names and files, and metadata; save the model again"
            )
        names = sorted(set(map(str, parts.values())))
        if outside := [name for name in names if Path(name).name != name]:
            raise ModelError(f"{folder / INDEX} must name files beside it, got {outside[0]!r}; save the model again")
        missing = [name for name in names if not (folder / name).is_file()]
        if missing:
            raise ModelError(
                f"{folder} lacks {len(missing)} of the {len(names)} files of its weights, such as {missing[0]}; fetch "
                "it again"
            )
        return (folder / INDEX, *(regular(folder / name) for name in names))
    others = sorted(path.name for path in folder.glob("*.safetensors"))
    if any(name.startswith("adapter_model") for name in others) or (folder / "adapter_config.json").is_file():
        raise ModelError(
            f"{folder} holds an adapter (LoRA) alone, which is no model; merge it into its model with "
            "merge_and_unload() and save that"
        )
    if others:
        raise ModelError(
            f"{folder} must hold its weights as {WHOLE}, or as several files with {INDEX}, got {others[0]} without it; "
            "save the model again with save_pretrained"
        )
    raise ModelError(
        f"{folder} must hold its weights as safetensors; convert them with save_pretrained of a recent transformers"
    )


def regular(path: Path) -> Path:
    """Return a path of a file.

    Raises:
        ModelError: If it is none, as devices and pipes, which never end, or stands for one that was not fetched.
    """
    if not S_ISREG(path.stat().st_mode):
        raise ModelError(f"{path} must be a file, but is none")
    with path.open("rb") as file:
        if file.read(len(_POINTER)) == _POINTER:
            raise ModelError(
                f"{path} is a pointer of Git LFS and not the file itself; run 'git lfs pull' in its folder"
            )
    return path


def read_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file.

    Raises:
        ModelError: If it holds something else.
    """
    try:
        content = json.loads(regular(path).read_text(encoding="utf-8"))
    except ModelError:
        raise
    except (OSError, ValueError, RecursionError) as exc:
        raise ModelError(f"{path} must be JSON, but cannot be read: {exc}") from exc
    if not isinstance(content, dict):
        raise ModelError(f"{path} must hold a JSON object, got {type(content).__name__}")
    return content


@lru_cache(maxsize=64)
def _shapes(path: Path, size: int, mtime_ns: int) -> Mapping[str, tuple[int, ...]]:
    """Read the header of a safetensors file, and check that the file is as long as it says."""
    with path.open("rb") as file:
        start = file.read(8)
        length = int.from_bytes(start, "little")
        if len(start) < 8 or length > min(size - 8, _MAX_HEADER):
            raise ModelError(f"{path} must be a safetensors file, but is damaged or cut short; fetch it again")
        header = file.read(length)
    try:
        entries = {name: entry for name, entry in json.loads(header).items() if name != "__metadata__"}
        end = max((int(entry["data_offsets"][1]) for entry in entries.values()), default=0)
        shapes = {name: tuple(map(int, entry["shape"])) for name, entry in entries.items()}
        types = {name: str(entry["dtype"]) for name, entry in entries.items()}
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as exc:
        raise ModelError(f"{path} must be a safetensors file, but its header cannot be read; fetch it again") from exc
    if end != size - 8 - length:
        raise ModelError(
            f"{path} must hold {end + 8 + length:,} bytes as its header says, got {size:,}; fetch it again"
        )
    odd = [name for name, kind in types.items() if kind not in _FLOATS and name.endswith(".weight")]
    if odd:
        raise ModelError(
            f"the weights in {path} must be floating-point numbers, but {odd[0]} is of type {types[odd[0]]}: the model "
            "is quantized; take the one that it was made from"
        )
    return shapes


def _prefix(names: tuple[str, ...], base: str) -> str:
    """Return what stands before all names that is not the model's: nothing where some begin as they should."""
    prefix = ""
    while names and not any(name.startswith(f"{base}.") for name in names):
        following = next((known for known in PREFIXES if all(name.startswith(known) for name in names)), None)
        if following is None:
            break
        prefix += following
        names = tuple(name.removeprefix(following) for name in names)
    return prefix
