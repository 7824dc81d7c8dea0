"""Curves and progress of a run, from its events."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from distil_core.evaluation.records import Interval
from distil_core.settings.config import Method
from distil_core.training.events import WAITING, Event, Stage, Step, TeacherMeasured, Validation


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """What a run has reported so far: weighted loss by part, and validation score, over epochs.

    ``latest`` is the newest score with its interval, where one was told.
    """

    epochs: tuple[float, ...]
    loss: Mapping[str, tuple[float, ...]]
    validation_epochs: tuple[float, ...]
    scores: tuple[float, ...]
    teacher_score: float | None
    latest: Interval | None = None

    @property
    def last_epoch(self) -> float:
        """Where the training stands, in epochs; a recipe may take more of them than the settings say."""
        return max((0.0, *self.epochs[-1:], *self.validation_epochs[-1:]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What a running run is doing; all numbers are of this stage, None where nobody knows.

    Where things are counted, ``n_done`` of ``n_total`` of what ``detail`` names are done; ``teacher_score`` is that
    of the teacher on the validation texts, in the stage in which it was measured.
    """

    stage: str
    detail: str
    fraction: float | None
    seconds_left: float | None
    n_done: int | None = None
    n_total: int | None = None
    teacher_score: float | None = None

    @property
    def waits(self) -> bool:
        """Whether nothing is computed here until another run has asked the teacher that both need."""
        return self.stage == WAITING


def curves(events: Iterable[Event], *, points: int = 200) -> Curves:
    """Sort the events of a run into curves of at most about ``points`` points; the newest is always among them."""
    steps: list[Step] = []
    validations: list[Validation] = []
    teacher: float | None = None
    for event in events:
        match event:
            case Step():
                while steps and steps[-1].step >= event.step:  # done again after an interruption
                    steps.pop()
                steps.append(event)
            case Validation():
                while validations and validations[-1].epoch >= event.epoch:
                    validations.pop()
                validations.append(event)
            case TeacherMeasured():
                teacher = event.score
            case Stage():
                pass
    stride = max(1, len(steps) // points)
    thinned = steps[::-1][::stride][::-1]
    parts = tuple(dict.fromkeys(part for step in thinned for part in step.loss))
    return Curves(
        epochs=tuple(step.epoch for step in thinned),
        loss={part: tuple(step.loss.get(part, 0.0) for step in thinned) for part in parts},
        validation_epochs=tuple(event.epoch for event in validations),
        scores=tuple(event.score for event in validations),
        teacher_score=teacher,
        latest=latest_score(validations),
    )


def latest_score(events: Iterable[Event]) -> Interval | None:
    """Return what a student came to on the validation texts when it was last measured; None before that."""
    newest = max((event for event in events if isinstance(event, Validation)), key=lambda e: e.epoch, default=None)
    return None if newest is None else Interval(value=newest.score, low=newest.low, high=newest.high)


def validation_rows(curves: Mapping[Method, Curves], names: Mapping[Method, str]) -> list[tuple[str, float, float]]:
    """Return name, epoch and validation score of every point of the curves."""
    return [
        (names[method], epoch, score)
        for method, curve in curves.items()
        for epoch, score in zip(curve.validation_epochs, curve.scores, strict=True)
    ]


def progress(events: Sequence[Event]) -> Progress:
    """Say what a run is doing, from its newest stage and the newest step within it."""
    stage = Stage(name="Starting", detail="", fraction=None)
    step: Step | None = None
    teacher: float | None = None
    for event in events:
        match event:
            case Stage():
                teacher = teacher if event.name == stage.name else None
                stage, step = event, None
            case Step():
                step = event
            case TeacherMeasured():
                teacher = event.score
            case Validation():
                pass
    if step is None:
        return Progress(
            stage=stage.name,
            detail=stage.detail,
            fraction=stage.fraction,
            seconds_left=stage.seconds_left,
            n_done=stage.n_done,
            n_total=stage.n_total,
            teacher_score=teacher,
        )
    return Progress(
        stage=stage.name,
        detail=f"{step.examples_per_second:,.0f} texts/s",
        fraction=min(1.0, step.step / max(1, step.n_steps)),
        seconds_left=step.seconds_left,
    )
