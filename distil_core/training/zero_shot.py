"""A teacher that nobody has told a label: what it says of texts and of what the labels mean.

An encoder says it by its embeddings, a checkpoint for natural language inference by which sentence a text entails (Yin
et al., 2019, arXiv:1909.00161).
"""

from collections.abc import Generator, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch.nn import functional as F

from distil_core.data.corpus import join_segments
from distil_core.data.sites import EncodedSplit, Sites
from distil_core.data.tokenization import encode
from distil_core.models.forward import predict
from distil_core.tasks.classification.likeness import pseudo_labels
from distil_core.tasks.task import Task
from distil_core.training.events import Stage
from distil_core.training.head_fitting import PENALTY, fit_head, head_features
from distil_core.training.lessons import TrainingData
from distil_core.types import Model, Tokenizer

STAGE = "Fitting the teacher"
_CHUNK = 256
"""Texts that are judged between two words about how far it is."""


def entailment(
    model: Model,
    output: int,
    texts: Sequence[str],
    label_sentences: Sequence[str],
    tokenizer: Tokenizer,
    *,
    max_length: int,
) -> Generator[Stage, None, Float[np.ndarray, "texts labels"]]:
    """Let a model for natural language inference say how surely each text entails each sentence.

    Args:
        model: In eval mode, a classifier of pairs.
        output: Which of its outputs stands for entailment.
        texts: What is judged, each as the premise.
        label_sentences: What each label means, each as the hypothesis.
        tokenizer: Of the model.
        max_length: Tokens of a pair that are read; of a longer one the text is cut.

    Yields:
        How far it is.

    Returns:
        Logits of entailment, whose softmax over the labels is what transformers' zero-shot pipeline says.
    """
    limit = min(max_length, tokenizer.model_max_length)
    columns: list[list[float]] = [[] for _ in label_sentences]
    for start in range(0, len(texts), _CHUNK):
        yield Stage(name=STAGE, detail="which sentence of a label a text entails", fraction=start / len(texts))
        for column, sentence in zip(columns, label_sentences, strict=True):
            pairs = [join_segments((text, sentence)) for text in texts[start : start + _CHUNK]]
            tokens = encode(tokenizer, pairs, max_length=limit).to(model.device)
            logits = predict(model, tokens, padding=tokenizer.pad_token_id)
            column += logits[:, output].tolist()
    return np.array(columns).T


def fit_to_descriptions(
    model: Model,
    train: EncodedSplit,
    label_sentences: Sequence[str],
    tokenizer: Tokenizer,
    *,
    task: Task,
    max_length: int,
    judged: Float[np.ndarray, "texts labels"] | None = None,
) -> None:
    """Fit the output layer of a model to what labels mean, all below it left as it is.

    What is known of texts and the sentences of labels says which texts are surely of which label; the layer is fitted
    to these, see :mod:`distil_core.tasks.classification.likeness`.

    Args:
        model: In eval mode, with a head that reads the mean of the tokens; its output layer is changed.
        train: Texts; their targets are not looked at.
        label_sentences: What each label means.
        tokenizer: Of the model.
        task: What the labels ask.
        max_length: Tokens of a sentence that are read.
        judged: How like each text is to each sentence; None: the cosine of what the model makes of both.
    """
    device, padding = train.tokens.ids.device, tokenizer.pad_token_id
    features = head_features(model, TrainingData(tokens=train.tokens, sites=train.sites), padding=padding)
    if judged is None:
        limit = min(max_length, tokenizer.model_max_length)
        sentences = encode(tokenizer, tuple(label_sentences), max_length=limit).to(device)
        unknown = Sites.of_texts(torch.zeros(len(label_sentences), dtype=torch.int64, device=device))
        meanings = head_features(model, TrainingData(tokens=sentences, sites=unknown), padding=padding)
        judged = (F.normalize(features, dim=-1) @ F.normalize(meanings, dim=-1).T).cpu().numpy()
    labels, chosen = pseudo_labels(judged)
    lesson = TrainingData(
        tokens=train.tokens,
        sites=Sites.of_texts(torch.from_numpy(labels).to(device)),
        chosen=torch.from_numpy(chosen),
    )
    fit_head(model, lesson, task=task, padding=padding, penalty=PENALTY, features=features)
