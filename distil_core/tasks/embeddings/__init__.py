"""Sentence embeddings: a vector a text, for search and for likeness.

In: texts to learn from, and pairs with scores or queries with answers to measure on. Out: a corpus; one site a text,
whose logits are its vector; the teacher's similarities and vectors as what is to be learned; Spearman's correlation and
the figures of a search; TF-IDF and BM25 as the baseline.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from distil_core.data import beir, files
from distil_core.data.corpus import Corpus, Label, Place, Split, split_segments
from distil_core.data.sources import Source, file_name, read_source
from distil_core.data.splits import finish, hold_out
from distil_core.data.tables import in_memory
from distil_core.errors import CorpusError
from distil_core.evaluation.correlation import correlation
from distil_core.evaluation.metrics import Metric, Unit, mean
from distil_core.evaluation.predictions import SplitPredictions
from distil_core.models.head import EMBEDDING
from distil_core.settings.config import CorpusConfig, Method
from distil_core.tasks.embeddings import examples
from distil_core.tasks.embeddings.judge import PAIR, QUERY, unit
from distil_core.tasks.task import Baseline, Task

__all__ = ["Embeddings"]


def _judged(columns: slice) -> Callable[[SplitPredictions], np.ndarray]:
    def terms(split: SplitPredictions) -> np.ndarray:
        if split.quality is None:
            return np.zeros((split.n_examples, columns.stop - columns.start))
        return np.asarray(split.quality[:, columns])

    return terms


def _searched(column: int) -> dict[str, Any]:
    """Return how a metric is the mean of a column over queries."""
    terms = _judged(QUERY)
    return {"terms": lambda split: terms(split)[:, [column, -1]], "reduce": mean}


def _likeness_terms(split: SplitPredictions) -> np.ndarray:
    teacher = split.teacher_logits
    if teacher is None or teacher.shape != split.logits.shape:  # a baseline has no vectors
        return np.zeros((split.n_examples, 2))
    cosines = (unit(split.logits) * unit(teacher)).sum(axis=1)
    return split.per_example(np.column_stack([cosines, np.ones(len(cosines))]))


SPEARMAN = Metric(
    name="spearman",
    label="Spearman correlation",
    meaning="whether more alike is told from less alike",
    definition="rank correlation of the cosines of pairs with their scores",
    noun="Spearman correlation",
    hub_name="spearmanr",
    unit=Unit.NUMBER,
    greater_is_better=True,
    terms=_judged(PAIR),
    reduce=correlation,
)
NDCG = Metric(
    name="ndcg_at_10",
    label="nDCG@10",
    meaning="whether the best answers come first",
    definition="mean over queries of the gain within the first ten texts, over the greatest possible",
    noun="nDCG@10",
    unit=Unit.SHARE,
    greater_is_better=True,
    **_searched(0),
)
MRR = Metric(
    name="mrr_at_10",
    label="MRR@10",
    meaning="how early the first answer comes",
    definition="mean over queries of 1 over the rank of the first answer, 0 beyond the tenth",
    noun="MRR@10",
    unit=Unit.SHARE,
    greater_is_better=True,
    **_searched(1),
)
RECALL = Metric(
    name="recall_at_100",
    label="Recall@100",
    meaning="answers among the first hundred texts",
    definition="mean share of the answers to a query that are among the first hundred texts",
    unit=Unit.SHARE,
    greater_is_better=True,
    **_searched(2),
)
TEACHER_COSINE = Metric(
    name="teacher_cosine",
    label="Cosine to the teacher",
    meaning="likeness to the teacher's vectors, 1 when they point the same way",
    definition="mean cosine of the vectors of both models",
    unit=Unit.NUMBER,
    greater_is_better=True,
    needs_teacher=True,
    terms=_likeness_terms,
    reduce=mean,
)


class Embeddings(Task):
    """A vector for each text."""

    name = "embeddings"
    title = "Sentence embeddings"
    place_title = "Text"
    usage = """\
from sentence_transformers import SentenceTransformer

student = SentenceTransformer("path/to/this/folder")
vectors = student.encode(["Put a text here.", "Put another one here."])
print(student.similarity(vectors[:1], vectors[1:]))"""
    library = "sentence-transformers"
    head = EMBEDDING
    quality = (SPEARMAN, NDCG, MRR, RECALL)
    fidelity = (TEACHER_COSINE,)
    methods = (Method.DISTILLED, Method.LAYER_CUT, Method.BASELINE)
    defaults = MappingProxyType({"corpus": {"n_train": 1300, "n_test": 500}, "teacher": {"source": "minilm"}})
    loss_parts = MappingProxyType({"soft_labels": "similarities in a batch", "hard_labels": "teacher's vectors"})
    corpus_titles = MappingProxyType({"reviews": "Which reviews are alike, and which answer a query"})
    segments = ("First text", "Second text")
    segments_apart = True
    file_format = "one row a text, or two texts and how alike they are; or a folder in BEIR's layout"
    text_columns = ()
    label_columns = ()
    baseline_name = "TF-IDF and BM25"
    baseline_description = "cosine of TF-IDF for likeness, BM25 for search"

    def recognizes(self, columns: Sequence[str]) -> bool:
        """Tell whether they are the files of a search in BEIR's layout."""
        return {beir.DOCUMENTS, beir.QUERIES} <= set(columns)

    def source(self, config: CorpusConfig) -> Source:
        """Return reviews and queries that a grammar writes, or the rows of files, folders or data sets."""
        if config.source == "reviews":
            return _reviews(config)
        path, test = (files.path_of(place) for place in (config.source, config.test))
        if _is_collection(path):
            return _searching(beir.read_collection(path), config)
        if config.source.startswith("hub:") or not path.is_file():
            return read_source(config)
        train = files.read_table(path, plain=True)
        if config.test and _is_collection(test):
            searching = _searching(beir.read_collection(test), config)
            return Source(
                name=path.stem, train=train, validation=searching.validation, test=searching.test, notes=searching.notes
            )
        measured = files.read_table(test) if config.test else None
        return Source(name=file_name(path), train=train, test=measured)

    def corpus(self, source: Source, config: CorpusConfig) -> Corpus:
        """Return texts to learn from, and what is measured on; see :mod:`examples`.

        A tenth of the pairs is held out for a validation or test split that is not there.

        Raises:
            CorpusError: If there is nothing to measure on.
        """
        if config.label_names:
            raise CorpusError(f"label_names must be empty for embeddings, which have none, got {config.label_names!r}")
        texts, notes = examples.texts_of(source.train, text_column=config.text_column)
        parts: dict[str, Split | None] = {"validation": None, "test": None}
        lenient = source.may_lack_labels and not config.test
        for name, table in (("validation", source.validation), ("test", source.test)):
            if table is None:
                continue
            if lenient and examples.lacks_scores(table, label_column=config.label_column):
                notes.append(f"the {table.where} has no scores and is left out")
                continue
            parts[name], left_out = examples.measured_of(table, label_column=config.label_column)
            notes += left_out
        validation, test = parts["validation"], parts["test"]
        if lenient and test is None and validation is not None:
            notes.append(f"{source.name} has no test split with scores: its validation split takes that place")
            validation, test = None, validation
        if validation is None and examples.pair_columns(source.train.columns):
            pairs, _ = examples.measured_of(source.train, label_column=config.label_column)
            if test is None:
                pairs, test = hold_out(pairs, stratum=self.stratum, seed=config.seed)
            validation = hold_out(pairs, stratum=self.stratum, seed=config.seed + 1)[1]
        elif test is None:
            raise CorpusError(
                f"{source.name} has nothing to measure embeddings on; give pairs with scores or a folder in BEIR's "
                "layout as the test"
            )
        elif validation is None:
            test, validation = hold_out(test, stratum=self.stratum, seed=config.seed)
            notes.append(f"{len(validation):,} test pairs are taken for validation")
        assert test is not None
        learned, left_out = examples.unmeasured(texts, validation, test)
        if not learned:
            raise CorpusError(
                f"{source.name} must have texts to learn from beside those that are measured on, got none"
            )
        return finish(
            source.name,
            (),
            Split.unlabeled(learned),
            validation,
            test,
            config,
            stratum=self.stratum,
            notes=[*source.notes, *notes, *left_out],
        )

    def classes_of(self, label: Label) -> frozenset[int]:
        """Return none: there are no classes."""
        return frozenset()

    def stratum(self, label: Label) -> int:
        """Return the same for all texts."""
        return 0

    def encode(self, tokenizer: Any, split: Split, *, max_length: int) -> Any:
        """Return texts as tokens, a row for each segment, with one site a row."""
        from distil_core.tasks.embeddings.encoding import encode_rows

        return encode_rows(tokenizer, split, max_length=max_length)

    def places(self, tokenizer: Any, text: str, *, max_length: int) -> tuple[Place, ...]:
        """Return the segments of the text, however much of them is read."""
        places, start = [], 0
        for segment in split_segments(text):
            places.append(Place(text=segment, start=start, end=start + len(segment)))
            start += len(segment) + 1
        return tuple(places)

    def soft_loss(self, logits: Any, teacher_logits: Any, *, temperature: float, normalizer: float | None) -> Any:
        """Return how far the similarities within the batch are from the teacher's, softened."""
        from distil_core.functional.vector_losses import similarity_kl

        return similarity_kl(logits, teacher_logits, temperature=temperature, normalizer=normalizer)

    def hard_loss(self, logits: Any, targets: Any, *, weights: Any, normalizer: float | None) -> Any:
        """Return how far the vectors point from the teacher's."""
        from distil_core.functional.vector_losses import vector_cosine

        return vector_cosine(logits, targets, normalizer=normalizer)

    def baseline(self, split: Split, *, encoded: Any, n_classes: int) -> Baseline:
        """Learn how common words are, for TF-IDF."""
        from distil_core.tasks.embeddings.lexical import LexicalBaseline

        return LexicalBaseline.fit(split.texts)

    def baseline_logits(self, answers: Any, sites: Any) -> Any:
        """Return no vectors: the baseline has none of a usual size."""
        import torch

        return torch.zeros(len(sites), 1)

    def baseline_quality(self, answers: Any, sites: Any) -> Any:
        """Return what the likeness by TF-IDF and the search by BM25 are worth."""
        return answers.quality(sites.judge)

    def for_corpus(self, corpus: Corpus) -> Task:
        """Return the task by nDCG@10 where there are queries and no pairs."""
        pairs = any(isinstance(label, float | int) for label in corpus.test.labels)
        return self if pairs else _Search()


class _Search(Embeddings):
    """The same where nothing but a search is measured."""

    quality = (NDCG, MRR, RECALL, SPEARMAN)


def _is_collection(path: Path) -> bool:
    try:
        return beir.is_collection(path)
    except OSError:
        return False


def _reviews(config: CorpusConfig) -> Source:
    from distil_core.data.reviews import likeness

    if config.test:
        raise CorpusError(f"test must be empty for the built-in corpus {config.source!r}, got {config.test!r}")
    texts, *measured = likeness.generate_likeness(n_train=config.n_train, n_test=config.n_test, seed=config.seed)
    validation, test = map(examples.table_of_measured, measured)
    train = in_memory("reviews", {"text": texts}, declared={})
    return Source(name="reviews", train=train, validation=validation, test=test)


def _searching(collection: beir.Collection, config: CorpusConfig) -> Source:
    validation, test, notes = examples.tables_of_collection(collection, seed=config.seed)
    measured = {collection.queries[query] for part in ("test", "dev") for query in collection.judgments.get(part, ())}
    texts = [*collection.documents.values(), *(text for text in collection.queries.values() if text not in measured)]
    train = in_memory(collection.name, {"text": texts}, declared={})
    return Source(name=collection.name, train=train, validation=validation, test=test, notes=tuple(notes))
