"""Questions and contexts as tokens: a context that is too long is read in windows that overlap."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from distil_core.data.corpus import Label, Split, split_segments
from distil_core.data.sites import UNKNOWN, EncodedSplit, Pointers, Sites
from distil_core.data.tokenization import Ragged
from distil_core.errors import CorpusError
from distil_core.tasks.qa.spans import Windows

_CHUNK = 1_000
"""Questions that a tokenizer gets at once."""


def overlap(max_length: int) -> int:
    """Return how many tokens of the context two windows share: a third of a window's length, at most 128."""
    return min(max_length // 3, 128)


def encode_windows(tokenizer: Any, split: Split, *, max_length: int) -> EncodedSplit:
    """Return questions as rows of tokens, one a window, each with two sites: where the answer starts and ends.

    The right class of a site is the token of the first of the right answers; that there is none, where no answer lies
    in the window as a whole.

    Args:
        tokenizer: A fast transformers tokenizer.
        split: Questions and contexts, with the right answers of each.
        max_length: Tokens of a window at most, special ones and the question included.

    Raises:
        CorpusError: If a question leaves no room for its context.
    """
    pairs = [split_segments(text) for text in split.texts]
    questions, contexts = [pair[0] for pair in pairs], [pair[-1] if len(pair) > 1 else "" for pair in pairs]
    _refuse_long(tokenizer, questions, max_length=max_length)
    parts = [
        _windows(
            tokenizer,
            questions[start : start + _CHUNK],
            contexts[start : start + _CHUNK],
            split.labels[start : start + _CHUNK],
            first=start,
            max_length=max_length,
        )
        for start in range(0, len(pairs), _CHUNK)
    ]
    ids, types, lengths, owners, firsts, counts, starts, ends, targets = (
        np.concatenate(columns) for columns in zip(*parts, strict=True)
    )
    n_windows = len(owners)
    windows = Windows(
        contexts=tuple(contexts),
        gold=split.labels,
        owners=owners,
        offsets=np.concatenate([[0], counts.cumsum()]),
        starts=starts,
        ends=ends,
        may_be_empty=any(label is not None and not len(label) for label in split.labels),
    )
    return EncodedSplit(
        tokens=Ragged(
            ids=torch.from_numpy(ids),
            offsets=torch.from_numpy(np.concatenate([[0], lengths.cumsum()])),
            types=torch.from_numpy(types) if types.any() else None,
        ),
        sites=Sites(
            targets=torch.from_numpy(targets),
            offsets=2 * torch.arange(n_windows + 1),
            positions=torch.from_numpy(firsts.repeat(2)),
            pointers=Pointers(
                columns=torch.arange(2).repeat(n_windows),
                counts=torch.from_numpy(counts.repeat(2)),
                n_classes=max_length,
            ),
            owners=torch.from_numpy(owners),
            judge=windows,
        ),
    )


def _refuse_long(tokenizer: Any, questions: Sequence[str], *, max_length: int) -> None:
    lengths = [len(ids) for ids in tokenizer(list(questions), add_special_tokens=False)["input_ids"]]
    longest = max(range(len(lengths)), key=lengths.__getitem__, default=0)
    special = tokenizer.num_special_tokens_to_add(pair=True)
    if lengths and max_length - special - lengths[longest] <= overlap(max_length):
        needed = next(n for n in range(max_length, 10**6) if n - special - lengths[longest] > overlap(n))
        raise CorpusError(
            f"every question must leave room for its context, but one of {lengths[longest]} tokens "
            f"({_cut(questions[longest])!r}) leaves {max(max_length - special - lengths[longest], 0)} of the "
            f"{max_length} that are read at once; set teacher.max_length to {needed} or more, or shorten the question"
        )


def _cut(text: str, most: int = 40) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _windows(
    tokenizer: Any,
    questions: Sequence[str],
    contexts: Sequence[str],
    labels: Sequence[Label],
    *,
    first: int,
    max_length: int,
) -> tuple[np.ndarray, ...]:
    encoded = _tokenized(tokenizer, questions, contexts, max_length=max_length)
    ids, types, lengths, firsts, counts, starts, ends = [], [], [], [], [], [], []
    targets: list[int] = []
    owners = np.asarray(encoded["overflow_to_sample_mapping"], dtype=np.int64)
    for owner, item in zip(owners.tolist(), encoded.encodings, strict=True):
        in_context = np.array([number == 1 for number in item.sequence_ids])
        spans = np.array(item.offsets, dtype=np.int64).reshape(-1, 2)[in_context]
        ids.append(np.array(item.ids, dtype=np.int32))
        types.append(np.array(item.type_ids, dtype=np.int8))
        lengths.append(len(item.ids))
        firsts.append(int(in_context.argmax()))
        counts.append(len(spans))
        starts.append(spans[:, 0])
        ends.append(spans[:, 1])
        targets += _targets(labels[owner], spans[:, 0], spans[:, 1])
    return (
        np.concatenate(ids),
        np.concatenate(types),
        np.array(lengths, dtype=np.int64),
        owners + first,
        np.array(firsts, dtype=np.int64),
        np.array(counts, dtype=np.int64),
        np.concatenate(starts),
        np.concatenate(ends),
        np.array(targets, dtype=np.int64),
    )


def _tokenized(tokenizer: Any, questions: Sequence[str], contexts: Sequence[str], *, max_length: int) -> Any:
    return tokenizer(
        list(questions),
        list(contexts),
        truncation="only_second",
        max_length=max_length,
        stride=overlap(max_length),
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )


def window_encodings(tokenizer: Any, text: str, *, max_length: int) -> list[Any]:
    """Return what the tokenizer makes of each window of a text, tokens with their places in it."""
    question, context = [*split_segments(text), ""][:2]
    encodings: list[Any] = _tokenized(tokenizer, (question,), (context,), max_length=max_length).encodings
    return encodings


def _targets(label: Label, starts: np.ndarray, ends: np.ndarray) -> tuple[int, int]:
    """Return the classes of the start and the end of the first right answer in a window."""
    if label is None:
        return UNKNOWN, UNKNOWN
    for start, text in label[:1]:
        tokens = ((ends > start) & (starts < start + len(text))).nonzero()[0]
        if len(tokens) and starts[tokens[0]] <= start and ends[tokens[-1]] >= start + len(text):
            return 1 + int(tokens[0]), 1 + int(tokens[-1])
    return 0, 0


def windows_of(sites: Sites) -> Windows:
    """Return the windows that the sites of questions lie in."""
    assert isinstance(sites.judge, Windows)
    return sites.judge


def spans_read(tokenizer: Any, text: str, *, max_length: int) -> tuple[tuple[int, int], ...]:
    """Return which characters of its context each window of a text holds."""
    windows = windows_of(encode_windows(tokenizer, Split.unlabeled((text,)), max_length=max_length).sites)
    edges = zip(windows.offsets[:-1].tolist(), windows.offsets[1:].tolist(), strict=True)
    return tuple(
        (int(windows.starts[first]), int(windows.ends[stop - 1])) if stop > first else (0, 0) for first, stop in edges
    )
