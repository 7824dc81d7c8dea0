"""What teacher and student look at, compared; every expected value can be worked out by hand."""

import math

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from distil_core.analysis import attention as analysis_attention
from distil_core.analysis.attention import AttentionHead, AttentionReading
from distil_core.functional import attention, similarity
from distil_core.functional.attention import Match

AHEAD = np.roll(np.eye(4), 1, axis=1)
BACK = np.roll(np.eye(4), -1, axis=1)
EVEN = np.full((4, 4), 0.25)
SELF = np.eye(4)


def maps(*shape: int, seed: int = 0) -> np.ndarray:
    """Random maps; rows sum to 1."""
    values = np.random.default_rng(seed).random((*shape, shape[-1])).astype(np.float32) ** 3
    return values / values.sum(axis=-1, keepdims=True)


def a_reading(teacher: np.ndarray, student: np.ndarray) -> AttentionReading:
    n = teacher.shape[-1]
    words = tuple(f"w{i}" for i in range(n - 2))
    special = (True, *(False for _ in words), True)
    return AttentionReading(tokens=("[CLS]", *words, "[SEP]"), special=special, teacher=teacher, student=student)


# Without special tokens


def test_what_is_left_of_a_row_sums_to_one() -> None:
    found = attention.without(np.array([[0.5, 0.3, 0.2], [0.5, 0.1, 0.4], [1.0, 0.0, 0.0]]), (True, False, False))
    assert found == pytest.approx(np.array([[0.2, 0.8], [0.0, 0.0]]))


def test_nothing_changes_where_nothing_is_taken_out() -> None:
    assert attention.without(maps(2, 3, 5), (False,) * 5) == pytest.approx(maps(2, 3, 5), abs=1e-6)


# Similarity


def test_heads_are_alike_from_zero_to_one() -> None:
    found = attention.head_similarity(np.stack([SELF, AHEAD, EVEN]), np.stack([SELF, BACK]))
    # One of four against a quarter each: H(5/8, 1/8, 1/8, 1/8) - H(1/4 ...) / 2, in bits.
    mixed = -(0.625 * math.log2(0.625) + 3 * 0.125 * math.log2(0.125))
    assert found == pytest.approx(np.array([[1, 0], [0, 0], [2 - mixed, 2 - mixed]]), abs=1e-6)


def test_similarity_is_that_of_scipy() -> None:
    teacher, student = maps(3, 6), maps(2, 6, seed=1)
    found = attention.head_similarity(teacher, student)
    for t, s in np.ndindex(3, 2):
        expected = 1 - np.mean(jensenshannon(teacher[t], student[s], axis=1, base=2) ** 2)
        assert found[t, s] == pytest.approx(expected, abs=1e-5)


def test_heads_are_assigned_for_the_largest_sum_and_not_greedily() -> None:
    found = attention.match_heads(np.array([[0.9, 0.8], [0.8, 0.1]]))
    assert found == (Match(teacher=1, student=0, similarity=0.8), Match(teacher=0, student=1, similarity=0.8))


def test_heads_too_many_stay_alone() -> None:
    found = attention.match_heads(np.array([[0.1, 0.2], [0.9, 0.3], [0.2, 0.7]]))
    assert [(match.teacher, match.student) for match in found] == [(1, 0), (2, 1)]
    assert len(attention.match_heads(np.ones((1, 3)))) == 1


def test_order_of_heads_does_not_matter_to_layers() -> None:
    teacher = maps(3, 4, 6)
    student = teacher[[2, 0]][:, [3, 1, 0, 2]]
    found = attention.layer_similarity(teacher, student)
    assert found.shape == (3, 2)
    assert (found[2, 0], found[0, 1]) == pytest.approx((1, 1), abs=1e-5)
    assert found[1].max() < 0.95


def test_cka_sees_neither_rotation_nor_scale() -> None:
    x = np.random.default_rng(0).standard_normal((50, 4))
    rotation, _ = np.linalg.qr(np.random.default_rng(1).standard_normal((4, 4)))
    assert similarity.linear_cka(x, 3 * x @ rotation + 7) == pytest.approx(1)


def test_cka_is_its_formula_over_features() -> None:
    x, y = (np.random.default_rng(seed).standard_normal((30, width)) for seed, width in ((0, 5), (1, 3)))
    a, b = x - x.mean(axis=0), y - y.mean(axis=0)
    expected = np.linalg.norm(b.T @ a) ** 2 / (np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b))
    assert similarity.linear_cka(x, y) == pytest.approx(expected)
    assert similarity.cka_matrix([x, y], [y, x]) == pytest.approx(np.array([[expected, 1], [1, expected]]))


def test_cka_of_unrelated_and_of_constant_states_is_zero() -> None:
    x = np.array([[1.0, 0], [-1, 0], [1, 0], [-1, 0]])
    y = np.array([[1.0], [1], [-1], [-1]])
    assert similarity.linear_cka(x, y) == 0
    assert similarity.linear_cka(x, np.ones((4, 3))) == 0


# Through all layers, and how widely


def test_rollout_keeps_half_of_each_token_in_each_layer() -> None:
    assert attention.rollout(SELF[None, None]) == pytest.approx(SELF)
    found = attention.rollout(np.stack([SELF, AHEAD])[None])
    # The mean of both heads is half here and half ahead; with the residual three quarters stay.
    assert found == pytest.approx(0.75 * SELF + 0.25 * AHEAD)


def test_rollout_applies_the_first_layer_first() -> None:
    first = np.array([[1.0, 0], [1, 0]])
    last = np.array([[0.0, 1], [0, 1]])
    # (last + I) / 2 times (first + I) / 2
    expected = np.array([[0.5, 0.5], [0, 1]]) @ np.array([[1, 0], [0.5, 0.5]])
    assert attention.rollout(np.stack([first, last])[:, None]) == pytest.approx(expected)


def test_entropy_of_a_head_is_in_nats() -> None:
    found = attention.head_entropy(np.stack([np.stack([SELF, EVEN]), np.stack([AHEAD, (SELF + AHEAD) / 2])]))
    assert found == pytest.approx(np.array([[0, math.log(4)], [0, math.log(2)]]), abs=1e-6)


# A view


def test_view_takes_special_tokens_out_of_everything() -> None:
    reading = a_reading(maps(3, 4, 6), maps(2, 4, 6, seed=1))
    whole, words = analysis_attention.view(reading, special=True), analysis_attention.view(reading, special=False)
    assert (whole.tokens, whole.special) == (reading.tokens, reading.special)
    assert words.tokens == ("w0", "w1", "w2", "w3")
    assert not any(words.special)
    for side in (words.teacher, words.student):
        assert side.maps.sum(axis=-1) == pytest.approx(np.ones(side.maps.shape[:-1]), abs=1e-5)
        assert side.answers.sum(axis=1) == pytest.approx([1])
        assert side.rollout.shape == (4, 4)
    assert words.teacher.entropies == pytest.approx(attention.head_entropy(words.teacher.maps))
    assert words.similarity == pytest.approx(attention.layer_similarity(words.teacher.maps, words.student.maps))
    assert np.abs(words.similarity - whole.similarity).max() > 1e-4


def test_attention_flows_through_special_tokens_that_are_not_shown() -> None:
    # The first token looks at the last, which has looked at "w0": nothing else reaches the first one.
    first, last = np.zeros((4, 4)), np.zeros((4, 4))
    first[:, 1] = 1
    last[:, 3] = 1
    side = analysis_attention.view(a_reading(np.stack([first, last])[:, None], maps(1, 1, 4)), special=False).teacher
    assert side.answers[0] == pytest.approx([1, 0])


def test_spread_is_a_share_of_the_most_possible() -> None:
    reading = a_reading(np.stack([np.stack([SELF, EVEN])]), np.stack([np.stack([EVEN])]))
    found = analysis_attention.view(reading, special=True)
    assert (found.teacher.spread, found.student.spread) == pytest.approx((0.5, 1), abs=1e-6)
    one = AttentionReading(
        tokens=("w",), special=(False,), teacher=np.ones((1, 1, 1, 1)), student=np.ones((1, 1, 1, 1))
    )
    assert analysis_attention.view(one, special=False).teacher.spread == 0


def test_mapped_pairs_come_first_and_the_deepest_first_of_all() -> None:
    assert analysis_attention.pairs(3, (0, 2)) == ((2, 1), (0, 0), (0, 1), (1, 0), (1, 1), (2, 0))


def test_a_pair_shows_the_mean_or_two_matched_heads() -> None:
    teacher = np.stack([np.stack([EVEN, AHEAD]), np.stack([SELF, BACK])])
    found = analysis_attention.view(a_reading(teacher, teacher[1:, ::-1]), special=True)
    matches = analysis_attention.matches(found, (1, 0))
    assert [(match.teacher, match.student) for match in matches] == [(1, 0), (0, 1)]
    assert [match.similarity for match in matches] == pytest.approx([1, 1])
    means = analysis_attention.pair_maps(found, (1, 0), None)
    assert means[0] == pytest.approx((SELF + BACK) / 2)
    ours, theirs = analysis_attention.pair_maps(found, (1, 0), matches[0])
    assert ours == pytest.approx(BACK)
    assert theirs == pytest.approx(BACK)


def test_a_head_has_its_counterpart_in_mapped_layers_alone() -> None:
    teacher = np.stack([np.stack([EVEN, AHEAD]), np.stack([SELF, BACK])])
    found = analysis_attention.view(a_reading(teacher, teacher[1:, ::-1]), special=True)
    ours, theirs = (
        AttentionHead(of_teacher=of_teacher, layer=1 - (not of_teacher), number=0) for of_teacher in (True, False)
    )
    assert analysis_attention.heads(found)[2] == ours
    assert analysis_attention.heads(found)[4] == theirs
    assert analysis_attention.head_map(found, ours) == pytest.approx(SELF)
    assert analysis_attention.head_map(found, theirs) == pytest.approx(BACK)
    there = analysis_attention.counterpart(found, ours, (1,))
    assert there == (AttentionHead(of_teacher=False, layer=0, number=1), pytest.approx(1))
    assert analysis_attention.counterpart(found, there[0], (1,)) == (ours, pytest.approx(1))
    assert analysis_attention.counterpart(found, AttentionHead(of_teacher=True, layer=0, number=0), (1,)) is None


def test_a_head_without_a_partner_has_no_counterpart() -> None:
    found = analysis_attention.view(a_reading(np.stack([EVEN, SELF])[None], SELF[None, None]), special=True)
    assert analysis_attention.counterpart(found, AttentionHead(of_teacher=True, layer=0, number=0), (0,)) is None
    there = analysis_attention.counterpart(found, AttentionHead(of_teacher=True, layer=0, number=1), (0,))
    assert there is not None
    assert there[0] == AttentionHead(of_teacher=False, layer=0, number=0)
