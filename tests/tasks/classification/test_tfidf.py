"""The baseline that every student must beat."""

import numpy as np
import pytest
import torch

from distil_core.tasks.classification.tfidf import TfidfBaseline
from tests import tiny


@pytest.fixture(scope="module")
def baseline() -> TfidfBaseline:
    train = tiny.split(90, seed=0)
    return TfidfBaseline.fit(train.texts, train.labels, n_classes=3)


def test_it_learns_what_single_words_give_away(baseline: TfidfBaseline) -> None:
    test = tiny.split(60, seed=1)
    found = baseline.predict(test.texts)
    assert found.dtype == torch.float32
    assert float((found.argmax(dim=1) == torch.tensor(test.labels)).float().mean()) > 0.9


def test_answers_are_logarithms_of_probabilities(baseline: TfidfBaseline) -> None:
    found = baseline.predict(["snow", "words it has never seen", ""])
    torch.testing.assert_close(found.exp().sum(dim=1), torch.ones(3))
    expected = baseline.classifier.predict_proba(baseline.vectorizer.transform(["snow"]))
    np.testing.assert_allclose(found[:1].exp().numpy(), expected, rtol=1e-5)


def test_it_is_the_same_every_time(baseline: TfidfBaseline) -> None:
    train = tiny.split(90, seed=0)
    again = TfidfBaseline.fit(train.texts, train.labels, n_classes=3)
    assert torch.equal(again.predict(train.texts), baseline.predict(train.texts))


def test_pairs_of_words_count() -> None:
    texts = ["not good", "good", "not bad", "bad"] * 10
    found = TfidfBaseline.fit(texts, [0, 1, 1, 0] * 10, n_classes=2).predict(texts[:4])
    assert found.argmax(dim=1).tolist() == [0, 1, 1, 0]


def test_a_class_without_training_texts_is_very_unlikely() -> None:
    found = TfidfBaseline.fit(["a b", "a b", "c d", "c d"], [0, 0, 3, 3], n_classes=4).predict(["a b"])
    assert found.shape == (1, 4)
    assert found[0, 1:3].tolist() == [-30.0, -30.0]
    assert int(found.argmax()) == 0


def test_texts_without_a_word_in_common_are_read_letter_by_letter() -> None:
    baseline = TfidfBaseline.fit(["aaa", "bbb", "cc", "ddd"], [0, 1, 0, 1], n_classes=2)
    assert baseline.predict(["aaa", "bbb"]).argmax(dim=1).tolist() == [0, 1]


def test_its_size_counts_weights_and_words(baseline: TfidfBaseline) -> None:
    n_words = len(baseline.vectorizer.vocabulary_)
    assert baseline.n_parameters == 3 * n_words + 3 + n_words
    letters = sum(len(word) + 1 for word in baseline.vectorizer.vocabulary_)
    assert letters < baseline.bytes <= letters + 8 * baseline.n_parameters
