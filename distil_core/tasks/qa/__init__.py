"""Extractive question answering: which words of a context answer a question, if any do.

In: rows with a question, a context and the right answers, as SQuAD has them. Out: a corpus; two sites for each window
of a context, where the answer starts and where it ends; F1 and exact match as the official script counts them; the
sentence with most words of the question as the baseline.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from distil_core.data import splits
from distil_core.data.corpus import Corpus, Label, Place, Split, split_segments
from distil_core.data.sources import Source, read_source
from distil_core.data.tables import guess, in_memory
from distil_core.errors import CorpusError
from distil_core.evaluation import metrics
from distil_core.evaluation.metrics import KL, LOYALTY, Metric, Unit
from distil_core.evaluation.predictions import SplitPredictions
from distil_core.models.head import QUESTION_ANSWERING
from distil_core.settings.config import CorpusConfig, LayerMap, Recipe, TeacherConfig
from distil_core.settings.recipes import NARROW, FineTuning
from distil_core.tasks.qa import examples
from distil_core.tasks.qa.spans import NOTHING
from distil_core.tasks.task import Baseline, Task

__all__ = ["QuestionAnswering"]

_ALWAYS_ANSWERED = {
    "nothing, spans = [], []": "spans = []",
    "    nothing.append(starts[0] + ends[0])\n": "",
    '"no answer" if min(nothing) > score else ': "",
}
"""What of the usage falls away, and what stands in its place, where each question has an answer."""


def _over(column: int, *counted: int) -> dict[str, Any]:
    """Return how a metric is the mean of a column of ``quality`` over the questions that some columns count."""

    def terms(split: SplitPredictions) -> np.ndarray:
        if split.quality is None:
            return np.full((split.n_examples, 2), np.nan)
        counts = split.quality[:, counted].sum(axis=1)
        return np.column_stack([split.quality[:, column] * counts, counts])

    return {"terms": terms, "reduce": metrics.mean}


_F1, _EXACT, _HAS_ANSWER, _NO_ANSWER = range(4)
F1 = Metric(
    name="f1",
    label="F1",
    meaning="words that answer and right answer share",
    definition="mean F1 of the words of an answer against the right one that is nearest",
    noun="F1",
    hub_name="f1",
    unit=Unit.SHARE,
    greater_is_better=True,
    **_over(_F1, _HAS_ANSWER, _NO_ANSWER),
)
EXACT_MATCH = Metric(
    name="exact_match",
    label="Exact match",
    meaning="answers that are right to the word",
    definition="share of the questions answered with the very words of a right answer",
    sentence="answers {} of the test questions to the word",
    hub_name="exact_match",
    unit=Unit.SHARE,
    greater_is_better=True,
    **_over(_EXACT, _HAS_ANSWER, _NO_ANSWER),
)
ANSWERABLE_F1 = Metric(
    name="answerable_f1",
    label="F1 where there is an answer",
    meaning="the same over questions that have one",
    noun="F1 where there is an answer",
    unit=Unit.SHARE,
    greater_is_better=True,
    **_over(_F1, _HAS_ANSWER),
)
NO_ANSWER = Metric(
    name="no_answer",
    label="No answer where there is none",
    meaning="questions without one that are not answered",
    unit=Unit.SHARE,
    greater_is_better=True,
    **_over(_F1, _NO_ANSWER),
)
AGREEMENT = replace(
    metrics.AGREEMENT,
    meaning="starts and ends that are the teacher's",
    definition="share of the starts and ends that are the teacher's",
)


class QuestionAnswering(Task):
    """Which words of a context answer a question."""

    name = "qa"
    title = "Question answering"
    usage = """\
import torch
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

folder = "path/to/this/folder"
tokenizer, student = AutoTokenizer.from_pretrained(folder), AutoModelForQuestionAnswering.from_pretrained(folder)
question, context = "Put a question here.", "Put its context here."
length = min(MAX_LENGTH, tokenizer.model_max_length)
parts = tokenizer(  # a long context is read in parts that overlap
    question, context, truncation="only_second", max_length=length, stride=min(length // 3, 128),
    return_overflowing_tokens=True, padding=True, return_tensors="pt",
)
del parts["overflow_to_sample_mapping"]
with torch.inference_mode():
    scores = student(**parts)
nothing, spans = [], []
for starts, ends, part in zip(scores.start_logits.tolist(), scores.end_logits.tolist(), parts.encodings):
    nothing.append(starts[0] + ends[0])
    tokens = [i for i, segment in enumerate(part.sequence_ids) if segment == 1]
    for number, first in enumerate(tokens):
        for last in tokens[number : number + 30]:
            spans.append((starts[first] + ends[last], part.offsets[first][0], part.offsets[last][1]))
score, start, end = max(spans)
print("no answer" if min(nothing) > score else context[start:end])"""
    head = QUESTION_ANSWERING
    quality = (F1, EXACT_MATCH, ANSWERABLE_F1, NO_ANSWER)
    fidelity = (AGREEMENT, KL, LOYALTY)
    corpus_titles = MappingProxyType({"reviews": "What was praised or blamed in reviews"})
    segments = ("Question", "Context")
    file_format = "SQuAD's JSON, or one row a question, with its context and answers"
    # A question finds its answer in the middle of an encoder. Of 1,835 questions of SQuAD, measured on 428 others, a
    # student of MiniLM's layers 1, 2 and 3 comes to 0.57, of 0, 1 and 2 or 0, 1 and 3 to 0.54. Of the reviews' teacher
    # (0.84), which is narrow, layers 0 and 3, 0 and 2 or 0 and 1 keep all (0.85 to 0.86), 2 and 3 do not (0.70), nor
    # does 0 alone (0.79).
    defaults = MappingProxyType(
        {
            "corpus": {"n_train": 2000},
            "student": {"layer_map": LayerMap.MIDDLE},
            "training": {"batch_size": 16, "learning_rate": 2e-4},
        }
    )
    points = True
    text_columns = ()
    label_columns = ()
    place_title = "Start or end"
    baseline_name = "Most overlap"
    baseline_description = "the sentence with most words of the question"

    @property
    def scores(self) -> tuple[Metric, ...]:
        """What a model is worth beside its cost."""
        return (F1, AGREEMENT, EXACT_MATCH)

    def usage_for(self, *, max_length: int, labels: Iterable[Label]) -> str:
        """Return how a student is asked that was measured by these labels; it finds what it found there."""
        usage = self.usage.replace("MAX_LENGTH", str(max_length))
        if not any(label is not None and not len(label) for label in labels):
            for words, instead in _ALWAYS_ANSWERED.items():
                usage = usage.replace(words, instead)
        return usage

    def class_names(self, label_names: Sequence[str], *, max_length: int = 0) -> tuple[str, ...]:
        """Return names of the tokens of a context, by their number."""
        return (NOTHING, *(f"token {number}" for number in range(1, max_length)))

    def recognizes(self, columns: Sequence[str]) -> bool:
        """Tell whether there is a question, a context and answers in each row."""
        return all(guess(columns, (column,)) for column in examples.COLUMNS)

    def source(self, config: CorpusConfig) -> Source:
        """Return questions on reviews that a grammar writes, or the rows of a file or data set."""
        if config.source != "reviews":
            return read_source(config)
        from distil_core.data.reviews import questions

        if config.test:
            raise CorpusError(f"test must be empty for the built-in corpus {config.source!r}, got {config.test!r}")
        written = questions.generate_questions(
            n_train=config.n_train, n_validation=config.n_test, n_test=config.n_test, seed=config.seed
        )
        train, validation, test = (
            in_memory(f"the {split} reviews", columns, declared={})
            for split, columns in zip(("training", "validation", "test"), written, strict=True)
        )
        return Source(name="reviews", train=train, validation=validation, test=test)

    def corpus(self, source: Source, config: CorpusConfig) -> Corpus:
        """Turn rows of question, context and answers into labeled texts; see :func:`examples.questions_of`.

        A tenth of the contexts is held out for a validation or test split that is not there.
        """
        for name in ("text_column", "label_column", "label_names"):
            if getattr(config, name):
                raise CorpusError(
                    f"{name} must be empty for question answering, whose columns are {', '.join(examples.COLUMNS)}, "
                    f"got {getattr(config, name)!r}"
                )
        train = examples.questions_of(source.train)
        validation, test = (
            None if table is None else examples.questions_of(table) for table in (source.validation, source.test)
        )
        notes = [note for part in (train, validation, test) if part is not None for note in part.notes]
        if source.may_lack_labels and test is None and validation is not None:
            notes.append(f"{source.name} has no test split with answers: its validation split takes that place")
            validation, test = None, validation
        if len(set(train.contexts)) < 3 - (validation is not None) - (test is not None):
            raise CorpusError(
                f"{source.train.where} must have several contexts, as whole contexts are held out for the splits that "
                "are not there, got too few; add some"
            )
        cut = partial(splits.hold_out, stratum=int)
        if test is None:
            train, test = examples.hold_out_contexts(train, partial(cut, seed=config.seed))
        if validation is None:
            train, validation = examples.hold_out_contexts(train, partial(cut, seed=config.seed + 1))
        return splits.finish(
            source.name,
            ("start", "end"),
            train.split,
            validation.split,
            test.split,
            config,
            stratum=self.stratum,
            notes=notes,
        )

    def classes_of(self, label: Label) -> frozenset[int]:
        """Return none: what is right is a place in the context."""
        return frozenset()

    def stratum(self, label: Label) -> int:
        """Return whether a question has an answer."""
        return int(bool(label))

    def encode(self, tokenizer: Any, split: Split, *, max_length: int) -> Any:
        """Return questions and contexts as tokens, a row a window, with a site for the start and one for the end."""
        from distil_core.tasks.qa import windows

        return windows.encode_windows(tokenizer, split, max_length=max_length)

    def places(self, tokenizer: Any, text: str, *, max_length: int) -> tuple[Place, ...]:
        """Return the start and the end in each window of the context."""
        from distil_core.tasks.qa import windows

        spans = windows.spans_read(tokenizer, text, max_length=max_length)
        offset = len(text) - len(split_segments(text)[-1])
        names = [f" in part {number} of {len(spans)}" if len(spans) > 1 else "" for number in range(1, len(spans) + 1)]
        return tuple(
            Place(text=f"{side}{name}", start=offset + start, end=offset + end)
            for (start, end), name in zip(spans, names, strict=True)
            for side in ("start", "end")
        )

    def fine_tuning(self, width: int, recipe: Recipe) -> FineTuning:
        """Return a lower rate for wider encoders, and more and more careful steps for narrow ones.

        Rates are 1e-4 at a width of 384, and a quarter of it at twice that, as is usual there. A narrow encoder takes
        long to see what a question asks for, and a fast start keeps it from it: after three passes over 2,000 reviews
        in steps of 16, F1 on the validation texts of four corpora was 0.76 to 0.79 with a warm-up over half of the
        steps, and of three of them 0.60 to 0.69 with the usual one at half that rate.
        """
        usual = replace(super().fine_tuning(width, recipe), dropout=0.0)
        if width <= NARROW:
            return replace(usual, n_steps=400, batch_size=16, learning_rate=1e-3, warmup=0.5)
        return replace(usual, learning_rate=TeacherConfig().learning_rate * (384 / width) ** 2)

    def baseline(self, split: Split, *, encoded: Any, n_classes: int) -> Baseline:
        """Return the sentence with most overlap, which learns nothing."""
        from distil_core.tasks.qa.overlap import SentenceOverlap

        return SentenceOverlap()

    def baseline_logits(self, answers: Any, sites: Any) -> Any:
        """Return the sentences that the baseline answers with as logits of their starts and ends."""
        from distil_core.tasks.qa.overlap import at_tokens
        from distil_core.tasks.qa.windows import windows_of

        return at_tokens(answers, windows_of(sites), n_classes=sites.pointers.n_classes)
