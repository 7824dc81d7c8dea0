"""A student without layers: what each token says by itself is looked up, and a text says their mean; needs numpy alone.

``tokens.npy``, ``[types, vocabulary, outputs]``, stays on disk, but for the rows that are asked for.
"""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np


class Lookup:
    """Answers as a session of ONNX Runtime does."""

    def __init__(self, folder: Path) -> None:
        """Open the tables of a folder."""
        self.tokens = np.load(folder / "tokens.npy", mmap_mode="r")
        self.settings = json.loads((folder / "lookup.json").read_text(encoding="utf-8"))

    def get_inputs(self) -> list[Any]:
        """Return what it asks for, by name."""
        return [SimpleNamespace(name=name) for name in ("input_ids", "attention_mask", "token_type_ids")]

    def run(self, names: Any, feed: dict[str, Any]) -> list[Any]:
        """Return what it puts out for some texts, whatever ``names`` says."""
        types = np.minimum(feed["token_type_ids"], len(self.tokens) - 1)
        rows = self.tokens[types, feed["input_ids"]]
        if self.settings["each_token"]:
            return [rows[..., 0], rows[..., 1]] if self.settings["points"] else [rows]
        real = feed["attention_mask"][:, :, None].astype(np.float32)
        means = (rows * real).sum(axis=1) / real.sum(axis=1)
        if self.settings["normalize"]:
            means /= np.maximum(np.linalg.norm(means, axis=-1, keepdims=True), 1e-12)
        return [means]
