"""Many texts as one row of tokens: no padding in any matrix product, and products of few different shapes.

Only attention, and a mean over the tokens of a text, see the texts apart. The linear layers, norms and embeddings of a
transformers model work on the tokens of a whole batch laid end to end. Where a head answers a text as a whole from its
first token, the last layer and the head work on that alone; else on every token. The logits and the gradients are those
of the padded model. Shapes matter because a processor that multiplies in bf16 compiles a kernel for each new one, which
can take longer than the product.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from transformers import AttentionInterface

from distil_core.data.tokenization import Ragged
from distil_core.models.checkpoints import LIKE_ROBERTA
from distil_core.models.private_apis import attention_implementation, set_attention_implementation

PACKABLE = ("bert", *LIKE_ROBERTA, "electra", "distilbert")
"""Models whose layers take tokens from several texts, and whose head reads the first token alone, or each by itself."""
_ATTENTION = "packed"
_EMBEDDERS = ("embeddings", "embeddings_project")
_TOKENS, _TEXTS, _LENGTH = 64, 8, 8
"""Tokens of a batch are filled up to a multiple of the first, texts and, in attention, lengths to one of the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing:
    """Where the tokens of a batch lie in one row, and where in attention, which has a row for each text.

    ``sources`` gives for every token of the row its place among the tokens of all texts; ``spread`` for every place in
    attention the token that stands there, ``gathered`` for every token its place; ``taken`` tells which places hold a
    token. ``firsts`` are the first tokens of the texts, filled up with the first of all.
    """

    n_texts: int
    n_rows: int
    length: int
    n_tokens: int
    sources: Int[Tensor, "real"]
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
    ids = torch.zeros(1, n_tokens, dtype=torch.long, device=device)
    sources = tokens.offsets[examples][text] + position
    ids[0, :n_real] = tokens.ids[sources]
    positions = torch.full_like(ids, first_position)
    positions[0, :n_real] += position
    bias = torch.zeros(n_rows, 1, 1, length, dtype=dtype, device=device)
    bias.masked_fill_(~taken.view(n_rows, 1, 1, length), torch.finfo(dtype).min)
    packing = Packing(
        n_texts=n_texts,
        n_rows=n_rows,
        length=length,
        n_tokens=n_real,
        sources=sources,
        spread=spread,
        gathered=gathered,
        taken=taken,
        firsts=torch.nn.functional.pad(firsts, (0, n_rows - n_texts)),
        bias=bias,
    )
    return ids, positions, packing


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple


def tells_segments_apart(model: Any) -> bool:
    """Tell whether a model takes token types, which say of each token to which segment of its text it belongs."""
    return getattr(model.config, "type_vocab_size", 0) > 1


def without_waste(n_tokens: int) -> int:
    """Return a budget near ``n_tokens`` that full batches need little filling up to; a small one stays as it is."""
    return _up(n_tokens, _TOKENS) if n_tokens >= 8 * _TOKENS else n_tokens


@contextmanager
def packed(
    model: Any, *, layers: slice = slice(None), embeds: bool = True, every_token: bool = False
) -> Iterator[None]:
    """Let a model take packed batches for a while; :func:`packed_logits` gives it one.

    Meanwhile others stand in for a few of its modules and compute with their weights.

    Args:
        model: Of one of the types in :data:`PACKABLE`.
        layers: The only layers that it has meanwhile.
        embeds: Whether it begins with its embeddings; else its input goes to the first of ``layers`` as it is.
        every_token: Whether its head needs more of a text than the first token.
    """
    assert model.config.model_type in PACKABLE
    base = model.base_model
    encoder = base.transformer if model.config.model_type == "distilbert" else base.encoder
    whole = list(encoder.layer)
    blocks = whole[layers]
    stand_ins: list[tuple[nn.Module, str, nn.Module]] = []
    if not every_token:
        last = whole[-1]
        if model.config.model_type != "distilbert":
            stand_ins.append((last, "attention", _FirstTokenAttention(last.attention)))
        elif blocks and blocks[-1] is last:
            blocks[-1] = _FirstTokenBlock(last)
    stand_ins.append((encoder, "layer", nn.ModuleList(blocks)))
    if not embeds:
        stand_ins += [(base, name, _NoEmbedding()) for name in _EMBEDDERS if hasattr(base, name)]
    replaced = [(parent, name, getattr(parent, name)) for parent, name, _ in stand_ins]
    implementation = attention_implementation(model.config)
    set_attention_implementation(model.config, _ATTENTION)
    for parent, name, module in stand_ins:
        setattr(parent, name, module)
    try:
        yield
    finally:
        for parent, name, module in replaced:
            setattr(parent, name, module)
        set_attention_implementation(model.config, implementation)


def embedders(model: Any) -> list[nn.Module]:
    """Return the modules that a model has in front of its first layer."""
    return [getattr(model.base_model, name) for name in _EMBEDDERS if hasattr(model.base_model, name)]


class _NoEmbedding(nn.Module):
    """Stands in for embeddings, which get states by that name, by their place, or from the module before."""

    def forward(self, *arguments: Any, inputs_embeds: Tensor | None = None, **_: Any) -> Any:
        return inputs_embeds if inputs_embeds is not None else arguments[min(len(arguments) - 1, 1)]


def scores_of(output: Any) -> Tensor:
    """Return what a head put out: its logits, or those of start and end of an answer beside each other."""
    if hasattr(output, "start_logits"):
        return torch.stack([output.start_logits, output.end_logits], dim=-1)
    logits: Tensor = output.logits
    return logits


def packed_logits(
    model: Any, tokens: Ragged, examples: Int[Tensor, "batch"], *, states: Float[Tensor, "all width"] | None = None
) -> Tensor:
    """Return what the head of a model inside :func:`packed` put out for some texts, as :func:`scores_of` has it padded.

    Where it answers every token, what stands beyond the end of a text means nothing.

    Args:
        model: The model.
        tokens: Where the texts are.
        examples: Which of them.
        states: What goes to the first layer for every token of all texts, where the model does not embed them itself.
    """
    inputs, packing = _inputs(model, tokens, examples, states)
    scores = scores_of(model(**inputs, packing=packing))
    if scores.dim() == 3:
        scores, _ = unpacked(scores, packing)
    return scores[: packing.n_texts]


def unpacked(
    row: Float[Tensor, "1 tokens width"], packing: Packing
) -> tuple[Float[Tensor, "rows length width"], Bool[Tensor, "rows length"]]:
    """Return what stands in one row of tokens as a row for each text, and which of it are tokens."""
    shape = packing.n_rows, packing.length
    return row[0].index_select(0, packing.spread).view(*shape, -1), packing.taken.view(*shape)


def packed_output(
    model: Any, tokens: Ragged, examples: Int[Tensor, "batch"], **outputs: bool
) -> tuple[Any, Packing, Bool[Tensor, "1 tokens"]]:
    """Return all that a model inside :func:`packed` put out for some texts in one row, and which tokens are real.

    Args:
        model: The model.
        tokens: Where the texts are.
        examples: Which of them.
        outputs: ``output_hidden_states=True``.
    """
    inputs, packing = _inputs(model, tokens, examples, None)
    real = torch.arange(inputs["position_ids"].shape[1], device=tokens.ids.device) < packing.n_tokens
    return model(**inputs, packing=packing, **outputs), packing, real[None]


@torch.no_grad()
def packed_states(
    model: Any,
    tokens: Ragged,
    batches: Iterable[Int[Tensor, "batch"]],
    *,
    n_layers: int,
    first: int = 0,
    states: Float[Tensor, "all width"] | None = None,
) -> Float[Tensor, "all width"]:
    """Return what the lowest layers of a model make of some texts: a state for each token of all texts.

    Args:
        model: Of one of the types in :data:`PACKABLE`.
        tokens: Where the texts are.
        batches: Which of them, some at a time; the states of all others are undefined.
        n_layers: How many layers, counted from below; none: the embeddings.
        first: The lowest layer that is computed.
        states: What goes to it for every token of all texts; None: the embeddings, and ``first`` is 0.
    """
    dtype, width = next(model.parameters()).dtype, model.config.hidden_size
    all_states = torch.empty(len(tokens.ids), width, dtype=dtype, device=tokens.ids.device)
    with packed(model, layers=slice(first, n_layers), embeds=states is None):
        for examples in batches:
            inputs, packing = _inputs(model, tokens, examples, states)
            output = model.base_model(**inputs, packing=packing).last_hidden_state
            all_states[packing.sources] = output[0, : packing.n_tokens]
    return all_states


def _inputs(
    model: Any, tokens: Ragged, examples: Int[Tensor, "batch"], states: Float[Tensor, "all width"] | None
) -> tuple[dict[str, Tensor], Packing]:
    first = model.config.pad_token_id + 1 if model.config.model_type in LIKE_ROBERTA else 0
    dtype = next(model.parameters()).dtype
    ids, positions, packing = pack(tokens, examples, first_position=first, dtype=dtype)
    if states is None:
        inputs = {"input_ids": ids, "position_ids": positions}
        if tokens.types is not None and tells_segments_apart(model):
            types = inputs["token_type_ids"] = torch.zeros_like(ids)
            types[0, : packing.n_tokens] = tokens.types[packing.sources]
        return inputs, packing
    # Which may have been computed in another precision than what goes on from there, such as a head that is fitted.
    rows = states.new_zeros(1, ids.shape[1], states.shape[1], dtype=dtype)
    rows[0, : packing.n_tokens] = states[packing.sources]
    return {"inputs_embeds": rows, "position_ids": positions}, packing


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
        by_token = gradient.index_select(0, ctx.packing.gathered)
        by_token[ctx.packing.n_tokens :] = 0
        return by_token, None


class _Gather(torch.autograd.Function):
    """Texts under each other to tokens in one row."""

    @staticmethod
    def forward(ctx: Any, places: Tensor, packing: Packing) -> Tensor:
        ctx.packing = packing
        return places.index_select(0, packing.gathered)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        by_place = gradient.index_select(0, ctx.packing.spread)
        return by_place.mul_(ctx.packing.taken[:, None]), None


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
    context = torch.bmm(shares, v.reshape(-1, packing.length, size))
    context = context.view(packing.n_rows, n_heads, packing.length, size).transpose(1, 2)
    flat = _Gather.apply(context.reshape(-1, n_heads * size), packing)  # type: ignore[no-untyped-call]
    return flat.view(1, n_tokens, n_heads, size), None


def _by_head(bias: Tensor, n_heads: int) -> Tensor:
    return bias.expand(-1, n_heads, 1, -1).reshape(-1, 1, bias.shape[-1])


AttentionInterface.register(_ATTENTION, _attend)


class _FirstTokenAttention(nn.Module):
    """Stands in for the attention block of BERT's last layer: ``[1, tokens, width]`` in, ``[rows, 1, width]`` out."""

    def __init__(self, attention: Any) -> None:
        super().__init__()
        self.attention = attention

    def forward(self, hidden: Tensor, *_: Any, packing: Packing, **__: Any) -> tuple[Tensor, None]:
        inner, first = self.attention.self, hidden[0, packing.firsts][:, None]
        context = _attend_first(inner.query(first), inner.key(hidden), inner.value(hidden), packing, inner)
        return self.attention.output(context, first), None


class _FirstTokenBlock(nn.Module):
    """Stands in for DistilBERT's last layer."""

    def __init__(self, block: Any) -> None:
        super().__init__()
        self.block = block

    def forward(self, hidden: Tensor, *_: Any, packing: Packing, **__: Any) -> Tensor:
        block, inner, first = self.block, self.block.attention, hidden[0, packing.firsts][:, None]
        context = _attend_first(inner.q_lin(first), inner.k_lin(hidden), inner.v_lin(hidden), packing, inner)
        normed = block.sa_layer_norm(inner.out_lin(context) + first)
        output: Tensor = block.output_layer_norm(block.ffn(normed) + normed)
        return output


def _attend_first(query: Tensor, key: Tensor, value: Tensor, packing: Packing, attention: Any) -> Tensor:
    width, size = key.shape[-1], attention.attention_head_size
    n_heads = width // size
    k, v = (_texts(part[0], packing, n_heads) for part in (key, value))
    q = query.view(packing.n_rows, n_heads, 1, size)
    scores = (q @ k.mT) * size**-0.5 + packing.bias
    context: Tensor = attention.dropout(scores.softmax(dim=-1)) @ v
    return context.reshape(packing.n_rows, 1, width)
