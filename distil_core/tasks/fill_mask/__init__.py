"""Masked words: what BERT was trained on, and DistilBERT was distilled with.

In: plain texts, of any length. Out: a corpus of passages without labels; a site for each masked word, whose classes
are the words of the vocabulary; perplexity, accuracy and distance from the teacher; as the baseline how common each
word is.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from distil_core.data import files
from distil_core.data.corpus import Corpus, Label, Place, Split
from distil_core.data.lines import refuse_rows
from distil_core.data.sources import Source, file_name, read_source
from distil_core.data.splits import finish, hold_out, stratified_sample
from distil_core.data.tables import Table, in_memory, sentences_of
from distil_core.data.words import WordColumn
from distil_core.errors import CorpusError
from distil_core.evaluation.metrics import AGREEMENT, KL, Metric, Unit, mean
from distil_core.evaluation.predictions import SplitPredictions
from distil_core.models.head import MASKED_WORDS
from distil_core.settings.config import CorpusConfig, Method
from distil_core.tasks.fill_mask.passages import passages_of
from distil_core.tasks.task import Baseline, Task

__all__ = ["FillMask"]

MEASURED = {"validation": 250, "test": 1000}
"""Passages that are measured at most, as each mask asks both models for a distribution over the whole vocabulary."""
SHORTEST = 3
"""Words without which a passage is not worth a mask."""


def _column(column: WordColumn, figure: Callable[[np.ndarray], np.ndarray]) -> Callable[[SplitPredictions], np.ndarray]:
    def terms(split: SplitPredictions) -> np.ndarray:
        values = figure(split.logits[:, column])
        return split.per_example(np.column_stack([values, np.ones(len(values))]))

    return terms


def _agreement_terms(split: SplitPredictions) -> np.ndarray:
    assert split.teacher_logits is not None
    alike = split.logits[:, WordColumn.LIKELIEST] == split.teacher_logits[:, WordColumn.LIKELIEST]
    return split.per_example(np.column_stack([alike, np.ones(len(alike))]))


def _perplexity(sums: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(mean(sums)))


MASKED_ACCURACY = Metric(
    name="masked_accuracy",
    label="Masked accuracy",
    meaning="masked words predicted right",
    unit=Unit.SHARE,
    greater_is_better=True,
    terms=_column(WordColumn.RANK, lambda rank: rank == 0),
    reduce=mean,
)
TOP_5 = Metric(
    name="top_5_accuracy",
    label="Top-5 accuracy",
    meaning="masked words among the five likeliest",
    unit=Unit.SHARE,
    greater_is_better=True,
    terms=_column(WordColumn.RANK, lambda rank: rank < 5),
    reduce=mean,
)
PERPLEXITY = Metric(
    name="pseudo_perplexity",
    label="Pseudo-perplexity",
    meaning="between how many words a model wavers at a mask",
    definition="exponential of the mean surprise at the right words, 15 % of a passage masked at once",
    hub_name="perplexity",
    unit=Unit.NUMBER,
    greater_is_better=False,
    terms=_column(WordColumn.SURPRISE, lambda surprise: surprise),
    reduce=_perplexity,
)


class FillMask(Task):
    """The word behind a mask."""

    name = "fill-mask"
    title = "Masked words"
    usage = """\
from transformers import pipeline

student = pipeline("fill-mask", model="path/to/this/folder")
print(student("Put a [MASK] here.".replace("[MASK]", student.tokenizer.mask_token)))"""
    head = MASKED_WORDS
    methods = tuple(Method)
    quality = (MASKED_ACCURACY, TOP_5, PERPLEXITY)
    fidelity = (
        replace(AGREEMENT, terms=_agreement_terms),
        replace(KL, terms=_column(WordColumn.DIVERGENCE, lambda divergence: divergence)),
    )
    defaults = MappingProxyType(
        {
            "teacher": {"source": "shipped-words", "epochs": 2},
            "loss": {"soft_weight": 5.0, "hard_weight": 2.0, "hidden_cosine": 1.0},
        }
    )
    built_in = ("python-docs", "reviews")
    corpus_titles = MappingProxyType({"reviews": "Reviews as plain text", "python-docs": "Python documentation"})
    file_format = "plain text with a paragraph on each line, or one row a text; a folder of such files"
    label_columns = ()
    place_title = "Masked word"
    baseline_name = "Unigram"
    baseline_description = "each word as likely as it is common"
    baseline_reads = False
    loss_parts = MappingProxyType({"soft_labels": "teacher's soft labels", "hard_labels": "masked words"})

    def source(self, config: CorpusConfig) -> Source:
        """Return plain texts: those of a file, of all text files in a folder, of a data set, or built in."""
        path = files.path_of(config.source)
        if _is_folder_of_texts(path):
            return Source(name=path.resolve().name, train=_texts_in(path), test=_test(config))
        if path.suffix.lower() == ".txt" and path.is_file():
            return Source(name=file_name(path), train=files.read_table(path, plain=True), test=_test(config))
        source = read_source(replace(config, test=""))
        return replace(source, test=_test(config)) if config.test else source

    def corpus(self, source: Source, config: CorpusConfig) -> Corpus:
        """Return passages, cut and joined; a tenth is held out for a validation or test split that is not there.

        Raises:
            CorpusError: If there are too few passages.
        """
        if config.label_names or config.label_column:
            raise CorpusError("label_names and label_column must be empty for fill-mask, whose texts have no labels")
        notes = list(source.notes)
        parts: dict[str, Split | None] = {"train": None, "validation": None, "test": None}
        for name, table in (("train", source.train), ("validation", source.validation), ("test", source.test)):
            if table is not None:
                parts[name] = _split(table, config, notes, name=name)
        train, validation, test = parts["train"], parts["validation"], parts["test"]
        assert train is not None
        if len(train) < 3:
            raise CorpusError(
                f"{source.name} must have at least three passages of text to learn from, got {len(train)}; give more"
            )
        if test is None:
            train, test = hold_out(train, stratum=self.stratum, seed=config.seed)
        if validation is None:
            train, validation = hold_out(train, stratum=self.stratum, seed=config.seed + 1)
        validation, test = (
            _measured(part, name, notes, seed=config.seed)
            for name, part in (("validation", validation), ("test", test))
        )
        return finish(source.name, (), train, validation, test, config, stratum=self.stratum, notes=notes)

    def classes_of(self, label: Label) -> frozenset[int]:
        """Return none: its classes are words."""
        return frozenset()

    def stratum(self, label: Label) -> int:
        """Return the same for all texts."""
        return 0

    def encode(self, tokenizer: Any, split: Split, *, max_length: int) -> Any:
        """Return passages with words masked, always the same ones, and a site at each."""
        from distil_core.data.masks import FIXED, mask, vocabulary_of
        from distil_core.data.tokenization import encode

        return mask(encode(tokenizer, split.texts, max_length=max_length), vocabulary_of(tokenizer), FIXED)

    def places(self, tokenizer: Any, text: str, *, max_length: int) -> tuple[Place, ...]:
        """Return the words that :meth:`encode` masks in a text of its own."""
        part = self.encode(tokenizer, Split.unlabeled((text,)), max_length=max_length)
        encoded = tokenizer(text, truncation=True, max_length=max_length, return_offsets_mapping=True)
        spans = [encoded["offset_mapping"][position] for position in part.sites.positions.tolist()]
        return tuple(Place(text=text[start:end], start=start, end=end) for start, end in spans)

    def hard_loss(self, logits: Any, targets: Any, *, weights: Any, normalizer: float | None) -> Any:
        """Return the cross-entropy of the masked words, their mean, whatever other sites there are."""
        from distil_core.functional.losses import hard_labels

        known = targets >= 0
        n_sites, n_known = len(targets), max(int(known.sum()), 1)
        usual = n_sites if normalizer is None else normalizer
        return hard_labels(logits[known], targets[known], normalizer=usual * n_known / max(n_sites, 1))

    def baseline(self, split: Split, *, encoded: Any, n_classes: int) -> Baseline:
        """Count the words of the training split."""
        from distil_core.tasks.fill_mask.unigram import Unigram

        return Unigram.fit(encoded)

    def baseline_logits(self, answers: Any, sites: Any) -> Any:
        """Return figures about the one distribution that the baseline predicts everywhere."""
        from distil_core.tasks.fill_mask.unigram import Unigram

        return Unigram(log_probs=answers).figures(sites)


def _is_folder_of_texts(path: Path) -> bool:
    try:
        return path.is_dir() and any(path.glob("*.txt"))
    except OSError:
        return False


def _texts_in(folder: Path) -> Table:
    lines = list[object]()
    for path in sorted(folder.glob("*.txt")):
        table = files.read_table(path, plain=True)
        if table.columns != ("text",):
            raise CorpusError(
                f"{path.name} must have a text on each line, got {', '.join(table.columns)} in columns; take it out of "
                f"{folder.name}"
            )
        lines += table.values("text")
        refuse_rows(folder.name, len(lines), 1)
    return in_memory(folder.name, {"text": lines}, declared={})


def _test(config: CorpusConfig) -> Table | None:
    if not config.test:
        return None
    path = files.path_of(config.test)
    return _texts_in(path) if _is_folder_of_texts(path) else files.read_table(path, plain=True)


def _split(table: Table, config: CorpusConfig, notes: list[str], *, name: str) -> Split:
    sentences = sentences_of(table, text_column=config.text_column)
    passages = passages_of(sentences.texts)
    notes += sentences.notes
    if passages.n_cut:
        notes.append(f"{passages.n_cut:,} long {name} texts are cut into passages")
    if passages.n_joined:
        notes.append(f"{passages.n_joined:,} short {name} texts are joined with the text before them")
    texts = [text for text in passages.texts if len(text.split()) >= SHORTEST or len(text) >= 4 * SHORTEST]
    n_dropped = len(passages.texts) - len(texts) + passages.n_dropped
    if n_dropped:
        notes.append(f"{n_dropped:,} {name} passages are too short to mask a word of and are left out")
    return Split.unlabeled(texts)


def _measured(split: Split, name: str, notes: list[str], *, seed: int) -> Split:
    limit = MEASURED[name]
    if len(split) > limit:
        notes.append(f"{limit:,} of {len(split):,} {name} passages are measured, drawn at random")
    return stratified_sample(split, limit, stratum=lambda _: 0, seed=seed)
