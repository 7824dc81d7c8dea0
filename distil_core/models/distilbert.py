"""BERT's weights as DistilBERT has them: no token types, no pooler.

What DistilBERT lacks is not lost where it is the same for every token: the embedding of the first segment is added to
that of the position. Sanh et al. (2019, arXiv:1910.01108) dropped it.
"""

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor
from transformers import DistilBertConfig

from distil_core.models.checkpoints import refuse_other_architectures
from distil_core.models.units import KEPT_HEADS

_POSITIONS, _TYPES = "embeddings.position_embeddings.weight", "embeddings.token_type_embeddings.weight"
_NAMES = (
    (r"^bert\.encoder\.layer\.", "distilbert.transformer.layer."),
    (r"^bert\.pooler\.dense\.", "pre_classifier."),
    (r"^bert\.", "distilbert."),
    (r"\.attention\.self\.(query|key|value)\.", lambda match: f".attention.{match[1][0]}_lin."),
    (r"\.attention\.output\.dense\.", ".attention.out_lin."),
    (r"\.attention\.output\.LayerNorm\.", ".sa_layer_norm."),
    (r"\.intermediate\.dense\.", ".ffn.lin1."),
    (r"(layer\.\d+)\.output\.dense\.", r"\1.ffn.lin2."),
    (r"(layer\.\d+)\.output\.LayerNorm\.", r"\1.output_layer_norm."),
    (r"^cls\.predictions\.transform\.dense\.", "vocab_transform."),
    (r"^cls\.predictions\.transform\.LayerNorm\.", "vocab_layer_norm."),
    (r"^cls\.predictions\.decoder\.", "vocab_projector."),
)
_SHARED = (
    "vocab_size",
    "max_position_embeddings",
    "pad_token_id",
    "initializer_range",
    "tie_word_embeddings",
    "id2label",
    "label2id",
    "problem_type",
    "sentence_embedding",
    KEPT_HEADS,
)


def distilbert_config(config: Any) -> DistilBertConfig:
    """Return the shape that DistilBERT has where BERT has another.

    Raises:
        ConfigError: If it is not BERT's.
    """
    refuse_other_architectures(config.model_type)
    shared = {name: getattr(config, name) for name in _SHARED if hasattr(config, name)}
    return DistilBertConfig(
        n_layers=config.num_hidden_layers,
        n_heads=config.num_attention_heads,
        dim=config.hidden_size,
        hidden_dim=config.intermediate_size,
        activation=config.hidden_act,
        dropout=config.hidden_dropout_prob,
        attention_dropout=config.attention_probs_dropout_prob,
        **shared,
    )


def distilbert_weights(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights of BERT with a head under the names that DistilBERT has for them.

    The pooler of a classifier becomes its ``pre_classifier``, which has another activation behind it, so that it is no
    more than a start. Token types are left out, the first one added to the positions.
    """
    renamed = {}
    for name, weight in weights.items():
        if name.endswith(_TYPES):
            continue
        if name.endswith(_POSITIONS):
            weight = weight + weights[name.replace(_POSITIONS, _TYPES)][0]
        for pattern, replacement in _NAMES:
            name = re.sub(pattern, replacement, name)
        renamed[name] = weight
    return renamed
