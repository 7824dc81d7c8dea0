"""What a temperature does to the answers of a run, and what is left beside the right label: dark knowledge.

Takes the outputs that a run has stored; needs neither torch nor a model.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from distil_core.analysis.comparison import NAMES, Compared, Outcome, outcome_of
from distil_core.analysis.error_analysis import AnsweredTexts
from distil_core.evaluation.bootstrap import estimate, share
from distil_core.evaluation.metrics import AGREEMENT
from distil_core.evaluation.predictions import Predictions, log_softmax, softmax
from distil_core.evaluation.records import Interval
from distil_core.settings.config import Method

TEMPERATURES = tuple(2.0 ** (k / 4) for k in range(-13, 18))
"""From 0.105 to 19.0 in quarters of an octave, with 1, 2, 4, 8 and 16 among them."""


_SHADES = {"sure": 0.2, "hesitant": 0.75, "torn": 0.95}
"""What the teacher is at a site, and at how many of the others it is surer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Softened:
    """Means over the sites of the test texts at each temperature.

    Entropies and divergences are in nats, agreement is a share. ``scaled_kl_nats`` is ``T² · KL``, as the loss weighs
    it.
    """

    temperatures: tuple[float, ...]
    teacher_entropy_nats: tuple[float, ...]
    student_entropy_nats: tuple[float, ...]
    kl_nats: tuple[float, ...]
    scaled_kl_nats: tuple[float, ...]
    agreement: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DarkKnowledge:
    """Where a model puts what it does not give to the right label.

    Attributes:
        shares: Row ``i``: over the sites whose right label is ``i``, the mean share of each other label in what is
            left beside it. Not a number on the diagonal, and in rows of labels without a site.
        overlap: How much of that lies where the teacher puts it: 1 less the mean total variation of the rows; 1 for
            the teacher itself.
        same_runner_up: For each site, whether its likeliest wrong label is the teacher's, too.
        examples: Index of the text that each site belongs to; None where each text is one.
    """

    shares: np.ndarray
    overlap: float
    same_runner_up: np.ndarray
    examples: np.ndarray | None = field(default=None, repr=False)

    @property
    def runner_up_agreement(self) -> float:
        """Share of the sites whose likeliest wrong label is the teacher's, too."""
        return float(self.same_runner_up.mean())


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientNorms:
    """Euclidean norm of the gradient of each part of the loss with respect to all parameters of the student.

    Attributes:
        temperatures: At which the soft part was measured.
        soft: Of ``KL(p_t || p_s)`` at each of them.
        scaled: Of ``T² · KL(p_t || p_s)``, which is what a student is trained on.
        hard: Of the cross-entropy with the labels, which no temperature changes.
        n_texts: Size of the batch.
    """

    temperatures: tuple[float, ...]
    soft: tuple[float, ...]
    scaled: tuple[float, ...]
    hard: float
    n_texts: int

    def falls(self, low: float, high: float) -> tuple[float, float]:
        """Return how many times smaller the soft part's gradient is at ``high`` than at ``low``: plain, scaled."""
        first, last = self.temperatures.index(low), self.temperatures.index(high)
        return self.soft[first] / self.soft[last], self.scaled[first] / self.scaled[last]


@dataclass(frozen=True, slots=True, kw_only=True)
class DarkKnowledgeVerdict:
    """How much of the teacher's dark knowledge a student has, beside its hard-label twin, if that is done.

    ``difference`` says how much more often the student's likeliest wrong label is the teacher's than the twin's is,
    and ``outcome`` what follows from it.
    """

    student: DarkKnowledge
    twin: DarkKnowledge | None
    difference: Interval | None
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientVerdict:
    """What the factor ``T²`` does to the gradient of the soft labels between two high temperatures.

    Attributes:
        low: The lower temperature.
        high: The higher one.
        plain_fall: How many times smaller the gradient is at the higher one, without the factor.
        expected_fall: The same if it were ``1 / T²``.
        scaled_change: By what factor, at least 1, it differs with the factor.
    """

    low: float
    high: float
    plain_fall: float
    expected_fall: float
    scaled_change: float


def over_temperatures(answers: Predictions, temperatures: Sequence[float] = TEMPERATURES) -> Softened:
    """Measure teacher and student at all sites of the test texts at each temperature."""
    columns: list[tuple[float, ...]] = []
    for temperature in temperatures:
        teacher, student = (
            log_softmax(logits, temperature) for logits in (answers.test.teacher.logits, answers.test.logits)
        )
        kl = max(0.0, float((np.exp(teacher) * (teacher - student)).sum(axis=1).mean()))
        alike = float((teacher.argmax(axis=1) == student.argmax(axis=1)).mean())
        columns.append(
            (float(_row_entropy(teacher).mean()), float(_row_entropy(student).mean()), kl, temperature**2 * kl, alike)
        )
    teacher_entropy, student_entropy, kl_nats, scaled, agreement = zip(*columns, strict=True)
    return Softened(
        temperatures=tuple(temperatures),
        teacher_entropy_nats=teacher_entropy,
        student_entropy_nats=student_entropy,
        kl_nats=kl_nats,
        scaled_kl_nats=scaled,
        agreement=agreement,
    )


def telling(answers: AnsweredTexts) -> dict[str, int]:
    """Return a row of which the teacher is sure, one over which it hesitates, and one that tears it apart.

    Args:
        answers: The test texts; those of a word or two are left out where there are others.
    """
    entropy = _row_entropy(answers.teacher)
    order = sorted(range(len(answers)), key=entropy.__getitem__)
    order = [row for row in order if answers.n_words[row] > 3] or order
    return {name: order[int(rank * (len(order) - 1))] for name, rank in _SHADES.items()}


def stored(text: str, answers: Predictions, texts: AnsweredTexts) -> tuple[Compared, ...]:
    """Return what teacher and student answered at each site of a text when the run measured them; none of others.

    Args:
        text: The text.
        answers: Logits on the test texts.
        texts: The same texts, in the same order.
    """
    return tuple(
        Compared(
            place=texts.places[row],
            teacher_logits=tuple(answers.test.teacher.logits[row].tolist()),
            student_logits=tuple(answers.test.logits[row].tolist()),
        )
        for row in texts.rows_of(text)
    )


def answer_rows(
    teacher: Sequence[float], student: Sequence[float], names: Sequence[str], *, temperature: float
) -> list[tuple[str, float, float, float, float]]:
    """Return the name of each label with its logit and its share at a temperature, by teacher and by student."""
    shares = (softmax(logits, temperature) for logits in (teacher, student))
    return list(zip(names, teacher, student, *shares, strict=True))


def dark_knowledge(
    teacher: np.ndarray,
    models: Mapping[str, np.ndarray],
    labels: np.ndarray,
    *,
    temperature: float,
    examples: np.ndarray | None = None,
) -> dict[str, DarkKnowledge]:
    r"""Compare where models put what they do not give to the right label, at a temperature.

    For each site the right label is left out and the rest softened, ``softmax(z_wrong / T)``: what Hinton et al. (2015,
    arXiv:1503.02531, §1) call the relative probabilities of the wrong answers.

    Args:
        teacher: The teacher's scores at labeled sites, which the others are held against.
        models: Their scores at the same sites, by name.
        labels: Index of the right class of each site.
        temperature: Above zero.
        examples: Index of the text that each site belongs to; one site a text where it is left out.

    Returns:
        By name, the teacher's own under "Teacher" first.
    """
    usual, first_wrong = _leftover(teacher, labels, temperature), _runner_up(teacher, labels)
    by_name = {}
    for name, logits in {"Teacher": teacher, **models}.items():
        shares = _leftover(logits, labels, temperature)
        common = np.minimum(np.nan_to_num(shares), np.nan_to_num(usual)).sum(axis=1)
        by_name[name] = DarkKnowledge(
            shares=shares,
            overlap=float(common[np.unique(labels)].mean()),
            same_runner_up=_runner_up(logits, labels) == first_wrong,
            examples=examples,
        )
    return by_name


def runner_up_difference(first: DarkKnowledge, second: DarkKnowledge) -> Interval:
    """Return how much more often the first model's likeliest wrong label is the teacher's, paired over the texts."""
    shares = [share(model.same_runner_up, model.examples) for model in (first, second)]
    difference = estimate([shares[0] - shares[1]])
    assert difference is not None
    return difference


def dark_knowledge_verdict(models: Mapping[str, DarkKnowledge]) -> DarkKnowledgeVerdict:
    """Hold the student against its hard-label twin; the models are those of :func:`dark_knowledge`."""
    student, twin = models[NAMES[Method.DISTILLED]], models.get(NAMES[Method.HARD_LABELS])
    if twin is None:
        return DarkKnowledgeVerdict(student=student, twin=None, difference=None, outcome=Outcome.PENDING)
    difference = runner_up_difference(student, twin)
    return DarkKnowledgeVerdict(
        student=student, twin=twin, difference=difference, outcome=outcome_of(difference, AGREEMENT)
    )


def gradient_verdict(norms: GradientNorms, *, low: float = 4.0, high: float = 16.0) -> GradientVerdict:
    """Judge what the factor ``T²`` does between two temperatures that are among those measured."""
    plain, scaled = norms.falls(low, high)
    return GradientVerdict(
        low=low,
        high=high,
        plain_fall=plain,
        expected_fall=(high / low) ** 2,
        scaled_change=max(scaled, 1 / scaled),
    )


def highest(models: Mapping[str, DarkKnowledge]) -> float:
    """Return the largest share in any of the matrices, for one color scale over all of them."""
    return max(float(np.nanmax(model.shares)) for model in models.values())


def dark_knowledge_rows(models: Mapping[str, DarkKnowledge], labels: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return right label, wrong label, and the share that each model gives to it of what is left."""
    matrices = [model.shares for model in models.values()]
    return [
        (labels[i], labels[j], *(float(shares[i, j]) for shares in matrices))
        for i, j in np.ndindex(matrices[0].shape)
        if not np.isnan(matrices[0][i, j])
    ]


def likeliest(rows: Iterable[tuple[Any, ...]], *, limit: int = 5) -> list[tuple[Any, ...]]:
    """Return those of :func:`dark_knowledge_rows` to which the teacher gives most."""
    return sorted(rows, key=lambda row: -row[2])[:limit]


def _without_right(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    rest = np.array(logits, dtype=np.float64)
    rest[np.arange(len(labels)), labels] = -np.inf
    return rest


def _leftover(logits: np.ndarray, labels: np.ndarray, temperature: float) -> np.ndarray:
    shares = np.exp(log_softmax(_without_right(logits, labels), temperature))
    n_classes = shares.shape[1]
    sums = np.zeros((n_classes, n_classes))
    np.add.at(sums, labels, shares)
    counts = np.bincount(labels, minlength=n_classes).astype(np.float64)
    counts[counts == 0] = np.nan
    means = sums / counts[:, None]
    np.fill_diagonal(means, np.nan)
    return means


def _runner_up(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return np.asarray(_without_right(logits, labels).argmax(axis=1))


def _row_entropy(log_probabilities: np.ndarray) -> np.ndarray:
    from scipy.special import entr

    return np.asarray(entr(np.exp(log_probabilities)).sum(axis=1))
