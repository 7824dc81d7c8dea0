"""The student of a run as the lab has it, and how another form of it answers the same test texts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import torch
from tokenizers import Tokenizer as TokenizerFile
from torch import Tensor

from distil_core.data.batches import sorted_batches
from distil_core.data.corpus import Label, Split, split_segments
from distil_core.data.sites import EncodedSplit
from distil_core.evaluation import bootstrap, cost
from distil_core.evaluation.records import Latency
from distil_core.export.formats import Comparison
from distil_core.models.configuration import lacks_heads
from distil_core.models.forward import at_sites, padded_inputs
from distil_core.models.loading import auto_class, load_model, load_tokenizer
from distil_core.models.packing import scores_of
from distil_core.models.words import figures_of
from distil_core.runs.folder import RunFolder
from distil_core.runs.record import RunRecord
from distil_core.tasks.qa.windows import overlap, windows_of
from distil_core.tasks.task import Task
from distil_core.training.lessons import predictions_of
from distil_core.types import Model, Tokenizer

Answering: TypeAlias = Callable[[Mapping[str, Tensor]], Tensor]
"""What answers some padded texts as :func:`distil_core.models.packing.scores_of` has it."""

_BATCH_TOKENS = 512
"""Few, as the heads of some models put out a vocabulary for each of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabStudent:
    """The student of a run as the lab has it, with the test texts as it gets them."""

    model: Model
    tokenizer: Tokenizer
    task: Task
    texts: tuple[str, ...]
    labels: tuple[Label, ...]
    test: EncodedSplit
    max_length: int

    def answer(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return what its head puts out for some texts."""
        with torch.inference_mode():
            return scores_of(self.model(**inputs))

    @property
    def usage(self) -> str:
        """How it is asked in Python."""
        return self.task.usage_for(max_length=self.max_length, labels=self.labels)

    @property
    def may_be_empty(self) -> bool:
        """Whether it may say of a question that its context has no answer."""
        return self.task.points and windows_of(self.test.sites).may_be_empty

    def inputs(self, rows: Tensor) -> dict[str, Tensor]:
        """Return some rows of test tokens as the model takes them."""
        return padded_inputs(self.model, self.test.tokens, rows, padding=self.tokenizer.pad_token_id)

    def tokenizer_file(self) -> TokenizerFile:
        """Return the tokenizer as it leaves: it cuts and fills up texts as the lab does, without being told to."""
        file = TokenizerFile.from_str(self.tokenizer.backend_tokenizer.to_str())
        if self.task.points:
            file.enable_truncation(self.max_length, stride=overlap(self.max_length), strategy="only_second")
        else:
            file.enable_truncation(self.max_length)
        file.enable_padding(pad_id=self.tokenizer.pad_token_id, pad_token=self.tokenizer.pad_token)
        return file


def load_student(folder: RunFolder, *, record: RunRecord) -> LabStudent:
    """Load the student of a run, and encode the test texts for it as they were when it was measured."""
    task, rows = record.task, folder.read_test_texts()
    tokenizer = load_tokenizer(folder.student)
    split = Split(texts=tuple(row.text for row in rows), labels=tuple(_label(row.label) for row in rows))
    max_length = min(record.config.teacher.max_length, tokenizer.model_max_length)
    return LabStudent(
        model=load_model(folder.student),
        tokenizer=tokenizer,
        task=task,
        texts=split.texts,
        labels=split.labels,
        test=task.encode(tokenizer, split, max_length=max_length),
        max_length=max_length,
    )


def _label(value: Any) -> Any:
    return tuple(map(_label, value)) if isinstance(value, list) else value


def compare_answers(
    student: LabStudent,
    exported: Answering,
    tokenizer: TokenizerFile,
    *,
    alone: bool = False,
    tell: Callable[[float], None] = lambda _: None,
) -> Comparison:
    """Put the test texts to the student in the lab and to the exported one.

    Args:
        student: The one in the lab.
        exported: The other.
        tokenizer: What lies beside the other.
        alone: Whether each text goes to the exported model by itself, as where others in a batch change what it says.
        tell: Told which share is done.
    """
    sites, tokens, largest = student.test.sites, student.test.tokens, 0.0
    answers: dict[str, list[Tensor]] = {"lab": [], "exported": []}
    order = []
    batches = sorted_batches(tokens.lengths, n_tokens=1 if alone else _BATCH_TOKENS, padded=True)
    for number, rows in enumerate(batches, start=1):
        inputs = student.inputs(rows)
        chosen, lab = at_sites(student.answer(inputs), sites, rows)
        _, other = at_sites(exported(inputs), sites, rows)
        largest = max(largest, float((lab - other).abs().max()) if len(chosen) else 0.0)
        for name, logits in (("lab", lab), ("exported", other)):
            answers[name].append(logits if sites.vocabulary is None else figures_of(logits, sites.targets[chosen], lab))
        order.append(chosen)
        tell(number / len(batches))
    places = torch.argsort(torch.cat(order))
    by_lab, by_other = (torch.cat(answers[name])[places] for name in ("lab", "exported"))
    split, task = predictions_of(by_other, sites, teacher=by_lab), student.task
    primary, fidelity = task.primary, task.fidelity[0]
    known = split.quality is not None or bool(split.known.any())
    difference = bootstrap.sample(split, primary) - bootstrap.sample(split.teacher, primary) if known else None
    return Comparison(
        n_texts=sites.n_examples,
        n_sites=len(sites),
        largest_difference=largest,
        fidelity=fidelity.name,
        fidelity_value=fidelity.of(split),
        metric=primary.name,
        score=bootstrap.interval(split, primary) if known else None,
        lab_score=bootstrap.interval(split.teacher, primary) if known else None,
        difference=None if difference is None else bootstrap.estimate([difference]),
        n_rows=len(tokens),
        n_rows_alike=_rows_alike(student, tokenizer),
    )


def _rows_alike(student: LabStudent, tokenizer: TokenizerFile) -> int:
    """Count the rows that a tokenizer makes of the test texts as the lab does; masks may stand on any word."""
    tokens, sites = student.test.tokens, student.test.sites
    ids, masked = tokens.ids.tolist(), set[int]()
    if sites.vocabulary is not None and sites.positions is not None:
        masked = set((tokens.offsets[sites.rows] + sites.positions).tolist())
    n_alike = 0
    for (start, stop), row in zip(pairwise(tokens.offsets.tolist()), _rows(student, tokenizer), strict=True):
        pairs = zip(range(start, stop), ids[start:stop], row, strict=False)
        n_alike += len(row) == stop - start and all(i in masked or first == second for i, first, second in pairs)
    return n_alike


def _rows(student: LabStudent, tokenizer: TokenizerFile) -> Iterator[list[int]]:
    for text in student.texts:
        segments = split_segments(text)
        if not student.task.head.labeled:  # each segment has a vector of its own
            yield from (tokenizer.encode(segment).ids for segment in segments)
        else:
            encoding = tokenizer.encode(segments[0], segments[1] if len(segments) > 1 else None)
            windows = (encoding, *encoding.overflowing) if student.task.points else (encoding,)
            yield from (window.ids[: sum(window.attention_mask)] for window in windows)


def time_singles(models: Mapping[str, Answering], student: LabStudent, *, seconds: float) -> dict[str, Latency]:
    """Time models on single test texts of middling length, in turn.

    Args:
        models: By name.
        student: Whose test texts they are.
        seconds: What the readings may take, all models together.
    """
    lengths = student.test.tokens.lengths
    middle = torch.argsort(lengths, stable=True)[len(lengths) // 4 : max(3 * len(lengths) // 4, 1)]
    chosen = middle[torch.linspace(0, len(middle) - 1, 32).long()]
    singles = [student.inputs(row[None]) for row in chosen]
    return {name: latency for name, (latency, _) in cost.latencies(models, singles, seconds=seconds).items()}


def reloaded(folder: Path, student: LabStudent) -> Answering:
    """Return the model in an exported folder as transformers loads it, with the attention it chooses by itself.

    For vectors of texts, and for layers with fewer heads, transformers has no class; they come from the lab's.
    """
    head = student.task.head.standard
    known = head.labeled and not lacks_heads(folder)
    model = auto_class(head).from_pretrained(folder, local_files_only=True) if known else load_model(folder)
    return replace(student, model=model.eval()).answer
