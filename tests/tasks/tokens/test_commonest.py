import torch

from distil_core.data.corpus import Split
from distil_core.tasks.tokens import TokenClassification
from distil_core.tasks.tokens.commonest import CommonestTag
from tests import tiny

SPLIT = Split(texts=("Ann saw May", "may I", "Ann saw me in May"), labels=((1, 0, 1), (0, 0), (1, 0, 0, 0, 1)))


def test_a_word_has_the_tag_that_it_had_most_often() -> None:
    baseline = CommonestTag.fit(SPLIT, n_classes=3)
    answers = baseline.predict(["Ann may see May", "ann"])
    assert [len(rows) for rows in answers] == [4, 1]
    found = torch.cat(answers)
    assert found.argmax(dim=1).tolist() == [1, 0, 0, 1, 1]
    torch.testing.assert_close(found.exp().sum(dim=1), torch.ones(5))
    assert baseline.n_parameters == 9
    assert baseline.bytes > 0


def test_only_words_that_are_read_are_answered() -> None:
    task, texts = TokenClassification(), ("snow fell there", "fire")
    encoded = task.encode(tiny.tokenizer(), Split.unlabeled(texts), max_length=4)
    answers = task.baseline(SPLIT, encoded=None, n_classes=3).predict(texts)
    found = task.baseline_logits(answers, encoded.sites)
    assert len(found) == len(encoded.sites) == 3
    torch.testing.assert_close(found[2:], answers[1])
