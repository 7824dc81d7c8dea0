"""Lets transformers load this folder, whose layers have fewer attention heads than they have room for: import it first.

Every model calls ``post_init`` once its layers are there; this takes from them what the weights do not have.
"""

from typing import Any

from torch import nn
from transformers import PreTrainedModel

MAKERS = (".query", ".key", ".value", ".q_lin", ".k_lin", ".v_lin")
READERS = ("attention.output.dense", "attention.out_lin", "attention.dense", "attn.Wo")
_post_init: Any = PreTrainedModel.post_init


def _fitted(model: PreTrainedModel) -> None:
    config = model.config
    if hasattr(config, "kept_heads"):
        width = config.kept_heads * (config.hidden_size // config.num_attention_heads)
        for name, layer in model.named_modules():
            rows = width if name.endswith(MAKERS) else 3 * width if name.endswith("attn.Wqkv") else None
            columns = width if name.endswith(READERS) else None
            if isinstance(layer, nn.Linear) and (rows or columns):
                layer.weight = nn.Parameter(layer.weight.detach()[:rows, :columns].clone())
                if layer.bias is not None:
                    layer.bias = nn.Parameter(layer.bias.detach()[:rows].clone())
                layer.out_features, layer.in_features = layer.weight.shape
    _post_init(model)


PreTrainedModel.post_init = _fitted  # type: ignore[method-assign]
