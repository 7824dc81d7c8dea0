"""Many texts as one row of tokens: no padding in any matrix product, and products of few different shapes.

Only attention sees the texts apart. The linear layers, norms and embeddings of a transformers model work on the tokens
of a whole batch laid end to end; the last layer and the head work on the first token of each text, which is all that
the classifier looks at. The logits and the gradients are those of the padded model. Shapes matter because a processor
that multiplies in bf16 compiles a kernel for each new one, which can take longer than the product.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.autograd.function import once_differentiable
from transformers import AttentionInterface

from distil_core.tokens import Ragged
from distil_core.types import Logits

PACKABLE = ("bert", "roberta", "electra", "distilbert")
"""Models whose classifier reads the first token alone and whose layers take tokens from several texts."""
_ATTENTION = "packed"
_TOKENS, _TEXTS, _LENGTH = 64, 8, 8
"""Tokens of a batch are filled up to a multiple of the first, texts and, in attention, lengths to one of the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing:
    """Where the tokens of a batch lie in one row, and where in attention, which has a row for each text.

    ``spread`` gives for every place in attention the token that stands there, ``gathered`` for every token its place;
    ``taken`` tells which places hold a token. ``firsts`` are the first tokens of the texts, filled up with the first of
    all.
    """

    n_texts: int
    n_rows: int
    length: int
    n_tokens: int
    spread: Int[Tensor, "places"]
    gathered: Int[Tensor, "tokens"]
    taken: Bool[Tensor, "places"]
    firsts: Int[Tensor, "rows"]
    bias: Float[Tensor, "rows 1 1 length"]


def pack(
    tokens: Ragged, examples: Int[Tensor, "batch"], *, first_position: int, dtype: torch.dtype
) -> tuple[Int[Tensor, "1 tokens"], Int[Tensor, "1 tokens"], Packing]:
    """Lay some texts end to end.

    Args:
        tokens: Where the texts are.
        examples: Which of them.
        first_position: Position of a text's first token; 0, but 2 for RoBERTa.
        dtype: Of the model.

    Returns:
        Ids and positions of the tokens in one row, and how to find the texts again.
    """
    device = tokens.ids.device
    lengths = tokens.offsets[examples + 1] - tokens.offsets[examples]
    n_real, n_texts = int(lengths.sum()), len(examples)
    n_tokens, n_rows = _up(n_real, _TOKENS), _up(n_texts, _TEXTS)
    length = _up(int(lengths.max()), _LENGTH)
    firsts = lengths.cumsum(0) - lengths
    text = torch.repeat_interleave(torch.arange(n_texts, device=device), lengths, output_size=n_real)
    position = torch.arange(n_real, device=device) - firsts[text]
    place = text * length + position
    gathered = place.new_zeros(n_tokens)
    gathered[:n_real] = place
    spread = place.new_zeros(n_rows * length)
    spread[place] = torch.arange(n_real, device=device)
    taken = torch.zeros(n_rows * length, dtype=torch.bool, device=device)
    taken[place] = True
    ids = tokens.ids.new_zeros(1, n_tokens)
    ids[0, :n_real] = tokens.ids[tokens.offsets[examples][text] + position]
    positions = torch.full_like(ids, first_position)
    positions[0, :n_real] += position
    bias = torch.zeros(n_rows, 1, 1, length, dtype=dtype, device=device)
    bias.masked_fill_(~taken.view(n_rows, 1, 1, length), torch.finfo(dtype).min)
    packing = Packing(
        n_texts=n_texts,
        n_rows=n_rows,
        length=length,
        n_tokens=n_real,
        spread=spread,
        gathered=gathered,
        taken=taken,
        firsts=torch.nn.functional.pad(firsts, (0, n_rows - n_texts)),
        bias=bias,
    )
    return ids, positions, packing


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple


def without_waste(n_tokens: int) -> int:
    """Return a budget near ``n_tokens`` that full batches need little filling up to; a small one stays as it is."""
    return _up(n_tokens, _TOKENS) if n_tokens >= 8 * _TOKENS else n_tokens


@contextmanager
def packed(model: Any) -> Iterator[None]:
    """Let a model take packed batches for a while; :func:`packed_logits` gives it one."""
    assert model.config.model_type in PACKABLE
    shorter: Callable[..., Any]
    if model.config.model_type == "distilbert":
        last, shorter = model.base_model.transformer.layer[-1], _first_token_block
    else:
        last, shorter = model.base_model.encoder.layer[-1].attention, _first_token_attention
    before = model.config._attn_implementation
    model.config._attn_implementation = _ATTENTION
    last.forward = partial(shorter, last)
    try:
        yield
    finally:
        del last.forward
        model.config._attn_implementation = before


def packed_logits(model: Any, tokens: Ragged, examples: Int[Tensor, "batch"]) -> Logits:
    """Return the logits of some texts, from a model inside :func:`packed`."""
    padding = model.config.pad_token_id
    first = padding + 1 if model.config.model_type == "roberta" else 0
    dtype = next(model.parameters()).dtype
    ids, positions, packing = pack(tokens, examples, first_position=first, dtype=dtype)
    logits: Tensor = model(input_ids=ids, position_ids=positions, packing=packing).logits
    return logits[: packing.n_texts]


class _Spread(torch.autograd.Function):
    """Tokens in one row to texts under each other."""

    @staticmethod
    def forward(ctx: Any, tokens: Tensor, packing: Packing) -> Tensor:
        ctx.packing = packing
        return tokens.index_select(0, packing.spread)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        # What fills up the row belongs to no text and has no gradient.
        found = gradient.index_select(0, ctx.packing.gathered)
        found[ctx.packing.n_tokens :] = 0
        return found, None


class _Gather(torch.autograd.Function):
    """Texts under each other to tokens in one row."""

    @staticmethod
    def forward(ctx: Any, places: Tensor, packing: Packing) -> Tensor:
        ctx.packing = packing
        return places.index_select(0, packing.gathered)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        found = gradient.index_select(0, ctx.packing.spread)
        return found.mul_(ctx.packing.taken[:, None]), None


def _texts(flat: Tensor, packing: Packing, n_heads: int) -> Tensor:
    """Return ``[rows, heads, length, size]`` of what has one row ``[tokens, width]``."""
    places: Tensor = _Spread.apply(flat, packing)  # type: ignore[no-untyped-call]
    return places.view(packing.n_rows, packing.length, n_heads, -1).transpose(1, 2)


def _attend(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    packing: Packing,
    scaling: float | None = None,
    dropout: float = 0.0,
    **_: Any,
) -> tuple[Tensor, None]:
    """Implement attention of a transformers model; ``query`` and the others are ``[1, heads, tokens, size]``."""
    n_heads, n_tokens, size = query.shape[1:]
    q, k, v = (
        _texts(part.transpose(1, 2).reshape(n_tokens, n_heads * size), packing, n_heads) for part in (query, key, value)
    )
    scores = torch.baddbmm(
        _by_head(packing.bias, n_heads),
        q.reshape(-1, packing.length, size),
        k.reshape(-1, packing.length, size).mT,
        alpha=scaling or size**-0.5,
    )
    shares = torch.nn.functional.dropout(scores.softmax(dim=-1), p=dropout, training=module.training)
    seen = torch.bmm(shares, v.reshape(-1, packing.length, size))
    seen = seen.view(packing.n_rows, n_heads, packing.length, size).transpose(1, 2)
    flat = _Gather.apply(seen.reshape(-1, n_heads * size), packing)  # type: ignore[no-untyped-call]
    return flat.view(1, n_tokens, n_heads, size), None


def _by_head(bias: Tensor, n_heads: int) -> Tensor:
    return bias.expand(-1, n_heads, 1, -1).reshape(-1, 1, bias.shape[-1])


AttentionInterface.register(_ATTENTION, _attend)


def _first_token_attention(attention: Any, hidden: Tensor, *_: Any, packing: Packing, **__: Any) -> tuple[Tensor, None]:
    """Stand in for the attention block of BERT's last layer: ``[1, tokens, width]`` in, ``[rows, 1, width]`` out."""
    inner, first = attention.self, hidden[0, packing.firsts][:, None]
    seen = _attend_first(inner.query(first), inner.key(hidden), inner.value(hidden), packing, inner)
    return attention.output(seen, first), None


def _first_token_block(block: Any, hidden: Tensor, *_: Any, packing: Packing, **__: Any) -> Tensor:
    """Stand in for DistilBERT's last layer."""
    inner, first = block.attention, hidden[0, packing.firsts][:, None]
    seen = _attend_first(inner.q_lin(first), inner.k_lin(hidden), inner.v_lin(hidden), packing, inner)
    seen = block.sa_layer_norm(inner.out_lin(seen) + first)
    output: Tensor = block.output_layer_norm(block.ffn(seen) + seen)
    return output


def _attend_first(query: Tensor, key: Tensor, value: Tensor, packing: Packing, attention: Any) -> Tensor:
    width, size = key.shape[-1], attention.attention_head_size
    n_heads = width // size
    k, v = (_texts(part[0], packing, n_heads) for part in (key, value))
    q = query.view(packing.n_rows, n_heads, 1, size)
    scores = (q @ k.mT) * size**-0.5 + packing.bias
    seen: Tensor = attention.dropout(scores.softmax(dim=-1)) @ v
    return seen.reshape(packing.n_rows, 1, width)
