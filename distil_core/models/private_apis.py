"""What of torch and transformers is used although they call it private: all of it, and nothing else.

A new version may take it away without a word, so each has a small function of its own here, which says why it is used.
A test tells at once which one is gone.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


def copy_all(targets: Sequence[Tensor], sources: Sequence[Tensor]) -> None:
    """Copy each source into its target, whatever their dtypes.

    One call of torch instead of one a tensor, which a GPU carries out as a few kernels; nothing public does that.
    """
    torch._foreach_copy_(list(targets), list(sources))


def attention_implementation(config: Any) -> str | None:
    """Return the name under which a transformers model finds its attention function; it has no public reader."""
    name: str | None = config._attn_implementation
    return name


def set_attention_implementation(config: Any, name: str | None) -> None:
    """Let a transformers model find its attention function under ``name``.

    The public ``set_attn_implementation`` goes through all modules of a model, which is too slow for every batch.
    """
    config._attn_implementation = name
