"""From examples to a corpus: labels become indices, splits are cut, and what is odd is noted."""

import random
from collections import defaultdict
from collections.abc import Sequence

from distil_core.data import labels
from distil_core.data.corpus import Corpus, Split
from distil_core.data.tables import Examples, folded
from distil_core.errors import CorpusError
from distil_core.settings.config import CorpusConfig
from distil_core.settings.serialization import digest

HELD_OUT = 0.1
"""Share of each class that is held out for a split that the data do not have."""


def assemble(
    name: str,
    train: Examples,
    config: CorpusConfig,
    *,
    validation: Examples | None = None,
    test: Examples | None = None,
) -> Corpus:
    """Build a corpus from examples, cutting the splits that are not there from the training examples.

    Args:
        name: What the corpus is called.
        train: Training examples; they decide which labels there are.
        config: Label names, number of training texts and seed.
        validation: Validation examples; without them a tenth of each class is held out.
        test: Test examples; without them a tenth of each class is held out.

    Raises:
        CorpusError: If no classifier can be learnt from the labels, or the splits do not share them.
    """
    parts = [part for part in (train, validation, test) if part is not None]
    for part in parts:
        if not part.texts:
            raise CorpusError(f"{part.where} must have at least one row with a text and a label, got none; add some")
    train = labels.respelled(train, among=parts)
    labels.refuse_unusable(train, n_needed=1 + (validation is None) + (test is None))
    ordered, names = labels.order(set(train.labels), given=config.label_names, declared=train.declared)
    index = {label: i for i, label in enumerate(ordered)}
    rest = _indexed(train, index)
    if test is None:
        rest, test_split = hold_out(rest, seed=config.seed)
    else:
        test_split = _indexed(labels.respelled(test, among=parts), index)
    if validation is None:
        rest, validation_split = hold_out(rest, seed=config.seed + 1)
    else:
        validation_split = _indexed(labels.respelled(validation, among=parts), index)
    notes = [note for part in parts for note in part.notes]
    absent = [label for label in train.declared if label not in index]
    if absent:
        notes.append(f"no training text has the label {labels.listed(absent)}; such labels are left out")
    return finish(name, names, rest, validation_split, test_split, config, notes=notes)


def finish(
    name: str,
    label_names: tuple[str, ...],
    train: Split,
    validation: Split,
    test: Split,
    config: CorpusConfig,
    *,
    notes: Sequence[str] = (),
) -> Corpus:
    """Build a corpus from its splits: sample the training texts, note duplicates, take the digest."""
    train = stratified_sample(train, config.max_examples, seed=config.seed)
    return Corpus(
        name=name,
        label_names=label_names,
        train=train,
        validation=validation,
        test=test,
        notes=(*notes, *_duplicates(train, validation, test)),
        digest=digest((label_names, train, validation, test)),
    )


def hold_out(split: Split, *, seed: int) -> tuple[Split, Split]:
    """Cut off a tenth of each class, at least one example of it; both parts keep the order of the texts."""
    shuffle, held = random.Random(seed), set[int]()
    for indices in _by_label(split):
        held.update(shuffle.sample(indices, max(1, round(HELD_OUT * len(indices)))))
    return (
        _take(split, [i for i in range(len(split)) if i not in held]),
        _take(split, sorted(held)),
    )


def stratified_sample(split: Split, n_examples: int, *, seed: int) -> Split:
    """Draw examples so that each class keeps its share, and at least one example; 0 draws all.

    Raises:
        CorpusError: If there are more classes than examples to draw.
    """
    return _take(split, stratified_indices(split, n_examples, seed=seed)) if 0 < n_examples < len(split) else split


def stratified_indices(split: Split, n_examples: int, *, seed: int) -> list[int]:
    """Return which examples :func:`sample` draws, in their order.

    Raises:
        CorpusError: If there are more classes than examples to draw.
    """
    groups = _by_label(split)
    if n_examples < len(groups):
        raise CorpusError(f"max_examples must be at least {len(groups)}, one for each label, got {n_examples}")
    spare = n_examples - len(groups)
    n_more = len(split) - len(groups)
    shares = [spare * (len(indices) - 1) / n_more for indices in groups]
    counts = [1 + int(share) for share in shares]
    by_remainder = sorted(range(len(groups)), key=lambda i: (int(shares[i]) - shares[i], i))
    for i in by_remainder[: n_examples - sum(counts)]:
        counts[i] += 1
    shuffle, chosen = random.Random(seed), list[int]()
    for indices, count in zip(groups, counts, strict=True):
        chosen += shuffle.sample(indices, count)
    return sorted(chosen)


def _by_label(split: Split) -> list[list[int]]:
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for i, label in enumerate(split.labels):
        groups[label].append(i)
    return [groups[label] for label in sorted(groups)]


def _take(split: Split, indices: Sequence[int]) -> Split:
    return Split(texts=tuple(split.texts[i] for i in indices), labels=tuple(split.labels[i] for i in indices))


def _indexed(part: Examples, index: dict[str, int]) -> Split:
    unknown = sorted({label for label in part.labels if label not in index})
    if unknown:
        raise CorpusError(
            f"every label of {part.where} must stand in the training texts too, got {labels.listed(unknown)}; "
            f"the training labels are {labels.listed(list(index))}"
        )
    return Split(texts=part.texts, labels=tuple(index[label] for label in part.labels))


def _duplicates(train: Split, validation: Split, test: Split) -> list[str]:
    """Say how many texts stand in two splits; case and spacing do not make a text another one."""
    in_train, in_validation, in_test = ([folded(text) for text in split.texts] for split in (train, validation, test))
    notes = []
    for texts, others, what, elsewhere in (
        (in_test, {*in_train, *in_validation}, "test", "training or validation texts"),
        (in_validation, set(in_train), "validation", "training texts"),
    ):
        n_shared = sum(text in others for text in texts)
        if n_shared:
            noun, verb = ("text", "stands") if n_shared == 1 else ("texts", "stand")
            notes.append(f"{n_shared} {what} {noun} also {verb} in the {elsewhere}")
    return notes
