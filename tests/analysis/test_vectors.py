"""What vectors say, on texts whose vectors are obvious."""

from dataclasses import replace

import numpy as np
import pytest

from distil_core.analysis import vectors
from distil_core.data.corpus import LabeledText, Place, join_segments
from distil_core.evaluation.predictions import SplitPredictions, split_predictions

ANGLES = {"a": 0, "b": 10, "c": 0, "d": 80, "near": 5, "middle": 40, "far": 85, "query": 0}
"""The teacher's vector of each text, as an angle in degrees; the student has those of "near" and "far" exchanged."""
EXCHANGED = {**ANGLES, "near": 85, "far": 5}
TEXTS = (
    (join_segments(("a", "b")), 5.0),
    (join_segments(("c", "d")), 1.0),
    ("near", None),
    ("middle", None),
    ("far", None),
    ("query", [[2, 2.0]]),
)


def texts() -> tuple[LabeledText, ...]:
    return tuple(LabeledText(text=text, label=label, places=(Place.whole(text),)) for text, label in TEXTS)


def of(angles: dict[str, int]) -> np.ndarray:
    radians = np.radians(list(angles.values()))
    return 3 * np.column_stack([np.cos(radians), np.sin(radians)])


def answers() -> SplitPredictions:
    quality = np.zeros((6, 10))
    quality[5, 6:] = (0.5, 1.0, 1.0, 1.0)
    return split_predictions(
        of(EXCHANGED),
        np.full(8, -100),
        teacher_logits=of(ANGLES),
        examples=np.array([0, 0, 1, 1, 2, 3, 4, 5]),
        quality=quality,
        teacher_quality=quality * 2,
    )


def test_likeness_is_a_cosine() -> None:
    pairs = vectors.pair_likenesses(texts(), vectors.vector_texts(texts(), answers()))
    assert [pair.texts for pair in pairs] == [("a", "b"), ("c", "d")]
    assert pairs[0].score == 5.0
    assert pairs[0].teacher == pairs[0].student == pytest.approx(np.cos(np.radians(10)))


def test_a_search_ranks_the_collection_alone() -> None:
    gathered = vectors.vector_texts(texts(), answers())
    ranking = vectors.search(gathered, texts(), "query", teacher=of(ANGLES)[7], student=of(EXCHANGED)[7], n=2)
    assert [(text.text, text.teacher_rank, text.student_rank, text.moved) for text in ranking] == [
        ("near", 1, 3, -2),
        ("middle", 2, 2, 0),
        ("far", 3, 1, 2),
    ]
    assert [text.gain for text in ranking] == [2.0, 0.0, 0.0]


def test_what_answers_a_query_of_ones_own_is_not_known() -> None:
    gathered = vectors.vector_texts(texts(), answers())
    ranking = vectors.search(gathered, texts(), "mine", teacher=of(ANGLES)[7], student=of(EXCHANGED)[7], n=1)
    assert {text.gain for text in ranking} == {None}
    assert {text.text for text in ranking} == {"near", "far"}


def test_without_a_collection_all_texts_are_searched_but_the_query_itself() -> None:
    of_pairs = SplitPredictions(
        logits=of(ANGLES)[:4],
        teacher_logits=of(ANGLES)[:4],
        targets=np.full(4, -100),
        examples=np.array([0, 0, 1, 1]),
        n_examples=2,
    )
    gathered = vectors.vector_texts(texts()[:2], of_pairs)
    ranking = vectors.search(gathered, texts()[:2], "a", teacher=of(ANGLES)[0], student=of(ANGLES)[0], n=1)
    assert [text.text for text in ranking] == ["c"]
    assert vectors.queries(texts()[:2], of_pairs, gathered) == ()


def test_queries_at_which_the_student_falls_behind_come_first() -> None:
    (query,) = vectors.queries(texts(), answers(), vectors.vector_texts(texts(), answers()))
    assert (query.query, query.teacher, query.student) == ("query", 1.0, 0.5)
    assert (query.teacher_rank, query.student_rank) == (1, 3)
    assert query.move == "up to 3 places lower"
    moves = [replace(query, student_rank=rank).move for rank in (1, 5)]
    assert moves == ["at the same place", "further down"]
    assert replace(query, teacher_rank=9).move == "first answer higher"


def test_a_query_that_is_a_text_itself_is_not_ranked_for_itself() -> None:
    told = texts()
    itself = (*told[:5], replace(told[5], label=[[2, None], [3, 2.0]]))
    gathered = vectors.vector_texts(itself, answers())
    ranking = vectors.search(gathered, itself, "query", teacher=of(ANGLES)[7], student=of(EXCHANGED)[7], n=2)
    assert [(text.text, text.teacher_rank, text.gain) for text in ranking] == [("middle", 1, 2.0), ("far", 2, 0.0)]
    (query,) = vectors.queries(itself, answers(), gathered)
    assert (query.teacher_rank, query.student_rank) == (1, 2)


def test_similarities_are_softened_over_the_others() -> None:
    row = vectors.similarity_row(vectors.vector_texts(texts(), answers()), 0, n=5)
    assert row.text == "near"
    assert row.others == ("middle", "far")
    assert row.teacher == pytest.approx([20 * np.cos(np.radians(35)), 20 * np.cos(np.radians(80))])
    shares = row.shares(2.0)
    assert sum(share[3] for share in shares) == pytest.approx(1.0)
    assert shares[0][1] == pytest.approx(np.cos(np.radians(35)))
