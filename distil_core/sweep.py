"""A sweep of students: planned, queued and found again by the names of its runs, so that nothing else is kept of it.

Its runs are ordinary runs of the store. Loads no model.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from distil_core import jobs, pipeline
from distil_core.checkpoints import locate
from distil_core.config import Init, RunConfig
from distil_core.corpora import load_recent
from distil_core.grids import Axis, Sweep, configs
from distil_core.outcomes import Family, Outcome
from distil_core.pipeline import Asked
from distil_core.resampling import Measure
from distil_core.runs import Run, RunState, RunStore


def plan(sweep: Sweep) -> dict[RunConfig, Asked]:
    """Name all runs of a sweep; corpus and teacher are looked at once.

    Raises:
        DistilError: If settings, corpus or teacher cannot be used, or there are too many runs.
    """
    wanted = configs(sweep)
    return dict(zip(wanted, pipeline.identify(wanted), strict=True))


def start(planned: Mapping[RunConfig, Asked], store: RunStore, shipped: Family | None = None) -> None:
    """Queue what is not done of a sweep, and see that somebody computes it."""
    found = runs(planned, store, shipped)
    for config, asked in planned.items():
        if config not in found or found[config].resumable:
            asked.add(store)
    jobs.ensure_worker(store)


def cancel(planned: Mapping[RunConfig, Asked], store: RunStore) -> None:
    """Stop all runs of a sweep that are not over."""
    for run in runs(planned, store).values():
        if not run.state.over:
            store.cancel(run.id)


def runs(planned: Mapping[RunConfig, Asked], store: RunStore, shipped: Family | None = None) -> dict[RunConfig, Run]:
    """Return those runs of a sweep that are in the store, in any state, and those that ship with the package.

    Args:
        planned: Names of all runs.
        store: Where runs are kept and queued.
        shipped: The example, which is done without being in any store; :func:`folder` tells where its files are.
    """
    there = {run.id: run for run in store.list()}
    found = {config: there[asked.run] for config, asked in planned.items() if asked.run in there}
    for outcome in () if shipped is None else (shipped.distilled, *shipped.twins):
        if outcome.record.config in planned:
            found.setdefault(outcome.record.config, _shipped(outcome))
    return found


def _shipped(outcome: Outcome) -> Run:
    record = outcome.record
    return Run(
        id=outcome.run,
        config=record.config,
        state=RunState.DONE,
        corpus_name=record.corpus.name,
        created=0.0,
        started=None,
        finished=0.0,
        error="",
        record=record,
        stopping=False,
    )


def folder(run: Run, store: RunStore, shipped: Family | None = None) -> Path:
    """Return where the files of a run of a sweep are."""
    for outcome in () if shipped is None else (shipped.distilled, *shipped.twins):
        if outcome.run == run.id:
            return outcome.folder
    return store.folder(run.id)


def seconds_left(planned: Mapping[RunConfig, Asked], found: Mapping[RunConfig, Run], store: RunStore) -> float | None:
    """Say how long the runs of a sweep that are not done will take; see :func:`pipeline.estimate_all`."""
    done = {config for config, run in found.items() if run.record is not None}
    return pipeline.estimate_all([asked.config for config, asked in planned.items() if config not in done], store)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What can be chosen for a teacher and a corpus: depths of a student, and labels to leave out."""

    depths: tuple[int, ...]
    labels: tuple[str, ...]


def frame(base: RunConfig) -> Frame:
    """Look at teacher and corpus of a run.

    Raises:
        DistilError: If one of them cannot be used.
    """
    n_layers = locate(base.teacher.source).n_layers
    return Frame(depths=tuple(range(1, n_layers + 1)), labels=load_recent(base.corpus).label_names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Choices that show something, and what to expect of them and why."""

    title: str
    comment: str
    temperatures: tuple[float, ...]
    depths: tuple[int, ...]
    inits: tuple[Init, ...] = (Init.TEACHER,)
    alphas: tuple[float, ...] = (0.9,)
    seeds: tuple[int, ...] = (0, 1, 2)
    labeled: float = 1.0
    left_out: str = ""
    measure: Measure = Measure.ACCURACY
    across: Axis = Axis.DEPTH


def presets(shape: Frame) -> tuple[Preset, ...]:
    """Return what is worth trying first with a teacher and a corpus.

    What the comments expect has been seen on the reviews with the shipped teacher, at 1,500 to 4,000 training texts.
    """
    deepest = shape.depths[-1]
    two = min(2, deepest)
    every = [
        Preset(
            title="A good default",
            comment="With layers copied from the teacher, expect a student within a few points of it, closer with each "
            "layer; the temperature hardly matters. In accuracy the same student without a teacher is often as good: "
            "what the teacher adds shows in the KL divergence, since only the taught student learns its probabilities.",
            temperatures=(1.0, 2.0, 4.0),
            depths=tuple(depth for depth in (1, 2, 3) if depth <= deepest),
        ),
        Preset(
            title="A small student needs a low temperature",
            comment="One layer cannot copy everything. At T 1 it follows the likely answers and comes closest to the "
            "teacher's probabilities; the hotter, the more it also has to match the unlikely ones, until it follows "
            "the teacher no closer than its twin does. In accuracy this is too little to be seen.",
            temperatures=(0.5, 1.0, 2.0, 4.0, 8.0, 20.0),
            depths=(1,),
            measure=Measure.KL,
        ),
        Preset(
            title="A deep student does not care",
            comment="With nearly all of the teacher's layers the student can copy its scores as a whole, and any "
            "temperature asks for the same: expect a flat line from T 1 to T 20.",
            temperatures=(1.0, 2.0, 4.0, 8.0, 20.0),
            depths=(max(1, deepest - 1),),
        ),
        Preset(
            title="Random initialization",
            comment="The same student, once with layers copied from the teacher and once from nothing. Without copied "
            "weights a few thousand texts do not teach it to read: expect it tens of points behind, with a teacher or "
            "without, and far apart from seed to seed.",
            temperatures=(1.0, 2.0),
            depths=(two,),
            inits=(Init.TEACHER, Init.RANDOM),
            across=Axis.INIT,
        ),
        Preset(
            title="Temperature too high",
            comment="At T 20 the teacher's probabilities are nearly even: almost all of the loss is about how the "
            "wrong answers compare. A student that starts at random has no time for that; expect it to fall as T "
            "grows, in the end behind its twin, which learns from plain labels.",
            temperatures=(1.0, 4.0, 20.0),
            depths=(two,),
            inits=(Init.RANDOM,),
        ),
        Preset(
            title="3 % of the labels",
            comment="Only 3 in 100 training texts keep their label. The student still hears from the teacher about all "
            "of them and hardly loses anything; its twin has those few labels alone: expect it several points behind.",
            temperatures=(2.0,),
            depths=tuple(depth for depth in (1, 2, 4) if depth <= deepest),
            labeled=0.03,
        ),
    ]
    if len(shape.labels) > 2:
        missing = shape.labels[len(shape.labels) // 2]
        every.append(
            Preset(
                title="Hinton's missing class",
                comment=f"No training text is labeled “{missing}”. Expect the student to recognize that class all the "
                "same: the teacher's probabilities for the other texts say what it is like. The twin starts from the "
                "same copied layers and forgets it entirely (Hinton et al., 2015, section 3, left out the digit 3).",
                temperatures=(2.0, 4.0),
                depths=(two,),
                left_out=missing,
                measure=Measure.RECALL,
            )
        )
    return tuple(every)
