"""A teacher cut to each depth: all layers are the teacher itself, and nothing of it is changed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from distil_core.analysis.layer_cuts import cut_scores
from distil_core.analysis.model_pair import ModelPair
from distil_core.data.corpus import Split
from distil_core.evaluation.metrics import ACCURACY
from distil_core.models.forward import predict
from distil_core.models.loading import load_model, load_tokenizer
from tests import tiny


def test_all_layers_are_the_teacher_and_fewer_are_measured_alike(checkpoint: Callable[..., Path]) -> None:
    folder = checkpoint("bert", head=True)
    teacher, tokenizer = load_model(folder), load_tokenizer(folder)
    pair = ModelPair(teacher=teacher, student=teacher, tokenizer=tokenizer, max_length=tiny.LENGTH)
    texts = ("then we saw snow", "we saw", "snow then", "then")
    answers = predict(
        teacher,
        pair.encode(texts).tokens,
        padding=tokenizer.pad_token_id,
    ).argmax(dim=1)
    labels = (*answers[:3].tolist(), int(answers[3]) + 1)
    scores = cut_scores(pair, Split(texts=texts, labels=labels), ACCURACY)
    assert len(scores) == teacher.config.num_hidden_layers
    assert scores[-1].value == 0.75
    assert all(0 <= score.value <= 1 and score.ends[0] <= score.value <= score.ends[1] for score in scores)
    again = predict(teacher, pair.encode(texts).tokens, padding=tokenizer.pad_token_id).argmax(dim=1)
    assert np.array_equal(again, answers)
