"""Teacher and student read texts: what each token looks at, what each layer makes of it, what each word is worth."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from distil_core.analysis.attention import MAX_TOKENS, AttentionReading, LayerSimilarity, Occlusion, OcclusionPair
from distil_core.analysis.model_pair import ModelPair
from distil_core.data.corpus import SEGMENT_MARK, Place, join_segments, split_segments
from distil_core.data.tokenization import Ragged, encode, inputs_of
from distil_core.errors import CorpusError
from distil_core.functional.similarity import cka_matrix
from distil_core.models.forward import attention_maps, predict, states_of
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
    pair = replace(pair, max_length=min(pair.max_length, MAX_TOKENS))
    encoded, sites = _encoded(pair, text), pair.encode((text,)).sites
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
        places=pair.places(text),
        positions=(0,) * len(sites) if sites.positions is None else tuple(sites.positions.tolist()),
    )


def _encoded(pair: ModelPair, text: str) -> _Text:
    tokens = encode(pair.tokenizer, (text,), max_length=pair.max_length).to(pair.teacher.device)
    encoding = pair.tokenizer(*inputs_of((text,)), truncation="longest_first", max_length=pair.max_length).encodings[0]
    if all(encoding.special_tokens_mask):
        raise CorpusError("the text must have at least one word that the models can read; type another one")
    truncated = bool(encoding.overflowing)
    read = _read(text, encoding) if truncated else text
    return _Text(tokens=tokens, encoding=encoding, read=read, truncated=truncated)


def _read(text: str, encoding: Any) -> str:
    """Return a text up to where each of its segments is read."""
    segments = split_segments(text)
    stops = [0] * len(segments)
    for number, (_, stop) in zip(encoding.sequence_ids, encoding.offsets, strict=True):
        if number is not None:
            stops[number] = max(stops[number], stop)
    return join_segments(segment[:stop] for segment, stop in zip(segments, stops, strict=True))


def _maps(model: Model, tokens: Ragged, *, padding: int) -> np.ndarray:
    ((_, output),) = states_of(model, tokens, padding=padding, output_attentions=True)
    return torch.cat(attention_maps(model, output)).float().cpu().numpy()


def _readable(tokenizer: Any, encoding: Any, text: str) -> tuple[str, ...]:
    """Name the tokens as they stand in the text, and special ones alike for all models."""
    special = {tokenizer.cls_token_id: "[CLS]", tokenizer.sep_token_id: "[SEP]", tokenizer.unk_token_id: "[UNK]"}
    names: list[str] = []
    segments, words = split_segments(text), list(zip(encoding.sequence_ids, encoding.word_ids, strict=True))
    for i, (token, (start, stop), word) in enumerate(zip(encoding.ids, encoding.offsets, words, strict=True)):
        name = special.get(token) or segments[word[0] or 0][start:stop].strip() or "␣"
        goes_on = i > 0 and word[1] is not None and word == words[i - 1]
        if word[0] and word[0] not in {number for number, _ in words[:i]}:
            name = f"{SEGMENT_MARK} {name}"
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
    tokens = tokens.first(n_texts).to(pair.teacher.device)
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


def occlude(pair: ModelPair, text: str, *, site: int = 0) -> OcclusionPair:
    """Leave each word out of a text in turn, and say how the answer of both models at one of its sites changes.

    Words are what stands between spaces, with the punctuation at them. Only what :func:`read_attention` reads counts.

    Raises:
        CorpusError: If the tokenizer finds nothing in the text.
    """
    whole = _encoded(replace(pair, max_length=min(pair.max_length, MAX_TOKENS)), text).read
    spans = [match.span() for match in _WORD.finditer(whole)]
    words = [whole[start:stop] for start, stop in spans]
    if pair.task.points:
        raise CorpusError(
            "what leaving out a word changes cannot be asked where models choose words of the text: one would be gone; "
            "look at a run of another task"
        )
    encoded = pair.encode([whole, *(_without(whole, span) for span in spans)])
    places, offsets = pair.places(whole), encoded.sites.offsets.tolist()[1:]
    rows = []
    for span, (offset, end) in zip(spans, pairwise(offsets), strict=True):
        left = _site_without(places, site, span, n_sites=end - offset)
        rows.append(None if left is None else offset + left)
    padding = pair.tokenizer.pad_token_id

    def answer(model: Model) -> Occlusion:
        probabilities = predict(model, encoded.tokens, padding=padding, sites=encoded.sites).softmax(dim=-1)
        label = int(probabilities[site].argmax())
        shares = probabilities[:, label].double().tolist()
        changes = tuple(None if row is None else shares[row] - shares[site] for row in rows)
        return Occlusion(label=label, probability=shares[site], changes=changes)

    return OcclusionPair(words=tuple(words), teacher=answer(pair.teacher), student=answer(pair.student))


def _without(text: str, word: tuple[int, int]) -> str:
    """Return a text without one of its words, with a space between all others of a segment."""
    start, end = word
    return join_segments(" ".join(segment.split()) for segment in split_segments(f"{text[:start]} {text[end:]}"))


def _site_without(places: Sequence[Place], site: int, word: tuple[int, int], *, n_sites: int) -> int | None:
    """Return which site of a text without one of its words a site was; None where it has gone with the word.

    Args:
        places: Of the text.
        site: The site in it.
        word: Where the word that is left out begins and ends.
        n_sites: Sites that the text has without it.
    """
    if n_sites == len(places):
        return site
    rest = [i for i, place in enumerate(places) if not (word[0] <= place.start and place.end <= word[1])]
    return rest.index(site) if site in rest and len(rest) == n_sites else None
