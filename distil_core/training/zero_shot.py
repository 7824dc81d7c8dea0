"""A teacher that nobody has told a label: what its embeddings say of texts and of what the labels mean."""

from collections.abc import Sequence

import torch
from torch.nn import functional as F

from distil_core.data.sites import EncodedSplit, Sites
from distil_core.data.tokenization import encode
from distil_core.tasks.classification.likeness import pseudo_labels
from distil_core.tasks.task import Task
from distil_core.training.head_fitting import PENALTY, fit_head, head_features
from distil_core.training.lessons import TrainingData
from distil_core.types import Model, Tokenizer


def fit_to_descriptions(
    model: Model,
    train: EncodedSplit,
    label_sentences: Sequence[str],
    tokenizer: Tokenizer,
    *,
    task: Task,
    max_length: int,
) -> None:
    """Fit the output layer of a model to what labels mean, all below it left as it is.

    The cosines of texts with the sentences of labels say which texts are surely of which label; the layer is fitted to
    these, see :mod:`distil_core.tasks.classification.likeness`.

    Args:
        model: In eval mode, with a head that reads the mean of the tokens; its output layer is changed.
        train: Texts; their targets are not looked at.
        label_sentences: What each label means.
        tokenizer: Of the model.
        task: What the labels ask.
        max_length: Tokens of a sentence that are read.
    """
    device, padding = train.tokens.ids.device, tokenizer.pad_token_id
    limit = min(max_length, tokenizer.model_max_length)
    sentences = encode(tokenizer, tuple(label_sentences), max_length=limit).to(device)
    unknown = Sites.of_texts(torch.zeros(len(label_sentences), dtype=torch.int64, device=device))
    meanings = head_features(model, TrainingData(tokens=sentences, sites=unknown), padding=padding)
    features = head_features(model, TrainingData(tokens=train.tokens, sites=train.sites), padding=padding)
    likeness = F.normalize(features, dim=-1) @ F.normalize(meanings, dim=-1).T
    labels, chosen = pseudo_labels(likeness.cpu().numpy())
    lesson = TrainingData(
        tokens=train.tokens,
        sites=Sites.of_texts(torch.from_numpy(labels).to(device)),
        chosen=torch.from_numpy(chosen),
    )
    fit_head(model, lesson, task=task, padding=padding, penalty=PENALTY, features=features)
