"""From labeled texts to a corpus: splits are cut and sampled by strata, and duplicates are noted."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from hashlib import blake2b

from distil_core.data.corpus import SEGMENT, SEGMENT_MARK, Corpus, Label, Split
from distil_core.data.tables import folded
from distil_core.errors import CorpusError
from distil_core.settings.config import CorpusConfig
from distil_core.settings.serialization import digest

HELD_OUT = 0.1
"""Share of each stratum that is held out for a split that the data do not have."""

_N_TO_PART = 3
"""So many different texts of each stratum are there to be parted: one for each split."""

Stratum = Callable[[Label], int]
"""Tells which stratum a text belongs to, from its label: every part that is drawn has each stratum's share."""


def finish(
    name: str,
    label_names: tuple[str, ...],
    train: Split,
    validation: Split,
    test: Split,
    config: CorpusConfig,
    *,
    stratum: Stratum,
    notes: Sequence[str] = (),
) -> Corpus:
    """Build a corpus from its splits: sample the training texts, note duplicates, take the digest."""
    unclear = _contradictions(label_names, train, validation, test)
    train = stratified_sample(train, config.max_examples, stratum=stratum, seed=config.seed)
    return Corpus(
        name=name,
        label_names=label_names,
        train=train,
        validation=validation,
        test=test,
        notes=(*notes, *unclear, *_duplicates(train, validation, test)),
        digest=digest((label_names, train, validation, test)),
    )


def hold_out(split: Split, *, stratum: Stratum, seed: int) -> tuple[Split, Split]:
    """Cut off a tenth of each stratum, at least one example of it; both parts keep the order of the texts.

    Texts that stand there again go with the first of them, which tells their stratum, so that none is on both sides;
    unless a stratum would be left without one.
    """
    first: dict[bytes, int] = {}
    leaders = [first.setdefault(_mark(text), i) for i, text in enumerate(split.texts)]
    groups = _strata(split, stratum)
    distinct = [[i for i in indices if leaders[i] == i] for indices in groups]
    if all(len(indices) >= min(_N_TO_PART, len(every)) for indices, every in zip(distinct, groups, strict=True)):
        groups = distinct
    else:
        leaders = list(range(len(split)))
    shuffle, held = random.Random(seed), set[int]()
    for indices in groups:
        held.update(shuffle.sample(indices, max(1, round(HELD_OUT * len(indices)))))
    return (
        subset(split, [i for i, leader in enumerate(leaders) if leader not in held]),
        subset(split, [i for i, leader in enumerate(leaders) if leader in held]),
    )


def stratified_sample(split: Split, n_examples: int, *, stratum: Stratum, seed: int) -> Split:
    """Draw examples so that each stratum keeps its share, and at least one example; 0 draws all.

    Raises:
        CorpusError: If there are more strata than examples to draw.
    """
    if not 0 < n_examples < len(split):
        return split
    return subset(split, stratified_indices(split, n_examples, stratum=stratum, seed=seed))


def stratified_indices(split: Split, n_examples: int, *, stratum: Stratum, seed: int) -> list[int]:
    """Return which examples :func:`stratified_sample` draws, in their order.

    Raises:
        CorpusError: If there are more strata than examples to draw.
    """
    groups = _strata(split, stratum)
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


def subset(split: Split, indices: Sequence[int]) -> Split:
    """Return some examples of a split, in the order of the indices."""
    return Split(texts=tuple(split.texts[i] for i in indices), labels=tuple(split.labels[i] for i in indices))


def _strata(split: Split, stratum: Stratum) -> list[list[int]]:
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for i, label in enumerate(split.labels):
        groups[stratum(label)].append(i)
    return [groups[key] for key in sorted(groups)]


def _mark(text: str) -> bytes:
    """Return what two texts have in common if they differ in case and spacing only, in little room."""
    return blake2b(folded(text).encode(), digest_size=16).digest()


def _contradictions(label_names: Sequence[str], *splits: Split) -> list[str]:
    """Say how many texts stand there with different labels, and how often a model can be right at most."""
    counts: defaultdict[bytes, Counter[Label]] = defaultdict(Counter)
    for split in splits:
        for text, label in zip(split.texts, split.labels, strict=True):
            if isinstance(label, int | tuple):
                counts[blake2b(text.encode(), digest_size=16).digest()][label] += 1
    unclear = {mark for mark, labels in counts.items() if len(labels) > 1}
    if not unclear:
        return []
    n_rows = sum(sum(labels.values()) for labels in counts.values())
    n_right = sum(max(labels.values()) for labels in counts.values())
    texts = (text for split in splits for text in split.texts)
    example = next(text for text in texts if blake2b(text.encode(), digest_size=16).digest() in unclear)
    labels = counts[blake2b(example.encode(), digest_size=16).digest()]
    names = [label_names[label] for label in labels if isinstance(label, int)]
    between = f": {' and '.join(map(_shown, names[:3]))}" if names else ""
    stands = "text stands there" if len(unclear) == 1 else "texts stand there"
    return [
        f"{len(unclear):,} {stands} with different labels, such as {_shown(example)}{between}, so that no model can be "
        f"right on more than {100 * n_right / n_rows:.0f} % of the rows ({n_right:,} of {n_rows:,}); keep one label of "
        "each such text"
    ]


def _shown(text: str) -> str:
    text = text.replace(SEGMENT, f" {SEGMENT_MARK} ")
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


def _duplicates(train: Split, validation: Split, test: Split) -> list[str]:
    """Say how many texts stand in two splits; case and spacing do not make a text another one."""
    in_train, in_validation, in_test = ([_mark(text) for text in split.texts] for split in (train, validation, test))
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
