"""Teacher and student read texts: what each token looks at, what each layer makes of it, what each word is worth."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from distil_core.analysis.attention import MAX_TOKENS, AttentionReading, LayerSimilarity, Occlusion, OcclusionPair
from distil_core.analysis.model_pair import ModelPair
from distil_core.data.corpus import SEGMENT_MARK, Place, join_segments, split_segments
from distil_core.data.sites import EncodedSplit, Sites
from distil_core.data.tokenization import Ragged, encode, inputs_of
from distil_core.errors import CorpusError
from distil_core.functional.similarity import cka_matrix
from distil_core.models.forward import attention_maps, predict, states_of
from distil_core.models.pooling import PooledEncoder
from distil_core.tasks.qa.windows import window_encodings
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


def read_attention(pair: ModelPair, text: str, *, part: int = 0) -> AttentionReading:
    """Return what both models look at in a text, of which at most :data:`attention.MAX_TOKENS` tokens are read at once.

    Args:
        pair: The models.
        text: What they read.
        part: Which of its parts, where it is longer and they read it in several that overlap, as contexts of questions.

    Raises:
        CorpusError: If the tokenizer finds nothing in the text.
    """
    texts = _read_alone(pair, text)
    pair = replace(pair, max_length=min(pair.max_length, MAX_TOKENS // len(texts)))
    whole = pair.encode((text,))
    sites = whole.sites
    parts = [_window(pair, text, whole, part)] if pair.task.points else [_encoded(pair, each) for each in texts]
    config = pair.teacher.config
    window, local = _local_layers(config)
    tokens = [_readable(pair.tokenizer, part.encoding, alone) for part, alone in zip(parts, texts, strict=True)]
    special = [bool(flag) for part in parts for flag in part.encoding.special_tokens_mask]
    lengths = [len(names) for names in tokens]

    def reads(model: Model) -> tuple[tuple[int, ...], ...]:
        return _pointed(pair, model, whole, part) if pair.task.points else _read_from(model, sites, lengths)

    return AttentionReading(
        tokens=_marked(tokens, special),
        special=tuple(special),
        teacher=_maps(pair.teacher, parts, padding=pair.tokenizer.pad_token_id),
        student=_maps(pair.student, parts, padding=pair.tokenizer.pad_token_id),
        truncated=any(part.truncated for part in parts),
        shares_layers=config.model_type == "albert",
        window=window,
        local=local,
        places=pair.places(text),
        n_texts=len(texts),
        teacher_reads=reads(pair.teacher),
        student_reads=reads(pair.student),
        parts=tuple(sites.rows.tolist()) if pair.task.points else (0,) * len(sites),
        part=part,
    )


def _read_alone(pair: ModelPair, text: str) -> tuple[str, ...]:
    """Return what of a text the models read by itself: all of it, or each segment."""
    return tuple(split_segments(text)) if pair.task.segments_apart else (text,)


def _marked(parts: Sequence[Sequence[str]], special: Sequence[bool]) -> tuple[str, ...]:
    """Lay the tokens of parts end to end, with a mark at the first word of each but the first part."""
    names = [name for part in parts for name in part]
    for start in list(accumulate(map(len, parts)))[:-1]:
        first = next(i for i in range(start, len(names)) if not special[i])
        names[first] = f"{SEGMENT_MARK} {names[first]}"
    return tuple(names)


def _read_from(model: Model, sites: Sites, lengths: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Return for each site the tokens that the answer is read from, where parts of these lengths lie end to end."""
    if isinstance(model, PooledEncoder):
        stops = list(accumulate(lengths))
        mean = model.pooling.mode == "mean"
        return tuple(
            tuple(range(stop - n, stop if mean else stop - n + 1)) for n, stop in zip(lengths, stops, strict=True)
        )
    return ((0,),) * len(sites) if sites.positions is None else tuple((i,) for i in sites.positions.tolist())


def _encoded(pair: ModelPair, text: str) -> _Text:
    tokens = encode(pair.tokenizer, (text,), max_length=pair.max_length).to(pair.teacher.device)
    encoding = pair.tokenizer(*inputs_of((text,)), truncation="longest_first", max_length=pair.max_length).encodings[0]
    if all(encoding.special_tokens_mask):
        raise CorpusError("the text must have at least one word that the models can read; type another one")
    truncated = bool(encoding.overflowing)
    read = _read(text, encoding) if truncated else text
    return _Text(tokens=tokens, encoding=encoding, read=read, truncated=truncated)


def _window(pair: ModelPair, text: str, whole: EncodedSplit, part: int) -> _Text:
    """Return one of the windows in which a text is read, whose tokens are a row each."""
    encoding = window_encodings(pair.tokenizer, text, max_length=pair.max_length)[part]
    tokens, (start, stop) = whole.tokens, whole.tokens.offsets[part : part + 2].tolist()
    row = replace(
        tokens,
        ids=tokens.ids[start:stop],
        offsets=tokens.offsets[part : part + 2] - start,
        types=None if tokens.types is None else tokens.types[start:stop],
    )
    return _Text(tokens=row, encoding=encoding, read=text, truncated=False)


def _pointed(pair: ModelPair, model: Model, whole: EncodedSplit, part: int) -> tuple[tuple[int, ...], ...]:
    """Return for each site of a window the token that a model takes for it; the first one where there is no answer."""
    first, stop = whole.sites.offsets[part : part + 2].tolist()
    logits = predict(model, whole.tokens, padding=pair.tokenizer.pad_token_id, sites=whole.sites)[first:stop]
    assert whole.sites.positions is not None
    begins = whole.sites.positions[first:stop].tolist()
    chosen = logits.argmax(dim=-1).tolist()
    return tuple((begin + token - 1 if token else 0,) for begin, token in zip(begins, chosen, strict=True))


def _read(text: str, encoding: Any) -> str:
    """Return a text up to where each of its segments is read."""
    segments = split_segments(text)
    stops = [0] * len(segments)
    for number, (_, stop) in zip(encoding.sequence_ids, encoding.offsets, strict=True):
        if number is not None:
            stops[number] = max(stops[number], stop)
    return join_segments(segment[:stop] for segment, stop in zip(segments, stops, strict=True))


def _maps(model: Model, parts: Sequence[_Text], *, padding: int) -> np.ndarray:
    """Return the maps of parts that lie end to end: none looks at a token of another."""
    blocks = []
    for part in parts:
        ((_, output),) = states_of(model, part.tokens, padding=padding, output_attentions=True)
        blocks.append(torch.cat(attention_maps(model, output)).float().cpu().numpy())
    stops = list(accumulate(block.shape[-1] for block in blocks))
    maps = np.zeros((*blocks[0].shape[:2], stops[-1], stops[-1]), dtype=blocks[0].dtype)
    for block, stop in zip(blocks, stops, strict=True):
        maps[:, :, stop - block.shape[-1] : stop, stop - block.shape[-1] : stop] = block
    return maps


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
        texts: Texts to read, from the first on, where segments are read by themselves each of them; a single one would
            have too few tokens.
        n_tokens: Tokens to read at most, though one text at least; special ones are read but not compared.
    """
    parts = [part for text in texts[:n_tokens] for part in _read_alone(pair, text)]
    tokens = encode(pair.tokenizer, parts, max_length=pair.max_length)
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
