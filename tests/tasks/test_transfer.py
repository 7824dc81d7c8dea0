"""Which texts and labels a student is given."""

from dataclasses import replace

import pytest

from distil_core.errors import ConfigError
from distil_core.settings.config import CorpusConfig
from distil_core.tasks.transfer import labeled_split, transfer_set
from tests import tiny


def test_by_default_it_is_all_of_them() -> None:
    corpus = tiny.corpus(n_train=60)
    given = transfer_set(corpus, CorpusConfig(), task=tiny.TASK, seed=0)
    assert given.texts == given.labeled == tuple(range(60))
    assert labeled_split(corpus, CorpusConfig(), task=tiny.TASK, seed=0) is corpus.train


def test_labels_are_told_for_the_same_share_of_each_class() -> None:
    corpus = tiny.corpus(n_train=60)
    given = transfer_set(corpus, CorpusConfig(labeled=0.2), task=tiny.TASK, seed=3)
    assert given.texts == tuple(range(60))
    told = [corpus.train.labels[i] for i in given.labeled]
    assert [told.count(label) for label in range(3)] == [4, 4, 4]
    assert given == transfer_set(corpus, CorpusConfig(labeled=0.2), task=tiny.TASK, seed=3)
    assert given != transfer_set(corpus, CorpusConfig(labeled=0.2), task=tiny.TASK, seed=4)


def test_each_class_has_one_label_however_small_the_share() -> None:
    corpus = tiny.corpus(n_train=60)
    split = labeled_split(corpus, CorpusConfig(labeled=0.001), task=tiny.TASK, seed=0)
    assert sorted(split.labels) == [0, 1, 2]
    known = dict(zip(corpus.train.texts, corpus.train.labels, strict=True))
    assert split.labels == tuple(known[text] for text in split.texts)


def test_a_class_that_is_left_out_lacks_texts_and_labels() -> None:
    corpus = tiny.corpus(n_train=60)
    both = transfer_set(corpus, CorpusConfig(left_out="mild", labeled=0.2), task=tiny.TASK, seed=3)
    assert both.texts == tuple(i for i in range(60) if corpus.train.labels[i] != 1)
    # What is told of the other classes does not depend on it.
    others = transfer_set(corpus, CorpusConfig(labeled=0.2), task=tiny.TASK, seed=3).labeled
    assert both.labeled == tuple(i for i in others if corpus.train.labels[i] != 1)


def test_a_class_must_be_there_to_be_left_out() -> None:
    with pytest.raises(ConfigError, match=r"must be a label of weather \(cold, mild, hot\), got 'wet'"):
        transfer_set(tiny.corpus(), CorpusConfig(left_out="wet"), task=tiny.TASK, seed=0)


def test_one_of_two_classes_cannot_be_left_out() -> None:
    two = replace(tiny.corpus(), label_names=("cold", "hot"))
    with pytest.raises(ConfigError, match="three labels or more, got 2"):
        transfer_set(two, CorpusConfig(left_out="hot"), task=tiny.TASK, seed=0)
