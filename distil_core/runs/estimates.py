"""How long runs will take, from how fast runs have been on this machine."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import mean, median

from distil_core.models.checkpoints import head_order, width_of
from distil_core.runs.folder import RunFolder
from distil_core.runs.lineage import inherited
from distil_core.runs.record import RunRecord
from distil_core.runs.requests import examine, with_twins
from distil_core.runs.rows import RunState
from distil_core.runs.sources import RunSource
from distil_core.settings import recipes
from distil_core.settings.canonical import CanonicalConfig
from distil_core.settings.config import Method, RunConfig, TrainingConfig
from distil_core.settings.hardware import n_workers


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineSpeed:
    """Medians of the last trainings.

    ``rate`` is :func:`parameters_per_token` times tokens a second, ``overhead`` the seconds that came on top of each.
    """

    rate: float
    overhead: float


def measured_speed(source: RunSource) -> MachineSpeed | None:
    """Return how fast runs have been; before the first one here, how fast those that ship were on their machine."""
    done = [(run, run.record) for run in source.list() if run.record is not None]
    here = [(source.folder(run.id), record) for run, record in done if not run.read_only]
    shipped = [(source.folder(run.id), record) for run, record in done if run.read_only]
    rates = _rates(here[:100]) or _rates(shipped)
    if not rates:
        return None
    return MachineSpeed(rate=median(rate for rate, _ in rates), overhead=median(seconds for _, seconds in rates))


def parameters_per_token(depth: int, width: int, *, heads: float = 1.0, neurons: float = 1.0) -> float:
    """Return the parameters that a token passes through: four square matrices and two of four times the width.

    Of what is pruned, there is a share of ``heads`` in the first and of ``neurons`` in the others.
    """
    return (4.0 * heads + 8.0 * neurons) * depth * width**2


def _learned(schedule: TrainingConfig, depth: int, width: int, *, heads: float = 1.0, neurons: float = 1.0) -> float:
    """Return the parameters that a token passes through in all epochs, in the layers that learn."""
    n_layers = depth - max(schedule.frozen - 1, 0)
    return schedule.epochs * parameters_per_token(n_layers, width, heads=heads, neurons=neurons)


def mean_tokens(n_words: Sequence[int], max_length: int) -> float:
    """Guess the tokens of a text from the words of some texts."""
    return mean(min(2 + 1.3 * n, max_length) for n in n_words)


def _rates(done: Sequence[tuple[RunFolder, RunRecord]]) -> list[tuple[float, float]]:
    return [rate for folder, record in done if (rate := _rate(folder, record)) is not None]


def _rate(folder: RunFolder, record: RunRecord) -> tuple[float, float] | None:
    width, seconds = width_of(folder.student), record.seconds
    if not width or not seconds.get("training") or not (record.examples_seen and record.layers):
        return None
    student = record.config.student
    parameters = parameters_per_token(len(record.layers), width, heads=student.heads, neurons=student.neurons)
    work = record.examples_seen * record.corpus.mean_tokens * parameters
    return work / seconds["training"], seconds["measurement"] + seconds["teacher_outputs"]


def estimate_seconds(config: RunConfig, source: RunSource) -> float | None:
    """Say how long a run and its twins will take; see :func:`estimate_all`.

    Raises:
        DistilError: If settings, corpus or teacher cannot be used.
    """
    return estimate_all(with_twins(inherited(config, source)), source)


def estimate_all(configs: Iterable[CanonicalConfig], source: RunSource) -> float | None:
    """Say how long some runs will take, from how fast runs have been on this machine; None if nobody knows.

    Before the first run, those that ship with the package tell how fast their machine was. Runs that are done already
    take no time.

    Args:
        configs: What is wanted, twins included.
        source: Where finished runs are.

    Raises:
        DistilError: If settings, corpus or teacher cannot be used.
    """
    requests = {examined.to_request().run: examined for examined in examine(configs)}
    done = {run.id for run in source.list() if run.state is RunState.DONE}
    wanted = [request for run_id, request in requests.items() if run_id not in done]
    if not wanted:
        return 0.0
    known = measured_speed(source)
    if known is None:
        return None
    tokens_of = cache(mean_tokens)
    work, fine_tuned = 0.0, dict[str, float]()
    for request in wanted:
        config, corpus, teacher = request.config, request.corpus, request.checkpoint
        n_tokens = corpus.n_train * tokens_of(corpus.n_words, config.teacher.max_length)
        if config.method.asks_teacher or config.method is Method.HARD_LABELS:
            student = config.student
            schedule = recipes.student_schedule(config, depth=student.n_layers, n_examples=corpus.n_train)
            width = student.width or teacher.width
            work += n_tokens * _learned(schedule, student.n_layers, width, heads=student.heads, neurons=student.neurons)
        if head_order(teacher, corpus.label_names, head=corpus.task.head) is None:
            schedule = recipes.teacher_schedule(
                config.teacher, config.training.recipe, n_layers=teacher.n_layers, n_examples=corpus.n_train
            )
            fine_tuned[request.teacher_digest()] = n_tokens * _learned(schedule, teacher.n_layers, teacher.width)
    seconds = (work + sum(fine_tuned.values())) / known.rate + len(wanted) * known.overhead
    return seconds / min(n_workers(), len(wanted))
