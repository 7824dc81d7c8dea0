"""Texts of a corpus as tokens and sites; those of the last corpora are kept."""

from collections import OrderedDict

import torch

from distil_core.data.corpus import Corpus
from distil_core.data.sites import EncodedSplit
from distil_core.tasks.task import Task
from distil_core.types import Tokenizer

SPLITS = ("train", "validation", "test")

_recent: OrderedDict[tuple[object, ...], dict[str, EncodedSplit]] = OrderedDict()


def recent_splits(
    task: Task, corpus: Corpus, tokenizer: Tokenizer, checkpoint: str, *, max_length: int, device: torch.device
) -> dict[str, EncodedSplit]:
    """Do what :func:`encode_corpus` does, but not again for the twins of a run."""
    key = (task.name, corpus.digest, checkpoint, max_length, str(device))
    if key not in _recent:
        _recent[key] = encode_corpus(task, corpus, tokenizer, max_length=max_length, device=device)
    _recent.move_to_end(key)
    while len(_recent) > 2:
        _recent.popitem(last=False)
    return _recent[key]


def encode_corpus(
    task: Task, corpus: Corpus, tokenizer: Tokenizer, *, max_length: int, device: torch.device
) -> dict[str, EncodedSplit]:
    """Turn all splits into tokens and sites."""
    limit = min(max_length, tokenizer.model_max_length)
    return {name: task.encode(tokenizer, getattr(corpus, name), max_length=limit).to(device) for name in SPLITS}
