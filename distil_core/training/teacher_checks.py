"""Whether a teacher knows enough of a corpus to teach it, by the validation texts: refused, doubted, or taken."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from distil_core.data.sites import Sites
from distil_core.errors import TeacherError
from distil_core.evaluation import bootstrap
from distil_core.evaluation.metrics import Metric
from distil_core.evaluation.predictions import SplitPredictions
from distil_core.training.lessons import predictions_of
from distil_core.training.teachers import Teacher

_WORTH = 0.1
"""What a teacher must be able to gain over always saying the same: as a share, or of the metric's value for that."""
_COMMON = 0.8
"""Share of one label from which on there is little for anybody to be better at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitness:
    """What a teacher comes to on the validation texts, None where these tell nothing of it, and a doubt of it."""

    score: float | None
    doubt: str = ""


def refuse_mixed_up(
    teacher: Teacher, logits: Float[Tensor, "texts classes"], sites: Sites, label_names: Sequence[str]
) -> None:
    """Refuse a classifier whose outputs seem to stand for the labels in another order than they were taken in.

    The assignment of outputs to labels under which most validation texts are right is the other one, where it gains a
    tenth of the texts and more than three standard deviations of chance.

    Raises:
        TeacherError: With the order in which it would be right.
    """
    from scipy.optimize import linear_sum_assignment

    n_classes = len(label_names)
    counts = torch.zeros(n_classes, n_classes, dtype=torch.long)
    counts.index_put_((logits.argmax(dim=-1).cpu(), sites.targets.cpu()), torch.tensor(1), accumulate=True)
    _, labels = linear_sum_assignment(counts.numpy(), maximize=True)
    here, there = int(counts.trace()), int(counts[range(n_classes), labels].sum())
    moved = [output for output, label in enumerate(labels) if output != label]
    n_decided = int(sum(counts[output, output] + counts[output, labels[output]] for output in moved))
    n_texts = max(int(counts.sum()), 1)
    if there - here < max(0.1 * n_texts, 3 * n_decided**0.5, 1):
        return
    order = ",".join(label_names[int(label)] for label in labels)
    raise TeacherError(
        f"the teacher {teacher.name} is right on {here / n_texts:.0%} of the validation texts, and would be on "
        f"{there / n_texts:.0%} if its outputs stood for {order} in this order; give --label-names {order}, or mend "
        "id2label in its config.json if that names its outputs wrongly"
    )


def refuse_unfinite(logits: Float[Tensor, "sites classes"], *, name: str) -> None:
    """Refuse a teacher whose answers are no numbers.

    Raises:
        TeacherError: If some are NaN or infinite.
    """
    if not bool(torch.isfinite(logits).all()):
        raise TeacherError(
            f"the answers of the teacher {name} must be finite numbers, but some are NaN or infinite: its weights are "
            "too large or damaged; take an earlier checkpoint"
        )


def refuse_unfit(
    logits: Float[Tensor, "sites classes"],
    sites: Sites,
    *,
    metric: Metric,
    name: str,
    label_names: Sequence[str] = (),
) -> Fitness:
    """Judge a teacher by the validation texts.

    One that is not better there than always saying the commonest label is refused where it cannot be much better at
    the upper end of the 95 % interval of the difference; where few texts decide nothing, that is a doubt.

    Raises:
        TeacherError: If it is no better than always saying the commonest label, or, where no label is known, says the
            same of all texts.
    """
    if metric.needs_teacher and sites.commonest is None:
        _refuse_constant(logits, name=name)
        return Fitness(score=None)
    answers, commonest = predictions_of(logits, sites, teacher=None), sites.commonest
    score = metric.of(answers)
    if commonest is None:
        return Fitness(score=score)
    constant = metric.of_constant(answers, commonest)
    if constant != constant or metric.better(score, constant):
        return Fitness(score=score)
    least, most = _gain(answers, metric, commonest)
    n_texts = f"{answers.n_examples:,} validation texts"
    unit = metric.unit and f" {metric.unit}"
    shown = [f"{value:.1%}" if metric.is_share else f"{value:.3f}{unit}" for value in (score, constant, least, most)]
    constantly, cure = _constantly(answers, commonest, label_names), ""
    if sites.targets.is_floating_point():
        constantly = "the same number"
    figures = (
        f"its {metric.in_text} on the {n_texts} is {shown[0]}, and always saying {constantly} would give {shown[1]}"
    )
    if least < most:
        figures += f" (95 % interval of the difference {shown[2]} to {shown[3]})"
    if most >= (_WORTH if metric.is_share or not constant else _WORTH * abs(constant)):
        doubt = (
            f"the teacher {name} may have nothing to teach: {figures}; so few texts decide nothing, give more of them"
        )
        return Fitness(score=score, doubt=doubt)
    if metric.is_share and constant >= _COMMON:
        cure = ", or give more texts with the other labels: there is little to be better at where one is so common"
    raise TeacherError(
        f"the teacher {name} has nothing to teach: {figures}; choose another teacher, fine-tune it longer "
        f"(--teacher-epochs), or look whether the labels fit the texts{cure}"
    )


def _gain(answers: SplitPredictions, metric: Metric, commonest: int) -> tuple[float, float]:
    """Return the ends of the interval of how much better answers are than always the same; nothing between for that."""
    if len(np.unique(answers.logits, axis=0)) < 2:
        return 0.0, 0.0
    constant = np.zeros_like(answers.logits)
    constant[:, commonest] = 1.0
    samples = [bootstrap.sample(split, metric) for split in (answers, replace(answers, logits=constant))]
    measured = bootstrap.estimate([samples[0] - samples[1]])
    if measured is None or measured.low is None or measured.high is None:
        return 0.0, 0.0
    return (measured.low, measured.high) if metric.greater_is_better else (-measured.high, -measured.low)


def _constantly(answers: SplitPredictions, commonest: int, label_names: Sequence[str]) -> str:
    share = float((answers.targets == commonest).sum() / max(int(answers.known.sum()), 1))
    named = f"{label_names[commonest]}, " if commonest < len(label_names) else ""
    return f"the commonest label ({named}{share:.0%} of them)"


def _refuse_constant(logits: Float[Tensor, "sites classes"], *, name: str) -> None:
    answers = logits.argmax(dim=-1).unique()
    if len(logits) > 1 and len(answers) < 2:
        raise TeacherError(
            f"the teacher {name} has nothing to teach: it answers all {len(logits):,} validation texts with the same "
            "label; describe the labels in other words, or choose another teacher"
        )
