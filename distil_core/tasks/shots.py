"""Few labels: of each class only some texts tell theirs, to the teacher too; the rest are there without a label."""

import random
from dataclasses import replace

from distil_core.data.corpus import Corpus
from distil_core.errors import ConfigError
from distil_core.settings.serialization import digest
from distil_core.tasks.task import Task


def with_few_labels(corpus: Corpus, shots: int, *, task: Task, seed: int) -> Corpus:
    """Hide all labels of the training texts but those of a few texts a class.

    A text with several classes counts for each of them; of texts that have none, as many tell that they have none.

    Args:
        corpus: All there is; its validation and test splits stay as they are.
        shots: Labeled texts of each class.
        task: Tells which classes a text has.
        seed: Draws the texts.

    Raises:
        ConfigError: If the task cannot do with unlabeled texts, or a class has too few texts.
    """
    if not task.few_labels:
        raise ConfigError(f"corpus.shots must be 0 for the task {task.name}, got {shots}; set corpus.labeled instead")
    labels, draw = corpus.train.labels, random.Random(seed)
    classes = [task.classes_of(label) for label in labels]
    told: set[int] = set()
    for i, name in enumerate(corpus.label_names):
        holders = [text for text, theirs in enumerate(classes) if i in theirs]
        if len(holders) < shots:
            raise ConfigError(
                f"corpus.shots must be at most {len(holders)}, as {corpus.name} has no more training texts of {name!r}"
                f", got {shots}"
            )
        missing = max(shots - len(told.intersection(holders)), 0)
        told.update(draw.sample([text for text in holders if text not in told], missing))
    none = [text for text, theirs in enumerate(classes) if not theirs]
    told.update(draw.sample(none, min(shots, len(none))))
    train = replace(corpus.train, labels=tuple(label if i in told else None for i, label in enumerate(labels)))
    note = (
        f"{len(told):,} of the {len(train):,} training texts tell their label, {shots} or more of each class; the "
        f"{len(corpus.validation):,} validation texts keep theirs, by which the best of a training is chosen"
    )
    return replace(
        corpus,
        train=train,
        notes=(*corpus.notes, note),
        digest=digest((corpus.label_names, train, corpus.validation, corpus.test)),
    )
