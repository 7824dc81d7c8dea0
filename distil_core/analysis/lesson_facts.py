"""What lessons ask about finished runs: each fact measured on what the runs have stored, or on the teacher itself."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from distil_core.analysis import contrasts
from distil_core.analysis.stored_answers import stored_answers
from distil_core.analysis.temperature import dark_knowledge, telling
from distil_core.errors import StoreError
from distil_core.evaluation import bootstrap
from distil_core.evaluation.metrics import Metric
from distil_core.evaluation.predictions import SplitPredictions, log_softmax, softmax
from distil_core.evaluation.records import Interval
from distil_core.runs.families import FinishedRun


@dataclass(frozen=True, slots=True, kw_only=True)
class LabeledAnswer:
    """A test text with its label and the teacher's logits."""

    text: str
    label: int
    names: tuple[str, ...]
    logits: tuple[float, ...]

    def shares(self, temperature: float = 1.0) -> tuple[float, ...]:
        """Return the teacher's distribution at a temperature."""
        return softmax(self.logits, temperature)

    @property
    def ranked(self) -> tuple[int, ...]:
        """The labels, the teacher's likeliest first."""
        return tuple(int(i) for i in np.argsort(-np.asarray(self.logits), kind="stable"))

    @property
    def entropy_nats(self) -> float:
        """How undecided the teacher is."""
        shares = np.asarray(self.shares())
        return float(-(shares * np.log(shares)).sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedScores:
    """Two models on the same test texts by one metric: each score, and the first less the second, paired."""

    metric: Metric
    first: Interval
    second: Interval
    difference: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeParts:
    """Parameters of a model in its encoder layers, and in all else: embeddings, pooler and head."""

    layers: float
    rest: float

    @property
    def total(self) -> float:
        """All of them."""
        return self.layers + self.rest


def telling_text(run: FinishedRun, *, shade: str) -> LabeledAnswer:
    """Return a test text that the teacher answers right, of which it is sure, hesitant or torn.

    Of those it answers right, the one nearest in rank to what :func:`distil_core.analysis.temperature.telling` picks.

    Args:
        run: A finished run.
        shade: What the teacher is.

    Raises:
        StoreError: If the run's outputs cannot be read.
    """
    test = run.folder.read_predictions().test
    texts = stored_answers(run.folder, record=run.record, texts=run.folder.read_test_texts(), test=test)
    wanted = telling(texts)[shade]
    undecided = -(np.exp(texts.teacher) * texts.teacher).sum(axis=1)
    usable = np.flatnonzero((texts.of_teacher == texts.labels) & (texts.n_words > 3))
    row = wanted if not len(usable) else int(usable[np.abs(undecided[usable] - undecided[wanted]).argmin()])
    return LabeledAnswer(
        text=texts.texts[row],
        label=int(texts.labels[row]),
        names=texts.label_names,
        logits=tuple(test.teacher.logits[row].tolist()),
    )


def teacher_leftover(run: FinishedRun, *, temperature: float) -> np.ndarray:
    """Return how the teacher shares out what it does not give to the right label: a row a right label, by wrong label.

    Raises:
        StoreError: If the run's outputs cannot be read.
    """
    test = run.folder.read_predictions().test
    known = test.known
    by_name = dark_knowledge(test.teacher.logits[known], {}, test.targets[known], temperature=temperature)
    return by_name["Teacher"].shares


def paired_scores(first: FinishedRun, second: FinishedRun, metric: Metric) -> PairedScores:
    """Hold the models of two runs against each other on the same test texts.

    Raises:
        StoreError: If what one of them answered cannot be read, or they did not answer as many texts.
    """
    draw = contrasts.drawing()
    samples = [draw(run.folder, metric) for run in (first, second)]
    difference = contrasts.difference(first.folder, second.folder, metric, draw)
    scores = [bootstrap.estimate([sample]) for sample in samples]
    if difference is None or scores[0] is None or scores[1] is None:
        raise StoreError(f"two runs must have answered the same test texts, got {first.run!r} and {second.run!r}")
    return PairedScores(metric=metric, first=scores[0], second=scores[1], difference=difference)


def paired_with_teacher(run: FinishedRun, metric: Metric) -> PairedScores:
    """Hold the model of a run against its teacher on the same test texts.

    Raises:
        StoreError: If what they answered cannot be read.
    """
    test = run.folder.read_predictions().test
    student, teacher = bootstrap.sample(test, metric), bootstrap.sample(test.teacher, metric)
    difference = bootstrap.estimate([student - teacher])
    assert difference is not None
    return PairedScores(
        metric=metric, first=score_of(test, metric), second=score_of(test.teacher, metric), difference=difference
    )


def changed_answers(run: FinishedRun, temperatures: Sequence[float]) -> tuple[float, ...]:
    """Return the share of the test texts to which the teacher's likeliest label is another than at T = 1.

    Raises:
        StoreError: If the run's outputs cannot be read.
    """
    logits = run.folder.read_predictions().test.teacher.logits
    usual = log_softmax(logits).argmax(axis=1)
    return tuple(float((log_softmax(logits, each).argmax(axis=1) != usual).mean()) for each in temperatures)


def share_of_class(run: FinishedRun, label: int, *, temperature: float) -> tuple[float, ...]:
    """Return the mean share that the teacher gives to a class, over the test texts of each right label.

    Raises:
        StoreError: If the run's outputs cannot be read.
    """
    test = run.folder.read_predictions().test
    shares = np.exp(log_softmax(test.teacher.logits, temperature))[:, label]
    n_classes = test.logits.shape[1]
    return tuple(float(shares[test.targets == right].mean()) for right in range(n_classes))


def share_elsewhere(run: FinishedRun, label: int, *, temperature: float) -> float:
    """Return the mean share that the teacher gives to a class on test texts of all other classes.

    Raises:
        StoreError: If the run's outputs cannot be read.
    """
    test = run.folder.read_predictions().test
    shares = np.exp(log_softmax(test.teacher.logits, temperature))[:, label]
    return float(shares[test.known & (test.targets != label)].mean())


def score_of(test: SplitPredictions, metric: Metric) -> Interval:
    """Return a figure of a model with its interval.

    Raises:
        StoreError: If no test text adds to it.
    """
    measured = bootstrap.interval(test, metric)
    if measured is None:
        raise StoreError(f"{metric.label} must have test texts to be measured on, got none")
    return measured


def size_parts(parameters: tuple[int, int], n_layers: tuple[int, int]) -> tuple[SizeParts, SizeParts]:
    """Split the parameters of two models that differ in how many equal layers they have.

    Args:
        parameters: Of the larger and the smaller model.
        n_layers: Of both; they differ.
    """
    of_one = (parameters[0] - parameters[1]) / (n_layers[0] - n_layers[1])
    first, second = (
        SizeParts(layers=n * of_one, rest=total - n * of_one) for total, n in zip(parameters, n_layers, strict=True)
    )
    return first, second


def smallest_depth(scores: Sequence[Interval], *, least: float) -> int:
    """Return the least depth, counted from 1, from which on no score is below a value; the deepest where none is."""
    depth = len(scores)
    while depth > 1 and scores[depth - 2].value >= least:
        depth -= 1
    return depth
