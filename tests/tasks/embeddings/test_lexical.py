"""The baseline of vectors, against its formulas by hand."""

from collections import Counter
from math import log
from typing import Any, NamedTuple

import numpy as np
import pytest

from distil_core.data.corpus import Split, join_segments
from distil_core.tasks.embeddings.encoding import judge_of
from distil_core.tasks.embeddings.judge import Judge
from distil_core.tasks.embeddings.lexical import LexicalBaseline

TEXTS = (
    "snow fell over snow covered hills",
    "hills near house stood green",
    "cold snow",
    "house burned while people slept soundly through night",
    "nothing else happened",
)
K1, B = 1.5, 0.75


class LabeledRow(NamedTuple):
    """A text of a split and its label."""

    text: str
    label: Any


def bm25(query: str, texts: tuple[str, ...]) -> np.ndarray:
    """Robertson and Zaragoza (2009), with the inverse document frequency that Lucene has, which is never negative."""
    documents = [text.split() for text in texts]
    mean = sum(map(len, documents)) / len(documents)
    scores = np.zeros(len(documents))
    for word in query.split():
        n = sum(word in document for document in documents)
        weight = log(1 + (len(documents) - n + 0.5) / (n + 0.5))
        for row, document in enumerate(documents):
            count = Counter(document)[word]
            scores[row] += weight * count / (count + K1 * (1 - B + B * len(document) / mean))
    return scores


@pytest.mark.parametrize("query", ["snow hills", "house", "people slept near snow", "unheard words"])
def test_a_search_ranks_by_bm25(query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[np.ndarray] = []

    def quality(_: Judge, likeness: np.ndarray, search) -> np.ndarray:
        searched.append(search(0))
        return likeness

    monkeypatch.setattr(Judge, "quality", quality)
    n = len(TEXTS)
    pair = LabeledRow(join_segments([TEXTS[0], TEXTS[2]]), 1.0)
    documents = [LabeledRow(text, None) for text in TEXTS]
    asked = LabeledRow(query, tuple((1 + i, 1.0) for i in range(n)))
    rows = (pair, *documents, asked)
    judge = judge_of(Split(texts=tuple(row.text for row in rows), labels=tuple(row.label for row in rows)))
    assert judge is not None
    answers = LexicalBaseline.fit(TEXTS).predict([row.text for row in rows])
    likeness = answers.quality(judge)
    (found,) = searched
    assert found == pytest.approx(bm25(query, TEXTS), rel=1e-5, abs=1e-6)
    first, second = (answers.vectors[row].toarray()[0] for row in (0, 1))
    assert likeness[0] == pytest.approx(float(first @ second), abs=1e-6)
    assert 0 < likeness[0] < 1
