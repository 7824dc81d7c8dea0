"""Sweeps worth trying first, and what to expect of them and why."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from distil_core.evaluation.metrics import KL, Metric, recall
from distil_core.runs.sweep import Axis, Frame
from distil_core.settings.config import Init, RunConfig, WeightFormat
from distil_core.tasks.task import Task

FEW = 0.1
"""Told no larger share of the labels than this, a twin without a teacher is expected behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Choices that show something, and what to expect of them and why."""

    title: str
    comment: str
    temperatures: tuple[float, ...]
    depths: tuple[int, ...]
    inits: tuple[Init, ...]
    alphas: tuple[float, ...]
    seeds: tuple[int, ...] = (0, 1, 2)
    labeled: float
    left_out: str
    metric: Metric
    down: Axis = Axis.TEMPERATURE
    across: Axis = Axis.DEPTH
    heads: tuple[float, ...]
    neurons: tuple[float, ...]
    weights: tuple[WeightFormat, ...]


def presets(shape: Frame, task: Task, base: RunConfig) -> tuple[Preset, ...]:
    """Return what is worth trying first with a teacher and a corpus; what a preset is not about is as in a run.

    What the comments expect has been seen on the reviews with the shipped teacher, at 1,500 to 4,000 training texts.

    Args:
        shape: What can be chosen.
        task: What the models are for.
        base: The run.
    """
    deepest = shape.depths[-1]
    student, labeled = base.student, base.corpus.labeled
    preset = partial(
        Preset,
        alphas=(base.loss.alpha,),
        inits=(student.init,),
        heads=(student.heads,),
        neurons=(student.neurons,),
        weights=(student.weights,),
        labeled=labeled,
        left_out=base.corpus.left_out,
    )
    if not task.head.labeled:
        return _of_vectors(shape, task, preset)
    if task.predicts_numbers:
        return _of_numbers(shape, task, preset)
    two = min(2, deepest)
    primary, score = task.primary, task.primary.in_text
    every = [
        preset(
            title="A good default",
            comment="With layers copied from the teacher, expect a student within a few points of it, closer with each "
            "layer; the temperature hardly matters. "
            + (
                f"With {100 * labeled:g} % of the texts labeled, the hard-label twin has little to learn from: expect "
                "it several points behind at every depth."
                if labeled <= FEW
                else f"In {score} the hard-label twin is often as good: what the teacher adds shows in the KL "
                "divergence, since only the taught student learns its probabilities."
            ),
            temperatures=(1.0, 2.0, 4.0),
            depths=tuple(depth for depth in (1, 2, 3) if depth <= deepest),
            metric=primary,
        ),
        preset(
            title="A small student needs a low temperature",
            comment="One layer cannot copy everything. At T 1 it follows the likely answers and comes closest to the "
            "teacher's probabilities; the hotter, the more it also has to match the unlikely ones, until it follows "
            f"the teacher no closer than its hard-label twin does. In {score} this is too little to be seen.",
            temperatures=(0.5, 1.0, 2.0, 4.0, 8.0, 20.0),
            depths=(1,),
            metric=KL if KL in task.swept else primary,
        ),
        preset(
            title="A deep student does not care",
            comment="With nearly all of the teacher's layers the student can copy its scores as a whole, and any "
            "temperature asks for the same: expect a flat line from T 1 to T 20.",
            temperatures=(1.0, 2.0, 4.0, 8.0, 20.0),
            depths=(max(1, deepest - 1),),
            metric=primary,
        ),
        preset(
            title="Random initialization",
            comment="The same student, once with layers copied from the teacher and once from nothing. Without copied "
            "weights a few thousand texts do not teach it to read: expect it tens of points behind, with a teacher or "
            "without, and far apart from seed to seed.",
            temperatures=(1.0, 2.0),
            depths=(two,),
            inits=(Init.TEACHER, Init.RANDOM),
            across=Axis.INIT,
            metric=primary,
        ),
        preset(
            title="Temperature too high",
            comment="At T 20 the teacher's probabilities are nearly even: almost all of the loss is about how the "
            "wrong answers compare. A student that starts at random has no time for that; expect it to fall as T "
            "grows, in the end behind its twin, which learns from hard labels.",
            temperatures=(1.0, 4.0, 20.0),
            depths=(two,),
            inits=(Init.RANDOM,),
            labeled=1.0,
            metric=primary,
        ),
        preset(
            title="Fewer layers or fewer heads",
            comment="Half of the layers, or half of the attention heads of each layer, the least important ones taken "
            "out before training: expect both within about a point of the teacher, too near to tell apart on a "
            "thousand texts. What they save differs: half of the layers take half of the time, half of the heads "
            "nearly all of it. Trade-offs draws both roads.",
            temperatures=(2.0,),
            depths=tuple(dict.fromkeys((max(1, deepest // 2), deepest))),
            heads=(1.0, 0.5),
            down=Axis.DEPTH,
            across=Axis.HEADS,
            metric=primary,
        ),
        preset(
            title="3 % of the labels",
            comment="Only 3 in 100 training texts keep their label. The student still hears from the teacher about all "
            "of them and hardly loses anything; its twin has those few labels alone: expect it several points behind.",
            temperatures=(2.0,),
            depths=tuple(depth for depth in (1, 2, 4) if depth <= deepest),
            labeled=0.03,
            metric=primary,
        ),
    ]
    if len(shape.labels) > 2:
        missing = shape.labels[len(shape.labels) // 2]
        every.append(
            preset(
                title="Hinton's missing class",
                comment=f"No training text is labeled “{missing}”. Expect the student to recognize that class all the "
                "same: the teacher's probabilities for the other texts say what it is like. The hard-label twin "
                "starts from the same copied layers and forgets it entirely (Hinton et al., 2015, section 3, left out "
                "the digit 3).",
                temperatures=(2.0, 4.0),
                depths=(two,),
                left_out=missing,
                metric=recall(len(shape.labels) // 2),
            )
        )
    return tuple(every)


def _of_numbers(shape: Frame, task: Task, preset: Callable[..., Preset]) -> tuple[Preset, ...]:
    """Return what is worth trying where models predict a number, which has no temperature."""
    few = tuple(depth for depth in (1, 2, 3) if depth <= shape.depths[-1])
    return (
        preset(
            title="A good default",
            comment="Each layer less costs some of the correlation. The twin, which learns the numbers of the corpus, "
            "is held beside a student that learns the teacher's: where labels are plenty, expect little between them.",
            temperatures=(2.0,),
            depths=few,
            metric=task.primary,
            down=Axis.DEPTH,
            across=Axis.ALPHA,
        ),
        preset(
            title="3 % of the labels",
            comment="Only 3 in 100 training texts keep their number. The student still hears the teacher's number for "
            "all of them; its twin has those few alone: expect it behind.",
            temperatures=(2.0,),
            depths=few,
            labeled=0.03,
            metric=task.primary,
            down=Axis.DEPTH,
            across=Axis.ALPHA,
        ),
    )


def _of_vectors(shape: Frame, task: Task, preset: Callable[..., Preset]) -> tuple[Preset, ...]:
    """Return what is worth trying where models put out vectors and nothing is labeled."""
    return (
        preset(
            title="Every depth",
            comment=f"What each layer is worth: expect the {task.primary.in_text} to fall slowly down to half of the "
            "layers and faster below, while the speed grows with each layer that goes. The twin is the layer cut.",
            temperatures=(2.0,),
            depths=tuple(reversed(shape.depths)),
            seeds=(0,),
            metric=task.primary,
            down=Axis.DEPTH,
            across=Axis.TEMPERATURE,
        ),
        preset(
            title="Similarities or vectors",
            comment="With α 1 the student learns only which texts of a batch are alike, with α 0 only to point where "
            "the teacher's vectors point: expect much nearer vectors at α 0, which a search over the teacher's own "
            "index needs.",
            temperatures=(2.0,),
            depths=(min(2, shape.depths[-1]),),
            alphas=(0.0, 0.5, 0.9, 1.0),
            seeds=(0,),
            metric=task.fidelity[0],
            across=Axis.ALPHA,
        ),
    )
