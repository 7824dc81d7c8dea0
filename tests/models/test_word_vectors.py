"""Words that are never trained move with those whose vectors are like theirs."""

import torch
from torch import nn

from distil_core.models.checkpoints import locate
from distil_core.models.word_vectors import ProjectedEmbedding, vectors_of


def test_an_untrained_row_follows_a_trained_one_of_a_like_vector() -> None:
    embedding = ProjectedEmbedding(torch.zeros(3, 2), torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]]))
    optimizer = torch.optim.SGD(embedding.parameters(), lr=0.1)
    for _ in range(20):
        optimizer.zero_grad()
        (embedding(torch.tensor([0])) - torch.tensor([1.0, -1.0])).square().sum().backward()
        optimizer.step()
    rows = embedding.plain().weight
    torch.testing.assert_close(rows, embedding(torch.arange(3)))
    torch.testing.assert_close(rows[1], rows[0] / 2, atol=0.01, rtol=0)
    assert rows[2].abs().max() == 0
    assert type(embedding.plain()) is nn.Embedding


def test_minilm_knows_which_words_mean_the_like() -> None:
    words = ["awful", "terrible", "sofa", "couch", "##ing", "xyzzyq"]
    vectors = vectors_of(words, locate("minilm").folder)
    like = vectors @ vectors.T
    assert like[0].argsort(descending=True)[:2].tolist() == [0, 1]
    assert like[2].argsort(descending=True)[:2].tolist() == [2, 3]
    assert vectors[5].abs().max() == 0
