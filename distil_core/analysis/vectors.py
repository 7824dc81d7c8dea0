"""What two models' vectors say: how alike texts are, what a search ranks first, and how likeness looks when softened.

Takes the vectors that a run has stored, or those of a text of one's own; needs neither torch nor a model.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from distil_core.data.corpus import LabeledText, split_segments
from distil_core.evaluation.predictions import SplitPredictions, softmax
from distil_core.settings.config import SIMILARITY_SCALE

MOVES = (
    (-1, "first answer higher"),
    (0, "at the same place"),
    (3, "up to 3 places lower"),
    (math.inf, "further down"),
)
"""How many places lower a student has the first answer to a query at most, and what that is called."""
_QUALITY_NDCG, _QUALITY_QUERY = 6, 9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VectorTexts:
    """Texts with the unit vectors of teacher and student, a row each.

    ``examples`` tells which test example each belongs to, and ``searched`` the rows in which a search looks.
    """

    texts: tuple[str, ...]
    teacher: np.ndarray
    student: np.ndarray
    examples: np.ndarray
    searched: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class PairLikeness:
    """How alike two texts are: by people where they have said so, and the cosines of teacher and student."""

    texts: tuple[str, str]
    score: float | None
    teacher: float
    student: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedText:
    """A text that a search has found: its ranks from 1 and cosines, and how well it answers where that is known."""

    text: str
    teacher_rank: int
    student_rank: int
    teacher_cosine: float
    student_cosine: float
    gain: float | None

    @property
    def moved(self) -> int:
        """How many places the student has it above the teacher's."""
        return self.teacher_rank - self.student_rank


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedQuery:
    """A test query with the nDCG@10 of both models, and the rank that the first of its answers has, from 1."""

    query: str
    teacher: float
    student: float
    teacher_rank: int
    student_rank: int

    @property
    def move(self) -> str:
        """Say in a few words how the first answer moved from the teacher's ranking to the student's."""
        places = self.student_rank - self.teacher_rank
        return next(name for highest, name in MOVES if places <= highest)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarityRow:
    """How alike a text is to the others of a batch, by both models: the scaled cosines, which serve as logits."""

    text: str
    others: tuple[str, ...]
    teacher: tuple[float, ...]
    student: tuple[float, ...]

    def shares(self, temperature: float) -> list[tuple[str, float, float, float, float]]:
        """Return each other text with its cosines and with its shares at a temperature, by teacher and student."""
        shares = (softmax(logits, temperature) for logits in (self.teacher, self.student))
        cosines = ([logit / SIMILARITY_SCALE for logit in logits] for logits in (self.teacher, self.student))
        return list(zip(self.others, *cosines, *shares, strict=True))


def vector_texts(texts: Sequence[LabeledText], test: SplitPredictions) -> VectorTexts:
    """Gather the test texts of a run with their vectors; a search looks in the collection, or in all without one."""
    segments = [segment for example in texts for segment in split_segments(example.text)]
    documents = [i for i, example in enumerate(texts) if example.label is None]
    searched = np.isin(test.examples, documents) if documents else np.ones(len(segments), dtype=bool)
    return VectorTexts(
        texts=tuple(segments),
        teacher=units(test.teacher.logits),
        student=units(test.logits),
        examples=np.asarray(test.examples),
        searched=np.flatnonzero(searched),
    )


def units(vectors: np.ndarray) -> np.ndarray:
    """Return vectors at a length of 1; those of length 0 stay."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12))


def pair_likenesses(texts: Sequence[LabeledText], vectors: VectorTexts) -> tuple[PairLikeness, ...]:
    """Return the test pairs, those first whose likeness student and teacher see most differently."""
    likenesses = []
    for i, example in enumerate(texts):
        rows = np.flatnonzero(vectors.examples == i)
        if len(rows) == 2:
            first, second = (vectors.texts[row] for row in rows)
            cosines = [float(side[rows[0]] @ side[rows[1]]) for side in (vectors.teacher, vectors.student)]
            pair = PairLikeness(texts=(first, second), score=example.label, teacher=cosines[0], student=cosines[1])
            likenesses.append(pair)
    return tuple(sorted(likenesses, key=lambda pair: -abs(pair.teacher - pair.student)))


def queries(texts: Sequence[LabeledText], test: SplitPredictions, vectors: VectorTexts) -> tuple[JudgedQuery, ...]:
    """Return the test queries, those first at which the student falls behind its teacher most."""
    if test.quality is None or test.teacher_quality is None:
        return ()
    judged = []
    for example in np.flatnonzero(test.quality[:, _QUALITY_QUERY] > 0).tolist():
        (row,) = np.flatnonzero(vectors.examples == example)
        gains = {int(place): gain for place, gain in texts[example].label}
        teacher_rank, student_rank = (
            _first_rank(vectors, side, int(row), gains) for side in (vectors.teacher, vectors.student)
        )
        judged.append(
            JudgedQuery(
                query=texts[example].text,
                teacher=float(test.teacher_quality[example, _QUALITY_NDCG]),
                student=float(test.quality[example, _QUALITY_NDCG]),
                teacher_rank=teacher_rank,
                student_rank=student_rank,
            )
        )
    return tuple(sorted(judged, key=lambda query: query.student - query.teacher))


def _first_rank(vectors: VectorTexts, side: np.ndarray, query: int, gains: Mapping[int, float | None]) -> int:
    """Return the rank of the first answer to a query."""
    rows = _ranked_rows(vectors, vectors.texts[query], gains)
    order = rows[np.argsort(-(side[rows] @ side[query]), kind="stable")]
    return int(np.isin(vectors.examples[order], [place for place, gain in gains.items() if gain]).argmax()) + 1


def _ranked_rows(vectors: VectorTexts, query: str, gains: Mapping[int, float | None]) -> np.ndarray:
    """Return the rows that are ranked for a query: those in which a search looks, but for the query itself."""
    itself = {place for place, gain in gains.items() if gain is None}
    rows = vectors.searched.tolist()
    return np.array(
        [row for row in rows if vectors.texts[row] != query and int(vectors.examples[row]) not in itself],
        dtype=np.int64,
    )


def search(
    vectors: VectorTexts, texts: Sequence[LabeledText], query: str, *, teacher: np.ndarray, student: np.ndarray, n: int
) -> tuple[RankedText, ...]:
    """Return what either model has among its first texts for a query, in the order of the teacher.

    Args:
        vectors: Where to search.
        texts: The test texts, which may know what answers the query.
        query: What is asked.
        teacher: The teacher's vector of the query.
        student: The student's.
        n: How many texts are first.
    """
    judgments = next((example.label for example in texts if example.text == query and example.label), None)
    gains = {int(place): gain for place, gain in judgments} if isinstance(judgments, list | tuple) else None
    rows = _ranked_rows(vectors, query, gains or {})
    sides = ((vectors.teacher, teacher), (vectors.student, student))
    cosines = [side[rows] @ units(vector) for side, vector in sides]
    ranks = [np.empty(len(rows), dtype=np.int64) for _ in cosines]
    for rank, values in zip(ranks, cosines, strict=True):
        rank[np.argsort(-values, kind="stable")] = np.arange(1, len(rows) + 1)
    first = [i for i in np.argsort(ranks[0]).tolist() if min(ranks[0][i], ranks[1][i]) <= n]
    return tuple(
        RankedText(
            text=vectors.texts[rows[i]],
            teacher_rank=int(ranks[0][i]),
            student_rank=int(ranks[1][i]),
            teacher_cosine=float(cosines[0][i]),
            student_cosine=float(cosines[1][i]),
            gain=None if gains is None else float(gains.get(int(vectors.examples[rows[i]])) or 0.0),
        )
        for i in first
    )


def similarity_row(vectors: VectorTexts, row: int, *, n: int) -> SimilarityRow:
    """Return how alike a text is to others of a batch, as a student is taught it: the next ``n`` that are searched.

    Args:
        vectors: The texts.
        row: Which of the texts that are searched.
        n: How many others.
    """
    searched = vectors.searched
    chosen = [int(searched[(row + step) % len(searched)]) for step in range(min(n + 1, len(searched)))]
    text, *others = chosen
    teacher, student = (
        tuple((SIMILARITY_SCALE * side[others] @ side[text]).tolist()) for side in (vectors.teacher, vectors.student)
    )
    return SimilarityRow(
        text=vectors.texts[text],
        others=tuple(vectors.texts[other] for other in others),
        teacher=teacher,
        student=student,
    )
