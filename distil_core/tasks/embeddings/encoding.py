"""Texts as tokens, a row each, with who judges the vectors."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from distil_core.data.corpus import Split, split_segments
from distil_core.data.sites import UNKNOWN, EncodedSplit, Sites
from distil_core.data.tokenization import encode as encode_texts
from distil_core.tasks.embeddings.judge import Judge


def encode_rows(tokenizer: Any, split: Split, *, max_length: int) -> EncodedSplit:
    """Return the texts of a split as tokens, a row for each segment, with one site a row."""
    segments = [split_segments(text) for text in split.texts]
    rows = [segment for parts in segments for segment in parts]
    owners = torch.tensor([i for i, parts in enumerate(segments) for _ in parts], dtype=torch.int64)
    sites = Sites(
        targets=torch.full((len(rows),), UNKNOWN),
        offsets=torch.arange(len(rows) + 1),
        owners=owners if len(rows) > len(segments) else None,
        judge=judge_of(split),
    )
    return EncodedSplit(tokens=encode_texts(tokenizer, rows, max_length=max_length), sites=sites)


def judge_of(split: Split) -> Judge | None:
    """Return who judges the vectors of a split; None where nothing is known of its texts."""
    if all(label is None for label in split.labels):
        return None
    rows = np.cumsum([0, *(len(split_segments(text)) for text in split.texts)]).tolist()
    pairs = [i for i, label in enumerate(split.labels) if isinstance(label, float | int)]
    queries = [i for i, label in enumerate(split.labels) if isinstance(label, tuple | list)]
    documents = [i for i, label in enumerate(split.labels) if label is None]
    place = {example: i for i, example in enumerate(documents)}
    return Judge(
        n_examples=len(split),
        pairs=_table([(i, rows[i], rows[i] + 1) for i in pairs], width=3),
        scores=np.array([split.labels[i] for i in pairs], dtype=np.float64),
        queries=_table([(i, rows[i]) for i in queries], width=2),
        documents=_table([(i, rows[i]) for i in documents], width=2),
        gains=tuple(
            (
                np.array([place[example] for example, _ in split.labels[i]], dtype=np.int64),
                np.array([np.nan if gain is None else gain for _, gain in split.labels[i]], dtype=np.float64),
            )
            for i in queries
        ),
    )


def _table(rows: Sequence[tuple[int, ...]], *, width: int) -> np.ndarray:
    return np.array(rows, dtype=np.int64).reshape(-1, width)
