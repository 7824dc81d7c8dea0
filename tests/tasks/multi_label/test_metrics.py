import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, log_loss

from distil_core.evaluation import bootstrap
from distil_core.evaluation.metrics import AGREEMENT, NLL
from distil_core.evaluation.predictions import SplitPredictions, split_predictions
from distil_core.tasks.multi_label.metrics import FIDELITY, MACRO_F1, MICRO_F1, QUALITY, SUBSET_ACCURACY

N, LABELS = 80, 5


def answers(seed: int = 0) -> tuple[np.ndarray, np.ndarray, SplitPredictions]:
    """Scores and right labels, a row a text and a column a label, and the same as sites."""
    draw = np.random.default_rng(seed)
    scores, right = draw.normal(size=(N, LABELS)), draw.integers(0, 2, size=(N, LABELS))
    right[:, 4] = 0
    scores[:, 4] = -1.0
    logits = np.stack([np.zeros(N * LABELS), scores.ravel()], axis=1)
    split = split_predictions(
        logits, right.ravel(), teacher_logits=logits + 0.1, examples=np.repeat(np.arange(N), LABELS), n_examples=N
    )
    return scores, right, split


@pytest.mark.parametrize("seed", range(3))
def test_the_figures_are_those_of_scikit_learn(seed: int) -> None:
    scores, right, split = answers(seed)
    predicted = scores > 0
    assert MICRO_F1.of(split) == pytest.approx(f1_score(right, predicted, average="micro"), abs=1e-6)
    assert MACRO_F1.of(split) == pytest.approx(f1_score(right, predicted, average="macro", zero_division=0), abs=1e-6)
    assert SUBSET_ACCURACY.of(split) == pytest.approx(accuracy_score(right, predicted), abs=1e-6)
    assert NLL.of(split) == pytest.approx(log_loss(right.ravel(), 1 / (1 + np.exp(-scores.ravel()))), abs=1e-6)


def test_a_teacher_that_answers_the_same_is_agreed_with() -> None:
    _, _, split = answers()
    assert AGREEMENT.of(split) == 1.0


def test_intervals_are_over_texts() -> None:
    _, _, split = answers()
    for metric in (*QUALITY, *FIDELITY):
        sample = bootstrap.sample(split, metric)
        assert sample.n_examples == N
        figure = bootstrap.interval(split, metric)
        assert figure is not None
        assert figure.ends[0] <= figure.value <= figure.ends[1]


def test_texts_whose_labels_nobody_knows_count_for_nothing() -> None:
    scores, right, split = answers()
    targets = right.copy()
    targets[:10] = -100
    part = split_predictions(split.logits, targets.ravel(), examples=split.examples, n_examples=N)
    predicted = scores[10:] > 0
    assert MICRO_F1.of(part) == pytest.approx(f1_score(right[10:], predicted, average="micro"), abs=1e-6)
    assert SUBSET_ACCURACY.of(part) == pytest.approx(accuracy_score(right[10:], predicted), abs=1e-6)
