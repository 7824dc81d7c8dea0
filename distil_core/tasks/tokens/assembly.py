"""From sentences with tags to a corpus: tags are turned into IOB2 and become indices, missing splits are cut."""

import re
from collections.abc import Sequence
from dataclasses import replace

from distil_core.data.corpus import Corpus, Label, Split
from distil_core.data.sources import Source
from distil_core.data.splits import finish, hold_out
from distil_core.errors import CorpusError
from distil_core.settings.config import CorpusConfig
from distil_core.tasks.tokens import tags
from distil_core.tasks.tokens.sentences import TaggedSentences, tagged_like, tagged_sentences
from distil_core.tasks.tokens.tags import Scheme

MAX_TYPES = 200
_WHOLE = re.compile(r"-?[0-9]+")
_SCHEMES = {
    Scheme.IOB1: "the tags are IOB1 and were turned into IOB2",
    Scheme.BIOES: "the tags are BIOES (or BILOU) and were turned into IOB2",
    Scheme.IO: "the tags have neither B- nor I-: neighbors with the same tag are taken as one entity",
    Scheme.PLAIN: "the tags have neither B- nor I-, and no word is O: every word is taken as an entity of its own",
}


def has_entity(label: Label) -> int:
    """Tell whether some word of a sentence belongs to an entity: the stratum that sentences are drawn by."""
    return int(any(label))


def assemble_tagged(source: Source, config: CorpusConfig) -> Corpus:
    """Build a corpus from rows of words and tags.

    The training sentences decide which types of entities there are. A tenth of the sentences with entities and of those
    without is held out for a validation or test split that is not there.

    Args:
        source: Rows of words and tags.
        config: Columns, names of numbered tags, number of training sentences and seed.

    Raises:
        CorpusError: If the tags cannot be read, or no tagger can be learned from them.
    """
    train, validation, test, notes = _parts(source, config)
    parts = [part for part in (train, validation, test) if part is not None]
    reading = tags.scheme_of([sentence for part in parts for sentence in part.tags])
    if reading.scheme in _SCHEMES:
        notes.append(_SCHEMES[reading.scheme])
    if reading.n_without_begin:
        places = [(part.rows[i], part.where) for part in parts for i in range(len(part))]
        row, where = places[reading.sentences[0]]
        verb = "entity begins" if reading.n_without_begin == 1 else "entities begin"
        notes.append(
            f"{reading.n_without_begin:,} {verb} with I- instead of B- (the first in row {row:,} of {where}); "
            "they are taken to begin there"
        )
    types = _types(train)
    names = tags.label_names(types)
    rest = _indexed(train, names, reading.scheme)
    test_split = None if test is None else _indexed(test, names, reading.scheme)
    for split, part in ((rest, train), (test_split, test)):
        if split is not None and part is not None and not any(map(has_entity, split.labels)):
            raise CorpusError(
                f"{part.where} must have at least one entity, but every word of its {len(part):,} rows is tagged "
                f"{tags.OUTSIDE}; add sentences with entities, or choose another label column"
            )
    if test_split is None:
        rest, test_split = hold_out(rest, stratum=has_entity, seed=config.seed)
    if validation is None:
        rest, validation_split = hold_out(rest, stratum=has_entity, seed=config.seed + 1)
    else:
        validation_split = _indexed(validation, names, reading.scheme)
    if not any(map(has_entity, rest.labels)):
        raise CorpusError(
            f"{train.where} must have at least three sentences with an entity, one for each split that is cut from it; "
            "add some"
        )
    return finish(source.name, names, rest, validation_split, test_split, config, stratum=has_entity, notes=notes)


def _parts(
    source: Source, config: CorpusConfig
) -> tuple[TaggedSentences, TaggedSentences | None, TaggedSentences | None, list[str]]:
    """Return the sentences of each split with names for tags, and notes of what was left out or changed."""
    train = tagged_sentences(source.train, word_column=config.text_column, tag_column=config.label_column)
    notes, validation, test = list(train.notes), None, None
    if source.validation is not None:
        validation = tagged_like(train, source.validation)
        if validation is None:
            notes.append(f"the {source.validation.where} has no tags and is left out")
    if source.test is not None:
        test = tagged_like(train, source.test)
        if test is None and (config.test or not source.may_lack_labels):
            raise CorpusError(
                f"{source.test.where} must have the columns of the training sentences ({train.word_column!r}, "
                f"{train.tag_column!r}) and at least one row with words; its columns: {', '.join(source.test.columns)}"
            )
        if test is None:
            notes.append(f"the {source.test.where} has no tags and is left out")
    parts = [part for part in (train, validation, test) if part is not None]
    for part in parts:
        if not len(part):
            raise CorpusError(f"{part.where} must have at least one row with words, got none; add some")
    notes += [note for part in parts[1:] for note in part.notes]
    numbered = all(_WHOLE.fullmatch(tag) for part in parts for sentence in part.tags for tag in set(sentence))
    if not numbered and config.label_names:
        raise CorpusError(
            f"label_names must be empty where tags have names, got {', '.join(config.label_names)}; leave it out"
        )
    if numbered:
        train = _named(train, config.label_names)
        validation = None if validation is None else _named(validation, config.label_names)
        test = None if test is None else _named(test, config.label_names)
    return train, validation, test, notes


def _named(part: TaggedSentences, names: Sequence[str]) -> TaggedSentences:
    if not names:
        raise CorpusError(
            f"the tags of {part.where} are numbers without names; give label_names in the order of the numbers, "
            "such as O,B-PER,I-PER"
        )
    for row, sentence in zip(part.rows, part.tags, strict=True):
        for tag in sentence:
            if not 0 <= int(tag) < len(names):
                raise CorpusError(
                    f"row {row:,} of {part.where} must have tags from 0 to {len(names) - 1}, as label_names has "
                    f"{len(names)} names, got {tag}; correct the row or name it"
                )
    tagged = tuple(tuple(names[int(tag)] for tag in sentence) for sentence in part.tags)
    return replace(part, tags=tagged, declared=tuple(names))


def _types(train: TaggedSentences) -> tuple[str, ...]:
    """Return the types of entities in their order: as declared, else by the alphabet."""
    kinds = (tags.split_tag(tag)[1] for tag in train.declared)
    types = tuple(dict.fromkeys(kind for kind in kinds if kind))
    if not types:
        types = tuple(sorted({tags.split_tag(tag)[1] for sentence in train.tags for tag in set(sentence)} - {""}))
    if len(types) > MAX_TYPES:
        raise CorpusError(
            f"column {train.tag_column!r} of {train.where} must hold tags, got {len(types):,} different ones (at most "
            f"{MAX_TYPES} types are possible); it looks like words: choose another label column"
        )
    return types


def _indexed(part: TaggedSentences, names: Sequence[str], scheme: Scheme) -> Split:
    index = {name: i for i, name in enumerate(names)}
    labels = []
    for row, sentence in zip(part.rows, part.tags, strict=True):
        turned = tags.to_iob2(sentence, scheme)
        for written, tag in zip(sentence, turned, strict=True):
            if tag not in index:
                raise CorpusError(
                    f"row {row:,} of {part.where} must have tags of the training sentences, got {written!r}; the types "
                    f"there are {', '.join(dict.fromkeys(tags.split_tag(name)[1] for name in names[1:]))}"
                )
        labels.append(tuple(index[tag] for tag in turned))
    return Split(texts=tuple(map(" ".join, part.words)), labels=tuple(labels))
