"""The baseline that every student must beat: the sentence of the context that has most words of the question."""

import re
from collections.abc import Sequence

import torch
from jaxtyping import Int
from torch import Tensor

from distil_core.data.corpus import split_segments
from distil_core.tasks.qa.spans import MAX_TOKENS, Windows

_SENTENCE = re.compile(r"\S(?:[^.!?]|[.!?](?!\s))*[.!?]*")
_WORD = re.compile(r"\w+")
_CERTAIN = 10.0
"""Logit of the tokens that are chosen; that of all others is 0."""


class SentenceOverlap:
    """Answers with the sentence in which most of the question's words stand; it learns nothing."""

    n_parameters = 0
    bytes = 0

    def predict(self, texts: Sequence[str]) -> Int[Tensor, "texts 2"]:
        """Return the first character of an answer in the context, and the one behind it, of each question."""
        return torch.tensor([_sentence(*split_segments(text)) for text in texts], dtype=torch.int64).view(-1, 2)


def _sentence(question: str, context: str) -> tuple[int, int]:
    wanted = set(_WORD.findall(question.lower()))
    sentences = [match.span() for match in _SENTENCE.finditer(context)]
    shared = [len(wanted & set(_WORD.findall(context[start:end].lower()))) for start, end in sentences]
    return sentences[shared.index(max(shared))] if sentences else (0, 0)


def at_tokens(spans: Int[Tensor, "texts 2"], windows: Windows, *, n_classes: int) -> Tensor:
    """Return logits of the starts and ends of spans in windows; a span longer than answers may be is cut off."""
    logits = torch.zeros(2 * len(windows), n_classes)
    for window, owner in enumerate(windows.owners.tolist()):
        start, end = spans[owner].tolist()
        part = slice(*windows.offsets[window : window + 2].tolist())
        inside = ((windows.ends[part] > start) & (windows.starts[part] < end)).nonzero()[0]
        if len(inside) and windows.starts[part][inside[0]] <= start:
            first, last = int(inside[0]), min(int(inside[-1]), int(inside[0]) + MAX_TOKENS - 1)
            # Of two windows that it begins in, the one that has more of it.
            logits[2 * window, 1 + first] = _CERTAIN
            logits[2 * window + 1, 1 + last] = _CERTAIN + (last - first) / MAX_TOKENS
    return logits
