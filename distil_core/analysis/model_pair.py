"""Teacher and student of a run, loaded: what both make of a text at each of its sites, as plain data."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

import numpy as np
import torch

from distil_core.analysis.answer_spans import AnswerReading, read_answers
from distil_core.analysis.comparison import Compared
from distil_core.analysis.error_analysis import Answers
from distil_core.data.corpus import LabeledText, Place, Split, split_segments
from distil_core.data.sites import EncodedSplit
from distil_core.errors import CorpusError, ModelError
from distil_core.evaluation import cost
from distil_core.evaluation.predictions import SplitPredictions
from distil_core.evaluation.records import Latency
from distil_core.models.checkpoints import head_order, locate
from distil_core.models.devices import default_device, resolve_precision
from distil_core.models.forward import at_sites, padded_inputs, predict, readable
from distil_core.models.heads import reorder_head
from distil_core.models.loading import independent_copy, load_model, load_tokenizer
from distil_core.models.packing import scores_of
from distil_core.runs.folder import RunFolder
from distil_core.runs.record import RunRecord
from distil_core.settings.config import Precision, RunConfig
from distil_core.tasks.catalog import task_named
from distil_core.tasks.qa.spans import NOTHING
from distil_core.tasks.qa.windows import windows_of
from distil_core.tasks.task import Task
from distil_core.training.cache import Cache
from distil_core.types import Model, Tokenizer


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPair:
    """Teacher and student of a run, loaded, in eval mode; read-only, so that many sessions can share it.

    ``task`` says at which sites of a text they are asked.
    """

    teacher: Model
    student: Model
    tokenizer: Tokenizer
    max_length: int
    task: Task = field(default_factory=lambda: task_named(RunConfig().task))

    def encode(self, texts: Sequence[str]) -> EncodedSplit:
        """Return texts as both models get them, on their device."""
        encoded = self.task.encode(self.tokenizer, Split.unlabeled(texts), max_length=self.max_length)
        on_device: EncodedSplit = encoded.to(self.teacher.device)
        return on_device

    def places(self, text: str) -> tuple[Place, ...]:
        """Return where in a text its sites are."""
        return self.task.places(self.tokenizer, text, max_length=self.max_length)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextComparison:
    """Answers of both models at each site of one text; ``mask`` hides a word, empty where nothing does."""

    tokens: tuple[str, ...]
    sites: tuple[Compared, ...]
    truncated: bool
    mask: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PairTiming:
    """How long both models take for one text: each the median and spread of ``n`` passes with ``n_threads``."""

    teacher: Latency
    student: Latency
    n: int
    n_threads: int
    n_tokens: int


def load_pair(folder: RunFolder, *, record: RunRecord, cache: Cache) -> ModelPair:
    """Load the student of a run and the teacher that it learned from.

    Args:
        folder: The run's folder.
        record: The run's record, which names the teacher.
        cache: Where fine-tuned teachers are kept.

    Raises:
        ModelError: If the run has no student, or the teacher is not there any more.
    """
    if not folder.has_student:
        raise ModelError(
            f"run {record.run} must have a student to compare, but is a {record.config.method} run; pick another"
        )
    device = default_device()
    checkpoint = locate(record.config.teacher.source)
    task = record.task
    order = head_order(checkpoint, record.corpus.label_names, head=task.head)
    if order is not None:
        teacher = load_model(checkpoint.folder, head=task.head)
        reorder_head(teacher, order, record.corpus.label_names)
    else:
        teacher_folder = cache.find("teachers", record.teacher_digest)
        if teacher_folder is None:
            raise ModelError(
                f"the fine-tuned teacher of run {record.run} is no longer kept; distil the run again to have it back "
                "(delete it first, or change its seed)"
            )
        teacher = load_model(teacher_folder)
    # Not the student's, whose architecture may know no segments where the teacher's does.
    tokenizer = load_tokenizer(checkpoint.folder)
    return ModelPair(
        teacher=teacher.to(device),
        student=load_model(folder.student).to(device),
        tokenizer=tokenizer,
        max_length=min(record.config.teacher.max_length, tokenizer.model_max_length),
        task=task,
    )


def compare(pair: ModelPair, text: str) -> TextComparison:
    """Let both models answer one text.

    Raises:
        CorpusError: If there is no site in it.
    """
    encoded = pair.encode((text,))
    if not len(encoded.sites):
        raise CorpusError("the text must have at least one word that the models can read; type another one")
    batch, rows = _batch(pair, encoded), torch.arange(len(encoded.tokens), device=pair.teacher.device)
    with torch.inference_mode():
        teacher, student = (
            at_sites(scores_of(model(**readable(model, batch))), encoded.sites, rows)[1].float().cpu().tolist()
            for model in (pair.teacher, pair.student)
        )
    return TextComparison(
        tokens=tuple(pair.tokenizer.convert_ids_to_tokens(encoded.tokens.ids.tolist())),
        sites=tuple(
            _compared(place, by_teacher, by_student, names)
            for place, by_teacher, by_student, names in zip(
                pair.places(text), teacher, student, _class_names(pair, text, encoded), strict=True
            )
        ),
        truncated=encoded.tokens.n_truncated > 0,
        mask=pair.tokenizer.mask_token or "",
    )


def _compared(place: Place, teacher: Sequence[float], student: Sequence[float], names: tuple[str, ...]) -> Compared:
    n = len(names) or None
    return Compared(
        place=place, teacher_logits=tuple(teacher[:n]), student_logits=tuple(student[:n]), class_names=names
    )


def answer_reading(pair: ModelPair, text: str, *, may_be_empty: bool) -> AnswerReading:
    """Let both models answer a question, and return where in its context they see the answer.

    Args:
        pair: The models.
        text: The question and its context.
        may_be_empty: Whether they may answer that there is none.

    Raises:
        CorpusError: If the question leaves no room for the context.
    """
    encoded, padding = pair.encode((text,)), pair.tokenizer.pad_token_id
    teacher, student = (
        predict(model, encoded.tokens, padding=padding, sites=encoded.sites).numpy()
        for model in (pair.teacher, pair.student)
    )
    return read_answers(windows_of(encoded.sites), teacher, student, may_be_empty=may_be_empty)


def token_names(encoded: EncodedSplit, *answers: np.ndarray) -> tuple[Mapping[int, str], ...]:
    """Return for each site what those of its classes are called that are right or that somebody answers.

    Nothing where classes are no tokens.

    Args:
        encoded: The texts.
        answers: A class for each site, by each who answers.
    """
    if encoded.sites.pointers is None:
        return ()
    windows = windows_of(encoded.sites)
    names = []
    for site, classes in enumerate(zip(encoded.sites.targets.tolist(), *map(np.ndarray.tolist, answers), strict=True)):
        first, context = int(windows.offsets[site // 2]), windows.contexts[windows.owners[site // 2]]
        tokens = {token: first + token - 1 for token in classes if token > 0}
        spans = {token: context[windows.starts[at] : windows.ends[at]] for token, at in tokens.items()}
        names.append({0: NOTHING, **spans})
    return tuple(names)


def stored_token_names(
    folder: RunFolder, *, record: RunRecord, texts: Sequence[LabeledText], test: SplitPredictions
) -> tuple[Mapping[int, str], ...]:
    """Return what :func:`token_names` does for the stored answers to the test texts of a run; no model is loaded.

    Args:
        folder: The run's folder.
        record: The run's record.
        texts: Its test texts.
        test: What was answered to them.
    """
    if not record.task.points:
        return ()
    tokenizer = load_tokenizer(folder.student)
    split = Split(texts=tuple(item.text for item in texts), labels=tuple(item.label for item in texts))
    max_length = min(record.config.teacher.max_length, tokenizer.model_max_length)
    encoded = record.task.encode(tokenizer, split, max_length=max_length)
    return token_names(encoded, test.teacher.logits.argmax(axis=1), test.logits.argmax(axis=1))


def _class_names(pair: ModelPair, text: str, encoded: EncodedSplit) -> list[tuple[str, ...]]:
    """Return the classes of each site where they are tokens: none of them, or what stands there."""
    if encoded.sites.pointers is None:
        return [()] * len(encoded.sites)
    context, windows = split_segments(text)[-1], windows_of(encoded.sites)
    words = [context[start:end] for start, end in zip(windows.starts.tolist(), windows.ends.tolist(), strict=True)]
    return [
        (NOTHING, *_numbered(words[first:stop])) for first, stop in pairwise(windows.offsets.tolist()) for _ in range(2)
    ]


def _numbered(words: Sequence[str]) -> list[str]:
    """Return words so that those that stand there again can be told apart."""
    seen: Counter[str] = Counter()
    names = []
    for word in words:
        seen[word] += 1
        names.append(word if seen[word] == 1 else f"{word} ({seen[word]})")
    return names


def timing(
    pair: ModelPair, text: str, *, seconds: float = 0.15, between: Callable[[], object] = lambda: None
) -> PairTiming:
    """Time both models on one text, after a warm-up and in turn, so that what disturbs one disturbs both.

    Args:
        pair: The models.
        text: The text.
        seconds: What the readings may take, both models together; each is read nine times at least.
        between: Called, unmeasured, when both have had a turn; may raise, to stop.
    """
    batch = _batch(pair, pair.encode((text,)))
    models: dict[str, Callable[[cost.Batch], object]] = {
        name: partial(_answer, model) for name, model in (("teacher", pair.teacher), ("student", pair.student))
    }
    latencies = cost.latencies(models, [batch], seconds=seconds, at_least=9, between=between)
    (teacher, n), (student, _) = latencies["teacher"], latencies["student"]
    return PairTiming(
        teacher=teacher,
        student=student,
        n=n,
        n_threads=torch.get_num_threads(),
        n_tokens=batch["input_ids"].shape[1],
    )


def answer_texts(
    pair: ModelPair, texts: Sequence[str], *, precision: Precision = Precision.FP32, chunk: int = 64
) -> Iterator[Answers]:
    """Let both models answer many texts; yields the answers to some of them at a time, in their order.

    Args:
        pair: The models.
        texts: Any number of texts.
        precision: Of the products; bf16 moves probabilities in the third digit.
        chunk: Texts to answer between two yields, so that somebody can look on or stop.
    """
    precision = resolve_precision(precision, pair.teacher.device)
    models = [
        independent_copy(model, precision) for model in (pair.teacher, pair.student)
    ]  # others share those of the pair
    for start in range(0, len(texts), chunk):
        part = texts[start : start + chunk]
        encoded, padding = pair.encode(part), pair.tokenizer.pad_token_id
        teacher, student = (
            predict(model, encoded.tokens, padding=padding, sites=encoded.sites).numpy() for model in models
        )
        yield Answers(
            places=tuple(map(pair.places, part)),
            teacher=teacher,
            student=student,
            tokens=token_names(encoded, teacher.argmax(axis=1), student.argmax(axis=1)),
        )


def _batch(pair: ModelPair, encoded: EncodedSplit) -> cost.Batch:
    examples = torch.arange(len(encoded.tokens), device=pair.teacher.device)
    return padded_inputs(pair.teacher, encoded.tokens, examples, padding=pair.tokenizer.pad_token_id)


def _answer(model: Model, batch: cost.Batch) -> object:
    return scores_of(model(**readable(model, batch)))
