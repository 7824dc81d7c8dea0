import numpy as np
import pytest

from distil_core.evaluation.bootstrap import interval
from distil_core.evaluation.predictions import split_predictions
from distil_core.tasks.tokens.entities import ENTITY_F1, PRECISION, RECALL, TOKEN_ACCURACY, spans
from distil_core.tasks.tokens.tags import label_names

NAMES = label_names(("LOC", "ORG", "PER"))


def _random(seed: int):
    """Sentences of random tags, true and predicted, many an ``I-`` among them without its ``B-``."""
    rng = np.random.default_rng(seed)
    examples = np.repeat(np.arange(60), rng.integers(1, 12, size=60))
    targets = rng.integers(len(NAMES), size=len(examples))
    predicted = np.where(rng.random(len(targets)) < 0.7, targets, rng.integers(len(NAMES), size=len(targets)))
    split = split_predictions(np.eye(len(NAMES))[predicted], targets, examples=examples, n_examples=60)
    true, guessed = ([[NAMES[tag] for tag in tags[examples == i]] for i in range(60)] for tags in (targets, predicted))
    return split, true, guessed


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.filterwarnings("ignore")
def test_figures_are_those_of_seqeval(seed: int) -> None:
    from seqeval import metrics as seqeval

    split, true, guessed = _random(seed)
    assert abs(ENTITY_F1.of(split) - seqeval.f1_score(true, guessed)) < 1e-6
    assert abs(PRECISION.of(split) - seqeval.precision_score(true, guessed)) < 1e-6
    assert abs(RECALL.of(split) - seqeval.recall_score(true, guessed)) < 1e-6
    assert abs(TOKEN_ACCURACY.of(split) - seqeval.accuracy_score(true, guessed)) < 1e-6
    assert 0.2 < ENTITY_F1.of(split) < 0.9


def test_an_entity_ends_with_its_sentence() -> None:
    found = spans(np.array([1, 2, 2, 0, 4]), np.array([0, 0, 1, 1, 1]))
    assert found.starts.tolist() == [0, 2, 4]
    assert found.ends.tolist() == [2, 3, 5]
    assert found.types.tolist() == [0, 0, 1]


def test_extent_and_type_must_be_right() -> None:
    targets = np.array([1, 2, 0, 3, 0])
    for predicted, expected in (([1, 2, 0, 3, 0], 1.0), ([1, 0, 0, 3, 0], 0.5), ([1, 2, 0, 5, 0], 0.5)):
        split = split_predictions(np.eye(7)[predicted], targets, examples=np.zeros(5, dtype=int))
        assert ENTITY_F1.of(split) == expected


def test_saying_o_everywhere_is_worth_nothing() -> None:
    split, _, _ = _random(0)
    assert ENTITY_F1.of_constant(split, 0) == 0.0
    assert TOKEN_ACCURACY.of_constant(split, 0) > 0.0


def test_words_whose_tag_is_unknown_do_not_count() -> None:
    split = split_predictions(np.eye(7)[[1, 3]], np.array([1, -100]), examples=np.array([0, 1]))
    assert ENTITY_F1.of(split) == 1.0


def test_there_is_an_interval_over_sentences() -> None:
    split, _, _ = _random(1)
    figure = interval(split, ENTITY_F1)
    assert figure is not None
    assert figure.low < figure.value < figure.high
