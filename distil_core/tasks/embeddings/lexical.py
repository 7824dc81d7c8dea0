"""The baseline: likeness by TF-IDF, search by BM25."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from distil_core.data.corpus import split_segments
from distil_core.tasks.embeddings.judge import Judge


@dataclass(frozen=True, slots=True, kw_only=True)
class LexicalAnswers:
    """Texts, a row each, and their TF-IDF vectors."""

    rows: tuple[str, ...]
    vectors: Any

    def quality(self, judge: Judge) -> np.ndarray:
        """Return what they are worth to each example; see :meth:`Judge.quality`."""
        import bm25s

        first, second = (self.vectors[judge.pairs[:, column]] for column in (1, 2))
        likeness = np.asarray(first.multiply(second).sum(axis=1)).ravel()
        if not len(judge.queries):
            return judge.quality(likeness, lambda query: np.zeros(0))
        index = bm25s.BM25()
        documents = bm25s.tokenize([self.rows[row] for row in judge.documents[:, 1]], show_progress=False)
        index.index(documents, show_progress=False)

        def search(query: int) -> np.ndarray:
            (words,) = bm25s.tokenize([self.rows[judge.queries[query, 1]]], return_ids=False, show_progress=False)
            known = [word for word in words if word in index.vocab_dict]
            return np.asarray(index.get_scores(known)) if known else np.zeros(len(judge.documents))

        return judge.quality(likeness, search)


@dataclass(frozen=True, slots=True, kw_only=True)
class LexicalBaseline:
    """Words weighed by TF-IDF; BM25 needs no more than the texts that are searched in."""

    vectorizer: Any

    @classmethod
    def fit(cls, texts: Sequence[str]) -> "LexicalBaseline":
        """Learn how common words are."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
        try:
            vectorizer.fit(texts)
        except ValueError:  # no word at all
            vectorizer.set_params(token_pattern=r"(?u)\S")
            vectorizer.fit([*texts, "."])
        return cls(vectorizer=vectorizer)

    @property
    def n_parameters(self) -> int:
        """Weights of words."""
        return int(self.vectorizer.idf_.size)

    @property
    def bytes(self) -> int:
        """Size of weights and words, as they would be stored."""
        return int(self.vectorizer.idf_.nbytes) + sum(len(word.encode()) + 1 for word in self.vectorizer.vocabulary_)

    def predict(self, texts: Sequence[str]) -> LexicalAnswers:
        """Return texts and their vectors, a row for each segment."""
        rows = tuple(segment for text in texts for segment in split_segments(text))
        return LexicalAnswers(rows=rows, vectors=self.vectorizer.transform(rows))
