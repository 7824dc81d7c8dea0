"""The figures of likeness and of search, by hand and by the packages that people trust."""

import numpy as np
import pytest

from distil_core.data.corpus import Split, join_segments
from distil_core.evaluation import bootstrap
from distil_core.evaluation.predictions import split_predictions
from distil_core.tasks.embeddings import MRR, NDCG, RECALL, SPEARMAN, TEACHER_COSINE, Embeddings
from distil_core.tasks.embeddings.encoding import judge_of
from distil_core.tasks.embeddings.judge import ranked, unit

N_PAIRS, N_DOCUMENTS, N_QUERIES = 40, 130, 12


def a_split(seed: int = 0) -> Split:
    """Pairs with scores that are sometimes equal, texts to search in, and queries with answers of several gains."""
    rng = np.random.default_rng(seed)
    pairs = [(join_segments((f"a{i}", f"b{i}")), float(rng.integers(0, 11)) / 2) for i in range(N_PAIRS)]
    documents = [(f"d{i}", None) for i in range(N_DOCUMENTS)]
    queries = []
    for i in range(N_QUERIES):
        places = rng.choice(N_DOCUMENTS, size=rng.integers(1, 15), replace=False)
        queries.append((f"q{i}", tuple((N_PAIRS + int(place), float(rng.integers(1, 4))) for place in places)))
    texts, labels = zip(*pairs, *documents, *queries, strict=True)
    return Split(texts=texts, labels=labels)


def predictions(seed: int = 0):
    split, rng = a_split(seed), np.random.default_rng(seed + 1)
    n_rows = 2 * N_PAIRS + N_DOCUMENTS + N_QUERIES
    student, teacher = rng.normal(size=(2, n_rows, 8))
    owners = np.array([*np.repeat(np.arange(N_PAIRS), 2), *range(N_PAIRS, len(split))])
    judge = judge_of(split)
    return split, split_predictions(
        student,
        np.full(n_rows, -100),
        teacher_logits=teacher,
        examples=owners,
        quality=judge(student),
        teacher_quality=judge(teacher),
    )


@pytest.mark.parametrize("seed", range(3))
def test_spearman_is_that_of_scipy(seed: int) -> None:
    from scipy.stats import spearmanr

    split, answers = predictions(seed)
    units = unit(answers.logits)
    cosines = (units[0 : 2 * N_PAIRS : 2] * units[1 : 2 * N_PAIRS : 2]).sum(axis=1)
    expected = spearmanr(cosines, split.labels[:N_PAIRS]).statistic
    assert SPEARMAN.of(answers) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_a_search_is_measured_as_trec_eval_does(seed: int) -> None:
    pytrec_eval = pytest.importorskip("pytrec_eval", reason="pytrec-eval-terrier is not installed")
    split, answers = predictions(seed)
    units = unit(answers.logits)
    documents, queries = units[2 * N_PAIRS : -N_QUERIES], units[-N_QUERIES:]
    judgments = {
        str(i): {str(example): int(gain) for example, gain in label}
        for i, label in enumerate(split.labels[-N_QUERIES:])
    }
    results = {
        str(i): {str(N_PAIRS + place): float(score) for place, score in enumerate(documents @ query)}
        for i, query in enumerate(queries)
    }
    evaluator = pytrec_eval.RelevanceEvaluator(judgments, {"ndcg_cut.10", "recall.100", "recip_rank"})
    by_query = evaluator.evaluate(results).values()
    expected = {
        NDCG: [figures["ndcg_cut_10"] for figures in by_query],
        RECALL: [figures["recall_100"] for figures in by_query],
        MRR: [rank if rank >= 0.1 - 1e-9 else 0.0 for rank in (figures["recip_rank"] for figures in by_query)],
    }
    for metric, values in expected.items():
        assert metric.of(answers) == pytest.approx(np.mean(values), abs=1e-6)


def test_a_search_by_hand() -> None:
    scores = np.array([0.1, 0.9, 0.5, 0.4])
    ndcg, reciprocal, recall = ranked(scores, np.array([2, 0]), np.array([2.0, 1.0]))
    assert reciprocal == 0.5
    assert recall == 1.0
    assert ndcg == pytest.approx((2 / np.log2(3) + 1 / np.log2(5)) / (2 / np.log2(2) + 1 / np.log2(3)))


def test_of_vectors_that_are_all_the_same_nothing_can_be_told() -> None:
    split = a_split()
    same = np.ones((2 * N_PAIRS + N_DOCUMENTS + N_QUERIES, 4))
    judged = judge_of(split)(same)
    assert SPEARMAN.reduce(judged[:, :6].sum(axis=0, keepdims=True))[0] == 0.0
    assert np.isfinite(judged).all()


def test_intervals_hold_the_figures_and_are_of_pairs_and_queries() -> None:
    _, answers = predictions()
    measured = bootstrap.measure(answers, Embeddings().metrics)
    assert set(measured) == {metric.name for metric in (SPEARMAN, NDCG, MRR, RECALL, TEACHER_COSINE)}
    for interval in measured.values():
        assert interval.low <= interval.value <= interval.high
    assert bootstrap.sample(answers, SPEARMAN).n_examples == N_PAIRS
    assert bootstrap.sample(answers, NDCG).n_examples == N_QUERIES


def test_what_is_not_there_is_not_measured() -> None:
    split = Split(texts=("a\x1fb", "c\x1fd"), labels=(1.0, 2.0))
    vectors = np.eye(4)
    answers = split_predictions(
        vectors, np.full(4, -100), examples=np.array([0, 0, 1, 1]), quality=judge_of(split)(vectors)
    )
    assert set(bootstrap.measure(answers, Embeddings().metrics)) == {"spearman"}


def test_nothing_is_judged_of_texts_to_learn_from() -> None:
    assert judge_of(Split.unlabeled(("a", "b"))) is None


def test_a_query_that_is_searched_in_itself_is_not_ranked_for_itself() -> None:
    vectors = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [1.0, 0.0]])
    plain = Split(texts=("d0", "d1", "d2", "q"), labels=(None, None, None, ((1, 1.0),)))
    itself = Split(texts=plain.texts, labels=(None, None, None, ((1, 1.0), (0, None))))
    assert judge_of(plain)(vectors)[3, 7] == 0.5
    assert judge_of(itself)(vectors)[3, 6:].tolist() == [1.0, 1.0, 1.0, 1.0]
