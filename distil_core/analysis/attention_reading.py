"""Teacher and student read texts: what each token looks at, what each layer makes of it, what each word is worth."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from distil_core.analysis.attention import MAX_TOKENS, AttentionReading, LayerSimilarity, Occlusion, OcclusionPair
from distil_core.analysis.model_pair import ModelPair
from distil_core.data.tokenization import Ragged, encode
from distil_core.errors import CorpusError
from distil_core.functional.similarity import cka_matrix
from distil_core.models.forward import attention_maps, states_of
from distil_core.types import Model

CONTINUED = "·"
"""Comes before a piece that goes on the word before."""

_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """A text as the models get it: its encoding, and how much of it they read."""

    tokens: Ragged
    encoding: Any
    read: str
    truncated: bool


def read_attention(pair: ModelPair, text: str) -> AttentionReading:
    """Return what both models look at in a text, of which at most :data:`attention.MAX_TOKENS` tokens are read.

    Raises:
        CorpusError: If the tokenizer finds nothing in the text.
    """
    encoded = _encoded(pair, text)
    config = pair.teacher.config
    window, local = _local_layers(config)
    return AttentionReading(
        tokens=_readable(pair.tokenizer, encoded.encoding, text),
        special=tuple(bool(flag) for flag in encoded.encoding.special_tokens_mask),
        teacher=_maps(pair.teacher, encoded.tokens, padding=pair.tokenizer.pad_token_id),
        student=_maps(pair.student, encoded.tokens, padding=pair.tokenizer.pad_token_id),
        truncated=encoded.truncated,
        shares_layers=config.model_type == "albert",
        window=window,
        local=local,
    )


def _encoded(pair: ModelPair, text: str) -> _Text:
    encoded = pair.tokenizer(text, truncation=True, max_length=min(pair.max_length, MAX_TOKENS))
    encoding = encoded.encodings[0]
    if all(encoding.special_tokens_mask):
        raise CorpusError("the text must have at least one word that the models can read; type another one")
    ids = torch.tensor(encoding.ids)
    tokens = Ragged(ids=ids, offsets=torch.tensor([0, len(ids)])).to(pair.teacher.device)
    truncated = bool(encoding.overflowing)
    read = text[: max(stop for _, stop in encoding.offsets)] if truncated else text
    return _Text(tokens=tokens, encoding=encoding, read=read, truncated=truncated)


def _maps(model: Model, tokens: Ragged, *, padding: int) -> np.ndarray:
    ((_, output),) = states_of(model, tokens, padding=padding, output_attentions=True)
    return torch.cat(attention_maps(model, output)).float().cpu().numpy()


def _readable(tokenizer: Any, encoding: Any, text: str) -> tuple[str, ...]:
    """Name the tokens as they stand in the text, and special ones alike for all models."""
    special = {tokenizer.cls_token_id: "[CLS]", tokenizer.sep_token_id: "[SEP]", tokenizer.unk_token_id: "[UNK]"}
    names: list[str] = []
    for i, (token, (start, stop), word) in enumerate(
        zip(encoding.ids, encoding.offsets, encoding.word_ids, strict=True)
    ):
        name = special.get(token) or text[start:stop].strip() or "␣"
        goes_on = i > 0 and word is not None and word == encoding.word_ids[i - 1]
        names.append(f"{CONTINUED}{name}" if goes_on else name)
    return tuple(names)


def _local_layers(config: Any) -> tuple[int | None, tuple[int, ...]]:
    """Return how far the local layers see to each side, and which layers they are."""
    if config.model_type != "modernbert":
        return None, ()
    local = tuple(i for i, kind in enumerate(config.layer_types) if kind == "sliding_attention")
    return config.local_attention // 2, local


def hidden_similarity(pair: ModelPair, texts: Sequence[str], *, n_tokens: int = 1536) -> LayerSimilarity:
    """Compare what every layer of the teacher and of the student makes of the same tokens, by linear CKA.

    Args:
        pair: The models.
        texts: Texts to read, from the first on; a single one would have too few tokens.
        n_tokens: Tokens to read at most, though one text at least; special ones are read but not compared.
    """
    tokens = encode(pair.tokenizer, texts[:n_tokens], max_length=pair.max_length)
    n_texts = max(1, int((tokens.offsets[1:] <= n_tokens).sum()))
    tokens = Ragged(ids=tokens.ids[: tokens.offsets[n_texts]], offsets=tokens.offsets[: n_texts + 1])
    tokens = tokens.to(pair.teacher.device)
    teacher, student = (_states(model, tokens, pair.tokenizer) for model in (pair.teacher, pair.student))
    return LayerSimilarity(matrix=cka_matrix(teacher, student), n_tokens=len(teacher[0]), n_texts=n_texts)


def _states(model: Model, tokens: Ragged, tokenizer: Any) -> list[np.ndarray]:
    """Return the states behind each layer, a row for each token of the texts that is not special."""
    padding = tokenizer.pad_token_id
    frame = torch.tensor([tokenizer.cls_token_id, tokenizer.sep_token_id, padding], device=tokens.ids.device)
    parts: list[tuple[Tensor, ...]] = []
    for examples, output in states_of(model, tokens, padding=padding, output_hidden_states=True):
        ids, mask = tokens.padded(examples, padding=padding)
        words = mask & ~torch.isin(ids, frame)
        parts.append(tuple(states[words].float().cpu() for states in output.hidden_states[1:]))
    return [torch.cat(layer).numpy() for layer in zip(*parts, strict=True)]


def occlude(pair: ModelPair, text: str) -> OcclusionPair:
    """Leave each word out of a text in turn, and say how the answer of both models changes.

    Words are what stands between spaces, with the punctuation at them. Only what :func:`read` reads counts.

    Raises:
        CorpusError: If the tokenizer finds nothing in the text.
    """
    whole = _encoded(pair, text).read
    words = _WORD.findall(whole)
    variants = [whole, *(" ".join(words[:i] + words[i + 1 :]) for i in range(len(words)))]
    tokens = encode(pair.tokenizer, variants, max_length=pair.max_length).to(pair.teacher.device)
    teacher, student = (_answer(model, tokens, pair.tokenizer.pad_token_id) for model in (pair.teacher, pair.student))
    return OcclusionPair(words=tuple(words), teacher=teacher, student=student)


def _answer(model: Model, tokens: Ragged, padding: int) -> Occlusion:
    """Answer a text and its variants; in one pass, unless they are very long."""
    probabilities = torch.empty(len(tokens), model.config.num_labels)
    for examples, output in states_of(model, tokens, padding=padding, n_tokens=16_384):
        probabilities[examples.cpu()] = output.logits.float().softmax(dim=-1).cpu()
    label = int(probabilities[0].argmax())
    whole, *rest = probabilities[:, label].double().tolist()
    return Occlusion(label=label, probability=whole, changes=tuple(value - whole for value in rest))
